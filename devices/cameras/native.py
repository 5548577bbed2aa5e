"""Native camera messages: crossings of lines, people in zones, heat maps."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from msgspec import field as named
from msgspec.json import Decoder

from devices.contract import Claims, EpochMs, Numbered, Seconds, Word, read, refuse
from edge.readings import (
    Crossing,
    Direction,
    PeopleCrossed,
    PeopleSeen,
    PresenceMapped,
    ZonePeople,
)

MAX_CELLS = 65_536

_People = Annotated[int, Meta(ge=0, le=100_000)]
_Side = Annotated[int, Meta(ge=1, le=MAX_CELLS)]


class _Crossing(Struct, frozen=True):
    line: Word
    direction: Direction = named(name="dir")
    t: EpochMs


class _Crossings(Numbered, frozen=True):
    crossings: Annotated[tuple[_Crossing, ...], Meta(max_length=10_000)]


class _Zone(Struct, frozen=True):
    zone: Word
    people: _People
    dwell_s: Seconds


class _Zones(Numbered, frozen=True):
    t: EpochMs
    zones: Annotated[tuple[_Zone, ...], Meta(max_length=1_000)]


class _Heatmap(Numbered, frozen=True):
    start: EpochMs
    end: EpochMs
    width: _Side
    height: _Side
    cells: Annotated[tuple[Seconds, ...], Meta(max_length=MAX_CELLS)]


_crossings = Decoder(_Crossings)
_zones = Decoder(_Zones)
_heatmap = Decoder(_Heatmap)


def decode_crossings(payload: bytes) -> Claims:
    """Decode `crossings`: `{"crossings": [{"line", "dir": "in"|"out", "t"}]}`."""
    came = read(_crossings, payload)
    crossings = tuple([Crossing(c.line, c.direction, c.t) for c in came.crossings])
    return came.claims(PeopleCrossed(crossings))


def decode_zones(payload: bytes) -> Claims:
    """Decode `zones`: `{"t", "zones": [{"zone", "people", "dwell_s"}]}`."""
    came = read(_zones, payload)
    zones = tuple([ZonePeople(z.zone, z.people, z.dwell_s) for z in came.zones])
    return came.claims(PeopleSeen(came.t, zones))


def decode_heatmap(payload: bytes) -> Claims:
    """Decode `heatmap`: `{"start", "end", "width", "height", "cells"}`, cells row by row."""
    came = read(_heatmap, payload)
    if len(came.cells) != came.width * came.height:
        refuse("cells", f"width x height = {came.width * came.height} cells", len(came.cells))
    if came.end < came.start:
        refuse("end", f"a time from start ({came.start}) on", came.end)
    return came.claims(PresenceMapped(came.start, came.end, came.width, came.height, came.cells))
