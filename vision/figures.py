"""How a camera's worker does: pictures a second, pictures missed, delay."""

from __future__ import annotations

from typing import Any

EVERY_MS = 10_000
PART = 0.2
"""The newest picture's part in the rate that is shown live."""


class Figures:
    """Adds up for ten seconds, in ms of a clock that never goes back."""

    def __init__(self, now: int) -> None:
        """Begin at `now`."""
        self._since = now
        self._frames = 0
        self._slowest = 0
        self._last = now
        self._gap = 0.0

    def add(self, now: int, latency_ms: int) -> None:
        """Take that a picture was done at `now`, so long after it came."""
        self._frames += 1
        self._slowest = max(self._slowest, latency_ms)
        gap = now - self._last
        self._gap += PART * (gap - self._gap) if self._gap else gap
        self._last = now

    def fps(self) -> float:
        """Give the pictures a second of late."""
        return round(1000 / self._gap, 1) if self._gap else 0.0

    def take(self, now: int, skipped: int, brightness: float | None) -> dict[str, Any] | None:
        """Give the figures once ten seconds are over, and begin anew.

        `latency_ms` is the slowest of them, None without a picture; `brightness` is passed on.
        """
        if now - self._since < EVERY_MS:
            return None
        told = {
            "fps": round(1000 * self._frames / (now - self._since), 1),
            "skipped": skipped,
            "latency_ms": self._slowest if self._frames else None,
            "brightness": None if brightness is None else round(brightness, 2),
        }
        self._since, self._frames, self._slowest = now, 0, 0
        return told
