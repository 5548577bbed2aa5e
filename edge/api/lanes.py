"""Sales, and the baskets of the self-checkout lanes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from msgspec.structs import asdict
from pydantic import Field

from edge.api.desk import Desk, DeskDep, operator, viewer
from edge.api.shapes import LARGEST, PLAIN, UNITS, After, IdPath, Limit, Moment, Shape, Word, millis
from edge.checkout import Sale
from edge.commands import CancelBasket, PayBasket, ScanAtLane, VoidLine
from edge.errors import ContractError, NotFound
from edge.events import moment

router = APIRouter(tags=["checkout"])


class SoldLineShape(Shape):
    """One line of a sale; `amount` is the line's total in minor units.

    `shelf` is the least price of one unit that a label of the product may have been showing then.
    """

    gtin: str
    qty: int
    amount: int
    epc: str | None
    shelf: int | None


class SaleShape(Shape):
    """A completed sale."""

    sale: str
    lane: str
    time: datetime
    currency: str
    total: int
    lines: list[SoldLineShape]
    member: str | None


class SalesPage(Shape):
    """Sales, the oldest first; `next` goes into `cursor`."""

    items: list[SaleShape]
    next: str | None


class BasketLineShape(Shape):
    """One line of a basket; `price` is for one unit, `amount` for the line.

    `shelf` is the least price that a label of the product may be showing.
    """

    gtin: str
    name: str
    qty: int
    price: int
    amount: int
    epc: str | None
    shelf: int | None


class LaneShape(Shape):
    """A lane: its state, and its basket where there is one."""

    lane: str
    state: str
    basket: str | None
    lines: list[BasketLineShape]
    total: int
    currency: str
    warning: str | None


class Scan(Shape):
    """The text of a code, as a scanner gives it."""

    data: Annotated[str, Field(min_length=1, max_length=4096)]


class Void(Shape):
    """The line to take out, counted from 1."""

    line: Annotated[int, Field(strict=True, ge=1, le=UNITS)]


class Payment(Shape):
    """The basket to pay: its id makes a repeat harmless."""

    basket: Word
    method: Annotated[str, Field(max_length=40, pattern=PLAIN)] = "cash"


@router.get("/sales", dependencies=[viewer])
def list_sales(
    desk: DeskDep,
    start: Annotated[Moment | None, Query(alias="from")] = None,
    end: Annotated[Moment | None, Query(alias="to")] = None,
    cursor: After = "",
    limit: Limit = 1000,
) -> SalesPage:
    """List sales; without `from`, since a day ago."""
    until = millis(end) if end else millis(datetime.now(UTC)) + 1
    since = millis(start) if start else until - 86_400_000
    sales = desk.queries.sales(since, until, limit, _last(cursor))
    following = f"{sales[-1].t}.{sales[-1].sale}" if len(sales) == limit else None
    return SalesPage(items=[_sale(sale) for sale in sales], next=following)


@router.get("/lanes/{lane}", dependencies=[viewer])
def get_lane(desk: DeskDep, lane: IdPath) -> LaneShape:
    """Give a lane and its basket."""
    return _lane(desk, lane)


@router.post("/lanes/{lane}/scan", dependencies=[operator])
def scan(desk: DeskDep, lane: IdPath, body: Scan) -> LaneShape:
    """Put what a code names into the basket; an unknown code warns."""
    desk.execute(ScanAtLane(lane, body.data))
    return _lane(desk, lane)


@router.post("/lanes/{lane}/void", dependencies=[operator])
def void(desk: DeskDep, lane: IdPath, body: Void) -> LaneShape:
    """Take a line out of the basket."""
    desk.execute(VoidLine(lane, body.line))
    return _lane(desk, lane)


@router.post("/lanes/{lane}/pay", dependencies=[operator])
def pay(desk: DeskDep, lane: IdPath, body: Payment) -> SaleShape:
    """Pay the basket; the same basket again answers with the same sale."""
    return _sale(desk.execute(PayBasket(lane, body.basket, body.method)))


@router.post("/lanes/{lane}/cancel", dependencies=[operator])
def cancel(desk: DeskDep, lane: IdPath) -> LaneShape:
    """Empty the basket."""
    desk.execute(CancelBasket(lane))
    return _lane(desk, lane)


def _last(cursor: str) -> tuple[int, str]:
    """Read time and id of the last sale of the page before."""
    if not cursor:
        return -LARGEST, ""
    at, _, sale = cursor.partition(".")
    if not re.fullmatch(r"-?[0-9]{1,15}", at):
        raise ContractError("cursor", "`next` of the page before", repr(cursor))
    return int(at), sale


def _sale(sale: Sale) -> SaleShape:
    return SaleShape(
        sale=sale.sale,
        lane=sale.lane,
        time=moment(sale.t),
        currency=sale.currency,
        total=sale.total,
        lines=[SoldLineShape(**asdict(line)) for line in sale.lines],
        member=sale.member,
    )


def _lane(desk: Desk, name: str) -> LaneShape:
    view = next((lane for lane in desk.queries.lanes() if lane.lane == name), None)
    if view is None:
        raise NotFound(f"expected a configured lane, came {name!r}", "lane")
    return LaneShape(
        lane=view.lane,
        state=view.state,
        basket=view.basket,
        lines=[BasketLineShape(**asdict(line)) for line in view.lines],
        total=view.total,
        currency=view.currency,
        warning=view.warning,
    )
