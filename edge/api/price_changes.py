"""Price changes as they come in, checked row by row: by their shape, the rules and the labels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from edge.api.csv_rows import Row, RowFault, raise_any, validated
from edge.api.desk import Desk
from edge.api.drawable import undrawable
from edge.api.shapes import PLAIN, GtinText, Moment, Shape, millis
from edge.commands import PreviewPrices, PriceChange
from edge.errors import Misfits, Refused
from edge.price_sets import Preview
from edge.pricebook import MOST

MOST_ROWS = 20_000
COLUMNS = ("gtin", "amount", "from", "until", "promotion", "member", "was", "currency")

_NUMBERS = ("amount", "member", "was")
_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_PLACE = re.compile(r"changes\[([0-9]+)\](?:\.(.+))?")


def _minor(value: object) -> object:
    if type(value) is not int:
        raise PydanticCustomError(
            "amount", "expected a whole number of minor units, such as 1250 for 12.50"
        )
    return value


def _named(text: str) -> str | None:
    return text.strip() or None


Amount = Annotated[int, Field(strict=True, ge=1, lt=MOST), BeforeValidator(_minor)]
SetName = Annotated[str, Field(max_length=80, pattern=PLAIN)]
Promotion = Annotated[str, Field(max_length=80, pattern=PLAIN), AfterValidator(_named)]


class Change(Shape):
    """A new price in minor units; `from` and `until` bound a promotion or plan it ahead.

    `member` is what members of the shop pay meanwhile, `was` the former price that a promotion
    announces; a `currency` that is not the shop's is refused.
    """

    gtin: GtinText
    amount: Amount
    start: Annotated[Moment | None, Field(alias="from")] = None
    until: Moment | None = None
    promotion: Promotion | None = None
    member: Amount | None = None
    was: Amount | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start and self.until and self.start >= self.until:
            raise PydanticCustomError("until", "expected until after from")
        if self.until and self.until <= datetime.now(UTC):
            raise PydanticCustomError("until", "expected until in the future")
        return self

    def change(self) -> PriceChange:
        """Give what the shop is asked for."""
        return PriceChange(
            self.gtin,
            self.amount,
            millis(self.start) if self.start else None,
            millis(self.until) if self.until else None,
            self.promotion,
            self.member,
            self.was,
            self.currency,
        )


def numbered(row: Row) -> Row:
    """Give a CSV row with its amounts as numbers; what is none stays text, and is refused."""
    fields = {
        name: int(cell) if name in _NUMBERS and _WHOLE.fullmatch(cell) else cell
        for name, cell in row.fields.items()
    }
    return Row(fields, row.place, row.joint, row.fault)


def previewed(desk: Desk, rows: Sequence[Row]) -> tuple[tuple[PriceChange, ...], Preview]:
    """Give the changes that rows ask for, and what they would do.

    Raises Misfits with the faults of all rows: of their shape, by the rules (among the rows that
    have the shape), and of what a label cannot show.
    """
    good, faults = validated(rows, Change)
    changes = tuple(shape.change() for _, shape in good)
    found, preview = examined(desk, changes)
    places = [n for n, _ in good]
    faults += [
        RowFault(places[fault.row], rows[places[fault.row]].at(fault.path), fault.detail)
        for fault in found
    ]
    raise_any(faults)
    return changes, preview


def shaped(rows: Sequence[Row]) -> tuple[PriceChange, ...]:
    """Give the changes that rows ask for; raises Misfits with the faults of their shape alone."""
    good, faults = validated(rows, Change)
    raise_any(faults)
    return tuple(shape.change() for _, shape in good)


def examined(desk: Desk, changes: tuple[PriceChange, ...]) -> tuple[list[RowFault], Preview]:
    """Preview changes: gives the faults of each, its path within the change, and what they do."""
    nothing = Preview((), 0)
    if not changes:
        return [], nothing
    try:
        preview: Preview = desk.execute(PreviewPrices(changes))
    except Refused as refusal:
        return _told(refusal), nothing
    return undrawable(desk, preview.effects), preview


def _told(refusal: Refused) -> list[RowFault]:
    """Read which changes a refusal is about; raises it again where it is about none of them."""
    told = refusal.faults if isinstance(refusal, Misfits) else ((refusal.path, str(refusal)),)
    places = [(_PLACE.fullmatch(path), detail) for path, detail in told]
    if any(place is None for place, _ in places):
        raise refusal
    return [RowFault(int(p[1]), p[2] or "", detail) for p, detail in places if p]
