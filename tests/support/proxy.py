"""A TCP proxy between logger and broker, in a process of its own, to cut and to stall their connection."""

import random
import select
import socket
import struct
import time
from typing import Any

from processes import Background

_BUFFER_BYTES = 256 * 1024


class Proxy(Background):
    """Listens on `port` and forwards to `target_port`, until close(). With `cuts`, each connection is cut at a random byte to
    the logger, in the middle of whatever that is, with a RST or a FIN."""

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

    def stall_new(self) -> None:
        """Takes new connections, and forwards nothing on them, until go_on()."""
        self._command("stall new")

    def go_on(self) -> None:
        """With the connections to come; those that stall are reset."""
        self._command("go on")

    def stop_cutting(self) -> None:
        """At random; the connections there are go on."""
        self._command("stop cutting")

    def close(self) -> None:
        self.kill()

    def _command(self, command: str) -> None:
        self.pipe.send(command)
        self.pipe.recv()


class _Cut:
    """When a connection ends: some within their first bytes; the others at any byte of what comes after a random time, so
    that acknowledgements of what came before have reached the broker."""

    def __init__(self, cuts: random.Random):
        self._cuts = cuts
        self._first_bytes = int(10 ** cuts.uniform(0, 3.3)) if cuts.random() < 0.15 else None
        self._due = time.monotonic() + cuts.uniform(0.1, 3)

    def find(self, size: int) -> int | None:
        """How many of the next `size` bytes are forwarded before the cut; nothing if it is not due."""
        if self._first_bytes is not None:
            self._first_bytes -= size
            return max(0, self._first_bytes + size) if self._first_bytes <= 0 else None
        return self._cuts.randrange(size + 1) if time.monotonic() >= self._due else None


def _forward(pipe: Any, listener: socket.socket, target_port: int, cuts: random.Random | None) -> None:
    peers: dict[socket.socket, socket.socket] = {}
    stalled: list[socket.socket] = []
    stalls_new = False

    due: dict[socket.socket, _Cut] = {}  # of a logger's connection

    def reset(*connections: socket.socket) -> None:
        for connection in set(connections):
            peers.pop(connection, None)
            due.pop(connection, None)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

    def cut(client: socket.socket, broker: socket.socket) -> None:
        if cuts is not None and cuts.random() < 0.5:
            reset(client, broker)
            return
        reset(broker)
        due.pop(client, None)
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
                due.clear()
            elif command == "stall new":
                stalls_new = True
            elif command == "go on":
                stalls_new = False
                reset(*stalled)
                stalled.clear()
            else:
                stalled.extend(peers)
                peers.clear()
            pipe.send(command)
            continue
        if listener in readable:
            client, _ = listener.accept()
            if stalls_new:
                stalled.append(client)
                continue
            try:
                broker = socket.create_connection(("127.0.0.1", target_port))
            except OSError:
                reset(client)
                continue
            for connection in (client, broker):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peers[client], peers[broker] = broker, client
            if cuts is not None:
                due[client] = _Cut(cuts)
        for source in readable:
            if source not in peers:
                continue
            target = peers[source]
            try:
                data = source.recv(_BUFFER_BYTES)
                if data and target is source:
                    continue
                position = due[target].find(len(data)) if data and target in due else None
                if position is not None:
                    target.sendall(data[:position])
                    cut(target, source)
                elif data:
                    target.sendall(data)
                else:
                    reset(source, target)
            except OSError:
                reset(source, target)
