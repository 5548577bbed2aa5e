"""What befalls the access points of `benchmarks.fleet`: crashes by a seed; what the radio did."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from devices.simulator.access_point import EmulatedAccessPoint
from devices.simulator.access_point_air import Air
from devices.simulator.dice import dice

BETWEEN_S = (300.0, 1200.0)  # crashes in the shop, not of each access point
DOWN_S = (10.0, 60.0)
WRITTEN = 0.5  # share of the crashes before which the records were saved
PULSE_S = 0.02


class Weather:
    """Crashes one access point after the other; durations are seconds of their time."""

    def __init__(self, points: Sequence[EmulatedAccessPoint], speed: float, seed: int) -> None:
        """Nothing happens before `run`."""
        self._points = points
        self._speed = speed
        self._chance = dice(seed, "weather")
        self._forgotten = 0
        self.crashes = 0

    def run(self, stop: threading.Event) -> None:
        """Let crashes happen until `stop` is set, the first one at once."""
        while not stop.is_set():
            self._crash(self._chance.choice(self._points))
            stop.wait(self._chance.uniform(*BETWEEN_S) / self._speed)

    def _crash(self, point: EmulatedAccessPoint) -> None:
        with point.air() as air:
            before = _booked(air)
            down_s, saved = self._chance.uniform(*DOWN_S), self._chance.random() < WRITTEN
            air.crash(down_s, saved=saved)
            after = _booked(air)
            self._forgotten += before - after
        point.drop_sockets()
        self.crashes += 1

    def transfers(self) -> int:
        """Count the transfers that access points have booked so far, also those they forgot."""
        booked = 0
        for point in self._points:
            with point.air() as air:
                booked += _booked(air)
        return booked + self._forgotten


class Pulse:
    """Watches whether the access points keep up with their clocks."""

    def __init__(self, points: Sequence[EmulatedAccessPoint]) -> None:
        """Nothing is watched before `run`."""
        self._points = points
        self.late: list[float] = []

    def run(self, stop: threading.Event) -> None:
        """Ask each access point for its time until `stop` is set."""
        while not stop.is_set():
            for point in self._points:
                due = time.monotonic() + PULSE_S
                if stop.wait(PULSE_S):
                    return
                with point.air():
                    self.late.append(time.monotonic() - due)


def _booked(air: Air) -> int:
    return sum(record.updatecount for record in air.records.values())
