"""Deliveries: announced, received, and compared with what has been read of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from edge.api.desk import Desk, DeskDep, operator, viewer
from edge.api.shapes import (
    After,
    EpcText,
    GtinText,
    Limit,
    Page,
    Shape,
    SomeUnits,
    SsccPath,
    SsccText,
    Told,
    Word,
)
from edge.commands import AnnounceDelivery, CancelDelivery, DeliveryLine, ReceiveDelivery
from edge.deliveries import Compared, Delivery, DeliveryState, compare
from edge.errors import NotFound
from edge.events import moment

router = APIRouter(tags=["deliveries"])

LINES = 1_000
TAGS = 5_000  # in one logistic unit


class AnnouncedLine(Shape):
    """Units of a product; `epcs` are those of them whose tags the sender has listed."""

    gtin: GtinText
    units: SomeUnits
    epcs: Annotated[list[EpcText], Field(default_factory=list, max_length=TAGS)]


class Announcement(Told):
    """What is to come in a logistic unit, and in which zone; `reference` is the sender's own."""

    sscc: SsccText
    zone: Word
    reference: Word = ""
    lines: Annotated[list[AnnouncedLine], Field(min_length=1, max_length=LINES)]

    @model_validator(mode="after")
    def _of_one_unit(self) -> Self:
        if sum(len(line.epcs) for line in self.lines) > TAGS:
            raise PydanticCustomError("tags", "expected at most {most} EPCs", {"most": TAGS})
        return self


class Reception(Told):
    """The zone where a delivery was put, if that is not the one where it was expected."""

    zone: Word | None = None


class Cancellation(Told):
    """Why something was called off."""

    reason: Word = ""


class ComparedShape(Shape):
    """A product of a delivery: what was announced, and what came.

    `read` counts tags, `counted` untagged units. Once the delivery is received, `short` units have
    not been read so far and `surplus` came beside it; `unread` are announced EPCs.
    """

    gtin: str
    announced: int
    read: int
    counted: int
    short: int
    surplus: int
    unread: list[str]


class DeliveryShape(Shape):
    """A delivery in its state, since when; `by` tells who received it, a `person` or its `tag`."""

    sscc: str
    zone: str
    reference: str
    state: DeliveryState
    since: datetime
    by: str | None


class DeliveryWithLines(DeliveryShape):
    """A delivery, and what came of each of its products."""

    lines: list[ComparedShape]


@router.post("/deliveries", dependencies=[operator])
def announce_delivery(desk: DeskDep, body: Announcement) -> DeliveryWithLines:
    """Announce a delivery; announced again, it is corrected."""
    lines = tuple(DeliveryLine(line.gtin, line.units, tuple(line.epcs)) for line in body.lines)
    command = AnnounceDelivery(body.sscc, body.zone, lines, body.reference, id=body.id)
    return _delivery(desk, desk.execute(command))


@router.get("/deliveries", dependencies=[viewer])
def list_deliveries(
    desk: DeskDep,
    state: Annotated[DeliveryState | None, Query()] = None,
    cursor: After = "",
    limit: Limit = 100,
) -> Page[DeliveryShape]:
    """List deliveries by SSCC."""
    rows = desk.queries.deliveries(state=state, after=cursor, limit=limit)
    following = rows[-1].sscc if len(rows) == limit else None
    return Page(items=[_shape(row) for row in rows], next=following)


@router.get("/deliveries/{sscc}", dependencies=[viewer])
def get_delivery(desk: DeskDep, sscc: SsccPath) -> DeliveryWithLines:
    """Give a delivery: what was announced, what has been read of it, what is short or over."""
    return _delivery(desk, sscc)


@router.post("/deliveries/{sscc}/receive", dependencies=[operator])
def receive_delivery(
    desk: DeskDep, sscc: SsccPath, body: Reception | None = None
) -> DeliveryWithLines:
    """Take a delivery in; what was taken in already is not taken in again."""
    told = body or Reception()
    return _delivery(desk, desk.execute(ReceiveDelivery(sscc, told.zone, id=told.id)))


@router.post("/deliveries/{sscc}/cancel", dependencies=[operator])
def cancel_delivery(
    desk: DeskDep, sscc: SsccPath, body: Cancellation | None = None
) -> DeliveryWithLines:
    """Expect a delivery no longer."""
    told = body or Cancellation()
    return _delivery(desk, desk.execute(CancelDelivery(sscc, told.reason, id=told.id)))


def _delivery(desk: Desk, sscc: str) -> DeliveryWithLines:
    delivery = desk.queries.delivery(sscc)
    if delivery is None:
        raise NotFound(f"expected an announced delivery, came {sscc}", "sscc")
    lines = [_line(line) for line in compare(delivery)]
    return DeliveryWithLines(**_shape(delivery).model_dump(), lines=lines)


def _shape(delivery: Delivery) -> DeliveryShape:
    return DeliveryShape(
        sscc=delivery.sscc,
        zone=delivery.zone,
        reference=delivery.reference,
        state=delivery.state,
        since=moment(delivery.since),
        by=delivery.by,
    )


def _line(line: Compared) -> ComparedShape:
    return ComparedShape(
        gtin=line.gtin,
        announced=line.announced,
        read=line.read,
        counted=line.counted,
        short=line.short,
        surplus=line.surplus,
        unread=list(line.unread),
    )
