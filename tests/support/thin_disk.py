"""A disk that promises more room than there is: its file system has blocks left, and the device below takes none.

What it does not take is lost with the sync that fails: Linux counts those pages as written from then on.
"""

import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path

from small_disk import OwnDisk

_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_KIB = 1024
_MIB = 1024 * _KIB
_PAGE = 4096
BOOT_OFFSET = 40  # in the journal: the mark of the machine's start


def require_loop_devices() -> None:
    if not Path("/dev/loop-control").exists() or shutil.which("mkfs.ext4", path=_PATH) is None:
        raise unittest.SkipTest("no loop devices, or no mkfs.ext4")


class ThinDisk(OwnDisk):
    """The disk is at `disk`: ext4 without a journal of its own, in an image with holes in a memory file system."""

    def setUp(self) -> None:
        require_loop_devices()
        super().setUp()
        self.below = self.directory / "below"
        self.mount_memory(self.below, "64m")
        self.image = self.below / "image"
        self.ballast = self.below / "ballast"
        self.disk = self.work / "disk"
        with self.image.open("wb") as file:
            file.truncate(256 * _MIB)
        self._run("mkfs.ext4", "-q", "-b", "4096", "-O", "^has_journal", "-m", "0", "-N", "256", self.image)
        self.mount(self.disk, "-o", "loop", self.image)
        self._take_single_pages()

    def leave(self, kilobytes: int) -> None:
        """So much the device takes before it is full."""
        room = os.statvfs(self.below)
        # In pieces, because the device may take some meanwhile.
        with self.ballast.open("wb") as file:
            for _ in range((room.f_bavail * room.f_frsize - kilobytes * _KIB) // (64 * _KIB)):
                file.write(b"x" * (64 * _KIB))

    def free(self) -> None:
        self.ballast.unlink()

    def look_at_device(self, name: str = "seen") -> Path:
        """What a power failure now would leave: only what the device has taken, mounted elsewhere."""
        copy = self.directory / f"{name}.image"
        self._run("cp", "--sparse=always", self.image, copy)
        self._check(copy)
        seen = self.directory / name
        self.mount(seen, "-o", "loop", copy)
        return seen

    def make_thin(self, path: Path, begin: int) -> None:
        """Takes away what is below a file of zeros, from an offset on: its blocks stay, and are known to the file system
        as written, so that stores to them change nothing else."""
        content = path.read_bytes()
        with path.open("r+b") as file:
            file.write(content)
            os.fsync(file.fileno())
        listing = subprocess.run(["filefrag", "-v", "-b4096", path], capture_output=True, text=True, check=True,
                                 env={"PATH": _PATH}).stdout
        for match in re.finditer(r"^ *\d+: *(\d+)\.\. *(\d+): *(\d+)\.\.", listing, re.MULTILINE):
            first, last, physical = map(int, match.groups())
            skipped = max(0, -(-begin // _PAGE) - first)
            if first + skipped <= last:
                self._run("fallocate", "--punch-hole", "--offset", (physical + skipped) * _PAGE,
                          "--length", (last + 1 - first - skipped) * _PAGE, self.image)

    def cut_power(self, journal: Path, **disks: Path) -> None:
        """After the logger was killed: each disk (its folder by the name of its image) holds only what its device has
        taken, and has room."""
        copies = {}
        for name, folder in disks.items():
            image = self.image if folder == self.disk else self.directory / f"{name}.image"
            copies[folder] = self.directory / f"{name}-after.image"
            self._run("cp", "--sparse=always", image, copies[folder])
        for folder, copy in copies.items():
            self._run("umount", "-l", folder)
            self._check(copy)
            self.mount(folder, "-o", "loop", copy)
        with journal.open("r+b") as file:
            file.seek(BOOT_OFFSET)
            file.write(b"\xff" * 8)

    def _take_single_pages(self) -> None:
        """The kernel's loop device takes a part of a request for the whole of it: of a page there is no part."""
        device = subprocess.run(["losetup", "--noheadings", "--output", "NAME", "--associated", self.image],
                                capture_output=True, text=True, check=True, env={"PATH": _PATH}).stdout.strip()
        Path("/sys/block", Path(device).name, "queue/max_sectors_kb").write_text("4", encoding="ascii")

    def _check(self, image: Path) -> None:
        done = subprocess.run(["e2fsck", "-f", "-y", image], capture_output=True, text=True, check=False,
                              env={"PATH": _PATH})
        self.assertLess(done.returncode, 4, done.stdout + done.stderr)
