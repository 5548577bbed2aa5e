"""Rows of a body, from JSON or CSV: each is checked alone, so that every faulty one is named."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from edge.api.problems import field_path
from edge.api.shapes import Shape
from edge.errors import ContractError, Misfits

S = TypeVar("S", bound=Shape)


@dataclass(frozen=True, slots=True)
class Row:
    """What a row holds, and how it is named: `changes[17]` in JSON, `row 19` in a spreadsheet.

    `fault` says what is wrong with the row as a whole.
    """

    fields: Any
    place: str
    joint: str = "."
    fault: str = ""

    def at(self, field: str) -> str:
        """Name a field of it: `changes[17].amount`, or `row 19, amount`."""
        return f"{self.place}{self.joint}{field}" if field else self.place


class RowFault(NamedTuple):
    """What is wrong with a row, which is the `row`-th (from 0) of its body."""

    row: int
    path: str
    detail: str


def csv_rows(body: bytes, known: Sequence[str] = ()) -> list[Row]:
    """Read CSV in UTF-8 with a header row; the fields of a row are its cells that hold something.

    Cells are parted by commas or semicolons. Where the columns are `known`, another one is a fault,
    and so is a cell beyond the header, in its row. Raises ContractError for what is no such CSV.
    """
    try:
        text = body.decode("utf-8-sig")
        header, *lines = csv.reader(
            io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True
        )
    except (UnicodeDecodeError, csv.Error) as fault:
        raise ContractError("body", "CSV in UTF-8", str(fault)) from fault
    except ValueError as fault:
        raise ContractError("body", "a header row such as gtin,name", "nothing") from fault
    names = [name.strip().lower() for name in header]
    if known:
        _check_columns(names, known)
    return [
        Row(_filled(names, line), f"row {number}", ", ", _torn(names, line) if known else "")
        for number, line in enumerate(lines, start=2)  # the header is row 1
        if any(cell.strip() for cell in line)
    ]


def validated(rows: Sequence[Row], shape: type[S]) -> tuple[list[tuple[int, S]], list[RowFault]]:
    """Give the rows that have the shape, with their places, and the faults of all others."""
    good: list[tuple[int, S]] = []
    faults: list[RowFault] = []
    for n, row in enumerate(rows):
        if row.fault:
            faults.append(RowFault(n, row.place, row.fault))
            continue
        try:
            good.append((n, shape.model_validate(row.fields)))
        except ValidationError as error:
            faults += _faults(n, row, error)
    return good, faults


def raise_any(faults: Sequence[RowFault]) -> None:
    """Raise Misfits with all faults in the order of the rows, if there are any."""
    if faults:
        ordered = sorted(faults, key=lambda fault: fault.row)
        raise Misfits(tuple((fault.path, fault.detail) for fault in ordered))


def _faults(n: int, row: Row, error: ValidationError) -> Iterator[RowFault]:
    found = error.errors(include_input=False, include_context=False, include_url=False)
    for fault in found:
        yield RowFault(n, row.at(field_path(fault["loc"])), fault["msg"])


def _delimiter(text: str) -> str:
    header = text.partition("\n")[0]
    return ";" if header.count(";") > header.count(",") else ","


def _check_columns(names: Sequence[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            raise ContractError("row 1", f"the columns {', '.join(known)}", repr(name))
        if names.count(name) > 1:
            raise ContractError("row 1", "each column once", f"{name!r} again")


def _torn(names: Sequence[str], line: Sequence[str]) -> str:
    """Say what is wrong with a row of too many cells: it was torn at a comma inside a text."""
    if not any(cell.strip() for cell in line[len(names) :]):
        return ""
    return f"expected {len(names)} cells, came {len(line)}: put texts with commas in quotes"


def _filled(names: list[str], line: list[str]) -> dict[str, str]:
    """Give the cells that hold something, by the header's names; cells beyond it are ignored."""
    return {name: cell.strip() for name, cell in zip(names, line, strict=False) if cell.strip()}
