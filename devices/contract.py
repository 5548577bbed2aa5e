"""What every codec shares: the field types of the contract, and errors with a path.

A codec turns one payload into `Claims`, or raises ContractError with the path of the field that
breaks the contract (`reads[2].epc`), what was expected and what came.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, NoReturn, TypeVar

import msgspec
from msgspec import Meta, Struct
from msgspec.json import Decoder

from devices.gtin import gtin14
from edge.errors import ContractError
from edge.readings import Reading

MAX_PAYLOAD = 256 * 1024
MAX_READS = 10_000
MAX_TIME = 253_402_300_799_999  # the last millisecond that RFC 3339 can write: year 9999
MAX_INTEGER = 2**53 - 1  # beyond it, JavaScript and many JSON libraries lose digits (RFC 8259, 6)

EpochMs = Annotated[int, Meta(ge=0, le=MAX_TIME)]
Seq = Annotated[int, Meta(ge=1, le=MAX_INTEGER)]
Count = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
Amount = Annotated[int, Meta(ge=-MAX_INTEGER, le=MAX_INTEGER)]
Antenna = Annotated[int, Meta(ge=1, le=65535)]
Dbm = Annotated[float, Meta(ge=-200, le=100)]
Seconds = Annotated[float, Meta(ge=0, le=MAX_INTEGER)]
Word = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"\A[^\x00-\x1f\x7f]*\Z")]
EpcHex = Annotated[str, Meta(min_length=8, max_length=64)]

Value = TypeVar("Value")

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){4,32}")
_STEPS = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_QUOTED = 60
_PLAIN = {
    "Invalid enum value": "a word of the contract",
    "Invalid RFC3339 encoded datetime": "an RFC 3339 time",
    "Number out of range": "a number that a double holds",
    "Integer value out of range": "an integer of fewer digits",
}


class Claims(Struct, frozen=True):
    """What one payload claims; `boot` and `seq` are None where the device does not number."""

    readings: tuple[Reading, ...]
    boot: str | None = None
    seq: int | None = None


Codec = Callable[[bytes], Claims]


class Numbered(Struct, frozen=True, kw_only=True):
    """The fields of every native message that make a repeat harmless."""

    boot: Word | None = None
    seq: Seq | None = None

    def claims(self, *readings: Reading) -> Claims:
        """Give readings of this message their number."""
        return Claims(readings, self.boot, self.seq)


def read(decoder: Decoder[Value], payload: bytes, most: int = MAX_PAYLOAD) -> Value:
    """Decode JSON of at most so many bytes into the decoder's type.

    Raises ContractError, whatever the bytes are.
    """
    if len(payload) > most:
        raise ContractError("payload", f"at most {most} bytes", f"{len(payload)} bytes")
    try:
        # All of it must be UTF-8; msgspec would let bad bytes pass in fields that nobody reads.
        return decoder.decode(str(payload, "utf-8"))
    except msgspec.ValidationError as fault:
        raise _breach(str(fault), payload) from fault
    except UnicodeDecodeError as fault:
        came = f"byte 0x{payload[fault.start]:02x} at {fault.start}"
        raise ContractError("payload", "UTF-8 text", came) from fault
    except RecursionError as fault:
        raise ContractError("payload", "JSON of a few levels", "hundreds of levels") from fault
    except msgspec.DecodeError as fault:
        raise ContractError("payload", "JSON", f"{quoted(payload)} ({fault})") from fault


def epc_of(text: str, path: str) -> str:
    """Normalise an EPC to upper-case hex; raises ContractError when it is none."""
    if not _HEX.fullmatch(text):
        raise ContractError(path, "an EPC of 8 to 64 hex digits, an even number", quoted(text))
    return text.upper()


def gtin_of(text: str, path: str) -> str:
    """Normalise a GTIN to 14 digits; raises ContractError when it is none."""
    gtin = gtin14(text)
    if gtin is None:
        refuse(path, "a GTIN of 8, 12, 13 or 14 digits with its check digit", text)
    return gtin


def refuse(path: str, expected: str, came: object) -> NoReturn:
    """Raise the ContractError of a field, quoting what came."""
    raise ContractError(path, expected, quoted(came))


def quoted(came: object) -> str:
    """Show what came, cut to a length that a person reads."""
    if came is None:
        return "nothing"
    text = repr(came[: _QUOTED + 1] if isinstance(came, (str, bytes)) else came)
    return text if len(text) <= _QUOTED else f"{text[: _QUOTED - 3]}..."


def _breach(fault: str, payload: bytes) -> ContractError:
    """Translate msgspec's ``Expected `int` >= 1 - at `$.reads[2].ant` `` into our terms."""
    what, _, place = fault.partition(" - at `$")
    path = place.removesuffix("`")
    if missing := re.fullmatch(r"Object missing required field `(.+)`", what):
        return ContractError(f"{path}.{missing[1]}".lstrip("."), "a value", "nothing")
    expected, kind = _expected(what.replace("`", ""))
    came = _at(path, payload) or kind or "something else"
    return ContractError(path.lstrip(".") or "payload", expected, came)


def _expected(what: str) -> tuple[str, str]:
    """Split msgspec's complaint: what was expected and, where it says so, the type that came."""
    if what.startswith("Expected "):
        expected, _, kind = what.removeprefix("Expected ").partition(", got ")
        return expected, kind
    return next((plain for start, plain in _PLAIN.items() if what.startswith(start)), what), ""


def _at(path: str, payload: bytes) -> str:
    """Quote what stands at a path of the payload; empty when that cannot be told."""
    try:
        value: Any = msgspec.json.decode(payload)
        for name, index in _STEPS.findall(path):
            value = value[name] if name else value[int(index)]
        return quoted(value) if value is not None else "null"
    except (ValueError, RecursionError, LookupError, TypeError):
        return ""  # the fault stands; only the quotation is lost
