"""A person on the floor: walks, pauses, looks like somebody."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from devices.simulator.layout import Point
from devices.simulator.routes import route


class Walk(Struct, frozen=True):
    """Go to a spot; `straight` leaves the routes out (through the door)."""

    goal: Point
    straight: bool = False


class Pause(Struct, frozen=True):
    """Stand still for some seconds."""

    seconds: float


Act = Walk | Pause
Trip = Iterator[Act]
Role = Literal["shopper", "staff"]


class Seen(Struct, frozen=True):
    """How a person appears from above: place in metres, heading in radians, looks by number.

    `stride` counts metres walked: it moves the feet.
    """

    person: int
    role: Role
    x: float
    y: float
    heading: float
    stride: float


class Person:
    """Somebody who carries out a trip act by act."""

    def __init__(self, number: int, role: Role, at: Point, speed: float) -> None:
        """Stand at `at`; `speed` is in metres a second."""
        self.number = number
        self.role = role
        self.at = at
        self.goal = at
        self._speed = speed
        self._heading = -math.pi / 2
        self._stride = 0.0
        self._way: list[Point] = []
        self._pause = 0.0
        self._trip: Trip = iter(())

    def follow(self, trip: Trip) -> None:
        """Take up a trip."""
        self._trip = trip

    def seen(self) -> Seen:
        """Give how this person appears now."""
        return Seen(self.number, self.role, *self.at, self._heading, self._stride)

    def advance(self, dt: float) -> bool:
        """Spend `dt` seconds on the trip; False when the trip is over."""
        left = self._stand(self._walk(dt))
        while left > 0.0:
            act = next(self._trip, None)
            if act is None:
                return False
            self._begin(act)
            left = self._stand(self._walk(left))
        return True

    def _begin(self, act: Act) -> None:
        if isinstance(act, Pause):
            self._pause = act.seconds
            return
        self.goal = act.goal
        if act.goal != self.at:
            self._way = [act.goal] if act.straight else list(route(self.at, act.goal))

    def _stand(self, dt: float) -> float:
        spent = min(dt, self._pause)
        self._pause -= spent
        return dt - spent

    def _walk(self, dt: float) -> float:
        while self._way and dt > 0.0:
            dt = self._step_to(self._way[0], dt)
        return dt

    def _step_to(self, turn: Point, dt: float) -> float:
        far = math.dist(self.at, turn)
        reach = self._speed * dt
        self._heading = math.atan2(turn[1] - self.at[1], turn[0] - self.at[0])
        self._stride += min(reach, far)
        if reach < far:
            part = reach / far
            self.at = (
                self.at[0] + (turn[0] - self.at[0]) * part,
                self.at[1] + (turn[1] - self.at[1]) * part,
            )
            return 0.0
        self.at = self._way.pop(0)
        return dt - far / self._speed
