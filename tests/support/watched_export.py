"""An export that is checked again and again while it grows."""

import signal
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator
import os

import exports
from logger import Logger

_CSV_HEADER = ",".join(exports.CSV_HEADER).encode() + b"\n"


@contextmanager
def standing_still(logger: Logger) -> Iterator[None]:
    """The program is stopped between two system calls, so that what is read is what it has written.

    (A reader beside a running write may see a part of it.)
    """
    os.kill(logger.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, logger.pid, os.WSTOPPED)
    try:
        yield
    finally:
        os.kill(logger.pid, signal.SIGCONT)


class WatchedExport:
    """One CSV or JSON export. Each byte is parsed once, and may not change: what a recovery cuts off comes again."""

    def __init__(self, path: Path):
        self._path = path
        self._is_json = path.suffix == ".json"
        self._body = b"[" if self._is_json else _CSV_HEADER

    def check(self) -> None:
        """Raises NotReadable unless the file is whole."""
        closing = b"\n]\n" if self._is_json else b""
        data = self._path.read_bytes()
        exports.require(data.endswith(closing), f"{self._path.name} is not closed: …{data[-80:]!r}")
        body = data[: len(data) - len(closing)]
        known = min(len(body), len(self._body))
        exports.require(body[:known] == self._body[:known], f"{self._path.name} has changed before its end")
        cut_off = self._body[known:]
        exports.require(not cut_off or self._is_end_of_record(body, cut_off), f"{self._path.name} is cut off within a "
                                                                              f"record: …{body[-80:]!r}")
        self._parse(body[known:])
        self._body = body

    def _is_end_of_record(self, body: bytes, cut_off: bytes) -> bool:
        return cut_off.startswith((b",\n", b"\n")) if self._is_json else body.endswith(b"\n")

    def _parse(self, added: bytes) -> None:
        if not self._is_json:
            exports.parse_csv(_CSV_HEADER + added)
        elif added:
            exports.parse_json(b"[" + added.removeprefix(b",") + b"\n]\n")
