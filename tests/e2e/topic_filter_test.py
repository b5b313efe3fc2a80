"""What is subscribed to is recorded, and nothing else."""

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import exports
from mqtt_client import Client
from scenario import Scenario, main
from waiting import wait_until


class TopicFilter(Scenario):
    def record(self, filters: list[str], topics: list[str], *options: str) -> tuple[list[str], list[str]]:
        """The topics that the logger recorded, and those that a plain client with the same filters received."""
        broker = self.start_broker()
        version = 4 if "3.1.1" in options else 5
        witness = self.connect(broker.port, version)
        witness.subscribe(*filters, "end", qos=1)
        filter_options = [option for topic_filter in [*filters, "end"] for option in ("--topic", topic_filter)]
        logger = self.start_logger(broker.port, *filter_options, *options)
        publisher = self.connect(broker.port)
        for topic in topics:
            publisher.publish(topic, "1")
        publisher.publish("end", "1")
        received: list[str] = []
        while "end" not in received:
            received += [message.topic for message in witness.receive(1)]
        self.wait_for_records(len(received))
        self.assert_stops(logger)
        records, _ = self.read_both()
        return [record.topic for record in records], received

    def test_several_filters(self) -> None:
        recorded, _ = self.record(["kitchen/#", "hall/temperature"],
                                  ["kitchen", "kitchen/a", "kitchen/a/b", "hall/temperature", "hall/humidity", "x"])
        self.assertEqual(recorded, ["kitchen", "kitchen/a", "kitchen/a/b", "hall/temperature", "end"])

    def test_plus_stands_for_one_level(self) -> None:
        recorded, _ = self.record(["+/temperature", "house/+/light"],
                                  ["a/temperature", "/temperature", "a/b/temperature", "house//light", "house/light"])
        self.assertEqual(recorded, ["a/temperature", "/temperature", "house//light", "end"])

    def test_overlapping_filters_record_as_often_as_the_broker_delivers(self) -> None:
        # One copy or one for each filter are both allowed (MQTT 5, section 3.3.4): Mosquitto 2.0 sends one with
        # MQTT 3.1.1 and several with MQTT 5. The logger must neither merge nor lose any.
        for version in ("5", "3.1.1"):
            with self.subTest(version=version):
                output = f"exports/{version}"
                recorded, received = self.record_overlap(version, output)
                self.assertEqual(Counter(recorded), Counter(received))

    def record_overlap(self, version: str, output: str) -> tuple[list[str], list[str]]:
        broker = self.start_broker()
        filters = ["a/#", "a/+", "a/b"]
        witness = self.connect(broker.port, 4 if version == "3.1.1" else 5)
        witness.subscribe(*filters, qos=1)
        options = [option for topic_filter in filters for option in ("--topic", topic_filter)]
        logger = self.start_logger(broker.port, "--mqtt-version", version, "--output", output, *options)
        publisher = self.connect(broker.port)
        for topic in ("a/b", "a/c", "a/b/c"):
            publisher.publish(topic, "1")
        received = [message.topic for message in witness.receive(3)]
        while "a/b/c" not in received:
            received += [message.topic for message in witness.receive(1)]
        received += [message.topic for message in witness.receive_so_far()]
        self.wait_for_records(len(received), output=output)
        self.assert_stops(logger)
        return [record.topic for record in self.read_both(output)[0]], received

    def test_hash_matches_everything_but_topics_of_the_broker(self) -> None:
        broker = self.start_broker("sys_interval 1")
        logger = self.start_logger(broker.port, "--topic", "#")
        witness = self.connect(broker.port)
        witness.subscribe("$SYS/#")
        witness.receive_so_far()  # what is retained
        witness.receive(3)  # the broker has published in the meantime
        self.connect(broker.port).publish("anything", "1")
        self.wait_for_records(1)
        self.assert_stops(logger)
        self.assertEqual([record.topic for record in self.read_both()[0]], ["anything"])

    def test_topics_of_the_broker_are_recorded_on_request(self) -> None:
        broker = self.start_broker("sys_interval 1")
        logger = self.start_logger(broker.port, "--topic", "$SYS/broker/version")
        self.wait_for_records(1)
        self.assert_stops(logger)
        record = self.read_both()[0][0]
        self.assertEqual((record.topic, record.retain), ("$SYS/broker/version", True))
        self.assertIn(b"mosquitto", record.payload)

    def test_two_loggers_share_a_shared_subscription(self) -> None:
        broker = self.start_broker()
        loggers = [self.start_logger(broker.port, "--topic", "$share/loggers/work/#", "--output", output)
                   for output in ("first/data", "second/data")]
        publisher = self.connect(broker.port)
        for number in range(200):
            publisher.publish("work/item", str(number))
        paths = [self.path("json", output) for output in ("first/data", "second/data")]
        wait_until(lambda: sum(exports.count_lines(path, b'{"') for path in paths) >= 200, 10, "all of the records")
        self.assertTrue(all(exports.count_lines(path, b'{"') for path in paths), "each has its share")
        for logger in loggers:
            self.assert_stops(logger)
        records = [record for output in ("first/data", "second/data") for record in self.read_both(output)[0]]
        self.assertEqual(sorted(int(record.payload) for record in records), list(range(200)))


class ClientIsAWitness(Scenario):
    def test_session_of_the_test_client_survives(self) -> None:
        """The harness itself: what comes in while a session is away is delivered later."""
        broker = self.start_broker()
        client = Client(broker.port, clean=False).connect()
        client.subscribe("a")
        client.disconnect()
        self.connect(broker.port).publish("a", "kept")
        client.connect()
        self.assertEqual(client.receive(1)[0].payload, b"kept")
        client.disconnect()


if __name__ == "__main__":
    main()
