"""A long run in bad company, everything at once: the logger killed, its connection cut and stalled, the broker restarted, the
disk filled, the exports moved, SIGHUP, the clock set; with simulated sensors, a steady load, rotation, retention and
compression. Every message is accounted for, and memory, descriptors and threads are watched."""

import os
import random
import re
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Callable, Iterator, NamedTuple

from broker import Mosquitto
from harvest import Harvest
from logger import Logger
from mqtt_client import BackgroundPublisher, Client, Message
from process_watch import MemoryWatch, Usage, measure_usage, open_files
from proxy import Proxy
from waiting import wait_until

_TOPIC = "soak/load"
_LAST = b"the last one"
_KILLING = 0.2  # of the time; then one logger lives to the end, and is watched
_DISK_BYTES = 24 * 1024 * 1024
_KEEP = 6  # turns
_SYNCHRONISED = "SYNCHRONISED_LIBRARY"  # makes the clock count as synchronised; without it retention is not looked at
_EXTENSIONS = ("csv", "json")
_PATIENCE = 120  # until all is written
_STATISTICS = re.compile(r"received (\d+).*?, written (\d+), pending (\d+), dropped (\d+)(?: \(.*?\))?(?:, excluded (\d+))?$")
_LONGEST_LINE = 1 << 40  # a count that went below zero is far beyond


def find_fake_clock() -> str | None:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    return str(found[0]) if found else None


def _messages(total: int) -> Iterator[Message]:
    """Made while they are sent."""
    return (Message(_TOPIC, b"%d %s" % (number, b"x" * (number % 120)), 1) for number in range(total))


def _is_retention_watched() -> bool:
    return find_fake_clock() is None or _SYNCHRONISED in os.environ


class Result(NamedTuple):
    published: int
    resent: set[int]
    copies: dict[str, Counter]  # by format: how often each number stands in the exports
    troubles: Counter
    files: int
    removed: int  # of the files, by the logger itself
    kept: list[str]  # and those that it has kept
    lives: int
    statistics_lines: int
    memory: MemoryWatch
    usage: tuple[Usage, Usage]  # at the begin and at the end of the last life
    wrong_lines: list[str]
    has_stopped: bool

    def lost(self) -> int:
        return sum(number not in copies for copies in self.copies.values() for number in range(self.published))

    def doubled(self) -> int:
        """Without those that our publisher has sent twice, because it had no answer."""
        return sum(count > 1 and number not in self.resent
                   for copies in self.copies.values() for number, count in copies.items())

    def faults(self) -> list[str]:
        before, after = self.usage
        found = {
            f"{self.lost()} messages are lost": self.lost() > 0,
            f"{self.doubled()} messages stand there twice": self.doubled() > 0,
            f"memory has grown: {self.memory}": not self.memory.is_flat,
            f"descriptors and threads were {before} and are {after}": before != after,
            f"statistics do not add up: {self.wrong_lines[:3]}": bool(self.wrong_lines),
            "the logger has removed no file": _is_retention_watched() and self.removed == 0,
            f"--keep {_KEEP} has kept {self.kept}":
                _is_retention_watched() and len(self.kept) > (_KEEP + 1) * len(_EXTENSIONS),
            "there was no statistics line": self.statistics_lines == 0,
            "the logger was asked to stop and did not end with 0": not self.has_stopped,
        }
        return [fault for fault, is_found in found.items() if is_found]


