"""MQTT 3.1.1 and 5 packets, as far as the tests need them."""

import struct
from typing import Any, Iterable, NamedTuple, Sequence

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = range(1, 8)
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = range(8, 15)

# Name → (identifier, type); the names are those of MQTT 5, section 2.2.2.2, in snake_case.
_PROPERTIES = {
    "payload_format_indicator": (0x01, "byte"),
    "message_expiry_interval": (0x02, "four_bytes"),
    "content_type": (0x03, "text"),
    "response_topic": (0x08, "text"),
    "correlation_data": (0x09, "binary"),
    "subscription_identifier": (0x0B, "variable"),
    "session_expiry_interval": (0x11, "four_bytes"),
    "assigned_client_identifier": (0x12, "text"),
    "server_keep_alive": (0x13, "two_bytes"),
    "authentication_method": (0x15, "text"),
    "authentication_data": (0x16, "binary"),
    "response_information": (0x1A, "text"),
    "server_reference": (0x1C, "text"),
    "reason_string": (0x1F, "text"),
    "receive_maximum": (0x21, "two_bytes"),
    "topic_alias_maximum": (0x22, "two_bytes"),
    "topic_alias": (0x23, "two_bytes"),
    "maximum_qos": (0x24, "byte"),
    "retain_available": (0x25, "byte"),
    "user_property": (0x26, "pair"),
    "maximum_packet_size": (0x27, "four_bytes"),
    "wildcard_subscription_available": (0x28, "byte"),
    "subscription_identifiers_available": (0x29, "byte"),
    "shared_subscription_available": (0x2A, "byte"),
}
_NAMES = {identifier: (name, kind) for name, (identifier, kind) in _PROPERTIES.items()}
_FIXED_FORMATS = {"byte": ">B", "two_bytes": ">H", "four_bytes": ">I"}

Properties = Sequence[tuple[str, Any]]  # in order; a user property is ("user_property", (name, value))


class Message(NamedTuple):
    """A message to publish, or one received."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    properties: Properties = ()
    is_duplicate: bool = False


class MqttError(Exception):
    """The broker refused something, or broke the protocol."""


def encode_variable(number: int) -> bytes:
    encoded = bytearray()
    while True:
        number, digit = divmod(number, 128)
        encoded.append(digit | (0x80 if number else 0))
        if not number:
            return bytes(encoded)


def decode_variable(data: bytes, position: int) -> tuple[int, int]:
    """Returns the number and the position behind it; raises IndexError if `data` ends too early."""
    number = 0
    for shift in (0, 7, 14, 21):
        digit = data[position]
        position += 1
        number |= (digit & 0x7F) << shift
        if digit < 0x80:
            return number, position
    raise MqttError("malformed variable byte integer")


def encode_binary(data: bytes) -> bytes:
    return struct.pack(">H", len(data)) + data


def encode_text(text: str) -> bytes:
    return encode_binary(text.encode())


def _decode_binary(data: bytes, position: int) -> tuple[bytes, int]:
    end = position + 2 + int.from_bytes(data[position : position + 2], "big")
    return bytes(data[position + 2 : end]), end


def encode_properties(properties: Properties) -> bytes:
    """With the length in front."""
    encoded = bytearray()
    for name, value in properties:
        identifier, kind = _PROPERTIES[name]
        encoded.append(identifier)
        if kind in _FIXED_FORMATS:
            encoded += struct.pack(_FIXED_FORMATS[kind], value)
        elif kind == "variable":
            encoded += encode_variable(value)
        elif kind == "binary":
            encoded += encode_binary(value)
        elif kind == "pair":
            encoded += encode_text(value[0]) + encode_text(value[1])
        else:
            encoded += encode_text(value)
    return encode_variable(len(encoded)) + bytes(encoded)


def decode_properties(data: bytes, position: int) -> tuple[list[tuple[str, Any]], int]:
    """Returns the properties and the position behind them."""
    length, position = decode_variable(data, position)
    end = position + length
    properties: list[tuple[str, Any]] = []
    while position < end:
        name, kind = _NAMES[data[position]]
        position += 1
        value: Any
        if kind in _FIXED_FORMATS:
            (value,) = struct.unpack_from(_FIXED_FORMATS[kind], data, position)
            position += struct.calcsize(_FIXED_FORMATS[kind])
        elif kind == "variable":
            value, position = decode_variable(data, position)
        else:
            value, position = _decode_binary(data, position)
            if kind == "text":
                value = value.decode()
            elif kind == "pair":
                second, position = _decode_binary(data, position)
                value = (value.decode(), second.decode())
        properties.append((name, value))
    return properties, end


def make_packet(kind: int, flags: int, body: bytes) -> bytes:
    return bytes([kind << 4 | flags]) + encode_variable(len(body)) + body


def make_connect(client_id: str, version: int, clean: bool, session_expiry: int, username: str | None,
                 password: str | None) -> bytes:
    """Without keep alive: a test may look away for as long as it likes."""
    flags = (0x02 if clean else 0) | (0x80 if username is not None else 0) | (0x40 if password is not None else 0)
    body = encode_text("MQTT") + struct.pack(">BBH", version, flags, 0)
    if version == 5:
        body += encode_properties([("session_expiry_interval", session_expiry), ("receive_maximum", 65535)])
    body += encode_text(client_id)
    body += b"".join(encode_text(text) for text in (username, password) if text is not None)
    return make_packet(CONNECT, 0, body)


def make_publish(message: Message, packet_id: int, version: int) -> bytes:
    body = encode_text(message.topic)
    if message.qos:
        body += struct.pack(">H", packet_id)
    if version == 5:
        body += encode_properties(message.properties) if message.properties else b"\0"
    return make_packet(PUBLISH, message.qos << 1 | message.retain, body + message.payload)


def set_duplicate(publish: bytes) -> bytes:
    return bytes([publish[0] | 8]) + publish[1:]


def parse_publish(flags: int, body: bytes, version: int) -> tuple[Message, int]:
    """Returns the message and its packet identifier (0 at QoS 0)."""
    qos = flags >> 1 & 3
    topic, position = _decode_binary(body, 0)
    packet_id = 0
    if qos:
        packet_id = int.from_bytes(body[position : position + 2], "big")
        position += 2
    properties: Properties = ()
    if version == 5:
        properties, position = decode_properties(body, position)
    message = Message(topic.decode(), bytes(body[position:]), qos, bool(flags & 1), properties, bool(flags & 8))
    return message, packet_id


def make_acknowledgement(kind: int, packet_id: int) -> bytes:
    return struct.pack(">BBH", kind << 4 | (2 if kind == PUBREL else 0), 2, packet_id)


def make_subscribe(packet_id: int, topic_filters: Iterable[str], qos: int, version: int) -> bytes:
    body = struct.pack(">H", packet_id) + (b"\0" if version == 5 else b"")
    body += b"".join(encode_text(topic_filter) + bytes([qos]) for topic_filter in topic_filters)
    return make_packet(SUBSCRIBE, 2, body)
