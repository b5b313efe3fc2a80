"""Parts that measure what time and size do: growth over millions of messages, the start, idling."""

import signal
import statistics
import tempfile
import time
from pathlib import Path

from contestants import BARE, start_logger
from measuring import Child
from report import say
from streams import LoadServer, Stream

_GIB = 1024**3


def measure_growth(scale) -> dict:
    """Cost and memory of the first and the last twentieth of many messages."""
    part = scale.growth // 20
    with tempfile.TemporaryDirectory(prefix="mqtt-logger-bench-") as name:
        directory = Path(name)
        stream = Stream(scale.growth)
        server = LoadServer(stream, directory)
        logger = start_logger(stream, server.port, directory, "--stats-every", "10ms")
        logger.wait_for("subscribed")
        server.begin()
        marks = []
        for wanted in (0, part, scale.growth - part, scale.growth):
            written = 0
            while written < wanted:
                written = int(logger.wait_for(r"written (\d+),")[1])
            marks.append((time.monotonic(), logger.cpu_seconds(), written, logger.resident_mib()))
        logger.send_signal(signal.SIGTERM)
        logger.finish()
        server.close()
    figures = {}
    for where, begin, end in (("first", marks[0], marks[1]), ("last", marks[2], marks[3])):
        count = end[2] - begin[2]
        figures[where] = {"seconds": (end[0] - begin[0]) / count * 1e6, "cpu": (end[1] - begin[1]) / count * 1e6,
                          "resident": end[3]}
    say(f"\nGrowth over {scale.growth:,} messages, QoS 0")
    for where, figure in figures.items():
        say(f"{where + f' {part:,}':24}{figure['seconds']:8.2f} s/million{figure['cpu']:8.2f} CPU s/million"
            f"{figure['resident']:9.1f} MiB resident")
    return figures


def measure_start(scale) -> dict:
    """From the start of the process to the first connect, beside large exports and beside none."""
    with tempfile.TemporaryDirectory(prefix="mqtt-logger-bench-") as name:
        directory = Path(name)
        _fill(directory, scale.start_bytes)
        journal = directory / "out.journal"
        times: dict[str, list[float]] = {"no exports": [], "with exports": [], "exports, no journal": []}
        for _ in range(scale.starts):
            with tempfile.TemporaryDirectory(prefix="mqtt-logger-bench-") as empty:
                times["no exports"].append(_start(Path(empty)))
            times["with exports"].append(_start(directory))
            journal.unlink()
            times["exports, no journal"].append(_start(directory))
    say(f"\nStart beside exports of {scale.start_bytes / _GIB:.2f} GiB each (CSV and JSON), median of {scale.starts}")
    medians = {name: statistics.median(seconds) for name, seconds in times.items()}
    for name, median in medians.items():
        say(f"{name:24}{median * 1000:8.1f} ms ({min(times[name]) * 1000:.1f}-{max(times[name]) * 1000:.1f})")
    return {"seconds": times, "medians": medians}


def _fill(directory: Path, wanted: int) -> None:
    """By the logger itself, with messages of 1 KiB."""
    stream = Stream(wanted // 1024, payload="large")
    server = LoadServer(stream, directory)
    logger = start_logger(stream, server.port, directory, "--stats-every", "100ms", "--fsync", "no")
    logger.wait_for(rf"written {stream.messages},")
    logger.send_signal(signal.SIGTERM)
    logger.finish()
    server.close()
    for path in directory.glob("out.[cj]s*"):
        assert path.stat().st_size >= wanted, path


def _start(directory: Path) -> float:
    server = LoadServer(Stream(0), directory)
    began = time.monotonic()
    logger = start_logger(Stream(0), server.port, directory)
    logger.wait_for("connecting to")
    seconds = time.monotonic() - began
    logger.wait_for("subscribed")
    logger.send_signal(signal.SIGTERM)
    logger.finish()
    server.close()
    return seconds


def measure_idle(scale) -> dict:
    """Processor time while nothing comes, beside the bare client's."""
    with tempfile.TemporaryDirectory(prefix="mqtt-logger-bench-") as name:
        directory = Path(name)
        servers = [LoadServer(Stream(0), directory) for _ in range(2)]
        logger = start_logger(Stream(0), servers[0].port, directory)
        logger.wait_for("subscribed")
        bare = BARE.start(Stream(1), servers[1].port, directory)
        children: dict[str, Child] = {"logger": logger, BARE.name: bare}
        before = {name: child.cpu_seconds() for name, child in children.items()}
        time.sleep(scale.idle_seconds)
        used = {name: child.cpu_seconds() - before[name] for name, child in children.items()}
        logger.send_signal(signal.SIGTERM)
        logger.finish()
        bare.kill()
        for server in servers:
            server.close()
    say(f"\nIdle, connected, for {scale.idle_seconds} s")
    for name, seconds in used.items():
        say(f"{name:24}{seconds * 1000:8.1f} ms CPU ({seconds / scale.idle_seconds:.3%} of a core)")
    return {"seconds": scale.idle_seconds, "cpu": used}

