"""A third-party till's completed sale."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from msgspec.json import Decoder

from devices.contract import (
    Amount,
    Claims,
    EpcHex,
    EpochMs,
    Numbered,
    Word,
    epc_of,
    gtin_of,
    read,
)
from edge.readings import SaleReported, SoldLine

_Quantity = Annotated[int, Meta(ge=1, le=1_000_000)]
_Currency = Annotated[str, Meta(pattern=r"\A[A-Z]{3}\Z")]


class _Line(Struct, frozen=True):
    gtin: str
    qty: _Quantity
    amount: Amount
    epc: EpcHex | None = None


class _Sale(Numbered, frozen=True):
    t: EpochMs
    sale: Word
    currency: _Currency
    lines: Annotated[tuple[_Line, ...], Meta(min_length=1, max_length=1_000)]
    total: Amount
    member: Word | None = None


_sale = Decoder(_Sale)


def decode_sale(payload: bytes) -> Claims:
    """Decode `sale`: `{"t", "sale", "currency", "lines": [...], "total", "member"?}`.

    A line is `{"gtin", "qty", "amount", "epc"?}`; amounts are the line's total in minor units and
    may be below zero (a voucher). The sum is not checked: tills take discounts off the whole.
    """
    came = read(_sale, payload)
    lines = tuple([_line(line, f"lines[{n}]") for n, line in enumerate(came.lines)])
    return came.claims(
        SaleReported(came.t, came.sale, came.currency, lines, came.total, came.member),
    )


def _line(line: _Line, path: str) -> SoldLine:
    epc = None if line.epc is None else epc_of(line.epc, f"{path}.epc")
    return SoldLine(gtin_of(line.gtin, f"{path}.gtin"), line.qty, line.amount, epc)
