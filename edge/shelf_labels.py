"""Shelf labels: what each is to show, and the way of its picture to the glass.

A label that is to show something else waits for its turn; then its picture is drawn and journalled,
then sent, until the label confirms it. The price protocol decides what this means for the till.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from edge.airtime import LAST, LOOK, PRICE, PROMOTION, RAISE, Airtime
from edge.commands import KeepPicture, Product
from edge.errors import NotFound
from edge.events import Event, LabelContent
from edge.labels import (
    LOST,
    NOT_CONFIRMED,
    NOT_DRAWN,
    PICTURE,
    SILENT,
    UNKNOWN,
    Glass,
    Label,
    Picture,
    health_changed,
    label_changed,
    with_problem,
    without_problems,
)
from edge.pricebook import Quote
from edge.readings import LabelShown
from edge.rows import Rows
from edge.unit_price import unit_price

UNDER_WAY = ("waiting", "due", "sent", "shown")

StockState = Literal["in", "few", "none"]


class Goods(Struct, frozen=True):
    """What is known of goods: `product` of a GTIN, and `stock`, the word for it on a label.

    `stock` also takes the word that the label shows so far.
    """

    product: Callable[[str], Product | None]
    stock: Callable[[str, StockState | None], StockState | None]


class ShelfLabels:
    """The labels of a shop. Prices are in `currency`.

    The labels of `preloading` devices can keep a picture until a later time.
    """

    def __init__(
        self,
        labels: Rows[str, Label],
        pictures: Rows[str, Picture],
        air: Airtime,
        goods: Goods,
        currency: str,
        preloading: frozenset[str],
    ) -> None:
        """Take up the rows that are on disk."""
        self.labels = labels
        self._pictures = pictures
        self._air = air
        self._goods = goods
        self._currency = currency
        self._preloading = preloading
        self._of: dict[str, set[str]] = {}
        for label in labels:
            self._note(label)
            air.resume(label)

    def get(self, name: str) -> Label:
        """Give a label; raises NotFound for one that nobody configured."""
        label = self.labels.get(name)
        if label is None:
            raise NotFound(f"expected a configured label, came {name!r}", "label")
        return label

    def product(self, gtin: str) -> Product:
        """Give a product; raises NotFound for an unknown one."""
        product = self._goods.product(gtin)
        if product is None:
            raise NotFound(f"expected a known product, came {gtin!r}", "gtin")
        return product

    def concerned(self, gtin: str) -> list[Label]:
        """Give the labels on a shelf that are to show a product, or may be showing it still."""
        known = self._of.get(gtin, set())
        for name in [name for name in known if gtin not in self.labels[name].gtins]:
            known.discard(name)
        labels = [self.labels[name] for name in sorted(known)]
        return [label for label in labels if label.state != "removed"]

    def of(self, gtin: str) -> list[Label]:
        """Give the labels on a shelf that are to show a product."""
        return [label for label in self.concerned(gtin) if label.gtin == gtin]

    def install(self, labels: Iterable[Label], now: int) -> None:
        """Take the configured labels into service; what they show is kept."""
        for label in labels:
            known = self.labels.get(label.label)
            if known is None:
                self.put(replace(label, installed=now))
                continue
            placed = replace(known, device=label.device, template=label.template, shelf=label.shelf)
            moved = (label.template, label.device) != (known.template, known.device)
            if moved and known.state != "removed":
                self._air.leave(label.label)
                placed = replace(placed, state="unbound", way=None)
            if placed != known:
                self.put(placed)

    def bind(self, label: Label, gtin: str) -> Label:
        """Let a label show another product from now on."""
        self._air.leave(label.label)
        bound = replace(label, gtin=gtin, state="unbound", way=None)
        self.put(bound)
        return bound

    def remove(self, label: Label) -> list[Event]:
        """Take a label off the shelf."""
        self._air.leave(label.label)
        removed = replace(label, gtin=None, state="removed", way=None, problem=None, problems=())
        self.put(removed)
        events: list[Event] = [label_changed(removed)] if removed.content else []
        return [*events, health_changed(removed)] if label.problems else events

    def content(self, label: Label, quote: Quote, product: Product) -> LabelContent:
        """Give what a label shows of a product at a price."""
        each = unit_price(product, quote.amount)
        shows = label.content if label.content and label.content.gtin == product.gtin else None
        return LabelContent(
            gtin=product.gtin,
            name=product.name,
            amount=quote.amount,
            currency=self._currency,
            template=label.template,
            unit=product.unit,
            names=product.names,
            promotion=quote.promotion,
            regular=quote.was,
            member=quote.member,
            stock=self._goods.stock(product.gtin, shows.stock if shows else None),
            unit_price=each,
            per="" if each is None else product.unit,
        )

    def foresee(self, gtin: str, quote: Quote) -> dict[str, LabelContent]:
        """Give what each label of a product would show at a price."""
        product = self._goods.product(gtin)
        if product is None:
            return {}
        return {label.label: self.content(label, quote, product) for label in self.of(gtin)}

    def line_up(self, label: Label, quote: Quote, now: int, *, awaited: bool) -> None:
        """Let a label wait for its turn, unless it has, or will have now, what it is to show.

        `awaited` when the till waits for it.
        """
        product = self._goods.product(label.gtin or "")
        if product is None:
            return
        content = self.content(label, quote, product)
        on_its_way = label.state in UNDER_WAY and label.show_at <= now
        if content != label.content or not on_its_way:
            self._queue(label, content, _urgency(label, content, awaited=awaited), show_at=0)

    def prepare(self, gtin: str, quote: Quote, at: int) -> None:
        """Bring what a product will cost from `at` on to labels that can keep it until then."""
        contents = self.foresee(gtin, quote)
        for label in self.of(gtin):
            ready = label.state == "shown" and label.device in self._preloading
            content = contents.get(label.label)
            if ready and content is not None and content != label.content:
                self._queue(label, content, PROMOTION, show_at=at)

    def unbound(self) -> Iterator[Label]:
        """Give those that the settings gave a product, device or template."""
        return (row for row in self.labels if row.state == "unbound" and row.gtin is not None)

    def release(self, now: int) -> list[Event]:
        """Ask for the pictures of the labels whose turn it is."""
        events: list[Event] = []
        for name, trip in self._air.turns(now):
            due = replace(self.labels[name], state="due", sent_at=now, way=trip)
            self.put(due)
            events.append(label_changed(due))
        return events

    def keep(self, command: KeepPicture, now: int) -> list[Event]:
        """Journal a drawn picture before it is sent: from here on the label may show it."""
        label = self.labels.get(command.label)
        if label is None or label.content is None or command.revision != label.revision:
            return []
        if label.state == "removed" or (label.state == "sent" and command.image == label.image):
            return []
        if command.error:
            return self._refuse(label, command.error)
        content = label.content
        picture = Glass(
            command.image, content.gtin, content.amount, now, content.member, command.pixels
        )
        if label.certain and _look_alike(label.glass[0], picture):
            return self._shows_it_already(label)
        self._pictures.put(command.image, Picture(command.image, command.png, now))
        self._pictures.forget(command.image)
        glass = (*label.glass, picture)
        sent = replace(label, state="sent", image=command.image, glass=glass, sent_at=now, tries=1)
        sent = replace(sent, way=self._air.fly(sent))
        self.put(sent)
        return [label_changed(sent)]

    def shown(self, reading: LabelShown, now: int) -> tuple[set[str], list[Event]]:
        """Take a label's word for what is on its glass: earlier pictures are gone.

        Gives the products that this may mean something for.
        """
        label = self.labels.get(reading.label)
        if label is None:
            return set(), []
        places = [n for n, glass in enumerate(label.glass) if glass.image == reading.image]
        if not places:
            return set(), []
        # The same picture may be on its way twice with another price between the two: a word from
        # before the second was kept speaks of the first.
        kept = (n for n in places if label.glass[n].at <= reading.t)
        newest = max(kept, default=places[0])
        concerned = {glass.gtin for glass in label.glass[:newest]} | {label.gtin or ""}
        label = replace(label, glass=label.glass[newest:], confirmed=reading.image)
        events: list[Event] = []
        if reading.image == label.image and len(label.glass) == 1 and label.state == "sent":
            label, events = self._land(label, now)
        self.put(label)
        return concerned, events

    def send_again(self, device: str, now: int) -> list[Event]:
        """Send what is on its way to a device's labels again: the device started anew."""
        events: list[Event] = []
        for label in self.labels:
            if label.device == device and label.state == "sent":
                again = replace(label, sent_at=now)
                again = replace(again, way=self._air.fly(again))
                self.put(again)
                events.append(label_changed(again))
        return events

    def ask_again(self, now: int) -> list[Event]:
        """Send unconfirmed pictures again, ever less often."""
        events: list[Event] = []
        for name in self._air.overdue(now):
            label = self.labels[name]
            late = replace(label, sent_at=now, tries=label.tries + 1)
            if label.state == "sent":
                late = with_problem(late, NOT_CONFIRMED, active=True)
                events.append(label_changed(late))
            self.put(replace(late, way=self._air.fly(late)))
            if late.problems != label.problems:
                events.append(health_changed(late))
        return events

    def put(self, label: Label) -> None:
        """Save a label."""
        self.labels.put(label.label, label)
        self._note(label)

    def _note(self, label: Label) -> None:
        """Remember which products a label has to do with, or once had."""
        for gtin in label.gtins:
            self._of.setdefault(gtin, set()).add(label.label)

    def _queue(self, label: Label, content: LabelContent, urgency: int, *, show_at: int) -> None:
        waiting = replace(
            _well(label),
            state="waiting",
            revision=label.revision + 1,
            content=content,
            show_at=show_at,
            tries=0,
        )
        self.put(replace(waiting, way=self._air.wait(waiting, urgency)))

    def _refuse(self, label: Label, error: str) -> list[Event]:
        self._air.leave(label.label)
        failed = with_problem(label, NOT_DRAWN, active=True)
        failed = replace(failed, state="failed", way=None, problem=error)
        self.put(failed)
        return [label_changed(failed), health_changed(failed)]

    def _shows_it_already(self, label: Label) -> list[Event]:
        """Spare a label the radio and the battery: its glass looks just like the new picture."""
        self._air.leave(label.label)
        shown = replace(label, state="shown", way=None, image=label.confirmed)
        self.put(shown)
        return [label_changed(shown)]

    def _land(self, label: Label, now: int) -> tuple[Label, list[Event]]:
        lag = self._air.landed(label, now)
        lag_ms = label.lag_ms if lag is None else max(lag, (7 * label.lag_ms + lag) // 8)
        shown = without_problems(_well(label), UNKNOWN, PICTURE)
        shown = replace(shown, state="shown", way=None, lag_ms=lag_ms)
        events: list[Event] = [label_changed(shown)]
        if shown.problems != label.problems:
            events.append(health_changed(shown))
        return shown, events


def _urgency(label: Label, content: LabelContent, *, awaited: bool) -> int:
    if LOST in label.problems or SILENT in label.problems:
        return LAST
    if awaited:
        return RAISE
    if content.promotion is not None:
        return PROMOTION
    newest = label.glass[-1] if label.glass else None
    shows = newest and (newest.gtin, newest.amount, newest.member)
    return LOOK if shows == (content.gtin, content.amount, content.member) else PRICE


def _look_alike(one: Glass, other: Glass) -> bool:
    same = (one.gtin, one.amount, one.member) == (other.gtin, other.amount, other.member)
    return same and bool(one.pixels) and one.pixels == other.pixels


def _well(label: Label) -> Label:
    """Give a label without the faults that a picture had."""
    return replace(without_problems(label, NOT_CONFIRMED, NOT_DRAWN), problem=None)
