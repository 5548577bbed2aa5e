"""Readers' clocks: what time a reading really is when the device's clock is not to be trusted.

A reading that comes late keeps its own time: its device was cut off and tells of the past. A clock
that is wrong goes on being wrong at the pace of time itself, and that tells the two apart.
"""

from __future__ import annotations

from msgspec import Struct

AHEAD_MS = 2_000  # nothing was read in the future: beyond this the device's clock is ahead
LATE_MS = 5_000  # up to here a message was on its way; beyond, it is late or the clock is behind
WATCH_MS = 10_000  # how long lateness must last before it is the clock's
DELAY_MS = 300_000  # the same after a silence that explains it: messages were held up
EXPLAINED = 0.5  # the share of the lateness that such a silence lasts at least
PACES = 0.5, 1.5  # how fast a clock that is wrong goes, against ours; a backlog comes faster


class Clock(Struct):
    """A device's clock: `offset` ms, added to its times, gives ours.

    It spoke last at `spoke` (epoch ms). Lateness is watched since `watched` (0 while there is
    none) for `patience` ms: the least was `least` ms, and the device's newest times went from
    `first` to `last`.
    """

    offset: int = 0
    spoke: int = 0
    watched: int = 0
    patience: int = 0
    least: int = 0
    first: int = 0
    last: int = 0

    @property
    def is_wrong(self) -> bool:
        """Whether a technician should set it."""
        return abs(self.offset) > LATE_MS

    def set_by(self, newest: int, now: int) -> bool:
        """Judge by a message whose newest reading is of `newest`; True where the clock was set.

        Both in epoch ms. A backlog comes faster than time passes; only a lateness that stays is
        the clock's.
        """
        before, lag = self.offset, now - newest - self.offset
        if lag > LATE_MS:
            self._watch(lag, newest, now)
        else:
            self.watched = 0
            if lag < -AHEAD_MS:
                self.offset += lag
        self.spoke = now
        return self.offset != before

    def _watch(self, lag: int, newest: int, now: int) -> None:
        if not self.watched:
            self.watched, self.least, self.first, self.last = now, lag, newest, newest
            held_up = self.spoke and now - self.spoke >= EXPLAINED * lag
            self.patience = DELAY_MS if held_up else WATCH_MS
            return
        self.least, self.last = min(self.least, lag), max(self.last, newest)
        passed = now - self.watched
        if passed < self.patience:
            return
        slow, fast = PACES
        if slow * passed <= self.last - self.first <= fast * passed:
            self.offset += self.least
        self.watched = 0
