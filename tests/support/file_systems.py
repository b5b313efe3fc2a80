"""The file systems that scripts/test-filesystems tries, each on a small image of its own. The one list of them.

As a program: `list` prints their names, `check NAME` why one cannot be tried here, or nothing.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class FileSystem:
    name: str
    kind: str  # as mount(8) and the kernel call it
    make: tuple[str, ...]  # the command, but for the image
    megabytes: int  # of the image; XFS wants 300
    has_reflinks: bool = False
    has_few_inodes: bool = False


FILE_SYSTEMS = {each.name: each for each in (
    FileSystem("btrfs", "btrfs", ("mkfs.btrfs", "-q", "-f"), 256, has_reflinks=True),
    FileSystem("btrfs-mixed", "btrfs", ("mkfs.btrfs", "-q", "-f", "--mixed"), 64, has_reflinks=True),
    FileSystem("xfs", "xfs", ("mkfs.xfs", "-q", "-f", "-m", "reflink=1"), 320, has_reflinks=True),
    FileSystem("ext4", "ext4", ("mkfs.ext4", "-q", "-F"), 128),
    FileSystem("ext4-few-inodes", "ext4", ("mkfs.ext4", "-q", "-F", "-N", "16"), 128, has_few_inodes=True),
    FileSystem("fat", "vfat", ("mkfs.vfat", "-F", "32"), 128),
    FileSystem("exfat", "exfat", ("mkfs.exfat",), 128),
)}


def find_obstacle(file_system: FileSystem) -> str:
    """Why it cannot be tried on this machine; empty if it can."""
    if shutil.which(file_system.make[0], path=PATH) is None:
        return f"there is no {file_system.make[0]}"
    if shutil.which("modprobe", path=PATH):
        subprocess.run(["modprobe", file_system.kind], check=False, capture_output=True, env={"PATH": PATH})
    known = {line.split()[-1] for line in Path("/proc/filesystems").read_text().splitlines()}
    return "" if file_system.kind in known else f"this kernel has no {file_system.kind}"


def main(arguments: list[str]) -> int:
    if arguments == ["list"]:
        print("\n".join(FILE_SYSTEMS))
        return 0
    if len(arguments) == 2 and arguments[0] == "check" and arguments[1] in FILE_SYSTEMS:
        print(find_obstacle(FILE_SYSTEMS[arguments[1]]))
        return 0
    print("file_systems.py: must be followed by `list`, or `check` and a name", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
