"""`--replay`: what was recorded is published again, so that a logger records the same once more."""

import re
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import exports
import payload_test
from exports import Record
from hostile_broker import Peer, ScriptedBroker
from logger import Logger
from mqtt_client import Message
from mqtt_packets import PUBLISH
from scenario import Scenario, main
from waiting import wait_until

HEADER = "timestamp,topic,payload,encoding,qos,retain\n"
HOSTILE = [*payload_test.SINGLE_BYTES, *payload_test.BYTES, *payload_test.TEXTS, *payload_test.JSON, *payload_test.LIMITS,
           *payload_test.LARGE]


def essence(records: list[Record]) -> list[tuple]:
    """All of the records but their times, by topics: MQTT keeps the order only among messages of a topic and QoS."""
    return sorted((record[1:] for record in records), key=lambda fields: fields[0])


class Replay(Scenario):
    def replay(self, port: int, *options: object) -> Logger:
        return self.run_logger("--broker", "127.0.0.1", "--port", str(port), *map(str, options))

    def assert_replayed(self, port: int, *options: object, exit_code: int = 0) -> Logger:
        replay = self.replay(port, *options)
        self.assertEqual(replay.wait(60), exit_code, replay.log[-2000:])
        return replay

    def assert_same(self, again: list[Record], first: list[Record]) -> None:
        self.assertEqual(len(again), len(first))
        for found, expected in zip(essence(again), essence(first)):
            self.assertTrue(found == expected, f"{str(found)[:300]} in place of {str(expected)[:300]}")

    def write(self, rows: list[str]) -> Path:
        path = self.work / "recording.csv"
        path.write_text(HEADER + "".join(f"{row}\n" for row in rows))
        return path

    def receive(self, port: int, count: int, *options: object, exit_code: int = 0) -> list[Message]:
        """What a client gets of a replay at full speed."""
        client = self.connect(port)
        client.subscribe("#")
        self.assert_replayed(port, *options, "--speed", "0", exit_code=exit_code)
        received = client.receive(count) + client.receive_so_far()
        self.assertEqual(len(received), count)
        return received

    def record_again(self, port: int, count: int, *replay_options: object) -> Any:
        logger = self.start_logger(port, "--topic", "t/#", "--qos", "2", "--output", "again/data")
        self.assert_replayed(port, "--speed", "0", *replay_options)
        self.wait_for_records(count, 30, "again/data")
        self.assert_stops(logger)
        return self.read_both("again/data")

    def test_hostile_payloads_logged_replayed_and_logged_again_are_the_same(self) -> None:
        messages = [Message(f"t/{number % 9}", case.payload, number % 3) for number, case in enumerate(HOSTILE)]
        messages += [Message(topic, b"1", 1) for topic in payload_test.TOPICS]
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--topic", "t/#", "--qos", "2")
        self.connect(broker.port).publish_all(messages)
        self.wait_for_records(len(messages), 30)
        self.assert_stops(logger)
        first_csv, first_json = self.read_both()
        self.assertEqual({record.qos for record in first_csv}, {0, 1, 2})

        again_csv, again_json = self.record_again(broker.port, len(messages), "--replay", "exports/mqtt_data")
        self.assert_same(again_csv, first_csv)
        self.assert_same(again_json, first_json)

    def test_json_alone_restores_all_but_line_breaks_between_tokens(self) -> None:
        messages = [Message("t/x", case.payload, 1) for case in [*payload_test.TEXTS, *payload_test.JSON]]
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--topic", "t/#", "--format", "json,csv,jsonl")
        self.connect(broker.port).publish_all(messages)
        self.wait_for_records(len(messages), 30)
        self.assert_stops(logger)
        _, first_json = self.read_both()
        for extension in ("json", "jsonl"):
            with self.subTest(extension=extension):
                _, again = self.record_again(broker.port, len(messages), "--replay", self.path(extension))
                self.assert_same(again, first_json)
            for path in (self.work / "again").iterdir():
                path.unlink()

    def test_properties(self) -> None:
        properties = [("payload_format_indicator", 1), ("content_type", "text/plain"), ("response_topic", "r/t"),
                      ("correlation_data", bytes(range(256))), ("user_property", ("b", "°C")), ("user_property", ("a", "")),
                      ("user_property", ("b", "°C"))]
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--topic", "t/#")
        client = self.connect(broker.port)
        client.publish("t/x", "1", 1, properties=properties)
        client.publish("t/x", "1", 1)
        client.publish("t/x", "1", 1, properties=[("message_expiry_interval", 100)])
        self.wait_for_records(3)
        self.assert_stops(logger)
        _, first = self.read_both()
        _, again = self.record_again(broker.port, 3, "--replay", "exports/mqtt_data")
        self.assertEqual([record.properties for record in again[:2]], [record.properties for record in first[:2]])
        assert again[2].properties is not None
        self.assertIn(again[2].properties["message_expiry_interval"], range(50, 101))  # the broker counts it down

    def test_retained_messages_are_retained_again(self) -> None:
        path = self.write(["2026-11-20T15:36:01.000001Z,t/a,1,json,1,true", "2026-11-20T15:36:01.000002Z,t/b,2,json,1,false"])
        broker = self.start_broker()
        self.assert_replayed(broker.port, "--replay", path, "--speed", "0")
        client = self.connect(broker.port)
        client.subscribe("#")
        received = client.receive(1) + client.receive_so_far()
        self.assertEqual([(message.topic, message.retain) for message in received], [("t/a", True)])

    def test_part_of_a_recording_under_another_name(self) -> None:
        path = self.write([f"2026-11-20T15:36:0{second}.500000Z,{topic},{second},json,1,false"
                           for second in range(10) for topic in ("a/x", "b/x")])
        broker = self.start_broker()
        received = self.receive(broker.port, 3, "--replay", path, "--from", "2026-11-20T15:36:02.5", "--to",
                                "2026-11-20T15:36:05.5Z", "--filter", "b/+", "--topic-prefix", "again/")
        self.assertEqual([(message.topic, message.payload) for message in received],
                         [("again/b/x", b"2"), ("again/b/x", b"3"), ("again/b/x", b"4")])

    def test_spacing(self) -> None:
        """Of 3 s at a hundredth of the speed the first message is due at once, the second in five minutes."""
        path = self.write([f"2026-11-20T15:36:0{second}.000000Z,t/a,{second},json,1,false" for second in (0, 3, 6)])
        broker = self.start_broker()
        client = self.connect(broker.port)
        client.subscribe("#")
        replay = self.replay(broker.port, "--replay", path, "--speed", "0.01")
        client.receive(1)
        self.assertEqual(client.receive_so_far(), [])
        self.assertTrue(replay.is_running())
        self.assertEqual(replay.stop("q"), 0)
        self.assertTrue(replay.find("published 1, acknowledged 1, refused 0"))
        self.assert_replayed(broker.port, "--replay", path, "--speed", "1000")
        self.assertEqual(len(client.receive(3)), 3)

    def test_loop_until_stopped_by_a_signal(self) -> None:
        path = self.write([f"2026-11-20T15:36:01.00000{number}Z,t/a,{number},json,1,false" for number in range(3)])
        broker = self.start_broker()
        client = self.connect(broker.port)
        client.subscribe("#")
        replay = self.replay(broker.port, "--replay", path, "--loop")
        payloads = [message.payload for message in client.receive(9)]
        self.assertEqual(payloads, [b"0", b"1", b"2"] * 3)
        self.assertEqual(replay.stop(signal.SIGINT), 0)
        summary = re.search(r"published (\d+), acknowledged (\d+), refused 0, (\d+) rounds", replay.log)
        assert summary is not None
        self.assertEqual(summary[1], summary[2])

    def test_a_loop_over_nothing_ends(self) -> None:
        path = self.write(["2026-11-20T15:36:01.000001Z,t/a,1,json,1,false"])
        broker = self.start_broker()
        self.assert_replayed(broker.port, "--replay", path, "--loop", "--filter", "other")

    def test_goes_on_when_the_broker_comes_back(self) -> None:
        count = 3000
        path = self.write([f"2026-11-20T15:36:{number // 1000:02}.{number % 1000:03}000Z,t/a,{number},json,1,false"
                           for number in range(count)])
        broker = self.start_broker("persistence true")
        logger = self.start_logger(broker.port, "--topic", "t/#")
        replay = self.replay(broker.port, "--replay", path, "--speed", "2")
        self.wait_for_records(100)
        broker.restart()
        self.assertEqual(replay.wait(60), 0, replay.log)
        self.assertTrue(replay.find(f"published {count}, acknowledged {count}, refused 0"))
        wait_until(lambda: b'"payload":%d,' % (count - 1) in self.path("json").read_bytes(), 20, "the last message")
        self.assert_stops(logger)
        records, _ = self.read_both()
        self.assertEqual({int(record.payload) for record in records}, set(range(count)))

    def test_connection_lost_with_messages_that_nobody_acknowledges(self) -> None:
        """At QoS 0 nothing tells whether what was sent has arrived: that is no success."""
        self.require_client_library()
        count = 200
        path = self.write([f"2026-11-20T15:36:01.{number:06}Z,t/a,{number},json,0,false" for number in range(count)])

        def script(peer: Peer, number: int) -> None:
            peer.accept()
            if number == 1:
                while peer.read_packet()[0] != PUBLISH:
                    pass
                return
            peer.serve()

        broker = ScriptedBroker(script)
        self.addCleanup(broker.close)
        replay = self.replay(broker.port, "--replay", path, "--speed", "0.0001")
        self.assertEqual(replay.wait(60), 1, replay.log)
        self.assertEqual(len(replay.find(rf"published {count}, acknowledged 0, refused 0, sent {count} at QoS 0, .*; the "
                                         "connection was lost after some of them were sent: they may be missing")), 1)

    def test_damaged_records_are_left_out_and_told(self) -> None:
        path = self.write(["2026-11-20T15:36:01.000001Z,t/a,1,json,1,false", "2026-11-20T15:36:01.000002Z,t/a,x=,base64,1,false",
                           "2026-11-20T15:36:01.000003Z,t/+,3,json,1,false", "2026-11-20T15:36:01.0000",
                           "2026-11-20T15:36:01.000005Z,t/a,5,json,1,false"])
        broker = self.start_broker()
        received = self.receive(broker.port, 2, "--replay", path, exit_code=1)
        self.assertEqual([message.payload for message in received], [b"1", b"5"])

    def test_broker_that_refuses_for_good(self) -> None:
        path = self.write(["2026-11-20T15:36:01.000001Z,t/a,1,json,1,false"])
        broker = self.start_broker("allow_anonymous false")
        replay = self.assert_replayed(broker.port, "--replay", path, exit_code=3)
        self.assertTrue(replay.find("refuses this client"))

    def test_usage(self) -> None:
        path = self.write([])
        for options, word in (
            (["--replay", "none"], "nothing there that is an export"),
            (["--replay", path, "--speed", "-1"], "must be a number from 0"),
            (["--replay", path, "--from", "yesterday"], "must be a time in UTC"),
            (["--replay", path, "--topic-prefix", "a/#/"], "without"),
            (["--replay", path, "--filter", "a#"], "must have #"),
            (["--replay", path, "--verify", path], "cannot be combined with"),
            (["--speed", "2"], "needs --replay"),
            (["--loop"], "needs --replay"),
        ):
            with self.subTest(options=options):
                replay = self.replay(1, *options)
                self.assertEqual(replay.wait(10), 2)
                self.assertEqual(len(replay.log.splitlines()), 1)
                self.assertIn(word, replay.log)


if __name__ == "__main__":
    main()
