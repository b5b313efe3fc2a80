"""The program under test, as a child process."""

import functools
import os
import re
import shlex
import signal
import subprocess
from pathlib import Path

from processes import die_with_parent
from waiting import SLOWNESS, wait_until

COMMAND_VARIABLE = "LOGGER_COMMAND"  # how to start the program; may begin with a launcher: "wine mqtt-logger.exe"
SUBSCRIBED = r"subscribed to"

_SANITIZER_REPORT = re.compile(r"(ERROR|WARNING): \w+Sanitizer|runtime error:")


def logger_command() -> list[str]:
    """With absolute paths, because the program runs in another directory."""
    words = shlex.split(os.environ.get(COMMAND_VARIABLE, ""))
    return [os.path.abspath(word) if os.sep in word and os.path.exists(word) else word for word in words]


def choose_program(program: Path | None) -> Path:
    """What logger_command() starts from now on; without `program` a release that is built now."""
    if program is None:
        root = Path(__file__).resolve().parents[2]
        subprocess.run([root / "scripts/install-dependencies", "build", "broker"], check=True)
        subprocess.run([root / "scripts/build", "release"], check=True)
        program = root / "build/release/mqtt-logger"
    program = program.resolve()
    os.environ[COMMAND_VARIABLE] = shlex.quote(str(program))
    return program


def is_started_directly() -> bool:
    """Without a launcher: the child's process id is the program's own."""
    return len(logger_command()) == 1


@functools.cache
def has_client_library() -> bool:
    """Whether it can speak to a broker: not with a library that stands in for Paho C, where there is none (Windows)."""
    if is_started_directly():
        return True
    version = subprocess.run([*logger_command(), "--version"], capture_output=True, stdin=subprocess.DEVNULL, check=True)
    return b"stand-in" not in version.stdout


class Logger:
    """One run of the program in `directory`, so that paths in `options` can be relative to it.

    Its standard error goes to `log_path`; standard input is a pipe; standard output must stay empty.
    close() fails if a sanitizer has reported something.
    """

    def __init__(self, directory: Path, log_path: Path, *options: str, environment: dict[str, str] | None = None):
        self.log_path = log_path
        self._output_path = log_path.with_suffix(".stdout")
        # The program refuses variables of its own kind that it does not know; a developer may have set some.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("MQTT_LOGGER")}
        with log_path.open("wb") as log, self._output_path.open("wb") as output:
            self._process = subprocess.Popen([*logger_command(), *options], cwd=directory, stdin=subprocess.PIPE,
                                             stdout=output, stderr=log, preexec_fn=die_with_parent,
                                             env={**inherited, **(environment or {})})

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has written to standard error."""
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    @property
    def output(self) -> str:
        """What it has written to standard output."""
        return self._output_path.read_text(encoding="utf-8", errors="replace")

    def is_running(self) -> bool:
        return self._process.poll() is None

    def find(self, pattern: str) -> list[str]:
        """The lines of the log that match."""
        return [line for line in self.log.splitlines() if re.search(pattern, line)]

    def wait_for(self, pattern: str, seconds: float = 10, count: int = 1) -> str:
        """Waits until `count` lines of the log match, and returns the last one."""

        def found() -> str | None:
            was_running = self.is_running()  # asked before the log is read: nothing comes after the end
            lines = self.find(pattern)
            if len(lines) < count and not was_running:
                raise AssertionError(f"the logger has ended with {self._process.returncode} "
                                     f"before a log line matched {pattern!r}")
            return lines[-1] if len(lines) >= count else None

        return wait_until(found, seconds, f"{count} log lines that match {pattern!r}") or ""

    def wait_until_subscribed(self, seconds: float = 15) -> "Logger":
        self.wait_for(SUBSCRIBED, seconds)
        return self

    def wait(self, seconds: float = 10) -> int:
        """Waits for its end; returns the exit code, negative after a signal."""
        try:
            return self._process.wait(seconds * SLOWNESS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the logger has not ended within {seconds * SLOWNESS:.1f} s") from None

    def send_line(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def close_input(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()

    def stop(self, how: str | signal.Signals = "q", seconds: float = 30) -> int:
        """Asks it to stop with a line on standard input or a signal, and returns its exit code."""
        if isinstance(how, signal.Signals):
            # Windows has no SIGTERM, and Wine ends a program that gets one; Ctrl-C asks there.
            self._process.send_signal(how if is_started_directly() else signal.SIGINT)
        else:
            self.send_line(how)
        return self.wait(seconds)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        if self.is_running():
            self.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        report = _SANITIZER_REPORT.search(self.log)
        assert report is None, f"a sanitizer reports: {self.log[report.start():][:4000]}"

    def __enter__(self) -> "Logger":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
