"""Stock levels, tagged items and corrections."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from edge.api.desk import DeskDep, operator, viewer
from edge.api.shapes import After, GtinPath, GtinQuery, GtinText, Limit, Page, Shape
from edge.commands import AdjustStock
from edge.errors import NotFound
from edge.events import moment
from edge.inventory import Item, Level

router = APIRouter(tags=["stock"])


class StockShape(Shape):
    """The stock of a product, as in the event `store.stock.changed.v1`."""

    gtin: str
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


class Adjustment(Shape):
    """A correction of an untagged product: `delta` adds, `count` sets."""

    gtin: GtinText
    zone: str
    delta: int | None = None
    count: Annotated[int | None, Query(ge=0)] = None
    reason: str


@router.get("/stock", dependencies=[viewer])
def list_stock(
    desk: DeskDep,
    gtin: GtinQuery = None,
    zone: str | None = None,
    available_below: int | None = None,
    cursor: After = "",
    limit: Limit = 100,
) -> Page[StockShape]:
    """List stock levels by GTIN."""
    levels = desk.queries.levels(
        gtin=gtin, zone=zone, below=available_below, after=cursor, limit=limit
    )
    following = levels[-1].gtin if len(levels) == limit else None
    return Page(items=[_stock(level) for level in levels], next=following)


@router.get("/stock/{gtin}", dependencies=[viewer])
def get_stock(desk: DeskDep, gtin: GtinPath) -> StockShape:
    """Give the stock level of a product."""
    level = desk.queries.level(gtin)
    if level is None:
        raise NotFound(f"no stock of {gtin} was ever seen in this shop", "gtin")
    return _stock(level)


@router.post("/stock/adjustments", dependencies=[operator], status_code=204)
def adjust_stock(desk: DeskDep, body: Adjustment) -> None:
    """Correct the count of an untagged product."""
    desk.execute(AdjustStock(body.gtin, body.zone, body.reason, body.delta, body.count))


@router.get("/items", dependencies=[viewer])
def list_items(
    desk: DeskDep,
    gtin: GtinQuery = None,
    state: str | None = None,
    zone: str | None = None,
    cursor: After = "",
    limit: Limit = 100,
) -> Page[ItemShape]:
    """List tagged items by EPC."""
    items = desk.queries.items(gtin=gtin, state=state, zone=zone, after=cursor, limit=limit)
    following = items[-1].epc if len(items) == limit else None
    return Page(items=[_item(item) for item in items], next=following)


@router.get("/items/{epc}", dependencies=[viewer])
def get_item(desk: DeskDep, epc: str) -> ItemShape:
    """Give a tagged item by its EPC in hex."""
    item = desk.queries.item(epc.upper())
    if item is None:
        raise NotFound(f"the tag {epc} was never read in this shop", "epc")
    return _item(item)


def _stock(level: Level) -> StockShape:
    return StockShape(
        gtin=level.gtin,
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
