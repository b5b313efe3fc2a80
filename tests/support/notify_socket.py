"""A stand-in for systemd's notification socket: takes what a service tells about itself."""

import os
import socket
from pathlib import Path

from waiting import Deadline


class NotifySocket:
    """Made before the service; `environment` is what systemd would give it."""

    def __init__(self, path: Path, watchdog_seconds: float = 0):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self.environment = {"NOTIFY_SOCKET": str(path)}
        if watchdog_seconds:
            self.environment["WATCHDOG_USEC"] = str(round(watchdog_seconds * 1_000_000))

    def receive(self, seconds: float) -> str | None:
        """The next message, or nothing if none comes in so many seconds."""
        self._socket.settimeout(seconds)
        try:
            return self._socket.recv(65536).decode()
        except (TimeoutError, BlockingIOError):
            return None

    def wait_for(self, beginning: str, seconds: float = 15) -> list[str]:
        """All messages up to the first that begins so."""
        deadline = Deadline(seconds)
        messages: list[str] = []
        while not messages or not messages[-1].startswith(beginning):
            deadline.check(f"{beginning}; there came {messages[-10:]}")
            message = self.receive(deadline.remaining() or 0.001)
            if message is not None:
                messages.append(message)
        return messages

    def drain(self) -> list[str]:
        """All messages that have come by now."""
        messages = []
        while (message := self.receive(0)) is not None:
            messages.append(message)
        return messages

    def close(self) -> None:
        self._socket.close()
        os.unlink(self.environment["NOTIFY_SOCKET"])
