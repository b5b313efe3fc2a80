"""`--columns`: members of JSON payloads as columns of their own, and who wrote the record."""

import csv
import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from exports import CSV_HEADER
from logger import logger_command
from mqtt_client import Message
from scenario import Scenario, main
from waiting import SLOWNESS

COLUMNS = ["--columns", "celsius=/value", "--columns", "unit=/unit", "--columns", "where=/at/0",
           "--columns", "logger=@client-id", "--client-id", "logger 1"]
PAYLOADS = [b'{"value":21.50,"unit":"\\u00b0C","at":["kitchen, left\\n"]}', b'{"value":-0,"at":[{"x":1,\n"y":[2]}]}',
            b'{"value":null,"unit":""}', b"21.5", b"text, with \"quotes\"", b"\xff\x00", b"", b'{"unit":"\\u0000"}']
IN_CSV = [["21.50", "°C", "kitchen, left\n"], ["-0", "", '{"x":1,\n"y":[2]}'], ["", "", ""], ["", "", ""],
          ["", "", ""], ["", "", ""], ["", "", ""], ["", "\ufffd", ""]]
IN_JSON = [{"celsius": 21.5, "unit": "°C", "where": "kitchen, left\n"}, {"celsius": 0, "where": {"x": 1, "y": [2]}},
           {"celsius": None, "unit": ""}, {}, {}, {}, {}, {"unit": "\0"}]


class Columns(Scenario):
    def log(self, port: int, *options: str) -> str:
        """One run that logs the payloads; its log."""
        logger = self.start_logger(port, "--format", "csv,json,jsonl", "--stats-every", "20ms", *options)
        self.connect(port).publish_all([Message("sensors/a", payload, 1) for payload in PAYLOADS])
        logger.wait_for(rf"written {len(PAYLOADS)}\b")
        self.assert_stops(logger)
        return logger.log

    def rows(self, path: Path | None = None) -> list[list[str]]:
        with (path or self.path("csv")).open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file, strict=True))

    def verify(self, *arguments: str) -> None:
        done = subprocess.run([*logger_command(), "--verify", *arguments], cwd=self.work, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60 * SLOWNESS)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_payload_members_stand_in_columns_and_members(self) -> None:
        broker = self.start_broker()
        self.log(broker.port, *COLUMNS)
        header, *rows = self.rows()
        self.assertEqual(header, [*CSV_HEADER, "celsius", "unit", "where", "logger"])
        self.assertEqual([row[6:] for row in rows], [[*fields, "logger 1"] for fields in IN_CSV])
        lines = self.path("jsonl").read_text(encoding="utf-8").splitlines()
        for records in (json.loads(self.path("json").read_text(encoding="utf-8")), list(map(json.loads, lines))):
            self.assertEqual([{name: value for name, value in record.items() if name not in CSV_HEADER}
                              for record in records], [{**members, "logger": "logger 1"} for members in IN_JSON])
        self.assertIn('"celsius":21.50,', lines[0], "the number's spelling is kept")
        self.verify("exports/mqtt_data")

        with self.subTest("the same columns again: continued"):
            self.log(broker.port, *COLUMNS)
            self.assertEqual(len(self.rows()), 1 + 2 * len(PAYLOADS))
            self.assertEqual(list(self.work.glob("exports/*.aside-*")), [])

        with self.subTest("others: the CSV is moved aside with a warning, and started again"):
            log = self.log(broker.port, "--columns", "celsius=/value")
            aside, = self.work.glob("exports/*.aside-*.csv")
            self.assertRegex(log, r"warning +exports/mqtt_data\.csv is not an export that can be continued \(another header")
            self.assertEqual(len(self.rows(aside)), 1 + 2 * len(PAYLOADS))
            self.assertEqual(self.rows()[0], [*CSV_HEADER, "celsius"])
            self.assertEqual(len(self.rows()), 1 + len(PAYLOADS))
            self.verify(str(aside))
            self.verify("exports/mqtt_data.csv", "exports/mqtt_data.json", "exports/mqtt_data.jsonl")

    def test_a_recording_with_columns_is_replayed(self) -> None:
        broker = self.start_broker()
        self.log(broker.port, *COLUMNS)
        for recording in ("exports/mqtt_data", "exports/mqtt_data.csv", "exports/mqtt_data.jsonl"):
            with self.subTest(recording):
                client = self.connect(broker.port)
                client.subscribe("again/#")
                replay = self.run_logger("--broker", f"127.0.0.1:{broker.port}", "--replay", recording, "--speed", "0",
                                         "--topic-prefix", "again/")
                self.assertEqual(replay.wait(30), 0, replay.log)
                received = [message.payload for message in client.receive(len(PAYLOADS))]
                is_json = recording.endswith("jsonl")  # which has a space there in place of the line break
                self.assertEqual(received, [payload.replace(b"\n", b" ") if is_json else payload for payload in PAYLOADS])

    def test_in_a_series_other_columns_begin_a_new_file(self) -> None:
        broker = self.start_broker()
        for options in ([], COLUMNS, COLUMNS):
            self.log(broker.port, "--rotate-size", "1GiB", *options)
        first, second = sorted(self.work.glob("exports/*.csv"), key=lambda path: (len(path.name), path.name))
        self.assertEqual((len(self.rows(first)), len(self.rows(second))), (1 + len(PAYLOADS), 1 + 2 * len(PAYLOADS)))
        self.assertEqual((len(self.rows(first)[0]), len(self.rows(second)[0])), (6, 10))
        self.verify("exports/mqtt_data")

    def test_a_wrong_column_is_a_usage_error(self) -> None:
        for wrong in ("celsius", "=/value", "celsius=value", "celsius=/a~b", "payload=/value", "properties=/p"):
            with self.subTest(wrong):
                logger = self.run_logger("--columns", wrong)
                self.assertEqual(logger.wait(), 2)
                self.assertIn(f"--columns {wrong}: must ", logger.log)
        self.assertEqual(list(self.work.iterdir()), [])


if __name__ == "__main__":
    main()
