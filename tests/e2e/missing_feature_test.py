"""File systems that lack something (those of FUSE, of networks, FAT): the logger does without it and says so, or says what it needs."""

import errno
import os
import sys
import time
from pathlib import Path
from typing import Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from scenario import Scenario, main
from waiting import wait_until

_CANNOT_SYNC = (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF)
_CANNOT_LINK = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES, errno.EINVAL)
_CANNOT_MOVE = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP)
_CANNOT_LOCK = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)
_SAID_OF_SYNC = r"warning .*cannot bring files to the device when it is asked to \({}\)"


class MissingFeature(Scenario):
    def setUp(self) -> None:
        super().setUp()
        self.library = os.environ["FEATURES_LIBRARY"]

    def without(self, missing: str, folder: Path | None = None) -> dict[str, str]:
        return {"LD_PRELOAD": os.path.abspath(self.library), "MISSING_FEATURES": missing,
                "FEATURES_FOLDER": str(folder or self.work),
                "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}

    def log_some(self, missing: str, output: str, *options: str, until: Callable[[], object] = lambda: True) -> str:
        """One run that takes in a few messages; its log."""
        broker = self.start_broker()
        logger = self.run_logger("--broker", "127.0.0.1", "--port", str(broker.port), "--output", output, "--stats-every",
                                 "50ms", *options, environment=self.without(missing)).wait_until_subscribed()
        with self.connect(broker.port) as publisher:
            for number in range(5):
                publisher.publish("sensors/a", f"{number} {'x' * 400}")
        logger.wait_for(r"received 5, written 5\b")
        wait_until(until, 60, "what it does when there is time")
        self.assert_stops(logger)
        return logger.log

    def test_sync(self) -> None:
        for error in _CANNOT_SYNC:
            for number, options in enumerate(((), ("--fsync", "always"), ("--rotate-size", "1KiB"))):
                with self.subTest(error=errno.errorcode[error], options=options):
                    output = f"sync-{error}-{number}/data"
                    log = self.log_some(f"fsync={error}", output, *options)
                    self.assertEqual(log.count("cannot bring files to the device"), 1, log)
                    self.assertRegex(log, _SAID_OF_SYNC.format(os.strerror(error)))
                    self.assertNotIn(" error ", log)

    def test_an_error_of_the_device_is_not_taken_for_that(self) -> None:
        logger = self.run_logger("--port", "1", environment=self.without(f"fsync={errno.EIO}"))
        self.assertEqual(logger.wait(), 4)
        self.assertRegex(logger.log, "cannot be brought to the device: Input/output error")

    def test_link(self) -> None:
        for error in _CANNOT_LINK:
            with self.subTest(error=errno.errorcode[error]):
                folder = self.work / f"link-{error}"
                folder.mkdir()
                other = "somebody's table\n1,2,3"
                (folder / "data.csv").write_text(other)
                log = self.log_some(f"link={error}", f"link-{error}/data")
                self.assertRegex(log, r"data\.csv is not an export that can be continued .*; it is kept as ")
                kept = list(folder.glob("data.aside-*.csv"))
                self.assertEqual([path.read_text() for path in kept], [other])
                self.assertEqual(len(self.read_both(f"link-{error}/data")[0]), 5)

    def test_neither_links_nor_a_move_that_replaces_nothing(self) -> None:
        """A name is taken first then; and what has it already is not replaced."""
        for error in _CANNOT_MOVE:
            with self.subTest(error=errno.errorcode[error]):
                folder = self.work / f"move-{error}"
                folder.mkdir()
                other = "somebody's table\n1,2,3"
                (folder / "data.csv").write_text(other)
                log = self.log_some(f"link={errno.EPERM},renameat2={error}", f"move-{error}/data", "--format", "csv",
                                    "--rotate-size", "1KiB", "--compress", "gzip", until=lambda: list(folder.glob("*.gz")))
                self.assertNotIn(" error ", log)
                self.assertEqual((folder / "data.csv").read_text(), other)
                (folder / "plain").mkdir()
                (folder / "plain/data.csv").write_text(other)
                now = int(time.time())
                taken = {}
                for second in range(now - 1, now + 30):
                    name = time.strftime("data.aside-%Y%m%dT%H%M%SZ.csv", time.gmtime(second))
                    taken[folder / "plain" / name] = f"somebody's of {second}"
                for path, content in taken.items():
                    path.write_text(content)
                log = self.log_some(f"link={errno.EPERM},renameat2={error}", f"move-{error}/plain/data")
                self.assertRegex(log, r"it is kept as .*data\.aside-\w+-2\.csv")
                self.assertEqual({path: path.read_text() for path in taken}, taken)
                kept = list((folder / "plain").glob("data.aside-*-2.csv"))
                self.assertEqual([path.read_text() for path in kept], [other])
                self.assertEqual(len(self.read_both(f"move-{error}/plain/data")[0]), 5)

    def test_deleted_journal_without_links(self) -> None:
        broker = self.start_broker()
        logger = self.run_logger("--broker", "127.0.0.1", "--port", str(broker.port), "--output", "data",
                                 environment=self.without(f"link={errno.EPERM},renameat2={errno.ENOSYS}"))
        logger.wait_until_subscribed()
        journal = self.work / "data.journal"
        journal.unlink()
        logger.wait_for("a new one holds all that was in it")
        wait_until(journal.exists, 5, "a new journal")
        self.assert_stops(logger)

    def test_rights_and_owners(self) -> None:
        """Metrics are replaced and finished files compressed all the same."""
        for error in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
            with self.subTest(error=errno.errorcode[error]):
                folder = self.work / f"rights-{error}"
                log = self.log_some(f"fchmod={error},fchown={error}", f"rights-{error}/data", "--metrics-file",
                                    f"rights-{error}/metrics", "--rotate-size", "1KiB", "--compress", "gzip",
                                    until=lambda: list(folder.glob("*.gz")))
                self.assertNotRegex(log, " (error|warning) +(--metrics|.*compress)")
                self.assertIn("mqtt_logger_messages_written_total 5", (folder / "metrics").read_text())

    def test_mapping(self) -> None:
        self.assertRegex(self.refuse(f"mmap={errno.ENODEV}", self.work),
                         r"data\.journal: its file system cannot map files into memory .*--journal")

    def refuse(self, missing: str, folder: Path, *options: str) -> str:
        logger = self.run_logger("--port", "1", "--output", "data", *options, environment=self.without(missing, folder))
        self.assertEqual(logger.wait(), 4, logger.log)
        self.assertEqual(len(logger.log.splitlines()), 1, logger.log)
        return logger.log

    def test_lock(self) -> None:
        elsewhere = self.work / "elsewhere"
        elsewhere.mkdir()
        for error in _CANNOT_LOCK:
            with self.subTest(error=errno.errorcode[error]):
                missing = f"flock={error}"
                self.assertRegex(self.refuse(missing, self.work), r"--output data: the file system of its folder has no file locks .*"
                                                                  r"mount it with locks, or choose an output on another disk")
                self.assertRegex(self.refuse(missing, elsewhere, "--journal", "elsewhere/journal"),
                                 r"elsewhere/journal: its file system has no file locks .*--journal")
                self.assertRegex(self.refuse(missing, elsewhere, "--pid-file", "elsewhere/pid"),
                                 r"--pid-file .*elsewhere/pid: its file system has no file locks .*on another disk")


if __name__ == "__main__":
    main()
