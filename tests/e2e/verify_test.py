"""`--verify`: exports made by the logger are whole; damaged in each way, the fault is named with its line."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from logger import logger_command
from mqtt_client import Message
from scenario import Scenario, main
from waiting import SLOWNESS

# Nothing here needs escaping in a fault's text. Plain numbers, objects, text and bytes, of which one spans lines.
PAYLOADS = [b'{"seq":1}', b'{"seq":2}', b"two\nlines, \"quoted\"", b"\xff\x00", b'{\n"seq": 3\n}', b"", b'{"seq":4}']


class Verify(Scenario):
    def setUp(self) -> None:
        super().setUp()
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--format", "csv,json,jsonl")
        self.connect(broker.port).publish_all([Message("sensors/a", payload, 1) for payload in PAYLOADS])
        self.wait_for_records(len(PAYLOADS))
        self.assert_stops(logger)
        self.csv, self.json, self.jsonl = (self.path(extension) for extension in ("csv", "json", "jsonl"))
        self.base = self.csv.with_suffix("")

    def verify(self, *arguments: object) -> tuple[int, list[str]]:
        """The exit code, and the lines of the report."""
        done = subprocess.run([*logger_command(), "--verify", *map(str, arguments)], cwd=self.work, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60 * SLOWNESS)
        self.assertNotIn("Sanitizer", done.stderr)
        return done.returncode, (done.stdout + done.stderr).splitlines()

    def assert_whole(self, *arguments: object) -> list[str]:
        code, lines = self.verify(*arguments)
        self.assertEqual((code, lines[-1]), (0, "whole: no faults"), lines)
        return lines

    def assert_faults(self, expected: list[str], *arguments: object) -> None:
        """Exactly these faults, each given as `file name:line: beginning of the sentence`."""
        code, lines = self.verify(*arguments)
        faults = [line.removeprefix(f"{self.csv.parent}/") for line in lines if line.startswith(f"{self.csv.parent}/")]
        found = [line for line in faults if ":" in line]
        self.assertEqual(len(found), len(expected), lines)
        for line, beginning in zip(found, expected):
            self.assertTrue(line.startswith(beginning), f"{line!r} in place of {beginning!r}")
        self.assertEqual(code, 1 if expected else 0)

    def edit(self, path: Path, change: Callable[[bytes], bytes]) -> None:
        data = path.read_bytes()
        changed = change(data)
        self.assertNotEqual(data, changed)
        path.write_bytes(changed)

    def test_duplicates(self) -> None:
        """What some brokers deliver twice under different identifiers stands twice; it is counted, and no fault."""
        lines = self.csv.read_bytes().splitlines(keepends=True)
        self.csv.write_bytes(b"".join([*lines, lines[-1], lines[-1]]))
        report = self.assert_whole(self.csv, "--duplicates")
        self.assertIn(f"  duplicates      2 of {len(PAYLOADS) + 2} records equal the one before on their topic", report)
        self.assertEqual([line for line in self.assert_whole(self.csv) if "duplicates" in line], [])

    def test_exports_of_the_logger_are_whole_and_alike(self) -> None:
        lines = self.assert_whole(self.base, "--by-topic", "--sequence", "/seq")
        text = "\n".join(lines)
        self.assertEqual(text.count("  records         7"), 3)
        self.assertEqual(text.count("json 4, text 2, base64 1"), 6)  # of each export, and of its topic
        self.assertEqual(text.count("  sequence        4 of 7 records numbered, missing 0, doubled 0, late 0"), 3)
        self.assertEqual(text.count(f", {sum(map(len, PAYLOADS))} of them payloads"), 3)

    def test_several_files(self) -> None:
        self.assert_whole(self.csv, self.json, self.jsonl)

    def test_empty_exports_are_whole(self) -> None:
        self.csv.write_bytes(self.csv.read_bytes().split(b"\n")[0] + b"\n")
        self.json.write_text("[\n]\n")
        self.jsonl.write_text("")
        self.assert_whole(self.base)

    def test_compressed_series_in_the_order_of_its_names(self) -> None:
        header, rest = self.csv.read_bytes().split(b"\n", 1)
        year = rest[:5]
        rows = [year + row for row in rest.split(year)[1:]]
        self.assertEqual(len(rows), len(PAYLOADS))
        names = ["-20261120T153601Z-2.csv", "-20261120T153601Z-10.csv.gz", "-20261120T153602Z.csv"]
        self.csv.write_bytes(header + b"\n" + rows[0])
        parts = [rows[1:3], rows[3:5], rows[5:]]
        for name, part in zip(names, parts):
            data = header + b"\n" + b"".join(part)
            if name.endswith(".gz"):
                data = gzip.compress(data[:50]) + gzip.compress(data[50:])
            Path(f"{self.base}{name}").write_bytes(data)
        (self.csv.parent / "mqtt_data-other.csv").write_text("not of this series")
        self.assertTrue(any("4 files" in line for line in self.assert_whole(self.base)))
        self.assert_whole(f"{self.base}{names[1]}")

    def test_damaged_gzip(self) -> None:
        compressed = self.csv.with_suffix(".csv.gz")
        data = gzip.compress(self.csv.read_bytes())
        compressed.write_bytes(data[:-12])
        code, lines = self.verify(compressed)
        self.assertEqual(code, 1)
        self.assertTrue(any("end in the middle" in line for line in lines), lines)
        compressed.write_bytes(data[:12] + b"\xff\xff\xff\xff" + data[16:])
        code, lines = self.verify(compressed)
        self.assertEqual(code, 1)
        self.assertTrue(any("the compressed data" in line for line in lines), lines)

    def test_torn_last_line(self) -> None:
        self.edit(self.csv, lambda data: data[:-5])
        self.edit(self.jsonl, lambda data: data[:-5])
        self.edit(self.json, lambda data: data[:-10])
        self.assert_faults(["mqtt_data.csv:11: the line is torn"], self.csv)
        self.assert_faults(["mqtt_data.jsonl:7: the line is torn"], self.jsonl)
        self.assert_faults(["mqtt_data.json:8: the line is torn", "mqtt_data.json:8: the closing bracket is missing"],
                           self.json)

    def test_torn_line_within_quotes_hides_no_record_behind_it(self) -> None:
        self.edit(self.csv, lambda data: data.replace(b'""seq"":2}",json,1,false', b'""se'))
        self.assert_faults(["mqtt_data.csv:3: "], self.csv)
        _, lines = self.verify(self.csv)
        self.assertIn("  records         6", lines)

    def test_two_lines_in_one(self) -> None:
        self.edit(self.csv, lambda data: data.replace(b'""seq"":1}",json,1,false\n', b'""seq"":1}",js'))
        self.assert_faults(["mqtt_data.csv:2: 9 fields in place of 6"], self.csv)

    def test_headers(self) -> None:
        whole = self.csv.read_bytes()
        header, rest = whole.split(b"\n", 1)
        for data, fault in (
            (rest, "mqtt_data.csv:1: the header is missing"),
            (b"", "mqtt_data.csv:1: the header is missing"),
            (whole.replace(b"topic", b"subject", 1), "mqtt_data.csv:1: the header is wrong"),
            (whole + header + b"\n", "mqtt_data.csv:12: the header is repeated here"),
            (b"\xef\xbb\xbf" + whole, "mqtt_data.csv:1: the header is wrong"),
        ):
            with self.subTest(fault=fault):
                self.csv.write_bytes(data)
                self.assert_faults([fault], self.csv)

    def test_further_columns_are_no_fault(self) -> None:
        self.csv.write_text("timestamp,topic,payload,encoding,qos,retain,value\n"
                            "2026-11-20T15:36:01.000001Z,a,1,json,0,false,\"1,\"\n")
        self.assert_whole(self.csv)

    def test_fields(self) -> None:
        row = "2026-11-20T15:36:01.000001Z,a,{},{},{},{}\n"
        for fields, fault in (
            (("{", "json", 0, "false"), "the payload is not valid JSON"),
            (("123=", "base64", 0, "false"), "the payload is not valid Base64"),
            (("AB==", "base64", 0, "false"), "the payload is not valid Base64"),
            (("x", "hex", 0, "false"), "the encoding is 'hex'"),
            (("x", "text", 3, "false"), "the QoS is '3'"),
            (("x", "text", 0, "no"), "retain is 'no'"),
            (("x\"y", "text", 0, "true"), "the line is torn"),
            (("\"a\"b", "text", 0, "true"), "the line is torn"),
        ):
            with self.subTest(fault=fault):
                self.csv.write_text("timestamp,topic,payload,encoding,qos,retain\n" + row.format(*fields)
                                    + row.format("2", "json", 1, "true"))
                self.assert_faults(["mqtt_data.csv:2: " + fault], self.csv)
        self.csv.write_text("timestamp,topic,payload,encoding,qos,retain\n2026-02-30T15:36:01.000001Z,a,1,json,0,true\n")
        self.assert_faults(["mqtt_data.csv:2: '2026-02-30T15:36:01.000001Z' is no timestamp"], self.csv)

    def test_bytes_that_are_not_utf8(self) -> None:
        self.edit(self.csv, lambda data: data.replace(b"two\nlines", b"two\n\xff"))
        self.edit(self.jsonl, lambda data: data.replace(b"two\\nlines", b"two\\n\xff"))
        self.assert_faults(["mqtt_data.csv:4: the payload is not valid UTF-8"], self.csv)
        self.assert_faults(["mqtt_data.jsonl:3: the payload is not valid UTF-8"], self.jsonl)

    def test_time_that_goes_back(self) -> None:
        lines = self.jsonl.read_bytes().splitlines(keepends=True)
        self.jsonl.write_bytes(b"".join([lines[1], lines[0], *lines[2:]]))
        self.assert_faults(["mqtt_data.jsonl:2: the time goes back from 20"], self.jsonl)

    def test_json_that_the_logger_could_not_continue(self) -> None:
        whole = self.json.read_bytes()
        records = json.loads(whole)
        lines = whole.split(b"\n")
        for data, faults in (
            (b"", ["1: the file is empty"]),
            (json.dumps(records).encode(), ["1: must be [ alone"]),
            (json.dumps(records, indent=1).encode(), ["2: the line is torn, or no JSON object"]),
            (b'{"a":1}\n', ["1: must be [ alone"]),
            (b"\n".join(lines[1:]), ["1: the opening bracket is missing"]),
            (whole.replace(b",\n", b"\n", 1), ["3: a comma is missing before this record"]),
            (whole.replace(b"\n]", b",\n]"), ["9: there is a comma before the closing bracket"]),
            (whole + b"x\n", ["10: there is something after the closing bracket"]),
            (whole[:-1], ["9: the last line has no end"]),
            (whole.replace(b'"seq":2', b'"seq":'), ["3: the payload is not valid JSON"]),
            (whole.replace(b'"qos":1', b'"QoS":1', 1), ["2: the member '\"QoS\"' in place of \"qos\""]),
            (whole.replace(b',"retain":false', b"", 1), ["2: the member \"retain\" is missing"]),
        ):
            with self.subTest(data=data[:80]):
                self.json.write_bytes(data)
                code, found = self.verify(self.json)
                self.assertEqual(code, 1)
                self.assertTrue(found[0].startswith(f"{self.json}:{faults[0]}"), found[:3])

    def test_gaps_doubles_and_disorder(self) -> None:
        self.write_numbers([1, 2, 4, 4, 3, 8, 9])
        self.assert_faults(["mqtt_data.csv:4: 'a': number 3 is missing before 4",
                            "mqtt_data.csv:5: 'a': number 4 comes once more",
                            "mqtt_data.csv:6: 'a': number 3 comes after 4",
                            "mqtt_data.csv:7: 'a': numbers 5 to 7 are missing before 8"],
                           self.csv, "--sequence", "plain")
        _, lines = self.verify(self.csv, "--sequence", "plain")
        self.assertIn("  sequence        7 of 7 records numbered, missing 3, doubled 1, late 1", lines)

    def test_a_sender_that_begins_anew_is_no_fault(self) -> None:
        self.write_numbers([1, 2, 3, 1, 2])
        lines = self.assert_whole(self.csv, "--sequence", "plain")
        self.assertIn("  sequence        5 of 5 records numbered, missing 0, doubled 0, late 0, restarted 1", lines)

    def write_numbers(self, numbers: list[int]) -> None:
        rows = [f"2026-11-20T15:36:01.{place:06}Z,a,{number},json,1,false" for place, number in enumerate(numbers)]
        self.csv.write_text("\n".join(["timestamp,topic,payload,encoding,qos,retain", *rows, ""]))

    def test_exports_that_differ(self) -> None:
        self.edit(self.json, lambda data: data.replace(b'"seq":2', b'"seq":5'))
        self.edit(self.jsonl, lambda data: b"".join(data.splitlines(keepends=True)[1:]))
        self.assert_faults(["mqtt_data.csv:2: the record is not in ",
                            "mqtt_data.json:3: another payload than in "], self.base)

    def test_first_hundred_faults_are_shown_and_all_are_counted(self) -> None:
        self.write_numbers(list(range(0, 1002, 2)))
        code, lines = self.verify(self.csv, "--sequence", "plain")
        self.assertEqual(code, 1)
        self.assertEqual(sum("is missing before" in line for line in lines), 100)
        self.assertEqual(lines[-2:], ["400 more faults are not shown", "500 faults"])

    def test_usage(self) -> None:
        for arguments, word in (
            (["none"], "nothing there that is an export"),
            ([self.work], "nothing there"),
            ([self.csv, "--sequence", "seq"], "JSON pointer"),
        ):
            with self.subTest(arguments=arguments):
                code, lines = self.verify(*arguments)
                self.assertEqual(code, 2)
                self.assertEqual(len(lines), 1)
                self.assertIn(word, lines[0])
        for option, shown in (("--by-topic", "--by-topic"), ("--sequence=/a", "--sequence /a")):
            done = subprocess.run([*logger_command(), option], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertEqual(done.stderr, f"mqtt-logger: {shown}: needs --verify\n")
        for options, fault in (
            (["--stop", "--verify", "x"], "--verify x: cannot be combined with --stop"),
            (["--forget-session", "--verify", "x"], "--verify x: cannot be combined with --forget-session"),
            (["--sensors", "3"], "--sensors 3: needs --simulate"),
            (["--simulate", "--status"], "--simulate: cannot be combined with --status"),
        ):
            done = subprocess.run([*logger_command(), *options], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (2, f"mqtt-logger: {fault}\n"))


if __name__ == "__main__":
    main()
