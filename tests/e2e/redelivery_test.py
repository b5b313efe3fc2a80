"""What a broker sends again, and what only looks so: nothing is lost with any broker, and nothing doubled with one that counts."""

import re
import socket
import sys
from pathlib import Path
from typing import Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import mqtt_packets as mqtt
from hostile_broker import Behaviour, Peer
from local_server import LocalServer
from mqtt_packets import Message, make_publish, set_duplicate
from scenario import Scenario, main

_PROOF = Message("sensors/proof", b"proof", 1)


class ScriptedBroker(LocalServer):
    """Each connection has a script of its own; all but the first resume the session. The last one stays.

    `admits_session`: whether it also says so.
    """

    def __init__(self, *scripts: Behaviour, admits_session: bool = True):
        self._scripts = list(scripts)
        self._admits_session = admits_session
        self._is_first = True
        super().__init__()

    def serve(self, connection: socket.socket) -> None:
        peer = Peer(connection)
        is_first, self._is_first = self._is_first, False
        script = self._scripts.pop(0)
        peer.accept(session_present=not is_first and self._admits_session)
        if is_first:
            peer.answer_until_subscribed()
        script(peer)
        if not self._scripts:
            peer.serve()


def deliver(peer: Peer, packet_id: int, topic: str, payload: bytes, is_duplicate: bool = False) -> None:
    """Returns when it is acknowledged."""
    packet = make_publish(Message(topic, payload, 1), packet_id, peer.version)
    peer.send(set_duplicate(packet) if is_duplicate else packet)
    while True:
        kind, _, body = peer.read_packet()
        if kind == mqtt.PUBACK:
            assert body[:2] == packet_id.to_bytes(2, "big"), (body, packet_id)
            return
        peer.answer(kind, body)


class Redelivery(Scenario):
    def setUp(self) -> None:
        super().setUp()
        self.runs = 0

    def run_scripts(self, *scripts: Behaviour, recorded: list[tuple[str, bytes]], redelivered: int = 0,
                    admits_session: bool = True) -> None:
        for version in ("5", "3.1.1"):
            with self.subTest(version=version):
                broker = ScriptedBroker(*scripts, admits_session=admits_session)
                self.addCleanup(broker.close)
                self.runs += 1
                output = f"exports/run-{self.runs}"
                logger = self.start_logger(broker.port, "--mqtt-version", version, "--output", output,
                                           "--journal-size", "64KiB")
                self.wait_for_records(len(recorded) + 1, 20, output)
                self.assert_stops(logger)
                records = [(record.topic, record.payload) for record in self.read_both(output)[0]]
                self.assertEqual(records, [*recorded, (_PROOF.topic, _PROOF.payload)])
                counts = re.findall(r"\((\d+) redelivered\)", logger.log)
                self.assertEqual(int(counts[-1]) if counts else 0, redelivered)

    def test_another_message_whose_fields_make_the_same_bytes_is_new(self) -> None:
        def begin(peer: Peer) -> None:
            deliver(peer, 5, "sensors/1", b"23")

        def resume(peer: Peer) -> None:
            deliver(peer, 5, "sensors/12", b"3", is_duplicate=True)
            deliver(peer, 6, _PROOF.topic, _PROOF.payload)

        self.run_scripts(begin, resume, recorded=[("sensors/1", b"23"), ("sensors/12", b"3")])

    def test_equal_message_under_the_lowest_free_identifier_is_new(self) -> None:
        def begin(count: int) -> Callable[[Peer], None]:
            def run(peer: Peer) -> None:
                for _ in range(count):
                    deliver(peer, 1, "sensors/motor", b"OFF")

            return run  # the next one is lost with the connection

        def resume(peer: Peer) -> None:
            deliver(peer, 1, "sensors/motor", b"OFF", is_duplicate=True)
            deliver(peer, 1, _PROOF.topic, _PROOF.payload)

        for count in (1, 2, 5):
            with self.subTest(count=count):
                self.run_scripts(begin(count), resume, recorded=[("sensors/motor", b"OFF")] * (count + 1))

    def test_broker_that_counts_is_believed(self) -> None:
        def begin(peer: Peer) -> None:
            for packet_id in (1, 2, 3):
                deliver(peer, packet_id, "sensors/motor", b"OFF")

        def resume(peer: Peer) -> None:
            for packet_id in (2, 3, 4):  # 4 was lost on its way
                deliver(peer, packet_id, "sensors/motor", b"OFF", is_duplicate=True)
            deliver(peer, 5, _PROOF.topic, _PROOF.payload)

        self.run_scripts(begin, resume, recorded=[("sensors/motor", b"OFF")] * 4, redelivered=2)

    def test_broker_that_keeps_the_session_and_does_not_say_so(self) -> None:
        """ActiveMQ 5: its CONNACK says that there was no session, and then it sends again what it holds."""
        def begin(peer: Peer) -> None:
            for packet_id in (1, 2, 3):
                deliver(peer, packet_id, "sensors/motor", b"OFF")

        def resume(peer: Peer) -> None:
            for packet_id in (2, 3):
                deliver(peer, packet_id, "sensors/motor", b"OFF", is_duplicate=True)
            deliver(peer, 4, _PROOF.topic, _PROOF.payload)

        def begin_anew(peer: Peer) -> None:
            deliver(peer, 3, "sensors/motor", b"OFF")
            deliver(peer, 2, "sensors/motor", b"OFF", is_duplicate=True)
            deliver(peer, 4, _PROOF.topic, _PROOF.payload)

        motor = ("sensors/motor", b"OFF")
        self.run_scripts(begin, resume, recorded=[motor] * 3, redelivered=2, admits_session=False)
        self.run_scripts(begin, begin_anew, recorded=[motor] * 5, admits_session=False)


if __name__ == "__main__":
    main(needs_broker=False)
