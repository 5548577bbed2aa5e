"""The price audit."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from edge.api.desk import DeskDep, viewer
from edge.api.shapes import LARGEST, Shape

router = APIRouter(tags=["prices"])


class PriceFindingShape(Shape):
    """What is wrong with a price; `shelf` are the amounts that the label may be showing."""

    gtin: str
    name: str
    label: str | None
    shelf: list[int]
    till: int
    channel: int | None
    kind: Literal["overcharge", "undercharge", "uncertain", "channel", "wrong-picture"]


class ChannelPricesShape(Shape):
    """What the online channel has been told, compared with what the till charges."""

    compared: int
    accurate: int
    over: int
    under: int


class SoldPricesShape(Shape):
    """Sale lines since a day ago, compared with the least price that a label may have shown."""

    lines: int
    above_shelf: int
    below_shelf: int
    since: datetime


class PriceAuditShape(Shape):
    """How many of the sampled prices are right: `accuracy`, which `passes` from 0.98 on.

    `channel` is null where no sink takes prices. `uncertain` products have a label that may be
    showing one of several pictures; the lowest of their prices counts for `overcharges`, the
    highest for `undercharges`. `findings` names up to a hundred cases, the gravest first.
    """

    as_of: datetime
    sampled: int
    accurate: int
    overcharges: int
    undercharges: int
    uncertain: int
    accuracy: float | None
    passes: bool | None
    channel: ChannelPricesShape | None
    sales: SoldPricesShape
    findings: list[PriceFindingShape]


@router.get("/prices/audit", dependencies=[viewer])
def audit_prices(
    desk: DeskDep,
    size: Annotated[int, Query(ge=1, le=1000, description="products to sample")] = 100,
    seed: Annotated[
        int | None, Query(ge=0, le=LARGEST, description="the same one samples the same")
    ] = None,
) -> PriceAuditShape:
    """Sample prices as an inspector would: shelf against till, and what the channel was told."""
    audit = desk.price_auditor.audit(size, seed, desk.clock())
    return PriceAuditShape.model_validate(audit, from_attributes=True)
