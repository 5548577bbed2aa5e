"""Which blob is whose: the plain cases apart from the crowds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from vision.blobs import Body, union
from vision.sizes import Size
from vision.track import Track

TOUCH = 0.25
"""A blob and a track belong together when they share so much of the smaller of them."""
BODY, ONE = 0.3, 1.2
MOST_WIDE, MOST_TALL, LEAST_TALL = 1.5, 1.3, 0.6
"""How much wider or taller than a track its blob may be, and how much shorter."""


@dataclass(slots=True)
class Crowd:
    """Tracks and blobs that cannot be told apart one by one."""

    tracks: list[Track]
    bodies: list[Body]


@dataclass(slots=True)
class Matches:
    """Who is plainly where, the crowds, and what is left over on both sides."""

    plain: list[tuple[Track, Body]] = field(default_factory=list)
    crowds: list[Crowd] = field(default_factory=list)
    lost: list[Track] = field(default_factory=list)
    free: list[Body] = field(default_factory=list)


def matches(
    tracks: Sequence[Track], bodies: Sequence[Body], size: Size, shape: tuple[int, int]
) -> Matches:
    """Sort out tracks (where they should be by now) and the blobs of a picture."""
    told = Matches()
    for some, parts in _groups(tracks, bodies):
        if not parts:
            told.lost += some
        elif not some:
            told.free += parts
        else:
            _sort(told, some, parts, size, shape)
    return told


def _groups(
    tracks: Sequence[Track], bodies: Sequence[Body]
) -> list[tuple[list[Track], list[Body]]]:
    groups: list[tuple[list[Track], list[Body]]] = [([], [b]) for b in bodies]
    at = list(range(len(bodies)))
    for track in tracks:
        touched = _touched(track, bodies)
        if not touched:
            groups.append(([track], []))
            continue
        some, parts = groups[at[touched[0]]]
        some.append(track)
        for other in {at[n] for n in touched} - {at[touched[0]]}:
            more, others = groups[other]
            some.extend(more)
            parts.extend(others)
            groups[other] = ([], [])
            at = [at[touched[0]] if where == other else where for where in at]
    return [group for group in groups if group[0] or group[1]]


def _touched(track: Track, bodies: Sequence[Body]) -> list[int]:
    """Give the numbers of the blobs that a track may belong to; most are far away."""
    left, right, top, bottom = track.left, track.right, track.top, track.bottom
    return [
        n
        for n, body in enumerate(bodies)
        if body.left < right
        and body.top < bottom
        and body.left + body.width > left
        and body.top + body.height > top
        and overlap(track, body) >= TOUCH
    ]


def overlap(track: Track, body: Body) -> float:
    """Give the area that both boxes share, as a share of the smaller one."""
    wide = min(track.right, body.right) - max(track.left, body.left)
    if wide <= 0:
        return 0.0
    tall = min(track.bottom, body.bottom) - max(track.top, body.top)
    if tall <= 0:
        return 0.0
    return wide * tall / min(track.width * track.height, body.width * body.height)


def _sort(
    told: Matches, tracks: list[Track], bodies: list[Body], size: Size, shape: tuple[int, int]
) -> None:
    sure = [track for track in tracks if track.sure] or tracks
    if len(sure) == 1 and size.known and len(bodies) > 1:
        bodies = _own(told, sure[0], bodies, size)
    whole = union(bodies)
    if len(sure) == 1 and fits(sure[0], whole, size, shape):
        told.plain.append((sure[0], whole))
        told.lost += [track for track in tracks if track is not sure[0]]
        return
    if not size.known and len(bodies) == 1:
        first = min(sure, key=lambda track: track.number)
        told.plain.append((first, whole))
        told.lost += [track for track in tracks if track is not first]
        return
    pairs = _apart(tracks, bodies)
    if len(tracks) > 1 and all(p and fits(t, union(p), size, shape) for t, p in pairs):
        told.plain += [(track, union(parts)) for track, parts in pairs]
    else:
        told.crowds.append(Crowd(tracks, bodies))


def _own(told: Matches, track: Track, bodies: list[Body], size: Size) -> list[Body]:
    """Leave out those blobs around one track that are bodies of their own."""
    mine = max(bodies, key=lambda body: overlap(track, body) * body.area)
    own = [mine]
    for body in bodies:
        if body is mine:
            continue
        here = size.at(body.bottom)
        both = union([*own, body])
        there = size.at(both.bottom)
        if body.area >= BODY * here.area and (
            both.width > ONE * there.width or both.height > ONE * there.height
        ):
            told.free.append(body)
        else:
            own.append(body)
    return own


def _apart(tracks: list[Track], bodies: list[Body]) -> list[tuple[Track, list[Body]]]:
    """Give each track the blobs that it shares most with."""
    pairs: list[tuple[Track, list[Body]]] = [(track, []) for track in tracks]
    for body in bodies:
        max(pairs, key=lambda pair: overlap(pair[0], body) / (1 + _away(pair[0], body)))[1].append(
            body
        )
    return pairs


def _away(track: Track, body: Body) -> float:
    return (abs(track.x - body.x) + abs(track.y - body.y)) / track.height


def fits(track: Track, body: Body, size: Size, shape: tuple[int, int]) -> bool:
    """Tell whether a blob may be the whole of a track's body, and nothing else."""
    if not size.known:
        return True
    rows, columns = shape
    scale = size.scale(body.bottom)
    if body.width > MOST_WIDE * size.width * scale:
        return False
    if body.height > MOST_TALL * size.height * scale:
        return False
    cut = body.left <= 0 or body.top <= 0 or body.right >= columns or body.bottom >= rows
    return cut or body.height >= LEAST_TALL * track.height
