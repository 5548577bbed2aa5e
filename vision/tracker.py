"""Everybody in a scene, from picture to picture: through crowds, gaps and occlusion."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from vision.assignment import assign
from vision.births import anchored, newcomers
from vision.blobs import Body, Mask, blobs, joined, union
from vision.claims import claims, unclaimed
from vision.match import Crowd, Matches, matches
from vision.sizes import Size
from vision.track import Track

REACH = 1.0
"""How far from where it should be a body may be found, in body sizes, plus its own speed."""
COAST_S = 1.2
"""How long somebody who is not found is still expected."""
SEEN = 0.2
"""Who shows less than this share of the box is not seen."""
LEAST_SEEN = 0.1
"""A blob with fewer pixels than this share of a body's box is none."""
REST = 0.3
"""What a crowd leaves over is somebody new from this share of a body's box on."""
PAIR = 2
"""Two who go together are a pair; one, or many in one blob, may be a body of another size."""
SPECK = 4
NEAR, FULL = 0.3, 0.4
"""While a body's size is not known, blobs are one that are apart by less than the first share of
their size, and that fill at least the second share of the box around them."""
SLOWER = 0.93
"""Somebody who is not seen is expected to go on, slower with each picture."""
FAR = 1e6


@dataclass(frozen=True, slots=True)
class _View:
    """What all steps of one picture need to know."""

    mask: Mask | None
    size: Size
    shape: tuple[int, int]
    steps: float


@dataclass(slots=True)
class Tracker:
    """Follows everybody through the pictures of one scene, `fps` a second."""

    fps: float
    tracks: list[Track] = field(default_factory=list)
    _numbers: int = 0

    def look(
        self,
        bodies: Sequence[Body],
        mask: Mask | None,
        size: Size,
        shape: tuple[int, int],
        steps: float = 1.0,
    ) -> list[Track]:
        """Take a picture's bodies, and the mask they are in if there is one.

        `shape` is rows by columns, `steps` how many pictures' time has passed since the last one.
        Gives the tracks that ended.
        """
        view = _View(mask, size, shape, steps)
        for track in self.tracks:
            track.advance(steps, size)
        told = self._sorted(bodies, view)
        free, lost = list(told.free), list(told.lost)
        for track, body in told.plain:
            if body.area < LEAST_SEEN * size.at(track.bottom).area:
                lost.append(track)
            else:
                _meet(track, body, view)
        for crowd in told.crowds:
            free += _share_out(crowd, view)
        self._add(_caught_up(lost, free, view), view)
        for track in self.tracks:
            track.roam(size)
        return self._let_go(shape)

    def _sorted(self, bodies: Sequence[Body], view: _View) -> Matches:
        if view.mask is None:
            return Matches(lost=list(self.tracks), free=list(bodies))
        if not view.size.known:
            bodies = joined(bodies, _is_near)
        return matches(self.tracks, bodies, view.size, view.shape)

    def _add(self, free: Sequence[Body], view: _View) -> None:
        for new in newcomers(free, view.size, view.shape):
            self._numbers += 1
            self.tracks.append(
                Track(self._numbers, new.x, new.y, new.width, new.height, entered=new.entered)
            )

    def _let_go(self, shape: tuple[int, int]) -> list[Track]:
        patience = round(COAST_S * self.fps)
        ended = [
            track
            for track in self.tracks
            if track.missed > (patience if track.sure else 1) or track.is_out(*shape)
        ]
        if ended:
            self.tracks = [track for track in self.tracks if track not in ended]
        return ended


def _meet(track: Track, body: Body, view: _View) -> None:
    """Take a body that is plainly a track's; what the picture's edge cuts off is added."""
    track.shape = body
    if view.size.known and body.is_cut(*view.shape):
        x, y = anchored(body, track.width, track.height, view.shape)
    else:
        x, y = body.x, body.y
        track.measure(body, view.size)
    track.meet(x, y, view.steps)


def _share_out(crowd: Crowd, view: _View) -> list[Body]:
    """Find everybody in a crowd; gives what is left over and may be somebody new."""
    if view.mask is None:
        return []
    if len(crowd.bodies) == 1 and len(crowd.tracks) != PAIR and _go_together(crowd.tracks):
        crowd.tracks[0].shape = crowd.bodies[0]
    found = claims(view.mask, crowd.tracks)
    for claim in found:
        if claim.share >= SEEN:
            claim.track.meet(claim.x, claim.y, view.steps, claim.share)
        else:
            claim.track.miss(SLOWER)
    if not view.size.known:
        return []
    around = union(crowd.bodies)
    claimed = sum(claim.share * claim.width * claim.height for claim in found)
    if around.area - claimed < REST * view.size.at(around.top).area:
        return []
    left, top = int(around.left), int(around.top)
    rest = unclaimed(view.mask, found)[top : int(around.bottom), left : int(around.right)]
    parts = blobs(rest, SPECK, left, top)
    return [part for part in parts if part.area >= REST * view.size.at(part.bottom).area]


def _go_together(tracks: Sequence[Track]) -> bool:
    """Tell whether all go the same way: they may be parts of one body."""
    vx = sum(track.vx for track in tracks) / len(tracks)
    vy = sum(track.vy for track in tracks) / len(tracks)
    speed = math.hypot(vx, vy)
    return all(math.hypot(track.vx - vx, track.vy - vy) < speed / 2 for track in tracks)


def _caught_up(lost: Sequence[Track], free: Sequence[Body], view: _View) -> list[Body]:
    """Find those who are further from where they should be than their own size.

    Gives the bodies that are nobody's.
    """
    pairs = _nearest(lost, free, view.size) if lost and free else []
    for t, b in pairs:
        _meet(lost[t], free[b], view)
    found = {t for t, _ in pairs}
    for t, track in enumerate(lost):
        if t not in found:
            track.miss(SLOWER)
    taken = {b for _, b in pairs}
    return [body for b, body in enumerate(free) if b not in taken]


def _nearest(lost: Sequence[Track], free: Sequence[Body], size: Size) -> Iterable[tuple[int, int]]:
    cost = np.full((len(lost), len(free)), FAR)
    for t, track in enumerate(lost):
        here = size.at(track.bottom)
        reach = REACH * max(here.width, here.height / 2) + math.hypot(track.vx, track.vy)
        reach *= 1.0 + 0.1 * track.missed
        for b, body in enumerate(free):
            if body.area < LEAST_SEEN * here.area:
                continue
            distance = math.dist((track.x, track.y), (body.x, body.y))
            if distance <= reach:
                cost[t, b] = distance / reach - 0.2 * track.sure
    return [(t, b) for t, b in assign(cost) if cost[t, b] < FAR]


def _is_near(a: Body, b: Body) -> bool:
    """Tell fragments of one body while nobody knows how large a body is."""
    both = union([a, b])
    if both.area < FULL * both.width * both.height:
        return False
    gap = NEAR * max(a.width, a.height)
    return (
        max(a.left, b.left) - min(a.right, b.right) <= gap
        and max(a.top, b.top) - min(a.bottom, b.bottom) <= gap
    )
