"""The last hour of the big figures, one point a minute, for their sparklines."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from edge.views import ShopView

MINUTES = 60


class Sample(Struct, frozen=True):
    """The six figures at one time; `conversion` is a share of 1, None before anybody came."""

    people: int
    came: int
    turnover: int
    conversion: float | None
    gaps: int
    lag_s: float


def sample(view: ShopView) -> Sample:
    """Take the figures from a view."""
    conversion = min(view.sales_today / view.came_today, 1.0) if view.came_today else None
    return Sample(
        people=view.people,
        came=view.came_today,
        turnover=view.turnover_today,
        conversion=conversion,
        gaps=view.stock_gaps,
        lag_s=view.lag_s,
    )


class History:
    """One sample per minute of the shop's own time; a quiet minute repeats the one before."""

    def __init__(self) -> None:
        """Start empty: the first hour fills it."""
        self._samples: deque[Sample] = deque(maxlen=MINUTES)
        self._minute: int | None = None

    def record(self, view: ShopView) -> None:
        """Keep the figures of a view as its minute's newest; an older view is left out."""
        minute = int(view.as_of.timestamp() // 60)
        if self._minute is not None and minute < self._minute:
            return
        if minute == self._minute:
            self._samples.pop()
        elif self._minute is not None:
            quiet = min(minute - self._minute - 1, MINUTES)
            self._samples.extend([self._samples[-1]] * quiet)
        self._samples.append(sample(view))
        self._minute = minute

    def samples(self) -> tuple[Sample, ...]:
        """Give the samples, oldest first; the last one is now."""
        return tuple(self._samples)
