"""All that a WebSocket may bring, and what it must not: nothing is missing, nothing is wrong, and the log says why."""

import contextlib
import os
import struct
import sys
from pathlib import Path
from typing import Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import mqtt_packets as mqtt
from certificates import Authority, Certificate
from http_proxy import HttpProxy
from logger import Logger
from mqtt_packets import Message
from scenario import Scenario, main
from waiting import wait_until
from websocket_frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, make_frame
from websocket_gateway import WebSocketGateway
from websocket_server import Script, WebSocketPeer, WebSocketServer

_SECRET = "geheim-4711"


def begin(peer: WebSocketPeer) -> None:
    """Until the logger is subscribed."""
    peer.upgrade()
    peer.accept()
    peer.answer_until_subscribed()


def publish_text(number: int, size: int = 0) -> bytes:
    return mqtt.make_publish(Message("sensors/a", text_of(number, size), 1), number, 5)


def text_of(number: int, size: int = 0) -> bytes:
    return f"message {number} ".encode().ljust(size, b"x")


def split(data: bytes, *positions: int) -> list[bytes]:
    bounds = [0, *positions, len(data)]
    return [data[first:last] for first, last in zip(bounds, bounds[1:])]


def in_fragments(parts: list[bytes], between: Callable[[int], bytes] = lambda _: b"") -> bytes:
    """One message of the WebSocket, in as many frames; `between`: what stands behind each but the last."""
    frames = b""
    for index, part in enumerate(parts):
        is_final = index == len(parts) - 1
        frames += make_frame(CONTINUATION if index else BINARY, part, is_final)
        frames += b"" if is_final else between(index)
    return frames


