"""Ended at each named step of its protocol, it loses nothing and doubles nothing.

The program under test is the one with crash points (platform/crash_point.hpp); their names are found in its sources.
"""

import itertools
import os
import re
import signal
import socket
import sys
import time
import traceback
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(_ROOT / "tests" / "support"))

import exports
from broker import Mosquitto
from logger import COMMAND_VARIABLE, SUBSCRIBED, Logger
from mqtt_client import Client
from mqtt_packets import make_connect
from numbered import TOPIC_FILTER, Account, make_message, take_account
from processes import Background
from scenario import Scenario, main
from series import list_series, read_file, read_series
from waiting import wait_until
from watched_export import WatchedExport, standing_still

_CRASHING_LOGGER = "CRASHING_LOGGER"
_BATCH = 250  # messages before each death; with a journal of 64 KiB it goes round every other time
_TELLING = 4096  # deliveries before the logger believes that a broker gives out identifiers in order
_PASSES = ("1", "2", "1/40")  # each death comes at another pass of its point
_WORKERS = 3
_PATIENCE = 120  # files are compressed when the machine has nothing better to do

# Where a point is passed only after a death at another one.
_AFTER = {
    "recovery-cut": "file-written",  # the last write has no checkpoint
    "recovery-closed": "file-written",
    "redelivery-recognised": "head-stored",  # nothing was acknowledged
}
# How the program passes it at all.
_COMPRESSING = ("--rotate-size", "4KiB", "--compress", "gzip")
_WITH_OPTIONS = {"rotation-": ("--rotate-size", "4KiB"), "part-": _COMPRESSING, "compressed-": _COMPRESSING}
_ONLY_WHEN_CUT = "journal-restored"  # somebody has cut the journal
# Who does not pass it, because messages of QoS 1 and 2 enter by different doors.
_ONLY_AT_QOS = {"callback-begun": 1, "callback-done": 1, "put-begun": 2, "put-done": 2, "release-begun": 2,
                "release-done": 2}


def find_names() -> list[str]:
    """In the order of the files."""
    sources = sorted((_ROOT / "src").rglob("*.cpp"))
    calls = re.compile(r'\bcrash_point\("([^"]+)"\)')
    return [name for source in sources for name in calls.findall(source.read_text(encoding="utf-8"))]


