"""Exports that exist are continued, or moved aside; never overwritten."""

import json
import os
import stat
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import exports
from logger import Logger, is_started_directly
from scenario import Scenario, main
from waiting import wait_until


class Continue(Scenario):
    def payloads(self, output: str = "exports/mqtt_data") -> list[str]:
        return [record.payload.decode() for record in self.read_both(output)[0]]

    def write(self, extension: str, content: bytes) -> Path:
        path = self.path(extension)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return path

    def forget_journal(self) -> None:
        journal = self.path("journal")
        if journal.exists():
            journal.unlink()

    def assert_moved_aside(self, logger: Logger, extension: str, content: bytes) -> None:
        """The old bytes stand under a new name, which the log gives in a warning."""
        current = self.path(extension)
        aside = [path for path in current.parent.iterdir() if path != current and path.read_bytes() == content]
        self.assertEqual(len(aside), 1, f"in {sorted(current.parent.iterdir())}")
        warnings = [line for line in logger.find(r" warning ") if aside[0].name in line]
        self.assertTrue(warnings, f"no warning names {aside[0].name}: {logger.log}")

    def test_second_run_appends(self) -> None:
        broker = self.start_broker()
        self.record(broker.port, ["1", "2"])
        first_csv = self.path("csv").read_bytes()
        first_json = self.path("json").read_bytes()
        self.assertEqual(self.payloads(), ["1", "2"])
        self.record(broker.port, ["3"])
        self.assertEqual(self.payloads(), ["1", "2", "3"])  # one header, one array: read_both() checks
        self.assertTrue(self.path("csv").read_bytes().startswith(first_csv))
        self.assertTrue(self.path("json").read_bytes().startswith(first_json.rstrip(b"\n]")))

    def test_run_without_messages_changes_nothing(self) -> None:
        broker = self.start_broker()
        self.record(broker.port, ["1"])
        before = [self.path(extension).read_bytes() for extension in ("csv", "json")]
        self.record(broker.port, [])
        self.assertEqual([self.path(extension).read_bytes() for extension in ("csv", "json")], before)

    def test_run_without_messages_leaves_whole_empty_exports(self) -> None:
        broker = self.start_broker()
        self.record(broker.port, [])
        self.assertEqual(self.payloads(), [])
        self.assertEqual(json.loads(self.path("json").read_bytes()), [])

    def test_exports_are_continued_when_the_journal_was_deleted(self) -> None:
        broker = self.start_broker()
        self.record(broker.port, ["1", "2"])
        self.forget_journal()
        self.record(broker.port, ["3"])
        self.assertEqual(self.payloads(), ["1", "2", "3"])

    def test_run_with_one_format_does_not_harm_the_other_export(self) -> None:
        broker = self.start_broker()
        self.record(broker.port, ["1"])
        self.record(broker.port, ["2"], "--format", "csv")
        self.record(broker.port, ["3"])
        payloads = [record.payload for record in exports.read_csv(self.path("csv"))]
        self.assertEqual(payloads, [b"1", b"2", b"3"])
        self.assertEqual([record.payload for record in exports.read_json(self.path("json"))], [b"1", b"3"])

    def test_deleted_export_is_begun_again(self) -> None:
        broker = self.start_broker()
        self.record(broker.port, ["1"])
        self.path("csv").unlink()
        self.record(broker.port, ["2"])
        self.assertEqual([record.payload for record in exports.read_csv(self.path("csv"))], [b"2"])
        self.assertEqual([record.payload for record in exports.read_json(self.path("json"))], [b"1", b"2"])

    def check_moved_aside(self, extension: str, content: bytes) -> None:
        self.write(extension, content)
        logger = self.record(self.start_broker().port, ["1"])
        self.assert_moved_aside(logger, extension, content)
        self.assertEqual(self.payloads(), ["1"])

    def test_csv_with_another_header_is_moved_aside(self) -> None:
        self.check_moved_aside("csv", b"time,value\n2026-01-01,5\n")

    def test_json_that_is_no_array_is_moved_aside(self) -> None:
        self.check_moved_aside("json", b'{"a":1}')

    def test_json_of_other_records_is_moved_aside(self) -> None:
        self.check_moved_aside("json", b"[1, 2, 3]\n")

    def test_file_of_other_bytes_is_moved_aside(self) -> None:
        self.check_moved_aside("json", bytes(range(256)) * 100)

    def check_torn_end(self, extension: str, cut_bytes: int) -> None:
        broker = self.start_broker()
        self.record(broker.port, ["1", "2", "3"])
        self.forget_journal()
        torn = self.path(extension).read_bytes()[:-cut_bytes]
        self.write(extension, torn)
        logger = self.record(broker.port, ["4"])
        self.assert_moved_aside(logger, extension, torn)
        records = self.read_export(extension)
        self.assertEqual([record.payload for record in records], [b"4"])

    def read_export(self, extension: str) -> list[exports.Record]:
        return {"csv": exports.read_csv, "json": exports.read_json}[extension](self.path(extension))

    def test_torn_csv_is_moved_aside(self) -> None:
        self.check_torn_end("csv", 10)

    def test_torn_json_is_moved_aside(self) -> None:
        self.check_torn_end("json", 10)

    def test_second_foreign_file_does_not_overwrite_the_first_one_moved_aside(self) -> None:
        broker = self.start_broker()
        contents = [b"foreign %d\n" % number for number in range(3)]
        for content in contents:
            self.write("csv", content)
            self.assert_moved_aside(self.record(broker.port, ["1"]), "csv", content)
        kept = [path.read_bytes() for path in self.path("csv").parent.iterdir()]
        self.assertTrue(all(content in kept for content in contents))


