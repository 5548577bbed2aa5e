"""The frame budget: which of the pictures of a source are due to be looked at."""

from __future__ import annotations

SLACK = 0.1
"""A picture that comes by so much of a period too early is due: clocks and cables waver."""


class Pace:
    """Lets at most `fps` pictures a second pass; of a slower source all of them."""

    def __init__(self, fps: float) -> None:
        """Begin with a picture that is due at once."""
        self.period_ms = 1000 / fps
        self._due: float | None = None

    def is_due(self, t: float) -> bool:
        """Tell whether the picture of `t` ms is due, and set when the next one is."""
        due = t if self._due is None else self._due
        if t < due - SLACK * self.period_ms:
            return False
        # From when this one was due, so that being late now and then does not slow the pace.
        self._due = (due if t - due < self.period_ms else t) + self.period_ms
        return True
