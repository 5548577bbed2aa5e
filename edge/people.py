"""What a shop's settings say of people, as the rules take it."""

from __future__ import annotations

from edge.capacity import Capacity
from edge.config import Settings, Zone
from edge.hours import hours_of
from edge.layouts import Layouts
from edge.traffic import TrafficRules


def traffic_rules(settings: Settings, layouts: Layouts) -> TrafficRules:
    """Give the rules of a shop whose cameras watch this."""
    people = settings.people
    limit = people.capacity
    return TrafficRules(
        entrances=layouts.entrances(),
        queues=layouts.queues(),
        overlaps={zone.id: _overlaps(zone, settings.zones) for zone in _inside(settings)},
        hours=hours_of(people, settings.store.timezone),
        error_rate=people.error_rate,
        capacity=Capacity(limit, people.warn_at) if limit else None,
    )


def _inside(settings: Settings) -> list[Zone]:
    """Give the zones whose people are in the shop: who stands at an exit may not have come in."""
    return [zone for zone in settings.zones if zone.kind != "exit"]


def _overlaps(zone: Zone, zones: tuple[Zone, ...]) -> frozenset[str]:
    """Give the zones that may share floor with this one, which is among them.

    Outlines are taken as the rectangles around them: a person may be left out, never counted twice.
    """
    mine = _bounds(zone)
    return frozenset(other.id for other in zones if _touch(mine, _bounds(other)))


def _bounds(zone: Zone) -> tuple[float, float, float, float]:
    xs, ys = [x for x, _ in zone.polygon], [y for _, y in zone.polygon]
    return min(xs), min(ys), max(xs), max(ys)


def _touch(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
