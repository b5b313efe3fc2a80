"""The machine has no more threads or memory to give at the start: said in one line, and the exit code is one that a
service manager tries again."""

import resource
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from faults import Faults
from logger import is_started_directly, logger_command
from processes import die_with_parent
from scenario import Scenario, main
from waiting import SLOWNESS

_MOST_THREADS = 20
_MEBIBYTE = 1 << 20


@unittest.skipUnless(is_started_directly(), "a launcher stands between the limits and the program")
class Shortage(Scenario):
    def start(self, *options: str, memory: int = 0, environment: dict[str, str] | None = None) -> tuple[int, str, bool]:
        """Exit code, log, and whether it was running until it was asked to stop."""

        def limit() -> None:
            die_with_parent()
            if memory:
                resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

        process = subprocess.Popen([*logger_command(), "--broker", "127.0.0.1", "--port", "1", *options], cwd=self.work,
                                   stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                   preexec_fn=limit, env=environment)
        assert process.stdin is not None and process.stderr is not None
        lines = []
        is_running = False
        for line in process.stderr:
            lines.append(line)
            if "no connection to" in line:  # it has started, and has all the threads that it needs
                is_running = True
                process.stdin.write("q\n")
                process.stdin.flush()
        process.stdin.close()
        process.stderr.close()
        return process.wait(20 * SLOWNESS), "".join(lines), is_running

    def test_without_threads(self) -> None:
        faults = Faults(self.directory / "faults", self.directory / "no-file-calls")
        for count in range(_MOST_THREADS):
            with self.subTest(threads=count):
                faults.limit_threads(count)
                code, log, is_running = self.start("--journal-size", "64KiB", environment=faults.environment)
                if is_running:
                    self.assertEqual(code, 0, log)
                    self.assertGreater(count, 3)
                    return
                self.assertEqual(code, 1, log)
                self.assertIn("cannot start: the system gives no more threads", log.splitlines()[-1])
        self.fail(f"it does not start with {_MOST_THREADS} threads")

    def test_without_memory(self) -> None:
        starts = []
        for memory in range(16, 400, 16):
            code, log, is_running = self.start("--journal-size", "16MiB", memory=memory * _MEBIBYTE)
            starts.append(is_running)
            if is_running:
                break
            self.assertNotEqual(log, "", f"silent with {memory} MiB")
            if "error while loading shared libraries" in log or "libc" in log:
                continue
            self.assertEqual((code, len(log.splitlines()[-1]) > 20), (1, True), log)
            self.assertRegex(log, "memory|threads")
        self.assertTrue(starts[-1])


if __name__ == "__main__":
    main(needs_broker=False)
