"""A disk that is full for a long time under load, and is then freed: nothing is missing, and the program runs on.

FULL_SECONDS says for how long it is full; the long run is 60.
"""

import os
import sys
import time
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import exports
from logger import Logger
from numbered import TOPIC_FILTER, Account, NumberedPublisher, Pace, take_account
from scenario import main
from series import list_series, read_series
from small_disk import OwnDisk
from waiting import wait_until, wait_while_it_moves
from watched_export import WatchedExport, standing_still

_SECONDS = float(os.environ.get("FULL_SECONDS", "4"))
_REMINDER_SECONDS = 60  # of the program
_PACE = Pace(rate=1500, burst=50)


class FullDiskUnderLoad(OwnDisk):
    def run_full(self, *options: str) -> None:
        disk = self.work / "disk"
        self.mount_memory(disk, "2m")
        broker = self.start_broker("max_queued_messages 0")
        logger = self.start_logger(broker.port, "--topic", TOPIC_FILTER, "--output", "disk/data",
                                   "--journal", "data.journal", *options)
        publisher = NumberedPublisher(broker.port, 1, "5", _PACE)
        self.addCleanup(publisher.kill)
        logger.wait_for(r"error .*cannot be written: No space left on device", 30)
        begin = time.monotonic()
        while time.monotonic() - begin < _SECONDS:
            time.sleep(1)
            self.assertTrue(logger.is_running(), logger.log)
            self.check_each(disk, logger)
        full = time.monotonic() - begin
        said = self.check_reminders(logger)
        self.assertGreater(len(logger.find(r"warning only \d+ bytes are left on the disk of disk; --min-free")), 0)
        self.resize(disk, "1g")
        logger.wait_for("exports can be written again", 30)
        published = publisher.finish()
        print(f"full for {full:.0f} s, said {said} times, {published} published", file=sys.stderr)
        wait_while_it_moves(lambda: self.count(disk) >= published, lambda: self.count(disk), 60, f"{published} records", poll=0.5)
        self.assert_stops(logger)
        self.assertEqual(take_account(read_series(disk, "data"), published), Account())
        self.assertEqual(list(disk.glob("*aside*")), [])

    def check_reminders(self, logger: Logger) -> int:
        """It is said at once, and then every minute, by the log's own time. Returns how often."""
        times = [datetime.fromisoformat(line.split()[0].rstrip("Z")) for line in logger.find("cannot be written")]
        for earlier, later in zip(times, times[1:]):
            self.assertGreater((later - earlier).total_seconds(), _REMINDER_SECONDS - 5)  # to write a line takes a while
        return len(times)

    def check_each(self, disk: Path, logger: object) -> None:
        """Each export is whole while the disk is full. The program may be stopped within an attempt to write."""
        def are_whole() -> bool:
            with standing_still(logger):  # type: ignore[arg-type]
                try:
                    for path in [*disk.glob("data*.csv"), *disk.glob("data*.json")]:
                        WatchedExport(path).check()
                except exports.NotReadable:
                    return False
            return True

        wait_until(are_whole, 5, "whole exports", poll=0.1)

    @staticmethod
    def count(disk: Path) -> int:
        return sum(exports.count_lines(path, b'{"') for path in list_series(disk, "data", "json"))

    def test_one_file(self) -> None:
        self.run_full()

    def test_series_of_files(self) -> None:
        self.run_full("--rotate-size", "200KiB")


if __name__ == "__main__":
    main()
