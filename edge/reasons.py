"""Why a unit is where it is, and why a level is what it is: sentences for the people of a shop."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from edge.events import Cause, Evidence, Standing, StockChanged
from edge.items import Item, State
from edge.witnesses import Statement


class Facts(Struct, frozen=True, kw_only=True):
    """What is known of an item: `now` and `since` are on the clocks of the shop.

    `seen` is its newest read anywhere. Of the event that put it where it is: `evidence`,
    `previous`, and what people `told` with it.
    """

    item: Item
    now: datetime
    since: datetime
    seen: datetime | None = None
    seat: Statement | None = None
    home: Statement | None = None
    rival: Statement | None = None
    doubt: bool = False
    probability: float | None = None
    evidence: Evidence | None = None
    previous: Standing | None = None
    told: str = ""


_NEVER = "no reader has ever read it"
SURE = 0.95  # a probability from which on it is not worth a word

# How an item came to stand where it does, by the reason of its event.
_HOW = {
    "arrived": "first read there",
    "delivered": "delivered",
    "counted": "counted there",
    "moved": "moved there",
    "put_back": "put back",
    "found": "found again",
    "restocked": "for sale again after its return",
    "returned": "brought back",
}
# What became of items, where the word of a cause does not say it.
_BECAME = {
    "missing": "gone missing",
    "not_counted": "not found by a count",
    "not_sold": "not sold after all",
    "suspected_theft": "left without a sale",
    "departed": "left the shop",
    "seen": "seen again",
    "restocked": "for sale again",
    "unread": "not read for long",
    "read": "read again",
}
# What was done that names no item.
_DEEDS = {"sold": "sale", "adjusted": "corrected", "product": "the product was changed"}
_SHOWN = {"heard", "unheard", "basket"}  # the level's own figures say it better
_EPC = re.compile(r"[0-9A-F]{20,}")  # a cause whose `ref` is one is about an item
_UNSURE = {
    "moving": "taken from its place",
    "returned": "brought back and not settled yet",
    "doubt": "not read for long where it stands",
}


def why_item(facts: Facts) -> str:
    """Say in one sentence why an item is where it is."""
    return f"{_STATES[facts.item.state](facts)}."


def _stands(facts: Facts) -> str:
    item = facts.item
    where = f"On shelf {item.shelf}" if item.shelf else f"In {_place(item.zone, None)}"
    how = _HOW.get(item.reason, _plain(item.reason))
    if facts.told:
        how += f": {facts.told}"
    if item.state == "returned":
        how += ", not to be promised before it has stood still"
    return f"{where} since {_at(facts.since, facts)} ({how}): {_watch(facts)}"


def _watch(facts: Facts) -> str:
    """Say what the antenna at its place reads of it."""
    seat = facts.seat
    if seat is None:
        return "no reader reads it there"
    reader, ago, likely = _reader(seat), _ago(facts, seat.last_seen), facts.probability or 0.0
    if not seat.hears:
        return f"{reader} cannot be heard now; it last read it {ago}"
    if facts.doubt or likely < SURE:
        unread = _units(seat.unread_looks, "look")
        return (
            f"{reader} has not read it in {unread}, so it is {_percent(likely)} likely to be there"
        )
    if not seat.reads:
        return f"{reader} has read it once so far, {ago}"
    return f"{reader} reads it in {_rate(seat)} of its looks and last did so {ago}"


def _moves(facts: Facts) -> str:
    since, rival = _at(facts.since, facts), facts.rival
    if facts.item.reason == "seen":
        by = f"{_reader(rival)} in {_at_antenna(rival)}" if rival else "a reader"
        rare = "but not yet often enough to say that it stands there"
        return f"Seen again at {since} after it was missing: {by} has read it, {rare}"
    said = f"Taken from {_origin(facts)} at {since}: {_silence(facts)}"
    if rival and rival.last_seen >= facts.since:
        said += f", but {_reader(rival)} in {_at_antenna(rival)} has {_reads(rival.reads)}"
    return said


def _silence(facts: Facts) -> str:
    home = facts.home
    if home is None:
        return "no reader has read it since"
    span = _span(facts, home.last_seen)
    return f"{_reader(home)} read it in {_rate(home)} of its looks and has not for {span}"


def _is_missing(facts: Facts) -> str:
    since = f"Missing since {_at(facts.since, facts)}"
    if facts.item.reason == "not_sold":
        return f"{since}: it was taken for sold by barcode, and that was another unit"
    unread = f"nobody has read it for {_span(facts, facts.seen)}" if facts.seen else _NEVER
    if facts.item.reason == "not_counted":
        count = f"a count ({facts.told})" if facts.told else "a count"
        zone = _place(facts.item.zone, None)
        return f"{since}: {count} of {zone} did not find it, and {unread}"
    return f"{since}: taken from {_origin(facts)}, and {unread}"


def _is_sold(facts: Facts) -> str:
    item, at = facts.item, _at(facts.since, facts)
    if item.matched and item.sale:
        return f"Taken for sold at {at}: sale {item.sale} named no tag, and this unit was missing"
    if item.matched:
        return f"Taken for sold at {at}: a sale by barcode lacked a unit, and this one went missing"
    if item.sale:
        return f"Sold at {at}: sale {item.sale} names its tag"
    return f"Sold at {at}: it was carried out when a sale by barcode still lacked a unit"


def _is_gone(facts: Facts) -> str:
    item, at = facts.item, _at(facts.since, facts)
    if item.reason == "written_off":
        told = f" ({facts.told})" if facts.told else ""
        return f"Written off at {at}{told}: it is no longer counted"
    if item.reason == "suspected_theft":
        was = f"its place was {_origin(facts)}"
        return f"Left the shop at {at} without a sale: {_exit(facts)}, and {was}"
    if facts.previous is not None and facts.previous.state == "unknown":
        return f"Left the shop at {at}: {_exit(facts)}, and nobody had read it inside"
    sale = f"sale {item.sale}" if item.sale else "a sale by barcode"
    return f"Left the shop at {at} after {sale}: {_exit(facts)}"


def _exit(facts: Facts) -> str:
    seen = facts.evidence
    if seen is not None and seen.heard_by is not None:
        return f"reader {seen.heard_by} antenna {seen.antenna} at the exit {_reads(seen.reads)}"
    rival = facts.rival
    return f"{_reader(rival)} at the exit {_reads(rival.reads)}" if rival else "the exit read it"


_STATES: dict[State, Callable[[Facts], str]] = {
    "present": _stands,
    "returned": _stands,
    "moving": _moves,
    "missing": _is_missing,
    "sold": _is_sold,
    "departed": _is_gone,
}


# Levels


class Held(Struct, frozen=True):
    """What a product's level is made of: on hand, who of it is unsure by reason, what is kept."""

    on_hand: int
    unsure: Mapping[str, int]
    missing: int
    owed: int
    in_basket: int
    reserved: int
    safety: int
    available: int
    stale_zones: tuple[str, ...]
    tagged: bool


