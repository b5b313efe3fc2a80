"""Sessions: kept, lost, ended, taken over; and what the log says of them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import mqtt_packets as mqtt
from hostile_broker import HostileBroker, Peer
from logger import COMMAND_VARIABLE, Logger
from mqtt_packets import Message
from scenario import Scenario, main
from waiting import wait_until


class Session(Scenario):
    def run_named(self, port: int, *options: str) -> Logger:
        return self.run_logger("--broker", f"127.0.0.1:{port}", "--client-id", "the logger", *options)

    def test_messages_of_an_absence(self) -> None:
        broker = self.start_broker("persistence true")
        for version in ("5", "3.1.1"):
            with self.subTest(version=version):
                options = ("--mqtt-version", version, "--session-expiry", "1h", "--output", version)
                logger = self.start_logger(broker.port, *options)
                self.assert_stops(logger)  # then all is said
                self.assertEqual(logger.find("away|not kept"), [], "there was no session before")
                self.assertEqual(len(logger.find("MQTT 3.1.1 knows no --session-expiry")), int(version == "3.1.1"))
                publisher = self.connect(broker.port)
                publisher.publish_all([Message("sensors/a", str(number).encode(), 1) for number in range(1000)])
                broker.restart()
                logger = self.start_logger(broker.port, *options)
                logger.wait_for(r"the logger was away for about \d+ s; the broker has kept the session")
                self.wait_for_records(1000, 20, version)
                self.assertEqual([int(record.payload) for record in self.read_both(version)[0]], list(range(1000)))
                self.assert_stops(logger)

    def test_session_that_the_broker_has_lost(self) -> None:
        broker = self.start_broker("persistence false")
        logger = self.start_logger(broker.port)
        broker.restart()
        logger.wait_for("subscribed to", 20, count=2)
        logger.wait_for("warning.*the broker has not kept the session: messages of that time may be missing")
        self.assert_stops(logger)
        logger = self.start_logger(broker.port, "--session-expiry", "0")
        self.assert_stops(logger)
        logger = self.start_logger(broker.port, "--session-expiry", "0")
        logger.wait_for("messages of that time may be missing, as --session-expiry 0 asks")
        self.assert_stops(logger)

    def test_session_that_has_expired(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--session-expiry", "1s")
        self.assert_stops(logger)

        def is_expired() -> bool:
            again = self.start_logger(broker.port, "--session-expiry", "1s")
            self.assert_stops(again)
            return bool(again.find(r"has not kept the session \(it is kept for 1 s\): messages of that time"))

        wait_until(is_expired, 20, "a session that has expired", poll=1.5)

    def test_forget_session(self) -> None:
        broker = self.start_broker()
        for version in ("5", "3.1.1"):
            with self.subTest(version=version):
                options = ("--mqtt-version", version, "--output", version)
                logger = self.start_logger(broker.port, *options)
                self.connect(broker.port).publish("sensors/a", "before", 1)
                self.wait_for_records(1, output=version)
                self.assert_stops(logger)
                self.connect(broker.port).publish("sensors/a", "kept by the broker", 1)
                forgetting = self.run_logger("--broker", f"127.0.0.1:{broker.port}", *options, "--forget-session")
                self.assertEqual(forgetting.wait(), 0)
                self.assertEqual(len(forgetting.find("is ended, and with it what the broker kept")), 1)
                logger = self.start_logger(broker.port, *options)
                self.assertEqual(len(logger.find("new session")), 1)
                self.assertEqual(logger.find("away|not kept|crash"), [])
                self.connect(broker.port).publish("sensors/a", "after", 1)
                self.wait_for_records(2, output=version)
                self.assertEqual([record.payload for record in self.read_both(version)[0]], [b"before", b"after"])
                self.assert_stops(logger)

    def run_dying_logger(self, port: int, crash_point: str) -> Logger:
        usual = os.environ[COMMAND_VARIABLE]
        os.environ[COMMAND_VARIABLE] = os.environ["CRASHING_LOGGER"]
        try:
            return self.run_logger("--broker", f"127.0.0.1:{port}",
                                   environment={"LOGGER_CRASH_POINT": crash_point, "LOGGER_CRASH_SEED": "1"})
        finally:
            os.environ[COMMAND_VARIABLE] = usual

    def test_forget_session_leaves_pending_messages_alone(self) -> None:
        broker = self.start_broker()
        dying = self.run_dying_logger(broker.port, "head-stored").wait_until_subscribed()
        self.connect(broker.port).publish("sensors/a", "in the journal only", 1)
        self.assertLess(dying.wait(), 0)
        exports = {path: path.read_bytes() for path in self.path("csv").parent.glob("*.[cj]s*")}
        forgetting = self.run_logger("--broker", f"127.0.0.1:{broker.port}", "--forget-session")
        self.assertEqual(forgetting.wait(), 0)
        self.assertEqual(exports, {path: path.read_bytes() for path in exports}, "the exports are not touched")
        logger = self.start_logger(broker.port)
        self.wait_for_records(1)
        self.assert_stops(logger)
        self.assertEqual([record.payload for record in self.read_both()[0]], [b"in the journal only"])

    def test_forget_session_that_cannot(self) -> None:
        broker = self.start_broker()
        running = self.start_logger(broker.port)
        forgetting = self.run_logger("--broker", f"127.0.0.1:{broker.port}", "--forget-session")
        self.assertEqual(forgetting.wait(), 4)
        self.assertIn("in use by another logger", forgetting.log)
        self.assertTrue(running.is_running())
        self.assert_stops(running)
        closed = self.start_broker("allow_anonymous false")
        refused = self.run_logger("--broker", f"127.0.0.1:{closed.port}", "--forget-session", "--output", "other")
        self.assertEqual(refused.wait(), 3)
        broker.stop()
        away = self.run_logger("--broker", f"127.0.0.1:{broker.port}", "--forget-session", "--output", "other")
        self.assertEqual(away.wait(30), 1)
        self.assertIn("is not ended", away.log)

    def test_client_identifier_stays_where_the_host_is_renamed(self) -> None:
        """As a container is at each start: its session with the messages in it is not left behind."""
        unshare = shutil.which("unshare")
        can_rename = unshare and subprocess.run([unshare, "--uts", "hostname", "first"], capture_output=True).returncode == 0
        if not can_rename:
            self.skipTest("needs the right to give a process another host name")
        broker = self.start_broker()
        usual = os.environ[COMMAND_VARIABLE]
        log = ""
        for host in ("first", "second"):
            os.environ[COMMAND_VARIABLE] = f"{unshare} --uts sh -c 'hostname {host} && exec \"$@\"' sh {usual}"
            try:
                logger = self.start_logger(broker.port)
            finally:
                os.environ[COMMAND_VARIABLE] = usual
            log = logger.log
            self.assert_stops(logger)
            self.connect(broker.port).publish("sensors/a", host, 1)
        self.assertRegex(log, "info    the host's name has changed; the client identifier stays 'mqtt-logger-first-")
        self.assertIn("session resumed", log)
        self.assertEqual([record.payload for record in self.read_both()[0]], [b"first"])

    def test_session_taken_over(self) -> None:
        """The broker says so, as MQTT 5 has it. A stand-in, because Mosquitto 2.0.11 says nothing."""

        def behave(peer: Peer) -> None:
            peer.accept()
            peer.answer_until_subscribed()
            for packet_id in range(1, 101):
                peer.publish(Message("sensors/a", str(packet_id).encode(), 1), packet_id)
            for _ in range(100):
                self.assertEqual(peer.read_packet()[0], mqtt.PUBACK)
            peer.send(mqtt.make_packet(mqtt.DISCONNECT, 0, b"\x8e\0"))  # session taken over, no properties
            peer.say_nothing()

        broker = HostileBroker(behave, Message("sensors/a", b"proof", 0))
        self.addCleanup(broker.close)
        logger = self.run_named(broker.port)
        self.assertEqual(logger.wait(30), 3)
        self.assertEqual(len(logger.find("error.*another client has taken over the session 'the logger'.*--client-id")), 1)
        self.assertIn("received 100, written 100, pending 0", logger.log.splitlines()[-1])
        self.assertEqual(len(self.read_both()[0]), 100)
        self.assertEqual(broker.connections, 1, "it does not fight")

    def test_connections_that_do_not_last(self) -> None:
        """Two clients fight for one session, and the broker cannot say so: with MQTT 3.1.1 it only closes."""
        broker = self.start_broker()
        options = ("--mqtt-version", "3.1.1")
        loggers = [self.run_named(broker.port, "--output", output, *options) for output in ("first", "second")]
        loggers[0].wait_for("error.*do not last: does another client use the client identifier 'the logger' too", 60)
        for logger in loggers:
            self.assertTrue(logger.is_running())
            self.assert_stops(logger)


if __name__ == "__main__":
    main()
