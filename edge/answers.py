"""Answers: what was said to what people told about stock, so that a repeat has no second effect."""

from __future__ import annotations

from collections import deque
from hashlib import blake2b

import msgspec
from msgspec import Struct

from edge.commands import Operation
from edge.errors import Refused
from edge.rows import Rows

KEPT = 5_000  # the newest answers; a client that repeats does so within minutes


class Transferred(Struct, frozen=True, tag=True):
    """Units were moved; so many are in both zones now."""

    gtin: str
    source: str
    target: str
    units: int
    in_source: int
    in_target: int


class WrittenOff(Struct, frozen=True, tag=True):
    """Units were taken out of stock: `left` are in the zone now; or the item of an EPC was."""

    gtin: str
    zone: str | None
    units: int
    left: int | None = None
    epc: str | None = None


class TakenLine(Struct, frozen=True):
    """What became of one line of a return.

    `epcs` are the items that came back. `unsold` units had been sold by barcode and their tags had
    not left yet. For `open` units no sold item is known: they are stock once their tags are read.
    """

    gtin: str
    units: int
    epcs: tuple[str, ...] = ()
    unsold: int = 0
    open: int = 0


class TakenBack(Struct, frozen=True, tag=True):
    """Returned goods were taken back, line by line as they were told."""

    zone: str
    lines: tuple[TakenLine, ...]


# For a delivery its SSCC, for a stocktake its id: the thing itself answers further questions.
Answer = str | Transferred | WrittenOff | TakenBack


class Given(Struct, frozen=True):
    """The answer to the operation of an `id`; `asked` is the digest of what was told."""

    id: str
    number: int
    asked: str
    answer: Answer


class Answers:
    """The answers to the newest operations that had an id."""

    def __init__(self, rows: Rows[str, Given]) -> None:
        """Take up the rows that are on disk."""
        self._rows = rows
        self._order = deque(sorted((row.number, row.id) for row in rows))

    def repeat(self, operation: Operation) -> Answer | None:
        """Give what was answered to the same operation, None for a new one.

        Raises Refused when its id was that of another one.
        """
        given = self._rows.get(operation.id) if operation.id else None
        if given is None:
            return None
        if given.asked != _digest(operation):
            raise Refused(f"the id {operation.id!r} was used for something else: make one", "id")
        return given.answer

    def keep(self, operation: Operation, answer: Answer) -> None:
        """Remember an answer, if the operation has an id, and let the oldest one go."""
        if not operation.id:
            return
        number = self._order[-1][0] + 1 if self._order else 1
        self._rows.put(operation.id, Given(operation.id, number, _digest(operation), answer))
        self._order.append((number, operation.id))
        if len(self._order) > KEPT:
            self._rows.drop(self._order.popleft()[1])


def _digest(operation: Operation) -> str:
    return blake2b(msgspec.json.encode(operation), digest_size=16).hexdigest()
