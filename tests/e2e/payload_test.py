"""Whatever a payload is, it can be read back from both exports byte for byte."""

import base64
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from exports import as_in_json, replace_line_breaks
from mqtt_client import Message
from scenario import Scenario, main


class Case(NamedTuple):
    payload: bytes
    encoding: str


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


def of_length(length: int) -> bytes:
    """A number of so many characters that is neither an integer nor out of range."""
    return b"0." + b"1" * (length - 2)


SINGLE_BYTES = [
    Case(bytes([byte]), "base64" if byte == 0 or byte >= 0x80 else "json" if chr(byte).isdigit() else "text")
    for byte in range(256)
]

BYTES = [
    Case(bytes(range(256)), "base64"),
    Case(bytes(range(1, 128)), "text"),
    Case(b"", "text"),
    Case(b"\0", "base64"),
    Case(b"ends with NUL\0", "base64"),
    Case(b"\xc3\x28", "base64"),  # a wrong continuation
    Case(b"\xc0\xaf", "base64"),  # overlong
    Case(b"\xed\xa0\x80", "base64"),  # a surrogate
    Case(b"\xf4\x90\x80\x80", "base64"),  # beyond U+10FFFF
    Case(b"cut \xe2\x82", "base64"),
    Case("€ äöü 🌡 \u2028\u2029\u0085 \ufffd \U0010ffff".encode(), "text"),
]

TEXTS = [
    Case(text, "text")
    for text in (
        b"window open", b" ", b"\n", b"\r", b"\r\n", b"\n\n\n", b"a\nb", b"a\r\nb\r\n", b"a\rb", b'"', b'"""',
        b'a"b', b",", b"a,b", b",,,", b'a,"b"\n', b"'", b"\\", b"\\n", b"\\\"", b"\t", b"\x1b[31m", b"\x7f", b"]",
        b"[", b"\n]\n", b",\n{", b"timestamp,topic,payload,encoding,qos,retain",
        b"timestamp,topic,payload,encoding,qos,retain\n", b"=1+1", b"@SUM(1)", b"nan", b"NaN", b"Infinity",
        b"-Infinity", b"True", b"nul", b"01", b"+1", b"1.", b".5", b"0x10", b"1e", b"1 2", b"{} {}", b"[1,]",
        b"{'a':1}", b'{"a":1,}', b'{"a"}', b'"a\nb"', b'"\\x41"', b'"\\u12"', b'"open', b"[1", b"/**/1",
        b"\xc2\xa01", b"\x0b1", b"\x0c1",
    )
]

JSON = [
    Case(text, "json")
    for text in (
        b"0", b"-0", b"23.7", b"-1.5e-3", b"1E5", b"1e+2", b"0.10000000000000000000", b"true", b"false", b"null",
        b'""', b'"text"', b'"a,b"', b'"say \\"x\\""', b'"\\\\"', b'"\\/\\b\\f\\n\\r\\t"', b"[]", b"{}", b" 1 ",
        b"\t1\t", b"\n1", b"1\r\n", b'{"a":1,"b":[1,2,{"c":null}]}', b'{\n  "a": 1,\r\n  "b": [\n    2\n  ]\n}\n',
        b'{"a":1,"a":2}', b'{"":0}', b'{"payload":1,"encoding":"text","qos":7}', b'"\\u00e9"', b'"\\ud83d\\ude00"',
        b'"\\u0000"', '"€ 🌡 \u2028"'.encode(), '{"größe":1}'.encode(), b'"\x7f"',
    )
]

