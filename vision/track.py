"""Who is who from picture to picture: optimal assignment to where everybody should be by now."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from vision.assignment import assign
from vision.blobs import Body, Size

REACH = 1.0
"""How far from where it should be a body may be found, in body sizes, plus its own speed."""
COAST_S = 1.2
"""How long somebody who is not found is still expected."""
SURE_AFTER = 4
"""Sights until a track counts as a person."""
ROAMED = 0.6
"""Somebody who has been so many body heights away from where the track began has walked."""
QUICK, STEADY = 0.6, 0.4
FAR = 1e6


@dataclass(slots=True)
class Track:
    """One person: the middle (x, y) and speed (pixels a picture), and the box's size."""

    number: int
    x: float
    y: float
    width: float
    height: float
    vx: float = 0.0
    vy: float = 0.0
    sights: int = 1
    missed: int = 0
    walked: bool = False
    born: tuple[float, float] = field(init=False)

    def __post_init__(self) -> None:
        """Remember where it began."""
        self.born = self.x, self.y

    @property
    def sure(self) -> bool:
        """Whether it has been seen often enough to be a person."""
        return self.sights >= SURE_AFTER

    def expected(self) -> tuple[float, float]:
        """Give where it should be in the next picture."""
        return self.x + self.vx, self.y + self.vy

    def box(self) -> tuple[int, int, int, int]:
        """Give the box around it: left, top, right, bottom, never below zero."""
        left, top = self.x - self.width / 2, self.y - self.height / 2
        return (
            max(0, round(left) - 2),
            max(0, round(top) - 2),
            max(0, round(left + self.width) + 2),
            max(0, round(top + self.height) + 2),
        )

    def meet(self, body: Body) -> None:
        """Take the body that was found for it."""
        x, y = body.left + body.width / 2, body.top + body.height / 2
        ahead_x, ahead_y = self.expected()
        new_x, new_y = ahead_x + QUICK * (x - ahead_x), ahead_y + QUICK * (y - ahead_y)
        steps = self.missed + 1
        self.vx += STEADY * ((new_x - self.x) / steps - self.vx)
        self.vy += STEADY * ((new_y - self.y) / steps - self.vy)
        self.x, self.y = new_x, new_y
        self.width += 0.3 * (body.width - self.width)
        self.height += 0.3 * (body.height - self.height)
        self.sights += 1
        self.missed = 0

    def miss(self) -> None:
        """Go on as before for a picture in which it was not found, slower each time."""
        self.x, self.y = self.expected()
        self.vx, self.vy = 0.9 * self.vx, 0.9 * self.vy
        self.missed += 1


@dataclass(slots=True)
class Tracker:
    """Follows everybody through the pictures of one scene, `fps` a second."""

    fps: float
    tracks: list[Track] = field(default_factory=list)
    _numbers: int = 0

    def look(self, found: list[Body], size: Size) -> list[Track]:
        """Take the bodies of a picture; gives the tracks that ended."""
        pairs = self._matched(found, size)
        taken = {b for _, b in pairs}
        met = {t for t, _ in pairs}
        for t, b in pairs:
            track = self.tracks[t]
            track.meet(found[b])
            track.walked |= math.dist(track.born, (track.x, track.y)) > ROAMED * size.height
        for n, track in enumerate(self.tracks):
            if n not in met:
                track.miss()
        ended = [track for track in self.tracks if track.missed > self._patience(track)]
        self.tracks = [track for track in self.tracks if track not in ended]
        for n, body in enumerate(found):
            if n not in taken:
                self._begin(body)
        return ended

    def _patience(self, track: Track) -> int:
        return round(COAST_S * self.fps) if track.sure else 1

    def _begin(self, body: Body) -> None:
        self._numbers += 1
        x, y = body.left + body.width / 2, body.top + body.height / 2
        self.tracks.append(Track(self._numbers, x, y, body.width, body.height))

    def _matched(self, found: list[Body], size: Size) -> list[tuple[int, int]]:
        if not self.tracks or not found:
            return []
        cost = np.full((len(self.tracks), len(found)), FAR)
        for t, track in enumerate(self.tracks):
            ahead = track.expected()
            reach = REACH * max(size.width, size.height / 2) + math.hypot(track.vx, track.vy)
            reach *= 1.0 + 0.1 * track.missed
            for b, body in enumerate(found):
                middle = (body.left + body.width / 2, body.top + body.height / 2)
                distance = math.dist(ahead, middle)
                if distance <= reach:
                    cost[t, b] = distance / reach - 0.2 * track.sure
        return [(t, b) for t, b in assign(cost) if cost[t, b] < FAR]
