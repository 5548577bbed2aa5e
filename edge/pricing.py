"""The price protocol: what the till may charge, what the labels show, and when the two agree.

The till and the online channel never charge more than the least price that any label of the
product may be showing, members of the shop no more than the least member price:

- A picture may be on the glass from the moment that it is journalled, before it is sent; what was
  there before may be until the label has confirmed a later picture.
- A lower price is charged and told first, and shown after. A higher one is shown by every label
  first, then a time of grace passes for those who have taken the goods, then it is charged. The
  end of a promotion is a higher price like any other.
- A label that does not answer holds the old price. Only a person's word that it was taken off the
  shelf (`remove`) frees it.
- A label that is bound to another product binds the first one's price until its glass has changed.
- All of this is in rows, so that a restart changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from edge.airtime import LOOK, PRICE, PROMOTION, RAISE, SILENT, Airtime
from edge.commands import BindLabel, EstimateLabels, KeepPicture, Product, RemoveLabel
from edge.errors import NotFound
from edge.events import Event, LabelContent, PriceEffective
from edge.labels import (
    LOST,
    NOT_CONFIRMED,
    NOT_DRAWN,
    Glass,
    Label,
    Picture,
    health_changed,
    label_changed,
    with_problem,
)
from edge.pricebook import Quote
from edge.prior_prices import PriorPrices
from edge.readings import LabelShown
from edge.rows import Rows
from edge.unit_price import unit_price

HELD = 2**62  # as the time until which a price is held: until all labels have shown the new one
UNDER_WAY = ("waiting", "due", "sent", "shown")

StockState = Literal["in", "few", "none"]


class Price(Struct, frozen=True):
    """A product's price.

    `amount` and `member` are what is wanted, `till` and `till_member` what is charged now, and
    `told`, `told_member` what the online channel was told last; `effective` once till and labels
    agree. A higher price is not charged before `held_until` (epoch ms).
    """

    gtin: str
    amount: int
    till: int
    till_member: int
    version: int
    promotion: str | None = None
    member: int | None = None
    was: int | None = None
    effective: bool = False
    held_until: int = 0
    told: int | None = None
    told_member: int | None = None

    @property
    def to_members(self) -> int:
        """What members are to pay."""
        return self.amount if self.member is None else self.member


class PricingRows(Struct, frozen=True):
    """The rows that the protocol keeps."""

    prices: Rows[str, Price]
    labels: Rows[str, Label]
    pictures: Rows[str, Picture]


class Goods(Struct, frozen=True):
    """What is known of goods: `product` of a GTIN, and `stock`, the word for it on a label.

    `stock` also takes the word that the label shows so far.
    """

    product: Callable[[str], Product | None]
    stock: Callable[[str, StockState | None], StockState | None]


class Terms(Struct, frozen=True):
    """The currency, this database's epoch, and how long after the labels a raise is charged.

    `preloading` are the devices whose labels can keep a picture until a later time.
    """

    currency: str
    epoch: int
    grace_ms: int
    preloading: frozenset[str] = frozenset()


class Pricing:
    """Prices and labels of a shop: quotes and confirmations go in, events come out."""

    def __init__(
        self,
        rows: PricingRows,
        goods: Goods,
        terms: Terms,
        *,
        prior: PriorPrices,
        air: Airtime,
    ) -> None:
        """Take up the rows that are on disk; what was charged is noted in `prior`."""
        self.prices = rows.prices
        self.labels = rows.labels
        self.pictures = rows.pictures
        self._prior = prior
        self._air = air
        self._product = goods.product
        self._stock = goods.stock
        self._currency = terms.currency
        self._epoch = terms.epoch
        self._grace_ms = terms.grace_ms
        self._preloading = terms.preloading
        self._in_grace = {price.gtin for price in self.prices if _is_in_grace(price)}
        self._of: dict[str, set[str]] = {}
        for label in self.labels:
            self._note(label)
            self._air.resume(label)

    def till(self, gtin: str) -> int | None:
        """Give what the till charges for one unit, in minor units; None without a price."""
        price = self.prices.get(gtin)
        return price.till if price else None

    def shelf(self, gtin: str) -> int | None:
        """Give the least price that a label of a product may be showing; None where none does."""
        visible = self._visible(gtin, self._concerned(gtin))
        return min((glass.amount for glass in visible), default=None)

    def install(self, labels: Iterable[Label], now: int) -> None:
        """Take the configured labels into service; what they show is kept."""
        for label in labels:
            known = self.labels.get(label.label)
            if known is None:
                self._put(replace(label, seen=now))
            else:
                placed = replace(
                    known, device=label.device, template=label.template, shelf=label.shelf
                )
                moved = (label.template, label.device) != (known.template, known.device)
                if moved and known.state != "removed":
                    placed = replace(placed, state="unbound", way=None)
                    self._air.leave(label.label)
                if placed != known:
                    self._put(placed)

    def want(self, gtin: str, quote: Quote, now: int) -> list[Event]:
        """Let a product cost what is quoted, as soon as the protocol allows it."""
        known = self.prices.get(gtin)
        asked = (quote.amount, quote.member, quote.promotion, quote.was)
        if not known or (known.amount, known.member, known.promotion, known.was) != asked:
            before = known or Price(
                gtin, quote.amount, quote.amount, quote.member or quote.amount, 0
            )
            wanted = replace(
                before,
                amount=quote.amount,
                member=quote.member,
                promotion=quote.promotion,
                was=quote.was,
                effective=False,
            )
            self.prices.put(gtin, wanted)
        for label in self._labels_of(gtin):
            self._line_up(label, now)
        return [*self._agree(gtin, now), *self._release(now)]

    def prepare(self, gtin: str, quote: Quote, at: int, now: int) -> list[Event]:
        """Bring what a product will cost from `at` on to labels that can keep it until then.

        A lower price may be on a glass from now on, whatever the label's clock says, and is charged
        from now on; a higher one is shown by all of them at once.
        """
        product = self._product(gtin)
        if product is None:
            return []
        for label in self._labels_of(gtin):
            content = self._content(label, quote, product)
            ready = label.state == "shown" and label.device in self._preloading
            if ready and content != label.content:
                self._queue(label, content, PROMOTION, show_at=at)
        return self._release(now)

    def foresee(self, gtin: str, quote: Quote) -> dict[str, LabelContent]:
        """Give what each label of a product would show at a price."""
        product = self._product(gtin)
        if product is None:
            return {}
        return {
            label.label: self._content(label, quote, product) for label in self._labels_of(gtin)
        }

    def takes(self, labels: Iterable[str]) -> int:
        """Estimate for how long (ms) pictures for these labels would be under way from now on."""
        return self._air.takes(self.labels[name] for name in labels)

    def estimate(self, command: EstimateLabels, now: int) -> tuple[int | None, list[Event]]:
        """Estimate when labels will have confirmed (epoch ms); None if they have, or are late."""
        return self._air.done_by((self._label(name) for name in command.labels), now), []

    def bind(self, command: BindLabel, now: int) -> tuple[None, list[Event]]:
        """Let a label show a product; until it is drawn, the old one's price still counts."""
        label = self._label(command.label)
        if self._product(command.gtin) is None:
            raise NotFound(f"expected a known product, came {command.gtin!r}", "gtin")
        if label.gtin == command.gtin:
            return None, []
        self._air.leave(label.label)
        bound = replace(label, gtin=command.gtin, state="unbound", way=None)
        self._put(bound)
        self._line_up(bound, now)
        events: list[Event] = []
        for gtin in sorted({command.gtin} | label.gtins):
            events += self._agree(gtin, now)
        return None, [*events, *self._release(now)]

    def remove(self, command: RemoveLabel, now: int) -> tuple[None, list[Event]]:
        """Take a person's word that a label hangs on the shelf no longer."""
        label = self._label(command.label)
        if label.state == "removed":
            return None, []
        self._air.leave(label.label)
        removed = replace(label, gtin=None, state="removed", way=None, problem=None, problems=())
        self._put(removed)
        events: list[Event] = [label_changed(removed)] if removed.content else []
        if label.problems:
            events.append(health_changed(removed))
        for gtin in sorted(label.gtins):
            if price := self.prices.get(gtin):  # somebody may just have read it
                self.prices.put(gtin, replace(price, held_until=HELD))
            events += self._agree(gtin, now)
        return None, [*events, *self._release(now)]

    def redraw(self, gtin: str, now: int) -> list[Event]:
        """Draw a product's labels again where their content changed."""
        for label in self._labels_of(gtin):
            if label.show_at <= now:  # else it comes with the next price
                self._line_up(label, now)
        return self._release(now)

    def draw_unbound(self, now: int) -> list[Event]:
        """Draw labels that the settings gave a product or a template after its price was set."""
        for label in self.labels:
            if label.state == "unbound" and label.gtin is not None:
                self._line_up(label, now)
        return self._release(now)

    def keep(self, command: KeepPicture, now: int) -> tuple[None, list[Event]]:
        """Journal a drawn picture before it is sent: from here on the label may show its price."""
        label = self.labels.get(command.label)
        if label is None or label.content is None or command.revision != label.revision:
            return None, []
        if label.state == "removed":
            return None, []
        if command.error:
            return None, self._refuse(label, command.error, now)
        picture = Glass(
            command.image,
            label.content.gtin,
            label.content.amount,
            now,
            label.content.member,
            command.pixels,
        )
        if label.certain and _look_alike(label.glass[0], picture):
            return None, self._shows_it_already(label, now)
        self.pictures.put(command.image, Picture(command.image, command.png, now))
        self.pictures.forget(command.image)
        glass = (*label.glass, picture)
        sent = replace(label, state="sent", image=command.image, glass=glass, sent_at=now, tries=1)
        sent = replace(sent, way=self._air.fly(sent))
        self._put(sent)
        return None, [label_changed(sent), *self._agree(label.gtin, now)]

    def shown(self, reading: LabelShown, now: int) -> list[Event]:
        """Take a label's word for what is on its glass: earlier pictures are gone."""
        label = self.labels.get(reading.label)
        if label is None:
            return []
        places = [n for n, glass in enumerate(label.glass) if glass.image == reading.image]
        if not places:
            return []
        # The same picture may be on its way twice with another price between the two: a word from
        # before the second was kept speaks of the first.
        kept = (n for n in places if label.glass[n].at <= reading.t)
        newest = max(kept, default=places[0])
        gone = {glass.gtin for glass in label.glass[:newest]}
        label = replace(label, glass=label.glass[newest:], confirmed=reading.image)
        events: list[Event] = []
        if reading.image == label.image and len(label.glass) == 1 and label.state == "sent":
            label, events = self._land(label, now)
        self._put(label)
        for gtin in sorted({*gone, label.gtin or ""}):
            events += self._agree(gtin, now)
        return [*events, *self._release(now)]

    def send_again(self, device: str, now: int) -> list[Event]:
        """Send what is on its way to a device's labels again: the device started anew."""
        events: list[Event] = []
        for label in self.labels:
            if label.device == device and label.state == "sent":
                again = replace(label, sent_at=now)
                again = replace(again, way=self._air.fly(again))
                self._put(again)
                events.append(label_changed(again))
        return events

    def advance(self, now: int) -> list[Event]:
        """Let higher prices be charged whose time of grace is over; send again what is unsure."""
        agreed = [event for gtin in sorted(self._in_grace) for event in self._agree(gtin, now)]
        return [*agreed, *self._ask_again(now), *self._release(now)]

    # The way of a label to its picture

    def _line_up(self, label: Label, now: int) -> None:
        """Let a label wait for its turn, unless it has, or will have, what it is to show."""
        product, price = self._product(label.gtin or ""), self.prices.get(label.gtin or "")
        if price is None or product is None:
            return
        quote = Quote(price.amount, price.amount, price.member, price.promotion, price.was)
        content = self._content(label, quote, product)
        on_its_way = label.state in UNDER_WAY and label.show_at <= now
        if content != label.content or not on_its_way:
            self._queue(label, content, self._urgency(label), show_at=0)

    def _queue(self, label: Label, content: LabelContent, urgency: int, *, show_at: int) -> None:
        waiting = replace(
            _well(label),
            state="waiting",
            revision=label.revision + 1,
            content=content,
            show_at=show_at,
            tries=0,
        )
        self._put(replace(waiting, way=self._air.wait(waiting, urgency)))

    def _release(self, now: int) -> list[Event]:
        """Ask for the pictures of the labels whose turn it is."""
        events: list[Event] = []
        for name, trip in self._air.turns(now):
            due = replace(self.labels[name], state="due", sent_at=now, way=trip)
            self._put(due)
            events.append(label_changed(due))
        return events

    def _content(self, label: Label, quote: Quote, product: Product) -> LabelContent:
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
            stock=self._stock(product.gtin, shows.stock if shows else None),
            unit_price=each,
            per="" if each is None else product.unit,
        )

    def _urgency(self, label: Label) -> int:
        price = self.prices.get(label.gtin or "")
        if price is None or LOST in label.problems or "silent" in label.problems:
            return SILENT
        if price.till < price.amount or price.till_member < price.to_members:
            return RAISE
        if price.promotion is not None:
            return PROMOTION
        newest = label.glass[-1] if label.glass else None
        shows = newest and (newest.gtin, newest.amount, newest.member)
        return LOOK if shows == (price.gtin, price.amount, price.member) else PRICE

    def _refuse(self, label: Label, error: str, now: int) -> list[Event]:
        failed = with_problem(label, NOT_DRAWN, active=True)
        failed = replace(failed, state="failed", way=None, problem=error)
        self._put(failed)
        self._air.leave(label.label)
        return [label_changed(failed), health_changed(failed), *self._release(now)]

    def _shows_it_already(self, label: Label, now: int) -> list[Event]:
        """Spare a label the radio and the battery: its glass looks just like the new picture."""
        shown = replace(label, state="shown", way=None, image=label.confirmed)
        self._put(shown)
        self._air.leave(label.label)
        return [label_changed(shown), *self._agree(label.gtin, now), *self._release(now)]

    def _land(self, label: Label, now: int) -> tuple[Label, list[Event]]:
        lag = self._air.landed(label, now)
        lag_ms = label.lag_ms if lag is None else max(lag, (7 * label.lag_ms + lag) // 8)
        shown = replace(_well(label), state="shown", way=None, lag_ms=lag_ms)
        events: list[Event] = [label_changed(shown)]
        if shown.problems != label.problems:
            events.append(health_changed(shown))
        return shown, events

    def _ask_again(self, now: int) -> list[Event]:
        """Send unconfirmed pictures again, ever less often."""
        events: list[Event] = []
        for name in self._air.overdue(now):
            label = self.labels[name]
            late = replace(label, sent_at=now, tries=label.tries + 1)
            if label.state == "sent":
                late = with_problem(late, NOT_CONFIRMED, active=True)
                events.append(label_changed(late))
            self._put(replace(late, way=self._air.fly(late)))
            if late.problems != label.problems:
                events.append(health_changed(late))
        return events

    def _label(self, name: str) -> Label:
        label = self.labels.get(name)
        if label is None:
            raise NotFound(f"expected a configured label, came {name!r}", "label")
        return label

    def _put(self, label: Label) -> None:
        self.labels.put(label.label, label)
        self._note(label)

    def _note(self, label: Label) -> None:
        """Remember which products a label has to do with, or once had."""
        for gtin in label.gtins:
            self._of.setdefault(gtin, set()).add(label.label)

    def _concerned(self, gtin: str) -> list[Label]:
        """Give the labels on a shelf that are to show a product, or may be showing it still."""
        known = self._of.get(gtin, set())
        for name in [name for name in known if gtin not in self.labels[name].gtins]:
            known.discard(name)
        labels = [self.labels[name] for name in sorted(known)]
        return [label for label in labels if label.state != "removed"]

    def _labels_of(self, gtin: str) -> list[Label]:
        return [label for label in self._concerned(gtin) if label.gtin == gtin]

    # What may be charged

    def _agree(self, gtin: str | None, now: int) -> list[Event]:
        """Charge what may be charged now, and tell the online channel when that has changed."""
        price = self.prices.get(gtin or "")
        if price is None:
            return []
        labels = self._concerned(price.gtin)
        waits = any(label.state != "shown" or label.gtin != price.gtin for label in labels)
        held_until = self._held_until(price, now, waits=waits)
        visible = self._visible(price.gtin, labels)
        due = now >= held_until
        till = min(_ceiling(price.till, price.amount, due=due), *_amounts(visible))
        members = min(_ceiling(price.till_member, price.to_members, due=due), till)
        members = min(members, *_member_amounts(visible))
        effective = not waits and (till, members) == (price.amount, price.to_members)
        changed = replace(
            price, till=till, till_member=members, effective=effective, held_until=held_until
        )
        (self._in_grace.add if _is_in_grace(changed) else self._in_grace.discard)(price.gtin)
        if price.told is None or till != price.till:
            self._prior.charge(price.gtin, price.till if price.told else None, till, now)
        tells = (till, members) != (price.told, price.told_member)
        tells = tells or (effective and not price.effective)
        if tells:
            version = price.version + 1
            changed = replace(changed, version=version, told=till, told_member=members)
        if changed != price:
            self.prices.put(price.gtin, changed)
        return [self._effective(changed)] if tells else []

    def _held_until(self, price: Price, now: int, *, waits: bool) -> int:
        """Give the time of grace, which begins when the last label has shown the new price."""
        if waits:
            return HELD
        # Also where a clock was set back since.
        return min(price.held_until, now + self._grace_ms)

    @staticmethod
    def _visible(gtin: str, labels: Iterable[Label]) -> list[Glass]:
        """Give every picture of a product that may be on a glass."""
        return [glass for label in labels for glass in label.glass if glass.gtin == gtin]

    def _effective(self, price: Price) -> PriceEffective:
        announced = price.till == price.amount
        return PriceEffective(
            gtin=price.gtin,
            epoch=self._epoch,
            version=price.version,
            amount=price.till,
            currency=self._currency,
            promotion=price.promotion if announced else None,
            agreed=price.effective,
            member=price.till_member if price.till_member < price.till else None,
            was=price.was if announced else None,
        )


def _ceiling(charged: int, wanted: int, *, due: bool) -> int:
    return wanted if due else min(charged, wanted)


def _amounts(visible: Iterable[Glass]) -> list[int]:
    return [HELD, *(glass.amount for glass in visible)]


def _member_amounts(visible: Iterable[Glass]) -> list[int]:
    return [HELD, *(glass.to_members for glass in visible)]


def _is_in_grace(price: Price) -> bool:
    """Tell whether only time keeps the till from charging what the labels show."""
    behind = price.till < price.amount or price.till_member < price.to_members
    return behind and price.held_until != HELD


def _look_alike(one: Glass, other: Glass) -> bool:
    same = (one.gtin, one.amount, one.member) == (other.gtin, other.amount, other.member)
    return same and bool(one.pixels) and one.pixels == other.pixels


def _well(label: Label) -> Label:
    """Give a label without the faults that a picture had."""
    for code in (NOT_CONFIRMED, NOT_DRAWN):
        label = with_problem(label, code, active=False)
    return replace(label, problem=None)
