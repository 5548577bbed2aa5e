"""A small fleet of labels: what is charged is what the emulated panels truly show."""

from __future__ import annotations

from pathlib import Path

from benchmarks.fleet import judge
from benchmarks.fleet_found import Asked
from benchmarks.fleet_run import play
from devices.simulator.access_point_air import Habits

HABITS = Habits(lost=0.1, drawing_fails=0.1, naps=0.02)
SAMPLE = Asked(labels=60, changes=20, points=2, dead=1, habits=HABITS, speed=150, seed=1)


def test_a_change_of_many_prices_overcharges_nobody(tmp_path: Path) -> None:
    """Radios lose, access points crash, one label is dead, and every shopper pays what is shown."""
    found = play(SAMPLE, tmp_path, print)
    assert judge(found) == []
    assert found.judge.prompt > 0
    assert found.crashes > 0
