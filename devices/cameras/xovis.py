"""Xovis sensors: the data push of logics in JSON, firmware 5, one push or an array of them.

A logic has records of the time `from` to `to`: those of a line count `fw` and `bw` in that time,
those of a zone give the `balance` of who is in it at the end. Other pushes (live data, status,
connection tests) claim nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct
from msgspec import field as named
from msgspec.json import Decoder

from devices.cameras.names import LineName, Names, claims_of, newest_seen
from devices.contract import Claims, Codec, EpochMs, read, refuse
from devices.rfid.moments import Moment, epoch_ms
from edge.readings import LineCount, PeopleCounted, Reading, ZonePeople

MOST = 10_000
MOST_PEOPLE = 100_000


class _Count(Struct, frozen=True):
    name: str
    value: float | str | None = None


class _Record(Struct, frozen=True):
    start: EpochMs | Moment = named(name="from")
    end: EpochMs | Moment = named(name="to")
    counts: Annotated[tuple[_Count, ...], Meta(max_length=MOST)]


class _Logic(Struct, frozen=True):
    name: str
    records: Annotated[tuple[_Record, ...], Meta(max_length=MOST)] = ()


class _Logics(Struct, frozen=True):
    logics: Annotated[tuple[_Logic, ...], Meta(max_length=MOST)]


class _Push(Struct, frozen=True):
    logics_data: _Logics | None = None


_Pushes = Annotated[tuple[_Push, ...], Meta(max_length=100)]
_pushes: Decoder[_Push | _Pushes] = Decoder(_Push | _Pushes)


def xovis_codec(names: Names) -> Codec:
    """Give the codec of a sensor whose logics are called so."""

    def decode(payload: bytes) -> Claims:
        came = read(_pushes, payload)
        pushes = [(came, "")] if isinstance(came, _Push) else _numbered(came)
        records = [found for push, at in pushes for found in _records(push, at)]
        counted = [c for name, r, at in records if (c := _counted(names.lines.get(name), r, at))]
        seen = [s for name, r, at in records if (s := _seen(names.zones.get(name), r, at))]
        readings: list[Reading] = [PeopleCounted(tuple(counted))] if counted else []
        return claims_of([*readings, *newest_seen(seen)])

    return decode


def _numbered(pushes: tuple[_Push, ...]) -> list[tuple[_Push, str]]:
    return [(push, f"[{n}].") for n, push in enumerate(pushes)]


def _records(push: _Push, at: str) -> list[tuple[str, _Record, str]]:
    """Give each record with the name of its logic and its path."""
    logics = push.logics_data.logics if push.logics_data else ()
    return [
        (logic.name, record, f"{at}logics_data.logics[{n}].records[{m}]")
        for n, logic in enumerate(logics)
        for m, record in enumerate(logic.records)
    ]


def _counted(name: LineName | None, record: _Record, at: str) -> LineCount | None:
    if name is None:
        return None
    start, end = _ms(record.start, f"{at}.from"), _ms(record.end, f"{at}.to")
    if end < start:
        refuse(f"{at}.to", f"a time from {start} on", end)
    ways = {
        c.name: _whole(c, f"{at}.counts[{n}].value")
        for n, c in enumerate(record.counts)
        if c.name in ("fw", "bw")
    }
    if not ways:
        refuse(f"{at}.counts", "the counts fw and bw of a line", [c.name for c in record.counts])
    return name.count(start, end, ways.get("fw", 0), ways.get("bw", 0))


def _seen(zone: str | None, record: _Record, at: str) -> tuple[int, ZonePeople] | None:
    if zone is None:
        return None
    n = next((n for n, count in enumerate(record.counts) if count.name == "balance"), None)
    if n is None:
        refuse(f"{at}.counts", "the count balance of a zone", [c.name for c in record.counts])
    people = _whole(record.counts[n], f"{at}.counts[{n}].value", least=-MOST_PEOPLE)
    return _ms(record.end, f"{at}.to"), ZonePeople(zone, max(0, people), 0.0)


def _whole(count: _Count, path: str, least: int = 0) -> int:
    value = count.value
    if not isinstance(value, float) or value % 1 or not least <= value <= MOST_PEOPLE:
        refuse(path, f"a whole number from {least} to {MOST_PEOPLE}", value)
    return int(value)


def _ms(time: int | datetime, path: str) -> int:
    return time if isinstance(time, int) else epoch_ms(time, path)
