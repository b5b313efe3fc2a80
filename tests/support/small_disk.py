"""Disks of a test's own: one that is full until it is freed, and others that hang or become read-only."""

import contextlib
import os
import subprocess
from pathlib import Path
from typing import Iterator

from scenario import Scenario

_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def is_full(log: str) -> bool:
    """Whether the exports have failed and the last that was said of the journal is that it is full."""
    return "cannot be written" in log and log.rfind("the journal is full") > log.rfind("the journal has room again")


class OwnDisk(Scenario):
    """Mounts disks. That takes root; a test that cannot mount fails, because what it is for was not tested."""

    def mount(self, folder: Path, *options: str) -> None:
        folder.mkdir(exist_ok=True)
        self._run("mount", *options, folder)
        # Lazily, because a logger may still have files open there.
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=False, capture_output=True)

    def mount_memory(self, folder: Path, size: str, *options: str) -> None:
        self.mount(folder, "-t", "tmpfs", "-o", ",".join((f"size={size}", *options)), "tmpfs")

    def mount_file(self, folder: Path, megabytes: int) -> None:
        """A file system on a device of its own."""
        image = self.directory / f"{folder.name}.image"
        with image.open("wb") as file:
            file.truncate(megabytes * 1024 * 1024)
        self._run("mkfs.ext4", "-q", image)
        self.mount(folder, "-o", "loop", image)

    def unmount(self, folder: Path) -> None:
        self._run("umount", folder)

    def resize(self, folder: Path, size: str) -> None:
        self._run("mount", "-o", f"remount,size={size}", folder)

    @contextlib.contextmanager
    def frozen(self, folder: Path) -> Iterator[None]:
        """Whoever writes there hangs in the kernel, as with a server that does not answer."""
        # Thawed by a process of its own when its input ends: also if this test is killed.
        script = 'fsfreeze --freeze "$0" && echo frozen; read -r end; fsfreeze --unfreeze "$0"'
        with subprocess.Popen(["sh", "-c", script, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              env={"PATH": _PATH}) as freezer:
            assert freezer.stdin is not None and freezer.stdout is not None
            try:
                self.assertEqual(freezer.stdout.readline(), b"frozen\n", f"{folder} cannot be frozen; this test needs root")
                yield
            finally:
                freezer.stdin.close()
                freezer.wait()

    def _run(self, *command: object) -> None:
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False,
                              env={"PATH": _PATH})
        self.assertEqual(done.returncode, 0, f"{' '.join(map(str, command))}: {done.stderr.strip()}; this test needs root")


class SmallDisk(OwnDisk):
    """The exports stand on a disk of 4 MiB, most of which is taken by a file that is removed to free it."""

    def setUp(self) -> None:
        super().setUp()
        self.disk = self.work / "disk"
        self.mount_memory(self.disk, "4m")
        self.ballast = self.disk / "ballast"
        self.fill_disk()

    def fill_disk(self) -> None:
        self.ballast.write_bytes(b"x" * (3 * 1024 * 1024 + 512 * 1024))

    @contextlib.contextmanager
    def filled(self) -> Iterator[None]:
        """Not a byte more can be written there meanwhile."""
        filler = self.disk / "filler"
        descriptor = os.open(filler, os.O_CREAT | os.O_WRONLY)
        with contextlib.suppress(OSError):
            while True:
                os.write(descriptor, b"x" * 4096)
        os.close(descriptor)
        yield
        filler.unlink()
