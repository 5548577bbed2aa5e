"""How well the simulated readers hear: rates, strengths and what stands in the way."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

_WIDEST = 0.3
"""Half the widest spread of the read rates around a mean."""


class Radio(Struct, frozen=True, kw_only=True):
    """Rates are chances that one inventory cycle reads a tag; `_m` is metres, `_db` decibels.

    A tag's read rate at an antenna is `least` + `span` * beta(`shape`, `shape`).
    """

    least: float = 0.35
    span: float = 0.6
    shape: float = 2.2
    stray_rate: float = 0.02
    """What a neighbour's antenna reads of a tag, as a part of the tag's read rate there."""
    stray_reach_m: float = 4.5
    stray_loss_db: float = 9.0
    """What the shelf between costs."""
    wall_loss_db: float | None = None
    """What the backroom's wall costs besides; None lets nothing through, nor from rack to rack."""
    carried_rate: float = 0.08
    carried_reach_m: float = 1.6
    gate_rate: float = 0.75
    gate_reach_m: float = 1.3
    body_loss_db: float = 12.0
    """What a body beside the tag costs."""
    shade: float = 1.0
    """What is left of the read rates on a shelf while somebody stands before it."""
    noise_db: float = 2.0
    """Standard deviation from read to read."""
    tag_db: float = 0.0
    """Standard deviation from tag to tag, the same at all antennas."""
    aspect_db: float = 0.0
    """Standard deviation from antenna to antenna, for each tag its own."""
    fading_db: float = 0.0
    """A slow swing up and down by so much, at each antenna and tag with its own beginning."""
    fading_s: float = 20.0
    """One swing."""
    shelf_cycle_s: tuple[float, float] = (0.5, 1.0)
    gate_cycle_s: tuple[float, float] = (0.25, 0.45)


USUAL = Radio()


def with_mean(rate: float, radio: Radio = USUAL) -> Radio:
    """Give a radio whose read rates lie evenly around a mean, as wide as 0 to 1 leaves room."""
    half = min(_WIDEST, 0.8 * rate, 0.8 * (1.0 - rate))
    return replace(radio, least=rate - half, span=2 * half)
