"""A stand-in for a broker behind a WebSocket whose every byte the test decides."""

import contextlib
import socket
import ssl
import struct
import threading
import time
from typing import Any, Callable

from certificates import Certificate
from hostile_broker import Peer
from local_server import LocalServer
from websocket_frames import BINARY, CLOSE, PING, PONG, Frame, make_answer, make_frame, read_frame, read_request

Framing = Callable[[bytes], bytes]


def in_one_frame(data: bytes) -> bytes:
    return make_frame(BINARY, data)


class WebSocketPeer(Peer):
    """The broker's end of one connection. What a Peer sends goes through `framing`; send_raw() sends bytes as they are."""

    def __init__(self, connection: socket.socket):
        self.socket = connection
        self._source = connection.makefile("rb")
        self.request = read_request(self._source)
        self.framing: Framing = in_one_frame
        self.is_slow = False  # each byte in a segment of its own
        self.pongs: list[bytes] = []
        self.close_frame: Frame | None = None  # the logger's
        super().__init__(self)  # type: ignore[arg-type]

    def upgrade(self, *fields: str) -> "WebSocketPeer":
        self.send_raw(make_answer(self.request, *fields))
        return self

    def answer_with(self, status: str, *fields: str, body: bytes = b"") -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields, "", ""]
        self.send_raw("\r\n".join(lines).encode() + body)

    def send_raw(self, data: bytes) -> None:
        if not self.is_slow:
            self.socket.sendall(data)
            return
        for index in range(len(data)):
            self.socket.sendall(data[index : index + 1])
            time.sleep(0.0005)

    def end(self) -> None:
        """With a FIN, and in TLS with a close_notify before it."""
        with contextlib.suppress(OSError, ValueError):  # of a socket that was closed by reset()
            if isinstance(self.socket, ssl.SSLSocket):
                self.socket.settimeout(5)
                self.socket.unwrap()
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self._close()

    def reset(self) -> None:
        """With a RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._close()

    def _close(self) -> None:
        self._source.close()  # the socket is open as long as this is
        self.socket.close()

    def wait_for_end(self) -> None:
        """Takes in what comes until the logger has ended the connection; a Close frame of its own is kept."""
        try:
            while True:
                self.recv(0)
        except OSError:
            pass

    # What a Peer needs of a connection.

    def sendall(self, data: bytes) -> None:
        self.send_raw(self.framing(data))

    def recv(self, _: int) -> bytes:
        while True:
            frame = read_frame(self._source)
            assert frame.is_masked, "a client masks its frames (RFC 6455, section 5.1)"
            if frame.kind == PONG:
                self.pongs.append(frame.payload)
            elif frame.kind == PING:
                self.send_raw(make_frame(PONG, frame.payload))
            elif frame.kind == CLOSE:
                self.close_frame = frame
                raise ConnectionError("the logger has closed the WebSocket")
            else:
                return frame.payload


Script = Callable[[WebSocketPeer, int], Any]


class WebSocketServer(LocalServer):
    """Each connection is served by `script`, which is told the number of the connection, from 1 on; with a certificate in
    TLS. A connection ends in order when its script does."""

    def __init__(self, script: Script, certificate: Certificate | None = None):
        self._script = script
        self.faults: list[BaseException] = []
        self.upgrades = 0
        self._lock = threading.Lock()
        self._tls: ssl.SSLContext | None = None
        if certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate.certificate, certificate.key)
        super().__init__()

    @property
    def scheme(self) -> str:
        return "ws" if self._tls is None else "wss"

    def serve(self, connection: socket.socket) -> None:
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True, suppress_ragged_eofs=True)
            self.close_at_end(connection)
        peer = WebSocketPeer(connection)
        with self._lock:
            self.upgrades += 1
            number = self.upgrades
        try:
            self._script(peer, number)
        except OSError:
            pass
        except BaseException as error:  # the test looks at them
            self.faults.append(error)
            raise
        finally:
            peer.end()
