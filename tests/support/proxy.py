"""A TCP proxy between logger and broker, in a process of its own, to cut and to stall their connection."""

import select
import socket
import struct
from typing import Any

from processes import Background

_BUFFER_BYTES = 256 * 1024


class Proxy(Background):
    """Listens on `port` and forwards to `target_port`, until close()."""

    def __init__(self, target_port: int):
        listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = listener.getsockname()[1]
        super().__init__(_forward, listener, target_port)
        listener.close()

    def cut(self) -> None:
        """Resets all connections; new ones are accepted."""
        self._command("cut")

    def stall(self) -> None:
        """Forwards nothing more on the connections there are; new ones are not touched."""
        self._command("stall")

    def close(self) -> None:
        self.kill()

    def _command(self, command: str) -> None:
        self.pipe.send(command)
        self.pipe.recv()


def _forward(pipe: Any, listener: socket.socket, target_port: int) -> None:
    peers: dict[socket.socket, socket.socket] = {}
    stalled: list[socket.socket] = []

    def reset(*connections: socket.socket) -> None:
        for connection in connections:
            peers.pop(connection, None)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

    while True:
        readable, _, _ = select.select([pipe, listener, *peers], [], [])
        if pipe in readable:
            command = pipe.recv()
            if command == "cut":
                reset(*list(peers))
            else:
                stalled.extend(peers)
                peers.clear()
            pipe.send(command)
            continue
        if listener in readable:
            client, _ = listener.accept()
            try:
                broker = socket.create_connection(("127.0.0.1", target_port))
            except OSError:
                reset(client)
                continue
            for connection in (client, broker):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peers[client], peers[broker] = broker, client
        for source in readable:
            if source not in peers:
                continue
            target = peers[source]
            try:
                data = source.recv(_BUFFER_BYTES)
                if data:
                    target.sendall(data)
                else:
                    reset(source, target)
            except OSError:
                reset(source, target)
