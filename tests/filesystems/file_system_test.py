"""The logger on a real file system of a kind, named by FILE_SYSTEM: full while it runs, full when it is started, its journal shared
with a copy, without inodes. Whatever it is: no signal, said, nothing missing, and it goes on by itself. scripts/test-filesystems
runs it for each kind."""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from exports import count_lines, read_csv
from file_systems import FILE_SYSTEMS
from logger import Logger
from mqtt_packets import Message
from notify_socket import NotifySocket
from scenario import main
from small_disk import OwnDisk
from waiting import wait_until, wait_while_it_moves

_SYSTEM = FILE_SYSTEMS[os.environ.get("FILE_SYSTEM", "ext4")]
_MEBIBYTE = 1024 * 1024
_SAYS_FULL = r"error .*(cannot be written|cannot be stored to): .*No space left on device"


class OnFileSystem(OwnDisk):
    def setUp(self) -> None:
        super().setUp()
        self.disk = self.work / "disk"
        image = self.directory / "image"
        with image.open("wb") as file:
            file.truncate(_SYSTEM.megabytes * _MEBIBYTE)
        self._run(*_SYSTEM.make, image)
        self.mount(self.disk, "-t", _SYSTEM.kind, "-o", "loop", image)
        self.addCleanup(self.show)
        self.broker = self.start_broker("max_queued_messages 0", "max_inflight_messages 100")
        self.published = 0
        self.csv = self.disk / "data.csv"

    def show(self) -> None:
        """What stands on the disk, if that went wrong: Scenario shows the rest."""
        subprocess.run(["df", self.disk], check=False, stdout=sys.stderr if self._is_reported else subprocess.DEVNULL)

    def run_here(self, *options: str, journal_size: str = "8MiB", environment: dict[str, str] | None = None) -> Logger:
        output = () if "--output" in options else ("--output", "disk/data")
        return self.run_logger("--broker", "127.0.0.1", "--port", str(self.broker.port), *output,
                               "--journal-size", journal_size, "--stats-every", "100ms", *options, environment=environment)

    def start(self, *options: str, journal_size: str = "8MiB") -> Logger:
        return self.run_here(*options, journal_size=journal_size).wait_until_subscribed()

    def publish(self, count: int, size: int = 20) -> None:
        with self.connect(self.broker.port) as publisher:
            publisher.publish_all([Message("sensors/a", f"{number} {'x' * size}".encode(), 1)
                                   for number in range(self.published, self.published + count)])
        self.published += count

    def fill(self, leave: int = 0) -> None:
        """Takes all the room, but for `leave` bytes; what the system was about to write is on the disk then."""
        os.sync()
        filler = self.disk / "filler"
        with filler.open("ab", buffering=0) as file:
            for size in (32 * _MEBIBYTE, 4 * _MEBIBYTE, 256 * 1024, 4096):
                with contextlib.suppress(OSError):
                    while self.free() > leave + size:
                        os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, size)
            if leave:
                return
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * 4096)
        with contextlib.suppress(OSError):
            os.sync()
        for number in range(100):  # and what is kept for names and small files
            with contextlib.suppress(OSError):
                (self.disk / f"filler-{number}").write_bytes(b"x" * 1500)

    def free(self) -> int:
        found = os.statvfs(self.disk)
        return found.f_bavail * found.f_frsize

    def make_room(self) -> None:
        for filler in self.disk.glob("filler*"):
            filler.unlink()
        os.sync()

    def wait_for_all(self) -> None:
        csv = self.csv
        wait_while_it_moves(lambda: csv.exists() and count_lines(csv) >= self.published + 1,
                            lambda: count_lines(csv) if csv.exists() else 0, 20, f"{self.published} records")
        self.assertEqual([int(record.payload.split()[0]) for record in read_csv(csv)], list(range(self.published)))

    def check_stays_whole(self, logger: Logger) -> None:
        self.wait_for_all()
        self.assert_stops(logger)
        self.read_both("disk/data")

    def check_stops(self, logger: Logger, how: object) -> None:
        """On a disk that is full, and says what is left; or on one that has found some room by itself, as btrfs does."""
        code = logger.stop(how)  # type: ignore[arg-type]
        self.assertIn(code, (0, 1))
        last = r"received \d+.*, written \d+, pending 0, dropped 0$" if code == 0 else \
            r"received \d+.*, written \d+, pending [1-9]\d*, dropped 0|stopped while the journal|stopped before there was room"
        self.assertRegex(logger.log.splitlines()[-1], last)

    def test_full_and_one_small_message(self) -> None:
        logger = self.start()
        self.publish(100)
        self.wait_for_all()
        self.fill()
        self.publish(1)
        time.sleep(3)  # syncs, attempts
        self.assertTrue(logger.is_running(), logger.log)
        self.make_room()
        self.check_stays_whole(logger)

    def test_full_under_load_and_room_comes(self) -> None:
        logger = self.start()
        self.publish(100)
        self.wait_for_all()
        self.fill()
        for _ in range(10):
            self.publish(1000, 100)
            os.sync()  # clean pages are copied when they are stored to
        logger.wait_for(_SAYS_FULL, 20)
        time.sleep(2)
        self.assertTrue(logger.is_running(), logger.log)
        self.make_room()
        self.check_stays_whole(logger)

    def test_full_and_stopped_or_killed(self) -> None:
        for how in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(how=how.name):
                logger = self.start()
                self.publish(100)
                self.wait_for_all()
                self.fill()
                for _ in range(5):
                    self.publish(1000, 100)
                    os.sync()
                logger.wait_for(_SAYS_FULL, 20)
                if how == signal.SIGKILL:
                    logger.kill()
                else:
                    self.check_stops(logger, how)
                self.make_room()
                self.check_stays_whole(self.start())

    def test_started_on_a_disk_with_less_room_than_its_journal_takes(self) -> None:
        """All space of the journal is its own already."""
        logger = self.start(journal_size="16MiB")
        self.publish(100)
        self.wait_for_all()
        self.assert_stops(logger)
        self.fill(leave=4 * _MEBIBYTE)
        logger = self.start(journal_size="16MiB")
        self.assertEqual(logger.find("no room"), [])
        self.publish(100)
        self.wait_for_all()
        self.make_room()
        self.check_stays_whole(logger)

    def test_started_on_a_full_disk(self) -> None:
        """With what an earlier run has left, killed with messages in the journal."""
        logger = self.start()
        self.publish(100)
        self.wait_for_all()
        self.fill()
        self.publish(500)
        time.sleep(1)
        logger.kill()
        self.fill()
        for how in (signal.SIGTERM, "q"):
            logger = self.run_here()
            logger.wait_for("trying again each second|trying again several times a second|subscribed to")
            self.check_stops(logger, how)
        logger = self.run_here()
        time.sleep(5)
        self.assertTrue(logger.is_running(), logger.log)
        self.make_room()
        logger.wait_until_subscribed()
        self.publish(100)
        self.check_stays_whole(logger)

    def test_service_that_is_started_on_a_full_disk(self) -> None:
        """It counts as started, and as alive, whatever it waits for."""
        logger = self.start()
        self.publish(100)
        self.wait_for_all()
        logger.kill()
        self.fill()
        notify = NotifySocket(self.work / "notify", watchdog_seconds=2)
        self.addCleanup(notify.close)
        logger = self.run_here(environment=notify.environment)
        notify.wait_for("READY=1")
        for _ in range(5):
            notify.wait_for("WATCHDOG=1", 3)
        self.make_room()
        logger.wait_until_subscribed()
        self.publish(100)
        self.check_stays_whole(logger)

    def test_started_for_the_first_time_on_a_full_disk(self) -> None:
        self.fill()
        logger = self.run_here()
        logger.wait_for(r"error .*nothing is taken from the broker until there is room")
        self.assertTrue(logger.is_running(), logger.log)
        self.make_room()
        logger.wait_until_subscribed()
        self.publish(100)
        self.check_stays_whole(logger)

    def test_cut_journal(self) -> None:
        logger = self.start()
        self.publish(100)
        self.wait_for_all()
        self.fill()
        fillers = [*sorted(self.disk.glob("filler-*")), self.disk / "filler"]
        journal = self.disk / "data.journal"
        while journal.stat().st_size != 0:
            try:
                os.truncate(journal, 0)
                break  # from now on the logger gives it its size again
            except OSError:  # that may want room as well
                fillers.pop(0).unlink()
        time.sleep(3)
        self.assertTrue(logger.is_running(), logger.log)
        self.make_room()
        logger.wait_for(r"error .*the journal .*was cut or overwritten .*: 0 messages .* are lost")
        self.publish(100)
        self.check_stays_whole(logger)

    def share(self, journal: Path, name: str) -> None:
        """Its space is shared with a copy, and on btrfs with a snapshot of all."""
        copy = self.disk / "copy"
        copy.touch()
        if _SYSTEM.kind == "btrfs":
            self._run("chattr", "+C", copy)  # as the journal, or it cannot be shared
            self._run("btrfs", "subvolume", "snapshot", self.disk, self.disk / f"snapshot-{name}")
        self._run("cp", "--reflink=always", journal, copy)

    @unittest.skipUnless(_SYSTEM.has_reflinks, "files share no space on it")
    def test_journal_that_shares_its_space_with_a_copy(self) -> None:
        """The exports are elsewhere: only the journal wants room."""
        journal = self.disk / "data.journal"
        elsewhere = ("--output", "data", "--journal", "disk/data.journal")
        self.csv = self.work / "data.csv"
        for when in ("stopped", "running"):
            with self.subTest(when=when):
                logger = self.start(*elsewhere)
                self.publish(100)
                self.wait_for_all()
                if when == "stopped":
                    self.assert_stops(logger)
                os.sync()
                self.share(journal, when)
                if when == "stopped":
                    os.replace(self.disk / "copy", journal)  # the copy is what is used from now on
                    self.share(journal, "restarted")
                self.fill()
                if when == "stopped":
                    logger = self.run_here(*elsewhere)
                self.publish(100)
                logger.wait_for(r"error .*the journal .*(there is no room for its|cannot be stored to)")
                time.sleep(2)
                self.assertTrue(logger.is_running(), logger.log)
                self.make_room()
                logger.wait_until_subscribed()
                self.wait_for_all()
                self.assert_stops(logger)

    @unittest.skipUnless(_SYSTEM.has_few_inodes, "it has enough inodes")
    def test_without_inodes(self) -> None:
        def fill_inodes() -> None:
            with contextlib.suppress(OSError):
                for number in itertools.count():
                    (self.disk / f"filler-{number}").touch()

        fill_inodes()
        logger = self.run_here()
        logger.wait_for(r"error .*No space left on device.*nothing is taken from the broker until there is room")
        self.make_room()
        logger.wait_until_subscribed()
        self.publish(100)
        self.wait_for_all()
        fill_inodes()
        self.publish(100)
        self.wait_for_all()
        os.unlink(self.disk / "data.journal")
        logger.wait_for("a new one holds all that was in it|no new one can be made: No space left")
        self.make_room()
        self.check_stays_whole(logger)


if __name__ == "__main__":
    main()
