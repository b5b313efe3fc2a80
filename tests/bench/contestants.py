"""The logger and what stands beside it; each takes one stream and is measured on it."""

import signal
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from measuring import Child
from streams import BUILD, PROGRAMS, ROOT, Stream, open_load

LOGGER = BUILD / "mqtt-logger"
_STATISTICS_EVERY = "20ms"  # how exactly the logger's end is known
_RING_MIB = 64


@dataclass
class Figures:
    rate: float  # messages a second, from the first sent to the last received (logger: written)
    cpu: float  # processor seconds for a million messages, the whole process with its start and end
    peak: float  # resident memory, MiB
    beyond: float  # the same without the journal's mapping
    written: int  # bytes in the files


class Contestant:
    """`reach_end` returns the time of the last message."""

    def __init__(self, name: str, divisor: int = 1):
        self.name, self.divisor = name, divisor

    def start(self, stream: Stream, port: int, directory: Path) -> Child:
        raise NotImplementedError

    def reach_end(self, child: Child, stream: Stream) -> int:
        return int(child.wait_for(r"done (\d+)")[1])

    def memory(self, child: Child) -> tuple[float, float]:
        peak = child.peak_mib()
        return peak, peak

    def measure(self, stream: Stream) -> dict:
        stream = stream.shorter(self.divisor)
        with tempfile.TemporaryDirectory(prefix="mqtt-logger-bench-") as name:
            directory = Path(name)
            load = open_load(stream, directory)
            child = self.start(stream, load.port, directory)
            began = load.begin()
            ended = self.reach_end(child, stream)
            peak, beyond = self.memory(child)
            cpu = self.end(child)
            load.close()
            written = sum(path.stat().st_size for path in directory.glob("out.[cj]s*"))
        return asdict(Figures(stream.messages / (ended - began) * 1e9, cpu / stream.messages * 1e6, peak, beyond, written))

    def end(self, child: Child) -> float:
        return child.finish()


class Bare(Contestant):
    def __init__(self, name: str, *words: str):
        super().__init__(name)
        self._words = words

    def start(self, stream: Stream, port: int, directory: Path) -> Child:
        child = Child([PROGRAMS / "bare-client", port, stream.qos, stream.messages, stream.version, *self._words],
                      directory, timeout=stream.timeout)
        child.wait_for("subscribed")
        return child


class Script(Contestant):
    def start(self, stream: Stream, port: int, directory: Path) -> Child:
        return Child(["/usr/bin/python3", ROOT / "tests" / "bench" / "python_logger.py", port, stream.qos,
                      stream.messages, stream.version, directory / "out"], directory, timeout=stream.timeout)


class MosquittoSub(Contestant):
    def __init__(self, name: str, extension: str, line: str):
        super().__init__(name)
        self._extension, self._line = extension, line
        self._cpu = 0.0

    def start(self, stream: Stream, port: int, directory: Path) -> Child:
        version = {"5": "mqttv5", "3.1.1": "mqttv311"}[stream.version]
        return Child(["mosquitto_sub", "-h", "127.0.0.1", "-p", port, "-V", version, "-q", stream.qos, "-t",
                      "sensors/#", "-C", stream.messages, "-F", self._line], directory,
                     output=directory / f"out.{self._extension}", timeout=stream.timeout)

    def reach_end(self, child: Child, stream: Stream) -> int:
        self._cpu = child.finish()  # its output is complete only then
        return time.monotonic_ns()

    def end(self, child: Child) -> float:
        return self._cpu


class Logger(Contestant):
    def __init__(self, name: str, *options: str, divisor: int = 1):
        super().__init__(name, divisor)
        self._options = options

    def start(self, stream: Stream, port: int, directory: Path) -> Child:
        return start_logger(stream, port, directory, "--stats-every", _STATISTICS_EVERY, *self._options)

    def reach_end(self, child: Child, stream: Stream) -> int:
        child.wait_for(rf"written {stream.messages},")
        return time.monotonic_ns()

    def memory(self, child: Child) -> tuple[float, float]:
        peak = child.peak_mib()
        in_memory = "--journal" in self._options
        return peak, peak - (child.anonymous_mib(_RING_MIB) if in_memory else child.mapped_mib("out.journal"))

    def end(self, child: Child) -> float:
        child.send_signal(signal.SIGTERM)
        return child.finish()


def start_logger(stream: Stream, port: int, directory: Path, *options: str) -> Child:
    return Child([LOGGER, "--broker", "127.0.0.1", "--port", port, "--output", directory / "out", "--qos", stream.qos,
                  "--mqtt-version", stream.version, *options], directory, reads="stderr", timeout=stream.timeout)


BARE = Bare("bare Paho client")
BARE_QUIET = Bare("the same, not tracing", "quiet")
SUB_CSV = MosquittoSub("mosquitto_sub, CSV", "csv", "%I,%t,%p,%q,%r")
SUB_JSON = MosquittoSub("mosquitto_sub, JSON", "json", "%j")
SCRIPT = Script("Python script", divisor=2)
BOTH = Logger("logger, both")
CSV = Logger("logger, csv", "--format", "csv")
JSONL = Logger("logger, jsonl", "--format", "jsonl")
