"""How many visitors are in the shop by its doors, and how far that may be wrong.

Counting errors of single crossings are independent, so their variances add up. What is known to be
fewer or more is kept apart: whom a camera sees bounds one side only.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

MINUTE_MS = 60_000
SURE = 2.0  # standard deviations on each side: right in about 19 of 20 cases
DRIFT = 1 / 512  # people squared a minute: who passes unseen while a camera starts or is covered
QUIET_MS = 900_000  # without anybody in sight, half of those who are counted were not there


class Headcount(Struct, frozen=True):
    """The visitors in a zone, and the staff, by crossings.

    `fewer` and `more` are the variances to either side. Time was added up to `at`, somebody was
    there at `sign`, and `turned` is the opening or closing that it was last reset at. `capacity`
    is the state of the alarm, `alarms` counts its changes. Times are epoch ms.
    """

    zone: str
    people: int = 0
    staff: int = 0
    fewer: float = 0.0
    more: float = 0.0
    at: int = 0
    sign: int = 0
    turned: int = 0
    capacity: Literal["ok", "near", "over"] = "ok"
    alarms: int = 0

    @property
    def low(self) -> int:
        """The least number of people that it may well be."""
        return max(0, self.people - _width(self.fewer))

    @property
    def high(self) -> int:
        """The greatest number of people that it may well be."""
        return self.people + _width(self.more)


def cross(count: Headcount, in_: int, out: int, error: float, now: int) -> Headcount:
    """Take visitors across a door, each of them counted wrongly with the chance `error`."""
    spread = (in_ + out) * error
    return replace(
        count,
        people=max(0, count.people + in_ - out),
        fewer=count.fewer + spread,
        more=count.more + spread,
        sign=now,
    )


def cross_staff(count: Headcount, in_: int, out: int, now: int) -> Headcount:
    """Take staff across a door."""
    return replace(count, staff=max(0, count.staff + in_ - out), sign=now)


def see(count: Headcount, seen: int, now: int) -> Headcount:
    """Take how many people are in sight at one moment: visitors are no fewer, less the staff."""
    if not seen:
        return count
    visitors = max(0, seen - count.staff)
    people = max(count.people, visitors)
    return replace(
        count, people=people, fewer=min(count.fewer, _variance(people - visitors)), sign=now
    )


def pass_time(count: Headcount, now: int, *, quiet: bool) -> Headcount:
    """Let whole minutes pass; `quiet` while cameras watch and nobody is in sight.

    Minutes that pass at once were not watched.
    """
    minutes = (now - count.at) // MINUTE_MS
    if not count.at:
        return replace(count, at=now - now % MINUTE_MS, sign=now)
    if minutes <= 0:
        return count
    at, spread = count.at + minutes * MINUTE_MS, minutes * DRIFT
    grown = replace(count, at=at, fewer=count.fewer + spread, more=count.more + spread)
    if not quiet or minutes > 1:
        return replace(grown, sign=at)
    return _halved(grown) if at - grown.sign >= QUIET_MS else grown


def turn(count: Headcount, at: int, *, closing: bool) -> Headcount:
    """Begin anew at an opening or closing: nobody is in the shop, or the staff alone."""
    staff = 0 if closing else count.staff
    return replace(count, people=0, staff=staff, fewer=0.0, more=0.0, turned=at)


def in_sight(people: Mapping[str, int], overlaps: Mapping[str, frozenset[str]]) -> int:
    """Add up the people of zones of which no two overlap, the fullest first."""
    total, taken = 0, set[str]()
    for zone in sorted(people, key=lambda zone: (-people[zone], zone)):
        if not taken & overlaps[zone]:
            taken.add(zone)
            total += people[zone]
    return total


def _halved(count: Headcount) -> Headcount:
    people = count.people // 2
    fewer = min(count.fewer, _variance(people))
    return replace(count, people=people, fewer=fewer, more=count.more / 4, sign=count.at)


def _width(variance: float) -> int:
    return int(SURE * sqrt(variance) + 0.5)


def _variance(width: int) -> float:
    return (width / SURE) ** 2
