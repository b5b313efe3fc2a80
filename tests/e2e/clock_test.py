"""A wall clock that is set while the logger runs, or was wrong before: that is said, records keep the order in which they
came, and nothing is removed because of a time that is wrong."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from faults import Faults
from logger import Logger
from mqtt_client import Message
from scenario import Scenario, main
from series import list_series, read_series
from waiting import wait_until

_HOUR = 3600
_BATCH = 50
_KEEP = 4


class Clock(Scenario):
    def setUp(self) -> None:
        super().setUp()
        self.broker = self.start_broker()
        self.faults = Faults(self.directory / "faults", self.directory / "no-file-calls")
        self.published = 0

    def publish(self) -> None:
        with self.connect(self.broker.port) as publisher:
            for _ in range(_BATCH):
                publisher.publish("sensors/a", str(self.published))
                self.published += 1
        wait_until(lambda: len(self.read()) >= self.published, 30, f"{self.published} records", poll=0.05)

    def read(self) -> list:
        try:
            return read_series(self.work / "exports", "mqtt_data")
        except (AssertionError, OSError):  # it is being written
            return []

    def run_jumps(self, *options: str) -> None:
        logger = self.run_logger("--broker", "127.0.0.1", "--port", str(self.broker.port), *options,
                                 environment=self.faults.environment).wait_until_subscribed()
        self.publish()
        for jump, offset in enumerate((-_HOUR, -3 * _HOUR), start=1):
            self.faults.move_clock(offset)
            self.publish()
            self.assertEqual(len(logger.find("warning the machine's clock was set back by [0-9]+ s")), jump)
        self.faults.move_clock(0)
        self.publish()
        self.assert_stops(logger)
        self.assertEqual(len(logger.find("was set back")), 2, "each jump once, and none forward")

    def test_order_of_arrival_is_kept_and_times_are_as_the_clock_says(self) -> None:
        self.run_jumps()
        records = self.read_both()[0]
        self.assertEqual([int(record.payload) for record in records], list(range(self.published)))
        first, back, far_back, again = (records[begin].timestamp for begin in range(0, self.published, _BATCH))
        self.assertLess(back, first)
        self.assertLess(far_back, back)
        self.assertLess(first, again)

    def test_series_of_files_holds_every_record_once(self) -> None:
        self.run_jumps("--rotate-every", "hour", "--keep", "10")
        payloads = sorted(int(record.payload) for record in self.read())
        self.assertEqual(payloads, list(range(self.published)))

    def test_retention_keeps_what_was_written_last(self) -> None:
        logger = self.run_logger("--broker", "127.0.0.1", "--port", str(self.broker.port), "--rotate-size", "1KiB",
                                 "--keep", str(_KEEP), environment=self.faults.environment).wait_until_subscribed()
        for offset in (0, -_HOUR, -_HOUR):
            self.faults.move_clock(offset)
            with self.connect(self.broker.port) as publisher:
                publisher.publish_all(Message("sensors/a", str(self.published + number).encode(), 1) for number in range(_BATCH))
            self.published += _BATCH
            wait_until(lambda: [int(record.payload) for record in self.read()][-1:] == [self.published - 1], 10, "the last record",
                       poll=0.05)
        wait_until(lambda: len(list_series(self.work / "exports", "mqtt_data", "csv")) == _KEEP, 10, "old files to go")
        self.assert_stops(logger)
        payloads = [int(record.payload) for record in self.read()]
        self.assertEqual(payloads, list(range(self.published - len(payloads), self.published)))

    def start_series(self, *options: str) -> Logger:
        return self.run_logger("--broker", "127.0.0.1", "--port", str(self.broker.port), "--rotate-size", "1KiB", *options,
                               environment=self.faults.environment).wait_until_subscribed()

    def list_files(self) -> set[Path]:
        return set(list_series(self.work / "exports", "mqtt_data", "csv"))

    def publish_to_series(self) -> None:
        """Enough to begin new files; returns when the last one of it is written."""
        with self.connect(self.broker.port) as publisher:
            publisher.publish_all(Message("sensors/a", str(self.published + number).encode(), 1) for number in range(_BATCH))
        self.published += _BATCH
        wait_until(lambda: (self.published - 1) in {int(record.payload) for record in self.read()}, 10, "the last record",
                   poll=0.05)

    def test_nothing_is_removed_because_of_a_clock_that_is_wrong_for_a_while(self) -> None:
        logger = self.start_series()
        self.publish_to_series()
        self.assert_stops(logger)
        before = self.list_files()
        logger = self.start_series("--keep-for", "30d")
        self.faults.move_clock(73 * 365 * 24 * _HOUR)
        self.publish_to_series()
        logger.wait_for(r"warning the machine's clock is [0-9]{8,} s ahead of what was expected; nothing is removed for "
                        "--keep-for until")
        self.faults.move_clock(0)
        self.publish_to_series()
        self.assertLessEqual(before, self.list_files())
        self.assert_stops(logger)
        self.assertLessEqual(before, self.list_files())
        self.assertEqual(len(logger.find("nothing is removed for")), 1)

    def test_clock_that_was_set_is_believed_after_ten_minutes(self) -> None:
        logger = self.start_series("--keep", str(_KEEP))
        self.faults.move_clock(2 * _HOUR)
        self.publish_to_series()
        logger.wait_for("nothing is removed for --keep until it has held for ten minutes")
        self.assertGreater(len(self.list_files()), _KEEP)
        self.faults.move_clock(2 * _HOUR + 600)
        self.faults.let_time_pass(600)
        self.publish_to_series()
        wait_until(lambda: len(self.list_files()) == _KEEP, 10, "old files to go")
        self.assert_stops(logger)

    def test_start_without_a_clock_does_not_remove_the_newest(self) -> None:
        logger = self.start_series()
        self.publish_to_series()
        self.assert_stops(logger)
        before = self.list_files()
        self.faults.move_clock(-50 * 365 * 24 * _HOUR)
        logger = self.start_series("--keep", str(_KEEP))
        self.publish_to_series()
        logger.wait_for("the machine's clock is [0-9]+ s behind what was expected; nothing is removed for --keep until")
        self.assertLessEqual(before, self.list_files())
        self.faults.move_clock(0)
        self.faults.synchronise(True)
        self.publish_to_series()
        wait_until(lambda: len(self.list_files()) == _KEEP, 10, "old files to go")
        self.assert_stops(logger)
        payloads = sorted(int(record.payload) for record in self.read())
        self.assertEqual(payloads, list(range(self.published - len(payloads), self.published)))


if __name__ == "__main__":
    main()
