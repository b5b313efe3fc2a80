"""The Windows program killed at each named step of its protocol, and on a full disk: nothing is missing, nothing double.

CRASHING_LOGGER starts the program with crash points (platform/crash_point.hpp); their names are found in its sources.
"""

import os
import re
import sys
import unittest
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(_ROOT / "tests" / "support"))
from fed_scenario import SECONDS, FedScenario  # noqa: E402
from logger import COMMAND_VARIABLE, Logger  # noqa: E402
from scenario import main  # noqa: E402
from series import read_series  # noqa: E402
from small_disk import SmallDisk  # noqa: E402
from waiting import wait_until  # noqa: E402

_BATCH = 250  # messages before each death; with a journal of 64 KiB it goes round every other time
# Those that messages of QoS 1 do not pass, or not without a broker that forgets, a journal that is cut, or a death at another one.
_NOT_PASSED = re.compile(
    r"put-|release-|redelivery-|connect|client-gone|subscribe|session-|recovery-|gap-|bits-|ids-|journal-restored$")
_COMPRESSING = ("part-", "compressed-")


def find_crash_points() -> list[str]:
    calls = re.compile(r'\bcrash_point\("([^"]+)"\)')
    return [name for source in sorted((_ROOT / "src").rglob("*.cpp"))
            for name in calls.findall(source.read_text(encoding="utf-8"))]


class CrashPoints(FedScenario):
    """One output for all of them: each death is followed by the recovery of the next run, which dies as well."""

    OPTIONS = ("--rotate-size", "8KiB", "--journal-size", "64KiB", "--compress", "gzip")

    def setUp(self) -> None:
        super().setUp()
        self.standing = self.directory / "stands-at-crash-point"
        self.addCleanup(os.environ.__setitem__, COMMAND_VARIABLE, os.environ[COMMAND_VARIABLE])
        os.environ[COMMAND_VARIABLE] = os.environ["CRASHING_LOGGER"]

    def has_ended(self, logger: Logger) -> bool:
        """Kills it if it stands at the crash point. Killing itself is no use under Wine: there the threads are ended one by
        one, and the last may wait for ever for a lock of Wine's that another one has taken to its grave."""
        if self.standing.exists():
            logger.kill()
        return not logger.is_running()

    def test_death_at_each_of_them_loses_and_doubles_nothing(self) -> None:
        names = find_crash_points()
        self.assertGreater(len(names), 40)
        total, deaths = 0, set()
        for name in names:
            total += _BATCH
            self.standing.unlink(missing_ok=True)
            environment = {**self.feed(total), "LOGGER_CRASH_POINT": name, "LOGGER_CRASH_FILE": str(self.standing)}
            logger = self.run_logger(*self.OPTIONS, environment=environment)
            is_later = name.startswith(_COMPRESSING)  # a stop would break the compression off
            wait_until(lambda: self.has_ended(logger) or (self.acknowledged() == total and not is_later), SECONDS,
                       f"{name} or all messages")
            try:
                if logger.is_running():
                    logger.send_line("q")
            except BrokenPipeError:
                pass  # it has died in between
            wait_until(lambda: self.has_ended(logger), SECONDS, f"the end at or after {name}")
            if logger.wait() != 0:
                deaths.add(name)
        logger = self.run_logger(*self.OPTIONS, environment=self.feed(total))
        wait_until(lambda: self.acknowledged() == total, SECONDS, "all acknowledged")
        self.assert_stops(logger)
        payloads = [record.payload for record in read_series(self.work / "exports", "mqtt_data")]
        self.assertEqual(payloads, [b"%d" % n for n in range(1, total + 1)])
        never = [name for name in names if name not in deaths]
        print(f"{len(deaths)} deaths at {len(names)} crash points; not passed here: {', '.join(never)}", file=sys.stderr)
        self.assertEqual([name for name in never if not _NOT_PASSED.match(name)], [])


@unittest.skipUnless(os.name == "posix" and os.geteuid() == 0, "mounts a small disk, which takes root")
class FullDisk(SmallDisk, FedScenario):
    MESSAGES = 6000

    def start_on_disk(self) -> object:
        return self.start(self.MESSAGES, "--output", "disk/data", "--journal", "data.journal")

    def test_is_waited_for_and_nothing_is_missing(self) -> None:
        logger = self.start_on_disk()
        logger.wait_for(r"error .*data\.\w+ cannot be written: .*trying again", SECONDS)
        self.ballast.unlink()
        logger.wait_for("exports can be written again", SECONDS)
        logger.wait_for(rf"written {self.MESSAGES}\b", SECONDS)
        self.assert_stops(logger)
        self.assert_numbered(self.MESSAGES, "disk/data")

    def test_kill_meanwhile_loses_nothing(self) -> None:
        logger = self.start_on_disk()
        logger.wait_for("cannot be written", SECONDS)
        logger.kill()
        self.ballast.unlink()
        logger = self.start_on_disk()
        wait_until(lambda: self.acknowledged() == self.MESSAGES, SECONDS, "all acknowledged")
        self.assert_stops(logger)
        self.assert_numbered(self.MESSAGES, "disk/data")

    def test_no_room_for_the_journal_is_waited_for_before_connecting(self) -> None:
        logger = self.start(1, "--output", "disk/data")
        logger.wait_for(r"data\.journal: there is no room for its \d+ bytes", SECONDS)
        self.assertNotIn("connect", logger.log)
        self.assertEqual(logger.stop("q"), 1)
        self.assertNotIn("connect", logger.log)
        self.assertEqual(sorted(path.name for path in self.disk.iterdir()), ["ballast"])


if __name__ == "__main__":
    main(needs_broker=False)
