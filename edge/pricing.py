"""Prices: what the till may charge, what the labels show, and when the two agree.

The till and the online channel never charge more than the least price that any label of the
product may be showing:

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

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from edge.commands import BindLabel, KeepPicture, PriceChange, Product, RemoveLabel
from edge.errors import NotFound
from edge.events import Event, LabelChanged, LabelContent, PriceEffective
from edge.readings import LabelReported, LabelShown
from edge.rows import Rows

LabelState = Literal["unbound", "due", "sent", "shown", "failed", "removed"]

RESEND_AFTER_MS = 15_000  # a label that does not confirm gets its picture again, then less often
RESEND_AT_MOST_MS = 600_000
HELD = 2**62  # as the time until which a price is held: until all labels have shown the new one


class Price(Struct, frozen=True):
    """A product's price.

    `amount` is what is wanted, `till` what is charged now, `regular` what holds without a
    promotion; `effective` once till and labels agree. A higher one is not charged before
    `held_until` (epoch ms); `told` is what the online channel was told last.
    """

    gtin: str
    amount: int
    till: int
    regular: int
    promotion: str | None
    version: int
    effective: bool = False
    held_until: int = 0
    told: int | None = None


class PlannedPrice(Struct, frozen=True):
    """A price that starts later; `amount` None means back to the regular price.

    `promotion` "" marks a price that has an end but no name: it does not become the regular one.
    """

    gtin: str
    at: int
    amount: int | None
    promotion: str | None


class Glass(Struct, frozen=True):
    """A picture that may be on a label's glass, product and price on it, and when it was kept."""

    image: str
    gtin: str
    amount: int
    at: int = 0


class Label(Struct, frozen=True):
    """A shelf label; `glass` holds every picture that it may be showing, the newest last.

    One that was `removed` hangs on no shelf: what it shows binds nobody until it is bound again.
    """

    label: str
    device: str
    template: str
    shelf: str | None
    gtin: str | None = None
    state: LabelState = "unbound"
    revision: int = 0
    content: LabelContent | None = None
    image: str | None = None
    glass: tuple[Glass, ...] = ()
    sent_at: int = 0
    tries: int = 0
    battery_mv: int | None = None
    rssi: float | None = None
    problem: str | None = None


class Picture(Struct, frozen=True):
    """A drawn label picture; `image` is its name, `png` its bytes."""

    image: str
    png: bytes
    at: int


