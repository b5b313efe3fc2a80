"""A disk that does not answer for a while, under load: nothing is missing."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from loaded_disk import LoadedDisk
from scenario import main

_KEEP_ALIVE = 2
_STALL = 3 * _KEEP_ALIVE  # the broker waits for one and a half


class Stall(LoadedDisk):
    def stall(self) -> None:
        """For longer than the broker waits for a ping, whoever writes to the disk hangs in the kernel."""
        with self.frozen(self.folder):
            time.sleep(1)
            before = self.count()
            time.sleep(_STALL)
            self.assertEqual(self.count(), before, "nothing can be written")
        self.wait_for_growth()

    def test_stall_of_the_exports_costs_nothing(self) -> None:
        self.mount_file(self.folder, 64)
        logger = self.start("--keep-alive", f"{_KEEP_ALIVE}s")
        publisher = self.publish()
        self.stall()
        self.assertEqual(logger.find("connection lost"), [], "the journal has room: the session goes on")
        self.finish(logger, publisher)

    def test_stall_of_exports_and_journal_costs_the_connection_only(self) -> None:
        self.mount_file(self.folder, 128)
        logger = self.start("--keep-alive", f"{_KEEP_ALIVE}s", journal=str(self.folder / "data.journal"))
        publisher = self.publish()
        self.stall()
        self.finish(logger, publisher)


if __name__ == "__main__":
    main()
