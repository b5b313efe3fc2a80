"""What is printed: tables as they come, and at the end what the logger has to reach."""

import platform
import re
from pathlib import Path


def say(line: str) -> None:
    print(line, flush=True)


def describe_machine() -> dict:
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    system = re.search(r'PRETTY_NAME="(.*)"', Path("/etc/os-release").read_text())
    return {"processor": cpu[1] if cpu else platform.machine(), "cores": _count_cores(),
            "memory_gib": int(memory[1]) // 1024**2 if memory else 0, "kernel": platform.release(),
            "system": system[1] if system else platform.system(),
            "load": Path("/proc/loadavg").read_text().split()[:3]}


def _count_cores() -> int:
    return len(re.findall(r"^processor", Path("/proc/cpuinfo").read_text(), re.MULTILINE))


def print_markdown(record: dict) -> None:
    """The part `compare` as the README shows it."""
    machine, tables = record["machine"], record["results"]["compare"]
    say(f"{machine['processor']}, {machine['cores']} cores, {machine['system']}, {record['version'].splitlines()[2]}; "
        f"load before: {machine['load'][0]}\n")
    columns = [f"QoS {table['stream']['qos']}" for table in tables]
    say("| messages/s (CPU seconds for a million) | " + " | ".join(columns) + " | MiB |")
    say("| --- |" + " ---: |" * (len(columns) + 1))
    for name in tables[0]["medians"]:
        runs = [table["medians"][name] for table in tables]
        cells = [f"{run['rate']:,.0f} ({run['cpu']:.1f})" for run in runs]
        say(f"| {name} | " + " | ".join(cells) + f" | {max(run['beyond'] for run in runs):.0f} |")


def print_goals(results: dict) -> None:
    """Each line: what was measured, and what is asked for. Only what was measured is printed."""
    goals = list(_find_goals(results))
    if not goals:
        return
    say(f"\n{'':64}{'measured':>12}{'goal':>16}")
    for what, measured, limit, is_at_least in goals:
        is_reached = measured >= limit if is_at_least else measured <= limit
        goal = f"{'≥' if is_at_least else '≤'} {limit:,g}"
        say(f"{what:64}{measured:12,.2f}{goal:>16}{'' if is_reached else '   missed'}")


def _find_goals(results: dict):
    for table in results.get("compare", []):
        qos, medians = table["stream"]["qos"], table["medians"]
        both, bare, script = medians["logger, both"], medians["bare Paho client"], medians["Python script"]
        yield f"QoS {qos}: messages/s with both, against the bare Paho client", both["rate"] / bare["rate"], 0.95, True
        yield (f"QoS {qos}: messages/s with both, against mosquitto_sub writing CSV only",
               both["rate"] / medians["mosquitto_sub, CSV"]["rate"], 1.0, True)
        yield f"QoS {qos}: messages/s with both, against the Python script", both["rate"] / script["rate"], 2.4, True
        yield f"QoS {qos}: CPU a message with both, against the bare Paho client", both["cpu"] / bare["cpu"], 1.25, False
    for table in results.get("fsync", []):
        medians = table["medians"]
        yield (f"QoS {table['stream']['qos']}: messages/s with the journal, against one in memory",
               medians["fsync everysec"]["rate"] / medians["journal none"]["rate"], 0.95, True)
    if inside := results.get("inside"):
        yield "million messages/s without a network, both, JSON readings", inside["run_pipeline/both_json"]["rate"] / 1e6, 1.5, True
    if growth := results.get("growth"):
        yield "cost of the last twentieth against the first", growth["last"]["cpu"] / growth["first"]["cpu"], 1.05, False
    peaks = [run["beyond"] for name in ("compare", "fsync", "streams", "broker") for table in results.get(name, [])
             for contestant, runs in table["rounds"].items()
             if contestant.startswith(("logger", "fsync", "journal")) for run in runs]
    if peaks:
        yield "most memory of any run, beyond the journal's mapping, MiB", max(peaks), 24, False
    if start := results.get("start"):
        more = start["medians"]["with exports"] - start["medians"]["no exports"]
        yield "start beside large exports, against one beside none, ms", more * 1000, 50, False
