"""Disks that fail under load in other ways than being full: nothing is missing, and the program runs on."""

import errno
import os
import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from faults import Faults
from loaded_disk import LoadedDisk
from scenario import main
from waiting import wait_until


class BrokenDisk(LoadedDisk):
    def run_error(self, error: int, *options: str) -> None:
        """All calls that write fail for a while, in the middle of a write too."""
        faults = Faults(self.directory / "faults", self.folder)
        logger = self.start(*options, environment=faults.environment)
        publisher = self.publish()
        faults.fail(error)
        logger.wait_for(rf"error .*cannot be written: .*{os.strerror(error)}.*trying again each second")
        calls = faults.failed_calls
        wait_until(lambda: faults.failed_calls > calls + 4, 20, "further attempts", poll=0.1)
        self.assertEqual(len(logger.find("cannot be written")), 1)
        faults.fail(0)
        logger.wait_for("exports can be written again")
        self.wait_for_growth()
        self.finish(logger, publisher)

    def test_quota(self) -> None:
        self.run_error(errno.EDQUOT)

    def test_device_error(self) -> None:
        self.run_error(errno.EIO)

    def test_device_error_while_files_turn(self) -> None:
        self.run_error(errno.EIO, "--rotate-size", "20KiB")

    def test_read_only(self) -> None:
        self.run_error(errno.EROFS)

    def test_killed_while_the_device_fails(self) -> None:
        faults = Faults(self.directory / "faults", self.folder)
        logger = self.start(environment=faults.environment)
        publisher = self.publish()
        faults.fail(errno.EIO)
        logger.wait_for("cannot be written")
        logger.kill()
        logger = self.start()
        self.finish(logger, publisher)

    def test_folder_becomes_read_only_and_comes_back(self) -> None:
        for options in ((), ("--rotate-size", "20KiB")):
            with self.subTest(options=options):
                logger = self.start(*options)
                publisher = self.publish()
                # In the place of the folder there is a disk that takes nothing.
                self.mount_memory(self.folder, "1m", "ro")
                logger.wait_for(r"error .*cannot be written: .*Read-only file system.*trying again each second")
                time.sleep(1.5)  # attempts that say nothing
                self.assertEqual(len(logger.find("cannot be written")), 1)
                self.unmount(self.folder)
                logger.wait_for("exports can be written again")
                self.finish(logger, publisher)
                for path in (*self.folder.iterdir(), self.work / "data.journal"):
                    path.unlink()
                self.broker.restart()

    def test_folder_is_removed(self) -> None:
        logger = self.start()
        publisher = self.publish()
        earlier = self.work / "earlier"
        earlier.mkdir()
        for extension in ("csv", "json"):  # the files live on where the logger cannot see them
            os.link(self.folder / f"data.{extension}", earlier / f"data.{extension}")
        shutil.rmtree(self.folder)
        logger.wait_for("was moved, deleted or cut by somebody else; started a new file")
        self.wait_for_growth()
        self.finish(logger, publisher, earlier)

    def test_folder_is_a_file_for_a_while(self) -> None:
        logger = self.start()
        publisher = self.publish()
        earlier = self.work / "earlier"
        os.rename(self.folder, earlier)
        self.folder.write_text("in the way\n")
        logger.wait_for(r"error .*cannot be written: .*trying again each second")
        self.folder.unlink()
        logger.wait_for("exports can be written again", 15)
        self.finish(logger, publisher, earlier)


if __name__ == "__main__":
    main()
