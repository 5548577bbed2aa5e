"""How full the shop is against what it may hold; a state ends later than it began."""

from __future__ import annotations

from math import ceil
from typing import Literal

from msgspec import Struct

Fullness = Literal["ok", "near", "over"]

SLACK = 0.05  # of the capacity: so many fewer people end a state that more of them began

_STATES: tuple[Fullness, ...] = ("ok", "near", "over")


class Capacity(Struct, frozen=True):
    """How many people the shop may hold, and the share of them from which on it is near that."""

    people: int
    warn_at: float

    def fullness(self, people: int, last: Fullness) -> Fullness:
        """Give the state with so many people in the shop, after the state `last`."""
        near = max(1, ceil(self.warn_at * self.people))
        begins = (near, self.people + 1)
        slack = min(max(1, round(SLACK * self.people)), near - 1)
        reached = sum(people >= begin for begin in begins)
        held = sum(people >= begin - slack for begin in begins)
        return _STATES[max(reached, min(held, _STATES.index(last)))]
