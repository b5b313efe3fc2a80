"""A small MQTT 3.1.1 and 5 client for tests: one socket, no thread, every wait bounded by a deadline."""

import itertools
import select
import socket
import time
from collections import deque
from typing import Any, Iterable

import mqtt_packets as mqtt
from mqtt_packets import Message, MqttError
from processes import Background
from waiting import Deadline

__all__ = ["BackgroundPublisher", "Client", "ConnectionLost", "Message", "MqttError"]

_numbers = itertools.count(1)
_CHUNK_BYTES = 64 * 1024
_MAXIMUM_WINDOW = (65_000, 1000, 20)  # by QoS; Mosquitto throws out publishers beyond its own limit at QoS 2


class ConnectionLost(OSError):
    """The broker closed the connection."""


class _Source:
    """The messages still to publish, and how fast: `rate` a second in bursts of `burst`; no rate: at once."""

    def __init__(self, messages: Iterable[Message], rate: float | None, burst: int):
        self._messages, self._rate, self._burst = iter(messages), rate, burst
        self._begin, self._taken = time.monotonic(), 0
        self.next = next(self._messages, None)

    def advance(self) -> None:
        self._taken += 1
        self.next = next(self._messages, None)

    def allowance(self) -> int:
        """How many may leave now."""
        if self._rate is None:
            return 1_000_000
        bursts = int((time.monotonic() - self._begin) * self._rate / self._burst) + 1
        return bursts * self._burst - self._taken


class _InFlight:
    """A message at QoS 1 or 2 that is not fully acknowledged."""

    __slots__ = ("packet", "message", "is_received")

    def __init__(self, packet: bytes, message: Message):
        self.packet, self.message, self.is_received = packet, message, False


