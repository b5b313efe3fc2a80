"""Parts that run contestants beside each other, in interleaved rounds."""

import statistics
from dataclasses import asdict

from contestants import BARE, BARE_QUIET, BOTH, CSV, JSONL, SCRIPT, SUB_CSV, SUB_JSON, Contestant, Logger
from report import say
from streams import Stream

_MIB = 1_000_000


def compare(stream: Stream, contestants: list[Contestant], rounds: int) -> dict:
    """Each contestant once a round, so that what else the machine does meets all of them alike."""
    say(f"\n{stream}: {stream.messages:,} messages, median of {rounds} (and least to most)")
    measured: dict[str, list[dict]] = {contestant.name: [] for contestant in contestants}
    for _ in range(rounds):
        for contestant in contestants:
            measured[contestant.name].append(contestant.measure(stream))
    medians = {name: {key: statistics.median(run[key] for run in runs) for key in runs[0]}
               for name, runs in measured.items()}
    reference = medians.get(BARE.name) or next(iter(medians.values()))
    say(f"{'':24}{'messages/s':>12}{'':20}{'of first':>9}{'CPU s/million':>15}{'of first':>9}{'peak MiB':>10}"
        f"{'- journal':>10}{'MB written':>12}")
    for name, median in medians.items():
        rates = [run["rate"] for run in measured[name]]
        spread = f"({min(rates):,.0f}-{max(rates):,.0f})"
        say(f"{name:24}{median['rate']:12,.0f}{spread:>20}{median['rate'] / reference['rate']:9.2f}{median['cpu']:15.2f}"
            f"{median['cpu'] / reference['cpu']:9.2f}{median['peak']:10.1f}{median['beyond']:10.1f}"
            f"{median['written'] / _MIB:12.1f}")
    return {"stream": asdict(stream), "rounds": measured, "medians": medians}


def measure_compare(scale) -> list[dict]:
    """The logger beside what a user would pick instead."""
    contestants = [BARE, BARE_QUIET, SUB_CSV, SUB_JSON, SCRIPT, BOTH, CSV, JSONL]
    return [compare(Stream(scale.messages // (4 if qos == 2 else 1), qos), contestants, scale.rounds)
            for qos in (0, 1, 2)]


def measure_fsync(scale) -> list[dict]:
    """What durability costs: each --fsync, and the journal in memory."""
    tables = []
    for qos in (0, 1, 2):
        loggers = [Logger(f"fsync {fsync}", "--fsync", fsync, divisor=100 if fsync == "always" and qos else 1)
                   for fsync in ("no", "everysec", "always")]
        loggers.append(Logger("journal none", "--journal", "none"))
        tables.append(compare(Stream(scale.messages // (4 if qos == 2 else 1), qos), loggers, scale.rounds))
    return tables


def measure_streams(scale) -> list[dict]:
    """Other payloads, many topics, the older version of MQTT."""
    streams = [Stream(scale.messages, 0, payload="number"), Stream(scale.messages, 1, payload="number"),
               Stream(scale.messages // 2, 0, payload="large"), Stream(scale.messages // 2, 1, payload="large"),
               Stream(scale.messages, 0, topics=100_000), Stream(scale.messages, 1, topics=100_000),
               Stream(scale.messages, 0, version="3.1.1"), Stream(scale.messages, 1, version="3.1.1")]
    return [compare(stream, [BARE, BARE_QUIET, BOTH], scale.rounds) for stream in streams]


def measure_broker(scale) -> list[dict]:
    """The same through a real Mosquitto."""
    return [compare(Stream(scale.messages // 2, qos, is_through_mosquitto=True), [BARE, SUB_CSV, SCRIPT, BOTH],
                    scale.rounds) for qos in (0, 1)]
