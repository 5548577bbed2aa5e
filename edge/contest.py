"""Which place a tag stands at, when several antennas read it: its own, or one that overhears it.

Each look in which one of them reads the tag, or both do, is weighed by how often they read their
own tags and overhear each other's (log-likelihood ratios, summed as in `edge.traces`). Looks in
which neither does say only that the tag may have left its seat.
"""

from __future__ import annotations

from edge.hearing import Antenna
from edge.strays import Stray
from edge.traces import Rival, Trace, smooth

MOVE = 10.0  # ln of how much likelier the readings must be for the new place than for the old one
ALARM = 12.0  # the same for its having left unpaid
BELIED = 30  # reads after which one is known to be overheard: so much more is wanted then
MOVE_CAUTION, ALARM_CAUTION = 2.0, 15.0
STEADY = 2.2  # the same for standing at a place against being carried past it
MOST_STEADY = 12.0
AT_HOME = 1.0  # what speaks for the place that an item was taken from, beforehand
GLIMPSE = 2.3  # a read is ten times as likely of a tag that stands there as of one carried past
FADE = 0.7  # what of a look without a read is held against standing there
CARRIED_DB = 10.0  # by how much a body weakens the tag that it carries
SPREAD = 2 * 6.0**2  # twice the variance of a tag's RSSI, dB**2
STRONGEST = 1.1  # no strength says more than that: there are hot spots


def glimpse(trace: Trace, antenna: Antenna, rssi: float | None, t: int) -> Rival | None:
    """Take a read by another antenna than the seat; None when it says nothing new.

    A gate counts every read: tags pass it within a look.
    """
    rival = trace.rival_at(antenna.id)
    trace.seen = max(trace.seen, t)
    unread = antenna.looks - rival.looks
    if not rival.reads:
        rival.looks = antenna.looks
    elif t <= rival.seen or (unread == 0 and not antenna.gate):
        return None
    elif unread > 1:
        rival.steady = max(0.0, rival.steady - (unread - 1) * FADE * antenna.rate)
    said = GLIMPSE
    if not antenna.gate:  # where everything is carried
        said += _strength(rssi, antenna.rssi, antenna.rssi - CARRIED_DB)
    rival.steady = min(MOST_STEADY, rival.steady + said)
    rival.reads += 1
    rival.seen = t
    rival.rssi = smooth(rival.rssi, rssi)
    antenna.strays += 1
    return rival


def weigh(
    trace: Trace, rival: Rival, seat: Antenna, antenna: Antenna, rssi: float | None, odds: Stray
) -> None:
    """Let a read by the rival's antenna speak for the rival's place."""
    said = odds.read
    if seat.looks > trace.looks:
        rival.alone += 1
        said += odds.absence * seat.clarity
    else:
        said -= odds.silence
    if rssi is not None and trace.rssi is not None and not antenna.gate:
        # Above the strength at the seat, so that a tag that is loud everywhere is no louder here.
        said += _strength(rssi - trace.rssi, odds.nearer, odds.farther)
    rival.lead = max(0.0, rival.lead + said)
    rival.looks = antenna.looks


def hold(rival: Rival, odds: Stray) -> None:
    """Let a look in which the seat reads the tag, and the rival's antenna does not, count."""
    rival.alone = 0
    if rival.lead:
        rival.lead = max(0.0, rival.lead + odds.home + odds.silence)


def lead(trace: Trace, rival: Rival, seat: Antenna) -> float:
    """Give what speaks for the rival's place now: the seat has not read the tag for a while."""
    unread = seat.looks - max(trace.looks, seat.fresh) - rival.alone
    return rival.lead + max(0, unread) * trace.silence(seat.clarity)


def lacking(trace: Trace, rival: Rival, seat: Antenna, antenna: Antenna) -> float:
    """Give what is still to be said for the rival's place before the tag counts as there.

    Each read by the rival that the seat has belied makes the next one say less: some tags stand
    where another antenna, or the gate, hears them all day.
    """
    belied = rival.reads - rival.alone
    if antenna.gate:
        wanted = ALARM + ALARM_CAUTION * min(1.0, belied / BELIED)
    else:
        wanted = MOVE + MOVE_CAUTION * min(1.0, belied / BELIED)
    return wanted - lead(trace, rival, seat)


def _strength(rssi: float | None, own: float, stray: float) -> float:
    """Give what a strength says for a tag of the antenna's own, by the means of both kinds (dB)."""
    if rssi is None or stray >= own:
        return 0.0
    said = ((rssi - stray) ** 2 - (rssi - own) ** 2) / SPREAD
    return max(-STRONGEST, min(STRONGEST, said))
