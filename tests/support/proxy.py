"""A TCP proxy between logger and broker, in a process of its own, to cut and to stall their connection."""

import random
import select
import socket
import struct
from typing import Any

from processes import Background

_BUFFER_BYTES = 256 * 1024


class Proxy(Background):
    """Listens on `port` and forwards to `target_port`, until close(). With `cuts`, each connection is cut after a random
    number of bytes to the logger, in the middle of whatever they are, with a RST or a FIN."""

    def __init__(self, target_port: int, cuts: random.Random | None = None):
        listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = listener.getsockname()[1]
        super().__init__(_forward, listener, target_port, cuts)
        listener.close()

    def cut(self) -> None:
        """Resets all connections; new ones are accepted."""
        self._command("cut")

    def stall(self) -> None:
        """Forwards nothing more on the connections there are; new ones are not touched."""
        self._command("stall")

    def stop_cutting(self) -> None:
        """At random; the connections there are go on."""
        self._command("stop cutting")

    def close(self) -> None:
        self.kill()

    def _command(self, command: str) -> None:
        self.pipe.send(command)
        self.pipe.recv()


def draw_length(cuts: random.Random) -> int:
    """Of a connection: some end before the broker has answered, most under load, when more has come than the broker sends
    again."""
    return int(10 ** cuts.uniform(0, 3.3) if cuts.random() < 0.15 else 10 ** cuts.uniform(5.3, 6.5))


def _forward(pipe: Any, listener: socket.socket, target_port: int, cuts: random.Random | None) -> None:
    peers: dict[socket.socket, socket.socket] = {}
    stalled: list[socket.socket] = []

    lengths: dict[socket.socket, int] = {}  # how much a logger's connection still gets

    def reset(*connections: socket.socket) -> None:
        for connection in set(connections):
            peers.pop(connection, None)
            lengths.pop(connection, None)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

    def cut(client: socket.socket, broker: socket.socket) -> None:
        if cuts is not None and cuts.random() < 0.5:
            reset(client, broker)
            return
        reset(broker)
        lengths.pop(client, None)
        peers[client] = client  # takes what comes, until the logger closes
        client.shutdown(socket.SHUT_WR)

    while True:
        readable, _, _ = select.select([pipe, listener, *peers], [], [])
        if pipe in readable:
            command = pipe.recv()
            if command == "cut":
                reset(*list(peers))
            elif command == "stop cutting":
                cuts = None
                lengths.clear()
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
            if cuts is not None:
                lengths[client] = draw_length(cuts)
        for source in readable:
            if source not in peers:
                continue
            target = peers[source]
            try:
                data = source.recv(_BUFFER_BYTES)
                if data and target is source:
                    continue
                if data and target in lengths and len(data) >= lengths[target]:
                    target.sendall(data[: lengths[target]])
                    cut(target, source)
                elif data:
                    target.sendall(data)
                    if target in lengths:
                        lengths[target] -= len(data)
                else:
                    reset(source, target)
            except OSError:
                reset(source, target)
