"""Reads exports back as their users do, with Python's csv and json modules, and strictly."""

import base64
import csv
import io
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

CSV_HEADER = ["timestamp", "topic", "payload", "encoding", "qos", "retain"]
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")

csv.field_size_limit(2**31 - 1)


class Record(NamedTuple):
    """One record. `payload` are the published bytes, or for JSON values in a JSON export the text that stands for
    them there: the same, but with spaces in place of line breaks."""

    timestamp: str
    topic: str
    payload: bytes
    encoding: str
    qos: int
    retain: bool
    properties: dict[str, Any] | None = None


class NotReadable(AssertionError):
    """An export that an ordinary reader would refuse."""


def require(condition: bool, fault: str) -> None:
    if not condition:
        raise NotReadable(fault)


def replace_line_breaks(payload: bytes) -> bytes:
    return payload.replace(b"\r", b" ").replace(b"\n", b" ")


def read_csv(path: Path) -> list[Record]:
    return parse_csv(path.read_bytes())


def read_json(path: Path) -> list[Record]:
    return parse_json(path.read_bytes())


def read_jsonl(path: Path) -> list[Record]:
    return parse_jsonl(path.read_bytes())


def parse_csv(data: bytes) -> list[Record]:
    require(data.endswith(b"\n"), f"the CSV's last line has no end: …{data[-80:]!r}")
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise NotReadable(f"the CSV is broken: {error}") from error
    require(rows[0] == CSV_HEADER, f"the CSV's header is {rows[0]}")
    require(CSV_HEADER not in rows[1:], "the CSV's header stands there more than once")
    return [_record_from_row(row) for row in rows[1:]]


def _record_from_row(row: list[str]) -> Record:
    require(len(row) == len(CSV_HEADER), f"a CSV line has {len(row)} fields: {str(row)[:200]}")
    timestamp, topic, payload, encoding, qos, retain = row
    require(retain in ("true", "false"), f"retain is {retain!r}")
    return _check(Record(timestamp, topic, _decode(payload, encoding), encoding, int(qos), retain == "true"))


def parse_json(data: bytes) -> list[Record]:
    """An array, one record a line, closed."""
    try:
        values = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise NotReadable(f"the JSON is broken: {error}; {len(data)} bytes …{data[-80:]!r}") from error
    require(isinstance(values, list), "the JSON is no array")
    if not values:
        return []
    lines = data.decode("utf-8").removesuffix("\n").split("\n")
    require(lines[0] == "[" and lines[-1] == "]", "the JSON's brackets do not stand alone on their lines")
    lines = lines[1:-1]
    require(len(lines) == len(values), f"the JSON has {len(values)} records on {len(lines)} lines")
    require(all(line.endswith(",") for line in lines[:-1]), "a comma does not stand at the end of a line")
    return [_record_from_line(line[:-1] if line.endswith(",") else line, value)
            for line, value in zip(lines, values)]


def parse_jsonl(data: bytes) -> list[Record]:
    require(not data or data.endswith(b"\n"), "the JSON Lines' last line has no end")
    return [_record_from_line(line, json.loads(line, parse_constant=_refuse_constant))
            for line in data.decode("utf-8").split("\n")[:-1]]


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _record_from_line(line: str, value: dict[str, Any]) -> Record:
    names = [*CSV_HEADER, "properties"] if "properties" in value else CSV_HEADER
    require(list(value) == names, f"a JSON record has the members {list(value)}")
    require(isinstance(value["retain"], bool) and type(value["qos"]) is int, "retain or qos is of a wrong type")
    encoding = value["encoding"]
    if encoding == "json":
        # The first and the last of these can only be the record's own members: strings escape their quotes.
        begin = line.index(',"payload":') + len(',"payload":')
        payload = line[begin : line.rindex(',"encoding":')].encode()
    else:
        require(isinstance(value["payload"], str), f"a payload with encoding {encoding} is no string")
        payload = _decode(value["payload"], encoding)
    return _check(Record(value["timestamp"], value["topic"], payload, encoding, value["qos"], value["retain"],
                         value.get("properties")))


def _decode(payload: str, encoding: str) -> bytes:
    return base64.b64decode(payload, validate=True) if encoding == "base64" else payload.encode("utf-8")


def _check(record: Record) -> Record:
    require(record.encoding in ("json", "text", "base64"), f"encoding is {record.encoding!r}")
    require(record.qos in (0, 1, 2), f"qos is {record.qos}")
    require(_TIMESTAMP.fullmatch(record.timestamp) is not None, f"timestamp is {record.timestamp!r}")
    return record


def as_in_json(record: Record) -> Record:
    """A record of a CSV as it must stand in a JSON export, without its properties."""
    payload = replace_line_breaks(record.payload) if record.encoding == "json" else record.payload
    return record._replace(payload=payload)


def require_same_records(from_csv: list[Record], from_json: list[Record]) -> None:
    require(len(from_csv) == len(from_json), f"{len(from_csv)} records in CSV, {len(from_json)} in JSON")
    for number, (left, right) in enumerate(zip(from_csv, from_json)):
        same = as_in_json(left) == right._replace(properties=None)
        require(same, f"record {number} differs: {str(left)[:300]} in CSV, {str(right)[:300]} in JSON")


def count_lines(path: Path, begin: bytes = b"") -> int:
    """How many lines, but for the first, begin like this."""
    try:
        return path.read_bytes().count(b"\n" + begin)
    except FileNotFoundError:
        return 0


class GrowingFile:
    """Counts the lines of a file that is only appended to; each byte is read once."""

    def __init__(self, path: Path):
        self._path, self._size, self._lines = path, 0, 0

    def count_lines(self) -> int:
        with self._path.open("rb") as file:
            file.seek(self._size)
            added = file.read()
        self._size += len(added)
        self._lines += added.count(b"\n")
        return self._lines
