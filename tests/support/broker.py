"""The real Mosquitto, one for a test, on a port of 127.0.0.1 of its own."""

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from processes import die_with_parent
from waiting import wait_until


def find_mosquitto() -> str | None:
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/local/sbin:/usr/sbin:/sbin")


class ReservedPort:
    """A free port that no other process is given while this lives.

    The socket is bound but does not listen: connections are refused, and Mosquitto, which allows address reuse as
    we do, can still listen there, also after a restart.
    """

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.number: int = self._socket.getsockname()[1]

    def release(self) -> None:
        self._socket.close()


class Mosquitto:
    """One broker with its configuration and its own directory; start(), stop(), kill() on the same port.

    `config` is added to the configuration. Nothing it takes in is dropped for a slow subscriber, unless `config` says
    otherwise, because a test is about the logger.
    """

    def __init__(self, directory: Path, *config: str):
        self.directory = directory
        self.directory.mkdir(parents=True)
        self.log_path = directory / "mosquitto.log"
        self._reserved = ReservedPort()
        self.port = self._reserved.number
        self._process: subprocess.Popen | None = None
        lines = [
            f"listener {self.port} 127.0.0.1",
            "max_queued_messages 0",
            "set_tcp_nodelay true",
            f"persistence_location {directory}/",
            "log_timestamp_format %H:%M:%S",
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            # Otherwise it becomes another user, which cannot write here and forgets to die with its parent.
            lines.append("user root")
        if not any(line.startswith("allow_anonymous") for line in config):
            lines.append("allow_anonymous true")
        self._config_path = directory / "mosquitto.conf"
        self._config_path.write_text("\n".join([*lines, *config, ""]))

    def start(self) -> "Mosquitto":
        executable = find_mosquitto()
        assert executable is not None, "mosquitto is missing"
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen([executable, "-c", str(self._config_path)], stdin=subprocess.DEVNULL,
                                             stdout=log, stderr=log, preexec_fn=die_with_parent)
        wait_until(self._accepts, 10, f"Mosquitto to listen on port {self.port}")
        return self

    def stop(self) -> None:
        """Orderly: it disconnects its clients and, with persistence, saves everything."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def save(self) -> None:
        """With persistence: writes what it has to its file, now."""
        path = self.directory / "mosquitto.db"

        def find_time() -> int:
            return path.stat().st_mtime_ns if path.exists() else 0

        before = find_time()
        assert self._process is not None
        self._process.send_signal(signal.SIGUSR1)
        wait_until(lambda: find_time() > before, 20, "the broker to save")

    def restart(self) -> None:
        self.stop()
        self.start()

    def close(self) -> None:
        self.kill()
        self._reserved.release()

    def _accepts(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"Mosquitto has ended: {self.log_path.read_text(errors='replace')}")
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def _end(self, signal_number: int) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal_number)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            self._process = None
