"""Others read the exports at any time, also while the logger writes at full speed."""

import json
import os
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import exports
from logger import is_started_directly
from mqtt_client import BackgroundPublisher, Message
from scenario import Scenario, main
from waiting import SLOWNESS, wait_until


def read_at_once(path: Path) -> bytes:
    """The whole file by one system call, with room for what is appended meanwhile."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, os.fstat(descriptor).st_size + 2**22)
    finally:
        os.close(descriptor)


class Reader(Scenario):
    messages = [Message(f"sensors/{number % 5}", b'{"n": %d, "note": "a, \\"b\\""}' % number, 1)
                for number in range(60_000)]

    def test_csv_and_json_can_be_read_while_they_are_written(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port)
        wait_until(self.path("json").exists, 5, "the JSON export")
        publisher = BackgroundPublisher(broker.port, self.messages, rate=15_000, burst=15)
        self.addCleanup(publisher.kill)
        reads = torn = records = 0
        while publisher.is_running:
            if reads % 10 == 0:
                records = self.read_lines_of_csv()
            torn += self.read_json_until_whole()
            reads += 1
        publisher.wait(30)
        self.assertGreater(reads, 0)
        self.assertGreater(records, 0)
        print(f"{reads} reads of the JSON, {torn} of them overlapped a write", file=sys.stderr)
        self.wait_for_records(len(self.messages), 30)
        self.assert_stops(logger)
        self.assertEqual([record.payload for record in self.read_both()[0]],
                         [message.payload for message in self.messages])

    def read_lines_of_csv(self) -> int:
        """Each line that is complete is whole and right, without exception."""
        data = read_at_once(self.path("csv"))
        return len(exports.parse_csv(data[: data.rfind(b"\n") + 1]))

    def read_json_until_whole(self) -> int:
        """Returns how many reads overlapped a write: such a read may be torn, but the next ones must not all be."""
        torn = 0

        def is_whole() -> bool:
            nonlocal torn
            try:
                return isinstance(json.loads(read_at_once(self.path("json"))), list)
            except ValueError:
                torn += 1
                return False

        wait_until(is_whole, 10, "a JSON document that can be read", poll=0)
        return torn

    def test_every_single_message_leaves_a_whole_document(self) -> None:
        """With an idle stream no read overlaps a write: no excuse at all."""
        broker = self.start_broker()
        logger = self.start_logger(broker.port)
        publisher = self.connect(broker.port)
        for count in range(1, 51):
            publisher.publish("sensors/a", f'{{"count": {count}}}')
            self.wait_for_records(count)
            time.sleep(0.005)
            self.assertEqual(len(self.read_both()[0]), count)
        self.assert_stops(logger)


class Idle(Scenario):
    def test_single_message_is_in_both_files_soon(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port)
        publisher = self.connect(broker.port)
        latencies = []
        for count in range(1, 16):
            time.sleep(0.1)  # the stream is idle in between
            begin = time.monotonic()
            publisher.publish("sensors/a", str(count))
            wait_until(lambda: exports.count_lines(self.path("csv")) > count
                       and exports.count_lines(self.path("json"), b'{"') >= count, 2, "the message", poll=0.0005)
            latencies.append(time.monotonic() - begin)
        self.assert_stops(logger)
        low = sorted(latencies)[len(latencies) // 4]
        print(f"latency of the fourth fastest {low * 1000:.1f} ms", file=sys.stderr)
        # 10 ms are promised, on a machine that has time. On a busy one, which gets ten times as much, some are that fast all the
        # same; of a logger that writes once a second they would not be.
        self.assertLess(low, 0.1 * SLOWNESS)

    @unittest.skipUnless(is_started_directly() and Path("/proc/self/stat").exists(), "needs /proc and the process id")
    def test_idle_logger_needs_hardly_any_processor_time(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port)
        self.connect(broker.port).publish("sensors/a", "1")
        self.wait_for_records(1)
        time.sleep(1)
        begin = self.ticks(logger.pid)
        time.sleep(5)
        used = self.ticks(logger.pid) - begin
        self.assert_stops(logger)
        self.assertLessEqual(used, 0.02 * 5 * os.sysconf("SC_CLK_TCK") * SLOWNESS, "ticks in 5 s: more than 2 %")

    @staticmethod
    def ticks(pid: int) -> int:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])  # utime, stime


if __name__ == "__main__":
    main()
