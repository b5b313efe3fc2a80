"""What a broker says of itself in CONNACK and DISCONNECT is heard, told, and kept to (MQTT 5, section 3.2.2.3)."""

import json
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import mqtt_packets as mqtt
from hostile_broker import Peer, ScriptedBroker
from logger import Logger
from mqtt_packets import Message
from scenario import Scenario, main
from waiting import wait_until

_WILL_RETAIN, _WILL_QOS, _WILL = 0x20, 0x18, 0x04


def topic_filter(subscribe: bytes, version: int) -> str:
    begin = 3 if version == 5 else 2  # no properties
    length = int.from_bytes(subscribe[begin : begin + 2], "big")
    return subscribe[begin + 2 : begin + 2 + length].decode()


class BrokerLimits(Scenario):
    def serve(self, script) -> ScriptedBroker:
        broker = ScriptedBroker(script)
        self.addCleanup(broker.close)
        return broker

    def run_for(self, broker: ScriptedBroker, *options: str) -> Logger:
        return self.run_logger("--broker", f"127.0.0.1:{broker.port}", *options)

    def test_server_keep_alive(self) -> None:
        asked = []

        def script(peer: Peer, number: int) -> None:
            peer.read_connect()
            asked.append(peer.keep_alive)
            peer.acknowledge_connect(0, [("server_keep_alive", 7)])
            peer.serve()

        logger = self.run_for(self.serve(script)).wait_until_subscribed()
        self.assertEqual(asked, [60, 7])
        self.assertEqual(len(logger.find("the broker sets the keep alive to 7 s")), 1)
        self.assert_stops(logger)

    def test_session_expiry(self) -> None:
        def script(peer: Peer, number: int) -> None:
            peer.accept(properties=[("session_expiry_interval", 300), ("assigned_client_identifier", "yours")])
            peer.serve()

        logger = self.run_for(self.serve(script)).wait_until_subscribed()
        self.assertEqual(len(logger.find("warning.*keeps messages for 5 min 0 s while the logger is away, not for 1 h 0 min")), 1)
        self.assertEqual(len(logger.find("the broker names this client 'yours'")), 1)
        status = self.run_logger("--status")
        self.assertEqual(status.wait(), 0)
        self.assertIn("kept by the broker for 300 s while the logger is away", status.output)
        self.assert_stops(logger)

    def test_status_topic_within_limits(self) -> None:
        published = []

        def script(peer: Peer, number: int) -> None:
            peer.accept(properties=[("maximum_qos", 0), ("retain_available", 0)])
            while True:
                kind, flags, body = peer.read_packet()
                if kind == mqtt.PUBLISH:
                    published.append(mqtt.parse_publish(flags, body, peer.version)[0])
                peer.answer(kind, body)

        logger = self.run_for(self.serve(script), "--status-topic", "loggers/one", "--stats-every", "50ms")
        wait_until(lambda: len(published) >= 2, 20, "the status to be published")
        self.assertEqual({(message.qos, message.retain) for message in published}, {(0, False)})
        self.assertEqual(len(logger.find("the broker takes at most QoS 0, nothing retained: the status topic keeps to that")), 1)
        self.assert_stops(logger)

    def test_will_that_is_refused(self) -> None:
        wills = []

        def script(peer: Peer, number: int) -> None:
            peer.read_connect()
            wills.append(peer.connect_flags & (_WILL_RETAIN | _WILL_QOS))
            if peer.connect_flags & _WILL_RETAIN:
                peer.acknowledge_connect(0x9A)
                return
            if peer.connect_flags & _WILL_QOS:
                peer.acknowledge_connect(0x9B)
                return
            peer.acknowledge_connect(0)
            peer.serve()

        logger = self.run_for(self.serve(script), "--status-topic", "loggers/one").wait_until_subscribed()
        self.assertEqual(wills, [_WILL_RETAIN | 0x08, 0x08, 0])
        self.assert_stops(logger)

    def log_filters(self, refuse, *filters: str) -> tuple[Logger, list[str]]:
        """A broker that treats a SUBSCRIBE by `refuse` if that returns True, and publishes on what it grants."""
        asked: list[str] = []

        def script(peer: Peer, number: int) -> None:
            peer.accept()
            while True:
                kind, flags, body = peer.read_packet()
                if kind == mqtt.SUBSCRIBE:
                    name = topic_filter(body, peer.version)
                    asked.append(name)
                    if refuse(peer, name, body[:2]):
                        return
                peer.answer(kind, body)
                if kind == mqtt.SUBSCRIBE:
                    peer.publish(Message(name.rsplit("/", 1)[0] + "/x", b"1", 1), 1 + filters.index(name))

        topics = [word for name in filters for word in ("--topic", name)]
        return self.run_for(self.serve(script), *topics), asked

    def test_filter_at_which_the_connection_is_closed(self) -> None:
        """RabbitMQ 3.10 closes without SUBACK."""
        logger, asked = self.log_filters(lambda peer, name, packet_id: name == "b/#", "a/#", "b/#", "c/#")
        logger.wait_for("error.*closes the connection each time it is asked for the topic filter 'b/#'", 60)
        logger.wait_for("subscribed to a/#, c/#", 60)
        self.assertLessEqual(asked.count("b/#"), 3)
        self.assert_stops(logger)
        self.assertLessEqual({"a/x", "c/x"}, {record.topic for record in self.read_both()[0]})

    def test_filter_that_is_refused_before_the_connection_is_closed(self) -> None:
        """RabbitMQ 4 answers with SUBACK, and closes then."""

        def refuse(peer: Peer, name: str, packet_id: bytes) -> bool:
            if name == "b/#":
                peer.send(mqtt.make_packet(mqtt.SUBACK, 0, packet_id + mqtt.encode_properties(
                    [("reason_string", "not yours")]) + b"\x87"))
            return name == "b/#"

        logger, asked = self.log_filters(refuse, "a/#", "b/#")
        logger.wait_for(r"the broker refuses the topic filter 'b/#': .*\(not yours\); nothing of it is logged", 20)
        logger.wait_for("subscribed to a/#$", 30)
        self.assertEqual(asked.count("b/#"), 1)
        self.assert_stops(logger)

    def test_no_shared_subscriptions(self) -> None:
        def script(peer: Peer, number: int) -> None:
            peer.accept(properties=[("shared_subscription_available", 0)])
            peer.serve()

        logger = self.run_for(self.serve(script), "--topic", "$share/g/a/#", "--topic", "b/#")
        logger.wait_for("subscribed to b/#$", 20)
        self.assertEqual(len(logger.find(r"error.*'\$share/g/a/#': it has no shared subscriptions")), 1)
        self.assert_stops(logger)

    def test_disconnected_for_a_shared_subscription(self) -> None:
        """ejabberd says so with DISCONNECT."""

        def refuse(peer: Peer, name: str, packet_id: bytes) -> bool:
            if name.startswith("$share"):
                peer.send(mqtt.make_packet(mqtt.DISCONNECT, 0, b"\x9e\0"))
            return name.startswith("$share")

        logger, asked = self.log_filters(refuse, "$share/g/a/#", "b/#")
        logger.wait_for(r"error.*refuses the topic filter '\$share/g/a/#' by closing the connection", 30)
        logger.wait_for("subscribed to b/#$", 30)
        # Twice where the connection breaks before what the broker says was read.
        self.assertLessEqual(asked.count("$share/g/a/#"), 2)
        self.assert_stops(logger)

    def test_simulator_within_limits(self) -> None:
        published = []

        def script(peer: Peer, number: int) -> None:
            peer.accept(properties=[("maximum_qos", 0)])
            while True:
                kind, flags, body = peer.read_packet()
                if kind == mqtt.PUBLISH:
                    published.append(mqtt.parse_publish(flags, body, peer.version)[0].qos)
                peer.answer(kind, body)

        logger = self.run_for(self.serve(script), "--simulate", "--interval", "20ms")
        wait_until(lambda: len(published) >= 3, 20, "readings")
        self.assertEqual(set(published), {0})
        self.assertEqual(len(logger.find("takes at most QoS 0: the simulated sensors keep to that")), 1)
        self.assert_stops(logger)

    def replay(self, qos: int, properties: mqtt.Properties, cut: bool) -> Logger:
        record = {"timestamp": "2026-11-20T15:36:01.123456Z", "topic": "sensors/a", "payload": "x" * 500, "encoding": "text",
                  "qos": qos, "retain": False}
        (self.work / "recorded.json").write_text("[\n" + ",\n".join([json.dumps(record, separators=(",", ":"))] * 3) + "\n]\n")
        is_cut = threading.Event()

        def script(peer: Peer, number: int) -> None:
            peer.accept(properties=properties)
            while True:
                kind, flags, body = peer.read_packet()
                if kind == mqtt.PUBLISH:
                    message, packet_id = mqtt.parse_publish(flags, body, peer.version)
                    if cut and not is_cut.is_set():
                        is_cut.set()
                        return
                    if message.qos:
                        peer.send(mqtt.make_acknowledgement(mqtt.PUBACK, packet_id))
                peer.answer(kind, body)

        logger = self.run_for(self.serve(script), "--replay", "recorded.json", "--speed", "0")
        logger.exit_code = logger.wait(60)  # type: ignore[attr-defined]
        return logger

    def test_replay_at_qos_0_is_never_acknowledged(self) -> None:
        whole = self.replay(0, [], cut=False)
        self.assertEqual(len(whole.find("published 3, acknowledged 0, refused 0, sent 3 at QoS 0")), 1, whole.log)
        self.assertEqual(whole.exit_code, 0)

    def test_replay_of_messages_that_are_too_large(self) -> None:
        logger = self.replay(1, [("maximum_packet_size", 400)], cut=False)
        self.assertEqual(len(logger.find("published 3, acknowledged 0, refused 3")), 1, logger.log)
        self.assertEqual(logger.exit_code, 1)


if __name__ == "__main__":
    main()
