"""A journal that somebody deletes, moves or replaces while messages flow: noticed, said, and a kill loses nothing."""

import fcntl
import os
import shutil
import sys
from pathlib import Path
from typing import Callable

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
        self.replace(lambda: self.journal.write_text("somebody's"), "somebody's")

    def test_replaced_by_an_older_copy(self) -> None:
        self.publish(10)
        self.logger.wait_for(r"written 10\b")
        shutil.copy(self.journal, self.work / "copy")
        self.publish(10)
        self.replace(lambda: shutil.move(self.work / "copy", self.journal), (self.work / "copy").read_bytes())

    def replace(self, put_other: Callable[[], object], other: str | bytes) -> None:
        """It is kept under another name, and the logger goes on."""
        self.journal.unlink()
        put_other()
        kept = Path(self.logger.wait_for(r"warning what stood in the place of the journal .* is kept as ").split(" is kept as ")[1])
        self.logger.wait_for("a new one holds all")
        self.assertEqual(kept.read_text() if isinstance(other, str) else kept.read_bytes(), other)
        kept.rename(self.work / "kept")
        self.check_after_kill()

    def test_replaced_by_what_somebody_uses_or_by_a_folder(self) -> None:
        self.journal.unlink()
        with self.journal.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            said = r"error .*the journal .* no new one can be made: File exists; move away what stands in its place"
            self.logger.wait_for(said)
            self.assertEqual(self.journal.stat().st_ino, os.fstat(file.fileno()).st_ino)
            self.journal.unlink()
        self.logger.wait_for("a new one holds all")
        self.journal.unlink()
        self.journal.mkdir()
        self.logger.wait_for(said, count=2)
        self.journal.rmdir()
        self.logger.wait_for("a new one holds all", count=2)
        self.check_after_kill()

    def test_with_a_name_as_long_as_any(self) -> None:
        self.assert_stops(self.logger)
        self.journal.unlink()
        self.journal = self.folder / ("ä" * 127)
        self.logger = self.start()
        self.journal.unlink()
        self.logger.wait_for("a new one holds all")
        self.journal.unlink()
        self.journal.write_text("somebody's")
        kept = Path(self.logger.wait_for("is kept as").split(" is kept as ")[1])
        self.logger.wait_for("a new one holds all", count=2)
        self.assertEqual(kept.read_text(), "somebody's")
        self.assert_stops(self.logger)


if __name__ == "__main__":
    main()
