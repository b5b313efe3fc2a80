"""WebSocket frames and the answer to the request for one (RFC 6455), as a server needs them, and as it must not make them."""

import base64
import hashlib
import re
import struct
from typing import Any, NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Frame(NamedTuple):
    kind: int
    payload: bytes
    is_final: bool
    is_masked: bool


def make_frame(kind: int, payload: bytes = b"", is_final: bool = True, reserved: int = 0, mask: bytes = b"") -> bytes:
    """`reserved`: the three bits that no extension of ours uses."""
    head = bytes([(0x80 if is_final else 0) | reserved << 4 | kind])
    masked = 0x80 if mask else 0
    if len(payload) < 126:
        head += bytes([masked | len(payload)])
    elif len(payload) < 65536:
        head += bytes([masked | 126]) + struct.pack(">H", len(payload))
    else:
        head += bytes([masked | 127]) + struct.pack(">Q", len(payload))
    return head + mask + (apply_mask(payload, mask) if mask else payload)


def apply_mask(payload: bytes, mask: bytes) -> bytes:
    repeated = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(payload), "big")


def read_frame(source: Any) -> Frame:
    """From a file-like object; raises ConnectionError at its end."""
    head = read_exactly(source, 2)
    length = head[1] & 0x7F
    if length >= 126:
        length = int.from_bytes(read_exactly(source, 2 if length == 126 else 8), "big")
    is_masked = bool(head[1] & 0x80)
    mask = read_exactly(source, 4) if is_masked else b""
    payload = read_exactly(source, length)
    return Frame(head[0] & 15, apply_mask(payload, mask) if is_masked else payload, bool(head[0] & 0x80), is_masked)


def read_exactly(source: Any, count: int) -> bytes:
    data = source.read(count)
    if len(data) < count:
        raise ConnectionError("the logger has closed the connection")
    return data


def read_request(source: Any) -> str:
    """Its lines, without the line breaks of HTTP."""
    lines = []
    while line := source.readline().decode().strip():
        lines.append(line)
    return "\n".join(lines)


def find_field(request: str, name: str) -> str:
    found = re.search(rf"^{name}: *(.*)$", request, re.IGNORECASE | re.MULTILINE)
    return found[1] if found else ""


def make_answer(request: str, *fields: str) -> bytes:
    """101, with the sub-protocol mqtt where `fields` name no other."""
    key = find_field(request, "Sec-WebSocket-Key")
    accept = base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
             f"Sec-WebSocket-Accept: {accept}", *(fields or ["Sec-WebSocket-Protocol: mqtt"])]
    return "".join(line + "\r\n" for line in [*lines, ""]).encode()
