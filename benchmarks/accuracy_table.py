"""The accuracy benchmark's figures as a table, and as plain values for JSON."""

from __future__ import annotations

from typing import Any

from benchmarks.accuracy_scores import Figures
from benchmarks.stand import quantile

OURS, EDGEX = "ours", "EdgeX"
WINDOWS = {"W5": 5, "W15": 15, "W60": 60}
"""Seconds of each fixed window."""
METHODS = (OURS, *WINDOWS, EDGEX)
_WIDTHS = {
    "scenario": 12,
    "items": 8,
    **dict.fromkeys(METHODS, 7),
    "best": 6,
    "ratio": 7,
    "exact": 8,
    "stale": 7,
    "p50": 6,
    "p90": 6,
    "unknown": 8,
    "missed": 7,
    "thefts": 8,
    "alarms": 7,
    "false": 6,
}
HEAD = """\
Item-minutes, and how many of them each method has wrong; the best window in hindsight, and ours as
a part of it. Of ours alone: stock levels that are exact, and those that say that they are stale and
are left out; seconds from a move to our knowing it, and
moves unknown to the end; items missed for nothing while their antenna was off; units stolen, alarms
and false ones.

""" + "".join(name.rjust(width) for name, width in _WIDTHS.items())


def row(figures: Figures) -> str:
    """Give a scenario's line under the head."""
    cells = (
        figures.scenario,
        figures.scored,
        *(figures.wrong[name] for name in METHODS),
        best_window(figures),
        f"{ratio(figures):.2f}",
        f"{figures.exact / max(1, figures.levels):.1%}",
        figures.stale,
        _delay(figures, 0.5),
        _delay(figures, 0.9),
        figures.moves - len(figures.delays),
        figures.false_departures,
        figures.thefts,
        figures.alarms,
        figures.false_alarms,
    )
    return "".join(
        str(cell).rjust(width) for cell, width in zip(cells, _WIDTHS.values(), strict=True)
    )


def summary(figures: Figures) -> dict[str, Any]:
    """Give a scenario's figures; seconds from a move to its being known are p50 and p90."""
    return {
        "scenario": figures.scenario,
        "minutes": figures.minutes,
        "item_minutes": figures.scored,
        "wrong": dict(figures.wrong),
        "best_window": best_window(figures),
        "ratio": round(ratio(figures), 3),
        "levels": figures.levels,
        "levels_exact": figures.exact,
        "levels_stale": figures.stale,
        "moves": figures.moves,
        "moves_seen": len(figures.delays),
        "move_p50_s": _delay(figures, 0.5),
        "move_p90_s": _delay(figures, 0.9),
        "false_departures": figures.false_departures,
        "thefts": figures.thefts,
        "alarms": figures.alarms,
        "false_alarms": figures.false_alarms,
        "seconds": {name: round(ns / 1e9, 2) for name, ns in figures.spent_ns.items()},
    }


def best_window(figures: Figures) -> str:
    """Name the window that in hindsight was wrong least often."""
    return min(WINDOWS, key=lambda name: figures.wrong[name])


def ratio(figures: Figures) -> float:
    """Give our wrong item-minutes as a part of the best window's."""
    return figures.wrong[OURS] / max(1, figures.wrong[best_window(figures)])


def _delay(figures: Figures, share: float) -> float:
    return round(quantile(figures.delays, share), 1) if figures.delays else 0.0
