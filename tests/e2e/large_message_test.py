"""A large message whose every byte becomes six in JSON: it does not multiply in memory, neither when it comes nor when it is
written again after a kill, and one that is dropped anyway does not come."""

import re
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import exports
from logger import Logger, is_started_directly, logger_command
from mqtt_packets import Message
from scenario import main
from small_disk import OwnDisk
from thin_disk import BOOT_OFFSET

_MEBIBYTE = 1 << 20
_SIZE = 31 * _MEBIBYTE  # of what the default journal takes
_OURS = 32 * _MEBIBYTE  # what it may cost besides
_LIBRARY_COPIES = 2  # of Paho C: the packet and the message
_PAYLOAD = b"\x01" * _SIZE
_TOO_LARGE = 200 * _MEBIBYTE


def find_peak(logger: Logger) -> int:
    """The most memory it has ever had, with the pages of the journal."""
    status = Path(f"/proc/{logger.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None, status
    return int(found[1]) * 1024


@unittest.skipUnless(sys.platform == "linux" and is_started_directly(), "reads /proc of the program")
class LargeMessage(OwnDisk):
    def setUp(self) -> None:
        super().setUp()
        self.broker = self.start_broker("message_size_limit 0")

    def publish(self, size: int) -> None:
        with self.connect(self.broker.port) as publisher:
            publisher.publish_all([Message("sensors/large", _PAYLOAD[:size] or b"\x01", 1)], seconds=60)

    def check_exports(self, count: int, output: str = "exports/mqtt_data") -> None:
        """Without a reader that holds each record in several forms."""
        for extension in ("csv", "json"):
            self.assertEqual(exports.count_lines(self.path(extension, output)), count + (1 if extension == "csv" else 2))
        verified = subprocess.run([*logger_command(), "--verify", str(self.work / output)], capture_output=True, text=True)
        self.assertEqual(verified.returncode, 0, verified.stdout)
        self.assertEqual(verified.stdout.count(f", {_SIZE + 1:,} of them payloads"), 2, verified.stdout)

    def test_it_costs_what_the_library_takes_and_little_more(self) -> None:
        for qos in ("1", "2"):
            with self.subTest(qos=qos):
                logger = self.start_logger(self.broker.port, "--output", qos, "--qos", qos)
                self.publish(1)
                self.wait_for_records(1, output=qos)
                before = find_peak(logger)
                self.publish(_SIZE)
                self.wait_for_records(2, 60, qos)
                cost = find_peak(logger) - before
                print(f"QoS {qos}: {cost // _MEBIBYTE} MiB", file=sys.stderr)
                self.assertLess(cost, _LIBRARY_COPIES * _SIZE + _OURS)
                self.assert_stops(logger)
                self.check_exports(2, qos)

    def find_peak_of_a_start(self) -> int:
        logger = self.start_logger(self.broker.port, "--output", "other", "--topic", "other")
        peak = find_peak(logger)
        self.assert_stops(logger)
        return peak

    def start_and_measure(self, *options: str) -> int:
        """What it costs to write the message, which is in the journal."""
        before = self.find_peak_of_a_start()
        logger = self.start_logger(self.broker.port, *options)
        self.wait_for_records(2, 60, "disk/data")
        cost = find_peak(logger) - before
        print(f"{cost // _MEBIBYTE} MiB", file=sys.stderr)
        self.assert_stops(logger)
        self.check_exports(2, "disk/data")
        return cost

    def test_written_again_after_a_kill_it_costs_little(self) -> None:
        disk, journal = self.work / "disk", self.work / "data.journal"
        self.mount_memory(disk, "100m")
        options = ("--output", "disk/data", "--journal", "data.journal")
        logger = self.start_logger(self.broker.port, *options)
        self.publish(1)
        self.wait_for_records(1, output="disk/data")
        self.publish(_SIZE)
        logger.wait_for("cannot be written: No space left on device", 60)
        logger.kill()
        self.resize(disk, "1g")
        kept = journal.read_bytes()
        self.assertLess(self.start_and_measure(*options), _OURS)
        # As if that run had been killed before it was through with the JSON: CSV and journal say so.
        journal.write_bytes(kept)
        with self.path("json", "disk/data").open("r+b") as file:
            file.truncate(100 * _MEBIBYTE)
        self.assertLess(self.start_and_measure(*options), _OURS)
        log = self.log_of_last_run()
        self.assertEqual(len(re.findall("data.json: .* of an unfinished write are cut back", log)), 1)
        # As if the power had failed there: nothing is known but that records are whole or torn.
        for megabytes in (100, 3):
            journal.write_bytes(kept)
            with journal.open("r+b") as file:
                file.seek(BOOT_OFFSET)
                file.write(b"\xff" * 8)
            for extension in ("json", "csv"):
                with self.path(extension, "disk/data").open("r+b") as file:
                    file.truncate(megabytes * _MEBIBYTE if extension == "json" else megabytes * _MEBIBYTE // 5)
            self.assertLess(self.start_and_measure(*options), _OURS)
            log = self.log_of_last_run()
            self.assertEqual(len(re.findall("data.*: cut back to its last whole record after a power failure", log)), 2, log)

    def log_of_last_run(self) -> str:
        return (self.directory / f"logger-{self._loggers}.stderr").read_text()

    def test_one_that_is_dropped_anyway_does_not_come(self) -> None:
        logger = self.start_logger(self.broker.port)
        self.publish(1)
        self.wait_for_records(1)
        before = find_peak(logger)
        with self.connect(self.broker.port) as publisher:
            publisher.publish_all([Message("sensors/large", b"\x01" * _TOO_LARGE, 1)], seconds=60)
            publisher.publish("sensors/a", "2")
        self.wait_for_records(2)
        self.assertLess(find_peak(logger) - before, _OURS)
        self.assert_stops(logger)


if __name__ == "__main__":
    main()
