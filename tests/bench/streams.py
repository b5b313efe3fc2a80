"""Where the messages come from: the load server, or a real Mosquitto with a publisher."""

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from measuring import Child

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from broker import Mosquitto  # noqa: E402
from waiting import wait_until  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BENCH_BUILD") or ROOT / "build" / "bench").resolve()
PROGRAMS = BUILD / "tests" / "bench"


@dataclass(frozen=True)
class Stream:
    messages: int
    qos: int = 0
    payload: str = "json"
    topics: int = 100
    version: str = "5"
    is_through_mosquitto: bool = False

    def shorter(self, divisor: int) -> "Stream":
        return replace(self, messages=max(1, self.messages // divisor))

    @property
    def timeout(self) -> float:
        """Seconds after which whoever still deals with it is stuck."""
        return 120 + self.messages / 2000

    def __str__(self) -> str:
        payload = {"json": "JSON readings", "number": "plain numbers", "large": "1 KiB"}[self.payload]
        return (f"QoS {self.qos}, {payload}, {self.topics:,} topics, MQTT {self.version}"
                + (", through Mosquitto" if self.is_through_mosquitto else ""))


class LoadServer:
    """Streams to the one subscriber that connects, as soon as it has subscribed."""

    def __init__(self, stream: Stream, directory: Path):
        self._child = Child([PROGRAMS / "load-server", *_plan(stream)], directory, timeout=stream.timeout)
        self.port = int(self._child.wait_for(r"listening (\d+)")[1])

    def begin(self) -> int:
        """The time of the first message, in nanoseconds of the monotonic clock; waits for it."""
        return int(self._child.wait_for(r"began (\d+)")[1])

    def close(self) -> None:
        self._child.finish()


class BrokeredLoad:
    """A real Mosquitto; publishes when begin() is called and the subscriber is subscribed."""

    def __init__(self, stream: Stream, directory: Path):
        self._stream, self._directory = stream, directory
        self._broker = Mosquitto(directory / "broker", "log_type subscribe", "log_type error").start()
        self._publisher: Child | None = None
        self.port = self._broker.port

    def begin(self) -> int:
        wait_until(lambda: "sensors/#" in self._broker.log_path.read_text(), 20, "the subscription")
        command = [PROGRAMS / "load-publisher", *_plan(self._stream), "--port", self.port]
        self._publisher = Child(command, self._directory, timeout=self._stream.timeout)
        return int(self._publisher.wait_for(r"began (\d+)")[1])

    def close(self) -> None:
        if self._publisher is not None:
            self._publisher.finish()
        self._broker.close()


def open_load(stream: Stream, directory: Path) -> LoadServer | BrokeredLoad:
    return (BrokeredLoad if stream.is_through_mosquitto else LoadServer)(stream, directory)


def _plan(stream: Stream) -> list:
    return ["--messages", stream.messages, "--qos", stream.qos, "--payload", stream.payload, "--topics", stream.topics]
