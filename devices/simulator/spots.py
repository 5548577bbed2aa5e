"""Where tags stand, as antennas see it: each shelf, and each rack of the backroom."""

from __future__ import annotations

import math
from collections.abc import Iterator

from msgspec import Struct

from devices.simulator.goods import GOODS
from devices.simulator.layout import RACKS, SHELVES, Point, Rect
from devices.simulator.people import Seen
from devices.simulator.radio import Radio
from devices.simulator.stock import BACKROOM, Stock

BEFORE_M = 0.6
"""Who is nearer to a shelf than this shades it."""
_RACK = {good.gtin: number % len(RACKS) + 1 for number, good in enumerate(GOODS)}


class Spot(Struct, frozen=True):
    """A shelf, or with `rack` from 1 a rack of the backroom."""

    place: str
    rack: int
    rect: Rect

    @property
    def middle(self) -> Point:
        """Where its antenna hangs."""
        left, top, right, bottom = self.rect
        return (left + right) / 2, (top + bottom) / 2

    def epcs(self, stock: Stock, untagged: frozenset[str]) -> Iterator[str]:
        """Name the tagged units that stand here."""
        for unit in stock.on(self.place):
            here = not self.rack or _RACK[unit.gtin] == self.rack
            if here and unit.gtin not in untagged:
                yield unit.epc

    def is_shaded(self, people: tuple[Seen, ...]) -> bool:
        """Tell whether somebody stands before it."""
        left, top, right, bottom = self.rect
        return any(
            left - BEFORE_M < person.x < right + BEFORE_M
            and top - BEFORE_M < person.y < bottom + BEFORE_M
            for person in people
        )


class View(Struct, frozen=True, kw_only=True):
    """A spot as an antenna hears it: `own` hangs under it; in metres and dB."""

    spot: Spot
    own: bool
    distance: float = 0.0
    loss: float = 0.0


SPOTS = (
    *(Spot(shelf.id, 0, shelf.rect) for shelf in SHELVES),
    *(Spot(BACKROOM, rack, rect) for rack, rect in enumerate(RACKS, start=1)),
)


def own_spot(place: str, antenna: int) -> Spot:
    """Give what hangs under an antenna."""
    rack = antenna if place == BACKROOM else 0
    return next(spot for spot in SPOTS if (spot.place, spot.rack) == (place, rack))


def views(own: Spot, radio: Radio) -> tuple[View, ...]:
    """Give what the antenna over a spot hears: the spot itself, then its neighbours."""
    around = (
        View(spot=spot, own=False, distance=far, loss=radio.stray_loss_db + loss)
        for spot in SPOTS
        if spot != own
        and (far := math.dist(own.middle, spot.middle)) <= radio.stray_reach_m
        and (loss := _between(own, spot, radio)) is not None
    )
    return View(spot=own, own=True), *around


def _between(one: Spot, other: Spot, radio: Radio) -> float | None:
    """Give what walls cost between two spots; None where nothing comes through."""
    if not one.rack and not other.rack:
        return 0.0
    if one.rack and other.rack and radio.wall_loss_db is not None:
        return 0.0
    return radio.wall_loss_db
