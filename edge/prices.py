"""Prices and shelf labels of a shop as one: the book, the protocol, the air time, the health."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from edge.airtime import Airtime, Pace, Radio
from edge.commands import Product
from edge.events import Event
from edge.label_health import LabelHealth
from edge.labels import Label, Picture
from edge.price_sets import PriceSet, PriceSets
from edge.pricebook import Entry, PriceBook
from edge.pricing import Price, Pricing, Terms
from edge.prior_prices import PriorPrice, PriorPrices, Rule
from edge.readings import LabelReported, LabelShown, SoldLine
from edge.rows import Rows
from edge.shelf_labels import Goods, ShelfLabels, StockState


class PriceRows(Struct, frozen=True):
    """The rows that prices and labels are kept in."""

    prices: Rows[str, Price]
    book: Rows[tuple[str, int], Entry]
    price_sets: Rows[str, PriceSet]
    prior_prices: Rows[tuple[str, str, int], PriorPrice]
    paces: Rows[str, Pace]
    labels: Rows[str, Label]
    pictures: Rows[str, Picture]


class PriceRules(Struct, frozen=True):
    """What the settings say of prices and labels; `few` None means that labels tell no stock.

    `radios` are those of the devices that are not native; the labels of `preloading` ones get a
    planned price `preload_ms` before it begins.
    """

    currency: str
    former_price: Rule
    grace_ms: int
    low_battery_mv: int
    lost_after_ms: int
    few: int | None
    radios: Mapping[str, Radio]
    preloading: frozenset[str] = frozenset()
    preload_ms: int = 0


class Prices:
    """All that has to do with prices; `product` and `available` know goods and their stock."""

    def __init__(
        self,
        rows: PriceRows,
        rules: PriceRules,
        product: Callable[[str], Product | None],
        available: Callable[[str], int | None],
        *,
        epoch: int,
        now: int,
        protocol: type[Pricing] = Pricing,
    ) -> None:
        """Take up the rows that are on disk; `protocol` is the one that is charged by."""
        self._few = rules.few
        self._preload_ms = rules.preload_ms if rules.preloading else 0
        self._available = available
        self._prior = PriorPrices(rows.prior_prices, rules.former_price)
        self.book = PriceBook(rows.book, self._prior, product, rules.currency)
        air = Airtime(rows.paces, rules.radios)
        shelf = ShelfLabels(
            rows.labels,
            rows.pictures,
            air,
            Goods(product, self._stock),
            rules.currency,
            rules.preloading,
        )
        terms = Terms(rules.currency, epoch, rules.grace_ms)
        self.pricing = protocol(rows.prices, shelf, air, self._prior, terms)
        self.sets = PriceSets(rows.price_sets, self.book, self.pricing, epoch)
        self.health = LabelHealth(
            rows.labels,
            low_battery_mv=rules.low_battery_mv,
            lost_after_ms=rules.lost_after_ms,
            now=now,
        )

    def advance(self, now: int) -> list[Event]:
        """Let time pass: planned prices, times of grace, labels that do not answer."""
        return [
            *self.pricing.advance(now),
            *self.sets.advance(now),
            *self._prepare(now),
            *self.health.advance(now),
        ]

    def shown(self, reading: LabelShown, now: int) -> list[Event]:
        """Take a label's word for what is on its glass."""
        heard = self.health.heard(reading.label, min(reading.t, now))
        return [*heard, *self.pricing.shown(reading, now)]

    def reported(self, reading: LabelReported, now: int) -> list[Event]:
        """Take what a label says of itself."""
        return self.health.report(reading, now)

    def sold(self, lines: Iterable[SoldLine], now: int) -> None:
        """Note for how much goods were sold."""
        for line in lines:
            if line.qty > 0:
                self._prior.sell(line.gtin, line.amount // line.qty, now)

    def stock_changed(self, gtins: Iterable[str], now: int) -> list[Event]:
        """Draw the labels again on which a product's stock is told in another word."""
        events: list[Event] = []
        if self._few is None:
            return events
        for gtin in gtins:
            events += self.pricing.redraw(gtin, now)
        return events

    def _prepare(self, now: int) -> list[Event]:
        """Bring planned prices to labels that can keep them."""
        events: list[Event] = []
        for at, gtin in self.book.nearing(now + self._preload_ms):
            quote = self.book.foretell(gtin, at) if at > now else None
            if quote is not None:
                events += self.pricing.prepare(gtin, quote, at, now)
        return events

    def _stock(self, gtin: str, said: StockState | None) -> StockState | None:
        """Give the word for a product's stock; "few" lasts until there is one more than few."""
        units = self._available(gtin)
        if self._few is None or units is None:
            return None
        few = self._few + (said == "few")
        return "none" if units <= 0 else "few" if units <= few else "in"
