"""What people do with goods: transfers, write-offs and returns."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import APIRouter
from msgspec.structs import asdict
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from edge.answers import Transferred, WrittenOff
from edge.api.desk import DeskDep, operator
from edge.api.shapes import EpcText, GtinText, Shape, SomeUnits, Told, Word
from edge.commands import ReturnedLine, TakeBack, TransferStock, WriteOffItem, WriteOffUnits

router = APIRouter(tags=["stock"])

LINES = 200  # of one return

Reason = Annotated[Word, Field(min_length=1)]


class Transfer(Told):
    """Units of an untagged product that are carried from zone to zone."""

    gtin: GtinText
    source: Annotated[Word, Field(alias="from")]
    target: Annotated[Word, Field(alias="to")]
    units: SomeUnits
    reason: Word = ""


class TransferShape(Shape):
    """What was transferred, and how many units are in both zones now."""

    gtin: str
    source: Annotated[str, Field(alias="from")]
    target: Annotated[str, Field(alias="to")]
    units: int
    in_source: Annotated[int, Field(alias="in_from")]
    in_target: Annotated[int, Field(alias="in_to")]


class WriteOff(Told):
    """Units of an untagged product in a zone, or a tagged item, that are stock no longer."""

    gtin: GtinText | None = None
    zone: Word | None = None
    units: SomeUnits | None = None
    epc: EpcText | None = None
    reason: Reason

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        told = [part is not None for part in (self.gtin, self.zone, self.units)]
        if any(told) if self.epc else not all(told):
            raise PydanticCustomError("write_off", "expected gtin, zone and units, or epc alone")
        return self


class WriteOffShape(Shape):
    """What was written off; `left` units are in the zone now, null for an item."""

    gtin: str
    zone: str | None
    units: int
    left: int | None
    epc: str | None


class ReturnLine(Shape):
    """Units that a customer brought back; not `resaleable` are no stock again."""

    gtin: GtinText
    units: SomeUnits = 1
    epc: EpcText | None = None
    resaleable: Annotated[bool, Field(strict=True)] = True


class Return(Told):
    """What a customer brought back into a zone; `sale` is the one that sold it, if known."""

    zone: Word
    lines: Annotated[list[ReturnLine], Field(min_length=1, max_length=LINES)]
    sale: Word | None = None
    reason: Word = ""


class TakenLineShape(Shape):
    """What became of a line.

    `epcs` are the items that came back; `unsold` units had been sold by barcode and their tags had
    not left yet. For `open` units no sold item is known: they are stock once their tags are read.
    """

    gtin: str
    units: int
    epcs: list[str]
    unsold: int
    open: int


class ReturnShape(Shape):
    """What was taken back, line by line."""

    zone: str
    lines: list[TakenLineShape]


@router.post("/stock/transfers", dependencies=[operator])
def transfer(desk: DeskDep, body: Transfer) -> TransferShape:
    """Move units of an untagged product; tags tell themselves where they are."""
    command = TransferStock(
        body.gtin, body.source, body.target, body.units, body.reason, id=body.id
    )
    done: Transferred = desk.execute(command)
    return TransferShape.model_validate(
        {
            "gtin": done.gtin,
            "from": done.source,
            "to": done.target,
            "units": done.units,
            "in_from": done.in_source,
            "in_to": done.in_target,
        }
    )


@router.post("/stock/write-offs", dependencies=[operator])
def write_off(desk: DeskDep, body: WriteOff) -> WriteOffShape:
    """Take goods out of stock for good, and say why."""
    done: WrittenOff = desk.execute(_write_off(body))
    return WriteOffShape(**asdict(done))


@router.post("/stock/returns", dependencies=[operator])
def take_back(desk: DeskDep, body: Return) -> ReturnShape:
    """Take back what a customer returns: all of its lines or none."""
    lines = tuple(ReturnedLine(x.gtin, x.units, x.epc, x.resaleable) for x in body.lines)
    done = desk.execute(TakeBack(body.zone, lines, body.sale, body.reason, id=body.id))
    return ReturnShape(
        zone=done.zone,
        lines=[
            TakenLineShape(gtin=x.gtin, units=x.units, epcs=x.epcs, unsold=x.unsold, open=x.open)
            for x in done.lines
        ],
    )


def _write_off(body: WriteOff) -> WriteOffUnits | WriteOffItem:
    if body.gtin and body.zone is not None and body.units:
        return WriteOffUnits(body.gtin, body.zone, body.units, body.reason, id=body.id)
    return WriteOffItem(body.epc or "", body.reason, id=body.id)
