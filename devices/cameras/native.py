"""Native camera messages: crossings of lines, people in zones, heat maps, and fleeting sights."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from msgspec import field as named
from msgspec.json import Decoder

from devices.contract import Claims, Count, EpochMs, Numbered, Seconds, Word, read, refuse
from edge.readings import (
    Crossing,
    Direction,
    Figures,
    Overlay,
    PeopleCrossed,
    PeopleSeen,
    PresenceMapped,
    SeenLine,
    SeenPerson,
    SeenZone,
    Snapshot,
    ZonePeople,
)

MAX_CELLS = 65_536
MAX_PICTURE = 4 * 1024 * 1024  # bytes of a message with a picture in it
JPEG_START, JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"  # ISO/IEC 10918-1, table B.1: SOI, EOI

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
    wait_mean_s: Seconds | None = None


class _Zones(Numbered, frozen=True):
    t: EpochMs
    zones: Annotated[tuple[_Zone, ...], Meta(max_length=1_000)]


_Pixels = Annotated[int, Meta(ge=1, le=16_384)]
_Fraction = Annotated[float, Meta(ge=-1, le=2)]  # a box may reach beyond the picture


class _Snapshot(Struct, frozen=True):
    id: Word
    t: EpochMs
    width: _Pixels
    height: _Pixels
    blurred: bool
    jpeg: bytes
    clear: Annotated[float, Meta(ge=0, le=1)] | None = None


class _Person(Struct, frozen=True):
    number: Count
    box: tuple[_Fraction, _Fraction, _Fraction, _Fraction]
    point: tuple[_Fraction, _Fraction]


class _Line(Struct, frozen=True):
    line: Word
    in_: Count = named(name="in")
    out: Count


class _Seen(Struct, frozen=True):
    zone: Word
    people: _People


class _Overlay(Struct, frozen=True):
    t: EpochMs
    people: Annotated[tuple[_Person, ...], Meta(max_length=1_000)]
    lines: Annotated[tuple[_Line, ...], Meta(max_length=1_000)]
    zones: Annotated[tuple[_Seen, ...], Meta(max_length=1_000)]
    fps: Seconds


class _Figures(Struct, frozen=True):
    fps: Seconds | None = None
    skipped: Count | None = None
    latency_ms: Seconds | None = None
    brightness: Annotated[float, Meta(ge=0, le=1)] | None = None


class _Heatmap(Numbered, frozen=True):
    start: EpochMs
    end: EpochMs
    width: _Side
    height: _Side
    cells: Annotated[tuple[Seconds, ...], Meta(max_length=MAX_CELLS)]


_crossings = Decoder(_Crossings)
_zones = Decoder(_Zones)
_heatmap = Decoder(_Heatmap)
_snapshot = Decoder(_Snapshot)
_overlay = Decoder(_Overlay)
_figures = Decoder(_Figures)


def decode_crossings(payload: bytes) -> Claims:
    """Decode `crossings`: `{"crossings": [{"line", "dir": "in"|"out", "t"}]}`."""
    came = read(_crossings, payload)
    crossings = tuple([Crossing(c.line, c.direction, c.t) for c in came.crossings])
    return came.claims(PeopleCrossed(crossings))


def decode_zones(payload: bytes) -> Claims:
    """Decode `zones`: `{"t", "zones": [{"zone", "people", "dwell_s", "wait_mean_s"?}]}`."""
    came = read(_zones, payload)
    zones = tuple([ZonePeople(z.zone, z.people, z.dwell_s, z.wait_mean_s) for z in came.zones])
    return came.claims(PeopleSeen(came.t, zones))


def decode_heatmap(payload: bytes) -> Claims:
    """Decode `heatmap`: `{"start", "end", "width", "height", "cells"}`, cells row by row."""
    came = read(_heatmap, payload)
    if len(came.cells) != came.width * came.height:
        refuse("cells", f"width x height = {came.width * came.height} cells", len(came.cells))
    if came.end < came.start:
        refuse("end", f"a time from start ({came.start}) on", came.end)
    return came.claims(PresenceMapped(came.start, came.end, came.width, came.height, came.cells))


def decode_snapshot(payload: bytes) -> Snapshot:
    """Decode `snapshot`: `{"id", "t", "width", "height", "blurred", "clear"?, "jpeg": base64}`."""
    came = read(_snapshot, payload, MAX_PICTURE)
    if not (came.jpeg.startswith(JPEG_START) and came.jpeg.endswith(JPEG_END)):
        refuse("jpeg", "a JPEG in base64", f"{len(came.jpeg)} other bytes")
    size = (came.width, came.height)
    return Snapshot(came.id, came.t, *size, came.blurred, came.jpeg, came.clear)


def decode_overlay(payload: bytes) -> Overlay:
    """Decode `overlay`: `{"t", "people", "lines", "zones", "fps"}`."""
    came = read(_overlay, payload)
    return Overlay(
        came.t,
        tuple([SeenPerson(one.number, one.box, one.point) for one in came.people]),
        tuple([SeenLine(one.line, one.in_, one.out) for one in came.lines]),
        tuple([SeenZone(one.zone, one.people) for one in came.zones]),
        came.fps,
    )


def decode_figures(payload: bytes) -> Figures:
    """Decode what a camera's `status` tells of its work: `{"fps"?, "skipped"?, ...}`."""
    came = read(_figures, payload)
    return Figures(came.fps, came.skipped, came.latency_ms, came.brightness)
