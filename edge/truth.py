"""What truly happened in a recording, as a person wrote it down in a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edge.errors import Refused
from vision.lines import Direction, Line
from vision.zones import Visit

Row = Mapping[str, str]

WAYS: dict[str, Direction] = {"in": "in", "out": "out"}
ENDS = ("x1", "y1", "x2", "y2")
_EXPECTED = (
    "expected a CSV file with a header: for crossings the columns direction, frame or t_s, and "
    "line (with x1,y1,x2,y2 where it is no --line); for visits zone, first_frame and last_frame "
    "(or first_s and last_s); a column clip names the recording"
)


@dataclass(frozen=True, slots=True)
class TrueCrossing:
    """Somebody crossed a line at `t_s` seconds of the recording."""

    line: str
    direction: Direction
    t_s: float


@dataclass(frozen=True, slots=True)
class Truth:
    """All crossings and visits, and the lines whose ends the file tells."""

    crossings: tuple[TrueCrossing, ...] = ()
    visits: tuple[Visit, ...] = ()
    lines: tuple[Line, ...] = ()


def read_truth(path: Path, clip: str, fps: float) -> Truth:
    """Read the rows of a clip; raises Refused, with the row's number, for what cannot be read."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = frozenset(reader.fieldnames or ())
            rows = [(n, r) for n, r in enumerate(reader, 2) if r.get("clip") in (None, "", clip)]
    except (UnicodeDecodeError, csv.Error) as fault:
        raise Refused(f"{path}: {_EXPECTED}, came {fault}") from fault
    if "direction" in columns and columns & {"frame", "t_s"}:
        return _crossings([_Cells(path, n, row) for n, row in rows], fps)
    if "zone" in columns:
        visits = (_visit(_Cells(path, n, row), fps) for n, row in rows)
        return Truth(visits=tuple(visits))
    raise Refused(f"{path}: {_EXPECTED}, came {', '.join(sorted(columns)) or 'nothing'}")


@dataclass(frozen=True, slots=True)
class _Cells:
    """A row of the file, and where it stands."""

    path: Path
    number: int
    row: Row

    def text(self, column: str) -> str:
        """Give a cell; nothing where there is none."""
        return (self.row.get(column) or "").strip()

    def value(self, column: str) -> float:
        """Give a number from 0."""
        try:
            value = float(self.text(column))
        except ValueError:
            value = -1.0
        if not 0 <= value < float("inf"):
            raise self.refused(column, "a number from 0")
        return value

    def seconds(self, frame: str, second: str, fps: float) -> float:
        """Give a time by its picture, or in seconds."""
        return self.value(frame) / fps if self.text(frame) else self.value(second)

    def refused(self, column: str, expected: str) -> Refused:
        """Say what is wrong with a cell."""
        came = self.text(column)
        return Refused(
            f"{self.path}, row {self.number}, {column}: expected {expected}, came {came!r}"
        )


def _crossings(rows: list[_Cells], fps: float) -> Truth:
    crossings: list[TrueCrossing] = []
    lines: dict[str, Line] = {}
    for cells in rows:
        way = WAYS.get(cells.text("direction"))
        if way is None:
            raise cells.refused("direction", "in or out")
        name = cells.text("line") or "line"
        crossings.append(TrueCrossing(name, way, cells.seconds("frame", "t_s", fps)))
        if cells.text("x1"):
            x1, y1, x2, y2 = (cells.value(column) for column in ENDS)
            lines.setdefault(name, Line(name, (x1, y1), (x2, y2)))
    return Truth(tuple(sorted(crossings, key=lambda c: c.t_s)), lines=tuple(lines.values()))


def _visit(cells: _Cells, fps: float) -> Visit:
    start = cells.seconds("first_frame", "first_s", fps)
    end = cells.seconds("last_frame", "last_s", fps)
    if not cells.text("zone"):
        raise cells.refused("zone", "the name of a --zone")
    if end <= start:
        last: Literal["last_frame", "last_s"] = (
            "last_frame" if cells.text("last_frame") else "last_s"
        )
        raise cells.refused(last, "an end after the beginning")
    return Visit(cells.text("zone"), round(1000 * start), round(1000 * end))
