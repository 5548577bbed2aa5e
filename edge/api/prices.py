"""Prices: what is wanted, what the till charges, what each label shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from edge.api.desk import Desk, DeskDep, operator, viewer
from edge.api.price_changes import MOST_ROWS, Change, SetName, examined
from edge.api.shapes import GtinPath, Shape, Told
from edge.commands import SetPrices
from edge.errors import Misfits, NotFound
from edge.events import moment
from edge.labels import Label
from edge.price_queries import Priced
from edge.pricebook import Entry, end_of, quote_of
from edge.prior_prices import DAY_MS, How, PriorPrice
from edge.unit_price import unit_price

router = APIRouter(tags=["prices"])


class Changes(Told):
    """Price changes, all or none; `name` is for people."""

    changes: Annotated[list[Change], Field(min_length=1, max_length=MOST_ROWS)]
    name: SetName = ""


class LabelState(Shape):
    """How far a label is on its way to the price; `shows` are the amounts it may be showing.

    `since` is when its picture was sent last.
    """

    label: str
    state: str
    shows: list[int]
    since: datetime | None
    problems: list[str]


class UpcomingPrice(Shape):
    """A price of the book that holds, or will."""

    amount: int
    start: Annotated[datetime, Field(serialization_alias="from")]
    until: datetime | None
    promotion: str | None
    member: int | None
    price_set: str


class PriceShape(Shape):
    """A product's price: wanted (`amount`), charged (`till`), and whether all agree.

    `regular` is what it costs without the promotion, `was` the former price that is struck beside
    it; `unit_price` is for one `per`. The lowest prices are what the till has charged within 30
    days, and what it was sold for within seven.
    """

    gtin: str
    amount: int
    till: int
    currency: str
    promotion: str | None
    effective: bool
    labels: list[LabelState]
    member: int | None
    till_member: int
    was: int | None
    regular: int | None
    unit_price: int | None
    per: str | None
    lowest_30_days: int | None
    lowest_sold_7_days: int | None
    upcoming: list[UpcomingPrice]


class PricesShape(Shape):
    """The prices after a change, with a state per label, and the price set that it became."""

    price_set: str
    prices: list[PriceShape]


@router.get("/prices/{gtin}", dependencies=[viewer])
def get_price(desk: DeskDep, gtin: GtinPath) -> PriceShape:
    """Give a product's price, the state of its labels, and what it has cost and will."""
    for price in _prices(desk, [gtin]):
        return price
    raise NotFound(f"no price for {gtin}: set one with POST /api/v1/prices", "gtin")


@router.post("/prices", dependencies=[operator])
def set_prices(desk: DeskDep, body: Changes) -> PricesShape:
    """Change prices, unless a label cannot show one of them; labels and till follow."""
    command = SetPrices(tuple(change.change() for change in body.changes), body.name, id=body.id)
    if not desk.prices.told(body.id):  # what was taken before would be at odds with itself
        _check(desk, command)
    price_set = desk.execute(command)
    gtins = [change.gtin for change in body.changes]
    return PricesShape(price_set=price_set, prices=list(_prices(desk, gtins)))


def _check(desk: Desk, command: SetPrices) -> None:
    """Raise Misfits where a label cannot show a change; what the rules find, the command raises."""
    faults, preview = examined(desk, command.changes)
    if preview.effects and faults:
        raise Misfits(tuple((f"changes[{fault.row}]", fault.detail) for fault in faults))


def _prices(desk: Desk, gtins: Iterable[str]) -> Iterator[PriceShape]:
    now = desk.clock()
    for priced in desk.prices.priced(gtins):
        yield _price(priced, desk.settings.store.currency, now)


def _price(priced: Priced, currency: str, now: int) -> PriceShape:
    price, product = priced.price, priced.product
    quote = quote_of(priced.entries, now)
    each = unit_price(product, price.amount) if product else None
    return PriceShape(
        gtin=price.gtin,
        amount=price.amount,
        till=price.till,
        currency=currency,
        promotion=price.promotion,
        effective=price.effective,
        labels=[_label(label, price.gtin) for label in priced.labels],
        member=price.member,
        till_member=price.till_member,
        was=price.was,
        regular=quote.regular if quote else None,
        unit_price=each,
        per=product.unit if product and each is not None else None,
        lowest_30_days=_lowest(priced.prior, "charged", now - 30 * DAY_MS),
        lowest_sold_7_days=_lowest(priced.prior, "sold", now - 7 * DAY_MS),
        upcoming=[
            _upcoming(entry, end_of(entry, priced.entries)) for entry in _alive(priced.entries, now)
        ],
    )


def _label(label: Label, gtin: str) -> LabelState:
    return LabelState(
        label=label.label,
        state=label.state,
        shows=sorted({glass.amount for glass in label.glass if glass.gtin == gtin}),
        since=moment(label.sent_at) if label.sent_at else None,
        problems=list(label.problems),
    )


def _lowest(prior: Iterable[PriorPrice], how: How, since: int) -> int | None:
    return min((row.amount for row in prior if row.how == how and row.last >= since), default=None)


def _alive(entries: Sequence[Entry], now: int) -> list[Entry]:
    """Give the entries that hold or will: of the regular ones that began, the newest."""
    begun = [entry for entry in entries if entry.kind == "regular" and entry.start <= now]
    current = max(begun, key=lambda entry: (entry.start, entry.number), default=None)
    return [
        entry
        for entry in sorted(entries, key=lambda entry: (entry.start, entry.number))
        if ((end := end_of(entry, entries)) is None or end > now)
        and (entry not in begun or entry is current)
    ]


def _upcoming(entry: Entry, end: int | None) -> UpcomingPrice:
    return UpcomingPrice(
        amount=entry.amount,
        start=moment(entry.start),
        until=moment(end) if end else None,
        promotion=entry.promotion,
        member=entry.member,
        price_set=entry.price_set,
    )
