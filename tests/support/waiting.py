"""Waiting in tests: always for a condition, never for ever."""

import os
import time
from typing import Callable, TypeVar

Result = TypeVar("Result")

# How many times slower than usual this run may be: a build with sanitizers, an emulated processor.
SLOWNESS = float(os.environ.get("LOGGER_TEST_SLOWNESS", "1"))


class WaitedInVain(AssertionError):
    """A deadline passed: the test has failed."""


class Deadline:
    """A point in time, so many seconds (times SLOWNESS) from now."""

    def __init__(self, seconds: float):
        self.seconds = seconds * SLOWNESS
        self._end = time.monotonic() + self.seconds

    def remaining(self) -> float:
        return max(0.0, self._end - time.monotonic())

    def is_over(self) -> bool:
        return time.monotonic() >= self._end

    def check(self, awaited: str) -> None:
        if self.is_over():
            raise WaitedInVain(f"waited {self.seconds:.1f} s in vain for {awaited}")


def wait_until(condition: Callable[[], Result], seconds: float, awaited: str, poll: float = 0.005) -> Result:
    """Returns the first true value of `condition()`. `awaited` completes the sentence "waited in vain for …"."""
    deadline = Deadline(seconds)
    while True:
        result = condition()
        if result:
            return result
        deadline.check(awaited)
        time.sleep(poll)


def wait_while_it_moves(condition: Callable[[], Result], progress: Callable[[], object], seconds: float, awaited: str,
                        poll: float = 0.1) -> Result:
    """As wait_until(), for what takes the longer the slower the machine is: the deadline begins again whenever `progress()`
    tells something new."""
    while True:
        before, deadline = progress(), Deadline(seconds)
        while progress() == before:
            result = condition()
            if result:
                return result
            deadline.check(awaited)
            time.sleep(poll)


def wait_until_it_stays(condition: Callable[[], bool], seconds: float, awaited: str, polls: int = 20) -> None:
    """Returns when so many polls in a row found `condition()` true: what it tells is no passing state."""
    row = 0

    def has_stayed() -> bool:
        nonlocal row
        row = row + 1 if condition() else 0
        return row >= polls

    wait_until(has_stayed, seconds, awaited)
