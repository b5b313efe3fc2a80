"""A disk that is full until a test frees it."""

import subprocess
import unittest

from scenario import Scenario


def is_full(log: str) -> bool:
    """Whether the exports have failed and the last that was said of the journal is that it is full."""
    return "cannot be written" in log and log.rfind("the journal is full") > log.rfind("the journal has room again")


class SmallDisk(Scenario):
    """The exports stand on a disk of 4 MiB, most of which is taken by a file that is removed to free it."""

    def setUp(self) -> None:
        super().setUp()
        self.disk = self.work / "disk"
        self.disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", self.disk], capture_output=True)
        if mounted.returncode != 0:
            raise unittest.SkipTest(f"a small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk], check=True)
        self.ballast = self.disk / "ballast"
        self.fill_disk()

    def fill_disk(self) -> None:
        self.ballast.write_bytes(b"x" * (3 * 1024 * 1024 + 512 * 1024))
