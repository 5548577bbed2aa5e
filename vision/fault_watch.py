"""Watches a camera for faults; a fault has to last before it is told, and so has its end."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np

from vision.capture import Image
from vision.faults import (
    DARK,
    LEAST_PATCHES,
    LIGHT,
    Look,
    covered_share,
    fingerprint,
    look,
    measure,
    sharpness_kept,
    shift,
)

LOOK_MS = 1000
"""The view is judged so often at the most."""
LOOKS, FRESHEN_MS = 12, 30_000
"""The usual picture is the median of so many good looks: the first ones, then one every so often,
for light changes slowly."""

SIGNAL_MS = 5000
"""Without a picture for so long there is no signal."""
FROZEN_MS = 10_000
FAULT_MS, OVER_MS = 8000, 3000
"""How long a fault has to last, and how long its end."""
UNKNOWN_MS = 3000
"""What could not be told for longer than this has not lasted."""

COVERED, FREE = 0.5, 0.35
"""The share of the picture that shows nothing."""
BLURRED, SHARP = 0.72, 0.82
"""The share of the usual sharpness that is left."""
MOVED, BACK = 0.02, 0.01
"""How far the view has moved, in picture widths."""
TOGETHER = 0.33
"""So many of the patches that were found have to agree on the movement."""
ELSEWHERE = 0.15
"""Where not even so many patches show much the same, the camera looks at something else."""

BEFORE = {
    "covered": ("dark",),
    "blurred": ("dark", "covered"),
    "moved": ("dark", "covered", "blurred"),
}
"""What hides a fault from the eye: while it lasts, or may begin, the fault stays as it was."""
COMPARED = ("blurred", "moved")
"""What is told by comparison with the usual picture only."""


class FaultChange(NamedTuple):
    """A fault begins, or is over (or known not to be there)."""

    code: str
    active: bool


class _Lasting:
    """One fault's hysteresis in time: what is told follows what is seen once that has lasted."""

    def __init__(self, begin_ms: int, end_ms: int) -> None:
        self._wait = {True: begin_ms, False: end_ms}
        self.told: bool | None = None
        self._seen: bool | None = None
        self._since = 0
        self._known = 0

    @property
    def quiet(self) -> bool:
        """Whether the fault is neither told nor about to be."""
        return not self.told and not self._seen

    def take(self, t: int, *, seen: bool | None) -> bool:
        """Take what is seen at `t`, None where it cannot be told; says whether to tell it."""
        if seen is None:
            if t - self._known > UNKNOWN_MS:
                self._seen = self.told
            return False
        self._known = t
        if seen != self._seen:
            self._seen, self._since = seen, t
        lasted = t - self._since >= self._wait[seen] or (self.told is None and not seen)
        if seen == self.told or not lasted:
            return False
        self.told = seen
        return True


class FaultWatch:
    """Finds that a camera gives no signal, or is dark, frozen, covered, blurred or moved.

    What the camera usually sees is learned from its own pictures and follows slow changes; a
    camera that was covered, out of focus or turned away before the start, and still is, is known
    as covered only.
    """

    def __init__(self) -> None:
        """Begin without an idea of what the camera usually sees."""
        self._faults = {
            "no-signal": _Lasting(SIGNAL_MS, 0),
            "dark": _Lasting(FAULT_MS, OVER_MS),
            "frozen": _Lasting(FROZEN_MS, 0),
            "covered": _Lasting(FAULT_MS, OVER_MS),
            "blurred": _Lasting(FAULT_MS, OVER_MS),
            "moved": _Lasting(FAULT_MS, OVER_MS),
        }
        self._usual: Look | None = None
        self._views: deque[Image] = deque(maxlen=LOOKS)
        self._looked: int | None = None
        self._freshened = 0
        self._print = 0
        self.brightness: float | None = None

    @property
    def active(self) -> tuple[str, ...]:
        """The faults that have been told and are not over."""
        return tuple(code for code, fault in self._faults.items() if fault.told)

    def settle(self) -> list[FaultChange]:
        """Take the view as it is now for the usual one: somebody has set the camera up anew."""
        self._usual = None
        self._views.clear()
        over = [code for code in COMPARED if self._faults[code].told]
        self._faults |= {code: _Lasting(FAULT_MS, OVER_MS) for code in COMPARED}
        return [FaultChange(code, active=False) for code in over]

    def miss(self, t: int) -> list[FaultChange]:
        """Take that there is no picture at `t` ms."""
        return self._told("no-signal", seen=True, t=t)

    def look(self, image: Image, t: int) -> list[FaultChange]:
        """Take a picture (BGR) of `t` ms; gives what begins and what is over."""
        changes = self._told("no-signal", seen=False, t=t) + self._frozen(image, t)
        if self._looked is not None and 0 <= t - self._looked < LOOK_MS:
            return changes
        self._looked = t
        seen = look(image)
        self.brightness = seen.brightness
        return changes + self._dark(seen, t) + self._view(seen, t)

    def _dark(self, seen: Look, t: int) -> list[FaultChange]:
        limit = LIGHT if self._faults["dark"].told else DARK
        return self._told("dark", seen=seen.brightness < limit, t=t)

    def _frozen(self, image: Image, t: int) -> list[FaultChange]:
        before, self._print = self._print, fingerprint(image)
        return self._told("frozen", seen=self._print == before, t=t)

    def _view(self, seen: Look, t: int) -> list[FaultChange]:
        """Judge what the camera sees, one fault after the other, and learn from it."""
        changes = self._told("covered", seen=self._is_covered(seen), t=t)
        judged = {"blurred": self._is_blurred, "moved": self._is_moved}
        for code, is_so in judged.items():
            usual = self._usual if self._quiet(BEFORE[code]) else None
            changes += self._told(code, seen=None if usual is None else is_so(seen, usual), t=t)
        self._learn(seen, t)
        return changes

    def _is_covered(self, seen: Look) -> bool | None:
        if not self._quiet(BEFORE["covered"]):
            return None
        limit = FREE if self._faults["covered"].told else COVERED
        return covered_share(seen, self._usual) >= limit

    def _is_blurred(self, seen: Look, usual: Look) -> bool | None:
        kept = sharpness_kept(seen, usual)
        limit = SHARP if self._faults["blurred"].told else BLURRED
        return None if kept is None else kept < limit

    def _is_moved(self, seen: Look, usual: Look) -> bool | None:
        found = shift(seen, usual)
        if found.patches < LEAST_PATCHES:
            return None
        if found.kept < ELSEWHERE * found.patches:
            return True
        if found.agreed < max(LEAST_PATCHES, TOGETHER * found.found):
            return None
        return found.far >= (BACK if self._faults["moved"].told else MOVED)

    def _learn(self, seen: Look, t: int) -> None:
        """Keep the usual picture: quickly at first, then slowly, and never from a faulty one."""
        if not self._quiet((*BEFORE["moved"], "moved")):
            return
        if self._usual is not None and t - self._freshened < FRESHEN_MS:
            return
        self._views.append(seen.grey.astype(np.uint8))
        if len(self._views) == LOOKS:
            middle = np.partition(np.stack(self._views), LOOKS // 2, axis=0)[LOOKS // 2]
            self._usual = measure(middle.astype(np.float32))
            self._freshened = t

    def _quiet(self, codes: tuple[str, ...]) -> bool:
        return all(self._faults[code].quiet for code in codes)

    def _told(self, code: str, *, seen: bool | None, t: int) -> list[FaultChange]:
        if not self._faults[code].take(t, seen=seen):
            return []
        return [FaultChange(code, active=bool(seen))]