class Soak:
    def __init__(self, directory: Path, seconds: float, rate: int, pause: tuple[float, float], seed: int,
                 most_growth_kib: int):
        self._most_growth_kib = most_growth_kib
        self._directory, self._seconds, self._rate, self._pause = directory, seconds, rate, pause
        self._random = random.Random(seed)
        self._work = directory / "work"
        self._exports = self._work / "exports"
        self._clock = directory / "clock"
        self._troubles: Counter = Counter()
        self._lives = self._moves = self._moved_away = 0
        self._closed: dict[Path, float] = {}  # moved exports that nobody writes any more, since when
        self._ballast_until = 0.0
        self._has_disk = False

    def run(self) -> Result:
        self._exports.mkdir(parents=True)
        self._set_clock(0)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK_BYTES}", "tmpfs", self._exports],
                                 capture_output=True)
        self._has_disk = mounted.returncode == 0
        self._harvest = Harvest(self._exports, self._directory / "harvest", _EXTENSIONS)
        self._broker = Mosquitto(self._directory / "broker", "persistence true", "autosave_interval 0").start()
        self._proxy = Proxy(self._broker.port)
        self._logger = self._start()
        try:
            return self._run()
        finally:
            self._logger.close()
            self._proxy.close()
            self._broker.close()
            self._harvest.close()
            if self._has_disk:
                subprocess.run(["umount", "-l", self._exports], check=True)

    def _run(self) -> Result:
        self._logger.wait_until_subscribed()
        total = round(self._seconds * self._rate)
        publisher = BackgroundPublisher(self._broker.port, _messages(total), rate=self._rate, burst=20,
                                        seconds=4 * self._seconds + 60)
        begin = time.monotonic()
        troubles = [self._cut, self._stall, self._restart_broker, self._fill_disk, self._hang_up, self._move_exports,
                    self._jump]
        self._trouble([*troubles, self._kill, self._kill], lambda: time.monotonic() < begin + _KILLING * self._seconds)
        self._kill()
        self._logger.wait_until_subscribed(60)
        before = self._settle()
        memory = MemoryWatch(self._logger.pid, self._most_growth_kib)
        self._trouble(troubles, lambda: publisher.is_running, memory.look)
        resent = {int(message.payload.split()[0]) for message in publisher.wait(60)}
        self._wait_until_written()
        after = self._settle()
        has_stopped = self._logger.stop(signal.SIGTERM, 60) == 0
        kept = sorted(path.name for extension in _EXTENSIONS for path in self._exports.glob(f"mqtt_data*.{extension}*"))
        files = self._harvest.finish()
        copies = {extension: self._count(extension) for extension in _EXTENSIONS}
        lines, wrong = self._check_statistics()
        return Result(total, resent, copies, self._troubles, files, self._harvest.gone - self._moved_away, kept,
                      self._lives, lines, memory, (before, after), wrong, has_stopped)

    def _start(self) -> Logger:
        self._lives += 1
        environment = {}
        if clock := find_fake_clock():
            # Where the clock is moved and is not synchronised, nothing is removed for ten minutes.
            preload = ":".join(filter(None, [clock, os.environ.get(_SYNCHRONISED)]))
            environment = {"LD_PRELOAD": preload, "FAKETIME_TIMESTAMP_FILE": str(self._clock), "FAKETIME_NO_CACHE": "1",
                           "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        return Logger(self._work, self._directory / f"logger-{self._lives:03}.stderr", "--broker", "127.0.0.1",
                      "--port", str(self._proxy.port), "--topic", _TOPIC, "--topic", "sensors/#", "--simulate",
                      "--sensors", "20", "--interval", "200ms", "--journal", "soak.journal", "--journal-size", "4MiB",
                      "--keep-alive", "4s", "--stats-every", "1s", "--metrics-file", "soak.prom", "--rotate-size", "256KiB",
                      "--rotate-every", "1m", "--compress", "gzip", "--keep", str(_KEEP), environment=environment)

    def _trouble(self, troubles: list[Callable[[], None]], goes_on: Callable[[], bool],
                 look: Callable[[], None] = lambda: None) -> None:
        next_trouble = time.monotonic() + 1
        while goes_on():
            look()
            self._remove_moved()
            if self._ballast_until and time.monotonic() >= self._ballast_until:
                self._free_disk()
            if troubles and time.monotonic() >= next_trouble:
                trouble = self._random.choice(troubles)
                trouble()
                self._troubles[trouble.__name__.strip("_")] += 1
                next_trouble = time.monotonic() + self._random.uniform(*self._pause)
            time.sleep(0.1)
        self._free_disk()

    def _cut(self) -> None:
        self._proxy.cut()

    def _stall(self) -> None:
        self._proxy.stall()

    def _restart_broker(self) -> None:
        self._broker.restart()

    def _hang_up(self) -> None:
        os.kill(self._logger.pid, signal.SIGHUP)

    def _kill(self) -> None:
        self._logger.kill()
        self._logger.close()
        self._closed.clear()
        self._logger = self._start()

    def _jump(self) -> None:
        self._set_clock(self._random.choice((-86_400, -3600, -61, -1, 0, 1, 61, 3600, 86_400)))

    def _set_clock(self, seconds: int) -> None:
        new = self._clock.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.replace(self._clock)

    def _move_exports(self) -> None:
        """What is being written goes out of the way, as log rotation from outside does it."""
        self._moves += 1
        opened = [path for path in map(Path, open_files(self._logger.pid)) if path.parent == self._exports]
        for suffix in (".csv", ".json"):
            # Older ones are open because they are being compressed.
            newest = max((path for path in opened if path.suffix == suffix and path.exists()),
                         key=lambda path: path.stat().st_mtime_ns, default=None)
            if newest is not None:
                newest.rename(self._exports / f"moved-{self._moves}{suffix}")
        self._hang_up()

    def _fill_disk(self) -> None:
        if not self._has_disk:
            return
        with (self._exports / "ballast").open("ab", buffering=0) as ballast:
            try:
                while ballast.write(b"x" * 65536) > 0:
                    pass
            except OSError:
                pass  # full, which is what was wanted
        self._ballast_until = time.monotonic() + self._random.uniform(2, 5)

    def _free_disk(self) -> None:
        (self._exports / "ballast").unlink(missing_ok=True)
        self._ballast_until = 0

    def _remove_moved(self) -> None:
        """Two seconds after nobody has them open any more, so that the disk has room."""
        busy = open_files(self._logger.pid)
        now = time.monotonic()
        for path in self._exports.glob("moved-*"):
            if str(path) in busy:
                self._closed.pop(path, None)
            elif now - self._closed.setdefault(path, now) > 2:
                path.unlink()
                del self._closed[path]
                self._moved_away += 1

    def _settle(self) -> Usage:
        """A while without trouble, connected."""
        self._trouble([], self._soon_over(5))
        return measure_usage(self._logger.pid)

    @staticmethod
    def _soon_over(seconds: float) -> Callable[[], bool]:
        end = time.monotonic() + seconds
        return lambda: time.monotonic() < end

    def _wait_until_written(self) -> None:
        """The broker keeps the order: when this message is there, all are."""
        with Client(self._broker.port).connect() as publisher:
            publisher.publish(_TOPIC, _LAST)

        def is_there() -> bool:
            return all(self._harvest.contains(_LAST, extension) for extension in _EXTENSIONS)

        wait_until(is_there, _PATIENCE, "the last message in the exports", poll=0.2)

    def _count(self, extension: str) -> Counter:
        return Counter(int(record.payload.split()[0]) for record in self._harvest.read(extension)
                       if record.topic == _TOPIC and record.payload != _LAST)

    def _check_statistics(self) -> tuple[int, list[str]]:
        lines, wrong = 0, []
        for log in sorted(self._directory.glob("logger-*.stderr")):
            last = (0, 0)
            for line in log.read_text(errors="replace").splitlines():
                match = _STATISTICS.search(line)
                if match is None:
                    continue
                lines += 1
                received, written, pending, dropped, excluded = (int(count or 0) for count in match.groups())
                adds_up = received == written + pending + dropped + excluded and pending < _LONGEST_LINE
                if not adds_up or (received, written) < last:
                    wrong.append(f"{log.name}: {line}")
                last = (received, written)
        return lines, wrong
