"""Exports under load in a folder that a test can break."""

from pathlib import Path

import exports
from logger import Logger
from numbered import TOPIC_FILTER, Account, NumberedPublisher, Pace, take_account
from series import list_series, read_series
from small_disk import OwnDisk
from waiting import wait_until, wait_while_it_moves

_PACE = Pace(rate=1500, burst=50)


class LoadedDisk(OwnDisk):
    """A logger writes to `folder` what a publisher sends all the time; in the end nothing may be missing."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = self.work / "disk"
        self.folder.mkdir()
        self.broker = self.start_broker("max_queued_messages 0")

    def start(self, *options: str, journal: str = "data.journal", port: int | None = None,
              environment: dict[str, str] | None = None) -> Logger:
        logger = self.run_logger("--broker", "127.0.0.1", "--port", str(port or self.broker.port), "--topic", TOPIC_FILTER,
                                 "--output", str(self.folder / "data"), "--journal", journal, *options,
                                 environment=environment)
        return logger.wait_until_subscribed()

    def publish(self) -> NumberedPublisher:
        publisher = NumberedPublisher(self.broker.port, 1, "5", _PACE)
        self.addCleanup(publisher.kill)
        self.wait_for_growth()
        return publisher

    def count(self, *folders: Path) -> int:
        return sum(exports.count_lines(path, b'{"') for folder in (self.folder, *folders)
                   for path in list_series(folder, "data", "json"))

    def wait_for_growth(self) -> None:
        before = self.count()
        wait_until(lambda: self.count() > before, 30, "more records", poll=0.05)

    def finish(self, logger: Logger, publisher: NumberedPublisher, *earlier: Path) -> None:
        """Everything that was published is in the exports, and in those that were taken away `earlier`."""
        published = publisher.finish()
        wait_while_it_moves(lambda: self.count(*earlier) >= published, lambda: self.count(*earlier), 60, f"{published} records")
        self.assert_stops(logger)
        records = [record for folder in (*earlier, self.folder) for record in read_series(folder, "data")]
        self.assertEqual(take_account(records, published), Account())
        self.assertEqual([path.name for path in self.folder.glob("*aside*")], [])
