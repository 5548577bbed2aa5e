"""The values of the home page: frozen and small, so that two boards are compared one by one."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from edge.pages.language import When

Level = Literal["ok", "warn", "bad", "idle"]
Stock = Literal["full", "low", "gap", "stale"]


class Figure(Struct, frozen=True):
    """A big figure; `points` is its last hour, oldest first, None where there is no value."""

    value: str
    note: str
    level: Level
    points: tuple[float | None, ...]


class ZoneValue(Struct, frozen=True):
    """People in a zone, and how warm its ground is, 0 to 4."""

    people: str
    said: str
    heat: int


class Count(Struct, frozen=True):
    """Units of one product."""

    gtin: str
    name: str
    units: str
    missing: bool


class ShelfValue(Struct, frozen=True):
    """How a shelf stands; `share` is its units as a part of a full shelf, at most 1."""

    stock: Stock
    level: Level
    word: str
    units: str
    of_full: str
    share: float
    products: tuple[Count, ...]


class LabelValue(Struct, frozen=True):
    """A shelf label; `picture` is the address of what it shows."""

    shelf: str | None
    name: str
    gtin: str | None
    price: str | None
    level: Level
    word: str
    picture: str | None
    device: str
    battery: str | None
    problem: str | None


class LineValue(Struct, frozen=True):
    """One line of a basket."""

    name: str
    qty: str
    amount: str


class LaneValue(Struct, frozen=True):
    """A lane and its basket."""

    level: Level
    word: str
    count: str
    total: str
    lines: tuple[LineValue, ...]
    warning: str | None


class DeviceValue(Struct, frozen=True):
    """A device as a technician wants to see it."""

    kind: str
    kind_word: str
    level: Level
    word: str
    problem: str | None
    model: str | None
    fw: str | None
    config: str | None
    seen: When | None


class SinkValue(Struct, frozen=True):
    """A consumer of the log, and how far behind it is."""

    kind: str
    level: Level
    word: str
    backlog: str
    lag: str
    delivered: str
    refused: str
    error: str | None
    retry: str | None


Value: TypeAlias = (
    Figure | ZoneValue | ShelfValue | LabelValue | LaneValue | DeviceValue | SinkValue
)
Board: TypeAlias = dict[str, Value]
