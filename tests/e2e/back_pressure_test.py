"""A journal that stays full for longer than the broker waits for a ping: it costs the connection, not a message."""

import re
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from mqtt_packets import Message
from scenario import main
from small_disk import SmallDisk, is_full
from waiting import wait_until, wait_until_it_stays

_MESSAGES = 2000
_ANSWER_PATIENCE = 10  # of the program, in src/mqtt/subscriber.cpp


class BackPressure(SmallDisk):
    def start(self, port: int, *options: str) -> object:
        # Space is released when records are written, so that no later sync makes room again.
        return self.start_logger(port, "--topic", "numbered/#", "--output", "disk/data", "--journal", "data.journal",
                                 "--journal-size", "64KiB", "--fsync", "no", "--keep-alive", "2s", *options)

    def publish(self, port: int, qos: int) -> None:
        with self.connect(port) as publisher:
            publisher.publish_all(Message("numbered/a", str(number).encode() + b" " + b"x" * 300, qos)
                                  for number in range(_MESSAGES))

    def fill(self, port: int, logger: object, qos: int) -> None:
        self.publish(port, qos)
        wait_until_it_stays(lambda: is_full(logger.log), 20, "a journal that stays full")  # type: ignore[attr-defined]

    def test_broker_gives_the_connection_up_and_nothing_is_missing(self) -> None:
        for qos, version in ((1, "3.1.1"), (2, "5")):
            with self.subTest(qos=qos, version=version):
                # More in flight than this Mosquitto would send again under other packet identifiers.
                broker = self.start_broker("max_queued_messages 0", "max_inflight_messages 10000")
                logger = self.start(broker.port, "--qos", str(qos), "--mqtt-version", version)
                self.fill(broker.port, logger, qos)
                wait_until(lambda: re.search(r"mqtt-logger\S* has exceeded timeout", broker.log_path.read_text()), 30,
                           "Mosquitto to give the connection up", poll=0.05)
                self.ballast.unlink()
                logger.wait_for("subscribed to", 30, count=2)
                self.wait_for_records(_MESSAGES, output="disk/data", seconds=60)
                self.assert_stops(logger)
                self.assertGreater(len(logger.find("connection lost")), 0)
                numbers = [int(record.payload.split()[0]) for record in self.read_both("disk/data")[0]]
                self.assertEqual(numbers, list(range(_MESSAGES)))
                for path in (*self.disk.iterdir(), self.work / "data.journal"):
                    path.unlink()
                self.fill_disk()

    def test_answer_behind_messages_that_wait_for_room_is_waited_for(self) -> None:
        broker = self.start_broker("max_queued_messages 0")
        self.assert_stops(self.start(broker.port))
        self.publish(broker.port, 1)
        logger = self.run_logger("--broker", "127.0.0.1", "--port", str(broker.port), "--topic", "numbered/#",
                                 "--topic", "asked/for/now", "--output", "disk/data", "--journal", "data.journal",
                                 "--journal-size", "64KiB", "--fsync", "no", "--keep-alive", "0")
        wait_until_it_stays(lambda: is_full(logger.log), 20, "a journal that stays full")
        self.assertEqual(logger.find("subscribed to"), [], "the answer must be behind the messages")
        time.sleep(_ANSWER_PATIENCE + 1)
        self.ballast.unlink()
        self.wait_for_records(_MESSAGES, output="disk/data", seconds=60)
        logger.wait_until_subscribed()
        self.assert_stops(logger)
        self.assertEqual(logger.find("does not answer|connection lost"), [])

    def test_status_topic_does_not_stop_a_logger_from_stopping(self) -> None:
        broker = self.start_broker("max_queued_messages 0")
        logger = self.start(broker.port, "--status-topic", "status", "--stats-every", "20ms")
        self.fill(broker.port, logger, 1)
        watcher = self.connect(broker.port)
        watcher.subscribe("status", qos=1)
        self.assertEqual(logger.stop(signal.SIGTERM), 1)
        while b'"offline"' not in watcher.receive(1)[0].payload:
            pass


if __name__ == "__main__":
    main()
