"""A journal that somebody deletes, moves or replaces while messages flow: noticed, said, and a kill loses nothing."""

import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from exports import read_csv
from scenario import main
from small_disk import SmallDisk
from waiting import wait_until


class LostJournal(SmallDisk):
    def setUp(self) -> None:
        super().setUp()
        self.ballast.unlink()
        self.broker = self.start_broker("max_queued_messages 0")
        self.folder = self.work / "journals"
        self.folder.mkdir()
        self.journal = self.folder / "journal"
        self.logger = self.start()
        self.publisher = self.connect(self.broker.port)
        self.published = 0

    def start(self):  # type: ignore[no-untyped-def]
        return self.start_logger(self.broker.port, "--output", "disk/data", "--journal", str(self.journal),
                                 "--journal-size", "1MiB", "--stats-every", "50ms")

    def publish(self, count: int) -> None:
        for number in range(self.published, self.published + count):
            self.publisher.publish("sensors/a", f"#{number}#")
        self.published += count

    def check_after_kill(self) -> None:
        """300 messages are acknowledged and cannot be written; then it is killed, and started again."""
        self.publish(10)
        self.logger.wait_for(rf"written {self.published}\b")
        with self.filled():
            self.publish(300)
            self.logger.wait_for(rf"received {self.published}\b")
            self.logger.kill()
        logger = self.start()
        wait_until(lambda: len(read_csv(self.disk / "data.csv")) >= self.published, 20, "all records")
        self.assert_stops(logger)
        self.assertEqual([record.payload.decode() for record in read_csv(self.disk / "data.csv")],
                         [f"#{number}#" for number in range(self.published)])
        self.assertEqual([path.name for path in self.folder.iterdir()], ["journal"])

    def test_deleted(self) -> None:
        self.publish(10)
        self.journal.unlink()
        self.publish(10)
        self.logger.wait_for(r"the journal .*journal was deleted, moved or replaced by somebody else; a new one holds all")
        self.assertTrue(self.journal.exists())
        self.check_after_kill()

    def test_deleted_with_its_folder(self) -> None:
        shutil.rmtree(self.folder)
        self.logger.wait_for("a new one holds all")
        self.check_after_kill()

    def test_moved_away(self) -> None:
        os.rename(self.journal, self.work / "elsewhere")
        self.logger.wait_for("a new one holds all")
        self.check_after_kill()

    def test_replaced(self) -> None:
        self.journal.unlink()
        self.journal.write_text("somebody's")
        self.logger.wait_for(r"error .*the journal .* no new one can be made: File exists")
        self.assertEqual(self.journal.read_text(), "somebody's")
        self.journal.unlink()
        self.logger.wait_for("a new one holds all")
        self.check_after_kill()


if __name__ == "__main__":
    main()
