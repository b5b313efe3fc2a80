"""What every end-to-end scenario has: a directory, brokers, loggers, and an account of what went wrong."""

import contextlib
import functools
import shutil
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any, Callable, Iterator

import exports
from broker import Mosquitto, find_mosquitto
from exports import Record
from logger import COMMAND_VARIABLE, Logger, has_client_library, logger_command
from mqtt_client import Client
from waiting import wait_until

__all__ = ["Scenario", "main"]

_SKIPPED = 77  # what CTest takes for "skipped"


def _reported(method: Callable[["Scenario"], None]) -> Callable[["Scenario"], None]:
    @functools.wraps(method)
    def run(self: "Scenario") -> None:
        with self.reporting():
            method(self)

    return run


class Scenario(unittest.TestCase):
    """A test with the real program and the real broker. What it starts ends with it.

    The program runs in `work`; the default output there is `exports/mqtt_data`.
    """

    def __init_subclass__(cls) -> None:
        for name, method in list(vars(cls).items()):
            if name.startswith("test"):
                setattr(cls, name, _reported(method))

    def setUp(self) -> None:
        # Without links in it, because the program prints paths as it resolves them.
        self.directory = Path(tempfile.mkdtemp(prefix="mqtt-logger-test-")).resolve()
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.work = self.directory / "work"
        self.work.mkdir()
        self._brokers = self._loggers = 0
        self._is_reported = False

    def require_client_library(self) -> None:
        if not has_client_library():
            self.skipTest("needs a client library that can speak to a broker")

    def make_broker(self, *config: str) -> Mosquitto:
        self.require_client_library()
        self._brokers += 1
        broker = Mosquitto(self.directory / f"broker-{self._brokers}", *config)
        self.addCleanup(broker.close)
        return broker

    def start_broker(self, *config: str) -> Mosquitto:
        return self.make_broker(*config).start()

    def run_logger(self, *options: str, environment: dict[str, str] | None = None) -> Logger:
        """Starts the program with exactly these options."""
        self._loggers += 1
        logger = Logger(self.work, self.directory / f"logger-{self._loggers}.stderr", *options,
                        environment=environment)
        self.addCleanup(logger.close)
        return logger

    def start_logger(self, port: int, *options: str) -> Logger:
        """Starts the program against this port, and waits until it is subscribed."""
        return self.run_logger("--broker", "127.0.0.1", "--port", str(port), *options).wait_until_subscribed()

    def record(self, port: int, payloads: list[str], *options: str) -> Logger:
        """One run of the logger, which takes in these payloads and stops."""
        logger = self.start_logger(port, "--stats-every", "20ms", *options)
        publisher = self.connect(port)
        for payload in payloads:
            publisher.publish("sensors/a", payload)
        if payloads:
            logger.wait_for(rf"received {len(payloads)}, written {len(payloads)}\b")
        self.assert_stops(logger)
        return logger

    def connect(self, port: int, version: int = 5) -> Client:
        client = Client(port, version=version).connect()
        self.addCleanup(client.close)
        return client

    def path(self, extension: str, output: str = "exports/mqtt_data") -> Path:
        return self.work / f"{output}.{extension}"

    def wait_for_records(self, count: int, seconds: float = 10, output: str = "exports/mqtt_data") -> None:
        """Waits until so many records are in the JSON export (always one a line) and in the CSV (at least)."""
        json_path, csv_path = self.path("json", output), self.path("csv", output)
        wait_until(lambda: exports.count_lines(json_path, b'{"') >= count, seconds, f"{count} records in the JSON",
                   poll=0.02)
        wait_until(lambda: exports.count_lines(csv_path) >= count + 1, seconds, f"{count} records in the CSV",
                   poll=0.02)

    def count_records(self, output: str = "exports/mqtt_data") -> int:
        """What the JSON export holds by now; the CSV may be ahead or behind while the logger writes."""
        return exports.count_lines(self.path("json", output), b'{"')

    def read_both(self, output: str = "exports/mqtt_data") -> tuple[list[Record], list[Record]]:
        """Reads CSV and JSON back, which must hold the same."""
        from_csv = exports.read_csv(self.path("csv", output))
        from_json = exports.read_json(self.path("json", output))
        exports.require_same_records(from_csv, from_json)
        return from_csv, from_json

    def assert_stops(self, logger: Logger, how: object = "q", exit_code: int = 0) -> None:
        self.assertEqual(logger.stop(how), exit_code)  # type: ignore[arg-type]
        self.assertEqual(logger.output, "", "standard output must stay free")

    @contextlib.contextmanager
    def subTest(self, *arguments: Any, **parameters: Any) -> Iterator[None]:
        with super().subTest(*arguments, **parameters), self.reporting():
            yield

    @contextlib.contextmanager
    def reporting(self) -> Iterator[None]:
        """A failure inside shows what was logged, before the test's directory goes."""
        try:
            yield
        except unittest.SkipTest:
            raise
        except BaseException:
            if not self._is_reported:
                self._is_reported = True
                self._report()
            raise

    def _report(self) -> None:
        print(f"\n=== {self.id()} fails; its directory:", file=sys.stderr)
        for path in sorted(self.directory.rglob("*")):
            if path.is_file():
                print(f"{path.stat().st_size:12}  {path.relative_to(self.directory)}", file=sys.stderr)
        for path in sorted([*self.directory.glob("*.std*"), *self.directory.glob("*/mosquitto.log")]):
            text = path.read_text(errors="replace")
            print(f"--- {path.relative_to(self.directory)}\n{text[-5000:]}", file=sys.stderr)


def main(needs_broker: bool = True) -> None:
    """unittest.main() with CTest's exit codes: 77 where nothing could be tested."""
    if not logger_command():
        sys.exit(f"set {COMMAND_VARIABLE} to the command that starts the program")
    if needs_broker and find_mosquitto() is None:
        print("SKIPPED: mosquitto is not installed")
        sys.exit(_SKIPPED)
    result = unittest.main(exit=False).result
    if not result.wasSuccessful():
        sys.exit(1)
    # A test that skips some of its parts only is listed once for each of them.
    skipped = {getattr(test, "test_case", test).id(): reason for test, reason in result.skipped}
    if skipped:
        print(f"SKIPPED {len(skipped)} of {result.testsRun}: {', '.join(sorted(set(skipped.values())))}")
    if result.testsRun and len(skipped) == result.testsRun:
        sys.exit(_SKIPPED)
