"""What a kept session is subscribed to, where the brokers or the topic filters change between two runs."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from broker import Mosquitto
from logger import COMMAND_VARIABLE, Logger
from scenario import Scenario, main
from waiting import wait_until

# The steps between two CONNECTs at which the process may be killed.
_CRASH_POINTS = ("connect-sent", "connect-answered", "session-forgotten", "subscriptions-begun", "subscribe-begun",
                 "subscribe-sent", "subscribe-answered", "subscribe-done")


class Subscriptions(Scenario):
    def setUp(self) -> None:
        super().setUp()
        self.first, self.second = self.make_broker("persistence true"), self.make_broker("persistence true")

    def run_for(self, output: str, version: str, topic: str, *brokers: Mosquitto, crash_point: str = "") -> Logger:
        usual = os.environ[COMMAND_VARIABLE]
        if crash_point:
            os.environ[COMMAND_VARIABLE] = os.environ["CRASHING_LOGGER"]
        try:
            addresses = [word for broker in brokers for word in ("--broker", f"127.0.0.1:{broker.port}")]
            return self.run_logger(*addresses, "--topic", topic, "--output", output, "--mqtt-version", version,
                                   "--client-id", output,
                                   environment={"LOGGER_CRASH_POINT": crash_point, "LOGGER_CRASH_SEED": "1"})
        finally:
            os.environ[COMMAND_VARIABLE] = usual

    def log_once(self, output: str, version: str, topic: str, *brokers: Mosquitto) -> None:
        self.assert_stops(self.run_for(output, version, topic, *brokers).wait_until_subscribed())

    def assert_logs(self, output: str, version: str, topic: str, *brokers: Mosquitto, resumed: bool = True) -> Logger:
        """What is published at the first of the brokers on `topic` is recorded, and nothing of what was asked for before."""
        logger = self.run_for(output, version, topic, *brokers)
        logger.wait_for(rf"connected to 127\.0\.0\.1:{brokers[0].port}.*subscribed to", 20)
        if resumed:
            self.assertEqual(len(logger.find("session resumed")), 1, logger.log)
        publisher = self.connect(brokers[0].port)
        publisher.publish("a/x" if topic == "b/#" else "b/x", "not asked for", 1)
        publisher.publish(topic.replace("#", "x"), "asked for", 1)
        wait_until(lambda: b'"asked for"' in self.path("json", output).read_bytes(), 20, "what was asked for")
        self.assert_stops(logger)
        self.assertEqual(self.read_both(output)[0][-1].payload, b"asked for")
        self.assertNotIn(b"not asked for", [record.payload for record in self.read_both(output)[0]])
        return logger

    def test_another_broker_between_two_runs(self) -> None:
        self.first.start()
        self.second.start()
        for version in ("5", "3.1.1"):
            with self.subTest(version=version):
                output = f"between-{version}"
                self.log_once(output, version, "a/#", self.first)
                self.log_once(output, version, "b/#", self.second)
                self.connect(self.first.port).publish("a/queued", "came while away", 1)
                logger = self.assert_logs(output, version, "b/#", self.first)
                self.assertEqual(self.read_both(output)[0][0].payload, b"came while away")
                self.assertEqual(len(logger.find("match no --topic, the last one on 'a/queued'")), 1, logger.log)

    def test_topics_change_while_the_first_of_two_brokers_is_down(self) -> None:
        self.second.start()
        for version in ("5", "3.1.1"):
            with self.subTest(version=version):
                output = f"two-{version}"
                self.first.start()
                self.log_once(output, version, "a/#", self.first, self.second)
                self.first.stop()
                self.log_once(output, version, "b/#", self.first, self.second)
                self.first.start()
                self.assert_logs(output, version, "b/#", self.first, self.second)
                self.first.stop()

    def test_killed_between_two_brokers(self) -> None:
        self.first.start()
        self.second.start()
        for index, crash_point in enumerate(_CRASH_POINTS):
            for version in ("5", "3.1.1"):
                with self.subTest(crash_point=crash_point, version=version):
                    output = f"killed-{crash_point}-{version}"
                    self.log_once(output, version, "a/#", self.first)
                    self.log_once(output, version, "b/#", self.second)
                    # Every other one dies at the second broker, the others back at the first.
                    dies_at = self.second if index % 2 else self.first
                    topic = "c/#" if index % 2 else "b/#"
                    self.assertLess(self.run_for(output, version, topic, dies_at, crash_point=crash_point).wait(), 0)
                    # A list that was just being written is not known: then nothing is ended, but nothing missing.
                    logger = self.run_for(output, version, "b/#", self.first).wait_until_subscribed()
                    self.connect(self.first.port).publish("b/x", "asked for", 1)
                    self.wait_for_records(1, 20, output)
                    self.assert_stops(logger)


if __name__ == "__main__":
    main()
