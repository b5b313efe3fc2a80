"""A limit on the size of files (ulimit -f, LimitFSIZE of systemd; FAT has one of its own): no signal, but waited for and said, with
what to do."""

import contextlib
import os
import resource
import signal
import sys
import unittest
from pathlib import Path
from typing import Iterator

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from logger import Logger, is_started_directly
from mqtt_packets import Message
from scenario import Scenario, main
from waiting import wait_until

_KIBIBYTE = 1024
_UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
_EXPORTS_SAY = (r"error .*data\.\w+ cannot be written: File too large: .*ulimit -f, LimitFSIZE of systemd\) allows no larger one; "
                r"--rotate-size .*trying again")
_JOURNAL_SAYS = r"error .*the journal .*cannot have its \d+ bytes: File too large: .*LimitFSIZE.*--journal-size makes a smaller one"


@contextlib.contextmanager
def limited(size: int) -> Iterator[None]:
    """For what is started meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@unittest.skipUnless(is_started_directly(), "a launcher stands between the limits and the program")
class FileLimit(Scenario):
    def setUp(self) -> None:
        super().setUp()
        self.broker = self.start_broker("max_queued_messages 0")

    def run_limited(self, size: int, *options: str) -> Logger:
        with limited(size):
            return self.run_logger("--broker", "127.0.0.1", "--port", str(self.broker.port), "--output", "data", *options)

    def publish(self, count: int) -> None:
        with self.connect(self.broker.port) as publisher:
            publisher.publish_all([Message("sensors/a", f"{number} {'x' * 100}".encode(), 1) for number in range(count)])

    def check(self, count: int) -> None:
        self.wait_for_records(count, output="data")
        self.assertEqual([int(record.payload.split()[0]) for record in self.read_both("data")[0]], list(range(count)))

    def test_exports(self) -> None:
        logger = self.start_logger(self.broker.port, "--output", "data")
        resource.prlimit(logger.pid, resource.RLIMIT_FSIZE, (100 * _KIBIBYTE, resource.RLIM_INFINITY))
        self.publish(2000)
        logger.wait_for(_EXPORTS_SAY)
        resource.prlimit(logger.pid, resource.RLIMIT_FSIZE, _UNLIMITED)
        logger.wait_for("exports can be written again")
        self.check(2000)
        self.assert_stops(logger)

    def test_exports_that_are_begun_anew_in_time(self) -> None:
        logger = self.run_limited(100 * _KIBIBYTE, "--rotate-size", "50KiB", "--journal", "none", "--stats-every",
                                  "50ms").wait_until_subscribed()
        self.publish(2000)
        logger.wait_for("written 2000, pending 0", 20)
        self.assert_stops(logger)
        self.assertNotIn(" error ", logger.log)

    def test_journal_at_the_start(self) -> None:
        logger = self.run_limited(100 * _KIBIBYTE)
        logger.wait_for(_JOURNAL_SAYS)
        resource.prlimit(logger.pid, resource.RLIMIT_FSIZE, _UNLIMITED)
        logger.wait_for("there is room again for what the start needs")
        logger.wait_until_subscribed()
        self.publish(10)
        self.check(10)
        self.assert_stops(logger)

    def test_journal_that_is_made_anew(self) -> None:
        logger = self.start_logger(self.broker.port, "--output", "data")
        resource.prlimit(logger.pid, resource.RLIMIT_FSIZE, (100 * _KIBIBYTE, resource.RLIM_INFINITY))
        os.truncate(self.work / "data.journal", 0)
        logger.wait_for(r"error .*the journal .*(cannot be made whole|cannot be stored to): File too large")
        resource.prlimit(logger.pid, resource.RLIMIT_FSIZE, _UNLIMITED)
        logger.wait_for(r"the journal .*was cut or overwritten by somebody else while running: 0 messages")
        os.unlink(self.work / "data.journal")
        logger.wait_for("a new one holds all that was in it")
        self.publish(10)
        self.check(10)
        self.assert_stops(logger)

    def test_stop_at_the_start(self) -> None:
        for how in ("q", signal.SIGTERM):
            with self.subTest(how=how):
                logger = self.run_limited(100 * _KIBIBYTE)
                logger.wait_for(_JOURNAL_SAYS)
                self.assert_stops(logger, how, exit_code=1)
                self.assertRegex(logger.log, r"info .*stopped before there was room to start \((q|SIGTERM)\): the journal")
                self.assertEqual(list(self.work.iterdir()), [])

    def test_log_file(self) -> None:
        """A log that cannot grow is no reason not to log messages."""
        log = self.work / "log"
        log.write_bytes(b"x" * (16 * _KIBIBYTE - 100))
        logger = self.run_limited(16 * _KIBIBYTE, "--log-file", "log", "--journal", "none")
        wait_until(lambda: log.stat().st_size == 16 * _KIBIBYTE, 30, "a full log")
        wait_until(lambda: self.path("lock", "data").exists() and '"is_subscribed":true' in self.path("lock", "data").read_text(), 15,
                   "a subscription")
        self.publish(10)
        self.check(10)
        self.assert_stops(logger)


if __name__ == "__main__":
    main()
