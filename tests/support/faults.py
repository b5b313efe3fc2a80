"""Lets file calls of the program under test fail, and moves its wall clock: tests/preload/faults.cpp, loaded into it."""

import mmap
import os
import struct
from pathlib import Path

_LIBRARY_VARIABLE = "FAULTS_LIBRARY"


class Faults:
    """What happens to a program that is started with `environment`. `folder` is where its file calls can fail."""

    def __init__(self, control: Path, folder: Path):
        library = os.environ.get(_LIBRARY_VARIABLE)
        if not library:
            raise AssertionError(f"set {_LIBRARY_VARIABLE} to the library built of tests/preload/faults.cpp")
        control.write_bytes(bytes(mmap.PAGESIZE))
        with control.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self.environment = {"LD_PRELOAD": os.path.abspath(library), "FAULTS_FILE": str(control),
                            "FAULTS_FOLDER": str(folder),
                            # A sanitizer wants to be the first library.
                            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}

    def fail(self, error: int) -> None:
        """From now on calls that write in the folder fail with this errno; 0: they do not any more."""
        self._put(0, error)

    def move_clock(self, seconds: int) -> None:
        """The wall clock is so many seconds ahead of the machine's."""
        self._put(8, seconds)

    def let_time_pass(self, seconds: int) -> None:
        """So much more time has passed since the machine's start; its wall clock goes as move_clock() says."""
        self._put(24, seconds)

    def synchronise(self, is_synchronised: bool) -> None:
        """What the kernel says of the wall clock; at first, that it is not."""
        self._put(32, int(is_synchronised))

    def limit_threads(self, count: int) -> None:
        """The system gives so many threads more and no others."""
        self._put(40, count + 1)

    @property
    def failed_calls(self) -> int:
        return int(struct.unpack_from("<q", self._map, 16)[0])

    def _put(self, offset: int, number: int) -> None:
        struct.pack_into("<q", self._map, offset, number)