class Case:
    """One output with its broker: messages are published, loggers die, and in the end everything must be there."""

    def __init__(self, directory: Path, qos: int, mqtt_version: str, options: tuple[str, ...] = ()):
        self._options = options
        self._directory, self._qos, self._mqtt_version = directory, qos, mqtt_version
        self._work = directory / "work"
        self._work.mkdir(parents=True)
        self.broker = Mosquitto(directory / "broker").start()
        self._published = self._starts = 0
        self._compressed: dict[Path, int] = {}  # records in files that are compressed
        self.has_session = False  # from then on the broker keeps what is published

    def start(self, crash_point: str = "") -> Logger:
        self._starts += 1
        return Logger(self._work, self._directory / f"logger-{self._starts}.stderr", "--broker", "127.0.0.1",
                      "--port", str(self.broker.port), "--topic", TOPIC_FILTER, "--qos", str(self._qos),
                      "--mqtt-version", self._mqtt_version, "--journal-size", "64KiB", *self._options,
                      environment={"LOGGER_CRASH_POINT": crash_point, "LOGGER_CRASH_SEED": str(self._starts)})

    def publish(self, messages: int = _BATCH) -> None:
        begin, self._published = self._published, self._published + messages
        with Client(self.broker.port, version=5 if self._mqtt_version == "5" else 4) as client:
            client.publish_all(make_message(number, self._qos) for number in range(begin, self._published))

    def die(self, crash_point: str) -> bool:
        """Starts a logger that is to die there, at the latest when it is asked to stop; whether it does."""
        if self.has_session:
            self.publish()
        with self.start(crash_point) as logger:
            if self.is_subscribed(logger):
                self.has_session = True
                self.publish()
                wait_until(lambda: self._is_done() or not logger.is_running(), _PATIENCE,
                           "the logger to die or to write")
            if crash_point.startswith(_ONLY_WHEN_CUT):
                self.cut_journal(logger)
            if logger.is_running():
                logger.stop(signal.SIGTERM)
            return logger.wait() == -signal.SIGKILL

    def cut_journal(self, logger: Logger) -> None:
        """Nothing is in it that is not in the exports, and nothing is under way, which would come twice."""
        time.sleep(1)
        for count in range(1, 3):
            if logger.is_running():
                os.truncate(self._work / "exports/mqtt_data.journal", 0)
            wait_until(lambda: not logger.is_running() or len(logger.find("was cut or overwritten")) >= count, 15,
                       "the logger to restore its journal")

    def is_subscribed(self, logger: Logger) -> bool:
        """Waits until it is, or has ended."""
        wait_until(lambda: logger.find(SUBSCRIBED) or not logger.is_running(), 15, "the logger to subscribe")
        return bool(logger.find(SUBSCRIBED))

    def break_two_connections(self) -> None:
        """The broker waits for PUBCOMP of something. A connection in the logger's name that closes at once makes
        Mosquitto forget that PUBREC has come: it sends these messages once more."""
        logs = "".join(path.read_text(errors="replace") for path in self._directory.glob("logger-*.stderr"))
        client_id = re.findall(r"connecting to \S+ as (\S+)", logs)[-1]
        packet = make_connect(client_id, 5 if self._mqtt_version == "5" else 4, False, 3600, None, None)
        before = self._count_broken()
        with socket.create_connection(("127.0.0.1", self.broker.port)) as connection:
            connection.send(packet, socket.MSG_MORE)  # leaves with the close: the answer finds nobody
        wait_until(lambda: self._count_broken() > before, 10, "Mosquitto to see a broken pipe")

    def _count_broken(self) -> int:
        return self.broker.log_path.read_text(errors="replace").count("Broken pipe")

    def finish(self) -> Account:
        """A logger without a crash point finds whole exports and writes what is left."""
        with self.start() as logger:
            logger.wait_until_subscribed()
            with standing_still(logger):
                for path in [*self._files("csv"), *self._files("json")]:
                    if path.suffix != ".gz" and not self._is_being_begun(path):
                        WatchedExport(path).check()
            self.publish()
            wait_until(self._is_done, _PATIENCE, f"{self._published} messages")
            exit_code = logger.stop(signal.SIGTERM)
            assert exit_code == 0, f"the logger has ended with {exit_code}"
        self._check_folder()
        records = read_series(self._work / "exports", "mqtt_data")
        return take_account(records, self._published)

    def _check_folder(self) -> None:
        """Nothing stands there twice, and nothing is left half done."""
        names = [path.name for path in (self._work / "exports").iterdir()]
        twice = [name for name in names if f"{name}.gz" in names]
        assert not twice and not [name for name in names if name.endswith(".part")], sorted(names)

    def _files(self, extension: str) -> list[Path]:
        """The one file, or those of the series in their order."""
        return list_series(self._work / "exports", "mqtt_data", extension)

    def _is_being_begun(self, path: Path) -> bool:
        """A file of a series is made, and then gets its first bytes: the logger may stand still in between."""
        return bool(self._options) and path.stat().st_size == 0 and path == self._files(path.suffix[1:])[-1]

    def _is_written(self) -> bool:
        return sum(self._count(path) for path in self._files("json")) >= self._published

    def _is_done(self) -> bool:
        """All is written, and compressed if it is to be."""
        if not self._is_written():
            return False
        finished = [path for extension in ("csv", "json") for path in self._files(extension)[:-1]]
        return self._options != _COMPRESSING or all(path.suffix == ".gz" for path in finished)

    def _count(self, path: Path) -> int:
        if path.suffix != ".gz":
            return exports.count_lines(path, b'{"')
        if path not in self._compressed:  # it does not change any more
            self._compressed[path] = read_file(path).count(b'\n{"')
        return self._compressed[path]


