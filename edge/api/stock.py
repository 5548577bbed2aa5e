"""Stock levels, tagged items and corrections."""

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
    IdPath,
    IdQuery,
    Limit,
    Page,
    Shape,
    Units,
    Word,
)
from edge.commands import AdjustStock
from edge.errors import NotFound
from edge.events import ItemChanged, moment
from edge.inventory import Level
from edge.items import Item

router = APIRouter(tags=["stock"])

HISTORY = 100  # changes of an item that its answer tells


class StockShape(Shape):
    """The stock of a product, as in the event `store.stock.changed.v1`."""

    gtin: str
    epoch: int
    version: int
    on_hand: int
    in_basket: int
    reserved: int
    safety: int
    available: int
    by_zone: dict[str, int]
    stale: bool
    as_of: datetime


class ItemShape(Shape):
    """A tagged unit: its state, where it is, and the last read that says so."""

    epc: str
    gtin: str | None
    serial: str | None
    state: str
    zone: str | None
    shelf: str | None
    reason: str
    since: datetime
    device: str | None
    antenna: int
    rssi: float
    last_seen: datetime | None


class StepShape(Shape):
    """A change of an item: what it became, where, and why."""

    time: datetime
    state: str
    zone: str | None
    shelf: str | None
    reason: str


class ItemWithHistory(ItemShape):
    """A tagged unit and its latest changes, the newest first."""

    history: list[StepShape]


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
    following = levels[-1].gtin if len(levels) == limit else None
    return Page(items=[_stock(desk, level) for level in levels], next=following)


@router.get("/stock/{gtin}", dependencies=[viewer])
def get_stock(desk: DeskDep, gtin: GtinPath) -> StockShape:
    """Give the stock level of a product."""
    level = desk.queries.level(gtin)
    if level is None:
        raise NotFound(f"no stock of {gtin} was ever seen in this shop", "gtin")
    return _stock(desk, level)


@router.post("/stock/adjustments", dependencies=[operator], status_code=204)
def adjust_stock(desk: DeskDep, body: Adjustment) -> None:
    """Correct the count of an untagged product."""
    desk.execute(AdjustStock(body.gtin, body.zone, body.reason, body.delta, body.count))


@router.get("/items", dependencies=[viewer])
def list_items(
    desk: DeskDep,
    gtin: GtinQuery = None,
    state: IdQuery = None,
    zone: IdQuery = None,
    cursor: After = "",
    limit: Limit = 100,
) -> Page[ItemShape]:
    """List tagged items by EPC."""
    items = desk.queries.items(gtin=gtin, state=state, zone=zone, after=cursor, limit=limit)
    following = items[-1].epc if len(items) == limit else None
    return Page(items=[_item(item) for item in items], next=following)


@router.get("/items/{epc}", dependencies=[viewer])
def get_item(desk: DeskDep, epc: IdPath) -> ItemWithHistory:
    """Give a tagged item by its EPC in hex, with what became of it and why."""
    item = desk.queries.item(epc.upper())
    if item is None:
        raise NotFound(f"the tag {epc} was never read in this shop", "epc")
    steps = [_step(at, change) for at, change in desk.queries.history(item.epc, HISTORY)]
    return ItemWithHistory(**_item(item).model_dump(), history=steps)


def _stock(desk: Desk, level: Level) -> StockShape:
    return StockShape(
        gtin=level.gtin,
        epoch=desk.queries.epoch,
        version=level.version,
        on_hand=level.on_hand,
        in_basket=level.in_basket,
        reserved=level.reserved,
        safety=level.safety,
        available=level.available,
        by_zone=level.by_zone,
        stale=level.stale,
        as_of=moment(level.at),
    )


def _item(item: Item) -> ItemShape:
    return ItemShape(
        epc=item.epc,
        gtin=item.gtin,
        serial=item.serial,
        state=item.state,
        zone=item.zone,
        shelf=item.shelf,
        reason=item.reason,
        since=moment(item.since),
        device=item.device,
        antenna=item.antenna,
        rssi=round(item.rssi, 1),
        last_seen=moment(item.seen) if item.seen else None,
    )


def _step(at: int, change: ItemChanged) -> StepShape:
    return StepShape(
        time=moment(at),
        state=change.state,
        zone=change.zone,
        shelf=change.shelf,
        reason=change.reason,
    )
