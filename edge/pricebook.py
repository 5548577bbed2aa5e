"""The price book: what each product is to cost, now and later, and why.

A regular price holds from its start until the next one. A promotion (with a name) or a temporary
price (with an end and no name) stands in for it; two of a product never overlap. One without an end
lasts until the next price of the product.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from edge.commands import PriceChange, Product
from edge.errors import NotFound, Refused
from edge.events import moment
from edge.prior_prices import DAY_MS, PriorPrices
from edge.rows import Rows

MOST = 10**9  # below it, an amount has at most nine digits: what a label can show and a till sell
KEPT_MS = 31 * DAY_MS
KEPT = 20  # regular prices of a product: what a cancelled one falls back to


class Entry(Struct, frozen=True):
    """A price of the book, which `price_set` brought in; a higher `number` came later.

    One that has `begun` goes on if the clock is set back. `was` is the former price that a
    promotion announces, as it was asked for, and from its beginning on as it may be.
    """

    gtin: str
    number: int
    price_set: str
    kind: Literal["regular", "stand-in"]
    amount: int
    start: int
    until: int | None = None
    promotion: str | None = None
    member: int | None = None
    was: int | None = None
    begun: bool = False

    def holds(self, at: int) -> bool:
        """Tell whether it holds at a time (epoch ms)."""
        began = self.begun or self.start <= at
        return began and (self.until is None or at < self.until)


class Quote(Struct, frozen=True):
    """What a product is to cost; `regular` without the promotion, `was` the price to be struck."""

    amount: int
    regular: int
    member: int | None = None
    promotion: str | None = None
    was: int | None = None


Key = tuple[str, int]


class PriceBook:
    """All prices of the shop, in its `currency`; `product` knows the products."""

    def __init__(
        self,
        entries: Rows[Key, Entry],
        prior: PriorPrices,
        product: Callable[[str], Product | None],
        currency: str,
    ) -> None:
        """Take up the rows that are on disk."""
        self._entries = entries
        self._prior = prior
        self._product = product
        self._currency = currency
        self._of: dict[str, dict[int, Entry]] = {}
        self._agenda: list[tuple[int, str]] = []
        self._horizon: list[tuple[int, str]] = []
        self._number = 0
        for entry in entries:
            self._note(entry)

    def quote(self, gtin: str, now: int) -> Quote | None:
        """Give what a product is to cost now; None without a price."""
        entries = self._of.get(gtin, {})
        for entry in list(entries.values()):
            if not entry.begun and entry.holds(now):
                self._put(self._opened(replace(entry, begun=True), entries.values()))
        return quote_of(self._of.get(gtin, {}).values(), now)

    def due(self, now: int) -> list[str]:
        """Hand over the products of which a price begins or ends, up to now."""
        return list(dict.fromkeys(gtin for _, gtin in _popped(self._agenda, now)))

    def nearing(self, until: int) -> list[tuple[int, str]]:
        """Hand over, once, when a price of which product begins or ends, up to a later time."""
        return list(dict.fromkeys(_popped(self._horizon, until)))

    def foretell(self, gtin: str, at: int) -> Quote | None:
        """Give what a product will cost at a time to come, as far as is known now."""
        return quote_of(self._held(self.entries(gtin), at), at)

    def entries(self, gtin: str) -> list[Entry]:
        """Give a product's prices in the order in which they came."""
        return list(self._of.get(gtin, {}).values())

    def faults(self, changes: Sequence[PriceChange], now: int) -> list[Refused]:
        """Say what is wrong with changes, each fault with its path; with none they can be taken."""
        faults: list[Refused] = []
        taken: dict[str, list[Entry]] = {}
        for n, (change, entry) in enumerate(self._drafts(changes, now)):
            others = taken.setdefault(change.gtin, [])
            faults += (_at(n, fault) for fault in self._alone(change, entry, now))
            faults += (_at(n, fault) for fault in self._among(entry, others))
            others.append(entry)
        for n, (change, entry) in enumerate(self._drafts(changes, now)):
            known = [*self.entries(change.gtin), *taken[change.gtin]]
            faults += (_at(n, fault) for fault in self._reductions(change, entry, known))
        return faults

    def foresee(self, change: PriceChange, changes: Sequence[PriceChange], now: int) -> Quote:
        """Give what a product would cost from a change's start on, were all `changes` taken."""
        known = self.entries(change.gtin)
        for _, draft in self._drafts(changes, now):
            entries = [self._opened(entry, known) for entry in _with_fall_back(draft, known)]
            known = [*known, *entries]
        start = now if change.start is None else max(now, change.start)
        return quote_of(self._held(known, start), start) or Quote(change.amount, change.amount)

    def add(self, price_set: str, changes: Sequence[PriceChange], now: int) -> list[str]:
        """Take changes without a fault; gives the products that they concern."""
        for _, draft in self._drafts(changes, now):
            known = self.entries(draft.gtin)
            for entry in _with_fall_back(draft, known):
                opened = self._opened(entry, known)
                entered = replace(opened, number=self._number + 1, price_set=price_set)
                self._put(entered)
                self._note(entered)
        gtins = list(dict.fromkeys(change.gtin for change in changes))
        for gtin in gtins:
            self._prune(gtin, now)
        return gtins

    def withdraw(self, price_set: str, changes: Sequence[PriceChange]) -> list[str]:
        """Take back what a set brought in; gives the products that it concerned."""
        gtins = list(dict.fromkeys(change.gtin for change in changes))
        for gtin in gtins:
            for entry in self.entries(gtin):
                if entry.price_set == price_set:
                    del self._of[gtin][entry.number]
                    self._entries.drop((gtin, entry.number))
        return gtins

    def orphans(self, price_set: str, changes: Sequence[PriceChange]) -> list[str]:
        """Give the products that would be left without any price, were a set taken back."""
        return [
            gtin
            for gtin in dict.fromkeys(change.gtin for change in changes)
            if (known := self.entries(gtin))
            and all(e.price_set == price_set for e in known if e.kind == "regular")
        ]

    # What may be wrong

    def _alone(self, change: PriceChange, entry: Entry, now: int) -> Iterator[Refused]:
        if self._product(change.gtin) is None:
            yield NotFound(
                f"expected a known product, came {change.gtin}: put the product first", "gtin"
            )
        if not 1 <= change.amount < MOST:
            yield Refused(
                f"expected an amount from 1 to {MOST - 1}, came {change.amount}", "amount"
            )
        if change.currency not in (None, self._currency):
            yield Refused(f"expected {self._currency}, came {change.currency}", "currency")
        if entry.until is not None and entry.until <= max(entry.start, now):
            yield Refused("expected until after from, and in the future", "until")
        if change.member is not None and not 1 <= change.member < change.amount:
            yield Refused(
                f"expected a member price from 1 to {change.amount - 1}, came {change.member}",
                "member",
            )
        if change.was is not None and change.promotion is None:
            yield Refused("expected a former price beside a promotion only", "was")
        elif change.was is not None and not change.amount < change.was < MOST:
            yield Refused(
                f"expected a former price above {change.amount}, came {change.was}", "was"
            )

    def _among(self, entry: Entry, others: Sequence[Entry]) -> Iterator[Refused]:
        """Compare with what is in the book, and with the rows before."""
        if entry.kind == "regular":
            if any(other.kind == "regular" and other.start == entry.start for other in others):
                yield Refused("expected one price of a product at a time, came two", "gtin")
            return
        for other in others:
            if other.kind == "stand-in" and _overlap(entry, other):
                yield Refused(
                    f"expected no overlap, came one with another row's {_name(other)}", "from"
                )
        for other in self.entries(entry.gtin):
            ends_there = other.until is None and other.start <= entry.start
            if other.kind == "stand-in" and _overlap(entry, other) and not ends_there:
                yield Refused(
                    f"expected no overlap, came one with {_name(other)}, {_span(other)}: "
                    f"cancel price set {other.price_set} first",
                    "from",
                )

    def _reductions(
        self, change: PriceChange, entry: Entry, known: Sequence[Entry]
    ) -> Iterator[Refused]:
        if entry.promotion is None:
            return
        before = _regular(known, entry.start)
        if before is not None and entry.amount > before.amount:
            yield Refused(
                f"expected a promotion of at most the regular {before.amount}, came {entry.amount}",
                "amount",
            )
        if change.was is None or self._prior.rule == "free":
            return
        highest = self._prior.highest_claim(entry.gtin, entry.start)
        if highest is None or change.was > highest:
            came = f"came {change.was} (rule {self._prior.rule})"
            allowed = "none, as nothing is known" if highest is None else f"at most {highest}"
            yield Refused(f"expected a former price of {allowed}, {came}", "was")

    def _held(self, known: Sequence[Entry], at: int) -> list[Entry]:
        """Give entries as they will be at a time."""
        return [
            self._opened(replace(entry, begun=True), known)
            if entry.holds(at) and not entry.begun
            else entry
            for entry in known
        ]

    def _opened(self, entry: Entry, known: Iterable[Entry]) -> Entry:
        """Give a promotion that begins with the former price that may be struck beside it."""
        if entry.promotion is None or not entry.begun:
            return entry
        return replace(entry, was=self._announced(entry, known))

    def _announced(self, entry: Entry, known: Iterable[Entry]) -> int | None:
        regular = _regular(known, entry.start)
        claimed = entry.was if entry.was is not None else regular.amount if regular else None
        if self._prior.rule != "free":
            highest = self._prior.highest_claim(entry.gtin, entry.start)
            claimed = None if claimed is None or highest is None else min(claimed, highest)
        return claimed if claimed is not None and claimed > entry.amount else None

    # Rows

    def _drafts(
        self, changes: Iterable[PriceChange], now: int
    ) -> Iterator[tuple[PriceChange, Entry]]:
        for change in changes:
            lasting = change.until is None and change.promotion is None
            begun = [e.start for e in self.entries(change.gtin) if e.begun]
            soonest = max([now, *begun])  # the clock may have been set back
            planned = change.start is not None and change.start > soonest
            yield (
                change,
                Entry(
                    change.gtin,
                    self._number + 1,
                    "",
                    "regular" if lasting else "stand-in",
                    change.amount,
                    (change.start or 0) if planned else soonest,
                    change.until,
                    change.promotion,
                    change.member,
                    change.was,
                    begun=not planned,
                ),
            )

    def _note(self, entry: Entry) -> None:
        self._number = max(self._number, entry.number)
        self._of.setdefault(entry.gtin, {})[entry.number] = entry
        for at in (entry.start, entry.until):
            if at is not None:
                heapq.heappush(self._agenda, (at, entry.gtin))
                heapq.heappush(self._horizon, (at, entry.gtin))

    def _put(self, entry: Entry) -> None:
        self._entries.put((entry.gtin, entry.number), entry)
        self._of.setdefault(entry.gtin, {})[entry.number] = entry

    def _prune(self, gtin: str, now: int) -> None:
        """Let go of what ended over a month ago, and of all but the newest that was replaced."""
        entries = self.entries(gtin)
        regular = sorted((e for e in entries if e.kind == "regular" and e.holds(now)), key=_rank)
        ends = [(entry, end_of(entry, entries)) for entry in entries]
        over = [entry for entry, end in ends if end is not None and end < now - KEPT_MS]
        for entry in [*over, *regular[:-KEPT]]:
            del self._of[gtin][entry.number]
            self._entries.drop((gtin, entry.number))


