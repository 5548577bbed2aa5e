"""Price sets: changes that people preview, apply, follow and take back as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from edge.commands import (
    ApplyPrices,
    CancelPrices,
    DraftPrices,
    PreviewPrices,
    PriceChange,
    SetPrices,
)
from edge.errors import IllegalMove, Misfits, NotFound, Refused
from edge.events import Event, LabelContent, PriceSetChanged
from edge.pricebook import PriceBook, Quote
from edge.pricing import Pricing
from edge.prior_prices import DAY_MS
from edge.rows import Rows

SetState = Literal["draft", "applied", "cancelled"]
Step = Literal["apply", "cancel"]
Move = Literal["first", "raise", "lower", "same"]

MOVES: dict[tuple[SetState, Step], SetState] = {
    ("draft", "apply"): "applied",
    ("draft", "cancel"): "cancelled",
    ("applied", "cancel"): "cancelled",
}
KEPT_MS = 31 * DAY_MS
KEPT = 1_000  # sets that are not drafts


class PriceSet(Struct, frozen=True):
    """Price changes under one name; `since` is when it came into its state (epoch ms)."""

    price_set: str
    number: int
    name: str
    state: SetState
    changes: tuple[PriceChange, ...]
    since: int


class PriceEffect(Struct, frozen=True):
    """What a change would do: from `before`, which the till charges now, to `quote` at `at`.

    `contents` are what the labels would show, in the order of `labels`.
    """

    gtin: str
    move: Move
    before: int | None
    quote: Quote
    at: int
    labels: tuple[str, ...]
    contents: tuple[LabelContent, ...]


class Preview(Struct, frozen=True):
    """What changes would do, one by one; all labels would have them after `takes_ms`, from now."""

    effects: tuple[PriceEffect, ...]
    takes_ms: int


class PriceSets:
    """The price sets of a shop: `book` holds what is to be, `pricing` lets it become so."""

    def __init__(
        self, rows: Rows[str, PriceSet], book: PriceBook, pricing: Pricing, epoch: int
    ) -> None:
        """Take up the rows that are on disk."""
        self._rows = rows
        self._book = book
        self._pricing = pricing
        self._epoch = epoch
        self._number = max((row.number for row in rows), default=0)

    def preview(self, command: PreviewPrices, now: int) -> tuple[Preview, list[Event]]:
        """Say what changes would do; raises Misfits, or the one fault, where there are any."""
        self._check(command.changes, now)
        changes = _by_product(command.changes)
        effects = [self._effect(change, changes[change.gtin], now) for change in command.changes]
        labels = [name for effect in effects for name in effect.labels]
        return Preview(tuple(effects), self._pricing.takes(labels)), []

    def set(self, command: SetPrices, now: int) -> tuple[str, list[Event]]:
        """Take changes at once; gives the set's id."""
        self._check(command.changes, now)
        row = self._new(command, "applied", now)
        return row.price_set, [_changed(row), *self._apply(row, now)]

    def draft(self, command: DraftPrices, now: int) -> tuple[str, list[Event]]:
        """Keep changes for later; gives the set's id."""
        self._check(command.changes, now)
        row = self._new(command, "draft", now)
        return row.price_set, [_changed(row)]

    def apply(self, command: ApplyPrices, now: int) -> tuple[str, list[Event]]:
        """Let a draft come into force, unless it cannot be taken any more."""
        row = self._moved(command.price_set, "apply", now)
        self._check(row.changes, now)
        self._rows.put(row.price_set, row)
        return row.price_set, [_changed(row), *self._apply(row, now)]

    def cancel(self, command: CancelPrices, now: int) -> tuple[str, list[Event]]:
        """Take a set back; what is charged and shown follows by the price protocol."""
        row = self._moved(command.price_set, "cancel", now)
        applied = self._rows[row.price_set].state == "applied"
        if applied and (orphans := self._book.orphans(row.price_set, row.changes)):
            raise Refused(
                f"expected a price to fall back to, {', '.join(orphans[:5])} would have none: "
                "set another one first"
            )
        self._rows.put(row.price_set, row)
        events: list[Event] = [_changed(row)]
        if applied:
            gtins = self._book.withdraw(row.price_set, row.changes)
            events += self._follow(gtins, now)
        return row.price_set, events

    def advance(self, now: int) -> list[Event]:
        """Let planned prices begin and end."""
        return self._follow(self._book.due(now), now)

    def _check(self, changes: Sequence[PriceChange], now: int) -> None:
        faults = self._book.faults(changes, now)
        if len(faults) == 1:
            raise faults[0]
        if faults:
            raise Misfits(tuple((fault.path, str(fault)) for fault in faults))

    def _effect(
        self, change: PriceChange, same_product: Sequence[PriceChange], now: int
    ) -> PriceEffect:
        quote = self._book.foresee(change, same_product, now)
        before = self._pricing.till(change.gtin)
        at = now if change.start is None else max(now, change.start)
        contents = self._pricing.foresee(change.gtin, quote)
        return PriceEffect(
            change.gtin,
            _move(before, quote.amount),
            before,
            quote,
            at,
            tuple(contents),
            tuple(contents.values()),
        )

    def _new(self, command: SetPrices | DraftPrices, state: SetState, now: int) -> PriceSet:
        self._number += 1
        name = f"prices-{self._epoch}-{self._number}"
        row = PriceSet(name, self._number, command.name, state, command.changes, now)
        self._rows.put(name, row)
        self._prune(now)
        return row

    def _moved(self, name: str, step: Step, now: int) -> PriceSet:
        row = self._rows.get(name)
        if row is None:
            raise NotFound(f"no price set {name}", "price_set")
        state = MOVES.get((row.state, step))
        if state is None:
            allowed = "only a draft can be applied" if step == "apply" else "that is done already"
            raise IllegalMove(f"price set {name} is {row.state}: {allowed}", "price_set")
        return replace(row, state=state, since=now)

    def _apply(self, row: PriceSet, now: int) -> list[Event]:
        return self._follow(self._book.add(row.price_set, row.changes, now), now)

    def _follow(self, gtins: Iterable[str], now: int) -> list[Event]:
        events: list[Event] = []
        for gtin in gtins:
            if (quote := self._book.quote(gtin, now)) is not None:
                events += self._pricing.want(gtin, quote, now)
        return events

    def _prune(self, now: int) -> None:
        """Let go of the oldest sets, and of those of which all was over a month ago."""
        done = sorted((r for r in self._rows if r.state != "draft"), key=lambda row: row.number)
        for n, row in enumerate(reversed(done)):
            if _over(row) < now - (KEPT_MS if n < KEPT else 0):
                self._rows.drop(row.price_set)


def _over(row: PriceSet) -> int:
    ends = [change.until or change.start or 0 for change in row.changes]
    return max([row.since, *ends])


def _by_product(changes: Iterable[PriceChange]) -> dict[str, list[PriceChange]]:
    products: dict[str, list[PriceChange]] = {}
    for change in changes:
        products.setdefault(change.gtin, []).append(change)
    return products


def _move(before: int | None, after: int) -> Move:
    if before is None:
        return "first"
    return "same" if after == before else "raise" if after > before else "lower"


def _changed(row: PriceSet) -> PriceSetChanged:
    return PriceSetChanged(
        price_set=row.price_set, name=row.name, state=row.state, changes=len(row.changes)
    )
