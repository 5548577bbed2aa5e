"""How the simulated shop lives: who comes, what they do with the goods, when new ones arrive."""

from __future__ import annotations

from msgspec import Struct


class Habits(Struct, frozen=True, kw_only=True):
    """Chances are from 0 to 1, times in seconds; a pair is the range of an even chance."""

    few_shoppers: int = 5
    """An emptier shop than this fills quickly, so that a short demo has something to show."""
    most_shoppers: int = 10
    arrivals_s: tuple[float, float] = (2.5, 7.0)
    rush_s: tuple[float, float] = (0.8, 2.0)
    """Between two shoppers while there are few."""
    takes: float = 0.9
    """How often somebody at a shelf takes something."""
    two_of_it: float = 0.15
    changes_mind: float = 0.15
    right_shelf: float = 0.6
    """How often what is put back ends on the shelf where it belongs."""
    fits: float = 0.12
    loses_heart: float = 0.12
    steals: float = 0.05
    shields: float = 0.0
    """How often a thief's bag lets no radio through."""
    staff: int = 2
    low: int = 6
    """Staff fill a facing that has fewer units than this."""
    armful: int = 8
    tidies: float = 0.25
    """How often staff with nothing to fill looks after what stands on a wrong shelf."""
    rearranges: float = 0.0
    """How often staff carries an armful of a product to some other shelf instead of filling."""
    deliveries_s: float = 90.0
    delivery: int = 8
    """Units of a product that a lorry brings when fewer are in the backroom."""


USUAL = Habits()