def _popped(agenda: list[tuple[int, str]], until: int) -> Iterator[tuple[int, str]]:
    while agenda and agenda[0][0] <= until:
        yield heapq.heappop(agenda)


def quote_of(entries: Iterable[Entry], at: int) -> Quote | None:
    """Give what these entries of a product make it cost at a time (epoch ms)."""
    known = list(entries)
    regular = _regular(known, at)
    standing = [
        e
        for e in known
        if e.kind == "stand-in" and e.holds(at) and ((end := end_of(e, known)) is None or at < end)
    ]
    if regular is None:
        return None
    if not standing:
        return Quote(regular.amount, regular.amount, regular.member)
    entry = max(standing, key=_rank)
    amount = entry.amount if entry.promotion is None else min(entry.amount, regular.amount)
    member = regular.member if entry.member is None else entry.member
    if member is not None and member >= amount:
        member = None
    was = entry.was if entry.begun and entry.was and entry.was > amount else None
    return Quote(amount, regular.amount, member, entry.promotion, was)


def _regular(entries: Iterable[Entry], at: int) -> Entry | None:
    holding = [e for e in entries if e.kind == "regular" and e.holds(at)]
    return max(holding, key=_rank, default=None)


def _rank(entry: Entry) -> tuple[int, int]:
    return (entry.start, entry.number)


