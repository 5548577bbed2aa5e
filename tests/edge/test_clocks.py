"""Readers' clocks: late is not wrong, and wrong is not late."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.clocks import AHEAD_MS, LATE_MS, WATCH_MS, Clock

T0 = 1_800_000_000_000
HOUR_MS = 3_600_000


def hear(clock: Clock, wrong_by: int, seconds: int, start: int = T0) -> int:
    """Let a device with a wrong clock speak once a second; gives the time of its last word."""
    for n in range(seconds):
        clock.set_by(start + n * 1000 + wrong_by, start + n * 1000)
    return start + (seconds - 1) * 1000


def test_a_clock_that_is_right_is_left_alone() -> None:
    """A message that took a while on its way says nothing about the clock."""
    clock = Clock()
    for delay in (0, 100, LATE_MS):
        assert not clock.set_by(T0 - delay, T0)
    assert (clock.offset, clock.is_wrong) == (0, False)


@pytest.mark.parametrize("ahead", [AHEAD_MS + 1, HOUR_MS, 10 * 365 * 24 * HOUR_MS])
def test_a_clock_that_is_ahead_is_set_at_once(ahead: int) -> None:
    """Nothing was read in the future."""
    clock = Clock()
    assert clock.set_by(T0 + ahead, T0)
    assert clock.offset == -ahead


@pytest.mark.parametrize("behind", [LATE_MS + 1000, HOUR_MS, T0])
def test_a_clock_that_is_behind_is_set_when_it_stays_behind(behind: int) -> None:
    """An hour behind (summer time ended), or in 1970: not before it was watched for a while."""
    clock = Clock()
    hear(clock, -behind, WATCH_MS // 1000)
    assert clock.offset == 0
    hear(clock, -behind, 3, T0 + WATCH_MS)
    assert (clock.offset, clock.is_wrong) == (behind, True)


def test_a_clock_that_is_put_right_is_believed_again() -> None:
    """Whichever way it jumps, its times are right within the time that it is watched."""
    clock = Clock()
    end = hear(clock, HOUR_MS, 20)
    end = hear(clock, 0, 20, end + 1000)
    assert clock.offset == 0
    end = hear(clock, -HOUR_MS, 20, end + 1000)
    assert clock.offset == HOUR_MS
    hear(clock, 0, 20, end + 1000)
    assert clock.offset == 0


@given(st.integers(1, 3600), st.integers(2, 100))
def test_a_backlog_is_late_and_not_wrong(seconds: int, faster: int) -> None:
    """What was buffered comes faster than time passes, and keeps its own times."""
    clock = Clock()
    now = T0
    for n in range(seconds):
        clock.set_by(T0 - seconds * 1000 + n * 1000, now)
        now += 1000 // faster
    assert clock.offset == 0


def test_messages_that_were_held_up_are_late_and_not_wrong() -> None:
    """Nothing came for 45 s, and from then on all comes 45 s late: the past is being told."""
    clock = Clock()
    end = hear(clock, 0, 20)
    hear(clock, -45_000, 240, end + 46_000)
    assert clock.offset == 0


def test_a_clock_that_stays_behind_after_a_long_silence_is_set_in_the_end() -> None:
    """A reader was off for two hours, and its clock is an hour behind when it comes back."""
    clock = Clock()
    end = hear(clock, 0, 20)
    hear(clock, -HOUR_MS, 320, end + 2 * HOUR_MS)
    assert clock.offset == HOUR_MS


@given(
    st.sampled_from([0, 3_000, -3_000, HOUR_MS, -HOUR_MS, -T0]),
    st.lists(st.sampled_from([0, 0, 50, 300, 9_000]), min_size=90, max_size=90),
)
def test_times_are_right_in_spite_of_disorder(wrong_by: int, delays: list[int]) -> None:
    """Messages overtake each other by seconds: within a minute the clock's error is known.

    Were all of them late for ten seconds, nobody could tell that from a clock that is behind: every
    third is prompt, and what comes after the last of these is left out.
    """
    clock = Clock()
    delays[::3] = [min(delay, 300) for delay in delays[::3]]
    arrivals = sorted((n * 1000 + delay, n * 1000) for n, delay in enumerate(delays))
    for arrived, read in [times for times in arrivals if times[0] <= 1000 * len(delays)]:
        clock.set_by(T0 + read + wrong_by, T0 + arrived)
    assert -LATE_MS - 9_000 <= wrong_by + clock.offset <= AHEAD_MS + 300
