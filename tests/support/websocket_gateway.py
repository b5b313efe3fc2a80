"""A stand-in for a broker's WebSocket listener: takes MQTT out of WebSocket frames (RFC 6455) and hands it to a real
broker by TCP. Debian's Mosquitto 2.0.11 has no WebSocket listener."""

import contextlib
import re
import socket
import ssl
import threading

from certificates import Certificate
from local_server import LocalServer
from websocket_frames import BINARY, CLOSE, PING, PONG, find_field, make_answer, make_frame, read_frame, read_request


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
        request = read_request(source)
        self.requests.append(request)
        is_mqtt = re.search(r"\bmqtt\b", find_field(request, "Sec-WebSocket-Protocol"))
        if not request.startswith(f"GET {self._path} ") or not find_field(request, "Sec-WebSocket-Key") or not is_mqtt:
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return False
        connection.sendall(make_answer(request))
        return True

    def _forward(self, connection: socket.socket, source) -> None:  # type: ignore[no-untyped-def]
        broker = socket.create_connection(("127.0.0.1", self._target_port))
        self.close_at_end(broker)
        threading.Thread(target=self._send_back, args=(broker, connection), daemon=True).start()
        with broker:
            while True:
                frame = read_frame(source)
                if frame.kind == PING:
                    connection.sendall(make_frame(PONG, frame.payload))
                elif frame.kind == CLOSE:
                    return
                else:
                    broker.sendall(frame.payload)

    def _send_back(self, broker: socket.socket, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := broker.recv(65536):
                connection.sendall(make_frame(BINARY, data))
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
