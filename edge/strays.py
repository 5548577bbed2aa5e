"""Strays: how antennas overhear each other's tags, and what a read says in spite of it."""

from __future__ import annotations

import math

from msgspec import Struct

from edge.hearing import Antenna
from edge.rows import Rows

STRAY_DB = 9.0  # by how much strays are weaker, before that is learned
FIRST_STRAYS, FIRST_OWN = 3.0, 20.0  # strays for own reads, before that is learned
CLEAREST = 4.0  # no single read says more than that
RARE, OFTEN = 0.01, 0.9  # rates beyond these are not believed
FRESH_LOOKS = 16  # so long what was reckoned from the rates stands
FORGET_AT = 50_000.0  # strays after which old ones count for half


class Stray(Struct):
    """Antenna `heard_by` reads tags of the place at which antenna `seat` looks.

    `reads` is how many such reads there were, for `own` reads of the seat; `rssi` their mean
    strength (dBm). The rest says what a reading speaks for a tag's standing at `heard_by` against
    its standing at `seat`, as a log-likelihood ratio: a `read` by `heard_by`, the seat's `absence`
    of a read in the same look, a read at the seat (`home`), and the `silence` of `heard_by` in the
    same look; the latter two are below 0. `nearer` and `farther` are the strengths expected of
    either, in dB above the seat's. It is reckoned again at the seat's look `due`.
    """

    seat: int
    heard_by: int
    reads: float = 0.0
    own: float = 0.0
    rssi: float = 0.0
    due: int = 0
    read: float = 0.0
    absence: float = 0.0
    silence: float = 0.0
    home: float = 0.0
    nearer: float = 0.0
    farther: float = 0.0


class Strays:
    """What is known of strays between all antennas."""

    def __init__(self, rows: Rows[tuple[int, int], Stray]) -> None:
        """Take up the rows that are on disk."""
        self._rows = rows

    def learn(self, seat: Antenna, heard_by: Antenna, rssi: float | None) -> None:
        """Learn from a read of a tag that stands elsewhere."""
        stray = self._get(seat, heard_by)
        stray.reads += 1.0
        if rssi is not None:
            stray.rssi += (rssi - stray.rssi) * max(0.02, 1.0 / (stray.reads + 5.0))
        if stray.reads > FORGET_AT:
            stray.reads /= 2.0
            stray.own += (seat.own - stray.own) / 2.0
        self._rows.put((seat.id, heard_by.id), stray)

    def odds(self, seat: Antenna, heard_by: Antenna) -> Stray:
        """Give what readings say, as reckoned not long ago."""
        stray = self._get(seat, heard_by)
        if seat.looks >= stray.due:
            self._reckon(stray, seat, heard_by, self._get(heard_by, seat))
            self._rows.put((seat.id, heard_by.id), stray)
        return stray

    def _get(self, seat: Antenna, heard_by: Antenna) -> Stray:
        stray = self._rows.get((seat.id, heard_by.id))
        if stray is None:
            stray = Stray(seat.id, heard_by.id, own=seat.own, rssi=heard_by.rssi - STRAY_DB)
        return stray

    @staticmethod
    def _reckon(stray: Stray, seat: Antenna, heard_by: Antenna, back: Stray) -> None:
        """Compare two stories of a tag: it stands at the seat, or at the other antenna."""
        home, away = _rate(seat.rate), _rate(heard_by.rate)
        strayed = _rate(_share(stray, seat) * home)
        returned = _rate(_share(back, heard_by) * away)
        stray.due = seat.looks + FRESH_LOOKS
        stray.read = min(CLEAREST, math.log(away / strayed))
        stray.silence = math.log((1.0 - away) / (1.0 - strayed))
        stray.absence = math.log((1.0 - returned) / (1.0 - home))
        stray.home = -min(CLEAREST, math.log(home / returned))
        stray.nearer = heard_by.rssi - back.rssi
        stray.farther = stray.rssi - seat.rssi


def _share(stray: Stray, seat: Antenna) -> float:
    """Give strays for each read at the tag's own place."""
    own = max(0.0, seat.own - stray.own)
    return min(1.0, (stray.reads + FIRST_STRAYS) / (own + FIRST_OWN))


def _rate(rate: float) -> float:
    return min(OFTEN, max(RARE, rate))
