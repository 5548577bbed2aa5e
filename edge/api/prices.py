"""Prices: what is wanted, what the till charges, what each label shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from edge.api.desk import Desk, DeskDep, operator, viewer
from edge.api.shapes import PLAIN, GtinPath, GtinText, Moment, Shape, millis
from edge.commands import PriceChange, SetPrices
from edge.errors import NotFound

router = APIRouter(tags=["prices"])


class Change(Shape):
    """A new price in minor units; `from` and `until` bound a promotion or plan it ahead."""

    gtin: GtinText
    amount: Annotated[int, Field(strict=True, ge=0, le=10**12)]
    start: Annotated[Moment | None, Field(alias="from")] = None
    until: Moment | None = None
    promotion: Annotated[str, Field(max_length=80, pattern=PLAIN)] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start and self.until and self.start >= self.until:
            raise PydanticCustomError("until", "expected until after from")
        if self.until and self.until <= datetime.now(UTC):
            raise PydanticCustomError("until", "expected until in the future")
        return self


class Changes(Shape):
    """Price changes, all or none."""

    changes: Annotated[list[Change], Field(min_length=1, max_length=10_000)]


class LabelState(Shape):
    """How far a label is on its way to the price; `shows` are the amounts it may be showing."""

    label: str
    state: str
    shows: list[int]


class PriceShape(Shape):
    """A product's price: wanted (`amount`), charged (`till`), and whether all agree."""

    gtin: str
    amount: int
    till: int
    currency: str
    promotion: str | None
    effective: bool
    labels: list[LabelState]


class PricesShape(Shape):
    """The prices after a change, with a state per label."""

    prices: list[PriceShape]


@router.get("/prices/{gtin}", dependencies=[viewer])
def get_price(desk: DeskDep, gtin: GtinPath) -> PriceShape:
    """Give a product's price and the state of its labels."""
    return _price(desk, gtin)


@router.post("/prices", dependencies=[operator])
def set_prices(desk: DeskDep, body: Changes) -> PricesShape:
    """Change prices; labels and till follow."""
    desk.execute(SetPrices(tuple(_change(change) for change in body.changes)))
    gtins = dict.fromkeys(change.gtin for change in body.changes)
    known = [gtin for gtin in gtins if desk.queries.price(gtin) is not None]
    return PricesShape(prices=[_price(desk, gtin) for gtin in known])


def _change(change: Change) -> PriceChange:
    return PriceChange(
        change.gtin,
        change.amount,
        millis(change.start) if change.start else None,
        millis(change.until) if change.until else None,
        change.promotion,
    )


def _price(desk: Desk, gtin: str) -> PriceShape:
    price = desk.queries.price(gtin)
    if price is None:
        raise NotFound(f"no price for {gtin}: set one with POST /api/v1/prices", "gtin")
    labels = [
        LabelState(
            label=label.label,
            state=label.state,
            shows=sorted({glass.amount for glass in label.glass if glass.gtin == gtin}),
        )
        for label in desk.queries.labels(gtin)
    ]
    return PriceShape(
        gtin=gtin,
        amount=price.amount,
        till=price.till,
        currency=desk.settings.store.currency,
        promotion=price.promotion,
        effective=price.effective,
        labels=labels,
    )
