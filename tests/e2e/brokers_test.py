"""Several brokers: tried in order, and each with a session of its own."""

import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import mqtt_packets as mqtt
from broker import Mosquitto
from hostile_broker import HostileBroker, Peer
from logger import Logger
from mqtt_packets import Message
from scenario import Scenario, main


class Brokers(Scenario):
    def setUp(self) -> None:
        super().setUp()
        self.first, self.second = self.make_broker("persistence true"), self.make_broker("persistence true")

    def run_with_both(self, *options: str) -> Logger:
        return self.run_logger("--broker", f"127.0.0.1:{self.first.port}", "--broker", f"127.0.0.1:{self.second.port}",
                               *options)

    def wait_for_broker(self, logger: Logger, broker: Mosquitto, count: int = 1) -> None:
        logger.wait_for(rf"connected to 127\.0\.0\.1:{broker.port} .*subscribed to", 30, count)

    def publish(self, broker: Mosquitto, payload: str) -> None:
        self.connect(broker.port).publish("sensors/a", payload, 2)

    def test_order_of_brokers(self) -> None:
        versions = {"5": "1", "3.1.1": "2"}  # and QoS
        self.second.start()
        loggers = {version: self.run_with_both("--mqtt-version", version, "--qos", qos, "--output", version)
                   for version, qos in versions.items()}

        def publish_to_all(broker: Mosquitto, number: int, count: int = 1) -> None:
            for logger in loggers.values():
                self.wait_for_broker(logger, broker, count)
            self.publish(broker, str(number))
            for version in versions:
                self.wait_for_records(number, output=version)

        publish_to_all(self.second, 1)
        for logger in loggers.values():
            logger.wait_for(f"no connection to 127.0.0.1:{self.first.port}: .*; trying 127.0.0.1:{self.second.port}")
        self.first.start()  # comes back, and is not asked as long as the other one serves
        publish_to_all(self.second, 2)
        self.second.stop()
        publish_to_all(self.first, 3)
        self.second.start()
        self.first.stop()  # goes down again
        publish_to_all(self.second, 4, count=2)
        for version, logger in loggers.items():
            self.assert_stops(logger)
            self.assertEqual([record.payload for record in self.read_both(version)[0]], [b"1", b"2", b"3", b"4"])

    def test_simulator_goes_where_the_logger_is(self) -> None:
        self.second.start()
        logger = self.run_with_both("--simulate", "--interval", "50ms", "--stats-every", "50ms")
        self.wait_for_broker(logger, self.second)
        self.wait_for_records(20)
        self.first.start()
        self.second.stop()
        self.wait_for_broker(logger, self.first)
        count = self.count_records()
        self.wait_for_records(count + 20, 20)
        self.assert_stops(logger)

    def test_change_of_the_broker_may_have_lost_something(self) -> None:
        self.first.start()
        self.second.start()
        logger = self.run_with_both()
        self.wait_for_broker(logger, self.first)
        self.first.stop()
        self.wait_for_broker(logger, self.second)
        logger.wait_for("warning.*this broker has no session of the logger: messages .* may be missing", 10)
        self.assert_stops(logger)

    def test_one_broker_refuses_the_client(self) -> None:
        closed = self.start_broker("allow_anonymous false")
        self.second.start()
        logger = self.run_logger("--broker", f"127.0.0.1:{closed.port}", "--broker", f"127.0.0.1:{self.second.port}")
        self.wait_for_broker(logger, self.second)
        logger.wait_for(f"no connection to 127.0.0.1:{closed.port}: it refuses this client")
        self.assert_stops(logger)
        both = self.run_logger("--broker", f"127.0.0.1:{closed.port}", "--broker", f"localhost:{closed.port}")
        self.assertEqual(both.wait(), 3)

    def test_one_broker_never_answers(self) -> None:
        silent = HostileBroker(lambda peer: peer.say_nothing(), Message("sensors/a", b"", 0))
        self.addCleanup(silent.close)
        self.second.start()
        logger = self.run_logger("--broker", f"127.0.0.1:{silent.port}", "--broker", f"127.0.0.1:{self.second.port}")
        self.wait_for_broker(logger, self.second)
        self.assert_stops(logger)

    def test_every_host_form(self) -> None:
        self.second.start()
        for host in ("localhost", "127.0.0.1", "mqtt://localhost"):
            logger = self.run_logger("--broker", host, "--port", str(self.second.port)).wait_until_subscribed()
            self.assert_stops(logger)
        try:
            probe = socket.create_server(("::1", 0), family=socket.AF_INET6)
        except OSError:
            return  # no IPv6 here
        port = probe.getsockname()[1]
        probe.close()
        six = self.start_broker(f"listener {port} ::1")
        self.assertIsNotNone(six)
        for host in (f"[::1]:{port}", f"mqtt://[::1]:{port}"):
            self.assert_stops(self.run_logger("--broker", host).wait_until_subscribed())

    def test_same_identifier_from_another_broker_is_no_redelivery(self) -> None:
        """Both brokers claim to have kept the session, and send what looks like a redelivery of the other's message."""
        for qos in (1, 2):
            with self.subTest(qos=qos):
                message = Message("sensors/a", b"same", qos)

                def behave(peer: Peer) -> None:
                    peer.accept(session_present=True)
                    peer.answer_until_subscribed()
                    duplicate = bytearray(mqtt.make_publish(message, 7, peer.version))
                    duplicate[0] |= 0x08
                    peer.send(bytes(duplicate))
                    peer.serve()

                brokers = [HostileBroker(behave, Message("none", b"", 0)) for _ in range(2)]
                ports = [broker.port for broker in brokers]
                output = f"qos-{qos}"
                logger = self.run_logger("--broker", f"127.0.0.1:{ports[0]}", "--broker", f"127.0.0.1:{ports[1]}",
                                         "--output", output, "--qos", str(qos))
                self.wait_for_records(1, output=output)
                brokers[0].close()
                self.wait_for_records(2, 20, output=output)
                brokers[1].close()
                logger.wait_for(rf"no connection to 127\.0\.0\.1:{ports[1]}: connection lost", 20)
                self.assert_stops(logger)
                payloads = [record.payload for record in self.read_both(output)[0]]
                self.assertEqual(payloads, [b"same", b"same"])


if __name__ == "__main__":
    main()
