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


class Broker:
    """A broker's process in a directory of its own: start(), stop() and kill(), always on the same port of 127.0.0.1."""

    name = ""
    timeout = 10  # seconds, until it listens

    def __init__(self, directory: Path):
        self.directory = directory
        self.directory.mkdir(parents=True)
        self.log_path = directory / f"{self.name.lower()}.log"
        self._ports: list[ReservedPort] = []
        self.port = self.reserve_port()
        self._process: subprocess.Popen | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """What it has beside the test's own."""
        return {}

    def reserve_port(self) -> int:
        self._ports.append(ReservedPort())
        return self._ports[-1].number

    def start(self) -> "Broker":
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(self.command(), cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log,
                                             stderr=log, preexec_fn=_lead_a_group,
                                             env={**os.environ, **self.environment()})
        wait_until(self._accepts, self.timeout, f"{self.name} to listen on port {self.port}")
        return self

    def stop(self) -> None:
        """Orderly: it disconnects its clients and, with persistence, saves everything."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._wait()

    def kill(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._wait()

    def restart(self) -> None:
        self.stop()
        self.start()

    def close(self) -> None:
        self.kill()
        for port in self._ports:
            port.release()

    def _accepts(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"{self.name} has ended: {self.log_path.read_text(errors='replace')[-2000:]}")
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def _wait(self) -> None:
        assert self._process is not None
        try:
            self._process.wait(6 * self.timeout)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            raise
        finally:
            self._process = None


def _lead_a_group() -> None:
    os.setsid()  # what it starts is killed with it
    die_with_parent()


class Mosquitto(Broker):
    """The broker of all tests. `config` is added to its configuration. Nothing it takes in is dropped for a slow
    subscriber, unless `config` says otherwise, because a test is about the logger.
    """

    name = "Mosquitto"

    def __init__(self, directory: Path, *config: str):
        super().__init__(directory)
        self.config = list(config)

    def start(self) -> "Mosquitto":
        lines = [
            f"listener {self.port} 127.0.0.1",
            "max_queued_messages 0",
            "set_tcp_nodelay true",
            f"persistence_location {self.directory}/",
            "log_timestamp_format %H:%M:%S",
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            # Otherwise it becomes another user, which cannot write here and forgets to die with its parent.
            lines.append("user root")
        if not any(line.startswith("allow_anonymous") for line in self.config):
            lines.append("allow_anonymous true")
        (self.directory / "mosquitto.conf").write_text("\n".join([*lines, *self.config, ""]))
        super().start()
        return self

    def command(self) -> list[str]:
        executable = find_mosquitto()
        assert executable is not None, "mosquitto is missing"
        return [executable, "-c", "mosquitto.conf"]

    def save(self) -> None:
        """With persistence: writes what it has to its file, now."""
        path = self.directory / "mosquitto.db"

        def find_time() -> int:
            return path.stat().st_mtime_ns if path.exists() else 0

        before = find_time()
        assert self._process is not None
        self._process.send_signal(signal.SIGUSR1)
        wait_until(lambda: find_time() > before, 20, "the broker to save")
