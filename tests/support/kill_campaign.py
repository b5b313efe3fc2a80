"""Kills the logger again and again at random moments while numbered messages flow, and counts what that costs."""

import random
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import exports
from broker import Mosquitto
from exports import GrowingFile
from logger import Logger, logger_command
from numbered import TOPIC_FILTER, Account, NumberedPublisher, Pace, take_account
from waiting import SLOWNESS, Deadline
from watched_export import WatchedExport, standing_still

_WRITES = r" writing to "  # from here on the exports are whole
_LONGEST_LIFE = 1.5
_EARLY_KILL_IN = 4  # one kill in so many comes while the logger starts, replays or resumes the session
_STOP_IN = 7  # one end in so many is an orderly one
_PATIENCE = 60  # seconds without progress; a logger that digests QoS 2 can be quiet for many of them


class Combination(NamedTuple):
    qos: int
    mqtt_version: str
    pace: Pace
    journal_size: str


class Result(NamedTuple):
    kills: int
    stops: int
    messages: int
    account: Account
    redelivered: int  # and recognised, as far as the last line of statistics before a kill tells
    replayed: int


class KillCampaign:
    """One combination: a broker, a publisher, and one logger after the other on the same output.

    Raises AssertionError if an export is not whole after a start, or if an orderly stop is not one.
    """

    def __init__(self, directory: Path, combination: Combination, seed: int):
        self._directory = directory
        self._combination = combination
        self._random = random.Random(seed)
        self._work = directory / "work"
        self._work.mkdir(parents=True)
        self._csv, self._json = (self._work / f"exports/mqtt_data.{format}" for format in ("csv", "json"))
        self._watched = [WatchedExport(self._csv), WatchedExport(self._json)]
        self._port = 0
        self._starts = 0

    def run(self, kills: int) -> Result:
        qos, mqtt_version, pace, _ = self._combination
        broker = Mosquitto(self._directory / "broker").start()
        self._port = broker.port
        try:
            with self._start() as first:  # makes the session: what comes before it, nobody keeps
                first.wait_until_subscribed()
                publisher = NumberedPublisher(self._port, qos, mqtt_version, pace, self._csv)
                first.kill()
            stops = self._end_again_and_again(kills - 1)
            published = publisher.finish()
            account = self._finish(published)
        finally:
            broker.close()
        logs = [path.read_text(errors="replace") for path in sorted(self._directory.glob("logger-*.stderr"))]
        return Result(kills, stops, published, account, sum(map(_count_redelivered, logs)),
                      sum(map(_count_replayed, logs)))

    def _start(self) -> Logger:
        self._starts += 1
        _, _, _, journal_size = self._combination
        return Logger(self._work, self._directory / f"logger-{self._starts:04}.stderr",
                      "--broker", "127.0.0.1", "--port", str(self._port), "--topic", TOPIC_FILTER,
                      "--qos", str(self._combination.qos), "--mqtt-version", self._combination.mqtt_version,
                      "--journal-size", journal_size, "--stats-every", "100ms")

    def _end_again_and_again(self, kills: int) -> int:
        """Returns how many orderly stops there were besides."""
        stops = 0
        while kills:
            time.sleep(self._random.choice((0, 0, 0.3)))
            with self._start() as logger:
                if self._random.randrange(_STOP_IN) == 0:
                    self._wait_until_writing(logger, 15)
                    self._check(logger)
                    time.sleep(self._random.uniform(0, _LONGEST_LIFE))
                    self._stop(logger)
                    stops += 1
                else:
                    self._kill_in_time(logger)
                    kills -= 1
        return stops

    def _kill_in_time(self, logger: Logger) -> None:
        is_early = self._random.randrange(_EARLY_KILL_IN) == 0
        deadline = Deadline(self._random.uniform(0, 0.1 if is_early else _LONGEST_LIFE))
        if self._wait_until_writing(logger, deadline.remaining() / SLOWNESS):
            self._check(logger)
        time.sleep(deadline.remaining())
        logger.kill()

    @staticmethod
    def _wait_until_writing(logger: Logger, seconds: float) -> bool:
        deadline = Deadline(seconds)
        while not logger.find(_WRITES):
            assert logger.is_running(), f"the logger has ended by itself: {logger.log}"
            if deadline.is_over():
                return False
            time.sleep(0.005)
        return True

    def _check(self, logger: Logger) -> None:
        with standing_still(logger):
            for export in self._watched:
                export.check()

    @staticmethod
    def _stop(logger: Logger) -> None:
        exit_code = logger.stop(signal.SIGTERM)
        assert exit_code == 0, f"the logger was asked to stop and ended with {exit_code}: {logger.log}"

    def _finish(self, published: int) -> Account:
        """Lets a last logger write all that is left, and reads the exports from their begin to their end."""
        with self._start() as logger:
            export = GrowingFile(self._csv)
            lines, deadline = 0, Deadline(_PATIENCE)
            while not deadline.is_over():
                time.sleep(0.1)
                count = export.count_lines()
                if count != lines:
                    lines, deadline = count, Deadline(_PATIENCE)
                elif lines >= published + 1 and self._account(published).lost == 0:
                    break
            self._check(logger)
            self._stop(logger)
        exports.require_same_records(exports.read_csv(self._csv), exports.read_json(self._json))
        account = self._account(published)
        if account.is_good:
            self._verify()
        return account

    def _verify(self) -> None:
        """The program's own check, as users run it, finds no fault either."""
        command = [*logger_command(), "--verify", str(self._csv.with_suffix("")), "--sequence", "/seq"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"--verify finds faults: {done.stdout}{done.stderr}"

    def _account(self, published: int) -> Account:
        return take_account(exports.read_csv(self._csv), published)


def _count_redelivered(log: str) -> int:
    counts = re.findall(r"\((\d+) redelivered\)", log)
    return int(counts[-1]) if counts else 0


def _count_replayed(log: str) -> int:
    count = re.search(r"(\d+) messages of the run before", log)
    return int(count[1]) if count else 0
