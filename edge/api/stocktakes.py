"""Stocktakes: counts with a hand-held or robot reader."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from msgspec.structs import asdict
from pydantic import Field

from edge.api.deliveries import Cancellation
from edge.api.desk import Desk, DeskDep, operator, viewer
from edge.api.shapes import UNITS, After, GtinText, IdPath, Limit, Page, Shape, Told, Word
from edge.commands import CancelStocktake, CountUnits, EndStocktake, EnterZone, StartStocktake
from edge.errors import NotFound
from edge.events import moment
from edge.stocktakes import Result, Stocktake, StocktakeState

router = APIRouter(tags=["stocktakes"])


class Opening(Told):
    """The reader that counts, and the zones that it will cover; it begins in the first."""

    device: Annotated[str, Field(max_length=128)]
    zones: Annotated[list[Word], Field(min_length=1, max_length=1_000)]


class Entry(Told):
    """The zone where the reader is from now on."""

    zone: Word


class UnitCount(Told):
    """How many units of an untagged product are in a zone."""

    gtin: GtinText
    zone: Word
    units: Annotated[int, Field(strict=True, ge=0, le=UNITS)]


class CountedProductShape(Shape):
    """What a stocktake found of a product, as in its event."""

    gtin: str
    units: int
    moved: int
    added: int
    missing: int
    sold: int
    delta: int


class ResultShape(Shape):
    """What a stocktake found, as in its event; until it ends, what it has found so far.

    `tags` are the unexpected ones, at most a hundred. Only in `zones`, where the reader was heard,
    is anything concluded from what it did not read.
    """

    found: int
    moved: int
    added: int
    missing: int
    sold: int
    unexpected: int
    products: list[CountedProductShape]
    tags: list[str]
    zones: list[str]


class StocktakeShape(Shape):
    """A stocktake: its reader is in `zone` now; `at` is when the last of it was heard."""

    stocktake: str
    device: str
    zones: list[str]
    zone: str
    state: StocktakeState
    began: datetime
    at: datetime
    reason: str


class StocktakeWithResult(StocktakeShape):
    """A stocktake and what it has found."""

    result: ResultShape


@router.post("/stocktakes", dependencies=[operator])
def start_stocktake(desk: DeskDep, body: Opening) -> StocktakeWithResult:
    """Begin to count: what the reader reads is of the stocktake until it ends."""
    command = StartStocktake(body.device, tuple(body.zones), id=body.id)
    return _stocktake(desk, desk.execute(command))


@router.get("/stocktakes", dependencies=[viewer])
def list_stocktakes(
    desk: DeskDep,
    state: Annotated[StocktakeState | None, Query()] = None,
    cursor: After = "",
    limit: Limit = 100,
) -> Page[StocktakeShape]:
    """List stocktakes, the oldest first."""
    rows = desk.queries.stocktakes(state=state, after=cursor, limit=limit)
    following = rows[-1].stocktake if len(rows) == limit else None
    return Page(items=[_shape(row) for row in rows], next=following)


@router.get("/stocktakes/{stocktake}", dependencies=[viewer])
def get_stocktake(desk: DeskDep, stocktake: IdPath) -> StocktakeWithResult:
    """Give a stocktake and what it has found."""
    return _stocktake(desk, stocktake)


@router.post("/stocktakes/{stocktake}/zone", dependencies=[operator])
def enter_zone(desk: DeskDep, stocktake: IdPath, body: Entry) -> StocktakeWithResult:
    """Say in which zone the reader is from now on."""
    return _stocktake(desk, desk.execute(EnterZone(stocktake, body.zone, id=body.id)))


@router.post("/stocktakes/{stocktake}/units", dependencies=[operator])
def count_units(desk: DeskDep, stocktake: IdPath, body: UnitCount) -> StocktakeWithResult:
    """Tell how many units of an untagged product are in a zone; the end corrects the stock."""
    command = CountUnits(stocktake, body.gtin, body.zone, body.units, id=body.id)
    return _stocktake(desk, desk.execute(command))


@router.post("/stocktakes/{stocktake}/end", dependencies=[operator])
def end_stocktake(
    desk: DeskDep, stocktake: IdPath, body: Told | None = None
) -> StocktakeWithResult:
    """End a count: what its zones should hold and nobody has read is missing."""
    command = EndStocktake(stocktake, id=body.id if body else None)
    return _stocktake(desk, desk.execute(command))


@router.post("/stocktakes/{stocktake}/cancel", dependencies=[operator])
def cancel_stocktake(
    desk: DeskDep, stocktake: IdPath, body: Cancellation | None = None
) -> StocktakeWithResult:
    """Call a count off: nothing is concluded from what it has not read."""
    told = body or Cancellation()
    return _stocktake(desk, desk.execute(CancelStocktake(stocktake, told.reason, id=told.id)))


def _stocktake(desk: Desk, name: str) -> StocktakeWithResult:
    stocktake = desk.queries.stocktake(name)
    if stocktake is None:
        raise NotFound(f"expected a stocktake, came {name!r}", "stocktake")
    so_far = desk.queries.found(stocktake) if stocktake.state == "open" else Result()
    result = _result(stocktake.result or so_far)
    return StocktakeWithResult(**_shape(stocktake).model_dump(), result=result)


def _shape(row: Stocktake) -> StocktakeShape:
    return StocktakeShape(
        stocktake=row.stocktake,
        device=row.device,
        zones=list(row.zones),
        zone=row.zone,
        state=row.state,
        began=moment(row.began),
        at=moment(row.at),
        reason=row.reason,
    )


def _result(result: Result) -> ResultShape:
    return ResultShape(
        found=result.found,
        moved=result.moved,
        added=result.added,
        missing=result.missing,
        sold=result.sold,
        unexpected=result.unexpected,
        products=[CountedProductShape(**asdict(product)) for product in result.products],
        tags=list(result.tags),
        zones=list(result.zones),
    )