class Formats(Scenario):
    def test_json_lines(self) -> None:
        broker = self.start_broker()
        for payload in ("1", "text", ""):
            self.record(broker.port, [payload], "--format", "csv,jsonl")
        from_csv = exports.read_csv(self.path("csv"))
        exports.require_same_records(from_csv, exports.read_jsonl(self.path("jsonl")))
        self.assertEqual([record.payload for record in from_csv], [b"1", b"text", b""])
        self.assertFalse(self.path("json").exists())

    def test_one_format_makes_one_export(self) -> None:
        broker = self.start_broker()
        for chosen, other in (("csv", "json"), ("json", "csv")):
            output = f"{chosen}_only/data"
            logger = self.start_logger(broker.port, "--format", chosen, "--output", output)
            self.assert_stops(logger)
            self.assertTrue(self.path(chosen, output).exists())
            self.assertFalse(self.path(other, output).exists())


class Output(Scenario):
    def test_missing_directory_is_created(self) -> None:
        broker = self.start_broker()
        output = "new/directory/größe 1.5/data.v2"
        logger = self.start_logger(broker.port, "--output", output)
        self.connect(broker.port).publish("sensors/a", "1")
        self.wait_for_records(1, output=output)
        self.assert_stops(logger)

    def assert_unusable(self, *options: str) -> str:
        """Ends at once with 4 and one line."""
        broker = self.start_broker()
        logger = self.run_logger("--broker", "127.0.0.1", "--port", str(broker.port), *options)
        self.assertEqual(logger.wait(), 4)
        return logger.log

    def test_path_below_a_regular_file(self) -> None:
        (self.work / "file").write_text("x")
        log = self.assert_unusable("--output", "file/data")
        self.assertIn("file", log)
        self.assertEqual((self.work / "file").read_text(), "x")

    @unittest.skipIf(hasattr(os, "geteuid") and os.geteuid() == 0, "root may write everywhere")
    def test_directory_that_cannot_be_written(self) -> None:
        directory = self.work / "locked"
        directory.mkdir()
        directory.chmod(stat.S_IRUSR | stat.S_IXUSR)
        self.addCleanup(directory.chmod, stat.S_IRWXU)
        self.assertIn("locked", self.assert_unusable("--output", "locked/data"))

    def test_second_logger_on_the_same_output_is_refused(self) -> None:
        broker = self.start_broker()
        first = self.start_logger(broker.port)
        second = self.run_logger("--broker", "127.0.0.1", "--port", str(broker.port), "--client-id", "other")
        self.assertEqual(second.wait(), 4)
        if is_started_directly():
            self.assertRegex(second.log, rf"\b{first.pid}\b")
        self.connect(broker.port).publish("sensors/a", "1")
        self.wait_for_records(1)
        self.assert_stops(first)

    def test_output_is_free_again_after_a_kill(self) -> None:
        broker = self.start_broker()
        first = self.start_logger(broker.port)
        self.connect(broker.port).publish("sensors/a", "1")
        self.wait_for_records(1)
        first.kill()
        second = self.run_logger("--broker", "127.0.0.1", "--port", str(broker.port))
        self.connect(broker.port).publish("sensors/a", "2")
        self.wait_for_records(2)
        self.assert_stops(second)
        wait_until(lambda: len(self.read_both()[0]) == 2, 5, "both messages")


if __name__ == "__main__":
    main()
