"""A wall clock that is set back while the logger runs: said once, and records keep the order in which they came."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from faults import Faults
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
        wait_until(lambda: len(self.read()) >= self.published, 10, f"{self.published} records", poll=0.05)

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


if __name__ == "__main__":
    main()
