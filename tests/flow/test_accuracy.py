"""How true the stock is: a sample of the accuracy benchmark, in which nothing is timed."""

from __future__ import annotations

import pytest

from benchmarks.accuracy import run
from benchmarks.accuracy_scenarios import SCENARIOS
from benchmarks.accuracy_table import EDGEX, OURS, best_window

MINUTES = 5


@pytest.mark.parametrize("name", ["read-0.9", "read-0.3", "spill", "untagged"])
def test_the_stock_is_truer_than_any_window_makes_it(name: str) -> None:
    """Few items are believed where they are not, levels are exact, moves are seen in seconds."""
    scenario = next(s for s in SCENARIOS if s.name == name)
    found = run(scenario, seed=3, minutes=MINUTES)
    assert found.wrong[OURS] <= max(4, 1.25 * found.wrong[best_window(found)])
    assert found.wrong[OURS] <= max(4, found.wrong[EDGEX])
    assert found.exact >= 0.98 * found.levels
    assert sorted(found.delays)[len(found.delays) // 2] < 10


def test_no_item_leaves_because_a_reader_was_off() -> None:
    """Readers, antennas and the broker fail, with and without a word; nothing is missed for it."""
    scenario = next(s for s in SCENARIOS if s.name == "outage")
    found = run(scenario, seed=3, minutes=12)
    assert found.false_departures == 0
    assert found.stale > 0
    assert found.wrong[OURS] < 0.5 * found.wrong[best_window(found)]
