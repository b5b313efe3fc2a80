"""A broker that breaks the protocol: the logger does not crash, says what it is about, and goes on with a good one."""

import random
import sys
from pathlib import Path
from typing import Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import mqtt_packets as mqtt
from hostile_broker import Behaviour, HostileBroker, Peer
from logger import Logger
from mqtt_packets import Message, make_packet
from notify_socket import NotifySocket
from scenario import Scenario, main
from waiting import wait_until

_PROOF = Message("sensors/proof", b"proof", 1)
_TOPIC = b"\x00\x01a"


def after_connect(data: Callable[[Peer], bytes] | bytes) -> Behaviour:
    """Sends this in place of CONNACK."""

    def behave(peer: Peer) -> None:
        peer.read_connect()
        peer.send(data(peer) if callable(data) else data)
        peer.say_nothing()

    return behave


def after_subscribe(data: Callable[[Peer], bytes] | bytes) -> Behaviour:
    """Sends this when everything has gone well so far."""

    def behave(peer: Peer) -> None:
        peer.accept()
        peer.answer_until_subscribed()
        peer.send(data(peer) if callable(data) else data)

    return behave


def in_place_of_suback(data: Callable[[Peer, bytes], bytes]) -> Behaviour:
    def behave(peer: Peer) -> None:
        peer.accept()
        peer.send(data(peer, peer.read_subscribe()))

    return behave


def publish(flags: int, rest: bytes) -> bytes:
    return make_packet(mqtt.PUBLISH, flags, rest)


def connack(code: int, properties: bytes) -> bytes:
    return make_packet(mqtt.CONNACK, 0, bytes([0, code]) + properties)


def noise(seed: int) -> bytes:
    return random.Random(seed).randbytes(4096)


