"""What fails, and what happens then: a full disk, a journal that cannot be used."""

import contextlib
import os
import re
import signal
import struct
import sys
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from mqtt_packets import Message
from scenario import Scenario, main
from small_disk import SmallDisk, is_full
from waiting import wait_until_it_stays

_MESSAGES = 3000


def numbered(count: int) -> list[Message]:
    return [Message("numbered/a", str(number).encode() + b" " + b"x" * 300, 1) for number in range(count)]


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def set_version(journal: Path, version: int) -> None:
    """As a later version of the program would have made it: src/journal/header.cpp has the header's layout."""
    with journal.open("r+b") as file:
        file.seek(16)
        ring_offset, ring_bytes = struct.unpack("<QQ", file.read(16))
        file.seek(8)
        file.write(struct.pack("<LL", version, crc32c(struct.pack("<QQQ", version, ring_offset, ring_bytes))))


class FullDisk(SmallDisk):
    def setUp(self) -> None:
        super().setUp()
        self.broker = self.start_broker("max_queued_messages 0")

    def start(self, *options: str) -> object:
        return self.start_logger(self.broker.port, "--topic", "numbered/#", "--output", "disk/data", *options)

    def numbers(self) -> list[int]:
        return [int(record.payload.split()[0]) for record in self.read_both("disk/data")[0]]

    def test_full_disk_is_waited_for_and_nothing_is_missing(self) -> None:
        logger = self.start("--journal", "data.journal")
        with self.connect(self.broker.port) as publisher:
            publisher.publish_all(numbered(_MESSAGES))
        logger.wait_for(r"error .*data\.\w+ cannot be written: .*trying again")
        self.assertTrue(logger.is_running())
        self.ballast.unlink()
        self.wait_for_records(_MESSAGES, output="disk/data")
        logger.wait_for("exports can be written again")
        self.assert_stops(logger)
        self.assertEqual(self.numbers(), list(range(_MESSAGES)))

    def test_full_journal_holds_back_the_broker_and_nothing_is_missing(self) -> None:
        logger = self.start("--journal", "data.journal", "--journal-size", "64KiB")
        with self.connect(self.broker.port) as publisher:
            publisher.publish_all(numbered(_MESSAGES))
        logger.wait_for(r"warning .*the journal is full .*max_queued_messages")
        self.ballast.unlink()
        self.wait_for_records(_MESSAGES, output="disk/data", seconds=30)
        self.assert_stops(logger)
        self.assertEqual(self.numbers(), list(range(_MESSAGES)))

    def test_stop_while_the_journal_is_full_keeps_it_and_the_next_start_writes_it(self) -> None:
        # Space is released when records are written, so that no later sync makes room again.
        logger = self.start("--journal", "data.journal", "--journal-size", "64KiB", "--fsync", "no")
        with self.connect(self.broker.port) as publisher:
            publisher.publish_all(numbered(_MESSAGES))
        wait_until_it_stays(lambda: is_full(logger.log), 20, "a journal that stays full")
        self.assertEqual(logger.stop(signal.SIGTERM), 1)
        self.assertRegex(logger.log, r"stopped while the journal is full: received \d+, written \d+, pending [1-9]")
        self.ballast.unlink()
        logger = self.start("--journal", "data.journal", "--journal-size", "64KiB")
        logger.wait_for(r"\d+ messages of the run before are in the journal")
        self.wait_for_records(_MESSAGES, output="disk/data", seconds=30)
        self.assert_stops(logger)
        self.assertEqual(self.numbers(), list(range(_MESSAGES)))

    def test_stop_while_the_disk_is_full_says_what_is_pending(self) -> None:
        logger = self.start("--journal", "data.journal")
        with self.connect(self.broker.port) as publisher:
            publisher.publish_all(numbered(_MESSAGES))
        logger.wait_for("cannot be written")
        self.assertEqual(logger.stop(signal.SIGTERM), 1)
        self.assertRegex(logger.log, r"received \d+, written \d+, pending [1-9]\d*, dropped 0")
        self.ballast.unlink()
        logger = self.start("--journal", "data.journal")
        self.wait_for_records(_MESSAGES, output="disk/data")
        self.assert_stops(logger)
        self.assertEqual(self.numbers(), list(range(_MESSAGES)))

    def test_kill_while_the_disk_is_full_loses_nothing(self) -> None:
        logger = self.start("--journal", "data.journal")
        with self.connect(self.broker.port) as publisher:
            publisher.publish_all(numbered(_MESSAGES))
        logger.wait_for("cannot be written")
        logger.kill()
        self.ballast.unlink()
        logger = self.start("--journal", "data.journal")
        self.wait_for_records(_MESSAGES, output="disk/data")
        self.assert_stops(logger)
        self.assertEqual(self.numbers(), list(range(_MESSAGES)))

    def test_starts_on_a_full_disk_with_the_journal_of_the_run_before(self) -> None:
        """As after a power cut: it takes in messages at once, and writes them when there is room."""
        self.ballast.unlink()
        self.assert_stops(self.start("--journal", "data.journal"))
        with contextlib.suppress(OSError):
            self.ballast.write_bytes(b"x" * (8 * 1024 * 1024))
        self.assertEqual(os.statvfs(self.disk).f_bfree, 0)
        logger = self.start("--journal", "data.journal")
        with self.connect(self.broker.port) as publisher:
            publisher.publish_all(numbered(_MESSAGES))
        logger.wait_for(r"error .*data\.\w+ cannot be written: .*trying again")
        self.ballast.unlink()
        self.wait_for_records(_MESSAGES, output="disk/data")
        self.assertEqual(self.path("lock", "disk/data").read_text().splitlines()[0], str(logger.pid))
        self.assert_stops(logger)
        self.assertEqual(self.numbers(), list(range(_MESSAGES)))

    def test_no_room_for_the_journal_is_waited_for_before_connecting(self) -> None:
        """More than the disk has, so that only a stop ends it: tests/e2e/room_at_start_test.py has the others."""
        logger = self.run_logger("--broker", "127.0.0.1", "--port", str(self.broker.port), "--output", "disk/data")
        logger.wait_for(r"data\.journal: there is no room for its \d+ bytes \(No space left.*\); free some, or .*--journal-size")
        self.assertNotIn("connect", logger.log)
        self.assertEqual(logger.stop("q"), 1)
        self.assertNotIn("connect", logger.log)
        self.assertEqual(sorted(path.name for path in self.disk.iterdir()), ["ballast"])


