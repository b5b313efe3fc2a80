"""A TCP server within the test's process, for what stands in for a broker."""

import contextlib
import socket
import threading

from waiting import SLOWNESS

_PATIENCE = 60 * SLOWNESS


class LocalServer:
    """Listens on `port` of 127.0.0.1, until close(); each connection is served in a thread of its own. What a subclass
    needs to serve is set before super().__init__(): the first connection may come at once."""

    def __init__(self) -> None:
        self.connections = 0
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        """May raise OSError when the other side has gone."""
        raise NotImplementedError

    def close_at_end(self, connection: socket.socket) -> None:
        """The server's close() closes this one, too."""
        self._open.append(connection)

    def close(self) -> None:
        for connection in [self._listener, *self._open]:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.settimeout(_PATIENCE)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        self.close_at_end(connection)
        with connection, contextlib.suppress(OSError):
            self.serve(connection)
