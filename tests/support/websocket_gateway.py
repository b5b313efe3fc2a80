"""A stand-in for a broker's WebSocket listener: takes MQTT out of WebSocket frames (RFC 6455) and hands it to a real
broker by TCP. Debian's Mosquitto 2.0.11 has no WebSocket listener."""

import asyncio
import contextlib
import random
import re
import ssl
import threading

from certificates import Certificate
from websocket_frames import (BINARY, CLOSE, CONTINUATION, PING, PONG, Frame, apply_mask, find_field, make_answer,
                              make_frame)

_CHUNK_BYTES = 65536


class WebSocketGateway:
    """Takes WebSockets at `path`; with a certificate in TLS. Any other path is answered with 404. With `fragments`, what the
    broker says comes in fragments of any length, with pings between them."""

    def __init__(self, target_port: int, path: str = "/mqtt", certificate: Certificate | None = None,
                 fragments: random.Random | None = None):
        self._target_port, self._path, self._fragments = target_port, path, fragments
        self.requests: list[str] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self._tls: ssl.SSLContext | None = None
        if certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate.certificate, certificate.key)
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda *_: None)  # of connections that were cut
        self._server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls))
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        def stop() -> None:
            self._server.close()
            for writer in self._writers:
                writer.transport.abort()
            self._loop.call_later(0.05, self._loop.stop)

        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(stop)
            self._thread.join(10)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if await self._upgrade(reader, writer):
                await self._forward(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # one of them has gone
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _upgrade(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        request = "\n".join(head.decode().strip().split("\r\n"))
        self.requests.append(request)
        is_mqtt = re.search(r"\bmqtt\b", find_field(request, "Sec-WebSocket-Protocol"))
        if not request.startswith(f"GET {self._path} ") or not find_field(request, "Sec-WebSocket-Key") or not is_mqtt:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return False
        writer.write(make_answer(request))
        return True

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        broker_reader, broker_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        back = asyncio.create_task(self._send_back(broker_reader, writer))
        try:
            while True:
                frame = await _read_frame(reader)
                if frame.kind == PING:
                    writer.write(make_frame(PONG, frame.payload))
                elif frame.kind == CLOSE:
                    writer.write(make_frame(CLOSE, frame.payload))
                    return
                elif frame.kind != PONG:
                    broker_writer.write(frame.payload)
                    await broker_writer.drain()
        finally:
            broker_writer.close()
            with contextlib.suppress(OSError):
                await broker_writer.wait_closed()
            back.cancel()

    async def _send_back(self, broker: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await broker.read(_CHUNK_BYTES):
                writer.write(make_frame(BINARY, data) if self._fragments is None else self._split(data, self._fragments))
                await writer.drain()
        writer.close()

    @staticmethod
    def _split(data: bytes, fragments: random.Random) -> bytes:
        frames, position = b"", 0
        while position < len(data):
            size = fragments.choice((1, 10, 100, 1000, 70_000))
            part, is_first = data[position : position + size], position == 0
            position += size
            frames += make_frame(BINARY if is_first else CONTINUATION, part, position >= len(data))
            if fragments.random() < 0.1:
                frames += make_frame(PING, b"ping")
        return frames


async def _read_frame(reader: asyncio.StreamReader) -> Frame:
    head = await reader.readexactly(2)
    length = head[1] & 0x7F
    if length >= 126:
        length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8), "big")
    is_masked = bool(head[1] & 0x80)
    mask = await reader.readexactly(4) if is_masked else b""
    payload = await reader.readexactly(length)
    return Frame(head[0] & 15, apply_mask(payload, mask) if is_masked else payload, bool(head[0] & 0x80), is_masked)
