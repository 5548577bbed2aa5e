"""Where things stand in the simulated shop: 20 m by 12 m, metres, x to the right, y down.

The street is below the plan. The door is an open front of 5 m in the lower wall.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Point = tuple[float, float]
Rect = tuple[float, float, float, float]
"""Left, top, right, bottom."""

SIZE: Point = (20.0, 12.0)
DOOR_Y = 12.0
"""People who pass this line upwards on the plan come in."""
STREET_Y = 14.4
INSIDE_Y = 9.6
"""Between street and inside, people keep to one track through the door."""
TRACKS_IN: tuple[float, ...] = (4.6, 5.8)
TRACKS_OUT: tuple[float, ...] = (3.4, 2.2)
SEEN: Rect = (0.8, 10.2, 7.2, 13.8)
"""The floor that the entrance camera sees, 6.4 m by 3.6 m."""
GATES: tuple[Rect, ...] = tuple((x - 0.06, 11.0, x + 0.06, 11.5) for x in (2.8, 4.0, 5.2))
"""The pedestals of the exit gate, between the tracks."""


class ZonePlan(Struct, frozen=True):
    """A zone of the shop."""

    id: str
    name: str
    kind: Literal["sales", "backroom", "fitting", "checkout", "exit"]
    polygon: tuple[Point, ...]


class ShelfPlan(Struct, frozen=True):
    """A shelf, and the spots from which people reach it."""

    id: str
    name: str
    corner: Point
    size: Point
    spots: tuple[Point, ...]

    @property
    def middle(self) -> Point:
        """Where its antenna hangs."""
        return self.corner[0] + self.size[0] / 2, self.corner[1] + self.size[1] / 2

    @property
    def rect(self) -> Rect:
        """The floor that it takes."""
        x, y = self.corner
        return x, y, x + self.size[0], y + self.size[1]


class ReaderPlan(Struct, frozen=True):
    """A reader: the shelf or zone of each antenna, and where each antenna hangs."""

    id: str
    places: tuple[str, ...]
    antennas: tuple[Point, ...]
    at: Point


class LanePlan(Struct, frozen=True):
    """A checkout lane; `spots` is the queue, the till first."""

    id: str
    name: str
    at: Point
    desk: Rect
    spots: tuple[Point, ...]


def _wide(shelf: str, name: str, x: float, y: float, sides: str) -> ShelfPlan:
    edge = {"n": y - 0.45, "s": y + 1.15}
    spots = tuple((x + dx, edge[side]) for side in sides for dx in (0.6, 1.4, 2.2))
    return ShelfPlan(shelf, name, (x, y), (2.8, 0.7), spots)


def _tall(shelf: str, name: str, x: float, y: float, side: str) -> ShelfPlan:
    edge = {"w": x - 0.45, "e": x + 1.05}[side]
    return ShelfPlan(
        shelf, name, (x, y), (0.6, 2.4), tuple((edge, y + dy) for dy in (0.5, 1.2, 1.9))
    )


ZONES = (
    ZonePlan(
        "sales",
        "Sales floor",
        "sales",
        (
            (0, 0),
            (15, 0),
            (15, 4.4),
            (20, 4.4),
            (20, 7.8),
            (15, 7.8),
            (15, 8.4),
            (8.6, 8.4),
            (8.6, 12),
            (6.5, 12),
            (6.5, 10.4),
            (1.5, 10.4),
            (1.5, 12),
            (0, 12),
        ),
    ),
    ZonePlan("backroom", "Backroom", "backroom", ((15, 0), (20, 0), (20, 4.4), (15, 4.4))),
    ZonePlan("fitting", "Fitting rooms", "fitting", ((15, 7.8), (20, 7.8), (20, 12), (15, 12))),
    ZonePlan("checkout", "Checkout", "checkout", ((8.6, 8.4), (15, 8.4), (15, 12), (8.6, 12))),
    ZonePlan("exit", "Exit gate", "exit", ((1.5, 10.4), (6.5, 10.4), (6.5, 12), (1.5, 12))),
)
SHELVES = (
    _wide("denim-a", "Denim A", 0.9, 0.0, "s"),
    _wide("denim-b", "Denim B", 4.4, 0.0, "s"),
    _wide("knitwear", "Knitwear", 7.9, 0.0, "s"),
    _wide("outerwear", "Outerwear", 11.4, 0.0, "s"),
    _wide("tees", "T-Shirts", 2.2, 2.7, "ns"),
    _wide("shirts", "Shirts", 6.4, 2.7, "ns"),
    _wide("sports", "Sportswear", 10.6, 2.7, "ns"),
    _tall("bags", "Bags", 0.0, 2.6, "e"),
    _wide("socks", "Socks", 2.2, 5.4, "ns"),
    _wide("home", "Home", 6.4, 5.4, "ns"),
    _wide("beauty", "Beauty", 10.6, 5.4, "ns"),
    _tall("accessories", "Accessories", 0.0, 6.2, "e"),
    _wide("new-in", "New In", 2.6, 7.8, "ns"),
    _tall("shoes-a", "Shoes A", 19.4, 4.9, "w"),
    _wide("shoes-b", "Shoes B", 15.6, 4.4, "s"),
    _tall("snacks", "Snacks", 7.7, 9.6, "e"),
)
SHELF = {shelf.id: shelf for shelf in SHELVES}
RACKS: tuple[Rect, ...] = (
    (16.4, 0.0, 18.0, 0.7),
    (18.3, 0.0, 19.9, 0.7),
    (16.4, 3.6, 18.0, 4.3),
    (18.3, 3.6, 19.9, 4.3),
)
RACK_SPOTS: tuple[Point, ...] = ((17.2, 1.2), (19.1, 1.2), (17.2, 3.1), (19.1, 3.1))
STAFF_SPOTS: tuple[Point, ...] = ((14.3, 4.8), (14.3, 7.4))
DOOR_SPOTS: tuple[Point, ...] = ((2.4, 9.2), (3.4, 9.2), (4.4, 9.2), (5.4, 9.2), (6.4, 9.2))
"""Where people wait for a free track out."""
FITTING_SPOTS: tuple[Point, ...] = ((16.1, 10.6), (17.6, 10.6), (19.1, 10.6))


def _reader(reader: str, at: Point, *shelves: str) -> ReaderPlan:
    return ReaderPlan(reader, shelves, tuple(SHELF[shelf].middle for shelf in shelves), at)


READERS = (
    _reader("shelf-1", (7.5, 0.3), "denim-a", "denim-b", "knitwear", "outerwear"),
    _reader("shelf-2", (9.9, 3.05), "tees", "shirts", "sports", "bags"),
    _reader("shelf-3", (9.9, 5.75), "socks", "home", "beauty", "accessories"),
    _reader("shelf-4", (9.0, 7.9), "new-in", "shoes-a", "shoes-b", "snacks"),
    ReaderPlan(
        "backroom-1",
        ("backroom",) * 4,
        tuple(((left + right) / 2, (top + bottom) / 2) for left, top, right, bottom in RACKS),
        (18.1, 2.2),
    ),
    ReaderPlan(
        "gate-1", ("exit",) * 4, ((2.2, 11.2), (3.4, 11.2), (4.6, 11.2), (5.8, 11.2)), (4, 11.2)
    ),
)
LANES = tuple(
    LanePlan(
        lane,
        name,
        (x, 11.6),
        (x - 0.5, 11.2, x + 0.5, 12.0),
        tuple((x, y) for y in (10.85, 10.15, 9.45, 8.75)),
    )
    for lane, name, x in (("lane-1", "Self-checkout", 10.4), ("lane-2", "Till", 13.2))
)
SCANNER = "scanner-1"
ACCESS_POINT = "esl-1"
CAMERA = "cam-door"
LINE = "door"
WALLS: tuple[Rect, ...] = (
    (14.95, 0.0, 15.05, 1.7),
    (14.95, 3.1, 15.05, 4.4),
    (15.0, 4.35, 20.0, 4.45),
    (16.4, 7.75, 20.0, 7.85),
    (14.95, 7.8, 15.05, 12.0),
    (16.8, 9.2, 16.9, 12.0),
    (18.3, 9.2, 18.4, 12.0),
)
BLOCKS: tuple[Rect, ...] = (
    *(shelf.rect for shelf in SHELVES),
    *RACKS,
    *WALLS,
    *(lane.desk for lane in LANES),
    (0.0, SEEN[1] + 0.15, SEEN[2] - 0.1, DOOR_Y),
)
"""Where nobody walks; the last one keeps all but the tracks out of the entrance camera's sight."""
