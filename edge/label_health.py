"""How shelf labels do: battery, signal, temperature, and when they were last heard of."""

from __future__ import annotations

from msgspec.structs import replace

from edge.events import Event
from edge.labels import (
    LOST,
    LOW_BATTERY,
    SILENT,
    Label,
    health_changed,
    with_problem,
    without_problems,
)
from edge.readings import LabelReported, ProblemReported
from edge.rows import Rows

RECOVERED_MV = 100  # a battery in the warm is a little fuller: an alarm is to end only once
LOOK_EVERY_MS = 60_000


class LabelHealth:
    """The faults of labels; all that a label says is a sign of life."""

    def __init__(
        self, labels: Rows[str, Label], *, low_battery_mv: int, lost_after_ms: int, now: int
    ) -> None:
        """Watch these rows."""
        self._labels = labels
        self._low_battery_mv = low_battery_mv
        self._lost_after_ms = lost_after_ms
        self._looked = now

    def report(self, reading: LabelReported, now: int) -> list[Event]:
        """Keep what a label says of itself; what it does not tell this time stays as it was."""
        label = self._labels.get(reading.label)
        if label is None:
            return []
        told = {
            "battery_mv": reading.battery_mv,
            "rssi": reading.rssi,
            "temp_c": reading.temp_c,
        }
        known = {name: value for name, value in told.items() if value is not None}
        return self._put(self._weighed(replace(label, **known)), min(reading.t, now))

    def heard(self, name: str, at: int) -> list[Event]:
        """Note a sign of life (epoch ms)."""
        label = self._labels.get(name)
        return [] if label is None else self._put(label, at)

    def tell(self, reading: ProblemReported) -> list[Event]:
        """Take the word of a label's device that it has a fault, or has it no longer."""
        label = self._labels.get(reading.label or "")
        if label is None:
            return []
        told = with_problem(label, reading.problem, active=reading.active)
        return self._put(told, told.seen)

    def advance(self, now: int) -> list[Event]:
        """Look for labels of which nothing was heard for long.

        While nothing is heard of any label of a device, that is the device's fault.
        """
        before, self._looked = self._looked, now
        if before // LOOK_EVERY_MS == now // LOOK_EVERY_MS:
            return []
        heard: dict[str, int] = {}
        for label in self._labels:
            heard[label.device] = max(heard.get(label.device, 0), _since(label))
        events: list[Event] = []
        for label in self._labels:
            silent = label.state != "removed" and now - _since(label) > self._lost_after_ms
            if silent and now - heard[label.device] <= self._lost_after_ms:
                events += self._put(with_problem(label, LOST, active=True), label.seen)
        return events

    def _weighed(self, label: Label) -> Label:
        if label.battery_mv is None:
            return label
        known = LOW_BATTERY in label.problems
        enough = self._low_battery_mv + (RECOVERED_MV if known else 0)
        return with_problem(label, LOW_BATTERY, active=label.battery_mv < enough)

    def _put(self, label: Label, seen: int) -> list[Event]:
        """Save a label with its newest sign of life; tell when its faults are others now."""
        before = self._labels[label.label]
        if seen > before.seen:
            label = without_problems(replace(label, seen=seen), LOST, SILENT)
        if label != before:
            self._labels.put(label.label, label)
        return [health_changed(label)] if label.problems != before.problems else []


def _since(label: Label) -> int:
    """Give since when nothing was heard of a label."""
    return max(label.seen, label.installed)
