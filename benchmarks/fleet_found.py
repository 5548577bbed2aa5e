"""What `benchmarks.fleet` is asked to play, and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.fleet_prices import Progress
from benchmarks.fleet_seller import Judge
from devices.simulator.access_point_air import Habits


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be played; `habits` are those of labels and radios."""

    labels: int
    changes: int
    points: int
    dead: int
    habits: Habits
    speed: float
    seed: int


@dataclass(frozen=True, slots=True)
class Phase:
    """How long something took (real seconds), and what for.

    `used` is the processor time by part, `reached` the seconds after which a share of the labels
    was true, `transfers` what the access points booked.
    """

    seconds: float
    used: Mapping[str, float]
    reached: Mapping[float, float]
    transfers: int


@dataclass(frozen=True, slots=True)
class Promise:
    """What the gateway said of the price set, in seconds after the change.

    `foreseen_s` is what the preview said, `estimate_s` what the set said at once. `named_s` is when
    it named those labels stuck that are dead, and no others (None: never), `doubted` are others
    that it named for a while, `last` is what it said in the end.
    """

    foreseen_s: float
    estimate_s: float | None
    named_s: float | None
    doubted: frozenset[str]
    last: Progress


@dataclass(frozen=True, slots=True)
class Found:
    """What came out.

    `untrue` are labels that did not show what they should though they could, `tills` products that
    were charged something else in the end than they should be.
    """

    initial: Phase
    change: Phase
    untrue: tuple[str, ...]
    tills: tuple[str, ...]
    promise: Promise
    judge: Judge
    changed: int
    sent: int
    crashes: int
    late: tuple[float, ...]
