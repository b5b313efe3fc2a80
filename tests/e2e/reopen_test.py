"""Exports that somebody else moves, deletes or cuts under load, and SIGHUP: nothing is missing, each file is whole."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import exports
from mqtt_packets import Message
from numbered import TOPIC_FILTER, Account, make_message, take_account
from programs import require_program
from scenario import Scenario, main
from waiting import wait_until

_BATCH = 2000

_LOGROTATE = """{exports}/mqtt_data.csv {exports}/mqtt_data.json {{
  rotate 100
  create
  sharedscripts
  postrotate
    kill -HUP {pid}
  endscript
}}
"""


class Reopen(Scenario):
    def setUp(self) -> None:
        super().setUp()
        self.folder = self.work / "exports"
        self.broker = self.start_broker("max_queued_messages 0")
        self.logger = self.start_logger(self.broker.port, "--topic", TOPIC_FILTER, "--journal", "data.journal")
        self.publisher = self.connect(self.broker.port)
        self.published = 0

    def publish(self) -> None:
        begin, self.published = self.published, self.published + _BATCH
        self.publisher.publish_all(make_message(number, 1) for number in range(begin, self.published))

    def generations(self, extension: str) -> list[Path]:
        """The oldest first: `.3`, `.2`, `.1`, and the one that is written."""
        moved = sorted(self.folder.glob(f"mqtt_data.{extension}.*"), key=lambda path: -int(path.suffix[1:]))
        return [*moved, self.path(extension)]

    def is_begun(self, extension: str) -> bool:
        path = self.path(extension)
        return path.exists() and path.stat().st_size > 0

    def wait_until_written(self) -> None:
        wait_until(lambda: sum(exports.count_lines(path, b'{"') for path in self.generations("json")) >= self.published,
                   30, f"{self.published} records", poll=0.1)

    def check(self) -> None:
        self.wait_until_written()
        self.assert_stops(self.logger)
        for extension, read in (("csv", exports.read_csv), ("json", exports.read_json)):
            records = [record for path in self.generations(extension) for record in read(path)]
            self.assertEqual(take_account(records, self.published), Account())

    def test_files_moved_and_sighup_under_load(self) -> None:
        for turn in range(5, 0, -1):
            self.publish()
            for extension in ("csv", "json"):
                os.rename(self.path(extension), self.folder / f"mqtt_data.{extension}.{turn}")
                if turn % 2:
                    self.path(extension).touch()
            os.kill(self.logger.pid, signal.SIGHUP)
            wait_until(lambda: self.is_begun("csv") and self.is_begun("json"), 10, "new exports")
        self.publish()
        self.check()

    def test_files_moved_without_a_word(self) -> None:
        self.publish()
        for extension in ("csv", "json"):
            os.rename(self.path(extension), self.folder / f"mqtt_data.{extension}.1")
        self.logger.wait_for(r"mqtt_data\.json was moved, deleted or cut by somebody else; started a new file")
        self.publish()
        self.check()

    def test_deleted_file_and_folder_are_begun_anew(self) -> None:
        self.publish()
        self.wait_until_written()
        self.path("csv").unlink()
        wait_until(lambda: self.path("csv").exists(), 10, "a new CSV")
        shutil.rmtree(self.folder)
        wait_until(lambda: self.is_begun("csv") and self.is_begun("json"), 10, "new exports")
        self.publisher.publish_all(Message("numbered/a", b"%d" % number, 1) for number in range(100))
        self.wait_for_records(100)
        self.assert_stops(self.logger)
        self.assertEqual([int(record.payload) for record in self.read_both()[0]], list(range(100)))

    def test_sighup_with_nothing_moved_changes_nothing(self) -> None:
        for _ in range(3):
            self.publish()
            os.kill(self.logger.pid, signal.SIGHUP)
            self.logger.wait_for(r"opening the exports again")
        self.check()
        self.assertEqual(len(list(self.folder.glob("mqtt_data*.*"))), 2, "CSV and JSON")

    def test_logrotate_under_load(self) -> None:
        program = require_program("logrotate")
        config = self.directory / "logrotate.conf"
        config.write_text(_LOGROTATE.format(exports=self.folder, pid=self.logger.pid))
        config.chmod(0o600)
        self.folder.chmod(0o755)
        for _ in range(5):
            self.publish()
            subprocess.run([program, "--force", "--state", self.directory / "state", config], check=True)
            wait_until(lambda: self.is_begun("csv") and self.is_begun("json"), 10, "new exports")
        self.publish()
        self.check()
        self.assertEqual(len(self.generations("csv")), 6)


if __name__ == "__main__":
    main()
