"""How people get from spot to spot around shelves and walls: the shortest way round the corners."""

from __future__ import annotations

import heapq
import math
from functools import cache

from devices.simulator.layout import BLOCKS, SIZE, Point, Rect

CLEARANCE = 0.25
"""Half a person's width: nobody's middle comes nearer to a block, in metres."""


def _grown(block: Rect, by: float) -> Rect:
    left, top, right, bottom = block
    return left - by, top - by, right + by, bottom + by


def _within(point: Point, rect: Rect) -> bool:
    return rect[0] < point[0] < rect[2] and rect[1] < point[1] < rect[3]


def _cuts(start: Point, end: Point, rect: Rect) -> bool:
    """Tell whether a straight walk enters a rectangle (Liang-Barsky clipping)."""
    enter, leave = 0.0, 1.0
    for axis in (0, 1):
        way = end[axis] - start[axis]
        near, far = rect[axis] - start[axis], rect[axis + 2] - start[axis]
        if way == 0.0:
            if near >= 0.0 or far <= 0.0:
                return False
            continue
        first, last = sorted((near / way, far / way))
        enter, leave = max(enter, first), min(leave, last)
    return enter < leave


_SOLID = tuple(_grown(block, CLEARANCE) for block in BLOCKS)


def _corners() -> tuple[Point, ...]:
    around = (_grown(block, CLEARANCE + 0.02) for block in BLOCKS)
    points = (
        (x, y) for left, top, right, bottom in around for x in (left, right) for y in (top, bottom)
    )
    floor = (0.0, 0.0, *SIZE)
    return tuple(p for p in points if _within(p, floor) and not any(_within(p, s) for s in _SOLID))


_CORNERS = _corners()


@cache
def _free(start: Point, end: Point) -> bool:
    return not any(_cuts(start, end, solid) for solid in _SOLID)


@cache
def route(start: Point, goal: Point) -> tuple[Point, ...]:
    """Give the turning points from `start` (left out) to `goal`: Dijkstra over the corners.

    Raises ValueError when there is no way: then the plan of the shop is wrong.
    """
    best = {start: 0.0}
    via: dict[Point, Point] = {}
    heap = [(0.0, start)]
    while heap:
        length, here = heapq.heappop(heap)
        if here == goal:
            return _unwound(via, start, goal)
        for there in (goal, *_CORNERS):
            longer = length + math.dist(here, there)
            if longer < best.get(there, math.inf) and _free(here, there):
                best[there] = longer
                via[there] = here
                heapq.heappush(heap, (longer, there))
    raise ValueError(f"expected a way from {start} to {goal}, came none: check the plan's blocks")


def _unwound(via: dict[Point, Point], start: Point, goal: Point) -> tuple[Point, ...]:
    steps = [goal]
    while steps[-1] != start:
        steps.append(via[steps[-1]])
    return tuple(reversed(steps[:-1]))
