"""Child processes that never outlive the test, even if it is killed."""

import ctypes
import multiprocessing
import os
import signal
import sys
from typing import Any, Callable

from waiting import Deadline, WaitedInVain

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """For `preexec_fn`: the kernel kills this process when its parent ends, however that happens."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Background:
    """A function that runs in a forked process, beside the test.

    Its result, or its exception, comes back from wait(). The function's first argument is its end of a two-way pipe:
    the test's end is `pipe`.
    """

    def __init__(self, function: Callable[..., Any], *arguments: Any, **options: Any):
        fork = multiprocessing.get_context("fork")
        self.pipe, child_pipe = fork.Pipe()
        self._results, child_results = fork.Pipe(duplex=False)
        self._process = fork.Process(
            target=self._run, args=(child_pipe, child_results, function, arguments, options), daemon=True
        )
        self._process.start()
        child_pipe.close()
        child_results.close()

    @staticmethod
    def _run(pipe: Any, results: Any, function: Callable[..., Any], arguments: tuple, options: dict) -> None:
        die_with_parent()
        try:
            results.send((function(pipe, *arguments, **options), None))
        except BaseException as error:  # the test gets to know it, whatever it is
            results.send((None, error))
        os._exit(0)  # leaves the parent's open files and clean-ups alone

    @property
    def is_running(self) -> bool:
        return self._process.is_alive()

    def wait(self, seconds: float) -> Any:
        if not self._results.poll(Deadline(seconds).remaining()):
            self.kill()
            raise WaitedInVain(f"a background process did not end within {seconds:.1f} s")
        result, error = self._results.recv()
        self._process.join()
        if error is not None:
            raise error
        return result

    def kill(self) -> None:
        self._process.kill()
        self._process.join()
