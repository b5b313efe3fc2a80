"""All that a logger ever exports, also what it removes itself: followed by links, and taken once it is gone from its folder."""

import gzip
import os
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import exports
from exports import Record

_LOOK_EVERY = 0.01  # a file may live no longer than six turns, of which a burst makes one in 14 ms
_GZIP = ".gz"


@dataclass
class _Link:
    path: Path
    name: str  # of the export, last seen


class Harvest:
    """Of the exports in a folder, with a thread of its own. A file that was renamed is the same file; one that was compressed is
    its compressed form."""

    def __init__(self, folder: Path, harvest: Path, extensions: tuple[str, ...]):
        self._folder, self._harvest, self._extensions = folder, harvest, extensions
        self._links_folder = folder / "links"  # on the same disk, as links want it
        self._links_folder.mkdir()
        self._harvest.mkdir()
        self._links: dict[int, _Link] = {}  # by inode
        self._taken = self._gone = 0
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def gone(self) -> int:
        """How many files were removed from the folder, but for those that were compressed."""
        return self._gone

    def contains(self, payload: bytes, extension: str) -> bool:
        """Whether it stands in a file that the folder still has."""
        with self._lock:
            return any(payload in _read(link.path, link.name) for link in self._links.values()
                       if f".{extension}" in Path(link.name).suffixes)

    def close(self) -> None:
        """Ends following."""
        self._is_over.set()
        self._thread.join()

    def finish(self) -> int:
        """The same, and takes the rest, which nobody writes any more; returns how many files there were in all."""
        self.close()
        if self._failure is not None:
            raise self._failure
        self._follow()
        for inode in list(self._links):
            self._take(inode)
        return self._taken

    def read(self, extension: str) -> Iterator[Record]:
        """The records of what was taken."""
        parse = exports.parse_csv if extension == "csv" else exports.parse_json
        for path in sorted(self._harvest.iterdir()):
            if f".{extension}" in path.suffixes:
                data = _read(path, path.name)
                if data:  # else it was begun on a full disk, and removed there
                    yield from parse(data)

    def _run(self) -> None:
        try:
            while not self._is_over.wait(_LOOK_EVERY):
                with self._lock:
                    # In this order: what is gone because it was compressed or replaced is seen as that.
                    removed = [inode for inode, link in self._links.items() if link.path.stat().st_nlink == 1]
                    self._follow()
                    for inode in self._links.keys() & removed:
                        self._take(inode)
                        self._gone += 1
        except Exception as failure:  # told by finish()
            self._failure = failure

    def _follow(self) -> None:
        found = {entry.name: entry.inode() for entry in os.scandir(self._folder) if self._is_export(entry.name)}
        for name, inode in found.items():
            if name + _GZIP in found:
                self._drop(inode)  # about to be removed
            elif inode in self._links:
                self._links[inode].name = name
            else:
                self._add(name, inode)
        for name in found:
            if name.endswith(_GZIP):
                self._drop_former(name, found[name])

    def _is_export(self, name: str) -> bool:
        return Path(name.removesuffix(_GZIP)).suffix[1:] in self._extensions

    def _add(self, name: str, inode: int) -> None:
        link = self._links_folder / f"{inode}-{name}"
        try:
            os.link(self._folder / name, link)
        except FileNotFoundError:
            return  # renamed, and seen next time; or removed within a moment, which its missing records will show
        if link.stat().st_ino == inode:
            self._links[inode] = _Link(link, name)
        else:
            link.unlink()  # another file has got the name

    def _drop_former(self, compressed: str, inode: int) -> None:
        """What this compressed file stands for: its original, or itself as it was before a crash."""
        for other, link in list(self._links.items()):
            if other != inode and link.name in (compressed, compressed.removesuffix(_GZIP)):
                self._drop(other)

    def _drop(self, inode: int) -> None:
        if link := self._links.pop(inode, None):
            link.path.unlink()

    def _take(self, inode: int) -> None:
        link = self._links.pop(inode)
        self._taken += 1
        shutil.move(link.path, self._harvest / f"{self._taken:06}-{link.name}")


def _read(path: Path, name: str) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if name.endswith(_GZIP) else data
