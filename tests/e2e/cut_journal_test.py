"""A journal that somebody cuts or overwrites while the logger runs: no signal, said within a second, what is in the exports stays
there, what was only in the part that is gone is counted, and the journal is whole again: a kill after that loses nothing."""

import os
import re
import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from exports import count_lines, read_csv
from logger import Logger
from scenario import main
from small_disk import SmallDisk
from waiting import wait_until

_JOURNAL_BYTES = 1024 * 1024
_HEADER_BYTES = 1126400  # layout::kRing
_SAID = r"error .*the journal .*journal was cut or overwritten by somebody else while running: (\d+) messages"


class CutJournal(SmallDisk):
    def setUp(self) -> None:
        super().setUp()
        self.ballast.unlink()
        self.broker = self.start_broker("max_queued_messages 0")
        self.journal = self.work / "journal"
        self.logger = self.start()
        self.publisher = self.connect(self.broker.port)
        self.published = 0

    def start(self) -> Logger:
        return self.start_logger(self.broker.port, "--output", "disk/data", "--journal", str(self.journal),
                                 "--journal-size", "1MiB", "--stats-every", "50ms")

    def publish(self, count: int) -> None:
        for number in range(self.published, self.published + count):
            self.publisher.publish("sensors/a", f"#{number}#" + "x" * 100)
        self.published += count

    def publish_and_write(self, count: int) -> None:
        self.publish(count)
        wait_until(lambda: count_lines(self.disk / "data.csv") >= self.published + 1, 10, "all records")

    def wait_for_loss(self, times: int = 1) -> int:
        line = self.logger.wait_for(_SAID, 5, times)
        match = re.search(_SAID, line)
        assert match is not None
        return int(match[1])

    def numbers(self) -> list[int]:
        return [int(record.payload.decode().split("#")[1]) for record in read_csv(self.disk / "data.csv")]

    def wait_for_last(self) -> None:
        """The whole of it: a write is seen before it is done."""
        last = re.compile(rb"#%d#x+[^#\n]*\n\Z" % (self.published - 1))
        wait_until(lambda: last.search((self.disk / "data.csv").read_bytes()), 10, "the last message")

    def check_after_kill(self) -> None:
        """Messages are acknowledged and cannot be written; then it is killed, and started again."""
        before = self.numbers()
        begin = self.published
        with self.filled():
            self.publish(300)
            self.logger.wait_for(rf"received {self.published}\b")
            self.logger.kill()
        self.logger = self.start()
        count = len(before) + 300
        wait_until(lambda: count_lines(self.disk / "data.csv") >= count + 1, 20, "all records")
        self.assert_stops(self.logger)
        self.assertEqual(self.numbers(), before + list(range(begin, self.published)))

    def test_cut_to_nothing_while_all_is_written(self) -> None:
        self.publish_and_write(100)
        os.truncate(self.journal, 0)
        self.assertEqual(self.wait_for_loss(), 0)
        self.publish_and_write(100)
        self.assertEqual(self.numbers(), list(range(self.published)))
        self.assertEqual(self.journal.stat().st_size, _HEADER_BYTES + _JOURNAL_BYTES)
        self.check_after_kill()

    def test_cut_at_many_places_while_messages_flow(self) -> None:
        """Nothing is pending for long, but what is may be lost: exactly that is said and counted."""
        lost = 0
        for times, size in enumerate((0, 8, 100, 600, 4096, 12288, 100_000, _HEADER_BYTES, _HEADER_BYTES + 4096,
                                      _HEADER_BYTES + _JOURNAL_BYTES // 2, _HEADER_BYTES + _JOURNAL_BYTES - 1), 1):
            self.publish(200)
            os.truncate(self.journal, size)
            self.publish(200)
            lost += self.wait_for_loss(times)
        self.publish(1)
        self.wait_for_last()
        self.assertEqual(len(set(self.numbers())), len(self.numbers()))
        self.assertEqual(len(self.numbers()), self.published - lost)
        self.assertEqual(self.numbers(), sorted(self.numbers()))
        self.check_after_kill()

    def test_cut_to_nothing_with_messages_in_it(self) -> None:
        self.publish_and_write(100)
        with self.filled():
            self.publish(300)
            self.logger.wait_for(rf"received {self.published}\b")
            self.logger.wait_for("cannot be written")
            time.sleep(0.2)  # the last of them may be under way
            os.truncate(self.journal, 0)
            lost = self.wait_for_loss()
            os.truncate(self.journal, 0)  # what is lost is not lost once more
            self.assertEqual(self.wait_for_loss(2), 0)
        self.assertGreater(lost, 200)
        self.publish(100)
        self.wait_for_last()
        self.assertEqual(len(self.numbers()), self.published - lost)
        self.logger.wait_for(rf"received {self.published}, written {self.published - lost}, pending 0, "
                             rf"dropped {lost} \({lost} lost with the journal\)")
        self.assert_stops(self.logger, exit_code=1)

    def test_cut_to_half_with_messages_in_it_keeps_those_before(self) -> None:
        with self.filled():
            self.publish(3000)
            self.logger.wait_for(rf"received {self.published}\b")
            os.truncate(self.journal, _HEADER_BYTES + 200_000)
            lost = self.wait_for_loss()
        self.assertGreater(lost, 1000)
        self.publish(100)
        self.wait_for_last()
        numbers = self.numbers()
        self.assertEqual(len(numbers), self.published - lost)
        self.assertEqual(numbers[:500], list(range(500)))
        self.assert_stops(self.logger, exit_code=1)

    def test_overwritten_by_an_older_copy(self) -> None:
        copy = self.work / "copy"
        self.publish_and_write(100)
        shutil.copyfile(self.journal, copy)
        self.publish_and_write(100)
        with copy.open("rb") as old, self.journal.open("r+b") as journal:
            journal.truncate(0)
            shutil.copyfileobj(old, journal)
        self.wait_for_loss()
        self.publish_and_write(100)
        self.assertEqual(self.numbers(), list(range(self.published)))
        self.check_after_kill()

    def test_killed_before_it_could_say_so(self) -> None:
        """The next start cannot know more than that something is missing, and says that."""
        self.publish_and_write(100)
        os.truncate(self.journal, 0)
        self.logger.kill()
        self.logger = self.start()
        self.assertRegex(self.logger.log, r"warning .*the journal .*journal is empty|error .*the journal .*journal is damaged")
        self.publish_and_write(100)
        self.assertEqual(self.numbers(), list(range(self.published)))
        self.assert_stops(self.logger)


if __name__ == "__main__":
    main()
