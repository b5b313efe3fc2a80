"""A stand-in for a broker that breaks the protocol: it speaks as much MQTT as a logger needs, and anything else."""

import socket
from typing import Callable

import mqtt_packets as mqtt
from local_server import LocalServer
from mqtt_packets import Message, make_packet


class Peer:
    """The broker's end of one connection. All methods raise OSError when the logger has gone."""

    def __init__(self, connection: socket.socket):
        self._connection = connection
        self._buffer = b""
        self.version = 5
        self.is_subscribed = False
        self.connect_flags = 0
        self.keep_alive = 0
        self.connect_body = b""

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def read_packet(self) -> tuple[int, int, bytes]:
        """Kind, flags and body of the next packet."""
        while True:
            try:
                length, begin = mqtt.decode_variable(self._buffer, 1)
                if len(self._buffer) >= begin + length:
                    first, body = self._buffer[0], self._buffer[begin : begin + length]
                    self._buffer = self._buffer[begin + length :]
                    return first >> 4, first & 15, body
            except IndexError:
                pass
            data = self._connection.recv(65536)
            if not data:
                raise ConnectionError("the logger has closed the connection")
            self._buffer += data

    def read_connect(self) -> None:
        kind, _, body = self.read_packet()
        assert kind == mqtt.CONNECT, kind
        self.version = body[6]
        self.connect_flags = body[7]
        self.keep_alive = int.from_bytes(body[8:10], "big")
        self.connect_body = body

    def accept(self, session_present: bool = False, properties: mqtt.Properties = ()) -> None:
        self.read_connect()
        self.acknowledge_connect(0, properties, session_present)

    def acknowledge_connect(self, code: int, properties: mqtt.Properties = (), session_present: bool = False) -> None:
        encoded = mqtt.encode_properties(properties) if self.version == 5 else b""
        self.send(make_packet(mqtt.CONNACK, 0, bytes([session_present, code]) + encoded))

    def no_properties(self) -> bytes:
        return b"\0" if self.version == 5 else b""

    def publish(self, message: Message, packet_id: int = 0) -> None:
        self.send(mqtt.make_publish(message, packet_id, self.version))

    def answer(self, kind: int, body: bytes) -> None:
        """As a good broker does."""
        if kind == mqtt.SUBSCRIBE:
            self.is_subscribed = True
            self.send(make_packet(mqtt.SUBACK, 0, body[:2] + self.no_properties() + b"\1"))
        elif kind == mqtt.PINGREQ:
            self.send(make_packet(mqtt.PINGRESP, 0, b""))
        elif kind == mqtt.PUBREC:
            self.send(make_packet(mqtt.PUBREL, 2, body[:2]))
        elif kind == mqtt.DISCONNECT:
            raise ConnectionError("the logger has left")

    def read_subscribe(self) -> bytes:
        """Returns its packet identifier."""
        while (packet := self.read_packet())[0] != mqtt.SUBSCRIBE:
            pass
        return packet[2][:2]

    def answer_until_subscribed(self) -> None:
        while not self.is_subscribed:
            kind, _, body = self.read_packet()
            self.answer(kind, body)

    def serve(self) -> None:
        """Answers until the logger leaves."""
        while True:
            kind, _, body = self.read_packet()
            self.answer(kind, body)

    def say_nothing(self) -> None:
        """Takes in what comes, and answers nothing, until the logger leaves."""
        while self._connection.recv(65536):
            pass


Behaviour = Callable[[Peer], None]


class HostileBroker(LocalServer):
    """The first connection is treated by `behaviour`; once that returns, and on every connection after it, the broker is
    a good one and publishes `proof` as soon as it has answered a SUBSCRIBE."""

    def __init__(self, behaviour: Behaviour, proof: Message):
        self._behaviour: Behaviour | None = behaviour
        self._proof = proof
        self.attempts = 0  # connections on which the logger has said something: it may try whether the port is open
        super().__init__()

    def serve(self, connection: socket.socket) -> None:
        if not connection.recv(1, socket.MSG_PEEK):
            return
        self.attempts += 1
        peer = Peer(connection)
        behaviour, self._behaviour = self._behaviour, None
        if behaviour is not None:
            behaviour(peer)
        else:
            peer.accept()
        peer.answer_until_subscribed()
        peer.publish(self._proof, packet_id=999)
        peer.serve()


class ScriptedBroker(LocalServer):
    """Each connection is served by `script`, which is told the number of the connection, from 1 on."""

    def __init__(self, script: Callable[[Peer, int], None]):
        self._script = script
        super().__init__()

    def serve(self, connection: socket.socket) -> None:
        self._script(Peer(connection), self.connections)
