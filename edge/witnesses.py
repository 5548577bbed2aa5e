"""What the antennas of a shop say of one tag, in numbers that people can check."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct

from edge.events import moment
from edge.hearing import LOOK_MS, Antenna
from edge.traces import Rival, Trace

POINTS = 60  # of a probability over time

Role = Literal["seat", "home", "rival"]


class Witness(Struct, frozen=True):
    """An antenna, and whether it `hears`: it is not off, and its reader is not silent."""

    antenna: Antenna
    hears: bool


class Statement(Struct, frozen=True):
    """What one antenna has read of a tag.

    By its `role` the tag has its place there (`seat`), had its last place there (`home`), or is
    read from there as well (`rival`). `reads` are the latest, from which `read_rate`, the share of
    looks in which it is read, was learned; of a rival, all there. It has not read the tag in
    its last `unread_looks`; one that does not hear does not look.
    """

    role: Role
    device: str
    antenna: int
    zone: str
    shelf: str | None
    reads: int
    read_rate: float | None
    rssi: float | None
    last_seen: datetime
    unread_looks: int
    hears: bool


class Point(Struct, frozen=True):
    """The probability that a tag stood where it is believed to stand."""

    time: datetime
    probability: float


def statements(trace: Trace, witnesses: Mapping[int, Witness]) -> list[Statement]:
    """Give what is said of a tag: by the antenna at its place or its last one, then by others.

    `witnesses` are the trace's antennas by their ids; of the others, the last to read it is first.
    """
    said: list[Statement] = []
    if own := witnesses.get(trace.seat or trace.home):
        said.append(_of_place("seat" if trace.seat else "home", trace, own))
    rivals = sorted(trace.rivals, key=lambda rival: rival.seen, reverse=True)
    return said + [_of_rival(r, witnesses[r.antenna]) for r in rivals if r.antenna in witnesses]


def _of_place(role: Role, trace: Trace, witness: Witness) -> Statement:
    antenna = witness.antenna
    return Statement(
        role=role,
        device=antenna.device,
        antenna=antenna.antenna,
        zone=antenna.zone,
        shelf=antenna.shelf,
        reads=trace.hits,
        read_rate=round(min(1.0, 1.0 / trace.gap), 3),
        rssi=_rounded(trace.rssi),
        last_seen=moment(_last_read(trace, antenna)),
        unread_looks=_unread(trace, antenna),
        hears=witness.hears,
    )


def _of_rival(rival: Rival, witness: Witness) -> Statement:
    antenna = witness.antenna
    return Statement(
        role="rival",
        device=antenna.device,
        antenna=antenna.antenna,
        zone=antenna.zone,
        shelf=antenna.shelf,
        reads=rival.reads,
        read_rate=None,
        rssi=_rounded(rival.rssi),
        last_seen=moment(rival.seen),
        unread_looks=max(0, antenna.looks - rival.looks),
        hears=witness.hears,
    )


def probability(trace: Trace, seat: Antenna) -> float:
    """Give the probability that a tag stands at the antenna that is its seat."""
    return _probability(trace, seat, _unread(trace, seat))


def course(trace: Trace, seat: Antenna, now: int) -> list[Point]:
    """Follow the probability from the last read until now (epoch ms): a point a look, thinned.

    Only looks count: while the antenna cannot be heard, and since its last look, it stands still.
    """
    read, unread = _last_read(trace, seat), _unread(trace, seat)
    start = max(read, seat.fresh_at) if seat.fresh > trace.looks else read
    span = max(0, seat.heard - start)
    steps = min(unread, POINTS - 2)
    points = [(read, 0)]
    for step in range(1, steps + 1):
        looks = round(step * unread / steps)
        points.append((start + span * looks // unread, looks))
    if now - points[-1][0] >= LOOK_MS:
        points.append((now, unread))
    return [Point(moment(at), _probability(trace, seat, looks)) for at, looks in points]


def _probability(trace: Trace, seat: Antenna, unread: int) -> float:
    return round(trace.probability(unread, seat.clarity), 4)


def _unread(trace: Trace, antenna: Antenna) -> int:
    return max(0, antenna.looks - max(trace.looks, antenna.fresh))


def _last_read(trace: Trace, antenna: Antenna) -> int:
    """Give when the antenna at its place read it last (epoch ms).

    A trace keeps the newest read of any antenna; where there was another one, the looks tell.
    """
    if not trace.rivals:
        return trace.seen
    return min(trace.seen, antenna.heard - LOOK_MS * max(0, antenna.looks - trace.looks))


def _rounded(rssi: float | None) -> float | None:
    return None if rssi is None else round(rssi, 1)
