"""The files of an export, in their order: the one without rotation, and those of a series, compressed or not."""

import gzip
import re
from pathlib import Path

import exports
from exports import Record

_ADDED = re.compile(r"(?:-(\d{8}T\d{6}Z)(?:-(\d+))?)?\.(csv|json)(\.gz)?")


def list_series(folder: Path, base: str, extension: str, with_single: bool = True) -> list[Path]:
    """In the order in which they were begun. One that stands there twice, because it was just being compressed, counts
    once, as it was."""
    found: dict[tuple[str, int], Path] = {}
    for path in sorted(folder.iterdir() if folder.exists() else (), reverse=True):
        match = _ADDED.fullmatch(path.name.removeprefix(base)) if path.name.startswith(base) else None
        if match and match[3] == extension and (with_single or match[1]):
            found[(match[1] or "", int(match[2] or 1))] = path
    return [found[place] for place in sorted(found)]


def read_file(path: Path) -> bytes:
    """Also one that is replaced by its compressed form just then."""
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return gzip.decompress(path.with_name(path.name + ".gz").read_bytes())


def read_series(folder: Path, base: str, with_single: bool = True) -> list[Record]:
    """Reads each file by itself; CSV and JSON of a name hold the same, and it is the time of their first record."""
    records: list[Record] = []
    csv_files, json_files = (list_series(folder, base, extension, with_single) for extension in ("csv", "json"))
    assert [_name(path) for path in csv_files] == [_name(path) for path in json_files]
    for csv_file, json_file in zip(csv_files, json_files):
        try:
            from_csv = exports.parse_csv(read_file(csv_file))
            exports.require_same_records(from_csv, exports.parse_json(read_file(json_file)))
        except exports.NotReadable as error:
            raise exports.NotReadable(f"{_name(csv_file)}: {error}") from error
        if _name(csv_file) != base:
            exports.require(bool(from_csv), f"{csv_file.name} has no record")
            first = from_csv[0].timestamp[:19].replace("-", "").replace(":", "")
            exports.require(f"-{first}Z" in csv_file.name, f"{csv_file.name} begins with a record of {first}")
        records += from_csv
    return records


def _name(path: Path) -> str:
    return path.name.split(".")[0]