LIMITS = [
    Case(nested(64), "json"),
    Case(nested(65), "text"),
    Case(b'{"a":' * 64 + b"1" + b"}" * 64, "json"),
    Case(b'{"a":' * 65 + b"1" + b"}" * 65, "text"),
    Case(nested(100_000), "text"),
    Case(b"[" * 100_000, "text"),
    Case(b"[" + b"[]," * 100_000 + b"[]]", "json"),  # long, but not deep
    Case(b"9007199254740993", "json"),  # no double has this value
    Case(b"9223372036854775807", "json"),
    Case(b"-9223372036854775808", "json"),
    Case(b"-9223372036854775809", "text"),
    Case(b"18446744073709551616", "text"),
    Case(b"1" * 64, "text"),
    Case(b"1" * 5000, "text"),
    Case(b"[1,18446744073709551616]", "text"),
    Case(b"1e400", "text"),
    Case(b"-1e400", "text"),
    Case(b'{"a":[1e400]}', "text"),
    Case(b"1.7976931348623157e308", "json"),
    Case(b"1.8e308", "text"),
    Case(b"5e-324", "json"),
    Case(b"1e-400", "json"),  # zero, and finite
    Case(of_length(64), "json"),
    Case(of_length(65), "text"),
    Case(b"[" + of_length(65) + b"]", "text"),
    Case(b'"\\ud800"', "text"),
    Case(b'"\\udc00"', "text"),
    Case(b'"\\udc00\\ud800"', "text"),
    Case(b'"\\ud800x"', "text"),
    Case(b'{"\\ud800":1}', "text"),
    Case(b"\xef\xbb\xbf", "text"),
    Case(b"\xef\xbb\xbf{}", "text"),
]

