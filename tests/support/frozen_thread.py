"""Stops one thread of a child process, as a system call that never returns would, and lets it go on again (Linux)."""

import contextlib
import ctypes
import os
from pathlib import Path
from typing import Iterator

from waiting import wait_until

_PTRACE_SEIZE, _PTRACE_INTERRUPT, _PTRACE_DETACH = 0x4206, 0x4207, 17
_WAIT_ALL = 0x40000000  # __WALL: also threads that are not leaders
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def find_thread(process_id: int, name: str) -> int:
    """Waits until the process has a thread of that name."""

    def found() -> int:
        for thread in Path(f"/proc/{process_id}/task").iterdir():
            if (thread / "comm").read_text().strip() == name:
                return int(thread.name)
        return 0

    return wait_until(found, 10, f"a thread named {name}")


def _trace(request: int, thread_id: int) -> None:
    if _libc.ptrace(request, thread_id, None, None) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"ptrace: {os.strerror(error)}")


@contextlib.contextmanager
def frozen(process_id: int, name: str) -> Iterator[None]:
    thread_id = find_thread(process_id, name)
    _trace(_PTRACE_SEIZE, thread_id)
    _trace(_PTRACE_INTERRUPT, thread_id)
    os.waitpid(thread_id, _WAIT_ALL)
    try:
        yield
    finally:
        try:
            _trace(_PTRACE_DETACH, thread_id)
        except ProcessLookupError:  # it has ended with its process, which ends when that is taken note of
            os.waitpid(thread_id, _WAIT_ALL)
