"""The driver of one OpenEPaperLink access point: pictures go out, and only what is drawn is told.

It takes the native `show` and `identify` and answers with the native `shown`, `report`, `problem`
and `result`, so that the gateway sees one contract for all labels. How a picture is brought to a
label, and why so, is in openepaperlink_errand.py.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import structlog
from msgspec import Struct

from devices.agent import Agent
from devices.labels.confirmation import Confirmation
from devices.labels.native import LabelCommand, read_command
from devices.labels.openepaperlink_api import (
    AccessPoint,
    AccessPointAway,
    Ear,
    Record,
    UnknownLabel,
)
from devices.labels.openepaperlink_errand import Drawn, Errand, Step, Timing
from devices.labels.openepaperlink_led import led_pattern
from devices.labels.openepaperlink_words import Picture, Show, read_show
from devices.mqtt import BrokerAddress
from edge.errors import ContractError, RenderError

Publish = Callable[[str, Mapping[str, Any]], object]

WINDOW = 16
"""Labels that may wait for the one radio at once: 16 take it for about a minute."""

AWAY_AFTER = 3
"""Failures on end after which the access point counts as away."""

BEAT_S = 0.02

_log = structlog.get_logger(__name__)


class _Told(Struct, frozen=True):
    """A downlink, as it came."""

    leaf: str
    payload: bytes


class _Complained(Struct, frozen=True):
    """The access point's `errMsg`."""

    text: str


