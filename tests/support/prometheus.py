"""Reads Prometheus' text exposition format as strictly as `promtool check metrics` does."""

import re

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'
_HELP = re.compile(rf"# HELP ({_NAME}) (\S.*\.)")
_TYPE = re.compile(rf"# TYPE ({_NAME}) (counter|gauge)")
_SAMPLE = re.compile(rf"({_NAME})((?:\{{{_LABEL}(?:,{_LABEL})*\}})?) (-?\d+(?:\.\d+)?)")
_UNITS = ("bytes", "seconds")


class NoMetrics(AssertionError):
    """What Prometheus would refuse, or its conventions forbid."""


def read_metrics(text: str) -> dict[str, float]:
    """The samples by name and labels. Each metric stands in one place, with HELP, TYPE and at least one sample."""
    samples: dict[str, float] = {}
    seen: set[str] = set()
    name, has_sample = "", True
    lines = iter(text.split("\n"))
    if text and not text.endswith("\n"):
        raise NoMetrics("the last line has no end")
    for line in lines:
        if match := _HELP.fullmatch(line):
            if not has_sample or match[1] in seen:
                raise NoMetrics(f"{name} has no sample, or {match[1]} stands in two places")
            name, has_sample = match[1], False
            seen.add(name)
            _check_type(name, next(lines, ""))
        elif match := _SAMPLE.fullmatch(line):
            if match[1] != name or match[1] + match[2] in samples:
                raise NoMetrics(f"a sample below another metric, or twice: {line}")
            samples[match[1] + match[2]] = float(match[3])
            has_sample = True
        elif line:
            raise NoMetrics(f"not understood: {line}")
    if not has_sample:
        raise NoMetrics(f"{name} has no sample")
    return samples


def _check_type(name: str, line: str) -> None:
    match = _TYPE.fullmatch(line)
    if match is None or match[1] != name:
        raise NoMetrics(f"{name} has no type: {line}")
    if (match[2] == "counter") != name.endswith("_total"):
        raise NoMetrics(f"{name}: counters, and only they, end in _total")
    base = name.removesuffix("_total")
    if any(f"_{unit}_" in base for unit in _UNITS):
        raise NoMetrics(f"{name}: the unit must stand at the end")
