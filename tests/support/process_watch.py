"""What a process takes of its machine, over time: memory, descriptors, threads (Linux)."""

import os
import statistics
import time
from pathlib import Path
from typing import NamedTuple

_WARM_UP = 0.25  # of the time: caches, the library's tables
_LOOKS = 20  # a moment with a connection or a file more is no leak: the least of so many looks counts


class Usage(NamedTuple):
    descriptors: int
    threads: int


def read_status(process: int) -> dict[str, str]:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return {name: value.strip() for name, value in (line.split(":", 1) for line in lines)}


def open_files(process: int) -> set[str]:
    """The names of what the process has open."""
    names = set()
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        try:
            names.add(os.readlink(descriptor))
        except FileNotFoundError:
            pass  # closed meanwhile
    return names


def measure_usage(process: int) -> Usage:
    looks = []
    for _ in range(_LOOKS):
        looks.append((len(os.listdir(f"/proc/{process}/fd")), int(read_status(process)["Threads"])))
        time.sleep(0.05)
    return Usage(min(descriptors for descriptors, _ in looks), min(threads for _, threads in looks))


class MemoryWatch:
    """Memory that is the process's alone: without the journal's mapping, whose pages come in as it goes round."""

    def __init__(self, process: int, most_growth_kib: int):
        self._process, self._begin, self._most_growth_kib = process, time.monotonic(), most_growth_kib
        self.samples: list[tuple[float, int]] = []

    def look(self) -> None:
        self.samples.append((time.monotonic() - self._begin, int(read_status(self._process)["RssAnon"].split()[0])))

    def _steady(self) -> list[tuple[float, int]]:
        end = self.samples[-1][0]
        return [sample for sample in self.samples if sample[0] >= end * _WARM_UP]

    @property
    def growth_kib(self) -> float:
        """By a straight line through the steady part."""
        steady = self._steady()
        slope, _ = statistics.linear_regression(*zip(*steady))
        return slope * (steady[-1][0] - steady[0][0])

    @property
    def spread_kib(self) -> float:
        return statistics.pstdev(memory for _, memory in self._steady())

    @property
    def is_flat(self) -> bool:
        return self.growth_kib <= self._most_growth_kib

    def __str__(self) -> str:
        memory = [kib for _, kib in self.samples]
        return (f"{memory[0]} KiB at first, {max(memory)} at most, {memory[-1]} at the end; growth by regression "
                f"{self.growth_kib:.0f} KiB, standard deviation {self.spread_kib:.0f} KiB")
