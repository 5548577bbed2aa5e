"""Recordings: what a shop heard and was asked, one JSON object a line, in files that sort by time.

`{"at":ms,"topic":"...","payload":"text"}` is a message (`payload64` where it is not UTF-8),
`{"at":ms,"command":{...},"n":1}` a command that was carried out, `{"at":ms,"connected":true,"n":2}`
the link to the broker, `{"at":ms,"epoch":7}` the life of the database that a gateway wrote to.
`n` counts commands and link lines, so that those of one moment have an order.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO, NamedTuple, cast

import msgspec
from msgspec import Meta, Struct

from edge.commands import Command
from edge.errors import RecordingError

PLAIN, PACKED = ".jsonl", ".jsonl.gz"
_MAX_TIME = 253_402_300_799_999  # the last millisecond that RFC 3339 can write: year 9999
_SHOWN = 60


class Heard(Struct, frozen=True):
    """A device's message as it came from the broker; `at` is epoch ms in all lines."""

    at: int
    topic: str
    payload: bytes


class Asked(Struct, frozen=True):
    """A command that was carried out."""

    at: int
    command: Command
    n: int = 0


class Linked(Struct, frozen=True):
    """The link to the broker stands, or not any more: then nobody could be heard."""

    at: int
    connected: bool
    n: int = 0


class Founded(Struct, frozen=True):
    """The epoch of the database that this was recorded beside; it is part of a basket's id."""

    at: int
    epoch: int


Line = Heard | Asked | Linked | Founded


class _Written(Struct, frozen=True, omit_defaults=True):
    """All keys that a line may have."""

    at: Annotated[int, Meta(ge=0, le=_MAX_TIME)]
    topic: str | None = None
    payload: str | None = None
    payload64: bytes | None = None
    command: Command | None = None
    connected: bool | None = None
    epoch: int | None = None
    n: int = 0


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Written)


def encode(line: Line) -> bytes:
    """Give a line as JSON, with its line feed."""
    match line:
        case Heard(at, topic, payload):
            try:
                written = _Written(at, topic, payload.decode())
            except UnicodeDecodeError:
                written = _Written(at, topic, payload64=payload)
        case Asked(at, command, n):
            written = _Written(at, command=command, n=n)
        case Linked(at, connected, n):
            written = _Written(at, connected=connected, n=n)
        case Founded(at, epoch):
            written = _Written(at, epoch=epoch)
    return _encoder.encode(written) + b"\n"


def read(source: Path) -> Iterator[Line]:
    """Go through a recording, or all recordings of a folder by name, without keeping any of it.

    The last line of a file may be torn: the power went while it was written. Raises
    RecordingError with file and line for anything else that is no recording.
    """
    for file in _files(source):
        yield from _lines(file)


def _files(source: Path) -> list[Path]:
    """Give the files of a recording in the order of their names; a packed one replaces its own."""
    if source.is_file():
        return [source]
    found = {_stem(file): file for file in sorted(source.glob("*" + PLAIN))}
    found |= {_stem(file): file for file in sorted(source.glob("*" + PACKED))}
    if not found:
        expected = f"a recording, or a folder of files that end in {PLAIN} or {PACKED}"
        came = "an empty folder" if source.is_dir() else "nothing there"
        raise RecordingError(str(source), 0, expected, came)
    return [found[stem] for stem in sorted(found)]


def _stem(file: Path) -> str:
    return file.name.removesuffix(".gz").removesuffix(PLAIN)


def _lines(file: Path) -> Iterator[Line]:
    for number, text in _texts(file):
        try:
            yield _line(_decoder.decode(text))
        except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
            if not text.endswith(b"\n"):
                return
            raise RecordingError(str(file), number, *_breach(fault, text)) from fault
        except _NoLine as fault:
            raise RecordingError(str(file), number, _LINES, _quoted(text)) from fault


class _Numbered(NamedTuple):
    number: int
    text: bytes


def _texts(file: Path) -> Iterator[_Numbered]:
    number = 0
    with _open(file) as opened:
        try:
            for number, text in enumerate(opened, start=1):
                if text != b"\n":
                    yield _Numbered(number, text)
        except EOFError:
            return  # packed by somebody who was interrupted: what is there is whole
        except (gzip.BadGzipFile, zlib.error) as fault:
            expected = "a file that gzip can unpack"
            raise RecordingError(str(file), number + 1, expected, str(fault)) from fault


def _open(file: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(file)) if file.suffix == ".gz" else file.open("rb")


_LINES = "a line with topic and payload (or payload64), command, connected, or epoch"


class _NoLine(Exception):  # noqa: N818  (it does not leave this file)
    """JSON of the right types that says nothing."""


def _line(written: _Written) -> Line:
    if written.topic is not None:
        if written.payload is not None:
            return Heard(written.at, written.topic, written.payload.encode())
        if written.payload64 is not None:
            return Heard(written.at, written.topic, written.payload64)
    elif written.command is not None:
        return Asked(written.at, written.command, written.n)
    elif written.connected is not None:
        return Linked(written.at, written.connected, written.n)
    elif written.epoch is not None:
        return Founded(written.at, written.epoch)
    raise _NoLine


def _breach(fault: Exception, text: bytes) -> tuple[str, str]:
    """Translate msgspec's ``Expected `int`, got `str` - at `$.at` `` into expected and came."""
    if not isinstance(fault, msgspec.ValidationError):
        return "a JSON object", f"{_quoted(text)} ({fault})"
    what, _, path = str(fault).replace("`", "").partition(" - at $.")
    expected, _, came = what.removeprefix("Expected ").partition(", got ")
    return f"{expected} as {path}" if path else expected, came or _quoted(text)


def _quoted(text: bytes) -> str:
    shown: Any = text.rstrip(b"\n").decode("utf-8", "backslashreplace")
    return repr(shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 3]}...")