class Client:
    """One client and its session.

    With `clean=False` the broker keeps the session, and publish_all(resume=True) goes on over lost connections: it
    connects again and sends what is not acknowledged once more, with DUP. `resent` holds these messages: at QoS 1
    the broker may deliver them twice, and only them.
    """

    def __init__(self, port: int, *, client_id: str | None = None, version: int = 5, clean: bool = True,
                 session_expiry: int = 3600, username: str | None = None, password: str | None = None):
        self.client_id = client_id or f"test-{next(_numbers)}-{time.monotonic_ns()}"
        self.resent: list[Message] = []
        self.reconnects = 0
        self.session_present = False
        self._address = ("127.0.0.1", port)
        self._version = version
        self._connect_packet = mqtt.make_connect(self.client_id, version, clean, 0 if clean else session_expiry,
                                                 username, password)
        self._socket: socket.socket | None = None
        self._input = bytearray()
        self._output = b""
        self._next_id = 1
        self._in_flight: dict[int, _InFlight] = {}
        self._received: deque[Message] = deque()
        self._unreleased: set[int] = set()  # identifiers of messages received at QoS 2
        self._answers: dict[int, bytes] = {}  # by kind of packet: CONNACK, SUBACK, PINGRESP

    def connect(self, seconds: float = 10) -> "Client":
        deadline = Deadline(seconds)
        self._socket = socket.create_connection(self._address, timeout=max(0.01, deadline.remaining()))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        self._input.clear()
        answer = self._ask(self._connect_packet, mqtt.CONNACK, deadline)
        if answer[1]:
            self.close()
            raise MqttError(f"the broker refuses the connection: reason code 0x{answer[1]:02X}")
        self.session_present = bool(answer[0] & 1)
        return self

    def close(self) -> None:
        """Cuts the connection; the broker takes it for a failure."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def disconnect(self) -> None:
        if self._socket is not None:
            self._output += mqtt.make_packet(mqtt.DISCONNECT, 0, b"")
            deadline = Deadline(5)
            try:
                while self._output:
                    self._exchange(deadline, "the DISCONNECT to leave")
            except OSError:
                pass  # it is gone already
        self.close()

    def __enter__(self) -> "Client":
        return self.connect() if self._socket is None else self

    def __exit__(self, *_: object) -> None:
        try:
            self.disconnect()
        except (OSError, MqttError):
            self.close()

    def publish(self, topic: str, payload: bytes | str, qos: int = 1, retain: bool = False,
                properties: mqtt.Properties = ()) -> None:
        """Publishes one message and waits until it is acknowledged."""
        data = payload.encode() if isinstance(payload, str) else payload
        self.publish_all([Message(topic, data, qos, retain, properties)], seconds=10)

    def publish_all(self, messages: Iterable[Message], *, window: int = 65_000, rate: float | None = None,
                    burst: int = 1, resume: bool = False, seconds: float = 60) -> None:
        """Publishes all messages, and returns when the broker has acknowledged them all."""
        deadline = Deadline(seconds)
        source = _Source(messages, rate, burst)
        if resume and self._socket is None:
            self._resume(deadline)
        while source.next is not None or self._in_flight or self._output:
            try:
                if not self._output:
                    self._fill(source, window)
                self._exchange(deadline, f"the broker to acknowledge {len(self._in_flight)} messages",
                               at_most=0.001 if rate and source.next else 1.0)
            except OSError:
                if not resume:
                    raise
                self._resume(deadline)

    def subscribe(self, *topic_filters: str, qos: int = 2, seconds: float = 10) -> None:
        packet = mqtt.make_subscribe(self._take_id(), topic_filters, qos, self._version)
        answer = self._ask(packet, mqtt.SUBACK, Deadline(seconds))
        granted = answer[-len(topic_filters):]
        if max(granted) >= 0x80:
            raise MqttError(f"the broker refuses a subscription: {granted.hex()}")

    def receive(self, count: int, seconds: float = 10) -> list[Message]:
        """Waits for the next `count` messages."""
        deadline = Deadline(seconds)
        while len(self._received) < count:
            self._exchange(deadline, f"{count} messages; {len(self._received)} came")
        return [self._received.popleft() for _ in range(count)]

    def receive_so_far(self) -> list[Message]:
        """All messages that the broker has sent before it answers a ping."""
        self._ask(mqtt.make_packet(mqtt.PINGREQ, 0, b""), mqtt.PINGRESP, Deadline(10))
        return self.receive(len(self._received))

    def _fill(self, source: _Source, window: int) -> None:
        """Moves messages from the source to the output, as far as its pace and the window allow."""
        packets: list[bytes] = []
        size = 0
        allowance = source.allowance()
        while size < _CHUNK_BYTES and len(packets) < allowance and source.next is not None:
            message = source.next
            packet_id = 0
            if message.qos:
                if len(self._in_flight) >= min(window, _MAXIMUM_WINDOW[message.qos]):
                    break
                packet_id = self._take_id()
            packet = mqtt.make_publish(message, packet_id, self._version)
            if message.qos:
                self._in_flight[packet_id] = _InFlight(packet, message)
            packets.append(packet)
            size += len(packet)
            source.advance()
        self._output = b"".join(packets)

    def _resume(self, deadline: Deadline) -> None:
        """Connects again and sends what is in flight once more (MQTT 5, section 4.4)."""
        while True:
            self.close()
            try:
                self.connect(deadline.remaining())
                break
            except OSError:
                deadline.check("the broker to come back")
                time.sleep(0.02)
        self.reconnects += 1
        packets: list[bytes] = []
        for packet_id, entry in self._in_flight.items():
            if entry.is_received and self.session_present:
                packets.append(mqtt.make_acknowledgement(mqtt.PUBREL, packet_id))
                continue
            entry.is_received = False
            self.resent.append(entry.message)
            packets.append(mqtt.set_duplicate(entry.packet) if self.session_present else entry.packet)
        self._output = b"".join(packets)

    def _take_id(self) -> int:
        while self._next_id in self._in_flight:
            self._next_id = self._next_id % 65535 + 1
        taken = self._next_id
        self._next_id = taken % 65535 + 1
        return taken

    def _ask(self, packet: bytes, kind: int, deadline: Deadline) -> bytes:
        """Sends a packet (CONNECT as the first one) and returns the body of the answer, which is of this kind."""
        self._output = packet if kind == mqtt.CONNACK else self._output + packet
        self._answers.pop(kind, None)
        while kind not in self._answers:
            self._exchange(deadline, f"the broker's answer of kind {kind}")
        return self._answers.pop(kind)

    def _exchange(self, deadline: Deadline, awaited: str, at_most: float = 1.0) -> None:
        """Sends and receives what is possible now, or as soon as something is possible."""
        deadline.check(awaited)
        if self._socket is None:
            raise ConnectionLost("not connected")
        wait = min(at_most, deadline.remaining())
        readable, writable, _ = select.select([self._socket], [self._socket] if self._output else [], [], wait)
        if writable:
            self._output = self._output[self._socket.send(self._output):]
        if readable:
            data = self._socket.recv(256 * 1024)
            if not data:
                raise ConnectionLost("the broker closed the connection")
            self._input += data
            self._handle_input()

    def _handle_input(self) -> None:
        """Handles each whole packet that has come in, and keeps the rest."""
        data, position = self._input, 0
        replies: list[bytes] = []
        while True:
            try:
                length, begin = mqtt.decode_variable(data, position + 1)
            except IndexError:
                break
            if begin + length > len(data):
                break
            reply = self._handle(data[position] >> 4, data[position] & 15, data[begin : begin + length])
            if reply:
                replies.append(reply)
            position = begin + length
        del data[:position]
        self._output += b"".join(replies)

    def _handle(self, kind: int, flags: int, body: bytes) -> bytes | None:
        """Returns the packet to reply with."""
        if kind == mqtt.PUBLISH:
            return self._handle_publish(flags, body)
        if kind in (mqtt.CONNACK, mqtt.SUBACK, mqtt.PINGRESP):
            self._answers[kind] = body
            return None
        if kind == mqtt.DISCONNECT:
            raise ConnectionLost(f"the broker disconnects: reason code 0x{body[0] if body else 0:02X}")
        packet_id = body[0] << 8 | body[1]
        if len(body) > 2 and body[2] >= 0x80 and kind in (mqtt.PUBACK, mqtt.PUBREC):
            raise MqttError(f"the broker refuses a message: reason code 0x{body[2]:02X}")
        if kind in (mqtt.PUBACK, mqtt.PUBCOMP):
            self._in_flight.pop(packet_id, None)
        elif kind == mqtt.PUBREC:
            if packet_id in self._in_flight:
                self._in_flight[packet_id].is_received = True
            return mqtt.make_acknowledgement(mqtt.PUBREL, packet_id)
        elif kind == mqtt.PUBREL:
            self._unreleased.discard(packet_id)
            return mqtt.make_acknowledgement(mqtt.PUBCOMP, packet_id)
        return None

    def _handle_publish(self, flags: int, body: bytes) -> bytes | None:
        message, packet_id = mqtt.parse_publish(flags, body, self._version)
        if packet_id not in self._unreleased:
            self._received.append(message)
        if message.qos == 2:
            self._unreleased.add(packet_id)
            return mqtt.make_acknowledgement(mqtt.PUBREC, packet_id)
        return mqtt.make_acknowledgement(mqtt.PUBACK, packet_id) if message.qos else None


class BackgroundPublisher(Background):
    """Publishes in a process of its own, through broker restarts, beside a test that watches the logger.

    wait() returns the messages that were sent more than once.
    """

    def __init__(self, port: int, messages: Iterable[Message], *, version: int = 5, **options: Any):
        super().__init__(self._publish, port, messages, version, options)

    @staticmethod
    def _publish(_: Any, port: int, messages: Iterable[Message], version: int, options: dict) -> list[Message]:
        client = Client(port, version=version, clean=False)
        client.publish_all(messages, resume=True, **options)
        client.disconnect()
        return client.resent