class Framing(Scenario):
    """In plain TCP; below the same in TLS."""

    certificate: Certificate | None = None

    def setUp(self) -> None:
        super().setUp()
        self.logger: Logger | None = None  # what run_for() has started last
        self.make_certificates()

    def make_certificates(self) -> None:
        pass

    def serve(self, script: Script) -> WebSocketServer:
        server = WebSocketServer(script, self.certificate)
        self.addCleanup(self.close_server, server)
        return server

    def close_server(self, server: WebSocketServer) -> None:
        server.close()
        self.assertEqual(server.faults, [])

    def tls_options(self) -> tuple[str, ...]:
        return ()

    def run_for(self, server: WebSocketServer, *options: str, **parameters) -> Logger:
        self.logger = self.run_logger("--broker", f"{server.scheme}://localhost:{server.port}", *self.tls_options(),
                                      *options, **parameters)
        return self.logger

    def begin_until_told(self, peer: WebSocketPeer, number: int) -> None:
        """Until the log says for the `number`-th time that it is subscribed: an attempt that ends before is another failure."""
        begin(peer)
        wait_until(lambda: self.logger and len(self.logger.find("subscribed to")) >= number, 30, "the logger to be subscribed")

    def assert_records(self, expected: list[bytes], output: str = "exports/mqtt_data") -> None:
        self.wait_for_records(len(expected), 20, output)
        self.assertEqual([record.payload for record in self.read_both(output)[0]], expected)

    def assert_arrives(self, wire: Callable[[WebSocketPeer], None], expected: list[bytes]) -> WebSocketServer:
        """`wire` sends what the subscribed logger is to record, and then the connection is silent."""

        def script(peer: WebSocketPeer, number: int) -> None:
            begin(peer)
            wire(peer)
            peer.serve()

        server = self.serve(script)
        logger = self.run_for(server)
        self.assert_records(expected)
        self.assert_stops(logger)
        self.assertEqual(server.upgrades, 1)
        self.assertEqual(logger.find("warning"), [])
        return server

    def test_fragments_split_at_every_byte(self) -> None:
        def wire(peer: WebSocketPeer) -> None:
            for number in range(1, size + 2):  # an empty first and an empty last fragment too
                packet = publish_text(number, 30)
                peer.send_raw(in_fragments(split(packet, number - 1)))
            packet = publish_text(size + 2, 30)
            peer.send_raw(in_fragments([packet[index : index + 1] for index in range(len(packet))]))

        size = len(publish_text(1, 30))
        self.assert_arrives(wire, [text_of(number, 30) for number in range(1, size + 3)])

    def test_frames_that_end_anywhere_in_a_packet(self) -> None:
        """A frame is no packet (MQTT 5, section 6): whole messages of the WebSocket that hold parts of packets."""

        def wire(peer: WebSocketPeer) -> None:
            for number in range(1, size):
                first, second = split(publish_text(number, 30), number)
                peer.send_raw(make_frame(BINARY, first) + make_frame(BINARY, second))

        size = len(publish_text(1, 30))
        self.assert_arrives(wire, [text_of(number, 30) for number in range(1, size)])

    def test_control_frames_between_fragments(self) -> None:
        def wire(peer: WebSocketPeer) -> None:
            for number in range(1, 21):
                parts = split(publish_text(number, 100), 3, 20, 60)
                peer.send_raw(in_fragments(parts, lambda index: make_frame(PING, b"ping %d" % index)
                                           + make_frame(PONG, b"nobody has asked") + make_frame(PING)))
            pongs.append(peer)

        pongs: list[WebSocketPeer] = []
        self.assert_arrives(wire, [text_of(number, 100) for number in range(1, 21)])
        self.assertEqual(pongs[0].pongs, [b"ping 0", b"", b"ping 1", b"", b"ping 2", b""] * 20)

    def test_lengths_in_7_16_and_64_bits(self) -> None:
        sizes = [20, 80, 125, 126, 127, 1000, 16_384, 65_535, 65_536, 65_537, 300_000, 2_000_000]
        overhead = len(publish_text(1, 20)) - 20

        def payload_size(size: int) -> int:
            """So that the frame has about this size, and exactly where lengths change their form."""
            return size - overhead - (2 if size > 16_500 else 1 if size > 140 else 0)

        def wire(peer: WebSocketPeer) -> None:
            for number, size in enumerate(sizes, 1):
                peer.send(publish_text(number, payload_size(size)))

        self.assert_arrives(wire, [text_of(number, payload_size(size)) for number, size in enumerate(sizes, 1)])

    def test_many_packets_in_one_frame_and_then_silence(self) -> None:
        def wire(peer: WebSocketPeer) -> None:
            packets = b"".join(mqtt.make_publish(Message("sensors/a", text_of(number)), 0, 5) for number in range(1, 1001))
            peer.send_raw(make_frame(BINARY, packets))

        self.assert_arrives(wire, [text_of(number) for number in range(1, 1001)])

    def test_one_byte_at_a_time(self) -> None:
        def script(peer: WebSocketPeer, number: int) -> None:
            peer.is_slow = True  # the answer to the upgrade as well
            begin(peer)
            peer.send_raw(in_fragments(split(publish_text(1, 200), 50, 90), lambda _: make_frame(PING, b"still there?")))
            peer.serve()

        logger = self.run_for(self.serve(script))
        self.assert_records([text_of(1, 200)])
        self.assert_stops(logger)

    def test_long_answer_to_the_upgrade(self) -> None:
        def script(peer: WebSocketPeer, number: int) -> None:
            peer.upgrade("Sec-WebSocket-Protocol: mqtt", *(f"Set-Cookie: {index}={'x' * 1000}" for index in range(6)))
            peer.accept()
            peer.answer_until_subscribed()
            peer.send(publish_text(1))
            peer.serve()

        logger = self.run_for(self.serve(script))
        self.assert_records([text_of(1)])
        self.assert_stops(logger)

    def test_violations(self) -> None:
        whole = publish_text(7)
        huge = b"\x82\x7f" + b"\xff" * 8 + whole
        cases = {
            "masked": make_frame(BINARY, whole, mask=b"abcd"),
            "text": make_frame(TEXT, b"text"),
            "empty text": make_frame(TEXT),
            "reserved bit 1": make_frame(BINARY, whole, reserved=1),
            "reserved bit 2": make_frame(BINARY, whole, reserved=2),
            "reserved bit 3": make_frame(BINARY, whole, reserved=4),
            "reserved kind 3": make_frame(3, whole),
            "reserved control kind": make_frame(11, b""),
            "continuation of nothing": make_frame(CONTINUATION, whole),
            "message within a message": make_frame(BINARY, whole[:3], False) + make_frame(BINARY, whole),
            "ping in fragments": make_frame(PING, b"ping", False),
            "long ping": make_frame(PING, b"x" * 126),
            "length of 2^64-1": huge,
            "length of 2^63": b"\x82\x7f\x80" + bytes(7) + whole,
            "longer than MQTT knows": b"\x82\x7f" + struct.pack(">Q", 2**30) + whole,
            "small length in 16 bits": b"\x82\x7e\x00" + bytes([len(whole)]) + whole,
            "small length in 64 bits": b"\x82\x7f" + struct.pack(">Q", len(whole)) + whole,
            "close of one byte": make_frame(CLOSE, b"x"),
            "close with a code that is not sent": make_frame(CLOSE, struct.pack(">H", 1005)),
            "close with a reason that is no text": make_frame(CLOSE, struct.pack(">H", 1000) + b"\xff"),
        }
        names = list(cases)
        closes: list[bytes] = []

        def script(peer: WebSocketPeer, number: int) -> None:
            self.begin_until_told(peer, number)
            peer.send(publish_text(number))
            if number > len(cases):
                peer.serve()
            else:
                peer.read_packet()  # PUBACK
                peer.send_raw(cases[names[number - 1]])
                peer.wait_for_end()
                closes.append(peer.close_frame.payload[:2] if peer.close_frame else b"")

        logger = self.run_for(self.serve(script))
        for number, name in enumerate(names, 1):
            logger.wait_for("connection lost", 40, count=number)
            logger.wait_for("subscribed to", 70, count=number + 1)
            self.assertRegex(logger.find("connection lost")[-1], "breaks the protocol|exceeded|too", name)
        self.assert_records([text_of(number) for number in range(1, len(cases) + 2)])
        self.assert_stops(logger)

    def test_close_codes(self) -> None:
        cases = [(make_frame(CLOSE, struct.pack(">H", 1001) + b"see you"), r"closes the WebSocket: 1001 \(going away\): see you"),
                 (make_frame(CLOSE, struct.pack(">H", 4000)), "closes the WebSocket: 4000"),
                 (make_frame(CLOSE), r"closes the WebSocket; trying again")]

        def script(peer: WebSocketPeer, number: int) -> None:
            self.begin_until_told(peer, number)
            peer.publish(Message("sensors/a", text_of(number)))
            if number > len(cases):
                peer.serve()
            peer.send_raw(cases[number - 1][0])
            peer.wait_for_end()
            answers.append(peer.close_frame.payload if peer.close_frame else None)

        answers: list[bytes | None] = []
        logger = self.run_for(self.serve(script))
        for number, (_, text) in enumerate(cases, 1):
            logger.wait_for("connection lost", 20, count=number)
            self.assertRegex(logger.find("connection lost")[-1], text)
        # At QoS 0, so it is recorded only if what came just before a Close frame is.
        self.assert_records([text_of(number) for number in range(1, len(cases) + 2)])
        self.assert_stops(logger)
        self.assertEqual(answers, [struct.pack(">H", 1001), struct.pack(">H", 4000), struct.pack(">H", 1000)],
                         "a Close frame is answered")

    def test_connection_cut_within_a_frame(self) -> None:
        """At each byte of a frame, by FIN and by RST: the next connection begins with nothing of it."""
        frame = make_frame(BINARY, publish_text(1, 300))
        positions = [1, 2, 3, 4, 5, 100, len(frame) - 1]

        def script(peer: WebSocketPeer, number: int) -> None:
            self.begin_until_told(peer, number)
            if number > 2 * len(positions):
                peer.send_raw(frame)
                peer.serve()
            peer.send_raw(frame[: positions[(number - 1) // 2]])
            if number % 2:
                peer.reset()

        logger = self.run_for(self.serve(script))
        logger.wait_for("subscribed to", 120, count=2 * len(positions) + 1)
        self.assert_records([text_of(1, 300)])
        self.assert_stops(logger)

    def test_end_between_frames_but_within_a_packet(self) -> None:
        packet = publish_text(1, 300)

        def script(peer: WebSocketPeer, number: int) -> None:
            self.begin_until_told(peer, number)
            if number > 2:
                peer.send(packet)
                peer.serve()
            peer.send(packet[:100])

        logger = self.run_for(self.serve(script))
        logger.wait_for("subscribed to", 20, count=3)
        self.assert_records([text_of(1, 300)])
        self.assert_stops(logger)

    def test_answers_that_are_no_websocket(self) -> None:
        def answer(status: str, *fields: str, body: bytes = b"") -> Script:
            return lambda peer, number: peer.answer_with(status, *fields, body=body)

        def upgrade(*fields: str) -> Script:
            return lambda peer, number: peer.upgrade(*fields)

        cases = {
            r"HTTP 301 \(Moved Permanently\): the WebSocket has moved to wss://new\.example/mqtt\?\*\*\*": answer(
                "301 Moved Permanently", "Location: wss://new.example/mqtt?token=" + _SECRET),
            r"HTTP 401 \(Unauthorized\).*--ws-header": answer("401 Unauthorized", body=b"<html>who are you?</html>"),
            r"HTTP 403 \(Forbidden\).*--ws-header": answer("403 Forbidden"),
            r"HTTP 404 \(Not Found\): there is no WebSocket at this path": answer("404 Not Found", body=b"x" * 100_000),
            r"HTTP 502 \(Bad Gateway\): the broker behind it cannot be reached": answer("502 Bad Gateway"),
            r"HTTP 200 \(OK\) instead of a WebSocket": answer("200 OK", body=b"welcome"),
            "does not say that it speaks MQTT": upgrade("X-Other: 1"),
            "speaks 'mqttv3.1' and not 'mqtt'": upgrade("Sec-WebSocket-Protocol: mqttv3.1"),
            "an extension that was not asked for: permessage-deflate": upgrade(
                "Sec-WebSocket-Protocol: mqtt", "Sec-WebSocket-Extensions: permessage-deflate"),
            "no HTTP, and so no WebSocket": lambda peer, number: peer.send_raw(b"220 mail.example ESMTP\r\n" * 3),
            "closes the connection instead of an answer": lambda peer, number: None,
        }
        loggers = [(self.run_for(self.serve(script), "--output", str(index)), text)
                   for index, (text, script) in enumerate(cases.items())]
        for logger, text in loggers:
            with self.subTest(text):
                logger.wait_for("no connection to .*" + text, 20)
                self.assertTrue(logger.is_running(), "it goes on trying")
                self.assertNotIn(_SECRET, logger.log)
                self.assertEqual(logger.find("subscribed to"), [])
        for logger, _ in loggers:
            self.assert_stops(logger)

    def test_wrong_accept_key(self) -> None:
        def script(peer: WebSocketPeer, number: int) -> None:
            peer.request = peer.request.replace("Sec-WebSocket-Key: ", "Sec-WebSocket-Key: A")
            peer.upgrade()

        logger = self.run_for(self.serve(script))
        logger.wait_for("no connection to .*Sec-WebSocket-Accept", 20)
        self.assert_stops(logger)

    def test_silence(self) -> None:
        """Of a broker that takes everything, and does not say anything at all: from the begin on, and later."""

        def script(peer: WebSocketPeer, number: int) -> None:
            if number == 2:
                peer.upgrade()
            if number > 2:
                begin(peer)
            if number > 3:
                peer.send(publish_text(1))
                peer.serve()
            with contextlib.suppress(OSError):
                while True:
                    peer.recv(0)
                    if number == 3:
                        peer.send_raw(make_frame(PING, b"the gateway lives, the broker does not"))

        logger = self.run_for(self.serve(script), "--connect-timeout", "1s", "--keep-alive", "6s", "--mqtt-version", "3.1.1")
        logger.wait_for("no connection to .*does not answer within 1 s", 20, count=2)
        logger.wait_for(r"connection lost: the broker has been silent for \d+ s, with a keep alive of 6 s", 40)
        logger.wait_for("subscribed to", 20, count=2)
        self.assert_stops(logger)

    def test_headers_of_the_users_own(self) -> None:
        def script(peer: WebSocketPeer, number: int) -> None:
            requests.append(peer.request)
            begin(peer)
            if number == 1:
                token.write_text(f"Bearer {_SECRET}-2\n")
                return
            peer.send(publish_text(1))
            peer.serve()

        requests: list[str] = []
        token, whole = self.directory / "token", self.directory / "header"
        token.write_text(f"Bearer {_SECRET}-1\n")
        whole.write_text(f"X-Whole: {_SECRET}-3\n")
        for file in (token, whole):
            file.chmod(0o600)
        server = self.serve(script)
        logger = self.run_for(server, "--ws-header", f"Authorization: @{token}", "--ws-header", f"X-Key: {_SECRET}",
                              "--ws-header-file", str(whole), "--log-level", "debug").wait_until_subscribed()
        self.assert_records([text_of(1)])
        status = self.run_logger("--status")
        self.assertEqual(status.wait(), 0)
        self.assertNotIn(_SECRET, status.output)
        self.assert_stops(logger)
        for request, value in zip(requests, (f"Bearer {_SECRET}-1", f"Bearer {_SECRET}-2")):
            lines = request.splitlines()
            for line in (f"Authorization: {value}", f"X-Key: {_SECRET}", f"X-Whole: {_SECRET}-3",
                         "Sec-WebSocket-Protocol: mqtt"):
                self.assertEqual(lines.count(line), 1, line)
        self.assertNotIn(_SECRET, logger.log)
        for path in self.work.rglob("*"):
            if path.is_file():
                self.assertNotIn(_SECRET.encode(), path.read_bytes(), path)

    def test_headers_that_are_refused(self) -> None:
        broken = self.directory / "broken"
        broken.write_text(f"X-A: {_SECRET}\r\nX-B: c\n")
        for options in (("--ws-header", f"X: {_SECRET}\r\nY: z"), ("--ws-header", f"X-A\n: {_SECRET}"),
                        ("--ws-header", f"Sec-WebSocket-Protocol: {_SECRET}"), ("--ws-header", f"X: @{broken}"),
                        ("--ws-header-file", str(broken)), ("--ws-header", "X: @missing")):
            with self.subTest(options):
                logger = self.run_logger("--broker", "ws://localhost:1", *options)
                self.assertEqual(logger.wait(), 2)
                self.assertIn(options[0], logger.log)
                self.assertNotIn(_SECRET, logger.log)
        logger = self.run_logger("--broker", "localhost:1", "--ws-header", "X: y")
        self.assertEqual(logger.wait(), 2)

    def test_second_address_of_a_name(self) -> None:
        def script(peer: WebSocketPeer, number: int) -> None:
            begin(peer)
            peer.send(publish_text(1))
            peer.serve()

        server = self.serve(script)
        preload = ":".join(filter(None, [os.environ["NAMES_LIBRARY"], os.environ.get("LD_PRELOAD")]))
        uri = f"{server.scheme}://two-addresses.example:{server.port}"
        logger = self.run_logger("--broker", uri, *self.tls_options(), environment={"LD_PRELOAD": preload})
        self.assert_records([text_of(1)])
        self.assert_stops(logger)
        server.close()
        logger = self.run_logger("--broker", uri, *self.tls_options(), environment={"LD_PRELOAD": preload})
        logger.wait_for(r"nothing listens at port \d+ of two-addresses\.example \(127\.0\.0\.2\) \(connection refused\); "
                        r"nothing listens at port \d+ of two-addresses\.example \(127\.0\.0\.1\)", 20)
        self.assert_stops(logger)

    def test_proxy(self) -> None:
        def script(peer: WebSocketPeer, number: int) -> None:
            begin(peer)
            peer.send(publish_text(1))
            peer.serve()

        server = self.serve(script)
        proxy = HttpProxy("me:p%ss")
        self.addCleanup(proxy.close)
        logger = self.run_for(server, "--proxy", f"http://127.0.0.1:{proxy.port}", "--output", "refused")
        logger.wait_for(r"the proxy answers HTTP 407 \(Proxy Authentication Required\)", 20)
        self.assert_stops(logger)
        logger = self.run_for(server, "--proxy", f"http://me:p%25ss@127.0.0.1:{proxy.port}")
        self.assert_records([text_of(1)])
        self.assertEqual(set(proxy.targets), {f"localhost:{server.port}"})
        self.assert_stops(logger)

    def test_two_connections_do_not_mix(self) -> None:
        """Simulator, status topic and logging at once, with messages that are larger than a buffer."""
        broker = self.start_broker()
        gateway = WebSocketGateway(broker.port, certificate=self.certificate)
        self.addCleanup(gateway.close)
        uri = f"{'ws' if self.certificate is None else 'wss'}://localhost:{gateway.port}/mqtt"
        logger = self.run_logger("--broker", uri, *self.tls_options(), "--topic", "sensors/#", "--topic", "large/#",
                                 "--simulate", "--interval", "5ms", "--status-topic", "status/logger", "--stats-every", "100ms",
                                 ).wait_until_subscribed()
        publisher = self.connect(broker.port)
        size = 700_000
        for number in range(12):
            publisher.publish("large/a", text_of(number, size), 1)
        wait_until(lambda: self.count_records() > 300, 60, "what both have published")
        self.assert_stops(logger)
        records = self.read_both()[0]
        self.assertEqual([record.payload for record in records if record.topic == "large/a"],
                         [text_of(number, size) for number in range(12)])
        others = [record for record in records if record.topic != "large/a"]
        self.assertEqual([record.payload for record in others if not record.payload.startswith(b"{")
                          and not record.payload.replace(b".", b"").replace(b"-", b"").isdigit()], [])
        again = self.run_logger("--broker", uri, *self.tls_options(), "--topic", "again/#", "--output", "again",
                                "--client-id", "again").wait_until_subscribed()
        replay = self.run_logger("--broker", uri, *self.tls_options(), "--replay", "exports/mqtt_data.json", "--speed", "0",
                                 "--topic-prefix", "again/")
        self.assertEqual(replay.wait(60), 0)
        wait_until(lambda: self.count_records("again") >= len(records), 60, "what is replayed")
        self.assert_stops(again)
        replayed = [(record.topic.removeprefix("again/"), record.payload) for record in self.read_both("again")[0]]
        self.assertEqual(sorted(replayed), sorted((record.topic, record.payload) for record in records))
        forget = self.run_logger("--broker", uri, *self.tls_options(), "--forget-session")
        self.assertEqual(forget.wait(60), 0)


class FramingInTls(Framing):
    def make_certificates(self) -> None:
        self.authority = Authority(self.directory / "certificates")
        self.certificate = self.authority.sign("server", "DNS:localhost,IP:127.0.0.1,DNS:two-addresses.example")

    def tls_options(self) -> tuple[str, ...]:
        return ("--tls-ca", str(self.authority.certificate))


if __name__ == "__main__":
    main()
