"""An HTTP proxy that takes CONNECT."""

import base64
import contextlib
import socket
import threading

from local_server import LocalServer


class HttpProxy(LocalServer):
    """Takes CONNECT (RFC 9110, section 9.3.6), and forwards both ways what follows; with `credentials`, `user:password`,
    only from whom has them."""

    def __init__(self, credentials: str = "") -> None:
        self.targets: list[str] = []
        self._wanted = "Proxy-Authorization: Basic " + base64.b64encode(credentials.encode()).decode() if credentials else ""
        super().__init__()

    def serve(self, connection: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += connection.recv(1)
        lines = head.decode().split("\r\n")
        method, target, _ = lines[0].split(" ")
        assert method == "CONNECT", head
        if self._wanted and self._wanted not in lines:
            connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        self.targets.append(target)
        with socket.create_connection(("127.0.0.1", int(target.rpartition(":")[2]))) as broker:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            threading.Thread(target=self._forward, args=(broker, connection), daemon=True).start()
            self._forward(connection, broker)

    @staticmethod
    def _forward(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