class Pricing:
    """Prices and labels of a shop: commands and confirmations go in, events come out."""

    def __init__(
        self,
        *,
        prices: Rows[str, Price],
        planned: Rows[tuple[str, int], PlannedPrice],
        labels: Rows[str, Label],
        pictures: Rows[str, Picture],
        currency: str,
        epoch: int,
        grace_ms: int = 0,
    ) -> None:
        """Take up the rows that are on disk; a raise is charged `grace_ms` after it was shown."""
        self.prices = prices
        self.planned = planned
        self.labels = labels
        self.pictures = pictures
        self._currency = currency
        self._epoch = epoch
        self._grace_ms = grace_ms
        self._in_grace = {price.gtin for price in prices if _is_in_grace(price)}
        self._of: dict[str, set[str]] = {}
        for label in labels:
            self._note(label)

    def till(self, gtin: str) -> int | None:
        """Give what the till charges for one unit, in minor units; None without a price."""
        price = self.prices.get(gtin)
        return price.till if price else None

    def install(self, labels: Iterable[Label]) -> None:
        """Take the configured labels into service; what they show is kept."""
        for label in labels:
            known = self.labels.get(label.label)
            if known is None:
                self._put(label)
            else:
                placed = replace(
                    known, device=label.device, template=label.template, shelf=label.shelf
                )
                moved = (label.template, label.device) != (known.template, known.device)
                if moved and known.state != "removed":
                    placed = replace(placed, state="unbound")
                if placed != known:
                    self._put(placed)

    def change(self, change: PriceChange, product: Product | None, now: int) -> list[Event]:
        """Take a price change of a product, at once or planned."""
        if change.until is not None and (change.gtin, change.until) not in self.planned:
            self.planned.put(
                (change.gtin, change.until), PlannedPrice(change.gtin, change.until, None, None)
            )
        if change.start is not None and change.start > now:
            promotion = change.promotion or (None if change.until is None else "")
            planned = PlannedPrice(change.gtin, change.start, change.amount, promotion)
            self.planned.put((change.gtin, change.start), planned)
            return []
        lasting = change.until is None and change.promotion is None
        return self._want(
            change.gtin, change.amount, change.promotion, product, lasting=lasting, now=now
        )

    def _want(
        self,
        gtin: str,
        amount: int,
        promotion: str | None,
        product: Product | None,
        *,
        lasting: bool,
        now: int,
    ) -> list[Event]:
        known = self.prices.get(gtin)
        regular = amount if lasting or known is None else known.regular
        if known and (known.amount, known.promotion) == (amount, promotion):
            self.prices.put(gtin, replace(known, regular=regular))
            return []
        before = known or Price(gtin, amount, amount, regular, promotion, 0)
        wanted = replace(
            before, amount=amount, regular=regular, promotion=promotion, effective=False
        )
        self.prices.put(gtin, wanted)
        due = [event for label in self._labels_of(gtin) for event in self._due(label, product, now)]
        return [*self._agree(gtin, now), *due]

    def bind(self, command: BindLabel, product: Product | None, now: int) -> list[Event]:
        """Let a label show a product; until it is drawn, the old one's price still counts."""
        label = self.labels.get(command.label)
        if label is None:
            raise NotFound(f"expected a configured label, came {command.label!r}", "label")
        if product is None:
            raise NotFound(f"expected a known product, came {command.gtin!r}", "gtin")
        if label.gtin == command.gtin:
            return []
        bound = replace(label, gtin=command.gtin, state="unbound")
        self._put(bound)
        events = self._due(bound, product, now)
        for gtin in sorted({command.gtin} | _gtins(label)):
            events += self._agree(gtin, now)
        return events

    def remove(self, command: RemoveLabel, now: int) -> tuple[None, list[Event]]:
        """Take a person's word that a label hangs on the shelf no longer."""
        label = self.labels.get(command.label)
        if label is None:
            raise NotFound(f"expected a configured label, came {command.label!r}", "label")
        if label.state == "removed":
            return None, []
        removed = replace(label, gtin=None, state="removed", problem=None)
        self._put(removed)
        events: list[Event] = [_label_changed(removed)] if removed.content else []
        for gtin in sorted(_gtins(label)):
            if price := self.prices.get(gtin):  # somebody may just have read it
                self.prices.put(gtin, replace(price, held_until=HELD))
            events += self._agree(gtin, now)
        return None, events

    def redraw(self, product: Product, now: int) -> list[Event]:
        """Draw a product's labels again where its name or unit changed."""
        return [
            event
            for label in self._labels_of(product.gtin)
            for event in self._due(label, product, now)
        ]

    def _due(self, label: Label, product: Product | None, now: int) -> list[Event]:
        price = self.prices.get(label.gtin or "")
        if price is None or product is None:
            return []
        content = LabelContent(
            gtin=price.gtin,
            name=product.name,
            amount=price.amount,
            currency=self._currency,
            template=label.template,
            unit=product.unit,
            names=product.names,
            promotion=price.promotion,
        )
        if content == label.content and label.state in ("due", "sent", "shown"):
            return []
        due = replace(
            label,
            state="due",
            revision=label.revision + 1,
            content=content,
            sent_at=now,
            tries=0,
            problem=None,
        )
        self._put(due)
        return [_label_changed(due)]

    def keep(self, command: KeepPicture, now: int) -> tuple[None, list[Event]]:
        """Journal a drawn picture before it is sent: from here on the label may show its price."""
        label = self.labels.get(command.label)
        if label is None or label.content is None or command.revision != label.revision:
            return None, []
        if label.state == "removed":
            return None, []
        if command.error:
            failed = replace(label, state="failed", problem=command.error)
            self._put(failed)
            return None, [_label_changed(failed)]
        self.pictures.put(command.image, Picture(command.image, command.png, now))
        self.pictures.forget(command.image)
        picture = Glass(command.image, label.content.gtin, label.content.amount, now)
        glass = (*label.glass, picture)
        sent = replace(label, state="sent", image=command.image, glass=glass, sent_at=now, tries=1)
        self._put(sent)
        return None, [_label_changed(sent), *self._agree(label.gtin, now)]

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
        label = replace(label, glass=label.glass[newest:])
        events: list[Event] = []
        if reading.image == label.image and len(label.glass) == 1 and label.state == "sent":
            label = replace(label, state="shown", problem=None)
            events.append(_label_changed(label))
        self._put(label)
        for gtin in sorted({*gone, label.gtin or ""}):
            events += self._agree(gtin, now)
        return events

    def report(self, reading: LabelReported) -> None:
        """Keep a label's battery and signal; what it does not tell this time stays as it was."""
        label = self.labels.get(reading.label)
        if label is None:
            return
        battery_mv = label.battery_mv if reading.battery_mv is None else reading.battery_mv
        rssi = label.rssi if reading.rssi is None else reading.rssi
        self.labels.put(label.label, replace(label, battery_mv=battery_mv, rssi=rssi))

    def due_prices(self, now: int) -> list[PlannedPrice]:
        """Hand over the planned prices whose time has come, the earliest first."""
        due = sorted((row for row in self.planned if row.at <= now), key=lambda row: row.at)
        for row in due:
            self.planned.drop((row.gtin, row.at))
        return due

    def start(self, planned: PlannedPrice, product: Product | None, now: int) -> list[Event]:
        """Let a planned price begin, or the regular price return."""
        price = self.prices.get(planned.gtin)
        regular = price.regular if price else planned.amount
        amount = planned.amount if planned.amount is not None else regular
        if amount is None:
            return []
        lasting = planned.amount is None or planned.promotion is None
        promotion = planned.promotion or None
        return self._want(planned.gtin, amount, promotion, product, lasting=lasting, now=now)

    def advance(self, now: int) -> list[Event]:
        """Let higher prices be charged whose time of grace is over; send again what is unsure."""
        agreed = [event for gtin in sorted(self._in_grace) for event in self._agree(gtin, now)]
        return [*agreed, *self._resend(now)]

    def _resend(self, now: int) -> list[Event]:
        """Send unconfirmed pictures again, ever less often."""
        events: list[Event] = []
        for label in self.labels:
            if label.state != "sent":
                continue
            wait = min(RESEND_AFTER_MS * 2 ** max(0, label.tries - 1), RESEND_AT_MOST_MS)
            if now - label.sent_at >= wait:
                again = replace(label, sent_at=now, tries=label.tries + 1, problem="not confirmed")
                self._put(again)
                events.append(_label_changed(again))
        return events

    def _put(self, label: Label) -> None:
        self.labels.put(label.label, label)
        self._note(label)

    def _note(self, label: Label) -> None:
        """Remember which products a label has to do with, or once had."""
        for gtin in _gtins(label):
            self._of.setdefault(gtin, set()).add(label.label)

    def _concerned(self, gtin: str) -> list[Label]:
        """Give the labels on a shelf that are to show a product, or may be showing it still."""
        known = self._of.get(gtin, set())
        for name in [name for name in known if gtin not in _gtins(self.labels[name])]:
            known.discard(name)
        labels = [self.labels[name] for name in sorted(known)]
        return [label for label in labels if label.state != "removed"]

    def _labels_of(self, gtin: str) -> list[Label]:
        return [label for label in self._concerned(gtin) if label.gtin == gtin]

    def _agree(self, gtin: str | None, now: int) -> list[Event]:
        """Charge what may be charged now, and tell the online channel when that has changed."""
        price = self.prices.get(gtin or "")
        if price is None:
            return []
        labels = self._concerned(price.gtin)
        waits = any(label.state != "shown" or label.gtin != price.gtin for label in labels)
        held_until = self._held_until(price, now, waits=waits)
        ceiling = price.amount if now >= held_until else min(price.till, price.amount)
        till = min((ceiling, *self._visible(price.gtin, labels)))
        effective = not waits and till == price.amount
        changed = replace(price, till=till, effective=effective, held_until=held_until)
        (self._in_grace.add if _is_in_grace(changed) else self._in_grace.discard)(price.gtin)
        tells = till != price.told or (effective and not price.effective)
        if tells:
            changed = replace(changed, version=price.version + 1, told=till)
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
    def _visible(gtin: str, labels: Iterable[Label]) -> list[int]:
        """Give every price of a product that may be on a glass."""
        return [glass.amount for label in labels for glass in label.glass if glass.gtin == gtin]

    def _effective(self, price: Price) -> PriceEffective:
        return PriceEffective(
            gtin=price.gtin,
            epoch=self._epoch,
            version=price.version,
            amount=price.till,
            currency=self._currency,
            promotion=price.promotion if price.till == price.amount else None,
            agreed=price.effective,
        )


def _gtins(label: Label) -> set[str]:
    return {glass.gtin for glass in label.glass} | ({label.gtin} if label.gtin else set())


def _is_in_grace(price: Price) -> bool:
    """Tell whether only time keeps the till from charging what the labels show."""
    return price.till < price.amount and price.held_until != HELD


def _label_changed(label: Label) -> LabelChanged:
    if label.content is None:
        raise NotFound(f"label {label.label} has nothing to show")
    return LabelChanged(
        label=label.label,
        device=label.device,
        gtin=label.content.gtin,
        state=label.state,
        revision=label.revision,
        content=label.content,
        image=label.image,
        problem=label.problem,
    )