def why_stock(held: Held) -> str:
    """Say what is on hand of a product, how sure that is, and what is left to sell online."""
    return ". ".join([_on_hand(held), *_missing(held), _to_sell(held), *_stale(held)]) + "."


def _on_hand(held: Held) -> str:
    if not held.tagged:
        return f"{_units(held.on_hand)} on hand, by counts and sales: the product has no tags"
    unsure = [f"{n} {_UNSURE[reason]}" for reason, n in held.unsure.items() if n]
    if held.owed > 0:
        unsure.append(f"{held.owed} sold by barcode whose tags are still here are left out")
    return f"{_units(held.on_hand)} on hand" + (f" ({', '.join(unsure)})" if unsure else "")


def _missing(held: Held) -> list[str]:
    if not held.missing:
        return []
    return [f"{held.missing} more {'is' if held.missing == 1 else 'are'} missing"]


def _to_sell(held: Held) -> str:
    held_back = [
        f"{n} {what}"
        for n, what in (
            (held.in_basket, "in baskets"),
            (held.reserved, "reserved"),
            (held.safety, "kept back"),
        )
        if n
    ]
    besides = f" ({', '.join(held_back)})" if held_back else ""
    return f"{held.available} to sell online{besides}"


def _stale(held: Held) -> list[str]:
    if not held.stale_zones:
        return []
    zones = ", ".join(held.stale_zones)
    return [f"As it last was in {zones}: a reader there cannot be heard, or only just can"]