class OpenEPaperLink:
    """One access point and its labels.

    `hear` may be called from any thread; all else happens on the thread that runs `run`.
    """

    def __init__(
        self,
        address: str,
        labels: Mapping[str, str],
        publish: Publish,
        answer: Publish,
        timing: Timing | None = None,
    ) -> None:
        """Take the access point's address (`http://host`) and its labels: id to MAC in hex.

        `publish` gets numbered messages (leaf, payload) and `answer` plain ones.
        """
        self._macs = {label: mac.upper() for label, mac in labels.items()}
        self._labels = {mac: label for label, mac in self._macs.items()}
        self._publish = publish
        self._answer = answer
        self._timing = timing or Timing()
        self._inbox: queue.SimpleQueue[_Told | _Complained | Record] = queue.SimpleQueue()
        self._point = AccessPoint(address)
        self._ear = Ear(
            address,
            self._inbox.put,
            lambda text: self._inbox.put(_Complained(text)),
            (self._timing.first_pause_s, self._timing.longest_pause_s),
        )
        self._errands: dict[str, Errand] = {}
        self._drawn: dict[str, Drawn] = {}
        self._revisions: dict[str, int] = {}
        self._problems: dict[tuple[str, str | None], bool] = {}
        self._lastseen: dict[str, int] = {}
        self._heard: dict[str, float] = {}
        self._reported = dict.fromkeys(self._macs, float("-inf"))
        self._failures = 0
        self._away_since = 0.0
        self._pause = 0.0
        self._quiet_until = 0.0
        self._sweep = self._point.records(self._labels)
        self._sweep_due = 0.0

    def hear(self, leaf: str, payload: bytes) -> None:
        """Take a downlink of the native contract, as `Agent` hands it over."""
        self._inbox.put(_Told(leaf, payload))

    def confirmation(self, label: str) -> Confirmation | None:
        """Give what is known of the picture that a label is to show; None before it was taken."""
        errand = self._errands.get(label)
        if errand is not None:
            return errand.confirmation
        return Confirmation.DRAWN if label in self._drawn else None

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set."""
        self._heard = dict.fromkeys(self._macs, time.monotonic())
        self._ear.start()
        try:
            while not stop.is_set():
                self._turn()
        finally:
            self._ear.stop()
            self._point.close()

    def _turn(self) -> None:
        try:
            self._take_all()
            now = time.monotonic()
            if now >= self._quiet_until:
                self._go(now)
                self._look_around(now)
        except AccessPointAway as fault:
            self._back_off(fault)

    def _back_off(self, fault: AccessPointAway) -> None:
        first, longest = self._timing.first_pause_s, self._timing.longest_pause_s
        if not self._failures:
            self._away_since = time.monotonic()
        self._pause = min(2 * self._pause, longest) if self._failures else first
        self._quiet_until = time.monotonic() + self._pause
        self._failures += 1
        _log.warning("the access point is away", why=str(fault), failures=self._failures)
        if self._failures >= AWAY_AFTER:
            self._problem("access-point-away", active=True)

    def _answered(self) -> None:
        if self._failures:
            # Nobody could be heard meanwhile, which says nothing of the labels.
            away_s = time.monotonic() - self._away_since
            self._heard = {label: heard + away_s for label, heard in self._heard.items()}
            self._failures = 0
        self._problem("access-point-away", active=False)

    def _take_all(self) -> None:
        """Take what came; wait a beat where nothing did."""
        try:
            came = self._inbox.get(timeout=BEAT_S)
            while True:
                self._take(came)
                came = self._inbox.get_nowait()
        except queue.Empty:
            return

    def _take(self, came: _Told | _Complained | Record) -> None:
        if isinstance(came, Record):
            self._note(came)
            errand = self._errands.get(self._labels.get(came.mac, ""))
            if errand is not None:
                errand.look_soon(time.monotonic())
        elif isinstance(came, _Complained):
            self._complained(came.text)
        elif came.leaf == "show":
            self._show(came.payload)
        elif came.leaf == "command":
            self._obey(came.payload)

    def _show(self, payload: bytes) -> None:
        try:
            show = read_show(payload)
        except msgspec.MsgspecError as fault:
            _log.warning("a picture that nobody can read", fault=str(fault))
            return
        if show.label not in self._macs:
            _log.warning("a picture for a label of somebody else", label=show.label)
            return
        if show.revision < self._revisions.get(show.label, 0):
            return  # overtaken on its way: an older price must not come back
        self._revisions[show.label] = show.revision
        picture = self._picture(show)
        if picture is not None:
            self._bring(show.label, picture, time.monotonic())

    def _picture(self, show: Show) -> Picture | None:
        try:
            picture = show.picture()
        except RenderError as fault:
            _log.warning("a picture cannot be sent", label=show.label, why=str(fault))
            picture = None
        self._problem("picture", show.label, active=picture is None)
        return picture

    def _bring(self, label: str, picture: Picture, now: float) -> None:
        errand = self._errands.get(label)
        if errand is not None:
            if errand.wanted != picture:
                errand.want(picture, now)
            return
        drawn = self._drawn.get(label)
        same = drawn is not None and drawn.picture.jpeg == picture.jpeg
        step = Step.CHECKING if same else Step.DUE
        self._errands[label] = Errand(self._macs[label], picture, self._timing, now, drawn, step)

    def _obey(self, payload: bytes) -> None:
        try:
            command = read_command(payload)
        except msgspec.MsgspecError as fault:
            _log.warning("a command that nobody can read", fault=str(fault))
            return
        error = self._identify(command)
        told = {"error": error} if error else {}
        self._answer("result", {"id": command.id, "ok": error is None, **told})

    def _identify(self, command: LabelCommand) -> str | None:
        """Let a label flash; gives what is wrong, None when the access point took it."""
        try:
            asked = command.identify()
            mac = self._macs.get(asked.label)
            if mac is None:
                return f"label: expected one of this access point, came {asked.label!r}"
            self._point.flash(mac, led_pattern(asked.colour, asked.seconds))
        except (ContractError, AccessPointAway, UnknownLabel) as fault:
            return str(fault)
        return None

    def _complained(self, text: str) -> None:
        """Start anew what the access point gave up; it names the label by its MAC."""
        now = time.monotonic()
        for errand in self._errands.values():
            if errand.mac in text:
                errand.begin_again(now)

    def _go(self, now: float) -> None:
        """Let every errand that is due take its next step, the eldest first."""
        free = WINDOW - sum(errand.slots(now) for errand in self._errands.values())
        for label, errand in list(self._errands.items()):
            begins = errand.step is Step.DUE
            if errand.due > now or (begins and free <= 0):
                continue
            free -= begins
            self._step(label, errand)

    def _step(self, label: str, errand: Errand) -> None:
        try:
            drawn = errand.work(self._point, time.monotonic())
        except UnknownLabel as fault:
            _log.warning("the access point does not know a label", label=label, why=str(fault))
            errand.due = time.monotonic() + self._timing.look_s
            self._problem("unknown", label, active=True)
            return
        self._answered()
        self._problem("unknown", label, active=False)
        if drawn is not None:
            self._drawn[label] = drawn
            del self._errands[label]
            shown = {"t": _now_ms(), "label": label, "image": drawn.picture.image}
            self._publish("shown", shown)

    def _look_around(self, now: float) -> None:
        """Ask for all records now and then, one call each turn: pictures do not wait for it."""
        if now < self._sweep_due:
            return
        record = next(self._sweep, None)
        if record is None:
            self._sweep = self._point.records(self._labels)
            self._sweep_due = now + self._timing.sweep_s
            self._note_silence(now)
        else:
            self._answered()
            self._note(record)

    def _note(self, record: Record) -> None:
        """Note a sign of life, and pass on how the label does."""
        label = self._labels.get(record.mac)
        if label is None:
            return
        before = self._lastseen.get(label)
        self._lastseen[label] = record.lastseen
        if before is not None:
            if record.lastseen <= before:
                return  # nothing new, or a record from before a crash
            self._woke(label)
        now = time.monotonic()
        if record.battery_mv and now - self._reported[label] >= self._timing.report_s:
            self._reported[label] = now
            self._publish("report", _report(label, record))

    def _woke(self, label: str) -> None:
        self._heard[label] = time.monotonic()
        if self._problems.get(("silent", label)):
            self._reported[label] = float("-inf")  # who was missed reports at once
        self._problem("silent", label, active=False)

    def _note_silence(self, now: float) -> None:
        if self._failures:
            return  # while the access point is away, nobody's silence counts
        for label, heard in self._heard.items():
            if now - heard > self._timing.silent_s:
                self._problem("silent", label, active=True)

    def _problem(self, code: str, label: str | None = None, *, active: bool) -> None:
        """Tell of a problem once, and once of its end.

        Whether the access point is away is told at first, too: an earlier run may have said so. A
        label's word or picture ends what was said of it before.
        """
        known = self._problems.get((code, label), None if label is None else False)
        if known is active:
            return
        self._problems[code, label] = active
        concerned = {} if label is None else {"label": label}
        told = {"t": _now_ms(), "problem": code, **concerned, "active": active}
        self._publish("problem", told)


def drive(
    broker: BrokerAddress,
    store: str,
    device: str,
    address: str,
    labels: Mapping[str, str],
    stop: threading.Event,
    timing: Timing | None = None,
) -> None:
    """Be the label device `device` on MQTT for the access point at `address` until `stop` is set.

    `labels` maps ids of labels to their MACs, 16 hex digits.
    """

    def heard(leaf: str, payload: bytes) -> None:
        driver.hear(leaf, payload)  # there is a driver before anything is heard

    status = {"model": "OpenEPaperLink access point"}
    agent = Agent(broker, store, "label", device, status, on_downlink=heard)
    driver = OpenEPaperLink(address, labels, agent.publish, agent.publish_plain, timing)
    with agent:
        driver.run(stop)


def _report(label: str, record: Record) -> dict[str, Any]:
    """Give battery, signal and temperature as of the label's last check-in."""
    return {
        "t": 1000 * record.lastseen,
        "label": label,
        "battery_mv": record.battery_mv,
        "rssi": record.rssi,
        "temp_c": record.temperature,
    }


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
