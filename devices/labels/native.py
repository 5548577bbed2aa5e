"""Native messages of shelf labels: which picture is on the glass, how the label does, faults."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from msgspec.json import Decoder

from devices.contract import Claims, Dbm, EpochMs, Numbered, Word, read
from edge.readings import LabelReported, LabelShown, ProblemReported

_Image = Annotated[str, Meta(pattern=r"\A[0-9A-Fa-f]{16}\Z")]
_Millivolts = Annotated[int, Meta(ge=0, le=100_000)]
_Celsius = Annotated[float, Meta(ge=-273.15, le=1000)]


class _Shown(Numbered, frozen=True):
    t: EpochMs
    label: Word
    image: _Image


class _Report(Numbered, frozen=True):
    t: EpochMs
    label: Word
    battery_mv: _Millivolts | None = None
    rssi: Dbm | None = None
    temp_c: _Celsius | None = None


class _Problem(Numbered, frozen=True):
    t: EpochMs
    problem: Word
    active: bool = True


_shown = Decoder(_Shown)
_report = Decoder(_Report)
_problem = Decoder(_Problem)


def decode_shown(payload: bytes) -> Claims:
    """Decode `shown`: `{"t", "label", "image": first 16 hex digits of the picture's SHA-256}`."""
    came = read(_shown, payload)
    return came.claims(LabelShown(came.t, came.label, came.image.lower()))


def decode_report(payload: bytes) -> Claims:
    """Decode `report`: `{"t", "label", "battery_mv"?, "rssi"?, "temp_c"?}`."""
    came = read(_report, payload)
    return came.claims(
        LabelReported(came.t, came.label, came.battery_mv, came.rssi, came.temp_c),
    )


def decode_problem(payload: bytes) -> Claims:
    """Decode `problem`: `{"t", "problem": a short code, "active"?: false when it is over}`."""
    came = read(_problem, payload)
    return came.claims(ProblemReported(came.t, came.problem, came.active))
