"""Nobody reads the log: the logger records, connects again and stops all the same, and says later what is missing."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from logger import is_started_directly, logger_command
from processes import die_with_parent
from scenario import Scenario, main
from waiting import SLOWNESS, wait_until


@unittest.skipUnless(is_started_directly(), "a launcher stands between the pipe and the program")
class UnreadLog(Scenario):
    def setUp(self) -> None:
        super().setUp()
        self.reading, writing = os.pipe()
        self.addCleanup(os.close, self.reading)
        fcntl.fcntl(self.reading, fcntl.F_SETPIPE_SZ, 4096)
        os.set_blocking(writing, False)
        self.filling = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                self.filling += os.write(writing, b"x")
        os.set_blocking(writing, True)
        self.writing = writing

    def start_unread(self, *options: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen([*logger_command(), "--broker", "127.0.0.1", *options], cwd=self.work,
                                   stdin=subprocess.DEVNULL, stderr=self.writing, preexec_fn=die_with_parent)
        os.close(self.writing)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def publish(self, port: int, payload: str) -> None:
        """Until it is recorded: the logger cannot be heard, and so may not be connected yet."""

        def is_recorded() -> bool:
            with self.connect(port) as client:
                client.publish("sensors/a", payload)
            return self.path("csv").exists() and payload.encode() in self.path("csv").read_bytes()

        wait_until(is_recorded, 30, f"{payload} to be recorded", poll=0.2)

    def test_goes_on_connects_again_and_stops(self) -> None:
        broker = self.start_broker()
        process = self.start_unread("--port", str(broker.port), "--stats-every", "50ms")
        self.publish(broker.port, "before")
        broker.restart()
        self.publish(broker.port, "after")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(20 * SLOWNESS), 0)

    def test_all_of_it_comes_when_somebody_reads(self) -> None:
        broker = self.start_broker()
        process = self.start_unread("--port", str(broker.port), "--stats-every", "1ms")
        for payload in ("one", "two", "three"):
            self.publish(broker.port, payload)
        process.send_signal(signal.SIGTERM)
        log = b""
        while data := os.read(self.reading, 65536):
            log += data
        self.assertEqual(process.wait(20 * SLOWNESS), 0)
        lines = log[self.filling :].decode().splitlines()
        self.assertIn("writing to", lines[0])
        self.assertRegex(lines[-1], r"received \d+, written \d+, pending 0")
        times = [line.split(" ")[0] for line in lines]
        self.assertEqual(times, sorted(times))


if __name__ == "__main__":
    main()
