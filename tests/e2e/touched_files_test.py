"""What somebody does to the program's files while it runs, or between two runs: noticed, said, and nothing is lost."""

import gzip
import os
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import exports
from logger import logger_command
from scenario import Scenario, main
from waiting import wait_until

_OTHER_SERIES = "data-20200101T000000Z"


class TouchedFiles(Scenario):
    def setUp(self) -> None:
        super().setUp()
        self.broker = self.start_broker("max_queued_messages 0")
        self.published = 0

    def start(self, *options: str) -> None:
        self.logger = self.start_logger(self.broker.port, "--output", "data", "--stats-every", "50ms", *options)
        self.publisher = self.connect(self.broker.port)

    def publish(self, count: int = 1, wait: bool = True) -> None:
        for number in range(self.published, self.published + count):
            self.publisher.publish("sensors/a", f"#{number}#")
        self.published += count
        if wait:
            self.logger.wait_for(rf"received {self.published}, written {self.published}\b")

    def payloads(self, *paths: Path) -> list[str]:
        read = {".csv": exports.read_csv, ".json": exports.read_json}
        return [record.payload.decode() for path in paths for record in read[path.suffix](path)]

    def numbers(self, begin: int, end: int) -> list[str]:
        return [f"#{number}#" for number in range(begin, end)]

    def test_export_that_is_changed_while_messages_flow(self) -> None:
        def append(path: Path) -> None:
            with path.open("ab") as file:
                file.write(b"a note")

        changes: dict[str, Callable[[Path], object]] = {
            "emptied": lambda path: path.write_bytes(b""),
            "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
            "written over": lambda path: path.write_bytes(b"x" * path.stat().st_size),
            "written to": append,
        }
        for kind, change in changes.items():
            with self.subTest(kind=kind):
                self.start()
                self.publish(20)
                change(self.path("csv", "data"))
                changed = self.path("csv", "data").read_bytes()
                begin = self.published
                self.publish(20)
                self.logger.wait_for(r"data\.csv was moved, deleted or cut by somebody else")
                self.assert_stops(self.logger)
                self.assertEqual(self.payloads(self.path("csv", "data")), self.numbers(begin, self.published))
                self.assertEqual(self.payloads(self.path("json", "data")), self.numbers(0, self.published))
                aside = list(self.work.glob("data.aside-*.csv"))
                self.assertEqual([path.read_bytes() for path in aside], [changed] if changed else [])
                for path in self.work.iterdir():
                    path.unlink()
                self.published = 0

    def test_export_that_is_deleted_just_before_a_record(self) -> None:
        """What comes afterwards stands in the new one, not in a file that nobody can read any more."""
        for kind, options in (("one file", ()), ("series", ("--rotate-size", "1MiB"))):
            with self.subTest(kind=kind):
                self.start(*options)
                for _ in range(5):
                    self.publish(10)
                    for path in self.work.glob("data*.csv"):
                        path.unlink()
                    begin = self.published
                    self.publish(10)
                    self.assertEqual(self.payloads(*self.work.glob("data*.csv")), self.numbers(begin, self.published))
                self.assert_stops(self.logger)
                for path in self.work.iterdir():
                    path.unlink()
                self.published = 0

    def test_export_that_cannot_be_started_again_is_told_once(self) -> None:
        self.start("--metrics-file", "m.prom")
        self.publish(10)
        export, metrics = self.path("csv", "data"), self.work / "m.prom"
        export.unlink()
        export.mkdir()
        self.logger.wait_for(r"error .*data\.csv cannot be written: .*; nothing is lost while the journal has room")
        self.publish(10, wait=False)
        wait_until(lambda: int(metrics.read_text().rsplit("write_errors_total ", 1)[1].split()[0]) > 3, 30, "more tries")
        export.rmdir()
        self.logger.wait_for(r"received 20, written 20\b")
        self.assert_stops(self.logger)
        self.assertEqual(self.payloads(export), self.numbers(10, 20))
        self.assertEqual(len(self.logger.find(r"data\.csv was moved, deleted or cut by somebody else")), 1)
        self.assertLessEqual(len(self.logger.find(r"data\.csv is gone")), 1)

    def test_lock_and_pid_file_that_are_deleted_or_moved(self) -> None:
        self.start("--pid-file", "pid")
        names = ("data.lock", "pid")
        for change in (lambda path: path.unlink(), lambda path: path.rename(self.directory / path.name)):
            for name in names:
                change(self.work / name)
            wait_until(lambda: all((self.work / name).exists() for name in names), 15, "both files")
        for name in names:
            self.logger.wait_for(rf"warning .*{name} was deleted or moved by somebody else; it is made again", count=2)
        for change in (lambda path: None, lambda path: path.write_text(""), lambda path: path.write_text("x")):
            for name in names:
                change(self.work / name)
                wait_until(lambda: (self.work / name).read_text().splitlines()[:1] == [str(self.logger.pid)], 15, "its number")
        wait_until(lambda: "received 0" in self.ask("--status"), 15, "a status")
        (self.work / "pid").unlink()
        (self.work / "pid").write_text("somebody's")
        self.logger.wait_for(r"warning .*pid was deleted, moved or replaced by somebody else, and cannot be made again: File exists")
        self.ask("--stop")
        self.assertEqual(self.logger.wait(), 0)
        self.assertEqual((self.work / "pid").read_text(), "somebody's")
        self.assertFalse((self.work / "data.lock").exists())

    def test_log_that_is_deleted_or_moved(self) -> None:
        log = self.work / "log"
        self.logger = self.run_logger("--broker", "127.0.0.1", "--port", str(self.broker.port), "--output", "data",
                                      "--log-file", "log")
        wait_until(lambda: log.exists() and "subscribed to" in log.read_text(), 15, "the subscription")
        log.unlink()
        wait_until(lambda: log.exists() and "log was deleted by somebody else" in log.read_text(), 15, "a new log")
        log.rename(self.work / "moved")
        self.assert_stops(self.logger)
        self.assertIn("received 0, written 0", (self.work / "moved").read_text())
        self.assertFalse(log.exists())

    def ask(self, action: str) -> str:
        asked = subprocess.run([*logger_command(), action, "--output", "data"], cwd=self.work, capture_output=True, text=True,
                               stdin=subprocess.DEVNULL, check=False)
        return asked.stdout

    def test_rotation_without_file_descriptors_waits_and_stops(self) -> None:
        if "UBSAN_OPTIONS" in os.environ:
            self.skipTest("the sanitizer needs file descriptors of its own to look at an object")
        self.start("--rotate-size", "1KiB")
        self.publish(3)
        before = {path.name for path in self.work.iterdir()}
        limits = resource.prlimit(self.logger.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.logger.pid, resource.RLIMIT_NOFILE, (3, limits[1]))
        self.publish(30, wait=False)
        self.logger.wait_for(r"error .*cannot be written: .*Too many open files.*trying again each second")
        self.assertEqual({path.name for path in self.work.iterdir()}, before)
        resource.prlimit(self.logger.pid, resource.RLIMIT_NOFILE, limits)
        self.logger.wait_for("exports can be written again")
        self.publish(1)
        resource.prlimit(self.logger.pid, resource.RLIMIT_NOFILE, (3, limits[1]))
        self.publish(30, wait=False)
        self.logger.wait_for("cannot be written", count=2)
        self.assertEqual(self.logger.stop(signal.SIGTERM), 1)
        self.start("--rotate-size", "1KiB")
        self.publish(1, wait=False)
        wait_until(lambda: sum(exports.count_lines(path) - 1 for path in self.work.glob("data-*.csv")) >= self.published, 15,
                   "all records")
        self.assert_stops(self.logger)
        self.assertEqual(sorted(self.payloads(*self.work.glob("data-*.csv"))), sorted(self.numbers(0, self.published)))

    def test_exports_that_are_one_file_with_those_of_another_logger(self) -> None:
        self.start()
        self.publish(1)
        for make in (os.link, os.symlink):
            with self.subTest(make=make.__name__):
                make(self.path("csv", "data"), self.path("csv", "other"))
                second = self.run_logger("--port", str(self.broker.port), "--output", "other", "--client-id", "other")
                self.assertEqual(second.wait(), 4)
                self.assertRegex(second.log, r"other\.csv: is written by another logger")
                self.path("csv", "other").unlink()
        self.assertEqual(self.payloads(self.path("csv", "data")), self.numbers(0, 1), "readers are not hindered")
        self.publish(1)
        self.assert_stops(self.logger)

    def test_other_outputs_with_names_like_those_of_the_series(self) -> None:
        self.record(self.broker.port, ["somebody's"], "--output", _OTHER_SERIES)
        others = {path: path.read_bytes() for path in self.work.glob(f"{_OTHER_SERIES}*")}
        self.assertGreaterEqual(len(others), 3)
        self.start("--rotate-size", "1KiB", "--keep", "1", "--compress", "gzip")
        for _ in range(5):
            self.publish(10)
        self.logger.wait_for("is removed")
        wait_until(lambda: self.logger.find("left alone"), 10, "a word about the others")
        self.assert_stops(self.logger)
        self.assertEqual({path: path.read_bytes() for path in self.work.glob(f"{_OTHER_SERIES}*")}, others)

    def test_compressed_file_has_mode_owner_and_time_of_the_export(self) -> None:
        self.start("--rotate-size", "1KiB", "--compress", "gzip", "--format", "csv")
        self.publish(1)
        export = next(self.work.glob("data-*.csv"))
        export.chmod(0o640)
        if os.geteuid() == 0:
            os.chown(export, 1234, 2345)
        before = export.stat()
        self.publish(30)
        compressed = export.with_name(export.name + ".gz")
        wait_until(lambda: compressed.exists() and not export.exists(), 10, "the compressed file")
        found = compressed.stat()
        self.assertEqual((stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid), (0o640, before.st_uid, before.st_gid))
        self.assertLess(found.st_mtime - before.st_mtime, 30)
        self.assertIn(b"#0#", gzip.decompress(compressed.read_bytes()))
        self.assert_stops(self.logger)

    def test_exports_that_are_older_than_the_journal_or_gone_are_told(self) -> None:
        self.start()
        self.publish(10)
        old = {path: path.read_bytes() for path in (self.path("csv", "data"), self.path("json", "data"))}
        self.publish(10)
        self.assert_stops(self.logger)
        for path, content in old.items():
            path.write_bytes(content)
        self.start()
        for extension in ("csv", "json"):
            self.assertEqual(len(self.logger.find(rf"warning .*data\.{extension} is older than the journal, or was cut")), 1)
        self.assert_stops(self.logger)
        for path in old:
            path.unlink()
        self.start()
        for extension in ("csv", "json"):
            self.assertEqual(len(self.logger.find(rf"warning .*data\.{extension} is gone; it had \d+ bytes")), 1)
        self.assert_stops(self.logger)

    def test_metrics_follow_no_link_and_leave_no_part(self) -> None:
        target = self.directory / "system-file"
        target.write_text("of the system\n")
        target.chmod(0o600)
        for name in ("m.prom.part", "m.prom.0123456789abcdef.part"):
            (self.work / name).symlink_to(target)
        (self.work / "m.prom.fedcba9876543210.part").write_text("# HELP mqtt_logger_messages")  # killed here
        (self.work / "m.prom.fedcba987654321f.part").write_text("somebody's")
        (self.work / "m.prom").write_text("")
        (self.work / "m.prom").chmod(0o640)
        self.start("--metrics-file", "m.prom")
        wait_until(lambda: "mqtt_logger_connected 1" in (self.work / "m.prom").read_text(), 10, "metrics")
        self.assert_stops(self.logger)
        self.assertEqual((target.read_text(), stat.S_IMODE(target.stat().st_mode)), ("of the system\n", 0o600))
        self.assertEqual(stat.S_IMODE((self.work / "m.prom").stat().st_mode), 0o640)
        self.assertEqual({path.name for path in self.work.glob("m.prom.*")},
                         {"m.prom.part", "m.prom.0123456789abcdef.part", "m.prom.fedcba987654321f.part"})

    def test_lock_is_for_its_owner_alone(self) -> None:
        lock = self.work / "data.lock"
        lock.write_text("4711\n0123456789abcdef\n{}\n")  # of an earlier version, killed
        lock.chmod(0o644)
        self.start("--pid-file", "pid")
        self.assertEqual(stat.S_IMODE(lock.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE((self.work / "pid").stat().st_mode) & 0o444, 0o444)
        self.assert_stops(self.logger)
        self.assertFalse(lock.exists())


if __name__ == "__main__":
    main()
