"""Stock levels and corrections."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from edge.api.desk import Desk, DeskDep, operator, viewer
from edge.api.shapes import (
    LARGEST,
    UNITS,
    After,
    GtinPath,
    GtinQuery,
    GtinText,
    IdQuery,
    Limit,
    Page,
    Position,
    Shape,
    Units,
    Word,
)
from edge.commands import AdjustStock
from edge.errors import NotFound
from edge.events import Cause, moment
from edge.levels import Level

router = APIRouter(tags=["stock"])

LEVELS = 50  # changes of a level that its answer tells


class CauseShape(Shape):
    """Why a level changed, and what did it: an item, a sale, ..."""

    why: str
    ref: str


class StockShape(Shape):
    """The stock of a product, as in the event `store.stock.changed.v1`."""

    gtin: str
    epoch: int
    version: int
    on_hand: int
    on_hand_low: int
    on_hand_high: int
    in_basket: int
    reserved: int
    safety: int
    available: int
    by_zone: dict[str, int]
    stale: bool
    stale_zones: list[str]
    causes: list[CauseShape]
    as_of: datetime


class UnsureShape(Shape):
    """A unit on hand that is not surely there: `moving`, `returned`, or in `doubt`."""

    epc: str
    reason: str


class StockWhyShape(Shape):
    """What a level is made of; `unsure` and `missing` name up to twenty units.

    `owed` units were sold by barcode and their tags have not left yet.
    """

    by_state: dict[str, int]
    owed: int
    unsure: list[UnsureShape]
    missing: list[str]
    sentence: str


class LevelShape(Shape):
    """A level as it was published, and why; `position` is its place in the log."""

    time: datetime
    position: int
    epoch: int
    version: int
    on_hand: int
    on_hand_low: int
    on_hand_high: int
    available: int
    stale: bool
    causes: list[CauseShape]
    why: str


class StockWithReasons(StockShape):
    """The stock of a product, what it is made of, and its latest levels, the newest first."""

    why: StockWhyShape
    history: list[LevelShape]


class LevelsPage(Shape):
    """Levels of a product, the newest first; `next` goes into `before`, null at the end."""

    items: list[LevelShape]
    next: int | None


class Adjustment(Shape):
    """A correction of an untagged product: `delta` adds, `count` sets."""

    gtin: GtinText
    zone: Word
    delta: Units | None = None
    count: Annotated[int, Field(strict=True, ge=0, le=UNITS)] | None = None
    reason: Word

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.delta is None) == (self.count is None):
            raise PydanticCustomError("adjustment", "expected either delta or count")
        return self


@router.get("/stock", dependencies=[viewer])
def list_stock(
    desk: DeskDep,
    gtin: GtinQuery = None,
    zone: IdQuery = None,
    available_below: Annotated[int | None, Query(ge=-LARGEST, le=LARGEST)] = None,
    cursor: After = "",
    limit: Limit = 100,
) -> Page[StockShape]:
    """List stock levels by GTIN."""
    levels = desk.queries.levels(
        gtin=gtin, zone=zone, below=available_below, after=cursor, limit=limit
    )
    causes = desk.explanations.causes([level.gtin for level in levels])
    following = levels[-1].gtin if len(levels) == limit else None
    rows = [_stock(desk, level, causes.get(level.gtin, ())) for level in levels]
    return Page(items=rows, next=following)


@router.get("/stock/{gtin}", dependencies=[viewer])
def get_stock(desk: DeskDep, gtin: GtinPath) -> StockWithReasons:
    """Give the stock level of a product, with what it is made of and what changed it."""
    level = _level(desk, gtin)
    causes = desk.explanations.causes([gtin]).get(gtin, ())
    reasons = {
        "why": desk.explanations.stock(level),
        "history": desk.explanations.history(gtin, None, LEVELS),
    }
    whole = {**_stock(desk, level, causes).model_dump(), **reasons}
    return StockWithReasons.model_validate(whole, from_attributes=True)


@router.get("/stock/{gtin}/history", dependencies=[viewer])
def get_stock_history(
    desk: DeskDep, gtin: GtinPath, before: Position | None = None, limit: Limit = 100
) -> LevelsPage:
    """List the levels of a product that are kept, the newest first, and what changed them."""
    _level(desk, gtin)
    levels = desk.explanations.history(gtin, before, limit)
    following = levels[-1].position if len(levels) == limit else None
    page = {"items": levels, "next": following}
    return LevelsPage.model_validate(page, from_attributes=True)


@router.post("/stock/adjustments", dependencies=[operator], status_code=204)
def adjust_stock(desk: DeskDep, body: Adjustment) -> None:
    """Correct the count of an untagged product."""
    desk.execute(AdjustStock(body.gtin, body.zone, body.reason, body.delta, body.count))


def _level(desk: Desk, gtin: str) -> Level:
    level = desk.queries.level(gtin)
    if level is None:
        raise NotFound(f"no stock of {gtin} was ever seen in this shop", "gtin")
    return level


def _stock(desk: Desk, level: Level, causes: tuple[Cause, ...]) -> StockShape:
    return StockShape(
        gtin=level.gtin,
        epoch=desk.queries.epoch,
        version=level.version,
        on_hand=level.on_hand,
        on_hand_low=level.on_hand_low,
        on_hand_high=level.on_hand_high,
        in_basket=level.in_basket,
        reserved=level.reserved,
        safety=level.safety,
        available=level.available,
        by_zone=level.by_zone,
        stale=level.stale,
        stale_zones=list(level.stale_zones),
        causes=[CauseShape(why=cause.why, ref=cause.ref) for cause in causes],
        as_of=moment(level.at),
    )