CONNECTING: dict[str, Behaviour] = {
    "connack_never": after_connect(b""),
    "connack_cut": after_connect(b"\x20"),
    "connack_endless": after_connect(b"\x20\xff\xff\xff\x7f"),
    "connack_wrong_length": after_connect(b"\x20\xff\xff\xff\xff\xff\xff"),
    "connack_empty": after_connect(b"\x20\x00"),
    "connack_of_reserved_code": after_connect(lambda peer: connack(0x77, peer.no_properties())),
    "connack_properties_too_long": after_connect(connack(0, b"\x7f\x21\x00")),
    "connack_properties_unknown": after_connect(connack(0, b"\x03\xfe\x00\x01")),
    "connack_properties_cut": after_connect(connack(0, b"\x05\x1f\x00\xffab")),
    "connack_http": after_connect(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "connack_noise": after_connect(noise(1)),
    "publish_before_connack": after_connect(publish(0, _TOPIC + b"\0x")),
}
SUBSCRIBING: dict[str, Behaviour] = {
    "suback_never": in_place_of_suback(lambda peer, packet_id: b""),
    "suback_for_nothing": in_place_of_suback(
        lambda peer, packet_id: make_packet(mqtt.SUBACK, 0, b"\xab\xcd" + peer.no_properties() + b"\1")),
    "suback_without_codes": in_place_of_suback(
        lambda peer, packet_id: make_packet(mqtt.SUBACK, 0, packet_id + peer.no_properties())),
    "suback_with_many_codes": in_place_of_suback(
        lambda peer, packet_id: make_packet(mqtt.SUBACK, 0, packet_id + peer.no_properties() + b"\1" * 300)),
    "suback_with_wrong_code": in_place_of_suback(
        lambda peer, packet_id: make_packet(mqtt.SUBACK, 0, packet_id + peer.no_properties() + b"\x55")),
    "suback_cut": in_place_of_suback(lambda peer, packet_id: make_packet(mqtt.SUBACK, 0, packet_id[:1])),
}
CONNECTED: dict[str, Behaviour] = {
    "half_open": lambda peer: (peer.accept(), peer.answer_until_subscribed(), peer.say_nothing())[0],
    "publish_endless": after_subscribe(b"\x30\xff\xff\xff\x7f" + _TOPIC),
    "publish_wrong_length": after_subscribe(b"\x30\xff\xff\xff\xff\xff\xff" + _TOPIC),
    "publish_empty": after_subscribe(publish(0, b"")),
    "publish_topic_too_long": after_subscribe(publish(0, b"\xff\xffab")),
    "publish_without_packet_id": after_subscribe(publish(2, _TOPIC)),
    "publish_packet_id_0": after_subscribe(lambda peer: publish(2, _TOPIC + b"\0\0" + peer.no_properties())),
    "publish_qos_3": after_subscribe(lambda peer: publish(6, _TOPIC + b"\0\1" + peer.no_properties())),
    "publish_qos_2_cut": after_subscribe(publish(4, _TOPIC)),
    "publish_qos_2_properties_cut": after_subscribe(publish(4, _TOPIC + b"\0\2\x7f")),
    "publish_properties_too_long": after_subscribe(publish(0, _TOPIC + b"\x7f\x01")),
    "publish_properties_unknown": after_subscribe(publish(0, _TOPIC + b"\x02\xfe\x00")),
    "publish_properties_cut": after_subscribe(publish(0, _TOPIC + b"\x05\x26\x00\xffab")),
    "publish_alias_alone": after_subscribe(publish(0, b"\0\0\x03\x23\x00\x01alias")),
    "answers_to_nothing": after_subscribe(b"".join(
        make_packet(kind, 2 if kind == mqtt.PUBREL else 0, b"\x12\x34")
        for kind in (mqtt.PUBACK, mqtt.PUBREC, mqtt.PUBREL, mqtt.PUBCOMP))),
    "second_connack": after_subscribe(lambda peer: connack(0, peer.no_properties())),
    "pingresp_for_nothing": after_subscribe(make_packet(mqtt.PINGRESP, 0, b"") * 3),
    "suback_late": after_subscribe(lambda peer: make_packet(mqtt.SUBACK, 0, b"\0\1" + peer.no_properties() + b"\1")),
    "unsuback_for_nothing": after_subscribe(make_packet(mqtt.UNSUBACK, 0, b"\x12\x34\0\0")),
    "packets_of_a_client": after_subscribe(make_packet(mqtt.SUBSCRIBE, 2, b"\0\1\0\0\1a\0")
                                           + make_packet(mqtt.PINGREQ, 0, b"") + make_packet(mqtt.CONNECT, 0, b"")),
    "packet_of_kind_0": after_subscribe(b"\0\0"),
    "auth": after_subscribe(make_packet(15, 0, b"\x18\0")),
    "disconnect_cut": after_subscribe(make_packet(mqtt.DISCONNECT, 0, b"\x8b\x7f\x1f")),
    "disconnect_with_reason": after_subscribe(make_packet(mqtt.DISCONNECT, 0, b"\x8b\x06\x1f\x00\x03\x1b[m")),
    "noise": after_subscribe(noise(2)),
}


class HostileBrokers(Scenario):
    def run_all(self, behaviours: dict[str, Behaviour]) -> None:
        """All at once, because most of the time is waiting."""
        cases = []
        for version in ("5", "3.1.1"):
            for name, behaviour in behaviours.items():
                output = f"{name}-{version}"
                broker = HostileBroker(behaviour, _PROOF)
                self.addCleanup(broker.close)
                logger = self.run_logger("--broker", "127.0.0.1", "--port", str(broker.port), "--output", output,
                                         "--journal-size", "64KiB", "--keep-alive", "2s", "--mqtt-version", version)
                cases.append((output, broker, logger))
        for output, broker, logger in cases:
            with self.subTest(output):
                self.check(output, broker, logger)

    def check(self, output: str, broker: HostileBroker, logger: Logger) -> None:
        def is_good() -> bool:
            self.assertTrue(logger.is_running(), f"{output}: {logger.log}")
            return path.exists() and b'"sensors/proof"' in path.read_bytes()

        path = self.path("json", output)
        wait_until(is_good, 60, f"{output}: the proof that it has gone on", poll=0.05)
        if broker.attempts > 1:
            self.assertEqual(len(logger.find(r"warning no connection to .*: .{10,}; trying again in")),
                             broker.attempts - 1, logger.log)
        self.assert_stops(logger)
        records, _ = self.read_both(output)
        self.assertEqual([record.payload for record in records if record.topic == _PROOF.topic], [_PROOF.payload])

    def test_while_connecting_and_subscribing(self) -> None:
        self.run_all(CONNECTING | SUBSCRIBING)

    def test_while_connected(self) -> None:
        self.run_all(CONNECTED)

    def test_reason_of_the_broker_is_in_the_log(self) -> None:
        broker = HostileBroker(CONNECTED["disconnect_with_reason"], _PROOF)
        self.addCleanup(broker.close)
        logger = self.start_logger(broker.port)
        logger.wait_for(r"warning .*connection lost: the broker says: Server shutting down \(\\x1B\[m\); trying again")
        self.wait_for_records(1)
        self.assert_stops(logger)

    def test_reason_of_the_broker_steers_no_terminal(self) -> None:
        """What --background prints, and what systemd is told."""
        reason = make_packet(mqtt.DISCONNECT, 0, b"\x8b\x08\x1f\x00\x05\x1b[31m")
        broker = HostileBroker(in_place_of_suback(lambda peer, packet_id: reason), _PROOF)
        self.addCleanup(broker.close)
        manager = NotifySocket(self.directory / "notify")
        self.addCleanup(manager.close)
        command = self.run_logger("--broker", "127.0.0.1", "--port", str(broker.port), "--background", "--log-file",
                                  "log", environment=manager.environment)
        self.assertEqual(command.wait(20), 1)
        told = manager.wait_for(f"STATUS=waiting for the broker at 127.0.0.1:{broker.port} (")
        self.assertEqual(self.run_logger("--stop").wait(30), 0)
        for text in (command.log, told[-1], (self.work / "log").read_text()):
            self.assertIn(r"\x1B[31m", text)
            self.assertNotIn("\x1b", text)


if __name__ == "__main__":
    main(needs_broker=False)