def _with_fall_back(draft: Entry, known: Sequence[Entry]) -> list[Entry]:
    """Give an entry as it goes into the book, after the price that it falls back to if none is."""
    if draft.kind == "regular" or _regular(known, draft.start) is not None:
        return [draft]
    return [replace(draft, kind="regular", until=None, promotion=None, was=None), draft]


def end_of(entry: Entry, known: Iterable[Entry]) -> int | None:
    """Give the end of an entry: what has none lasts until the next price of the product.

    Prices that one set lets begin together stand side by side.
    """
    if entry.kind == "regular" or entry.until is not None:
        return entry.until
    together = (entry.price_set, entry.start)
    later = [
        other.start
        for other in known
        if _rank(other) > _rank(entry) and (other.price_set, other.start) != together
    ]
    return min(later, default=None)


def _overlap(one: Entry, other: Entry) -> bool:
    """Tell whether both would hold at a time; what has no end makes room for what begins later."""
    first, second = sorted((one, other), key=lambda entry: entry.start)
    if first.start == second.start:
        return True
    return first.until is not None and second.start < first.until


def _name(entry: Entry) -> str:
    return f"promotion {entry.promotion!r}" if entry.promotion else "temporary price"


def _span(entry: Entry) -> str:
    until = f" until {moment(entry.until):%Y-%m-%dT%H:%M:%SZ}" if entry.until else ""
    return f"from {moment(entry.start):%Y-%m-%dT%H:%M:%SZ}{until}"


def _at(n: int, fault: Refused) -> Refused:
    return type(fault)(str(fault), f"changes[{n}].{fault.path}")
