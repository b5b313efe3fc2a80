"""Disks on which a sync fails, and the next one succeeds without what the first one was for: nothing is missing, and
nothing is acknowledged that is not on the device."""

import contextlib
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import exports
from logger import Logger
from numbered import TOPIC_FILTER, NumberedPublisher, Pace, take_account
from scenario import main
from series import list_series, read_series
from thin_disk import ThinDisk
from waiting import wait_while_it_moves

_PACE = Pace(rate=1500, burst=50)
_FAILS = r"error .*cannot be brought to the device: .*"
_SECONDS = 4  # that it fails for
_RING = 1126400  # where the journal's records begin


class ThinDiskUnderLoad(ThinDisk):
    def setUp(self) -> None:
        super().setUp()
        self.broker = self.start_broker("max_queued_messages 0")

    def start(self, *options: str) -> Logger:
        return self.start_logger(self.broker.port, "--topic", TOPIC_FILTER, "--output", "disk/data", *options)

    def publish(self, pace: Pace = _PACE) -> NumberedPublisher:
        publisher = NumberedPublisher(self.broker.port, 1, "5", pace)
        self.addCleanup(publisher.kill)
        return publisher

    def count(self) -> int:
        return sum(exports.count_lines(path, b'{"') for path in list_series(self.disk, "data", "json"))

    def wait_for_all(self, published: int) -> None:
        wait_while_it_moves(lambda: self.count() >= published, self.count, 60, f"{published} records", poll=0.2)

    def check_device(self, published: int) -> None:
        self.assertTrue(take_account(read_series(self.look_at_device(), "data"), published).is_good)

    def run_full(self, *options: str) -> None:
        """The device takes nothing more for a while; then all is there, on the device itself."""
        logger = self.start("--journal", "data.journal", "--stats-every", "200ms", *options)
        publisher = self.publish()
        self.leave(2000)
        logger.wait_for(_FAILS, 30)
        time.sleep(_SECONDS)
        self.assertTrue(logger.is_running(), logger.log)
        self.free()
        published = publisher.finish()
        logger.wait_for("on the device again", 30)
        logger.wait_for(rf"received {published}, written {published}, ", 60)
        self.assert_stops(logger)
        self.check_device(published)

    def test_exports(self) -> None:
        self.run_full()

    def test_series_of_exports(self) -> None:
        self.run_full("--rotate-size", "100KiB")

    def test_compressed_series_of_exports(self) -> None:
        self.run_full("--rotate-size", "100KiB", "--compress", "gzip")

    def run_end(self, kill: bool) -> None:
        """It ends while the device takes nothing; the next start writes again what it did not take."""
        logger = self.start("--journal", "data.journal")
        publisher = self.publish()
        self.leave(2000)
        logger.wait_for(_FAILS, 30)
        published = publisher.finish()
        if kill:
            logger.kill()
        else:
            self.assert_stops(logger, exit_code=1)
            self.assertEqual(logger.find(r"pending 0\b"), [])
        self.free()
        logger = self.start("--journal", "data.journal")
        logger.wait_for("the run before could not bring all to the device" if kill else "are in the journal")
        self.wait_for_all(published)
        self.assert_stops(logger)
        self.check_device(published)

    def test_stopped_while_it_fails(self) -> None:
        self.run_end(kill=False)

    def test_killed_while_it_fails(self) -> None:
        self.run_end(kill=True)

    def test_acknowledged_messages_survive_a_power_failure(self) -> None:
        healthy = self.work / "healthy"
        self.mount_file(healthy, 64)
        journal = self.disk / "data.journal"
        options = ("--topic", TOPIC_FILTER, "--output", "healthy/data", "--journal", str(journal), "--fsync", "always")
        self.assert_stops(self.start_logger(self.broker.port, *options, "--journal-size", "8MiB"))
        self.make_thin(journal, _RING)
        self.fill(healthy / "ballast")  # so that all messages are in the journal only
        logger = self.start_logger(self.broker.port, *options)
        publisher = self.publish(Pace(rate=500, burst=50))
        self.leave(500)
        logger.wait_for(r"nothing is acknowledged until it can", 60)
        time.sleep(_SECONDS)
        published = publisher.finish()
        logger.kill()
        self.cut_power(journal, disk=self.disk, healthy=healthy)
        (healthy / "ballast").unlink()
        # What was not acknowledged comes again, and may stand there twice.
        logger = self.start_logger(self.broker.port, *options)
        wait_while_it_moves(lambda: self.count_lost(healthy, published) == 0, lambda: exports.count_lines(healthy / "data.json"),
                            30, "all records", poll=1)
        self.assert_stops(logger)
        self.assertEqual(self.count_lost(healthy, published), 0)
        self.assertEqual(list(healthy.glob("*aside*")), [])

    @staticmethod
    def fill(path: Path) -> None:
        with path.open("wb", buffering=0) as file:
            with contextlib.suppress(OSError):
                while file.write(b"x" * 4096):
                    pass
            os.fsync(file.fileno())

    def count_lost(self, folder: Path, published: int) -> int:
        try:
            return take_account(read_series(folder, "data"), published).lost
        except (exports.NotReadable, AssertionError):  # just being written
            return published

    def test_journal_takes_all_when_it_can(self) -> None:
        logger = self.start("--fsync", "always", "--journal-size", "8MiB")
        publisher = self.publish(Pace(rate=500, burst=50))
        self.leave(1500)
        logger.wait_for(r"nothing is acknowledged until it can", 60)
        time.sleep(_SECONDS)
        self.free()
        published = publisher.finish()
        self.wait_for_all(published)
        logger.wait_for("the journal is on the device again")
        self.assert_stops(logger)
        self.check_device(published)


if __name__ == "__main__":
    main()
