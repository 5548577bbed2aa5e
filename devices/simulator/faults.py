"""What goes wrong between the shop and its gateway; times are seconds of the world's own clock."""

from __future__ import annotations

from msgspec import Struct


class Fault(Struct, frozen=True, kw_only=True):
    """Something that is wrong from `start` until `end`."""

    start: float
    end: float

    def on(self, t: float) -> bool:
        """Tell whether it is wrong at `t`."""
        return self.start <= t < self.end


class ReaderOff(Fault, frozen=True):
    """A reader says nothing; with a `will` the broker says so for it."""

    reader: str
    will: bool = True


class AntennaOff(Fault, frozen=True):
    """An antenna is disconnected; `told` when the reader notices and reports it."""

    reader: str
    antenna: int
    told: bool = True


class Overflow(Fault, frozen=True):
    """A reader's buffer overflows: only this share of its reads survives, and it says how many."""

    reader: str
    kept: float = 0.5


class BrokerAway(Fault, frozen=True):
    """Nothing reaches the gateway; at the end everything comes at once."""


class ClockWrong(Fault, frozen=True):
    """Devices' clocks are off by `offset_ms`, and by `drift_ppm` more with each second."""

    devices: tuple[str, ...]
    offset_ms: int = 0
    drift_ppm: float = 0.0


class Doubled(Fault, frozen=True):
    """A share of the messages comes a second time, up to `within_s` later."""

    share: float
    within_s: float = 3.0


class Reordered(Fault, frozen=True):
    """A share of the messages is held up by up to `within_s`: later ones overtake them."""

    share: float
    within_s: float = 10.0


class Delayed(Fault, frozen=True):
    """Everything that these devices say comes so much later."""

    devices: tuple[str, ...]
    by_s: float
