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

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from edge.airtime import Airtime
from edge.commands import BindLabel, EstimateLabels, KeepPicture, RemoveLabel
from edge.events import Event, LabelContent, PriceEffective
from edge.labels import Glass, Label
from edge.pricebook import Quote
from edge.prior_prices import PriorPrices
from edge.readings import LabelShown
from edge.rows import Rows
from edge.shelf_labels import ShelfLabels

HELD = 2**62  # as the time until which a price is held: until all labels have shown the new one


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


class Terms(Struct, frozen=True):
    """The currency, this database's epoch, and how long after the labels a raise is charged."""

    currency: str
    epoch: int
    grace_ms: int


class Pricing:
    """The prices of a shop: quotes and the words of labels go in, events come out."""

    def __init__(
        self,
        prices: Rows[str, Price],
        shelf: ShelfLabels,
        air: Airtime,
        prior: PriorPrices,
        terms: Terms,
    ) -> None:
        """Take up the rows that are on disk; what was charged is noted in `prior`."""
        self.prices = prices
        self.labels = shelf.labels
        self._shelf = shelf
        self._air = air
        self._prior = prior
        self._terms = terms
        self._in_grace = {price.gtin for price in prices if _is_in_grace(price)}

    def till(self, gtin: str) -> int | None:
        """Give what the till charges for one unit, in minor units; None without a price."""
        price = self.prices.get(gtin)
        return price.till if price else None

    def shelf(self, gtin: str) -> int | None:
        """Give the least price that a label of a product may be showing; None where none does."""
        visible = self._visible(gtin, self._shelf.concerned(gtin))
        return min((glass.amount for glass in visible), default=None)

    def install(self, labels: Iterable[Label], now: int) -> None:
        """Take the configured labels into service; what they show is kept."""
        self._shelf.install(labels, now)

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
        for label in self._shelf.of(gtin):
            self._line_up(label, now)
        return self._follow([gtin], now)

    def prepare(self, gtin: str, quote: Quote, at: int, now: int) -> list[Event]:
        """Bring what a product will cost from `at` on to labels that can keep it until then.

        A lower price may be on a glass from now on, whatever the label's clock says, and is charged
        from now on; a higher one is shown by all of them at once.
        """
        self._shelf.prepare(gtin, quote, at)
        return self._shelf.release(now)

    def foresee(self, gtin: str, quote: Quote) -> dict[str, LabelContent]:
        """Give what each label of a product would show at a price."""
        return self._shelf.foresee(gtin, quote)

    def takes(self, labels: Iterable[str]) -> int:
        """Estimate for how long (ms) pictures for these labels would be under way from now on."""
        return self._air.takes(self.labels[name] for name in labels)

    def estimate(self, command: EstimateLabels, now: int) -> tuple[int | None, list[Event]]:
        """Estimate when labels will have confirmed (epoch ms); None if they have, or are late."""
        return self._air.done_by((self._shelf.get(name) for name in command.labels), now), []

    def bind(self, command: BindLabel, now: int) -> tuple[None, list[Event]]:
        """Let a label show a product; until it is drawn, the old one's price still counts."""
        label = self._shelf.get(command.label)
        product = self._shelf.product(command.gtin)
        if label.gtin == product.gtin:
            return None, []
        self._line_up(self._shelf.bind(label, product.gtin), now)
        return None, self._follow(sorted({product.gtin} | label.gtins), now)

    def remove(self, command: RemoveLabel, now: int) -> tuple[None, list[Event]]:
        """Take a person's word that a label hangs on the shelf no longer."""
        label = self._shelf.get(command.label)
        if label.state == "removed":
            return None, []
        events = self._shelf.remove(label)
        for gtin in label.gtins:
            if price := self.prices.get(gtin):  # somebody may just have read it
                self.prices.put(gtin, replace(price, held_until=HELD))
        return None, [*events, *self._follow(sorted(label.gtins), now)]

    def redraw(self, gtin: str, now: int) -> list[Event]:
        """Draw a product's labels again where their content changed."""
        for label in self._shelf.of(gtin):
            if label.show_at <= now:  # else it comes with the next price
                self._line_up(label, now)
        return self._shelf.release(now)

    def keep(self, command: KeepPicture, now: int) -> tuple[None, list[Event]]:
        """Journal a drawn picture before it is sent: from here on the label may show its price."""
        events = self._shelf.keep(command, now)
        label = self.labels.get(command.label)
        return None, [*events, *self._follow([label.gtin or ""] if label else [], now)]

    def shown(self, reading: LabelShown, now: int) -> list[Event]:
        """Take a label's word for what is on its glass: earlier pictures are gone."""
        concerned, events = self._shelf.shown(reading, now)
        return [*events, *self._follow(sorted(concerned), now)]

    def send_again(self, device: str, now: int) -> list[Event]:
        """Send what is on its way to a device's labels again: the device started anew."""
        return self._shelf.send_again(device, now)

    def advance(self, now: int) -> list[Event]:
        """Let higher prices be charged whose time of grace is over; send again what is unsure."""
        for label in self._shelf.unbound():
            self._line_up(label, now)
        agreed = [event for gtin in sorted(self._in_grace) for event in self._agree(gtin, now)]
        return [*agreed, *self._shelf.ask_again(now), *self._shelf.release(now)]

    def _line_up(self, label: Label, now: int) -> None:
        price = self.prices.get(label.gtin or "")
        if price is not None:
            quote = Quote(price.amount, price.amount, price.member, price.promotion, price.was)
            self._shelf.line_up(label, quote, now, awaited=_is_behind(price))

    def _follow(self, gtins: Iterable[str], now: int) -> list[Event]:
        """Charge what may be charged now that something is different on the shelf."""
        agreed = [event for gtin in gtins for event in self._agree(gtin, now)]
        return [*agreed, *self._shelf.release(now)]

    def _agree(self, gtin: str, now: int) -> list[Event]:
        """Charge what may be charged now, and tell the online channel when that has changed."""
        price = self.prices.get(gtin)
        if price is None:
            return []
        labels = self._shelf.concerned(gtin)
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
        return min(price.held_until, now + self._terms.grace_ms)

    @staticmethod
    def _visible(gtin: str, labels: Iterable[Label]) -> list[Glass]:
        """Give every picture of a product that may be on a glass."""
        return [glass for label in labels for glass in label.glass if glass.gtin == gtin]

    def _effective(self, price: Price) -> PriceEffective:
        announced = price.till == price.amount
        return PriceEffective(
            gtin=price.gtin,
            epoch=self._terms.epoch,
            version=price.version,
            amount=price.till,
            currency=self._terms.currency,
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
    return _is_behind(price) and price.held_until != HELD


def _is_behind(price: Price) -> bool:
    return price.till < price.amount or price.till_member < price.to_members
