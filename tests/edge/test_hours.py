"""Hours: openings, closings and times of staff on the clocks of the shop."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from edge.config_people import People
from edge.hours import Hours, Turn, hours_of


def ms(text: str) -> int:
    """Read a time as epoch ms."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def hours(zone: str = "Europe/Berlin", **people: Any) -> Hours:
    """Give the hours of a shop."""
    return hours_of(People.model_validate(people), zone)


def test_the_newest_opening_or_closing_is_found() -> None:
    """From the moment itself on; between closing and opening visitors are gone."""
    day = hours(opens="09:00", closes="22:00")
    assert day.turn(ms("2026-05-02T08:59:59+02:00")) == Turn(ms("2026-05-01T22:00+02:00"), True)  # noqa: FBT003
    assert day.turn(ms("2026-05-02T09:00+02:00")) == Turn(ms("2026-05-02T09:00+02:00"), False)  # noqa: FBT003
    times = ("08:59:59", "09:00:00", "21:59:59", "22:00:00")
    opened = [day.is_open(ms(f"2026-05-02T{at}+02:00")) for at in times]
    assert opened == [False, True, True, False]


def test_a_shop_may_close_after_midnight() -> None:
    """Then the closing of a day comes before its opening."""
    night = hours(opens="18:00", closes="02:00")
    opened = [night.is_open(ms(f"2026-05-02T{at}+02:00")) for at in ("01:59", "02:00", "18:00")]
    assert opened == [True, False, True]


@pytest.mark.parametrize(("people", "turns"), [({}, False), ({"closes": "22:00"}, True)])
def test_a_shop_without_both_hours_is_always_open(people: dict[str, str], turns: bool) -> None:  # noqa: FBT001
    """One that tells its closing alone begins anew then."""
    day = hours(**people)
    now = ms("2026-05-02T03:00+02:00")
    assert (day.is_open(now), day.turn(now) is not None) == (True, turns)


def test_clocks_that_change_do_not_move_the_closing() -> None:
    """It is at ten in the evening before and after (Berlin: 2026-03-29 to summer time)."""
    day = hours(closes="22:00")
    for now, at in (
        ("2026-03-29T20:30+02:00", "2026-03-28T22:00+01:00"),
        ("2026-03-29T22:30+02:00", "2026-03-29T22:00+02:00"),
    ):
        assert day.turn(ms(now)) == Turn(ms(at), closing=True)


def test_staff_comes_at_its_times_and_days() -> None:
    """Up to the end, which is not among them; 2026-05-02 is a Saturday."""
    day = hours(staff=[{"from": "07:00", "until": "09:00", "days": ["sat"]}])
    moments = ("02T06:59:59", "02T07:00", "02T08:59:59", "02T09:00", "03T08:00")
    found = [day.is_staff(ms(f"2026-05-{moment}+02:00")) for moment in moments]
    assert found == [False, True, True, False, False]


def test_a_time_past_midnight_belongs_to_the_day_on_which_it_began() -> None:
    """The night of Saturday ends on Sunday morning, that of Friday is not meant."""
    night = hours(staff=[{"from": "22:00", "until": "06:00", "days": ["sat"]}])
    moments = ("02T05:00", "02T22:00", "03T05:59", "03T06:00", "03T22:00")
    found = [night.is_staff(ms(f"2026-05-{moment}+02:00")) for moment in moments]
    assert found == [False, True, True, False, False]
