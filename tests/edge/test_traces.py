"""What the reads of one tag say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.traces import LONGEST, Trace, smooth


@pytest.fixture
def learned(stocktaker: Callable[..., Any]) -> Callable[[float], Trace]:
    """Give the trace of a tag that an antenna has read in this share of its looks."""

    def learn(rate: float) -> Trace:
        shop = stocktaker()
        for epc, its in (("E2001234", rate), ("E2001235", 1.0)):
            shop.put(epc, ("reader-1", 1), rate=its)
        shop.watch(60 / rate)
        trace = shop.ledger.traces["E2001234"]
        assert isinstance(trace, Trace)
        return trace

    return learn


@pytest.mark.parametrize("rate", [0.9, 0.6, 0.3, 0.1])
def test_a_rate_is_learned_and_never_flattered(
    learned: Callable[[float], Trace], rate: float
) -> None:
    """What is believed lies below the truth or near it, and not far below."""
    assert 0.5 * rate < learned(rate).rate < 1.1 * rate


def test_the_better_a_tag_is_read_the_sooner_it_is_missed(
    learned: Callable[[float], Trace],
) -> None:
    """From some seconds for a good one to two minutes for a bad one, and never for ever."""
    needs = [learned(rate).need() for rate in (0.9, 0.6, 0.3, 0.1)]
    assert needs == sorted(needs)
    assert 5 <= needs[0] <= 12
    assert 60 <= needs[3] <= 240
    assert Trace("30", gap=1e9).need() == LONGEST


@pytest.mark.parametrize("rate", [0.9, 0.6, 0.3, 0.1])
def test_a_tag_that_stays_is_not_missed(
    stocktaker: Callable[..., Any], tag: Callable[[str, int], str], rate: float
) -> None:
    """In hours of looks a tag that stands still is missed once at most, however badly read."""
    shop = stocktaker()
    epcs = [tag("04006381333931", serial) for serial in range(4)]
    for epc in epcs:
        shop.put(epc, ("reader-1", 1), rate=rate)
    shop.watch(2 * 3600)
    assert sum(shop.told(epc).count("taken") for epc in epcs) <= 1


def test_silence_in_the_shade_says_less(learned: Callable[[float], Trace]) -> None:
    """While somebody stands before the antenna, more looks are needed."""
    trace = learned(0.6)
    assert trace.need(clarity=0.3) > 2 * trace.need()
    assert trace.probability(5, clarity=0.3) > trace.probability(5)


@given(st.floats(1, 1000), st.integers(0, 24), st.integers(0, 100_000), st.floats(0.2, 1.0))
def test_a_probability_is_one_and_falls(gap: float, hits: int, unread: int, clarity: float) -> None:
    """Each look without a read makes it smaller; it is a half when the tag counts as taken."""
    trace = Trace("30", gap=gap, hits=hits)
    now, later = trace.probability(unread, clarity), trace.probability(unread + 1, clarity)
    assert 0.0 <= later <= now <= 1.0
    if trace.need(clarity) < LONGEST:
        assert trace.probability(trace.need(clarity), clarity) <= 0.5 + 1e-9


def test_a_mean_strength_passes_over_reads_without_one() -> None:
    """A reader need not tell any."""
    assert smooth(None, None) is None
    assert smooth(None, -60.0) == -60.0
    assert smooth(-60.0, None) == -60.0
    assert -60.0 < (smooth(-60.0, -50.0) or 0.0) < -50.0
