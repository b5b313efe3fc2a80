"""A disk that is full, or has no inodes left, when the logger is started: it waits as it does later, says so, goes on by itself, and
can be stopped. And a store to the journal for which there is no room: the thread waits where the system would send SIGBUS."""

import contextlib
import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from exports import count_lines, read_csv
from faults import Faults
from logger import Logger
from mqtt_packets import Message
from notify_socket import NotifySocket
from scenario import main
from small_disk import OwnDisk
from waiting import wait_until

_WAITS = r"error .*{}.*No space left on device.*nothing is taken from the broker until there is room, trying again each second"
_GOES_ON = "there is room again for what the start needs"
_HEADER_BYTES = 1126400  # layout::kRing


class RoomAtStart(OwnDisk):
    def setUp(self) -> None:
        super().setUp()
        self.broker = self.start_broker("max_queued_messages 0")
        self.disk = self.work / "disk"

    def mount_without_inodes(self) -> None:
        self.mount_memory(self.disk, "4m", "nr_inodes=20")
        self.fill_inodes()

    def fill_inodes(self) -> None:
        with contextlib.suppress(OSError):
            for number in range(20):
                (self.disk / f"filler-{number}").touch()

    def free_inodes(self) -> None:
        for filler in self.disk.glob("filler-*"):
            filler.unlink()

    def run_here(self, *options: str, environment: dict[str, str] | None = None) -> Logger:
        return self.run_logger("--broker", "127.0.0.1", "--port", str(self.broker.port), *options, environment=environment)

    def check_goes_on(self, logger: Logger, output: str) -> None:
        logger.wait_for(_GOES_ON)
        logger.wait_until_subscribed()
        with self.connect(self.broker.port) as publisher:
            for number in range(5):
                publisher.publish("sensors/a", str(number))
        self.wait_for_records(5, output=output)
        self.assert_stops(logger)
        self.assertEqual([record.payload for record in self.read_both(output)[0]], [b"0", b"1", b"2", b"3", b"4"])

    def test_inodes(self) -> None:
        places = {"lock": ("data.lock|cannot write in its folder", "disk/data", ("--journal", "journal")),
                  "folder": ("cannot make the folder", "disk/below/data", ("--journal", "journal")),
                  "journal": ("the journal disk/journal", "data", ("--journal", "disk/journal", "--journal-size", "64KiB")),
                  "pid": ("--pid-file", "data", ("--pid-file", "disk/pid")),
                  "log": ("--log-file", "data", ("--log-file", "disk/log"))}
        for name, (said, output, options) in places.items():
            with self.subTest(place=name):
                self.mount_without_inodes()
                logger = self.run_here("--output", output, *options)
                logger.wait_for(_WAITS.format(f"({said})"))
                self.assertTrue(logger.is_running())
                self.free_inodes()
                if name == "log":
                    log = self.disk / "log"
                    wait_until(lambda: log.exists() and "subscribed to" in log.read_text(), 10, "the log in its file")
                    self.assert_stops(logger)
                else:
                    self.check_goes_on(logger, output)
                self.unmount(self.disk)
                for path in self.work.iterdir():
                    if path.is_file():
                        path.unlink()
                self.broker.restart()

    def test_inodes_for_the_exports(self) -> None:
        """The lock is there from a crash; the exports are not."""
        self.mount_memory(self.disk, "4m", "nr_inodes=20")
        logger = self.run_here("--output", "disk/data", "--journal", "journal").wait_until_subscribed()
        logger.kill()
        for extension in ("csv", "json"):
            (self.disk / f"data.{extension}").unlink()
        self.fill_inodes()
        logger = self.run_here("--output", "disk/data", "--journal", "journal")
        logger.wait_for(_WAITS.format(r"data\.csv: cannot create it"))
        self.assertEqual(len(logger.find("is gone; it had")), 1)
        self.free_inodes()
        self.check_goes_on(logger, "disk/data")
        self.assertEqual(len(logger.find("is gone; it had")), 2)

    def test_quota(self) -> None:
        self.disk.mkdir()
        faults = Faults(self.directory / "faults", self.disk)
        for name, options in {"exports": ("--output", f"{self.disk}/data"),
                              "journal": ("--output", "data", "--journal", f"{self.disk}/journal"),
                              "pid": ("--output", "data", "--pid-file", f"{self.disk}/pid"),
                              "log": ("--output", "data", "--log-file", f"{self.disk}/log")}.items():
            with self.subTest(place=name):
                faults.fail(errno.EDQUOT)
                logger = self.run_here(*options, environment=faults.environment)
                logger.wait_for(r"error .*Disk quota exceeded.*nothing is taken from the broker until there is room")
                faults.fail(0)
                if name != "log":  # the rest is said there
                    logger.wait_for(_GOES_ON)
                    logger.wait_until_subscribed()
                else:
                    wait_until(lambda: (self.disk / "log").exists() and "subscribed to" in (self.disk / "log").read_text(), 15,
                               "the log in its file")
                self.assert_stops(logger)

    def test_other_troubles_end_it(self) -> None:
        self.disk.mkdir()
        faults = Faults(self.directory / "faults", self.disk)
        for error in (errno.EROFS, errno.EIO, errno.EACCES):
            with self.subTest(error=errno.errorcode[error]):
                faults.fail(error)
                logger = self.run_here("--output", f"{self.disk}/data", environment=faults.environment)
                self.assertEqual(logger.wait(), 4)

    def test_journal(self) -> None:
        self.mount_memory(self.disk, "4m")
        ballast = self.disk / "ballast"
        ballast.write_bytes(b"x" * (3 * 1024 * 1024))
        logger = self.run_here("--output", "disk/data", "--journal-size", "1MiB")
        logger.wait_for(_WAITS.format(r"the journal disk/data\.journal: there is no room for its \d+ bytes"))
        self.assertNotIn("connect", logger.log)
        ballast.unlink()
        self.check_goes_on(logger, "disk/data")

    def test_said_once_a_minute_and_stopped(self) -> None:
        self.mount_without_inodes()
        for how in ("q", signal.SIGTERM, signal.SIGINT):
            with self.subTest(how=how):
                logger = self.run_here("--output", "disk/data")
                logger.wait_for(_WAITS.format("cannot write in its folder"))
                time.sleep(2.5)  # some tries that say nothing
                self.assert_stops(logger, how, exit_code=1)
                self.assertEqual(len(logger.find("cannot write in its folder")), 2, logger.log)  # the second time at the end
                self.assertRegex(logger.log, r"info .*stopped before there was room to start \(.+\): --output disk/data")

    def test_service_counts_as_started(self) -> None:
        self.mount_without_inodes()
        notify = NotifySocket(self.work / "notify", watchdog_seconds=2)
        self.addCleanup(notify.close)
        logger = self.run_here("--output", "disk/data", "--journal", "journal", environment=notify.environment)
        notify.wait_for("STATUS=waiting for room on a disk: --output disk/data: cannot write in its folder")
        notify.wait_for("READY=1")
        for _ in range(3):
            notify.wait_for("WATCHDOG=1", 2)
        self.free_inodes()
        self.check_goes_on(logger, "disk/data")

    def test_background(self) -> None:
        self.mount_without_inodes()
        command = self.run_here("--background", "--log-file", "log", "--output", "disk/data", "--journal", "journal")
        self.assertEqual(command.wait(), 1)
        self.assertRegex(command.log, r"mqtt-logger: process \d+ waits for room on a disk: --output disk/data: .*; it keeps trying")
        self.free_inodes()
        wait_until(lambda: "subscribed to" in (self.work / "log").read_text(), 10, "a subscription")
        stop = self.run_logger("--stop", "--output", "disk/data")
        self.assertEqual(stop.wait(), 0)


