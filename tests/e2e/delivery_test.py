"""Nothing is missing: many messages, restarts of the broker, cut connections."""

import re
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from exports import GrowingFile, Record
from logger import Logger
from mqtt_client import BackgroundPublisher, Message
from proxy import Proxy
from scenario import Scenario, main
from waiting import wait_until

_TOPICS = 10
# Messages to publish in this time: at QoS 2 few, because Mosquitto 2.0 and Paho keep what is in flight in lists.
_FOUR_SECONDS = {1: 20_000, 2: 8000}


def numbered(count: int, qos: int, begin: int = 0) -> list[Message]:
    return [Message(f"load/{number % _TOPICS}", b'{"n": %d}' % number, qos) for number in range(begin, begin + count)]


def number_of(payload: bytes) -> int:
    return int(payload[6:-1])


class Delivery(Scenario):
    def assert_complete(self, records: list[Record], count: int, resent: list[Message] = []) -> None:
        """All numbers are there, in order for each topic; only what the publisher has sent again may repeat."""
        repeated = Counter(number_of(record.payload) for record in records)
        missing = [number for number in range(count) if number not in repeated]
        self.assertEqual(missing[:10], [], f"{len(missing)} of {count} are missing")
        allowed = {number_of(message.payload) for message in resent if message.qos == 1}
        wrong = [number for number, times in repeated.items() if times > 1 and number not in allowed]
        self.assertEqual(wrong[:10], [], f"{len(wrong)} stand there more than once")

        seen: set[int] = set()
        last: dict[str, int] = defaultdict(lambda: -1)
        for record in records:
            number = number_of(record.payload)
            self.assertEqual(record.topic, f"load/{number % _TOPICS}")
            if number not in seen:  # the first copy counts for the order (MQTT 5, section 4.6)
                self.assertLess(last[record.topic], number, f"order in {record.topic}")
                last[record.topic] = number
                seen.add(number)

    def start(self, port: int, qos: int, *options: str) -> Logger:
        return self.start_logger(port, "--topic", "load/#", "--qos", str(qos), *options)

    def finish(self, logger: Logger, count: int, resent: list[Message] = [], seconds: float = 60) -> None:
        self.wait_for_numbers(count, seconds)
        self.assert_stops(logger)
        self.assert_complete(self.read_both()[0], count, resent)

    def wait_for_numbers(self, count: int, seconds: float) -> None:
        """Waits until so many different messages are recorded; a count of lines could take copies for messages."""
        numbers = re.compile(rb'"n": +(\d+)')

        def is_complete() -> bool:
            return len(set(numbers.findall(self.path("json").read_bytes()))) >= count

        wait_until(is_complete, seconds, f"{count} different messages in the JSON", poll=0.05)

    def run_load(self, qos: int, count: int, *options: str) -> None:
        broker = self.start_broker()
        logger = self.start(broker.port, qos, *options)
        publisher = self.connect(broker.port)
        publisher.publish_all(numbered(count, qos))
        self.finish(logger, count)

    def test_100000_messages_at_qos_0(self) -> None:
        self.run_load(0, 100_000)

    def test_100000_messages_at_qos_1(self) -> None:
        self.run_load(1, 100_000)

    def test_100000_messages_at_qos_2(self) -> None:
        # The publisher waits for the logger: with thousands of messages in those lists it would take minutes.
        broker = self.start_broker()
        logger = self.start(broker.port, 2)
        publisher = self.connect(broker.port)
        csv_export = GrowingFile(self.path("csv"))
        for begin in range(0, 100_000, 250):
            publisher.publish_all(numbered(250, 2, begin))
            wait_until(lambda: csv_export.count_lines() > begin - 250, 10, "the logger to catch up", poll=0.001)
        self.finish(logger, 100_000)

    def test_mqtt_3_1_1_at_each_qos(self) -> None:
        broker = self.start_broker()
        for qos in (0, 1, 2):
            with self.subTest(qos=qos):
                output = f"exports/qos{qos}"
                logger = self.start(broker.port, qos, "--mqtt-version", "3.1.1", "--output", output)
                self.connect(broker.port, version=4).publish_all(numbered(10_000, qos))
                self.wait_for_records(10_000, 30, output)
                self.assert_stops(logger)
                records, _ = self.read_both(output)
                self.assert_complete(records, 10_000)
                self.assertEqual({record.qos for record in records}, {qos})

    def test_qos_is_the_lower_of_publisher_and_subscription(self) -> None:
        broker = self.start_broker()
        logger = self.start(broker.port, 1)
        publisher = self.connect(broker.port)
        for qos in (0, 1, 2):
            publisher.publish("load/0", b'{"n": 0}', qos)
        self.wait_for_records(3)
        self.assert_stops(logger)
        self.assertEqual([record.qos for record in self.read_both()[0]], [0, 1, 1])

    def test_bursts_with_pauses(self) -> None:
        broker = self.start_broker()
        logger = self.start(broker.port, 1)
        self.connect(broker.port).publish_all(numbered(20_000, 1), rate=10_000, burst=2000)
        self.finish(logger, 20_000)

    def test_small_journal_is_used_round_and_round(self) -> None:
        broker = self.start_broker()
        logger = self.start(broker.port, 1, "--journal-size", "1MiB")
        self.connect(broker.port).publish_all(
            Message(f"load/{number % _TOPICS}", b'{"n": %s%d}' % (b" " * 500, number), 1) for number in range(20_000))
        self.finish(logger, 20_000)

    def test_broker_that_starts_after_the_logger(self) -> None:
        broker = self.make_broker()
        logger = self.run_logger("--broker", "127.0.0.1", "--port", str(broker.port), "--topic", "load/#")
        logger.wait_for(r" (warning|error) ")  # it says that nobody is there
        time.sleep(0.5)
        self.assertTrue(logger.is_running())
        broker.start()
        logger.wait_until_subscribed(30)
        self.connect(broker.port).publish_all(numbered(100, 1))
        self.finish(logger, 100)

    def run_broker_restarts(self, qos: int, version: int) -> None:
        # Mosquitto 2.0 gives messages in flight beyond this limit new packet identifiers when it loads them: nobody
        # could recognise their copies.
        broker = self.start_broker("persistence true", "max_inflight_messages 10000")
        count = _FOUR_SECONDS[qos]
        logger = self.start(broker.port, qos, "--mqtt-version", "5" if version == 5 else "3.1.1")
        publisher = BackgroundPublisher(broker.port, numbered(count, qos), version=version, rate=count / 4,
                                        burst=50)
        self.addCleanup(publisher.kill)
        for _ in range(3):
            time.sleep(0.7)
            self.assertTrue(publisher.is_running, "the restart must come while messages flow")
            broker.restart()
        resent = publisher.wait(60)
        self.finish(logger, count, resent)

    def test_broker_restarts_at_qos_1_with_mqtt_5(self) -> None:
        self.run_broker_restarts(1, 5)

    def test_broker_restarts_at_qos_2_with_mqtt_5(self) -> None:
        self.run_broker_restarts(2, 5)

    def test_broker_restarts_at_qos_1_with_mqtt_3_1_1(self) -> None:
        self.run_broker_restarts(1, 4)

    def test_broker_restarts_at_qos_2_with_mqtt_3_1_1(self) -> None:
        self.run_broker_restarts(2, 4)

    def run_cuts(self, qos: int) -> None:
        broker = self.start_broker()
        proxy = Proxy(broker.port)
        self.addCleanup(proxy.close)
        count = _FOUR_SECONDS[qos]
        logger = self.start(proxy.port, qos)
        publisher = BackgroundPublisher(broker.port, numbered(count, qos), rate=count / 4, burst=50)
        self.addCleanup(publisher.kill)
        for _ in range(3):
            time.sleep(0.7)
            self.assertTrue(publisher.is_running, "the cut must come while messages flow")
            proxy.cut()
        publisher.wait(60)
        self.finish(logger, count)

    def test_cut_connections_at_qos_1(self) -> None:
        self.run_cuts(1)

    def test_cut_connections_at_qos_2(self) -> None:
        self.run_cuts(2)

    def test_stalled_connection_is_given_up(self) -> None:
        broker = self.start_broker()
        proxy = Proxy(broker.port)
        self.addCleanup(proxy.close)
        logger = self.start(proxy.port, 1, "--keep-alive", "2s")
        publisher = self.connect(broker.port)
        publisher.publish_all(numbered(1000, 1))
        proxy.stall()
        publisher.publish_all(numbered(1000, 1, begin=1000))
        self.finish(logger, 2000)

    def test_session_that_the_broker_has_forgotten_is_subscribed_again(self) -> None:
        broker = self.start_broker()  # without persistence
        logger = self.start(broker.port, 1)
        broker.restart()
        logger.wait_for("subscribed to", 30, count=2)
        self.connect(broker.port).publish_all(numbered(100, 1))
        self.finish(logger, 100)

    def test_messages_that_came_while_the_logger_was_away_are_recorded(self) -> None:
        broker = self.start_broker()
        logger = self.start(broker.port, 1)
        publisher = self.connect(broker.port)
        publisher.publish_all(numbered(500, 1))
        self.wait_for_records(500)
        self.assert_stops(logger)
        publisher.publish_all(numbered(500, 1, begin=500))
        logger = self.run_logger("--broker", "127.0.0.1", "--port", str(broker.port), "--topic", "load/#")
        self.finish(logger, 1000)


if __name__ == "__main__":
    main()
