"""How far a price set is on its way to till and labels, and what keeps it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field

from edge.api.desk import Desk
from edge.api.shapes import Shape
from edge.commands import EstimateLabels, PriceChange
from edge.errors import NotFound
from edge.events import moment
from edge.labels import Label
from edge.price_sets import PriceSet, SetState
from edge.pricing import Price

# Faults that keep a picture from a label until somebody looks after it.
STUCK = frozenset(("not-confirmed", "not-drawn", "lost", "silent", "unknown", "picture"))


class SetChange(Shape):
    """A price of the set; `effective` once it has begun and till and labels agree on the product.

    `till` is what is charged for the product now.
    """

    gtin: str
    amount: int
    start: Annotated[datetime | None, Field(serialization_alias="from")]
    until: datetime | None
    promotion: str | None
    member: int | None
    was: int | None
    till: int | None
    effective: bool


class LabelCounts(Shape):
    """The labels of the set's products by how far they are; `waiting` have no picture sent yet."""

    waiting: int
    sent: int
    shown: int
    failed: int
    removed: int


class StuckLabel(Shape):
    """A label that keeps the set from being done: somebody has to look after it."""

    label: str
    shelf: str | None
    device: str
    gtin: str | None
    problems: list[str]
    last_seen: datetime | None


class PriceSetShape(Shape):
    """A price set, and how far it is.

    `done` when it was applied, all of its products that have begun are effective, and no label is
    stuck. `expected_by` is when the labels on their way will have confirmed.
    """

    price_set: str
    name: str
    state: SetState
    since: datetime
    changes: list[SetChange]
    labels: LabelCounts
    stuck: list[StuckLabel]
    done: bool
    expected_by: datetime | None


def followed(desk: Desk, name: str) -> PriceSetShape:
    """Give a price set as it is now; raises NotFound for one that is unknown."""
    found = desk.prices.price_set(name)
    if found is None:
        raise NotFound(f"expected a price set, came {name!r}", "price_set")
    now = desk.clock()
    gtins = {change.gtin for change in found.changes}
    prices = desk.prices.prices(gtins)
    labels = desk.prices.labels(gtins)
    changes = [_change(found, change, prices, now) for change in found.changes]
    begun = [change.gtin for change in found.changes if _has_begun(found, change, now)]
    settled = all(prices[gtin].effective for gtin in begun if gtin in prices)
    stuck = [label for label in labels if _is_stuck(label)]
    return PriceSetShape(
        price_set=found.price_set,
        name=found.name,
        state=found.state,
        since=moment(found.since),
        changes=changes,
        labels=_counts(labels),
        stuck=[_stuck(label) for label in stuck],
        done=found.state != "draft" and settled and not stuck,
        expected_by=_expected(desk, [label for label in labels if label.gtin in gtins]),
    )


def _has_begun(found: PriceSet, change: PriceChange, now: int) -> bool:
    return found.state != "draft" and (change.start is None or change.start <= now)


def _change(
    found: PriceSet, change: PriceChange, prices: Mapping[str, Price], now: int
) -> SetChange:
    price = prices.get(change.gtin)
    return SetChange(
        gtin=change.gtin,
        amount=change.amount,
        start=moment(change.start) if change.start else None,
        until=moment(change.until) if change.until else None,
        promotion=change.promotion,
        member=change.member,
        was=change.was,
        till=price.till if price else None,
        effective=price is not None and price.effective and _has_begun(found, change, now),
    )


def _counts(labels: Iterable[Label]) -> LabelCounts:
    states = Counter(label.state for label in labels)
    return LabelCounts(
        waiting=states["unbound"] + states["waiting"] + states["due"],
        sent=states["sent"],
        shown=states["shown"],
        failed=states["failed"],
        removed=states["removed"],
    )


def _is_stuck(label: Label) -> bool:
    return label.state not in ("shown", "removed") and not STUCK.isdisjoint(label.problems)


def _stuck(label: Label) -> StuckLabel:
    return StuckLabel(
        label=label.label,
        shelf=label.shelf,
        device=label.device,
        gtin=label.gtin,
        problems=list(label.problems),
        last_seen=moment(label.seen) if label.seen else None,
    )


def _expected(desk: Desk, labels: Sequence[Label]) -> datetime | None:
    """Ask the writer, which alone knows the air time, where anything is on its way."""
    under_way = tuple(x.label for x in labels if x.state in ("waiting", "due", "sent"))
    at: int | None = desk.execute(EstimateLabels(under_way)) if under_way else None
    return None if at is None else moment(at)