class CrashPoints(Scenario):
    def make_case(self, name: str, qos: int, mqtt_version: str) -> Case:
        options = next((options for begin, options in _WITH_OPTIONS.items() if name.startswith(begin)), ())
        case = Case(self.directory / f"{name}-{qos}-{mqtt_version}", qos, mqtt_version, options)
        self.addCleanup(case.broker.close)
        return case

    def run_case(self, name: str, qos: int, mqtt_version: str) -> None:
        case = self.make_case(name, qos, mqtt_version)
        deaths = 0
        for number in _PASSES:
            if name in _AFTER:
                case.die(_AFTER[name])
            deaths += case.die(f"{name}:{number}")
            if deaths == 0:
                break
            if not case.has_session:  # that death came too early for one
                case.die("")
        self.assertEqual(deaths > 0, _ONLY_AT_QOS.get(name, qos) == qos, f"{deaths} deaths at {name}")
        self.assertEqual(case.finish(), Account())
        case.broker.close()

    def run_all(self, qos: int, mqtt_version: str) -> None:
        names = find_names()
        self.assertGreater(len(names), 40)
        if (qos, mqtt_version) != (1, "5"):  # how a message came makes no difference to files that are finished
            names = [name for name in names if _WITH_OPTIONS.get(name.split("-")[0] + "-") != _COMPRESSING]
        workers = [Background(self._run_some, names[begin::_WORKERS], qos, mqtt_version) for begin in range(_WORKERS)]
        for worker in workers:
            self.addCleanup(worker.kill)
        faults = {name: fault for worker in workers for name, fault in worker.wait(600).items()}
        self.assertEqual(sorted(faults), sorted(names))
        for name, fault in faults.items():
            with self.subTest(name):
                self.assertFalse(fault, fault)

    def _run_some(self, _: Any, names: list[str], qos: int, mqtt_version: str) -> dict[str, str]:
        """Returns what was wrong with each name, or nothing. In a process of its own: a case mostly waits."""
        faults = dict.fromkeys(names, "")
        for name in names:
            try:
                self.run_case(name, qos, mqtt_version)
            except Exception:
                faults[name] = traceback.format_exc()
        return faults

    def test_qos_1_with_mqtt_5(self) -> None:
        self.run_all(1, "5")

    def test_qos_1_with_mqtt_3_1_1(self) -> None:
        self.run_all(1, "3.1.1")

    def test_qos_2_with_mqtt_5(self) -> None:
        self.run_all(2, "5")

    def test_qos_2_with_mqtt_3_1_1(self) -> None:
        self.run_all(2, "3.1.1")

    def test_message_that_comes_again_after_its_release_is_known(self) -> None:
        for mqtt_version in ("5", "3.1.1"):
            with self.subTest(mqtt_version=mqtt_version):
                case = self.make_case("sent-after-release", 2, mqtt_version)
                self.assertFalse(case.die(""))
                case.publish(messages=_TELLING)
                self.assertFalse(case.die(""))
                self.assertTrue(case.die("release-done:1"))
                case.break_two_connections()
                self.assertEqual(case.finish(), Account())

    def test_new_session_that_nobody_could_subscribe_is_subscribed_by_the_next_one(self) -> None:
        for name, mqtt_version in itertools.product(("connect-answered", "subscribe-begun"), ("5", "3.1.1")):
            with self.subTest(name, mqtt_version=mqtt_version):
                case = self.make_case(name, 1, mqtt_version)
                self.assertFalse(case.die(""))
                case.broker.restart()  # without persistence: it has forgotten the session
                with case.start(name) as logger:
                    self.assertFalse(case.is_subscribed(logger))
                self.assertEqual(case.finish(), Account())


if __name__ == "__main__":
    if _CRASHING_LOGGER not in os.environ:
        sys.exit(f"set {_CRASHING_LOGGER} to the program with crash points")
    os.environ[COMMAND_VARIABLE] = os.environ[_CRASHING_LOGGER]
    main()
