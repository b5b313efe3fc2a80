"""A stand-in for a broker's WebSocket listener: takes MQTT out of WebSocket frames (RFC 6455) and hands it to a real
broker by TCP. Debian's Mosquitto 2.0.11 has no WebSocket listener."""

import base64
import contextlib
import hashlib
import re
import socket
import ssl
import struct
import threading

from certificates import Certificate
from local_server import LocalServer

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_BINARY, _CLOSE, _PING, _PONG = 2, 8, 9, 10


class WebSocketGateway(LocalServer):
    """Takes WebSockets at `path`; with a certificate in TLS. Any other path is answered with 404."""

    def __init__(self, target_port: int, path: str = "/mqtt", certificate: Certificate | None = None):
        self._target_port, self._path = target_port, path
        self.requests: list[str] = []
        self._tls: ssl.SSLContext | None = None
        if certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate.certificate, certificate.key)
        super().__init__()

    def serve(self, connection: socket.socket) -> None:
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True)
            self.close_at_end(connection)
        with connection, connection.makefile("rb") as source:
            if self._upgrade(connection, source):
                self._forward(connection, source)

    def _upgrade(self, connection: socket.socket, source) -> bool:  # type: ignore[no-untyped-def]
        lines = []
        while (line := source.readline().decode().strip()):
            lines.append(line)
        request = "\n".join(lines)
        self.requests.append(request)
        key = re.search(r"^Sec-WebSocket-Key: *(\S+)$", request, re.IGNORECASE | re.MULTILINE)
        is_mqtt = re.search(r"^Sec-WebSocket-Protocol:.*\bmqtt\b", request, re.IGNORECASE | re.MULTILINE)
        if not request.startswith(f"GET {self._path} ") or key is None or is_mqtt is None:
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return False
        accept = base64.b64encode(hashlib.sha1((key[1] + _GUID).encode()).digest()).decode()
        connection.sendall(f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n".encode())
        return True

    def _forward(self, connection: socket.socket, source) -> None:  # type: ignore[no-untyped-def]
        broker = socket.create_connection(("127.0.0.1", self._target_port))
        self.close_at_end(broker)
        threading.Thread(target=self._send_back, args=(broker, connection), daemon=True).start()
        with broker:
            while True:
                kind, payload = _read_frame(source)
                if kind == _PING:
                    connection.sendall(_make_frame(_PONG, payload))
                elif kind == _CLOSE:
                    return
                else:
                    broker.sendall(payload)

    def _send_back(self, broker: socket.socket, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := broker.recv(65536):
                connection.sendall(_make_frame(_BINARY, data))
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _read_frame(source) -> tuple[int, bytes]:  # type: ignore[no-untyped-def]
    head = _read(source, 2)
    length = head[1] & 0x7F
    if length >= 126:
        length = int.from_bytes(_read(source, 2 if length == 126 else 8), "big")
    mask = _read(source, 4) if head[1] & 0x80 else bytes(4)
    payload = _read(source, length)
    return head[0] & 15, bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


def _read(source, count: int) -> bytes:  # type: ignore[no-untyped-def]
    data = source.read(count)
    if len(data) < count:
        raise ConnectionError("the logger has closed the connection")
    return data


def _make_frame(kind: int, payload: bytes) -> bytes:
    if len(payload) < 126:
        return bytes([0x80 | kind, len(payload)]) + payload
    if len(payload) < 65536:
        return bytes([0x80 | kind, 126]) + struct.pack(">H", len(payload)) + payload
    return bytes([0x80 | kind, 127]) + struct.pack(">Q", len(payload)) + payload
