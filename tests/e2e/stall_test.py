"""A disk that does not answer for a while, under load: nothing is missing."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from loaded_disk import LoadedDisk
from logger import Logger
from proxy import Proxy
from scenario import main

_KEEP_ALIVE = 2
_STALL = 3 * _KEEP_ALIVE  # the broker waits for one and a half


class Stall(LoadedDisk):
    def stall(self, logger: Logger) -> None:
        """For longer than the broker waits for a ping, whoever writes to the disk hangs in the kernel."""
        with self.frozen(self.folder):
            time.sleep(1)
            before = self.count()
            time.sleep(_STALL)
            logger.wait_for(r"error .*the disk of .*data has not answered for \d+ s; nothing is lost while", 20)
            self.assertEqual(self.count(), before, "nothing can be written")
        self.wait_for_growth()
        logger.wait_for(r"the disk of .*data answers again after \d+ s")
        self.assertEqual(len(logger.find("has not answered")), 1)

    def test_stall_of_the_exports_costs_nothing(self) -> None:
        self.mount_file(self.folder, 64)
        logger = self.start("--keep-alive", f"{_KEEP_ALIVE}s")
        publisher = self.publish()
        self.stall(logger)
        self.assertEqual(logger.find("connection lost"), [], "the journal has room: the session goes on")
        self.finish(logger, publisher)

    def test_connection_that_is_lost_meanwhile_is_made_again(self) -> None:
        self.mount_file(self.folder, 64)
        proxy = Proxy(self.broker.port)
        self.addCleanup(proxy.close)
        logger = self.start(port=proxy.port)
        publisher = self.publish()
        with self.frozen(self.folder):
            time.sleep(2)  # now every thread that will hang does
            proxy.cut()
            logger.wait_for("subscribed to", 20, count=2)
        self.finish(logger, publisher)

    def test_stall_of_exports_and_journal_costs_the_connection_only(self) -> None:
        self.mount_file(self.folder, 128)
        logger = self.start("--keep-alive", f"{_KEEP_ALIVE}s", journal=str(self.folder / "data.journal"))
        publisher = self.publish()
        self.stall(logger)
        self.assertEqual(logger.find("the broker has been silent"), [], "it is the disk that is")
        self.finish(logger, publisher)


if __name__ == "__main__":
    main()
