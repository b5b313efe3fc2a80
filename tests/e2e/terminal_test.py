"""The terminal, job control and standard input, with the built program in real pseudo-terminals and shells.

    LOGGER_COMMAND=build/dev/mqtt-logger python3 tests/e2e/terminal_test.py -v

No broker is needed: the program runs as well while it tries to connect to one that is not there. What kill -9 leaves
behind is out of anybody's reach: there the shell has to repair the terminal.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from typing import Sequence, TypeVar

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from logger import is_started_directly, logger_command
from programs import require_program
from scenario import main
from terminal import Process, Shell, Terminal, find_program, kill_session, reset_signals
from waiting import SLOWNESS, wait_until

PROGRAM = logger_command()[0] if is_started_directly() else ""
START = '"$PROGRAM" $ARGUMENTS'  # a command line that shows nothing a test could take for output of the program
OneTerminal = TypeVar("OneTerminal", bound=Terminal)
WATCHED_SECONDS = 2.0
# Of 200 in that time, which a program that spins takes all. It may take more at its start, above all with a sanitizer.
MOST_IDLE_TICKS = min(60, 10 * SLOWNESS)


@unittest.skipUnless(sys.platform == "linux", "needs /proc")
@unittest.skipUnless(PROGRAM, "a launcher stands between the terminal and the program")
class ProgramTest(unittest.TestCase):
    """A program with nothing to do: the broker's port is reserved and closed."""

    def setUp(self) -> None:
        port = socket.socket()
        self.addCleanup(port.close)
        port.bind(("127.0.0.1", 0))
        folder = tempfile.mkdtemp(prefix="terminal_test_")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        arguments = ["--broker", "127.0.0.1", "--port", str(port.getsockname()[1]), "--output", f"{folder}/x"]
        self.folder = folder
        self.command = [PROGRAM, *arguments]
        self.environment = {"PROGRAM": PROGRAM, "ARGUMENTS": " ".join(arguments), "FOLDER": folder}

    def keep(self, terminal: OneTerminal) -> OneTerminal:
        """Until the end of the test, as enterContext() of Python 3.11."""
        self.addCleanup(terminal.__exit__)
        return terminal

    def assert_idle(self, *processes: Process) -> None:
        """It comes to rest, as a program that spins never does, and is not stopped meanwhile."""
        wait_until(lambda: self.is_at_rest(processes), 20, "a program at rest")

    def is_at_rest(self, processes: Sequence[Process]) -> bool:
        before = [process.cpu_ticks for process in processes]
        end = time.monotonic() + WATCHED_SECONDS
        while time.monotonic() < end:
            for process in processes:
                self.assertNotIn(process.state, "TZX")
            time.sleep(0.05)
        return all(process.cpu_ticks - ticks <= MOST_IDLE_TICKS for process, ticks in zip(processes, before))


