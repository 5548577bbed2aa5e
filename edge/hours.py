"""When the shop opens and closes, and when only staff comes and goes, on the shop's own clocks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from edge.config_people import DAYS, People, StaffTime

_DAY = timedelta(days=1)


class Turn(Struct, frozen=True):
    """An opening or a closing, at `at` (epoch ms)."""

    at: int
    closing: bool


class Hours(Struct, frozen=True):
    """The shop's day as plain functions of a time (epoch ms).

    `turn` gives the newest opening or closing, None where the shop has no hours; `is_open` tells
    whether visitors are in the shop then; `is_staff` whether those who cross a line are staff.
    """

    turn: Callable[[int], Turn | None]
    is_open: Callable[[int], bool]
    is_staff: Callable[[int], bool]


def hours_of(people: People, timezone: str) -> Hours:
    """Give the hours of a shop in an IANA time zone."""
    zone = ZoneInfo(timezone)
    times = [(people.opens, False), (people.closes, True)]
    turns = [(at, closing) for at, closing in times if at is not None]

    def turn(now: int) -> Turn | None:
        found = [Turn(_newest(at, now, zone), closing) for at, closing in turns]
        return max(found, key=lambda turn: turn.at, default=None)

    def is_open(now: int) -> bool:
        newest = turn(now)
        return len(turns) < len(times) or newest is None or not newest.closing

    def is_staff(t: int) -> bool:
        local = datetime.fromtimestamp(t / 1000, zone)
        return any(_covers(staff, local) for staff in people.staff)

    return Hours(turn, is_open, is_staff)


def _newest(at: time, now: int, zone: ZoneInfo) -> int:
    """Give the newest moment up to `now` at which the clocks showed this time (epoch ms)."""
    day = datetime.fromtimestamp(now / 1000, zone).date()
    for date in (day, day - _DAY):
        moment = datetime.combine(date, at, zone).astimezone(UTC)
        if (found := round(moment.timestamp() * 1000)) <= now:
            return found
    return 0


def _covers(staff: StaffTime, local: datetime) -> bool:
    """Tell whether a time of staff covers this one; past midnight it belongs to the day before."""
    clock, today = local.time(), DAYS[local.weekday()]
    if staff.start < staff.until:
        return today in staff.days and staff.start <= clock < staff.until
    yesterday = DAYS[(local - _DAY).weekday()]
    return (today in staff.days and clock >= staff.start) or (
        yesterday in staff.days and clock < staff.until
    )
