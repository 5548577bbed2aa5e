"""The label access point: draws what it is sent, takes its time, and says what is on the glass."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import msgspec
import structlog
from msgspec import Struct
from PIL import Image, UnidentifiedImageError

from devices.agent import Agent
from devices.labels.native import Identify, read_command
from devices.mqtt import BrokerAddress
from devices.simulator.dice import dice
from devices.simulator.layout import ACCESS_POINT
from edge.errors import ContractError

DRAWING_S = (0.3, 2.0)
REPORT_S = 60.0
LEAST_APART_S = 0.05
FRESH_MV = (2750, 3050)
EMPTY_MV = 2200
REPORTS_A_MV = (5, 20)
RSSI = (-85, -45)
WARMTH_C = (20.5, 24.5)
FLASHES_KEPT = 100

log = structlog.get_logger()


class _Show(Struct, frozen=True):
    label: str
    image: str
    format: str
    data: str
    revision: int = 0
    at: int | None = None


class _Drawing(Struct, frozen=True, order=True):
    """A picture that will be drawn at `due` and begins at `begins` (monotonic seconds)."""

    due: float
    begins: float
    label: str
    revision: int
    image: str

    def is_kept_for(self, newer: _Drawing, now: float) -> bool:
        """Say whether it is only kept yet, and what came for the same label replaces it."""
        return self.label == newer.label and self.revision < newer.revision and self.begins > now


@dataclass(slots=True)
class _Label:
    """What is on a label's glass, and how it does: its battery falls by a mV now and then."""

    chance: Random
    fresh_mv: int
    reports_a_mv: int
    rssi: int
    image: str = ""
    revision: int = 0
    reports: int = 0

    def report(self) -> dict[str, Any]:
        """Give battery, signal and temperature; the n-th report of a label is always the same."""
        spent = self.reports // self.reports_a_mv
        self.reports += 1
        return {
            "battery_mv": max(EMPTY_MV, self.fresh_mv - spent),
            "rssi": self.rssi + self.chance.randint(-3, 3),
            "temp_c": round(self.chance.uniform(*WARMTH_C), 1),
        }


class AccessPoint:
    """All labels of the shop behind one device; a panel draws one picture after the other.

    Every label reports about once in `report_s`, one after the other.
    """

    def __init__(
        self, address: BrokerAddress, store: str, seed: int, report_s: float = REPORT_S
    ) -> None:
        """Prepare the device; `start` connects it."""
        self._seed = seed
        self._chance = dice(seed, "labels")
        self._labels: dict[str, _Label] = {}
        self._turns: deque[str] = deque()
        self._report_s = report_s
        self._report_due = time.monotonic()
        self._flashed: deque[Identify] = deque(maxlen=FLASHES_KEPT)
        self._drawing: list[_Drawing] = []
        self._changed = threading.Condition()
        self._stopped = False
        self._agent = Agent(
            address,
            store,
            "label",
            ACCESS_POINT,
            {"model": "simulated access point", "fw": "1.0"},
            on_downlink=self._hear,
        )
        self._thread = threading.Thread(target=self._run, name="labels")
        self._on: dict[str, Callable[[bytes], None]] = {
            "show": self._show,
            "command": self._obey,
        }

    @property
    def shown(self) -> dict[str, str]:
        """The picture on the glass of each label, by its hash."""
        return {name: label.image for name, label in self._labels.copy().items()}

    @property
    def flashed(self) -> tuple[Identify, ...]:
        """What flashed, the last at the end."""
        return tuple(self._flashed)

    def start(self) -> None:
        """Connect, and begin to draw."""
        self._agent.start()
        self._thread.start()

    def stop(self) -> None:
        """Stop drawing and disconnect."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join()
        self._agent.stop()

    def _hear(self, leaf: str, payload: bytes) -> None:
        act = self._on.get(leaf)
        if act is not None:
            act(payload)

    def _show(self, payload: bytes) -> None:
        try:
            show = msgspec.json.decode(payload, type=_Show)
            png = base64.b64decode(show.data, validate=True)
            Image.open(io.BytesIO(png)).load()
        except (msgspec.MsgspecError, binascii.Error, UnidentifiedImageError, OSError) as fault:
            log.warning("a label cannot draw what came", fault=str(fault))
            return
        image = hashlib.sha256(png).hexdigest()[:16]
        now = time.monotonic()
        begins = now if show.at is None else now + max(0, show.at - _now()) / 1000
        drawing = _Drawing(
            begins + self._chance.uniform(*DRAWING_S), begins, show.label, show.revision, image
        )
        with self._changed:
            kept = (d for d in self._drawing if not d.is_kept_for(drawing, now))
            self._drawing = [*kept, drawing]
            self._changed.notify()

    def _obey(self, payload: bytes) -> None:
        try:
            command = read_command(payload)
        except msgspec.MsgspecError as fault:
            log.warning("a command that nobody can read", fault=str(fault))
            return
        error = {}
        try:
            self._flashed.append(command.identify())
        except ContractError as fault:
            error = {"error": str(fault)}
        self._agent.publish_plain("result", {"id": command.id, "ok": not error, **error})

    def _run(self) -> None:
        while not self._stopped:
            with self._changed:
                now = time.monotonic()
                ready = [drawing for drawing in self._drawing if drawing.due <= now]
                self._drawing = [drawing for drawing in self._drawing if drawing.due > now]
                if not ready:
                    self._changed.wait(self._pause(now))
            for drawing in sorted(ready):
                self._draw(drawing.label, drawing.revision, drawing.image)
            self._report()

    def _draw(self, name: str, revision: int, image: str) -> None:
        label = self._label(name)
        if revision < label.revision:
            return  # overtaken on its way: an older price must not come back
        label.revision, label.image = revision, image
        self._agent.publish("shown", {"t": _now(), "label": name, "image": image})

    def _label(self, name: str) -> _Label:
        label = self._labels.get(name)
        if label is None:
            chance = dice(self._seed, "label", name)
            fresh, lasts, rssi = (chance.randint(*ends) for ends in (FRESH_MV, REPORTS_A_MV, RSSI))
            label = self._labels[name] = _Label(chance, fresh, lasts, rssi)
            self._turns.append(name)
        return label

    def _pause(self, now: float) -> float:
        report_due = max(self._report_due, now) if self._turns else now + self._report_s
        return min([report_due, *(drawing.due for drawing in self._drawing)]) - now

    def _report(self) -> None:
        now = time.monotonic()
        if not self._turns or now < self._report_due:
            return
        self._report_due = now + max(LEAST_APART_S, self._report_s / len(self._turns))
        name = self._turns[0]
        self._turns.rotate(-1)
        self._agent.publish("report", {"t": _now(), "label": name, **self._labels[name].report()})


def _now() -> int:
    return time.time_ns() // 1_000_000
