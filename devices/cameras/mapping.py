"""Any counter that sends JSON: where its payload has what, told by the paths of fields.

A path is made of names and, in arrays, numbers from 0, joined by dots. It counts from an entry,
after `$.` from the whole message; `$` alone is the whole message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, TypeVar

from msgspec import Struct
from msgspec.json import Decoder

from devices.cameras.names import LineName, Names, claims_of, newest_seen
from devices.contract import MAX_INTEGER, MAX_TIME, Claims, Codec, read, refuse
from devices.rfid.moments import epoch_ms
from edge.readings import (
    Direction,
    LineCount,
    LineTotal,
    PeopleCounted,
    Reading,
    TotalsRead,
    ZonePeople,
)

MOST_ENTRIES = 10_000
MOST_PEOPLE = 100_000

Unit = Literal["ms", "s", "rfc3339"]

Name = TypeVar("Name")

_DIGITS = 16  # of a number that is written as text

_json = Decoder()


class LineFields(Struct, frozen=True, kw_only=True):
    """Where the entries of lines are, and the fields of each; times are in `unit`.

    With `direction` each entry is one crossing. Otherwise it counts `count_in` and `count_out`,
    from `start` to `time` or, when `cumulative`, in all since `start`.
    """

    entries: str
    line: str | None
    time: str
    unit: Unit
    direction: str | None = None
    inwards: tuple[str, ...] = ()
    outwards: tuple[str, ...] = ()
    count_in: str | None = None
    count_out: str | None = None
    start: str | None = None
    cumulative: bool = False


class ZoneFields(Struct, frozen=True, kw_only=True):
    """Where the entries of zones are, and the fields of each; stays are in seconds."""

    entries: str
    zone: str | None
    time: str
    unit: Unit
    people: str
    dwell_s: str | None = None
    wait_mean_s: str | None = None


class _Entry(Struct, frozen=True):
    """One entry of a payload, and its path."""

    whole: Any
    value: Any
    at: str

    def find(self, path: str) -> tuple[Any, str]:
        """Give what stands at a path, None where nothing does, and its full path."""
        root = path.startswith("$")
        value, at = (self.whole, "") if root else (self.value, self.at)
        for name in path.removeprefix("$").lstrip(".").split("."):
            if not name:
                continue
            value, at = _step(value, name), _joined(at, name)
        return value, at


def mapping_codec(names: Names, lines: LineFields | None, zones: ZoneFields | None) -> Codec:
    """Give the codec of a counter whose fields stand there."""

    def decode(payload: bytes) -> Claims:
        whole = read(_json, payload)
        told = list(_lines(whole, lines, names)) if lines else []
        seen = list(_zones(whole, zones, names)) if zones else []
        readings: list[Reading | None] = [_counted(told), _totals(told)]
        return claims_of([*readings, *newest_seen(seen)])

    return decode


def _counted(told: list[LineCount | LineTotal]) -> PeopleCounted | None:
    """Add up what was counted of a line in the same time: two may cross in one millisecond."""
    sums: dict[tuple[str, int, int], LineCount] = {}
    for c in told:
        if isinstance(c, LineCount):
            key = (c.line, c.start, c.end)
            last = sums.get(key, LineCount(*key, 0, 0))
            sums[key] = LineCount(*key, last.in_ + c.in_, last.out + c.out)
    return PeopleCounted(tuple(sums.values())) if sums else None


def _totals(told: list[LineCount | LineTotal]) -> TotalsRead | None:
    totals = tuple(total for total in told if isinstance(total, LineTotal))
    return TotalsRead(totals) if totals else None


def _lines(whole: Any, fields: LineFields, names: Names) -> Iterator[LineCount | LineTotal]:  # noqa: ANN401  (JSON of any shape)
    for entry in _entries(whole, fields.entries):
        name = _named(entry, fields.line, names.lines)
        if name is not None:
            t = _time(entry, fields.time, fields.unit)
            yield from _line(entry, fields, name, t)


def _line(
    entry: _Entry, fields: LineFields, name: LineName, t: int
) -> Iterator[LineCount | LineTotal]:
    if fields.direction is not None:
        way = _direction(entry, fields.direction, fields)
        yield name.count(t, t, *((1, 0) if way == "in" else (0, 1)))
        return
    start = _time(entry, fields.start, fields.unit) if fields.start else None
    counts = {
        way: _whole(entry, path, MAX_INTEGER if fields.cumulative else MOST_PEOPLE)
        for way, path in _ways(fields)
    }
    if fields.cumulative:
        for way, total in counts.items():
            yield LineTotal(name.line, name.way(way), total, t, start)
        return
    if start is not None and start > t:
        refuse(entry.find(fields.time)[1], f"a time from {start} on", t)
    yield name.count(t if start is None else start, t, counts.get("in", 0), counts.get("out", 0))


def _ways(fields: LineFields) -> Iterator[tuple[Direction, str]]:
    if fields.count_in is not None:
        yield "in", fields.count_in
    if fields.count_out is not None:
        yield "out", fields.count_out


def _zones(whole: Any, fields: ZoneFields, names: Names) -> Iterator[tuple[int, ZonePeople]]:  # noqa: ANN401  (JSON of any shape)
    for entry in _entries(whole, fields.entries):
        zone = _named(entry, fields.zone, names.zones)
        if zone is not None:
            people = _whole(entry, fields.people, MOST_PEOPLE)
            dwell = _seconds(entry, fields.dwell_s) if fields.dwell_s else 0.0
            mean = _seconds(entry, fields.wait_mean_s) if fields.wait_mean_s else None
            t = _time(entry, fields.time, fields.unit)
            yield t, ZonePeople(zone, people, dwell, mean)


def _entries(whole: Any, path: str) -> Iterator[_Entry]:  # noqa: ANN401  (JSON of any shape)
    """Give the entries at a path; one that is no array is the only entry."""
    value, at = _Entry(whole, whole, "").find(path)
    if isinstance(value, dict):
        yield _Entry(whole, value, at)
        return
    if not isinstance(value, list) or len(value) > MOST_ENTRIES:
        refuse(at or "payload", f"an array of at most {MOST_ENTRIES} entries, or one", value)
    for n, entry in enumerate(value):
        yield _Entry(whole, entry, f"{at}[{n}]")


def _named(entry: _Entry, path: str | None, names: Mapping[str, Name]) -> Name | None:
    """Give what an entry is called here; without a path it is the first that is named."""
    if path is None:
        return next(iter(names.values()), None)
    value, at = entry.find(path)
    if isinstance(value, bool) or not isinstance(value, str | int):
        refuse(at, "a name", value)
    return names.get(str(value))


def _direction(entry: _Entry, path: str, fields: LineFields) -> Direction:
    value, at = entry.find(path)
    if str(value) in fields.inwards:
        return "in"
    if str(value) not in fields.outwards:
        refuse(at, f"one of {', '.join((*fields.inwards, *fields.outwards))}", value)
    return "out"


def _whole(entry: _Entry, path: str, most: int) -> int:
    value, at = entry.find(path)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < _DIGITS:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        refuse(at, f"a whole number from 0 to {most}", value)
    return value


def _seconds(entry: _Entry, path: str) -> float:
    value, at = entry.find(path)
    if isinstance(value, bool) or not isinstance(value, int | float):
        refuse(at, "seconds", value)
    if not 0 <= value <= MAX_INTEGER:
        refuse(at, f"seconds from 0 to {MAX_INTEGER}", value)
    return float(value)


def _time(entry: _Entry, path: str, unit: Unit) -> int:
    """Read a time as epoch ms."""
    value, at = entry.find(path)
    if unit == "rfc3339":
        return _written_time(value, at)
    if isinstance(value, bool) or not isinstance(value, int | float):
        refuse(at, f"a time in {unit} since 1970", value)
    t = value * 1000 if unit == "s" else value
    if not 0 <= t <= MAX_TIME:
        refuse(at, f"a time in {unit} since 1970, to the year 9999", value)
    return round(t)


def _written_time(value: object, at: str) -> int:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        refuse(at, "an RFC 3339 time", value)
    return epoch_ms(moment, at)


def _step(value: object, name: str) -> object:
    if isinstance(value, dict):
        return value.get(name)
    if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
        return value[int(name)]
    return None


def _joined(at: str, name: str) -> str:
    return f"{at}.{name}".lstrip(".")