class ForegroundTest(ProgramTest):
    """The program alone in its terminal."""

    def start(self, prefix: tuple[str, ...] = ()) -> Terminal:
        terminal = self.keep(Terminal([*prefix, *self.command]))
        terminal.wait_until(terminal.is_by_key_press, "keys to act without Enter")
        return terminal

    def check_stop(self, terminal: Terminal, code: int = 0) -> None:
        self.assertEqual(terminal.wait_exit(), code)
        self.assertEqual(terminal.attributes(), terminal.attributes_at_start)

    def test_q_quits_on_the_key_press(self) -> None:
        for key in "q", "Q", "xq":
            with self.subTest(key):
                terminal = self.start()
                terminal.type(key)
                self.check_stop(terminal)

    def test_the_prompt_says_so(self) -> None:
        terminal = self.start()
        terminal.read_until(r"\b[qQ]\b.*quit|quit.*\b[qQ]\b")
        terminal.type("q")
        self.check_stop(terminal)

    def test_ctrl_c_stops(self) -> None:
        terminal = self.start()
        terminal.type("\x03")
        self.check_stop(terminal)

    def test_signals_stop(self) -> None:
        for number in signal.SIGTERM, signal.SIGINT:
            with self.subTest(number.name):
                terminal = self.start()
                os.kill(terminal.pid, number)
                self.check_stop(terminal)

    def test_signals_that_kill_find_the_terminal_given_back(self) -> None:
        for number in signal.SIGQUIT, signal.SIGABRT:
            with self.subTest(number.name):
                terminal = self.start(("sh", "-c", 'ulimit -c 0; exec "$@"', "sh"))
                os.kill(terminal.pid, number)
                self.check_stop(terminal, -number)

    def test_other_keys_and_end_of_file_do_not_stop_it(self) -> None:
        terminal = self.start()
        terminal.type("abc\r\n\x04\x04Z")
        self.assert_idle(Process(terminal.pid))
        terminal.type("q")
        self.check_stop(terminal)

    def test_output_stopped_by_ctrl_s_does_not_keep_it(self) -> None:
        for stop in (lambda terminal: terminal.type("q"), lambda terminal: os.kill(terminal.pid, signal.SIGTERM)):
            terminal = self.start()
            terminal.read_until("press q to quit")
            terminal.type("\x13")
            stop(terminal)
            self.check_stop(terminal)

    def test_closing_the_terminal_stops(self) -> None:
        terminal = self.start()
        terminal.hang_up()
        self.assertEqual(terminal.wait_exit(), 0)

    def test_below_nohup_it_outlives_the_terminal(self) -> None:
        terminal = self.start(("sh", "-c", 'trap "" HUP; exec "$@"', "sh"))
        terminal.hang_up()
        self.assert_idle(Process(terminal.pid))
        os.kill(terminal.pid, signal.SIGTERM)
        self.assertEqual(terminal.wait_exit(), 0)


class JobControl:
    """The program as a job of an interactive shell."""

    shell_name = ""

    def setUp(self) -> None:
        super().setUp()
        require_program(self.shell_name)
        self.shell = self.keep(Shell(self.shell_name, self.environment))
        self.usual = self.read_settings()
        self.assertRegex(self.usual, r"[^-]icanon")
        self.assertRegex(self.usual, r"[^-]echo\b")

    def read_settings(self) -> str:
        self.shell.run('stty -a >"$FOLDER/settings"')  # a file: a program in the background writes to the terminal too
        with open(f"{self.folder}/settings", encoding="ascii") as file:
            return file.read()

    def check_terminal(self) -> None:
        self.assertEqual(self.read_settings(), self.usual)

    def start(self) -> Process:
        self.shell.type(f"{START}\n")
        program = find_program(PROGRAM, self.shell.pid)
        self.wait_foreground(program)
        return program

    def start_in_background(self) -> Process:
        self.shell.run(f"{START} &")
        return find_program(PROGRAM, self.shell.pid)

    def wait_foreground(self, program: Process) -> None:
        self.shell.wait_until(
            lambda: self.shell.is_in_foreground(program) and self.shell.is_by_key_press(), "the program to listen"
        )

    def bring_to_foreground(self, program: Process) -> None:
        self.shell.type("fg\n")
        self.wait_foreground(program)

    def wait_stopped(self, program: Process) -> None:
        self.shell.wait_until(lambda: program.state == "T", "the program to be stopped")
        self.shell.wait_prompt()

    def quit(self, key: str = "q") -> None:
        self.shell.type(key)
        self.shell.wait_prompt()
        self.assertEqual(self.shell.exit_code(), 0)
        self.check_terminal()

    def kill_job(self, program: Process) -> None:
        self.shell.run("kill %1; wait %1")
        self.assertEqual(self.shell.exit_code(), 0)
        self.assertFalse(program.is_running)

    def check_background(self, program: Process) -> None:
        """It runs, and neither takes the shell's keys nor changes its terminal."""
        self.assertIn("qqQQ", self.shell.run("echo qq''QQ"))
        self.assert_idle(program)

    def test_q(self) -> None:
        self.start()
        self.quit()

    def test_ctrl_c(self) -> None:
        self.start()
        self.quit("\x03")

    def test_ctrl_z_gives_the_terminal_back_and_fg_takes_it_again(self) -> None:
        program = self.start()
        for _ in range(3):
            self.shell.type("\x1a")
            self.wait_stopped(program)
            self.check_terminal()
            self.assertEqual(program.state, "T")
            self.bring_to_foreground(program)
        self.quit()

    def test_after_ctrl_z_and_bg_it_leaves_the_terminal_alone_until_fg(self) -> None:
        program = self.start()
        self.shell.type("\x1a")
        self.wait_stopped(program)
        self.shell.run("bg")
        self.shell.wait_until(lambda: program.state != "T", "the program to run again")
        self.check_background(program)
        self.check_terminal()
        self.bring_to_foreground(program)
        self.quit()

    def test_stopped_from_outside_it_takes_the_terminal_again_at_fg(self) -> None:
        program = self.start()
        program.send(signal.SIGSTOP)  # nobody can give the terminal back at that
        self.wait_stopped(program)
        self.bring_to_foreground(program)
        self.quit()

    def test_a_background_job_runs_on_and_listens_after_fg(self) -> None:
        program = self.start_in_background()
        self.check_background(program)
        self.check_terminal()
        self.bring_to_foreground(program)
        self.quit()

    def test_a_background_job_is_stopped_by_kill(self) -> None:
        self.kill_job(self.start_in_background())
        self.check_terminal()

    def test_a_background_job_may_write_although_the_terminal_says_tostop(self) -> None:
        self.shell.run("stty tostop")
        program = self.start_in_background()
        self.check_background(program)
        self.kill_job(program)
        self.shell.run("stty -tostop")
        self.check_terminal()


