"""Native messages of shelf labels: which picture is on the glass, how the label does, faults.

And the one command that labels take, as whoever drives them reads it.
"""

from __future__ import annotations

from typing import Annotated, get_args

from msgspec import Meta, Raw, Struct
from msgspec.json import Decoder

from devices.contract import Claims, Dbm, EpochMs, Numbered, Word, read, refuse
from edge.commands import LedColour
from edge.readings import LabelReported, LabelShown, ProblemReported

LED_COLOURS: tuple[str, ...] = get_args(LedColour)

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
    label: Word | None = None
    active: bool = True


class Identify(Struct, frozen=True):
    """A label is to flash in a colour for so many seconds."""

    label: Word
    colour: str = "green"
    seconds: Annotated[int, Meta(ge=1, le=600)] = 10


class LabelCommand(Struct, frozen=True):
    """`command`: its id comes back in the answer."""

    id: str
    name: str
    args: Raw = Raw(b"{}")

    def identify(self) -> Identify:
        """Give what is to flash; raises ContractError where it is another command, or wrong."""
        if self.name != "identify":
            refuse("name", "identify", self.name)
        asked = read(_identify, bytes(self.args))
        if asked.colour not in LED_COLOURS:
            refuse("colour", f"one of {', '.join(LED_COLOURS)}", asked.colour)
        return asked


_shown = Decoder(_Shown)
_report = Decoder(_Report)
_problem = Decoder(_Problem)
_identify = Decoder(Identify)

read_command = Decoder(LabelCommand).decode


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
    """Decode `problem`: `{"t", "problem": a short code, "label"?, "active"?: false when over}`."""
    came = read(_problem, payload)
    return came.claims(ProblemReported(came.t, came.problem, came.active, label=came.label))
