"""The command `store-edge validate`: a recording counted against what truly happened in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import typer

from edge.counting import counted
from edge.errors import Refused
from edge.scene_options import SceneOptions
from edge.truth import Truth, read_truth
from vision.capture import Recording
from vision.count import Crossed
from vision.lines import Direction
from vision.zones import Visit

PERCENT = 100
WAYS: tuple[Direction, Direction] = ("in", "out")


@dataclass(frozen=True, slots=True)
class LineResult:
    """One line and direction: how many there were, how many were counted; times in seconds.

    `missed` are the true crossings near which nothing was counted, `extra` the counted ones that
    nobody made. Both may be even where the sums are right.
    """

    line: str
    dir: Direction
    true: int
    counted: int
    missed: tuple[float, ...]
    extra: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class VisitResult:
    """One visit: its true dwell, and the counted one; None where it was missed, or was none."""

    zone: str
    first_s: float
    true_s: float | None
    counted_s: float | None
    error_percent: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """How far the counts are from the truth.

    `error_percent` is the sum of the absolute errors of all lines and directions, or the number of
    visits that were missed or were none, by how many there truly were.
    """

    error_percent: float
    true: int
    lines: tuple[LineResult, ...]
    visits: tuple[VisitResult, ...]


def validate_recording(
    video: Path, truth: Path, options: SceneOptions, within: float, *, as_json: bool
) -> float:
    """Count, print the report, and give the error in percent.

    Raises Refused for a truth that cannot be read or is of other lines and zones, MediaError where
    there is no video.
    """
    fps = Recording(str(video)).fps
    known = read_truth(truth, video.name, fps)
    options = _with_lines(options, known, truth)
    result = counted(video, options)
    report = compared(known, result.crossings, result.visits, within)
    typer.echo(json.dumps(asdict(report)) if as_json else _plain(report))
    return report.error_percent


def compared(
    truth: Truth, crossings: Sequence[Crossed], visits: Sequence[Visit], within: float
) -> Report:
    """Compare what was counted with the truth; crossings pair up within so many seconds."""
    lines = tuple(_lines(truth, crossings, within))
    stays = tuple(_visits(truth.visits, visits)) if truth.visits else ()
    wrong = sum(abs(line.true - line.counted) for line in lines)
    wrong += sum(stay.error_percent is None for stay in stays)
    true = len(truth.crossings) + len(truth.visits)
    return Report(round(PERCENT * wrong / true, 1), true, lines, stays)


def _with_lines(options: SceneOptions, truth: Truth, path: Path) -> SceneOptions:
    """Take the lines of the truth that were not given; all that it names have to be known."""
    if not truth.crossings and not truth.visits:
        raise Refused(f"{path}: expected at least one row of this recording, came none")
    given = {line.name for line in options.lines}
    lines = (*options.lines, *(line for line in truth.lines if line.name not in given))
    known = {line.name for line in lines} | {area.zone for area in options.areas}
    named = {c.line for c in truth.crossings} | {v.zone for v in truth.visits}
    if missing := sorted(named - known):
        option = "--line" if truth.crossings else "--zone"
        raise Refused(f"{path}: expected where {missing[0]!r} is: give {option} {missing[0]}:...")
    return replace(options, lines=lines)


def _lines(truth: Truth, crossings: Sequence[Crossed], within: float) -> Iterator[LineResult]:
    names = dict.fromkeys([c.line for c in truth.crossings])
    for name in names:
        for way in WAYS:
            true = [c.t_s for c in truth.crossings if (c.line, c.direction) == (name, way)]
            seen = [c.t_s for c in crossings if (c.line, c.direction) == (name, way)]
            missed, extra = _unpaired(true, seen, within)
            yield LineResult(name, way, len(true), len(seen), missed, extra)


def _unpaired(
    true: list[float], seen: list[float], within: float
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Pair times that are nearest to each other first; give those that are left over."""
    pairs = sorted((abs(a - b), a, b) for a in true for b in seen if abs(a - b) <= within)
    left, over = sorted(true), sorted(seen)
    for _, a, b in pairs:
        if a in left and b in over:
            left.remove(a)
            over.remove(b)
    return tuple(round(t, 2) for t in left), tuple(round(t, 2) for t in over)


def _visits(true: Sequence[Visit], seen: Sequence[Visit]) -> Iterator[VisitResult]:
    """Pair each true visit with the counted one that shares most of its time."""
    left = list(seen)
    for visit in true:
        match = max(left, key=lambda other: _shared(visit, other), default=None)
        if match is None or _shared(visit, match) <= 0:
            yield VisitResult(visit.zone, visit.start / 1000, _dwell(visit), None, None)
            continue
        left.remove(match)
        off = round(PERCENT * (_dwell(match) / _dwell(visit) - 1), 1)
        yield VisitResult(visit.zone, visit.start / 1000, _dwell(visit), _dwell(match), off)
    zones = {visit.zone for visit in true}
    for visit in left:
        if visit.zone in zones:
            yield VisitResult(visit.zone, visit.start / 1000, None, _dwell(visit), None)


def _shared(a: Visit, b: Visit) -> int:
    return min(a.end, b.end) - max(a.start, b.start) if a.zone == b.zone else 0


def _dwell(visit: Visit) -> float:
    return (visit.end - visit.start) / 1000


def _plain(report: Report) -> str:
    rows: list[str] = []
    if report.lines:
        rows += [f"{'line':16} {'dir':4} {'true':>5} {'counted':>8}   missed (-), extra (+), at s"]
        rows += [_line_row(line) for line in report.lines]
    if report.visits:
        rows += [f"{'zone':16} {'from (s)':>9} {'true (s)':>9} {'counted (s)':>12} {'off (%)':>8}"]
        rows += [_visit_row(visit) for visit in report.visits]
    return "\n".join([*rows, f"error {report.error_percent} % of {report.true}"])


def _line_row(line: LineResult) -> str:
    times = [f"-{t:.1f}" for t in line.missed] + [f"+{t:.1f}" for t in line.extra]
    shown = f"{line.line:16} {line.dir:4} {line.true:5} {line.counted:8}   {' '.join(times)}"
    return shown.rstrip()


def _visit_row(visit: VisitResult) -> str:
    figures = (visit.true_s, visit.counted_s, visit.error_percent)
    true, counted_, off = ("none" if f is None else f"{f:.1f}" for f in figures)
    return f"{visit.zone:16} {visit.first_s:9.1f} {true:>9} {counted_:>12} {off:>8}"
