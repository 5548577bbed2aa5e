"""What a camera is told: what to watch, and two commands, as whoever drives it reads them."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from msgspec import UNSET, Meta, Raw, Struct, UnsetType
from msgspec.json import Decoder

from devices.contract import Count, Word, read, refuse

MOST = 100
"""Lines, areas or masks of one camera, and corners of a polygon."""
LEAST_AREA = 1e-6
"""Of a polygon, as a share of the picture."""

Fraction = Annotated[float, Meta(ge=0, le=1)]
Point = tuple[Fraction, Fraction]
Polygon = Annotated[tuple[Point, ...], Meta(min_length=3, max_length=MOST)]


class WatchedLine(Struct, frozen=True):
    """A counting line; `entrance` is the gateway's concern."""

    name: Word
    start: Point
    end: Point
    entrance: bool = True


class WatchedArea(Struct, frozen=True):
    """An area that counts for a zone; `queue` is the gateway's concern."""

    zone: Word
    polygon: Polygon
    queue: bool = False
    loiter_s: Annotated[float, Meta(gt=0)] | None = None


class Watch(Struct, frozen=True):
    """What a camera is to watch; what is UNSET stays as the camera was started with."""

    lines: Annotated[tuple[WatchedLine, ...], Meta(max_length=MOST)] | UnsetType = UNSET
    areas: Annotated[tuple[WatchedArea, ...], Meta(max_length=MOST)] | UnsetType = UNSET
    masks: Annotated[tuple[Polygon, ...], Meta(max_length=MOST)] | UnsetType = UNSET
    body: Annotated[float, Meta(gt=0, le=1)] | UnsetType | None = UNSET


class CameraConfig(Struct, frozen=True):
    """`config`: a version, and what to watch from now on."""

    version: Count
    config: Watch


class Snapshot(Struct, frozen=True):
    """A picture is asked for, with people blurred or not."""

    blur: bool = True


class Show(Struct, frozen=True):
    """Boxes and counts are asked for, for so many seconds."""

    seconds: Annotated[float, Meta(ge=1, le=60)] = 30


class CameraCommand(Struct, frozen=True):
    """`command`: its id comes back in the answer."""

    id: Word
    name: str
    args: Raw = Raw(b"{}")

    def wish(self) -> Snapshot | Show:
        """Give what is asked for; raises ContractError where it is another command, or wrong."""
        if self.name == "snapshot":
            return read(_snapshot, bytes(self.args))
        if self.name != "overlay":
            refuse("name", "snapshot or overlay", self.name)
        return read(_show, bytes(self.args))


_config = Decoder(CameraConfig)
_command = Decoder(CameraCommand)
_snapshot = Decoder(Snapshot)
_show = Decoder(Show)


def read_config(payload: bytes) -> CameraConfig:
    """Read `config`: `{"version", "config": {"lines"?, "areas"?, "masks"?, "body"?}}`.

    Raises ContractError with the path of what cannot be watched.
    """
    came = read(_config, payload)
    watch = came.config
    names: set[str] = set()
    for n, line in enumerate(watch.lines or ()):
        path = f"config.lines[{n}]"
        if line.start == line.end:
            refuse(f"{path}.end", "an end away from start", list(line.end))
        if line.name in names:
            refuse(f"{path}.name", "a name that no other line has", line.name)
        names.add(line.name)
    for n, area in enumerate(watch.areas or ()):
        _spanning(f"config.areas[{n}].polygon", area.polygon)
    for n, mask in enumerate(watch.masks or ()):
        _spanning(f"config.masks[{n}]", mask)
    return came


def read_command(payload: bytes) -> CameraCommand:
    """Read `command`: `{"id", "name", "args"?}`; raises ContractError."""
    return read(_command, payload)


def _spanning(path: str, polygon: tuple[Point, ...]) -> None:
    """Refuse corners on one line; the shoelace formula gives twice the area."""
    closed = (*polygon, polygon[0])
    twice = sum(x * v - u * y for (x, y), (u, v) in pairwise(closed))
    if abs(twice) < 2 * LEAST_AREA:
        refuse(path, "corners that span an area", f"{len(polygon)} corners on one line")
