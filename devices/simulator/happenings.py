"""What happens in the simulated shop; `t` is in seconds of the world's own clock."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Direction = Literal["in", "out"]


class Unit(Struct, frozen=True):
    """One tagged unit: the SGTIN-96 of its tag in upper-case hex, and what that says."""

    epc: str
    gtin: str
    serial: int


class Crossed(Struct, frozen=True):
    """A person walked through the door."""

    t: float
    person: int
    direction: Direction


class Picked(Struct, frozen=True):
    """A person took a unit from a shelf or from the backroom."""

    t: float
    person: int
    unit: Unit
    place: str


class PutDown(Struct, frozen=True):
    """A person put a unit on a shelf; not `home` when it belongs elsewhere."""

    t: float
    person: int
    unit: Unit
    place: str
    home: bool


class Scanned(Struct, frozen=True):
    """A shopper held a unit before the lane's scanner."""

    t: float
    lane: str
    unit: Unit


class Paid(Struct, frozen=True):
    """A shopper put the card down; `checkout` counts from 1 in the world."""

    t: float
    lane: str
    checkout: int
    units: tuple[Unit, ...]


class Stolen(Struct, frozen=True):
    """A person went through the gate with unsold units."""

    t: float
    person: int
    units: tuple[Unit, ...]


class Delivered(Struct, frozen=True):
    """A lorry brought new units into the backroom."""

    t: float
    units: tuple[Unit, ...]


Happening = Crossed | Picked | PutDown | Scanned | Paid | Stolen | Delivered