def why_changed(before: StockChanged | None, after: StockChanged) -> str:
    """Say in one sentence what made the level that it is of the level before it."""
    told = _told(after.causes) or _difference(before, after)
    sentence = ", ".join(told)
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _told(causes: Iterable[Cause]) -> list[str]:
    """Count what became of items, and name the rest: sales, corrections, deliveries."""
    items: Counter[str] = Counter()
    deeds: dict[str, None] = {}
    for cause in causes:
        if cause.why in _SHOWN:
            continue
        if _EPC.fullmatch(cause.ref):
            items[_BECAME.get(cause.why, _plain(cause.why))] += 1
        else:
            deed = _DEEDS.get(cause.why, _plain(cause.why))
            deeds[f"{deed}: {cause.ref}" if cause.ref else deed] = None
    return [f"{n} {became}" for became, n in items.items()] + list(deeds)


def _difference(before: StockChanged | None, after: StockChanged) -> list[str]:
    """Say what differs, where nothing happened to a single item."""
    if before is None:
        return ["the first level that is kept"]
    unsure = (after.on_hand - after.on_hand_low) - (before.on_hand - before.on_hand_low)
    said = []
    if after.stale_zones != before.stale_zones:
        gone = sorted(set(after.stale_zones) - set(before.stale_zones))
        back = sorted(set(before.stale_zones) - set(after.stale_zones))
        said += [f"a reader in {zone} cannot be heard" for zone in gone]
        said += [f"the readers in {zone} can be heard again" for zone in back]
    if after.in_basket != before.in_basket:
        said.append(f"{after.in_basket} in baskets instead of {before.in_basket}")
    if unsure:
        said.append(f"{abs(unsure)} {'less' if unsure > 0 else 'more'} surely there")
    return said or [f"{after.on_hand} on hand, {after.available} to sell online"]


# Words


def _place(zone: str | None, shelf: str | None) -> str:
    if shelf:
        return f"shelf {shelf}"
    return f"zone {zone}" if zone else "the shop"


def _at_antenna(said: Statement) -> str:
    return _place(said.zone, said.shelf)


def _origin(facts: Facts) -> str:
    """Name the place that it had before it went."""
    if facts.home is not None:
        return _at_antenna(facts.home)
    return _place(facts.previous.zone if facts.previous else facts.item.zone, None)


def _reader(said: Statement) -> str:
    return f"reader {said.device} antenna {said.antenna}"


def _rate(said: Statement) -> str:
    return _percent(said.read_rate or 0.0)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _reads(reads: int) -> str:
    return "read it once" if reads == 1 else f"read it {reads} times"


def _units(n: int, what: str = "unit") -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _plain(word: str) -> str:
    return word.replace("_", " ")


def _at(at: datetime, facts: Facts) -> str:
    return f"{at:%H:%M}" if at.date() == facts.now.date() else f"{at.day} {at:%b %H:%M}"


def _ago(facts: Facts, at: datetime) -> str:
    span = _span(facts, at)
    return "just now" if span == "0 s" else f"{span} ago"


def _span(facts: Facts, at: datetime) -> str:
    """Give the time since then in its largest unit."""
    seconds = max(0, round((facts.now - at).total_seconds()))
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
