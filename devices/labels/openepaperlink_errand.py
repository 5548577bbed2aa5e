"""How one picture gets to one OpenEPaperLink label, step by step, and when it counts as drawn.

    DUE -> clear -> SETTLING -> upload -> CONVERTING -> QUEUED -> TRANSFERRED -> drawn

- `clear` comes first, since queued pictures are drawn one after the other, the stale one too.
- Then the access point is left alone for longer than a transfer takes: a label says "complete"
  without saying of what, and the access point would book the end of an old transfer on whatever
  was queued meanwhile.
- The version is that of the file as it was converted; `updatecount` is read just before the upload.
- TRANSFERRED: the record has our version, and `updatecount` went up. It comes before the drawing.
- Drawn: after that, and after the time that a drawing takes, the label checked in again, and not
  from a boot, while nothing else was queued for it. A label whose drawing fails resets; then the
  access point forgets the hash, or the boot is its last word. A panel that fails without a reset
  cannot be told by this protocol.
- Whatever else comes (an empty queue, a hash of something else, no news for nearly as long as the
  access point keeps a queue) starts anew: after a crash of the access point, `pending` 0 proves
  nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import Enum, auto
from typing import Self

from msgspec import Struct

from devices.labels.confirmation import Confirmation
from devices.labels.openepaperlink_api import AccessPoint, Record, version_of
from devices.labels.openepaperlink_words import Picture

DRAWING_S = 20
"""Seconds of the access point's clock after which a drawing is over (3 colours, warm shop)."""

NAPPERS_A_SLOT = 8
"""Labels that nap for minutes, of which one at a time is likely to need the radio."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the driver waits, in seconds.

    `settle_s` exceeds a transfer (3.9 s) and the repeats of its last word; `queue_s` stays below
    the 20 minutes after which a queue is emptied; `silent_s` is three times the longest sleep.
    """

    settle_s: float = 10.0
    convert_s: float = 1.0
    convert_patience_s: float = 15.0
    look_s: float = 20.0
    queue_s: float = 1080.0
    slot_s: float = 60.0
    sweep_s: float = 300.0
    silent_s: float = 1800.0
    report_s: float = 900.0
    first_pause_s: float = 1.0
    longest_pause_s: float = 60.0

    def faster(self, speed: float) -> Self:
        """Give the timing for an access point whose time passes so many times as fast."""
        return type(self)(*(getattr(self, each.name) / speed for each in fields(self)))


class Drawn(Struct, frozen=True):
    """A picture that was seen drawn, and the record's version and count at that time."""

    picture: Picture
    version: str
    count: int

    def stands(self, record: Record) -> bool:
        """Say whether nothing has come to the label since."""
        same = record.has(self.version) and record.updatecount == self.count
        return same and not record.pending and not record.reset


class Step(Enum):
    """Where an errand is."""

    CHECKING = auto()
    DUE = auto()
    SETTLING = auto()
    CONVERTING = auto()
    QUEUED = auto()
    TRANSFERRED = auto()


CONFIRMS = {Step.QUEUED: Confirmation.QUEUED, Step.TRANSFERRED: Confirmation.TRANSFERRED}
AT_THE_ACCESS_POINT = (Step.QUEUED, Step.TRANSFERRED)


@dataclass(slots=True)
class Errand:
    """Bringing `wanted` to a label; `due` is when to act next (monotonic seconds)."""

    mac: str
    wanted: Picture
    timing: Timing
    due: float
    drawn: Drawn | None = None
    step: Step = Step.DUE
    since: float = 0.0
    _sent: Picture | None = field(default=None)
    _version: str = ""
    _count: int = 0
    _naps: bool = False

    @property
    def confirmation(self) -> Confirmation | None:
        """Give what is known of the wanted picture; None before it was taken."""
        return CONFIRMS.get(self.step) if self._sent is self.wanted else None

    def slots(self, now: float) -> float:
        """Give the slots that it holds: one while the label is likely to need the radio soon.

        A label that naps holds a part of one, and one that sleeps on longer than it should none.
        """
        if self.step is not Step.QUEUED:
            return float(self.step in (Step.SETTLING, Step.CONVERTING))
        if self._naps:
            return 1 / NAPPERS_A_SLOT
        return float(now - self.since < self.timing.slot_s)

    def work(self, point: AccessPoint, now: float) -> Drawn | None:
        """Take the next step; gives the picture once it is drawn.

        Raises AccessPointAway and UnknownLabel; the step is then taken again later.
        """
        # A conversion cannot be called back: what it queues must be seen before it is cleared.
        if self.step in AT_THE_ACCESS_POINT and self._sent is not self.wanted:
            self._enter(Step.DUE, now)
        if self.step is Step.CHECKING:
            return self._check(point, now)
        if self.step is Step.DUE:
            point.clear(self.mac)
            self._enter(Step.SETTLING, now, self.timing.settle_s)
        elif self.step is Step.SETTLING:
            self._upload(point, now)
        elif self.step is Step.CONVERTING:
            self._convert(point, now)
        else:
            return self._look(point.record(self.mac), now)
        return None

    def begin_again(self, now: float) -> None:
        """Start anew where something was queued: the access point says that it is no more."""
        if self.step in AT_THE_ACCESS_POINT:
            self._enter(Step.DUE, now)

    def look_soon(self, now: float) -> None:
        """Look at once: something was heard of the label."""
        if self.step in AT_THE_ACCESS_POINT:
            self.due = now

    def want(self, picture: Picture, now: float) -> None:
        """Bring another picture instead."""
        self.wanted = picture
        if self.step is Step.CHECKING:
            self.step = Step.DUE
        self.look_soon(now)

    def _enter(self, step: Step, now: float, wait: float = 0.0) -> None:
        self.step, self.since, self.due = step, now, now + wait

    def _check(self, point: AccessPoint, now: float) -> Drawn | None:
        before = self.drawn
        if before is not None and before.stands(point.record(self.mac)):
            return Drawn(self.wanted, before.version, before.count)
        self._enter(Step.DUE, now)
        return None

    def _upload(self, point: AccessPoint, now: float) -> None:
        record = point.record(self.mac)
        self._count, self._naps = record.updatecount, record.naps
        # Noted first: an upload whose answer is lost may have been taken all the same.
        self._sent = self.wanted
        self._enter(Step.CONVERTING, now, self.timing.convert_s)
        point.upload(self.mac, self.wanted.jpeg)

    def _convert(self, point: AccessPoint, now: float) -> None:
        data = point.converted(self.mac)
        if data is not None:
            self._version = version_of(data)
            overtaken = self._sent is not self.wanted
            self._enter(Step.QUEUED, now, 0.0 if overtaken else self.timing.look_s)
        elif now - self.since < self.timing.convert_patience_s:
            self.due = now + self.timing.convert_s
        else:
            # A picture equal to the one on record is not queued: the record is to forget it. A
            # lost upload is simply made again.
            point.forget(self.mac)
            self._enter(Step.DUE, now)

    def _look(self, record: Record, now: float) -> Drawn | None:
        self.due = now + self.timing.look_s
        transferred = record.has(self._version) and record.updatecount > self._count
        if transferred and self.step is Step.QUEUED:
            self._enter(Step.TRANSFERRED, now, self.timing.look_s)
        elif transferred and _drew(record) and self._sent is not None:
            return Drawn(self._sent, self._version, record.updatecount)
        elif not (transferred or record.pending) or now - self.since > self.timing.queue_s:
            self._enter(Step.DUE, now)
        return None


def _drew(record: Record) -> bool:
    rested = record.lastseen - record.updatelast >= DRAWING_S
    return rested and not record.pending and not record.reset