LARGE = [
    Case(b"x" * 2**20, "text"),
    Case(b'"\n,' * (2**20 // 3), "text"),
    Case(b"\xff" * 2**20, "base64"),
    Case(bytes(range(256)) * 4096, "base64"),
    Case(b'"' + b"x" * (2**20 - 2) + b'"', "json"),
    Case(b"[" + b"1,\n" * (2**18) + b"1]", "json"),
]

TOPICS = [
    "t/plain", "t/with space", "t/ ", "t/,", 't/"', 't/"quoted", and more', "t/back\\slash", "t/'", "t/a=1", "t//",
    "t/", "t/ä€", "t/🌡/temperature", 't/,"payload":1,"encoding":', "t/\u2028", "t/\ufffd", "t/" + "x" * 60_000,
]


class Payload(Scenario):
    def publish_and_read(self, messages: list[Message], *options: str) -> Any:
        """Publishes while the logger runs, and returns (as CSV has it, as JSON has it) for each message."""
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--topic", "t/#", *options)
        self.connect(broker.port).publish_all(messages)
        self.wait_for_records(len(messages))
        self.assert_stops(logger)
        from_csv, from_json = self.read_both()
        self.assertEqual(len(from_csv), len(messages))
        return zip(messages, from_csv, from_json)

    def assert_recovered(self, cases: list[Case]) -> None:
        messages = [Message("t/x", case.payload, 1) for case in cases]
        for case, (_, in_csv, in_json) in zip(cases, self.publish_and_read(messages)):
            with self.subTest(payload=case.payload[:60], length=len(case.payload)):
                self.assertEqual(in_csv.encoding, case.encoding)
                self.assertTrue(in_csv.payload == case.payload, f"CSV has {in_csv.payload[:100]!r}")
                expected = replace_line_breaks(case.payload) if case.encoding == "json" else case.payload
                self.assertTrue(in_json.payload == expected, f"JSON has {in_json.payload[:100]!r}")
                if case.encoding == "json":
                    self.assertEqual(json.loads(in_json.payload), json.loads(case.payload))

    def test_each_single_byte(self) -> None:
        self.assert_recovered(SINGLE_BYTES)

    def test_bytes_and_utf8(self) -> None:
        self.assert_recovered(BYTES)

    def test_texts(self) -> None:
        self.assert_recovered(TEXTS)

    def test_json(self) -> None:
        self.assert_recovered(JSON)

    def test_limits_of_json(self) -> None:
        self.assert_recovered(LIMITS)

    def test_one_mebibyte(self) -> None:
        self.assert_recovered(LARGE)

    def test_topics(self) -> None:
        messages = [Message(topic, b"1", 1) for topic in TOPICS]
        for message, in_csv, in_json in self.publish_and_read(messages):
            self.assertEqual((in_csv.topic, in_json.topic), (message.topic, message.topic))

    def test_every_payload_at_qos_2_with_mqtt_3_1_1(self) -> None:
        """The journal's other way in, and packets without properties."""
        cases = [*SINGLE_BYTES, *BYTES, *TEXTS, *JSON, *LIMITS]
        messages = [Message("t/x", case.payload, 2) for case in cases]
        for case, (_, in_csv, in_json) in zip(
            cases, self.publish_and_read(messages, "--qos", "2", "--mqtt-version", "3.1.1")
        ):
            self.assertEqual((in_csv.payload, in_csv.encoding, in_csv.qos), (case.payload, case.encoding, 2))
            self.assertEqual(as_in_json(in_csv), in_json)


class PublishProperties(Scenario):
    def record(self, properties: list[tuple[str, Any]], *options: str) -> dict[str, Any] | None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--topic", "t/#", *options)
        self.connect(broker.port).publish("t/x", "1", 1, properties=properties)
        self.wait_for_records(1)
        self.assert_stops(logger)
        in_csv, in_json = self.read_both()
        self.assertIsNone(in_csv[0].properties)
        return in_json[0].properties

    def test_properties_are_in_the_json(self) -> None:
        correlation = bytes(range(256))
        recorded = self.record([
            ("payload_format_indicator", 1),
            ("message_expiry_interval", 3600),
            ("content_type", 'text/plain; "quoted"'),
            ("response_topic", "answers/to me"),
            ("correlation_data", correlation),
            ("user_property", ("unit", "°C")),
            ("user_property", ("note", 'a "b", c\\d')),
            ("user_property", ("unit", "°C")),
            ("user_property", ("", "")),
        ])
        assert recorded is not None
        self.assertEqual(list(recorded), ["payload_format_indicator", "message_expiry_interval", "content_type",
                                          "response_topic", "correlation_data", "user_properties"])
        self.assertEqual(recorded["payload_format_indicator"], 1)
        self.assertIn(recorded["message_expiry_interval"], range(3500, 3601))  # the broker counts it down
        self.assertEqual(recorded["content_type"], 'text/plain; "quoted"')
        self.assertEqual(recorded["response_topic"], "answers/to me")
        self.assertEqual(base64.b64decode(recorded["correlation_data"]), correlation)
        self.assertEqual(recorded["user_properties"],
                         [["unit", "°C"], ["note", 'a "b", c\\d'], ["unit", "°C"], ["", ""]])

    def test_properties_at_qos_2(self) -> None:
        self.assertEqual(self.record([("user_property", ("a", "b"))], "--qos", "2"), {"user_properties": [["a", "b"]]})

    def test_without_properties_there_is_no_member(self) -> None:
        self.assertIsNone(self.record([]))

    def test_mqtt_3_1_1_has_no_properties(self) -> None:
        self.assertIsNone(self.record([("content_type", "text/plain")], "--mqtt-version", "3.1.1"))


class Retain(Scenario):
    def test_only_messages_sent_because_they_were_retained_have_the_flag(self) -> None:
        broker = self.start_broker()
        publisher = self.connect(broker.port)
        publisher.publish("sensors/a", "old", retain=True)
        logger = self.start_logger(broker.port)
        self.wait_for_records(1)
        publisher.publish("sensors/a", "new", retain=True)
        publisher.publish("sensors/b", "plain")
        self.wait_for_records(3)
        self.assert_stops(logger)
        records, _ = self.read_both()
        self.assertEqual([(record.payload, record.retain) for record in records],
                         [(b"old", True), (b"new", False), (b"plain", False)])


if __name__ == "__main__":
    main()
