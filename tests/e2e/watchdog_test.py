"""The library's lock is held for long, because a message waits for room: the main thread goes on, feeds systemd's watchdog,
and stops when it is asked to. It is not fed by a thread that hangs."""

import os
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import exports
from frozen_thread import frozen
from logger import Logger
from mqtt_packets import Message
from notify_socket import NotifySocket
from proxy import Proxy
from scenario import Scenario, main
from small_disk import SmallDisk, is_full
from waiting import SLOWNESS, wait_until_it_stays

_WATCHDOG_SECONDS = 2.0 * SLOWNESS
_FED_OFTEN = 6  # so often that nobody can have been waiting for long
_MESSAGES = 1000
_FILTERS = 300  # each is asked for by a packet of its own


class HeldLock(SmallDisk):
    """A session is resumed while nothing can be written: what the broker has kept fills the journal while the topic filters
    are asked for."""

    def setUp(self) -> None:
        super().setUp()
        self.ballast.write_bytes(b"x" * (2 << 20))  # leaves room for the journal
        self.broker = self.start_broker("persistence true", "max_inflight_messages 10000")
        self.proxy = Proxy(self.broker.port)
        self.addCleanup(self.proxy.close)
        self.manager = NotifySocket(self.directory / "notify", _WATCHDOG_SECONDS)
        self.addCleanup(self.manager.close)

    def start(self, *options: str) -> Logger:
        filters = [word for number in range(_FILTERS) for word in ("--topic", f"other/{number}")]
        return self.run_logger("--broker", "127.0.0.1", "--port", str(self.proxy.port), "--topic", "numbered/#", *filters,
                               "--output", "disk/data", "--journal", "disk/data.journal", "--journal-size", "64KiB",
                               "--retained", "send", *options, environment=self.manager.environment)

    def take_all_room(self) -> None:
        with (self.disk / "more-ballast").open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                return

    def resume_on_a_full_disk(self, *options: str) -> Logger:
        logger = self.start(*options).wait_until_subscribed()
        self.take_all_room()
        os.kill(logger.pid, signal.SIGSTOP)
        self.proxy.cut()
        with self.connect(self.broker.port) as publisher:
            publisher.publish_all(Message("numbered/a", str(number).encode() + b" " + b"x" * 300, 1)
                                  for number in range(_MESSAGES))
        self.broker.restart()
        os.kill(logger.pid, signal.SIGCONT)
        wait_until_it_stays(lambda: is_full(logger.log), 20, "a journal that stays full")
        return logger

    def free(self) -> None:
        for name in ("ballast", "more-ballast"):
            (self.disk / name).unlink()

    def check_exports(self) -> None:
        records, _ = self.read_both("disk/data")
        numbers = [int(record.payload.split()[0]) for record in records]
        self.assertEqual(sorted(numbers), list(range(_MESSAGES)))

    def test_watchdog_is_fed_while_the_session_waits_for_room(self) -> None:
        logger = self.resume_on_a_full_disk()
        self.manager.drain()
        for _ in range(_FED_OFTEN):
            self.manager.wait_for("WATCHDOG=1", _WATCHDOG_SECONDS)
        self.free()
        logger.wait_for("subscribed to", 20, count=2)
        self.wait_for_records(_MESSAGES, 30, "disk/data")
        self.assert_stops(logger)
        self.check_exports()

    def test_stop_ends_while_the_session_waits_for_room(self) -> None:
        logger = self.resume_on_a_full_disk()
        self.assertEqual(logger.stop("q"), 1)
        self.assertEqual(len(logger.find("stopped while the journal is full")), 1, logger.log)
        self.free()
        logger = self.start().wait_until_subscribed()
        self.wait_for_records(_MESSAGES, 30, "disk/data")
        self.assert_stops(logger)
        self.check_exports()


@unittest.skipUnless(sys.platform == "linux", "stops a thread by ptrace")
class Hanging(Scenario):
    def start(self, **environment: str) -> tuple[Logger, NotifySocket]:
        manager = NotifySocket(self.directory / "notify", _WATCHDOG_SECONDS)
        self.addCleanup(manager.close)
        self.broker = self.start_broker()
        logger = self.run_logger("--broker", "127.0.0.1", "--port", str(self.broker.port), environment={**manager.environment, **environment})
        logger.wait_until_subscribed()
        return logger, manager

    def test_watchdog_is_not_fed_by_a_main_thread_that_hangs(self) -> None:
        logger, manager = self.start()
        manager.wait_for("WATCHDOG=1")
        with frozen(logger.pid, Path(f"/proc/{logger.pid}/comm").read_text().strip()):
            manager.drain()
            self.connect(self.broker.port).publish("sensors/a", "1")
            self.wait_for_records(1)  # the writer goes on
            self.assertNotIn("WATCHDOG=1", [manager.receive(_WATCHDOG_SECONDS / 2) for _ in range(4)])
        manager.wait_for("WATCHDOG=1")
        self.assert_stops(logger)

    def test_stop_does_not_wait_for_a_library_that_hangs(self) -> None:
        # It leaves the thread that hangs behind, which ThreadSanitizer would take for a fault.
        sanitizer = f"{os.environ.get('TSAN_OPTIONS', '')} report_thread_leaks=0"
        logger, _ = self.start(TSAN_OPTIONS=sanitizer)
        publisher = self.connect(self.broker.port)
        publisher.publish("sensors/a", "1")
        self.wait_for_records(1)
        with frozen(logger.pid, "session"):
            publisher.publish("sensors/a", "2")
            logger.send_line("q")
            logger.wait_for("received 2, written 2, pending 0", 30)  # the last line
        self.assertEqual(logger.wait(), 0)
        self.assertEqual(len(logger.find("the client library does not answer")), 1, logger.log)
        records, _ = self.read_both()
        self.assertEqual([record.payload for record in records], [b"1", b"2"])


if __name__ == "__main__":
    main()
