"""A broker for one subscriber, as far as a load needs it: streams prepared PUBLISH packets as fast as they are taken.

It speaks just enough MQTT (CONNACK for 3.1.1 and 5, SUBACK, PINGRESP, PUBACK window at QoS 1), so that no broker is the limit.
"""

import socket
import struct
import threading
import time

_PIECE = 256 * 1024  # bytes a send
_WINDOW = 1000  # unacknowledged messages at QoS 1, as the logger asks for


def _remaining_length(length: int) -> bytes:
    encoded = b""
    while True:
        length, digit = divmod(length, 128)
        encoded += bytes([digit | (0x80 if length else 0)])
        if not length:
            return encoded


def make_publish(topic: str, payload: bytes, qos: int, packet_id: int, version: int) -> bytes:
    name = topic.encode()
    rest = struct.pack(">H", len(name)) + name
    rest += struct.pack(">H", packet_id) if qos else b""
    rest += b"\0" if version == 5 else b""
    rest += payload
    return bytes([0x30 | qos << 1]) + _remaining_length(len(rest)) + rest


class LoadServer:
    """Serves one connection; `first_sent` is the time at which the stream began."""

    def __init__(self, messages: int, qos: int, topics: int = 100):
        self._messages, self._qos, self._topics = messages, qos, topics
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.first_sent = 0.0
        self._acknowledged = 0
        self._changed = threading.Condition()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, connection.makefile("rb") as stream:
            kind, body = self._read_packet(stream)  # CONNECT
            version = body[6]
            connection.sendall(b"\x20\x03\0\0\0" if version == 5 else b"\x20\x02\0\0")
            while kind != 8:  # SUBSCRIBE
                kind, body = self._read_packet(stream)
            properties = b"\0" if version == 5 else b""
            connection.sendall(bytes([0x90, 3 + len(properties)]) + body[:2] + properties + bytes([self._qos]))
            threading.Thread(target=self._stream, args=(connection, version), daemon=True).start()
            # From now on there is nothing but PUBACK, four bytes each: pings are for idle connections.
            received = 0
            while data := connection.recv(65536):
                received += len(data)
                with self._changed:
                    self._acknowledged = received // 4
                    self._changed.notify()

    @staticmethod
    def _read_packet(stream) -> tuple[int, bytes]:
        first = stream.read(1)[0]
        length = shift = 0
        while True:
            digit = stream.read(1)[0]
            length |= (digit & 0x7F) << shift
            shift += 7
            if digit < 0x80:
                return first >> 4, stream.read(length)

    def _stream(self, connection: socket.socket, version: int) -> None:
        self.first_sent = time.monotonic()
        piece = b""
        for number in range(self._messages):
            payload = b'{"value":%.2f,"unit":"\xc2\xb0C","seq":%d}' % (20 + number % 500 / 100, number)
            piece += make_publish(f"sensors/room{number % self._topics}/temperature", payload, self._qos,
                                  number % 65535 + 1, version)
            is_window_end = self._qos and number % 100 == 99
            if len(piece) >= _PIECE or is_window_end:
                connection.sendall(piece)
                piece = b""
                if is_window_end:
                    with self._changed:
                        self._changed.wait_for(lambda: number - self._acknowledged < _WINDOW - 100)
        connection.sendall(piece)
