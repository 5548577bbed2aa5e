"""What the reads of one tag say: how often it is read where it stands, and whether it still does.

A change is believed when the readings speak for it by as much as the thresholds here say (the
cumulative sum of log-likelihood ratios, E. S. Page, Biometrika 41, 1954): a tag that is read in
nine of ten looks has left after a few looks, one that is read in one of ten after a minute.
"""

from __future__ import annotations

import math

from msgspec import Struct

LEAVE = 12.0  # ln of how much likelier silence must be for a tag that left than for one that stays
DOUBT = 0.8  # the share of LEAVE from which on a tag is not promised to anybody
FIRST_TRUST, FULL_TRUST = 0.5, 0.9  # shares of a rate that are believed, at first and at last
ENOUGH = 24  # gaps from which a rate is believed in full, and their weight in the running mean
SUREST = 0.75  # no tag is believed to be read more often: hands and bodies shade it for seconds
LONGEST = 600  # looks after which any tag that is not read has left
RSSI_WEIGHT = 0.2
RIVALS = 4
LEAST_RATE = 0.005

WEIGHTS = (*(1.0 / (hits + 2) for hits in range(ENOUGH)), 1.0 / ENOUGH)
_TRUST = tuple(
    FIRST_TRUST + (FULL_TRUST - FIRST_TRUST) * hits / ENOUGH for hits in range(ENOUGH + 1)
)


class Rival(Struct, gc=False):
    """Another antenna that reads a tag: `reads` times, last at its look `looks` and at `seen`.

    In `alone` looks it did and the seat did not, since the seat read it last.
    `lead` is what speaks for the tag's standing there against its seat, `steady` for its standing
    there against its being carried past.
    """

    antenna: int
    looks: int = 0
    reads: int = 0
    seen: int = 0
    rssi: float | None = None
    alone: int = 0
    lead: float = 0.0
    steady: float = 0.0


class Trace(Struct, gc=False):
    """What is remembered of a tag's reads; it changes with every one of them.

    The loop that takes reads (`edge.presence`) writes it itself: it runs for each of them.

    `seat` is the antenna at its place (0 while it has none), `home` the last that was; `looks` are
    the seat's at its last read there, `gap` the mean looks from read to read, learned from `hits`
    of them (with `WEIGHTS`); `seen` (epoch ms) is its newest read anywhere. It is judged at the
    seat's look `check`; `doubt` is set when it is likely to have left. `rivals` are other antennas
    that read it.
    """

    epc: str
    seat: int = 0
    home: int = 0
    seen: int = 0
    looks: int = 0
    gap: float = 2.0
    hits: int = 0
    rssi: float | None = None
    check: int = 0
    doubt: bool = False
    rivals: tuple[Rival, ...] = ()

    @property
    def rate(self) -> float:
        """The share of looks in which it is read, as far as that may be believed."""
        return min(SUREST, max(LEAST_RATE, _TRUST[self.hits] / self.gap))

    def silence(self, clarity: float = 1.0) -> float:
        """Give what one look without a read says for its having left.

        `clarity` is how well its antenna reads now, against usual.
        """
        return -math.log1p(-self.rate * clarity)

    def need(self, clarity: float = 1.0) -> int:
        """Give the looks without a read after which it has left."""
        return min(LONGEST, math.ceil(LEAVE / self.silence(clarity)))

    def probability(self, unread: int, clarity: float = 1.0) -> float:
        """Give the probability that it stands where it was, unread in so many looks."""
        return 1.0 / (1.0 + math.exp(min(50.0, unread * self.silence(clarity) - LEAVE)))

    @property
    def rival(self) -> Rival | None:
        """The other antenna that read it last."""
        return max(self.rivals, key=lambda rival: rival.seen, default=None)

    def rival_at(self, antenna: int) -> Rival:
        """Give what another antenna has read; the weakest makes room for a new one."""
        for rival in self.rivals:
            if rival.antenna == antenna:
                return rival
        rival = Rival(antenna)
        others = self.rivals
        if len(others) == RIVALS:
            weakest = min(others, key=lambda other: (other.lead, other.steady, other.seen))
            others = tuple(other for other in others if other is not weakest)
        self.rivals = (*others, rival)
        return rival


def smooth(mean: float | None, rssi: float | None) -> float | None:
    """Take a strength into a running mean; a reader need not tell any."""
    if rssi is None or mean is None:
        return mean if rssi is None else rssi
    return mean + (rssi - mean) * RSSI_WEIGHT