class JournalThatCannotBeUsed(Scenario):
    def run_to_end(self, *options: str) -> str:
        logger = self.run_logger("--port", "1", "--output", "data", *options)
        self.assertEqual(logger.wait(), 4, logger.log)
        self.assertEqual(len(logger.log.splitlines()), 1, logger.log)
        return logger.log

    def test_newer_version_is_left_alone(self) -> None:
        broker = self.start_broker()
        self.record(broker.port, ["1"], "--output", "data")
        journal = self.work / "data.journal"
        set_version(journal, 9)
        before = journal.read_bytes()
        self.assertRegex(self.run_to_end(), r"made by a newer version of this program; use that one, or .*--journal")
        self.assertEqual(journal.read_bytes(), before)

    def test_file_that_is_no_journal_is_left_alone(self) -> None:
        notes = self.work / "notes.txt"
        notes.write_text("buy milk\n")
        self.assertIn("not a journal; it is left as it is", self.run_to_end("--journal", "notes.txt"))
        self.assertEqual(notes.read_text(), "buy milk\n")

    def test_folder_that_is_not_there_is_named(self) -> None:
        self.assertRegex(self.run_to_end("--journal", "nowhere/data.journal"), r"nowhere/data\.journal: cannot be opened: (No such|.*[Pp]ath)")

    def test_journal_of_another_logger_is_refused(self) -> None:
        broker = self.start_broker()
        first = self.start_logger(broker.port, "--output", "first", "--journal", "shared.journal")
        self.assertIn("in use by another logger", self.run_to_end("--journal", "shared.journal"))
        self.assert_stops(first)

    def test_journal_deleted_while_stopped_costs_nothing_that_was_written(self) -> None:
        broker = self.start_broker()
        self.record(broker.port, ["1", "2"], "--output", "data")
        os.unlink(self.work / "data.journal")
        self.record(broker.port, ["3"], "--output", "data")
        self.assertEqual([record.payload for record in self.read_both("data")[0]], [b"1", b"2", b"3"])

    def test_without_a_journal_the_log_says_what_that_costs(self) -> None:
        broker = self.start_broker()
        logger = self.record(broker.port, ["1"], "--journal", "none")
        self.assertRegex(logger.log, r"warning --journal none: what is received and not yet written is lost if")
        self.assertFalse(self.path("journal").exists())

    def test_too_large_a_message_is_counted_and_named(self) -> None:
        broker = self.start_broker()
        for version, options in (("5", ("--max-packet-size", "1MiB")), ("3.1.1", ())):
            with self.subTest(version=version):
                logger = self.start_logger(broker.port, "--journal-size", "64KiB", "--mqtt-version", version,
                                           "--output", version, *options)
                with self.connect(broker.port) as publisher:
                    publisher.publish("sensors/camera", b"x" * 40000)
                    publisher.publish("sensors/a", b"1")
                self.wait_for_records(1, output=version)
                self.assert_stops(logger, exit_code=1)
                self.assertRegex(logger.log, r"40000 bytes on 'sensors/camera' is dropped: .*--journal-size")
                self.assertIn("received 2, written 1, pending 0, dropped 1 (1 too large)", logger.log)

    def test_too_large_a_message_is_not_sent_where_the_broker_can_be_asked(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--journal-size", "64KiB")
        with self.connect(broker.port) as publisher:
            publisher.publish("sensors/camera", b"x" * 40000)
            publisher.publish("sensors/camera", b"x" * 32700)
        self.wait_for_records(1)
        self.assert_stops(logger)
        self.assertEqual(len(logger.find("info .*asked for messages of at most 32768 bytes")), 1, logger.log)
        self.assertIn("received 1, written 1, pending 0, dropped 0", logger.log)

    def test_many_that_are_too_large_are_a_line_a_second_with_a_piece_of_their_topics(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--journal-size", "64KiB", "--stats-every", "100ms",
                                   "--max-packet-size", "1MiB")
        topic = "sensors/" + "ü" * 20000
        count = 500
        with self.connect(broker.port) as publisher:
            publisher.publish_all(Message(topic, b"x", 0) for _ in range(count))
            logger.wait_for(rf"dropped {count} \({count} too large\)", 30)
        self.assert_stops(logger, exit_code=1)
        lines = logger.find("message of 1 bytes on 'sensors/ü{192}…' is dropped")
        told = sum(1 + sum(map(int, re.findall(r"and (\d+) more before it", line))) for line in lines)
        self.assertEqual(told, count)
        times = [datetime.fromisoformat(line.split("Z ")[0]) for line in lines]
        for earlier, later in zip(times, times[1:-1]):  # the last one is told at the stop
            self.assertGreater((later - earlier).total_seconds(), 0.9)
        self.assertLess(max(map(len, logger.log.splitlines())), 600)


if __name__ == "__main__":
    main()
