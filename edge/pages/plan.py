"""The floor plan as it is configured: what is drawn once, in metres from its upper left corner."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.config import Device, Settings, Shelf

Point: TypeAlias = tuple[float, float]
Polygon: TypeAlias = tuple[Point, ...]
Box: TypeAlias = tuple[Point, Point]

MARGIN_M = 0.05
MARK_M = 0.4
GRID = 24
"""Places tried along each side of a zone's bounding box for its name."""

ICONS = {
    "rfid": "sensors",
    "camera": "videocam",
    "scanner": "qr_code_scanner",
    "scale": "scale",
    "checkout": "point_of_sale",
    "label": "router",
    "lane": "shopping_basket",
}


class ZoneShape(Struct, frozen=True):
    """A zone's outline, and the freest place in it for its name and number."""

    id: str
    name: str
    points: tuple[Point, ...]
    anchor: Point


class ShelfShape(Struct, frozen=True):
    """A shelf's rectangle."""

    id: str
    name: str
    x: float
    y: float
    width: float
    height: float
    full: int


class Mark(Struct, frozen=True):
    """A lane or device; `key` is its key on the board. Without a place it is only in the lists."""

    key: str
    name: str
    icon: str
    at: Point | None


class Plan(Struct, frozen=True):
    """Everything of the plan that does not move."""

    width: float
    height: float
    zones: tuple[ZoneShape, ...]
    shelves: tuple[ShelfShape, ...]
    marks: tuple[Mark, ...]
    icons: dict[str, str]


def plan(settings: Settings) -> Plan:
    """Draw the plan of a shop; without zones it is empty and has no size."""
    corners = [point for zone in settings.zones for point in zone.polygon]
    corners += [point for shelf in settings.shelves for point in _corners(shelf)]
    if not corners:
        return Plan(0, 0, (), (), tuple(_marks(settings, (0, 0))), ICONS)
    left, top = (min(axis) - MARGIN_M for axis in zip(*corners, strict=True))
    right, bottom = (max(axis) + MARGIN_M for axis in zip(*corners, strict=True))
    origin = (left, top)
    marks = list(_marks(settings, origin))
    return Plan(
        width=right - left,
        height=bottom - top,
        zones=tuple(_zones(settings, marks, origin)),
        shelves=tuple(_shelves(settings, origin)),
        marks=tuple(marks),
        icons=ICONS,
    )


def _zones(settings: Settings, marks: list[Mark], origin: Point) -> Iterator[ZoneShape]:
    boxes = [_around(mark.at, origin) for mark in marks if mark.at is not None]
    for zone in settings.zones:
        taken = [*boxes, *(_corners(shelf) for shelf in settings.shelves if shelf.zone == zone.id)]
        points = tuple(_moved(point, origin) for point in zone.polygon)
        anchor = _moved(_freest(zone.polygon, taken), origin)
        yield ZoneShape(zone.id, zone.name, points, anchor)


def _shelves(settings: Settings, origin: Point) -> Iterator[ShelfShape]:
    for shelf in settings.shelves:
        x, y = _moved(shelf.corner, origin)
        yield ShelfShape(shelf.id, shelf.name, x, y, *shelf.size, shelf.full)


def _marks(settings: Settings, origin: Point) -> Iterator[Mark]:
    for lane in settings.lanes:
        yield Mark(f"lane/{lane.id}", lane.name, ICONS["lane"], _placed(lane.at, origin))
    for device in settings.devices:
        at = device.at or _beside(device, settings)
        yield Mark(f"device/{device.id}", device.id, ICONS[device.kind], _placed(at, origin))
    for camera in settings.cameras:
        yield Mark(f"device/{camera.id}", camera.id, ICONS["camera"], _placed(camera.at, origin))


def _beside(device: Device, settings: Settings) -> Point | None:
    # A reader without a place of its own stands at the first shelf that it watches.
    places = set(device.antennas.values())
    shelf = next((shelf for shelf in settings.shelves if shelf.id in places), None)
    if shelf is not None:
        return shelf.corner[0] + shelf.size[0], shelf.corner[1]
    return next((lane.at for lane in settings.lanes if lane.id == device.lane), None)


def _placed(at: Point | None, origin: Point) -> Point | None:
    return None if at is None else _moved(at, origin)


def _moved(point: Point, origin: Point) -> Point:
    return round(point[0] - origin[0], 3), round(point[1] - origin[1], 3)


def _corners(shelf: Shelf) -> Box:
    (x, y), (width, height) = shelf.corner, shelf.size
    return (x, y), (x + width, y + height)


def _around(place: Point, origin: Point) -> Box:
    # A mark as it is drawn, back in the shop's own metres.
    x, y = place[0] + origin[0], place[1] + origin[1]
    return (x - MARK_M, y - MARK_M), (x + MARK_M, y + MARK_M)


def _freest(polygon: Polygon, taken: list[Box]) -> Point:
    """Give the place that is farthest from the zone's walls, its shelves and the marks."""
    xs, ys = zip(*polygon, strict=True)
    steps = [(n + 0.5) / GRID for n in range(GRID)]
    places = [
        (min(xs) + (max(xs) - min(xs)) * across, min(ys) + (max(ys) - min(ys)) * down)
        for down in steps
        for across in steps
    ]
    inside = [place for place in places if _holds(polygon, place)]
    centre = (sum(xs) / len(xs), sum(ys) / len(ys))
    return max(inside, key=lambda place: _room(place, polygon, taken), default=centre)


def _room(place: Point, polygon: Polygon, taken: list[Box]) -> float:
    walls = zip(polygon, polygon[1:] + polygon[:1], strict=True)
    to_wall = min(_to_segment(place, start, end) for start, end in walls)
    return min([to_wall, *(_to_box(place, box) for box in taken)])


def _to_box(place: Point, box: Box) -> float:
    (left, top), (right, bottom) = box
    across = max(left - place[0], 0.0, place[0] - right)
    down = max(top - place[1], 0.0, place[1] - bottom)
    return float((across**2 + down**2) ** 0.5)


def _to_segment(place: Point, start: Point, end: Point) -> float:
    along = (end[0] - start[0], end[1] - start[1])
    length = along[0] ** 2 + along[1] ** 2 or 1.0
    share = ((place[0] - start[0]) * along[0] + (place[1] - start[1]) * along[1]) / length
    share = min(max(share, 0.0), 1.0)
    across = place[0] - start[0] - share * along[0]
    down = place[1] - start[1] - share * along[1]
    return float((across**2 + down**2) ** 0.5)


def _holds(polygon: Polygon, place: Point) -> bool:
    # Even-odd rule: a ray to the right crosses the outline an odd number of times.
    inside = False
    for (x1, y1), (x2, y2) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if (y1 > place[1]) != (y2 > place[1]):
            crossing = x1 + (place[1] - y1) / (y2 - y1) * (x2 - x1)
            inside ^= place[0] < crossing
    return inside
