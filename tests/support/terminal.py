"""Programs and shells in a pseudo-terminal, and what /proc says about processes. Linux only."""

import fcntl
import os
import re
import select
import signal
import subprocess
import termios
from typing import Callable

from waiting import wait_until

_SECONDS = 20.0
_PROMPT = "[prompt] "
_SIGNALS_OF_SHELLS = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)
SHELLS = {"bash": ["bash", "--norc", "--noprofile", "-i"], "dash": ["dash", "-i"]}


class Process:
    """A process that we did not start ourselves, as /proc shows it."""

    def __init__(self, pid: int):
        self.pid = pid

    def _stat(self) -> list[str]:
        with open(f"/proc/{self.pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()  # from the third field on: the second may hold anything

    @property
    def is_running(self) -> bool:
        try:
            return self._stat()[0] not in "ZX"
        except OSError:
            return False

    @property
    def state(self) -> str:
        """One letter: R, S, T (stopped), Z …"""
        return self._stat()[0]

    @property
    def group(self) -> int:
        return int(self._stat()[2])

    @property
    def session(self) -> int:
        return int(self._stat()[3])

    @property
    def cpu_ticks(self) -> int:
        return int(self._stat()[11]) + int(self._stat()[12])

    @property
    def program(self) -> str:
        return os.readlink(f"/proc/{self.pid}/exe")

    def file(self, descriptor: int) -> str:
        return os.readlink(f"/proc/{self.pid}/fd/{descriptor}")

    def handles(self, number: signal.Signals) -> bool:
        with open(f"/proc/{self.pid}/status", encoding="ascii", errors="replace") as file:
            caught = re.search(r"^SigCgt:\s*(\w+)$", file.read(), re.MULTILINE)
        return caught is not None and bool(int(caught[1], 16) >> (number - 1) & 1)

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)


def _find_processes(is_wanted: Callable[[Process], bool]) -> list[Process]:
    found = []
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and is_wanted(Process(int(name))):
                found.append(Process(int(name)))
        except OSError:
            pass  # it has just ended
    return found


def find_program(program: str, session: int) -> Process:
    """The one process of the session that runs `program`, as soon as it handles SIGTERM."""
    path = os.path.realpath(program)

    def find() -> list[Process]:
        return _find_processes(
            lambda process: process.session == session and process.program == path and process.handles(signal.SIGTERM)
        )

    return wait_until(find, _SECONDS, f"{program} to run and to handle signals")[0]


def kill_session(session: int) -> None:
    for process in _find_processes(lambda process: process.session == session):
        try:
            process.send(signal.SIGKILL)
        except ProcessLookupError:
            pass


def reset_signals() -> None:
    """For `preexec_fn`: whoever runs the tests may ignore signals, and what is ignored is inherited."""
    for number in _SIGNALS_OF_SHELLS:
        signal.signal(number, signal.SIG_DFL)


class Terminal:
    """A command in a pseudo-terminal, as the leader of its session and in its foreground.

    A context manager: at its end every process of the session is killed.
    """

    def __init__(self, command: list[str], environment: dict[str, str] | None = None):
        # We keep the device open: the system forgets a terminal's attributes with the last process that has it.
        self._keyboard, self._device = os.openpty()
        os.set_blocking(self._keyboard, False)
        self.attributes_at_start = self.attributes()
        self._unread = ""
        self.output = ""  # everything so far
        self._command = subprocess.Popen(
            command,
            stdin=self._device,
            stdout=self._device,
            stderr=self._device,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
            preexec_fn=self._prepare,
        )
        self.pid = self._command.pid

    @staticmethod
    def _prepare() -> None:
        reset_signals()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        kill_session(self.pid)
        self._command.wait()
        self.hang_up()
        os.close(self._device)

    def hang_up(self) -> None:
        """Closes the terminal, as closing its window does."""
        if self._keyboard != -1:
            os.close(self._keyboard)
            self._keyboard = -1

    def type(self, text: str) -> None:
        os.write(self._keyboard, text.encode())

    def _read(self) -> None:
        while self._keyboard != -1 and select.select([self._keyboard], [], [], 0)[0]:
            text = os.read(self._keyboard, 65536).decode(errors="replace")
            self.output += text
            self._unread += text

    def wait_until(self, condition: Callable[[], object], awaited: str) -> None:
        """Goes on reading the output, so that nobody hangs who writes it."""

        def read_and_check() -> bool:
            self._read()
            return bool(condition())

        try:
            wait_until(read_and_check, _SECONDS, awaited)
        except AssertionError as error:
            raise AssertionError(f"{error}; the terminal shows: {self.output!r}") from None

    def read_until(self, pattern: str) -> re.Match[str]:
        """Reads on until `pattern` matches in what has not been read yet; the match is then read."""
        match: re.Match[str] | None = None

        def find() -> bool:
            nonlocal match
            match = re.search(pattern, self._unread)
            return match is not None

        self.wait_until(find, f"output that matches {pattern!r}")
        assert match is not None
        self._unread = self._unread[match.end() :]
        return match

    def wait_exit(self) -> int:
        """The command's exit code, or minus the signal that ended it."""
        self.wait_until(lambda: self._command.poll() is not None, "the end of the command")
        return self._command.returncode

    def attributes(self) -> list:
        return termios.tcgetattr(self._device)

    def is_by_key_press(self) -> bool:
        return not self.attributes()[3] & (termios.ICANON | termios.ECHO)

    def is_in_foreground(self, process: Process) -> bool:
        return os.tcgetpgrp(self._keyboard) == process.group


class Shell(Terminal):
    """An interactive shell with job control."""

    def __init__(self, name: str, environment: dict[str, str] | None = None):
        own = {"PS1": _PROMPT, "PS2": "", "TERM": "dumb", "HISTFILE": "", "ENV": "", "LC_ALL": "C"}
        super().__init__(SHELLS[name], {**(environment or {}), **own})
        self.read_until(re.escape(_PROMPT))

    def run(self, command: str) -> str:
        """Types a command line and waits for the next prompt; returns what was shown in between."""
        self.type(command + "\n")
        return self.wait_prompt()

    def wait_prompt(self) -> str:
        return self.read_until(rf"(?s)(.*?){re.escape(_PROMPT)}")[1]

    def exit_code(self) -> int:
        """Of the last command."""
        self.type("echo exit code $?\n")
        code = int(self.read_until(r"exit code (\d+)")[1])
        self.wait_prompt()
        return code
