"""The label access point: draws what it is sent, takes its time, and says what is on the glass."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import threading
import time
from collections.abc import Callable

import msgspec
import structlog
from msgspec import Struct
from PIL import Image, UnidentifiedImageError

from devices.agent import Agent
from devices.mqtt import BrokerAddress
from devices.simulator.dice import dice
from devices.simulator.layout import ACCESS_POINT

DRAWING_S = (0.3, 2.0)
REPORT_S = 60.0
BATTERY_MV = (2750, 3050)

log = structlog.get_logger()


class _Show(Struct, frozen=True):
    label: str
    image: str
    format: str
    data: str
    revision: int = 0


class _Command(Struct, frozen=True):
    id: str
    name: str
    args: dict[str, str]


class AccessPoint:
    """All labels of the shop behind one device; a panel draws one picture after the other."""

    def __init__(self, address: BrokerAddress, store: str, seed: int) -> None:
        """Prepare the device; `start` connects it."""
        self._chance = dice(seed, "labels")
        self._glass: dict[str, str] = {}
        self._revisions: dict[str, int] = {}
        self._drawing: list[tuple[float, str, int, str]] = []
        self._changed = threading.Condition()
        self._stopped = False
        self._reported = time.monotonic()
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
        return dict(self._glass)

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
        due = time.monotonic() + self._chance.uniform(*DRAWING_S)
        with self._changed:
            self._drawing.append((due, show.label, show.revision, image))
            self._changed.notify()

    def _obey(self, payload: bytes) -> None:
        command = msgspec.json.decode(payload, type=_Command)
        known = command.name == "identify"
        error = {} if known else {"error": f"expected identify, came {command.name}"}
        self._agent.publish_plain("result", {"id": command.id, "ok": known, **error})

    def _run(self) -> None:
        while not self._stopped:
            with self._changed:
                now = time.monotonic()
                ready = [drawn for drawn in self._drawing if drawn[0] <= now]
                self._drawing = [drawn for drawn in self._drawing if drawn[0] > now]
                if not ready:
                    self._changed.wait(self._pause(now))
            for _, label, revision, image in sorted(ready):
                if revision < self._revisions.get(label, 0):
                    continue  # overtaken on its way: an older price must not come back
                self._revisions[label] = revision
                self._glass[label] = image
                self._agent.publish("shown", {"t": _now(), "label": label, "image": image})
            self._report()

    def _pause(self, now: float) -> float:
        return min([REPORT_S, *(due - now for due, *_ in self._drawing)])

    def _report(self) -> None:
        if not self._glass or time.monotonic() - self._reported < REPORT_S:
            return
        self._reported = time.monotonic()
        label = self._chance.choice(sorted(self._glass))
        battery = self._chance.randint(*BATTERY_MV)
        report = {"t": _now(), "label": label, "battery_mv": battery, "rssi": -61, "temp_c": 22.5}
        self._agent.publish("report", report)


def _now() -> int:
    return time.time_ns() // 1_000_000
