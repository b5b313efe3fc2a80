"""What is asked for: QoS of single topic filters, retained messages, excluded topics, and what a broker refuses of it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from mqtt_packets import Message
from roles import find_plugin, write_roles
from scenario import Scenario, main
from waiting import wait_until


class Subscribe(Scenario):
    def payloads(self, output: str = "exports/mqtt_data") -> list[bytes]:
        return [record.payload for record in self.read_both(output)[0]]

    def test_topic_filters_have_their_own_qos(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--qos", "0", "--topic", "a", "--topic-qos", "2:b", "--topic-qos", "1:c")
        publisher = self.connect(broker.port)
        for topic in ("a", "b", "c"):
            publisher.publish(topic, topic, 2)
        self.wait_for_records(3)
        self.assert_stops(logger)
        # The order is the broker's: at QoS 0 a message may pass one of QoS 2.
        self.assertEqual({(record.topic, record.qos) for record in self.read_both()[0]}, {("a", 0), ("b", 2), ("c", 1)})

    def test_changed_qos_is_asked_for_in_the_kept_session(self) -> None:
        broker = self.start_broker()
        self.assert_stops(self.start_logger(broker.port, "--topic", "a"))
        logger = self.start_logger(broker.port, "--topic-qos", "2:a")
        self.connect(broker.port).publish("a", "1", 2)
        self.wait_for_records(1)
        self.assert_stops(logger)
        self.assertEqual(self.read_both()[0][0].qos, 2)

    def test_excluded_messages_are_counted_and_not_recorded(self) -> None:
        broker = self.start_broker()
        for version in ("5", "3.1.1"):
            with self.subTest(version=version):
                logger = self.start_logger(broker.port, "--topic", "a/#", "--qos", "2", "--exclude", "a/+/debug",
                                           "--exclude", "a/noise/#", "--mqtt-version", version, "--output", version)
                publisher = self.connect(broker.port)
                for number in range(30):
                    for topic in ("a/x/debug", "a/noise", "a/x"):
                        publisher.publish(topic, str(number), number % 3)
                self.wait_for_records(30, output=version)
                self.assert_stops(logger)
                self.assertEqual({record.topic for record in self.read_both(version)[0]}, {"a/x"})
                self.assertIn("received 90, written 30, pending 0, dropped 0, excluded 60", logger.log)

    def run_twice(self, port: int, *options: str) -> list[bytes]:
        """What two runs of one session record of one retained message, and of one more message in each run."""
        for number in (1, 2):
            logger = self.start_logger(port, "--topic", "a/#", "--output", "data", *options)
            self.connect(port).publish("a/live", f"live {number}")
            live = b"live %d" % number
            wait_until(lambda: live in self.path("json", "data").read_bytes(), 10, f"message {number}")
            self.assert_stops(logger)
        return self.payloads("data")

    def test_retained_messages_come_as_asked_for(self) -> None:
        expected = {"send": [b"kept", b"live 1", b"kept", b"live 2"], "new": [b"kept", b"live 1", b"live 2"],
                    "never": [b"live 1", b"live 2"]}
        for retained, payloads in expected.items():
            with self.subTest(retained=retained):
                broker = self.start_broker()
                self.connect(broker.port).publish("a/kept", "kept", retain=True)
                self.assertEqual(self.run_twice(broker.port, "--retained", retained), payloads)
                for extension in ("csv", "json"):
                    self.path(extension, "data").unlink()

    def test_mqtt_3_1_1_cannot_do_without_retained_messages_and_says_so(self) -> None:
        broker = self.start_broker()
        self.connect(broker.port).publish("sensors/kept", "kept", retain=True)
        logger = self.start_logger(broker.port, "--retained", "never", "--mqtt-version", "3.1.1")
        logger.wait_for("warning --retained never: MQTT 3.1.1 cannot ask for that")
        self.wait_for_records(1)
        self.assert_stops(logger)

    def test_refused_filter_is_named_and_the_others_go_on(self) -> None:
        # Mosquitto's access lists keep messages away, but let anybody subscribe; its plugin refuses.
        plugin = find_plugin()
        if plugin is None:
            self.skipTest("mosquitto_dynamic_security.so is missing")
        roles = write_roles(self.directory / "roles.json", subscribe="allowed/#", publish="allowed/#")
        for version, reason in (("5", "Not authorized"), ("3.1.1", "")):
            with self.subTest(version=version):
                broker = self.start_broker(f"plugin {plugin}", f"plugin_opt_config_file {roles}")
                logger = self.start_logger(broker.port, "--topic", "allowed/#", "--topic", "secret/#",
                                           "--mqtt-version", version, "--output", version)
                logger.wait_for(rf"error .*refuses the topic filter 'secret/#': {reason}")
                self.assertEqual(len(logger.find("subscribed to allowed/#$")), 1, logger.log)
                self.connect(broker.port).publish("allowed/a", "1")
                self.wait_for_records(1, output=version)
                self.assert_stops(logger)

    def test_lower_qos_than_asked_for_is_said(self) -> None:
        broker = self.start_broker("max_qos 0")
        for version in ("5", "3.1.1"):
            with self.subTest(version=version):
                logger = self.start_logger(broker.port, "--mqtt-version", version, "--output", version)
                logger.wait_for("warning the broker grants only QoS 0 for 'sensors/#': messages can be lost")
                self.assert_stops(logger)

    def test_larger_packets_than_asked_for_do_not_come(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--max-packet-size", "1KiB")
        publisher = self.connect(broker.port)
        publisher.publish_all([Message("sensors/a", b"x" * 2000, 1), Message("sensors/a", b"small", 1)])
        self.wait_for_records(1)
        self.assert_stops(logger)
        self.assertEqual(self.payloads(), [b"small"])


if __name__ == "__main__":
    main()
