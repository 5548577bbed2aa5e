"""The plan of a shop, as it is drawn once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge.pages.plan import plan

if TYPE_CHECKING:
    from edge.config import Settings


def test_everything_is_drawn_to_scale(settings: Settings) -> None:
    """Metres of store.toml are metres of the plan, from its upper left corner."""
    drawn = plan(settings)
    tea = next(shelf for shelf in drawn.shelves if shelf.id == "tea")
    assert (drawn.width, drawn.height) == pytest.approx((17, 10), abs=0.2)
    assert (tea.width, tea.height) == (3.4, 0.7)
    assert (tea.x, tea.y) == pytest.approx((0.6, 0.3), abs=0.1)


def test_a_zones_name_stands_free(settings: Settings) -> None:
    """Name and number of a zone lie inside it and on none of its shelves."""
    drawn = plan(settings)
    for zone in drawn.zones:
        x, y = zone.anchor
        xs, ys = zip(*zone.points, strict=True)
        assert min(xs) < x < max(xs)
        assert min(ys) < y < max(ys)
        for shelf in drawn.shelves:
            inside = shelf.x < x < shelf.x + shelf.width and shelf.y < y < shelf.y + shelf.height
            assert not inside


def test_a_zone_with_a_corner_cut_out_keeps_its_name_inside(settings: Settings) -> None:
    """The name of an L-shaped zone is not in the corner that the zone leaves out."""
    angle = ((0, 0), (10, 0), (10, 3), (3, 3), (3, 10), (0, 10))
    zone = settings.zones[0].model_copy(update={"polygon": angle})
    lone = settings.model_copy(update={"zones": (zone,), "shelves": (), "devices": (), "lanes": ()})
    x, y = plan(lone.model_copy(update={"cameras": ()})).zones[0].anchor
    assert x < 3.1 or y < 3.1


def test_devices_without_a_place_stand_where_they_work(settings: Settings) -> None:
    """A scanner stands at its lane; what has no place at all is only in the lists."""
    marks = {mark.key: mark.at for mark in plan(settings).marks}
    assert marks["device/scanner-1"] == marks["lane/lane-1"]