class BashTest(JobControl, ProgramTest):
    shell_name = "bash"


class DashTest(JobControl, ProgramTest):
    """Unlike bash, dash leaves the terminal as a job that was stopped or killed has left it."""

    shell_name = "dash"


class StandardInputTest(ProgramTest):
    """No terminal at all."""

    def start(self, line: str) -> subprocess.Popen:
        shell = subprocess.Popen(
            ["/bin/sh", "-c", line],
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=reset_signals,
        )
        self.addCleanup(shell.wait)
        self.addCleanup(kill_session, shell.pid)
        return shell

    def wait_exit(self, shell: subprocess.Popen) -> int:
        wait_until(lambda: shell.poll() is not None, 20, "the end of the program")
        return shell.returncode

    def test_without_anything_to_listen_to_it_runs_on_without_spinning(self) -> None:
        with open(f"{self.folder}/input", "w", encoding="ascii") as file:
            file.write("q\n")
        lines = {
            "null device": f"{START} </dev/null",
            "closed": f"{START} <&-",
            "all closed": f"{START} <&- >&- 2>&-",
            "not readable": f"{START} 0>/dev/null",
            "endless device": f"{START} </dev/zero",
            "regular file": f'{START} <"$FOLDER/input"',
            "pipe at its end": f"true | {START}",
            "pipe with other lines": f"printf 'x\\nqq\\n' | {START}",
            "pipe with other lines that stays open": f"(printf 'x\\nqq\\n'; exec sleep 1000) | {START}",
            "job of a script": f"{START} & wait $!",
        }
        # Each with an output of its own: they run side by side.
        shells = {}
        for number, (name, line) in enumerate(lines.items()):
            shells[name] = self.start(f'ARGUMENTS="${{ARGUMENTS}}{number}"; {line}')
        programs = {name: find_program(PROGRAM, shell.pid) for name, shell in shells.items()}
        for descriptor in 0, 1, 2:
            self.assertEqual(programs["all closed"].file(descriptor), "/dev/null")
        self.assert_idle(*programs.values())
        for program in programs.values():
            program.send(signal.SIGTERM)
        for name, shell in shells.items():
            with self.subTest(name):
                if "sleep" in lines[name]:
                    wait_until(lambda: not programs[name].is_running, 20, "the end of the program")
                else:
                    self.assertEqual(self.wait_exit(shell), 0)

    def test_a_line_q_through_a_pipe_quits(self) -> None:
        for word in r"q\n", r"Q\r\n", r"x\nq \n":
            with self.subTest(word):
                self.assertEqual(self.wait_exit(self.start(f"(sleep 1; printf '{word}') | {START}")), 0)


if __name__ == "__main__":
    main(needs_broker=False)
