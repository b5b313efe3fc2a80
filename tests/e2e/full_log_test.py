"""There is no room for the log: the logger goes on, lines wait and come later, and what is missing is said."""

import re
import resource
import signal
import sys
from pathlib import Path
from typing import Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from logger import Logger
from scenario import main
from small_disk import SmallDisk
from waiting import wait_until

_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z (info|warning|error|debug) ")


class FullLog(SmallDisk):
    def setUp(self) -> None:
        super().setUp()
        self.ballast.unlink()
        self.broker = self.start_broker()
        self.log = self.disk / "log"
        self.published = 0

    def start(self, log: Path, *options: str) -> Logger:
        logger = self.run_logger("--broker", "127.0.0.1", "--port", str(self.broker.port), "--output", "data", "--log-file",
                                 str(log), *options)
        wait_until(lambda: "subscribed to" in log.read_text() if log.exists() else False, 15, "the subscription")
        self.publisher = self.connect(self.broker.port)
        return logger

    def lose_export(self) -> None:
        """Something that the logger has to say."""
        self.path("csv", "data").unlink()
        wait_until(self.path("csv", "data").exists, 15, "a new export")

    def check(self, log: str, times_said: int) -> None:
        for line in log.splitlines():
            self.assertRegex(line, _LINE)
        times = [line.split(" ")[0] for line in log.splitlines()]
        self.assertEqual(times, sorted(times))
        self.assertEqual(len(re.findall("data.csv was moved, deleted or cut", log)), times_said)

    def wait_and_check(self, log: Path, make_room: Callable[[], object], fill: Callable[[], object]) -> None:
        logger = self.start(log)
        fill()
        self.lose_export()
        self.lose_export()
        self.publisher.publish("sensors/a", "1")
        self.wait_for_records(1, output="data")
        make_room()
        wait_until(lambda: log.read_text().count("started a new file") == 2, 15, "what was said meanwhile")
        self.assert_stops(logger)
        self.check(log.read_text(), 2)
        self.assertRegex(log.read_text(), "received 1, written 1, pending 0")

    def test_full_disk(self) -> None:
        filler = self.disk / "filler"

        def fill() -> None:
            # The log's last page has room for a part of the next line, which is cut there and goes on later.
            text = self.log.read_text()
            line = text.splitlines()[-1][: len("2026-11-21T09:12:31.880193Z")] + " info    "
            with self.log.open("a") as file:
                file.write(line + "x" * (2 * 4096 - 20 - (len(text.encode()) + len(line) + 1) % 4096) + "\n")
            with filler.open("wb", buffering=0) as file:
                try:
                    while True:
                        file.write(b"x" * 4096)
                except OSError:
                    pass

        self.wait_and_check(self.log, filler.unlink, fill)

    def test_limit_on_the_size_of_files(self) -> None:
        log = self.work / "log"
        log.write_text("2026-11-21T09:12:31.880193Z info    " + "x" * 100_000 + "\n")

        def limit(size: int) -> None:
            resource.prlimit(pid(), resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

        def pid() -> int:
            return int((self.work / "data.lock").read_text().splitlines()[0])

        self.wait_and_check(log, lambda: limit(resource.RLIM_INFINITY), lambda: limit(log.stat().st_size + 50))

    def test_a_stop_does_not_wait_for_room(self) -> None:
        logger = self.start(self.log)
        with self.filled():
            for _ in range(5):
                self.lose_export()
            self.assertEqual(logger.stop(signal.SIGTERM), 0)


if __name__ == "__main__":
    main()
