"""The scenarios of the accuracy benchmark: what the shop does, what readers hear, what breaks."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from devices.simulator.faults import (
    AntennaOff,
    BrokerAway,
    ClockWrong,
    Delayed,
    Doubled,
    Fault,
    Overflow,
    ReaderOff,
    Reordered,
)
from devices.simulator.habits import USUAL, Habits
from devices.simulator.radio import Radio, with_mean

EPOCH_MS = 1_795_222_800_000
"""When each shop opens: 9 o'clock in Shanghai on 21 November 2026."""
MINUTES = 30
MIN = 60
HOUR_MS = 3_600_000

FIELD = Radio(tag_db=3.0, aspect_db=2.0, fading_db=2.0)
"""Tags on real goods differ, and their signals swing."""
SHADED = replace(FIELD, shade=0.5)
SPILL = replace(
    with_mean(0.7, FIELD), stray_rate=0.32, stray_loss_db=2.0, wall_loss_db=8.0, aspect_db=4.0
)
"""Neighbours read 0.15 to 0.3 of the tags, some of them louder than the tag's own antenna."""


class Scenario(Struct, frozen=True, kw_only=True):
    """One way a shop can be; `untagged` is the share of products that carry no tags.

    `unnumbered` readers speak a vendor's format, which has no message numbers.
    """

    name: str
    radio: Radio = SHADED
    habits: Habits = USUAL
    faults: tuple[Fault, ...] = ()
    untagged: float = 0.0
    unnumbered: frozenset[str] = frozenset()


_OUTAGES: tuple[Fault, ...] = (
    ReaderOff(start=3 * MIN, end=7 * MIN, reader="shelf-1"),
    AntennaOff(start=5 * MIN, end=9 * MIN, reader="shelf-3", antenna=2),
    ReaderOff(start=9 * MIN, end=13 * MIN, reader="shelf-2", will=False),
    AntennaOff(start=11 * MIN, end=16 * MIN, reader="shelf-4", antenna=1, told=False),
    Overflow(start=15 * MIN, end=18 * MIN, reader="shelf-3", kept=0.3),
    ReaderOff(start=17 * MIN, end=21 * MIN, reader="backroom-1"),
    BrokerAway(start=23 * MIN, end=26 * MIN),
)
_EVER = 2 * MINUTES * MIN
_CLOCKS: tuple[Fault, ...] = (
    ClockWrong(start=0, end=_EVER, devices=("shelf-1", "lane-1"), offset_ms=HOUR_MS),
    ClockWrong(start=0, end=_EVER, devices=("shelf-2", "lane-2"), offset_ms=-HOUR_MS),
    ClockWrong(start=0, end=_EVER, devices=("shelf-3",), drift_ppm=50),
    ClockWrong(start=10 * MIN, end=_EVER, devices=("shelf-4",), offset_ms=HOUR_MS // 6),
    ClockWrong(start=0, end=16 * MIN, devices=("backroom-1",), offset_ms=-EPOCH_MS),
    Doubled(start=0, end=_EVER, share=0.2),
    Reordered(start=0, end=_EVER, share=0.3),
    Delayed(start=18 * MIN, end=22 * MIN, devices=("shelf-3", "backroom-1"), by_s=45),
)

_RATES = (0.9, 0.7, 0.5, 0.3, 0.1)
SCENARIOS = (
    *(Scenario(name=f"read-{rate}", radio=with_mean(rate, FIELD)) for rate in _RATES),
    Scenario(name="spill", radio=SPILL),
    Scenario(name="outage", faults=_OUTAGES),
    Scenario(
        name="rush",
        habits=Habits(few_shoppers=20, most_shoppers=26, arrivals_s=(1.5, 4.0), staff=4),
    ),
    Scenario(
        name="restocking",
        habits=Habits(staff=6, low=10, tidies=0.6, rearranges=0.35, changes_mind=0.3),
    ),
    Scenario(name="theft", habits=Habits(steals=0.35, shields=0.25)),
    Scenario(name="clocks", faults=_CLOCKS, unnumbered=frozenset({"shelf-4", "backroom-1"})),
    Scenario(name="untagged", untagged=0.3),
)
