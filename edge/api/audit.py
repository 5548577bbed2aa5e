"""The tagging audit."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from fastapi import APIRouter, Query

from edge.api.desk import DeskDep, viewer
from edge.api.shapes import Shape

T = TypeVar("T")

router = APIRouter(tags=["tags"])


class FindingShape(Shape, Generic[T]):
    """How many cases there are, and some of them."""

    count: int
    items: list[T]


class SameCodeShape(Shape):
    """Tags whose different codes name the same unit."""

    gtin: str
    serial: str
    epcs: list[str]


class TogetherShape(Shape):
    """Two tags of a product that came to the same places at the same times, and never apart."""

    gtin: str
    epcs: list[str]
    moves: int
    last_moved: datetime


class OddTagShape(Shape):
    """A tag that names no unit of a product; `fault` and `error` say what is wrong with it."""

    epc: str
    scheme: str | None
    uri: str | None
    fault: str | None
    error: str | None
    zone: str | None
    shelf: str | None
    last_seen: datetime | None


class UnknownProductShape(Shape):
    """Tags of a product that is not in the catalogue; one of them is named."""

    gtin: str
    tags: int
    epc: str


class UnreadShape(Shape):
    """A product that no reader reads."""

    gtin: str
    name: str
    on_hand: int
    last_seen: datetime | None


class HardTagShape(Shape):
    """A tag that the antenna at its place reads in few of its looks."""

    epc: str
    gtin: str | None
    device: str
    antenna: int
    zone: str
    shelf: str | None
    read_rate: float


class MisplacedShape(Shape):
    """A unit that stands in another zone of the sales floor than most of its product: `home`."""

    epc: str
    gtin: str
    zone: str
    shelf: str | None
    home: str


class AuditShape(Shape):
    """What is wrong with the tags in the shop, of which there are `tags`.

    Tagged twice: `same_code`, `together`. No unit of a product: `wrongly_encoded`, `foreign` (the
    last read first), `other_keys` (pallets, crates, ...). At odds with the catalogue:
    `unknown_products`, `never_read`, `not_read` (on hand, and not read for a day). Badly placed:
    `hard_to_read` (read in less than one of ten looks), `misplaced`.
    """

    as_of: datetime
    tags: int
    same_code: FindingShape[SameCodeShape]
    together: FindingShape[TogetherShape]
    wrongly_encoded: FindingShape[OddTagShape]
    foreign: FindingShape[OddTagShape]
    other_keys: FindingShape[OddTagShape]
    unknown_products: FindingShape[UnknownProductShape]
    never_read: FindingShape[UnreadShape]
    not_read: FindingShape[UnreadShape]
    hard_to_read: FindingShape[HardTagShape]
    misplaced: FindingShape[MisplacedShape]


@router.get("/tags/audit", dependencies=[viewer])
def audit_tags(
    desk: DeskDep,
    limit: Annotated[int, Query(ge=1, le=1000, description="cases that a finding names")] = 20,
) -> AuditShape:
    """Tell what is wrong with the tags in the shop, and how often."""
    audit = desk.auditor.audit(limit, desk.clock())
    return AuditShape.model_validate(audit, from_attributes=True)
