"""Price sets: changes that people preview, apply, follow and take back as one."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from edge.api.desk import Desk, DeskDep, operator, viewer
from edge.api.price_bodies import BODIES, Sent, SentDep
from edge.api.price_changes import examined, previewed, shaped
from edge.api.price_progress import PriceSetShape, followed
from edge.api.shapes import After, IdPath, Limit, Page, Shape, Told
from edge.commands import ApplyPrices, CancelPrices, DraftPrices, PriceChange
from edge.errors import ContractError, Misfits
from edge.events import moment
from edge.price_queries import SetRow
from edge.price_sets import Move, Preview, PriceEffect, SetState

router = APIRouter(tags=["prices"])


class PreviewRow(Shape):
    """What a change would do: the till goes from `before` to `after` once `from` has come."""

    gtin: str
    name: str
    move: Move
    before: int | None
    after: int
    member: int | None
    was: int | None
    promotion: str | None
    start: Annotated[datetime, Field(serialization_alias="from")]
    until: datetime | None
    labels: list[str]


class PreviewShape(Shape):
    """What changes would do, one by one, and in all.

    So many `labels` would get a picture; all of them would have it after `seconds`, from now.
    """

    changes: list[PreviewRow]
    raises: int
    lowers: int
    same: int
    first: int
    labels: int
    seconds: float


class PriceSetRow(Shape):
    """A price set; `since` is when it came into its state, `changes` how many it has."""

    price_set: str
    name: str
    state: SetState
    since: datetime
    changes: int


@router.post("/price-sets/preview", dependencies=[operator], openapi_extra=BODIES)
async def preview_prices(desk: DeskDep, sent: SentDep) -> PreviewShape:
    """Tell what price changes would do; nothing changes. Every faulty row is named."""
    return await run_in_threadpool(_preview, desk, sent)


@router.post("/price-sets", dependencies=[operator], openapi_extra=BODIES)
async def draft_prices(desk: DeskDep, sent: SentDep) -> PriceSetShape:
    """Keep price changes as a draft, to be applied or cancelled. Every faulty row is named."""
    return await run_in_threadpool(_draft, desk, sent)


@router.get("/price-sets", dependencies=[viewer])
def list_price_sets(
    desk: DeskDep,
    state: Annotated[SetState | None, Query()] = None,
    cursor: After = "",
    limit: Limit = 100,
) -> Page[PriceSetRow]:
    """List price sets, the newest first."""
    rows = desk.prices.sets(state=state, before=_number(cursor), limit=limit)
    following = str(rows[-1].number) if len(rows) == limit else None
    return Page(items=[_row(row) for row in rows], next=following)


@router.get("/price-sets/{price_set}", dependencies=[viewer])
def get_price_set(desk: DeskDep, price_set: IdPath) -> PriceSetShape:
    """Give a price set and how far its prices are on their way to till and labels."""
    return followed(desk, price_set)


@router.post("/price-sets/{price_set}/apply", dependencies=[operator])
def apply_prices(desk: DeskDep, price_set: IdPath, body: Told | None = None) -> PriceSetShape:
    """Let a draft come into force, unless a label cannot show one of its prices by now."""
    known = desk.prices.price_set(price_set)
    if known is not None and known.state == "draft":
        _check(desk, known.changes)
    desk.execute(ApplyPrices(price_set, id=body.id if body else None))
    return followed(desk, price_set)


@router.post("/price-sets/{price_set}/cancel", dependencies=[operator])
def cancel_prices(desk: DeskDep, price_set: IdPath, body: Told | None = None) -> PriceSetShape:
    """Take a price set back: what has not begun never does, what has begun ends."""
    desk.execute(CancelPrices(price_set, id=body.id if body else None))
    return followed(desk, price_set)


def _preview(desk: Desk, sent: Sent) -> PreviewShape:
    changes, preview = previewed(desk, sent.rows)
    products = desk.prices.products(change.gtin for change in changes)
    moves = Counter(effect.move for effect in preview.effects)
    return PreviewShape(
        changes=[
            _effect(effect, change, products[effect.gtin].name)
            for effect, change in zip(preview.effects, changes, strict=True)
        ],
        raises=moves["raise"],
        lowers=moves["lower"],
        same=moves["same"],
        first=moves["first"],
        labels=len(_labels(preview)),
        seconds=preview.takes_ms / 1000,
    )


def _draft(desk: Desk, sent: Sent) -> PriceSetShape:
    if desk.prices.told(sent.id):  # what was applied since would be at odds with itself
        changes = shaped(sent.rows)
    else:
        changes, _ = previewed(desk, sent.rows)
    return followed(desk, desk.execute(DraftPrices(changes, sent.name, id=sent.id)))


def _check(desk: Desk, changes: tuple[PriceChange, ...]) -> None:
    faults, _ = examined(desk, changes)
    if faults:
        places = [f"changes[{fault.row}]" for fault in faults]
        raise Misfits(
            tuple(
                (f"{place}.{fault.path}" if fault.path else place, fault.detail)
                for place, fault in zip(places, faults, strict=True)
            )
        )


def _labels(preview: Preview) -> set[str]:
    return {name for effect in preview.effects for name in effect.labels}


def _effect(effect: PriceEffect, change: PriceChange, name: str) -> PreviewRow:
    return PreviewRow(
        gtin=effect.gtin,
        name=name,
        move=effect.move,
        before=effect.before,
        after=effect.quote.amount,
        member=effect.quote.member,
        was=effect.quote.was,
        promotion=effect.quote.promotion,
        start=moment(effect.at),
        until=moment(change.until) if change.until else None,
        labels=list(effect.labels),
    )


def _row(row: SetRow) -> PriceSetRow:
    return PriceSetRow(
        price_set=row.price_set,
        name=row.name,
        state=row.state,
        since=moment(row.since),
        changes=row.size,
    )


def _number(cursor: str) -> int | None:
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= 15):  # noqa: PLR2004
        raise ContractError("cursor", "`next` of the page before", repr(cursor))
    return int(cursor)
