"""The part without a network: each step of a message's way alone, and the writer with its files."""

import json
import statistics
import subprocess
from pathlib import Path

from report import say
from streams import PROGRAMS


def measure_inside(scale) -> dict:
    """Encoders, journal, and the pipeline from journal to files."""
    command = [PROGRAMS / "inside-bench", "--benchmark_format=json", f"--benchmark_repetitions={scale.rounds}",
               f"--benchmark_min_time={scale.inside_seconds}", "--benchmark_enable_random_interleaving=true"]
    found = json.loads(subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL).stdout)
    runs: dict[str, list[dict]] = {}
    for run in found["benchmarks"]:
        if run["run_type"] == "iteration":
            runs.setdefault(run["run_name"].split("/iterations")[0], []).append(run)
    say(f"\nInside, without a network, median of {scale.rounds}")
    say(f"{'':32}{'ns/message':>12}{'messages/s':>14}{'MB/s':>10}")
    figures = {}
    for name, some in sorted(runs.items()):
        rates = [run["items_per_second"] for run in some]
        figures[name] = {"rate": statistics.median(rates), "least": min(rates), "most": max(rates),
                         "bytes_per_second": statistics.median(run["bytes_per_second"] for run in some)}
        say(f"{name:32}{1e9 / figures[name]['rate']:12.1f}{figures[name]['rate']:14,.0f}"
            f"{figures[name]['bytes_per_second'] / 1e6:10,.0f}")
    return figures
