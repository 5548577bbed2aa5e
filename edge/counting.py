"""The command `store-edge count`: people across lines and in zones of a recording."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import cv2
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from edge.errors import Refused
from edge.scene_options import SceneOptions
from vision.capture import Frame
from vision.count import Counter, CountResult, count_video
from vision.detect_onnx import OnnxDetector
from vision.heat_picture import HeatSheet
from vision.overlay import Overlay

Watch = Callable[[Frame, Counter], None]


def count_recording(
    video: Path,
    options: SceneOptions,
    overlay: Path | None = None,
    heatmap: Path | None = None,
    *,
    as_json: bool,
) -> None:
    """Count, with a progress bar where somebody looks on, and print the result.

    The recording with what was counted drawn on it goes to `overlay` (.mp4), where people were to
    `heatmap` (.png). Raises Refused for a file of another kind, MediaError where there is no video.
    """
    _check_suffix("--overlay", overlay, ".mp4")
    _check_suffix("--heatmap", heatmap, ".png")
    sheet = HeatSheet() if heatmap else None
    drawing = Overlay(overlay, options.lines, options.areas, options.masks) if overlay else None

    def watch(frame: Frame, counter: Counter) -> None:
        if sheet is not None:
            sheet.add(frame, counter.points)
        if drawing is not None:
            drawing.draw(frame, counter)

    with drawing or nullcontext():
        result = counted(video, options, watch)
    if sheet is not None and heatmap is not None:
        heatmap.write_bytes(cv2.imencode(".png", sheet.picture())[1].tobytes())
    told = as_dict(result, [line.name for line in options.lines])
    typer.echo(json.dumps(told) if as_json else _plain(told))


def counted(video: Path, options: SceneOptions, watch: Watch | None = None) -> CountResult:
    """Count a recording, with a progress bar on stderr where somebody looks on."""
    with _bar(video.name) as progress:
        return count_video(
            str(video),
            options.lines,
            options.areas,
            options.body,
            progress,
            masks=options.masks,
            detector=OnnxDetector(options.model) if options.model else None,
            watch=watch,
        )


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


@contextmanager
def _bar(name: str) -> Iterator[Callable[[int, int], None]]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(
        *columns,
        TextColumn("{task.completed} of {task.total} pictures"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)


def _check_suffix(option: str, path: Path | None, suffix: str) -> None:
    if path is not None and path.suffix.lower() != suffix:
        raise Refused(f"{option}: expected a file name that ends in {suffix}, came {path}")


def _plain(told: dict[str, Any]) -> str:
    rows = [f"in {told['in']}, out {told['out']} ({told['frames']} pictures)"]
    rows += [f"{line['line']}: in {line['in']}, out {line['out']}" for line in told["lines"]]
    rows += [
        f"{c['t_s']:8.2f} s  picture {c['frame']:6}  {c['line']}  {c['dir']}"
        for c in told["crossings"]
    ]
    rows += [
        f"{v['zone']}: pictures {v['first_frame']} to {v['last_frame']}, {v['dwell_s']} s"
        for v in told["visits"]
    ]
    return "\n".join(rows)
