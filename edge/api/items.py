"""Tagged items: where each is, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from fastapi import APIRouter

from edge.api.desk import DeskDep, viewer
from edge.api.shapes import After, GtinQuery, IdPath, IdQuery, Limit, Page, Shape
from edge.errors import NotFound
from edge.events import moment
from edge.explanations import ItemRow

router = APIRouter(tags=["stock"])

UNTOLD_RSSI = -70.0  # stands for a read without RSSI


class ItemShape(Shape):
    """A tagged unit: its state, where it is, and the antenna that says so or last did.

    `rssi` is -70 where the reader tells none.
    """

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


class TagShape(Shape):
    """What a tag's code says; `fault` and `error` where it breaks its scheme or has none."""

    scheme: str | None
    uri: str | None
    digital_link: str | None
    fault: str | None
    error: str | None


class PointShape(Shape):
    """The probability that a unit stood where it is believed to stand."""

    time: datetime
    probability: float


class ReadsShape(Shape):
    """What one antenna has read of a tag.

    By its `role` the tag has its place there (`seat`), had its last place there (`home`), or is
    read from there as well (`rival`). `reads` are the latest, from which `read_rate`, the share of
    looks in which it is read, was learned; of a rival, all there. An antenna looks once a
    second while it `hears`.
    """

    role: Literal["seat", "home", "rival"]
    device: str
    antenna: int
    zone: str
    shelf: str | None
    reads: int
    read_rate: float | None
    rssi: float | None
    last_seen: datetime
    unread_looks: int
    hears: bool


class EvidenceShape(Shape):
    """What readers saw when they decided: see `evidence` of `store.item.changed.v1`."""

    rate: float
    unread: int
    probability: float
    heard_by: str | None
    antenna: int
    reads: int
    rssi: float | None


class StandingShape(Shape):
    """Where a unit was and in which state."""

    state: str
    zone: str | None


class StepShape(Shape):
    """A change of an item: what it became, where, and why; `position` is its place in the log.

    `ref` is the delivery, stocktake or sale that it belongs to, `note` what people said.
    """

    time: datetime
    position: int
    state: str
    zone: str | None
    shelf: str | None
    reason: str
    previous: StandingShape
    sale: str | None
    evidence: EvidenceShape | None
    ref: str
    note: str


class ItemWithHistory(ItemShape):
    """A tagged unit, why it is where it is, and its latest changes, the newest first.

    `probability` is that of its standing there, null where no antenna has its place;
    `decided_by` the change that put it there.
    """

    tag: TagShape
    probability: float | None
    probability_over_time: list[PointShape]
    reads: list[ReadsShape]
    why: str
    decided_by: StepShape | None
    history: list[StepShape]


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
    items = desk.explanations.items(gtin=gtin, state=state, zone=zone, after=cursor, limit=limit)
    following = items[-1].epc if len(items) == limit else None
    return Page(items=[_item(item) for item in items], next=following)


@router.get("/items/{epc}", dependencies=[viewer])
def get_item(desk: DeskDep, epc: IdPath) -> ItemWithHistory:
    """Give a tagged item by its EPC in hex, with what became of it and why."""
    found = desk.explanations.item(epc.upper(), desk.clock())
    if found is None:
        raise NotFound(f"the tag {epc} was never read in this shop", "epc")
    reasons = {
        "tag": desk.tag(found.item.epc),
        "probability": found.probability,
        "probability_over_time": found.probability_over_time,
        "reads": found.reads,
        "why": found.why,
        "decided_by": found.history[0] if found.history else None,
        "history": found.history,
    }
    whole = {**_item(found.item).model_dump(), **reasons}
    return ItemWithHistory.model_validate(whole, from_attributes=True)


def _item(item: ItemRow) -> ItemShape:
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
        antenna=item.antenna or 0,
        rssi=UNTOLD_RSSI if item.rssi is None else round(item.rssi, 1),
        last_seen=moment(item.seen) if item.seen else None,
    )
