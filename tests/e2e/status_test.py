"""The status topic: online with counters, offline when the connection breaks, stopped after a stop."""

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from mqtt_client import Client
from roles import find_plugin, write_roles
from scenario import Scenario, main

_TOPIC = "status/logger"


class Status(Scenario):
    def watch(self, port: int) -> Client:
        watcher = self.connect(port)
        watcher.subscribe(_TOPIC, qos=1)
        return watcher

    def next_status(self, watcher: Client, state: str, **members: Any) -> dict:
        """The next one with this state and these members; those before it are passed over."""
        while True:
            status = json.loads(watcher.receive(1)[0].payload)
            if status["state"] == state and members.items() <= status.items():
                return status

    def retained(self, port: int) -> dict:
        [message] = self.watch(port).receive(1)
        self.assertTrue(message.retain)
        return json.loads(message.payload)

    def test_life_of_a_logger(self) -> None:
        broker = self.start_broker()
        for version in ("5", "3.1.1"):
            with self.subTest(version=version):
                watcher = self.watch(broker.port)
                logger = self.start_logger(broker.port, "--status-topic", _TOPIC, "--stats-every", "100ms",
                                           "--mqtt-version", version, "--output", version)
                online = self.next_status(watcher, "online")
                self.assertEqual(set(online), {"state", "client_id", "version", "started", "received", "replayed",
                                               "written", "pending", "dropped", "redelivered", "too_large", "excluded"})
                self.assertIn(online["client_id"], logger.log)
                self.connect(broker.port).publish("sensors/a", "1")
                self.next_status(watcher, "online", received=1, written=1, pending=0, started=online["started"])
                self.assertEqual(self.retained(broker.port)["state"], "online")
                self.assert_stops(logger)
                self.next_status(watcher, "stopped", received=1)
                self.assertEqual(self.retained(broker.port)["state"], "stopped")

    def test_offline_when_killed_and_online_again(self) -> None:
        broker = self.start_broker()
        watcher = self.watch(broker.port)
        logger = self.start_logger(broker.port, "--status-topic", _TOPIC)
        online = self.next_status(watcher, "online")
        logger.kill()
        offline = self.next_status(watcher, "offline")
        self.assertEqual((offline["client_id"], offline["started"]), (online["client_id"], online["started"]))
        self.assertEqual(self.retained(broker.port)["state"], "offline")
        logger = self.start_logger(broker.port, "--status-topic", _TOPIC)
        self.next_status(watcher, "online")
        self.assert_stops(logger)

    def test_says_at_once_which_topics_have_gone_silent(self) -> None:
        broker = self.start_broker()
        watcher = self.watch(broker.port)
        logger = self.start_logger(broker.port, "--status-topic", _TOPIC, "--topic", "sensors/#", "--topic", "alarms/#",
                                   "--stale-after", "2s", "--stats-every", "1h")
        self.assertEqual(self.next_status(watcher, "online")["silent"], [])
        self.next_status(watcher, "online", silent=["sensors/#", "alarms/#"])
        self.connect(broker.port).publish("alarms/fire", "1")
        self.next_status(watcher, "online", silent=["sensors/#"])
        self.assert_stops(logger)

    def test_online_again_after_the_broker_was_away(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--status-topic", _TOPIC, "--stats-every", "0")
        broker.restart()
        logger.wait_for("subscribed to", 30, count=2)
        self.next_status(self.watch(broker.port), "online")
        self.assert_stops(logger)

    def test_refused_status_is_said_once_and_messages_go_on(self) -> None:
        plugin = find_plugin()
        if plugin is None:
            self.skipTest("mosquitto_dynamic_security.so is missing")
        roles = write_roles(self.directory / "roles.json", subscribe="sensors/#", publish="sensors/#")
        broker = self.start_broker(f"plugin {plugin}", f"plugin_opt_config_file {roles}")
        logger = self.start_logger(broker.port, "--status-topic", _TOPIC, "--stats-every", "50ms")
        logger.wait_for(r"warning the broker refuses what is published on the status topic 'status/logger': Not auth")
        self.connect(broker.port).publish("sensors/a", "1")
        self.wait_for_records(1)
        self.assert_stops(logger)
        self.assertEqual(len(logger.find("refuses what is published")), 1)


if __name__ == "__main__":
    main()