class StoreWithoutRoom(OwnDisk):
    """The journal gets a hole in the part of the ring that is free: on tmpfs, as where a file system copies on write, a store
    there needs room."""

    def setUp(self) -> None:
        super().setUp()
        self.broker = self.start_broker("max_queued_messages 0")
        self.disk = self.work / "disk"
        self.mount_memory(self.disk, "8m")
        self.logger = self.start()
        self.publisher = self.connect(self.broker.port)
        self.published = 0

    def start(self, *options: str, environment: dict[str, str] | None = None) -> Logger:
        logger = self.run_logger("--broker", "127.0.0.1", "--port", str(self.broker.port), "--output", "data", "--journal",
                                 "disk/journal", "--journal-size", "1MiB", "--stats-every", "50ms", *options,
                                 environment=environment)
        return logger.wait_until_subscribed()

    def publish(self, count: int) -> None:
        self.publisher.publish_all([Message("sensors/a", f"{number} {'x' * 1000}".encode(), 1)
                                    for number in range(self.published, self.published + count)])
        self.published += count

    def take_room(self) -> None:
        subprocess.run(["fallocate", "--punch-hole", "--offset", str(_HEADER_BYTES + 64 * 1024), "--length", str(512 * 1024),
                        self.disk / "journal"], check=True)
        with contextlib.suppress(OSError):
            with (self.disk / "filler").open("wb", buffering=0) as filler:
                while True:
                    filler.write(b"x" * 4096)

    def wait_for_trouble(self) -> None:
        self.logger.wait_for(r"error .*the journal .*disk/journal cannot be stored to: No space left on device; nothing is lost")

    def numbers(self) -> list[int]:
        return [int(record.payload.split()[0]) for record in read_csv(self.path("csv", "data"))]

    def wait_for_all(self) -> None:
        wait_until(lambda: count_lines(self.path("csv", "data")) >= self.published + 1, 20, "all records")
        self.assertEqual(self.numbers(), list(range(self.published)))

    def test_goes_on_by_itself(self) -> None:
        self.take_room()
        self.publish(200)
        self.wait_for_trouble()
        self.assertTrue(self.logger.is_running())
        self.assertEqual(len(self.logger.find("cannot be stored to")), 1)
        (self.disk / "filler").unlink()
        self.logger.wait_for("the journal can be stored to again")
        self.wait_for_all()
        self.assert_stops(self.logger)

    def test_stopped_and_killed_meanwhile(self) -> None:
        for how in (signal.SIGTERM, "q", signal.SIGKILL):
            with self.subTest(how=how):
                self.take_room()
                self.publish(200)
                self.wait_for_trouble()
                if how == signal.SIGKILL:
                    self.logger.kill()
                else:
                    self.assertEqual(self.logger.stop(how), 1)  # type: ignore[arg-type]
                    self.assertRegex(self.logger.log, r"stopped while the journal cannot be stored to: received \d+, written \d+")
                (self.disk / "filler").unlink()
                self.logger = self.start()
                self.wait_for_all()
        self.assert_stops(self.logger)

    def test_service_is_alive(self) -> None:
        self.assert_stops(self.logger)
        notify = NotifySocket(self.work / "notify", watchdog_seconds=2)
        self.addCleanup(notify.close)
        self.logger = self.start(environment=notify.environment)
        self.take_room()
        self.publish(200)
        self.wait_for_trouble()
        notify.drain()
        for _ in range(5):
            notify.wait_for("WATCHDOG=1", 3)
        (self.disk / "filler").unlink()
        self.wait_for_all()
        self.assert_stops(self.logger)


if __name__ == "__main__":
    main()
