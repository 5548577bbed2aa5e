"""Lines, zones and masks as they are written on the command line, in fractions of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.errors import Refused
from vision.detect_onnx import Model
from vision.lines import Line
from vision.zones import Area, Polygon

LINE_NUMBERS = 4
LEAST_POLYGON_NUMBERS = 6


@dataclass(frozen=True, slots=True)
class SceneOptions:
    """What a recording is watched for, and how: `body` is a person's height in picture heights."""

    lines: tuple[Line, ...]
    areas: tuple[Area, ...]
    masks: tuple[Polygon, ...]
    body: float | None
    model: Model | None


def scene_options(
    lines: Sequence[str],
    zones: Sequence[str],
    masks: Sequence[str],
    body: float | None,
    model: Path | None,
) -> SceneOptions:
    """Read the options; raises Refused for one that cannot be read."""
    if body is not None and not 0 < body <= 1:
        raise Refused(f"--body: expected a part of the picture's height up to 1, came {body}")
    read = tuple(_line(text, n) for n, text in enumerate(lines, start=1))
    names = [line.name for line in read]
    if len(set(names)) < len(names):
        raise Refused(f"--line: expected each name once, came {', '.join(names)}")
    return SceneOptions(
        read,
        tuple(_area(text) for text in zones),
        tuple(_polygon("--mask", text, text) for text in masks),
        body,
        Model(model) if model else None,
    )


def _line(text: str, number: int) -> Line:
    name, colon, numbers = text.rpartition(":")
    if not colon:
        name = "line" if number == 1 else f"line-{number}"
    values = _fractions("--line", numbers, text)
    if not name or len(values) != LINE_NUMBERS or values[:2] == values[2:]:
        expected = "x1,y1,x2,y2 or name:x1,y1,x2,y2 with two different points"
        raise Refused(f"--line: expected {expected}, came {text!r}")
    return Line(name, (values[0], values[1]), (values[2], values[3]))


def _area(text: str) -> Area:
    name, _, numbers = text.partition(":")
    if not name or not numbers:
        raise Refused(f"--zone: expected name:x,y,x,y,x,y, came {text!r}")
    return Area(name, _polygon("--zone", numbers, text))


def _polygon(option: str, numbers: str, text: str) -> Polygon:
    values = _fractions(option, numbers, text)
    if len(values) < LEAST_POLYGON_NUMBERS or len(values) % 2:
        raise Refused(f"{option}: expected three points x,y or more, came {text!r}")
    return tuple(zip(values[::2], values[1::2], strict=True))


def _fractions(option: str, numbers: str, text: str) -> list[float]:
    try:
        values = [float(number) for number in numbers.split(",")]
    except ValueError:
        values = []
    if not values or not all(0 <= value <= 1 for value in values):
        raise Refused(f"{option}: expected numbers from 0 to 1 with commas between, came {text!r}")
    return values
