"""Counters: what comes again counts once, and totals become differences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.counters import MOST_SPANS, Counter, Counters
from edge.readings import Direction, LineCount, LineTotal, PeopleCounted, TotalsRead
from edge.rows import Rows

MINUTE_MS = 60_000


def minute(n: int, in_: int = 1, out: int = 0, line: str = "door") -> LineCount:
    """Give the people of one minute."""
    return LineCount(line, n * MINUTE_MS, (n + 1) * MINUTE_MS, in_, out)


def count(counters: Counters, *counts: LineCount, device: str = "c1") -> list[LineCount]:
    """Give what of these counts is new."""
    return counters.count(device, PeopleCounted(counts))


def total(n: int, t: int, since: int | None = 5, way: Direction = "in") -> LineTotal:
    """Give a line's total."""
    return LineTotal("door", way, n, t, since)


def beyond(*totals: LineTotal) -> list[tuple[int, int]]:
    """Give in and out of what each total tells beyond the one before."""
    counters = Counters(Rows())
    new = [c for t in totals for c in counters.differ("c1", TotalsRead((t,)))]
    return [(c.in_, c.out) for c in new]


def test_a_minute_that_comes_again_counts_once() -> None:
    """Also late, out of order, and among new ones; each device and line for itself."""
    counters = Counters(Rows())
    assert count(counters, minute(3), minute(5)) == [minute(3), minute(5)]
    assert count(counters, minute(5), minute(4), minute(3)) == [minute(4)]
    assert count(counters, minute(3, line="side")) == [minute(3, line="side")]
    assert count(counters, minute(3), device="c2") == [minute(3)]


def test_a_span_that_overlaps_what_was_counted_is_not_new() -> None:
    """A quarter of an hour after its first minutes would count these twice."""
    counters = Counters(Rows())
    count(counters, minute(3))
    assert count(counters, LineCount("door", 0, 15 * MINUTE_MS, 7, 7)) == []


def test_moments_are_told_apart() -> None:
    """Crossings that are told one by one have no length; only the same moment comes again."""
    counters = Counters(Rows())
    moments = [LineCount("door", t, t, 1, 0) for t in (10, 11, 10, 12)]
    assert count(counters, *moments) == [moments[0], moments[1], moments[3]]


def test_nobody_is_nothing() -> None:
    """An empty minute is no news, and leaves room for who was counted in it after all."""
    counters = Counters(Rows())
    assert count(counters, minute(3, 0, 0)) == []
    assert count(counters, minute(3)) == [minute(3)]


def test_the_memory_of_spans_has_an_end() -> None:
    """Beyond it the time between the oldest ones counts as told."""
    rows: Rows[tuple[str, str], Counter] = Rows()
    counters = Counters(rows)
    for n in range(0, 4 * MOST_SPANS, 2):
        count(counters, minute(n))
    assert len(rows["c1", "door"].spans) == MOST_SPANS
    assert count(counters, minute(1)) == []
    assert count(counters, minute(4 * MOST_SPANS - 3)) == [minute(4 * MOST_SPANS - 3)]


def test_totals_count_by_their_difference() -> None:
    """The first one says nothing; the same again says nothing new."""
    assert beyond(total(100, 1), total(103, 2), total(103, 3), total(104, 4)) == [(3, 0), (1, 0)]
    assert beyond(total(100, 1, way="out"), total(102, 2, way="out")) == [(0, 2)]


@pytest.mark.parametrize("since", [5, None])
def test_a_total_that_fell_began_anew(since: int | None) -> None:
    """All of it is new; one that comes late is neither new nor a fall."""
    assert beyond(total(100, 1, since), total(4, 2, since), total(6, 3, since)) == [(4, 0), (2, 0)]
    assert beyond(total(100, 5, since), total(98, 4, since), total(101, 6, since)) == [(1, 0)]


def test_a_total_with_a_new_beginning_is_new_in_all() -> None:
    """Also when it has grown beyond the old one; one of an earlier beginning comes late."""
    anew = [total(100, 1, since=5), total(120, 9, since=8), total(101, 2, since=5)]
    assert beyond(*anew, total(121, 10, since=8)) == [(120, 0), (1, 0)]


@given(st.lists(st.integers(0, 5), max_size=30), st.data())
def test_repeats_at_any_moment_change_nothing(growth: list[int], data: st.DataObject) -> None:
    """However often old totals come again, also after a restart, everyone counts once."""
    rows: Rows[tuple[str, str], Counter] = Rows()
    told, sent, people = 0, list[LineTotal](), 0
    for n, more in enumerate(growth):
        people += more
        sent.append(total(people, n))
        again = data.draw(st.lists(st.sampled_from(sent), max_size=3))
        rows = Rows(rows.pairs())
        reading = TotalsRead((sent[-1], *again))
        told += sum(c.in_ for c in Counters(rows).differ("c1", reading))
    assert told == sum(growth[1:])
