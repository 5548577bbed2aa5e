"""The command `store-edge count`: people across lines in a recording."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import Progress

from edge.errors import Refused
from vision.count import CountResult, count_video
from vision.lines import Line
from vision.zones import Area

LINE_NUMBERS = 4
LEAST_ZONE_NUMBERS = 6


def count_recording(
    video: Path, lines: Sequence[str], zones: Sequence[str], body: float | None, *, as_json: bool
) -> None:
    """Count, with a progress bar where somebody looks on, and print the result."""
    parsed = [_line(text, n) for n, text in enumerate(lines, start=1)]
    areas = [_area(text) for text in zones]
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(video.name, total=None)
        result = count_video(
            str(video),
            parsed,
            areas,
            body,
            lambda done, total: bar.update(task, completed=done, total=total or None),
        )
    told = as_dict(result, [line.name for line in parsed])
    typer.echo(json.dumps(told) if as_json else _plain(told))


def as_dict(result: CountResult, lines: Sequence[str]) -> dict[str, Any]:
    """Give what was counted as JSON's values: totals, each line, each crossing, each visit."""
    per_frame = 1000 / result.fps
    return {
        "in": result.total("in"),
        "out": result.total("out"),
        "lines": [
            {"line": name, "in": result.total("in", name), "out": result.total("out", name)}
            for name in lines
        ],
        "crossings": [
            {"line": c.line, "dir": c.direction, "frame": c.frame, "t_s": round(c.t_s, 2)}
            for c in result.crossings
        ],
        "visits": [
            {
                "zone": visit.zone,
                "first_frame": round(visit.start / per_frame),
                "last_frame": round(visit.end / per_frame),
                "dwell_s": round((visit.end - visit.start) / 1000, 1),
            }
            for visit in result.visits
        ],
        "frames": result.frames,
        "fps": round(result.fps, 3),
    }


def _plain(told: dict[str, Any]) -> str:
    rows = [f"in {told['in']}, out {told['out']} ({told['frames']} pictures)"]
    rows += [
        f"{c['t_s']:8.2f} s  picture {c['frame']:6}  {c['line']}  {c['dir']}"
        for c in told["crossings"]
    ]
    rows += [
        f"{v['zone']}: pictures {v['first_frame']} to {v['last_frame']}, {v['dwell_s']} s"
        for v in told["visits"]
    ]
    return "\n".join(rows)


def _line(text: str, number: int) -> Line:
    values = _fractions(text, text)
    if len(values) != LINE_NUMBERS or values[:2] == values[2:]:
        raise Refused(f"--line: expected x1,y1,x2,y2 with two different points, came {text!r}")
    name = "line" if number == 1 else f"line-{number}"
    return Line(name, (values[0], values[1]), (values[2], values[3]))


def _area(text: str) -> Area:
    name, colon, numbers = text.partition(":")
    values = _fractions(numbers, text) if colon else []
    if not name or len(values) < LEAST_ZONE_NUMBERS or len(values) % 2:
        raise Refused(f"--zone: expected name:x,y,x,y,x,y with three points or more, came {text!r}")
    return Area(name, tuple(zip(values[::2], values[1::2], strict=True)))


def _fractions(numbers: str, text: str) -> list[float]:
    try:
        values = [float(number) for number in numbers.split(",")]
    except ValueError:
        values = []
    if not values or not all(0 <= value <= 1 for value in values):
        raise Refused(f"expected numbers from 0 to 1 with commas between, came {text!r}")
    return values
