"""A shop's prices among everything that can go wrong on the way to a shelf label.

Pictures are lost, doubled and overtaken, labels draw when they wake and tell of it late or never,
the gateway dies between any two of its steps, clocks jump, and people hang labels up and take them
down. Whatever happens, a shopper is never charged more than what a label of the product shows, nor
than what one showed a short while ago.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from edge.commands import (
    BindLabel,
    CancelPrices,
    KeepPicture,
    PriceChange,
    Product,
    RemoveLabel,
    SetPrices,
)
from edge.errors import Refused
from edge.events import Event, LabelChanged, PriceEffective
from edge.labels import Label
from edge.prices import PriceRows, PriceRules, Prices
from edge.pricing import Price, Pricing
from edge.readings import LabelShown
from edge.rows import Rows

EPOCH_MS = 1_800_000_000_000
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
GTINS = ("04006381333931", "06901234567892")
LABELS = ("a", "b", "c")
AMOUNTS = (100, 200, 300)
AGAIN = 6  # events that a restarted gateway sends again


class Overcharged(Exception):  # noqa: N818  (what happened to the shopper)
    """Till or online channel asked for more than a label shows, or has shown a moment ago."""


class Shown(Struct, frozen=True):
    """A picture, as a label has it: whose prices of which revision."""

    gtin: str
    amount: int
    member: int
    revision: int
    image: str


class Glass(Struct):
    """A label: what is on its glass, and whether it hangs on a shelf."""

    shown: Shown | None = None
    hangs: bool = True


Opener = Callable[[PriceRows, PriceRules, int], Prices]
KNOWN = {gtin: Product(gtin, gtin) for gtin in GTINS}


def open_prices(protocol: type[Pricing] = Pricing) -> Opener:
    """Give what opens prices of this protocol on rows, by rules, at a time."""

    def opened(rows: PriceRows, rules: PriceRules, now: int) -> Prices:
        return Prices(rows, rules, KNOWN.get, lambda _: None, epoch=1, now=now, protocol=protocol)

    return opened


HONEST = open_prices()


class PriceWorld:
    """One shop; every method is something that may happen to it, and checks the prices after.

    `grace_ms` is how long a shopper needs to the till. Labels that do not `heed` revisions draw
    whatever reaches them last.
    """

    def __init__(
        self, opened: Opener = HONEST, *, grace_ms: int = 10 * MINUTE_MS, heeds: bool = True
    ) -> None:
        """Hang up the labels, none of which shows anything, and price the goods."""
        self.now = EPOCH_MS
        self._time = 0
        self._open = opened
        self._grace_ms = grace_ms
        self._heeds = heeds
        self._glasses = {label: Glass() for label in LABELS}
        self._air: dict[str, list[Shown]] = {label: [] for label in LABELS}
        self._words: list[LabelShown] = []
        self._log: list[Event] = []
        self._sent = 0
        self._online: dict[str, tuple[int, int]] = {}
        self._seen: dict[str, dict[int, int]] = {gtin: {} for gtin in GTINS}
        self._disk: dict[str, tuple[tuple[Any, Any], ...]] = {}
        self._start()
        labels = [Label(label, "ap", "296x128-bwr", None) for label in LABELS]
        self._prices.pricing.install(labels, self.now)
        self._commit([])
        for gtin in GTINS:
            self.price(gtin, AMOUNTS[0])

    # What people ask for

    def price(self, gtin: str, amount: int, member: int | None = None) -> None:
        """Ask for another price, and for one for members if that is lower."""
        self._set(PriceChange(gtin, amount, member=member if member and member < amount else None))

    def promote(self, gtin: str, amount: int, begins_in: int, lasts: int) -> None:
        """Plan a promotion that begins and ends (ms from now, ms)."""
        start = self.now + begins_in
        self._set(PriceChange(gtin, amount, start, start + lasts, "week"))

    def cancel(self, which: int) -> None:
        """Take back one of the price sets."""
        sets = sorted(row.price_set for row in self._rows.price_sets if row.state == "applied")
        if sets:
            command = CancelPrices(sets[which % len(sets)])
            self._try(lambda: self._prices.sets.cancel(command, self.now)[1])

    def bind(self, label: str, gtin: str) -> None:
        """Let a label show a product, and hang it up if it was taken down."""
        self._glasses[label].hangs = True
        command = BindLabel(label, gtin)
        self._do(lambda: self._pricing.bind(command, self.now)[1])

    def take_down(self, label: str) -> None:
        """Take a label off the shelf, and say so."""
        self._glasses[label].hangs = False
        self._do(lambda: self._pricing.remove(RemoveLabel(label), self.now)[1])

    # What happens on the way

    def send(self) -> None:
        """Let the downlink handle the next event: draw a picture, or send one."""
        if self._sent == len(self._log):
            return
        event = self._log[self._sent]
        self._sent += 1
        if not isinstance(event, LabelChanged):
            return
        image = f"{event.label}-{event.revision}"
        if event.state == "due":
            command = KeepPicture(event.label, event.revision, image, b"png")
            self._do(lambda: self._pricing.keep(command, self.now)[1])
        elif event.state == "sent":
            content = event.content
            shown = Shown(
                content.gtin,
                content.amount,
                content.member or content.amount,
                event.revision,
                event.image or "",
            )
            self._air[event.label].append(shown)

    def send_all(self) -> None:
        """Let the downlink handle all that there is."""
        while self._sent < len(self._log):
            self.send()

    def arrive(self, label: str, which: int, *, doubled: bool = False) -> None:
        """Let one of the pictures that are on their way appear on the glass."""
        air = self._air[label]
        if not air:
            return
        place = which % len(air)
        shown = air[place] if doubled else air.pop(place)
        glass = self._glasses[label]
        if self._heeds and glass.shown and shown.revision < glass.shown.revision:
            return
        glass.shown = shown
        self._words.append(LabelShown(self.now, label, shown.image))
        self._check()

    def lose(self, label: str) -> None:
        """Lose the pictures that are on their way."""
        self._air[label].clear()

    def tell(self, which: int, *, doubled: bool = False) -> None:
        """Let a label's word for what it shows arrive, late as it may be."""
        if not self._words:
            return
        place = which % len(self._words)
        word = self._words[place] if doubled else self._words.pop(place)
        self._do(lambda: self._pricing.shown(word, self.now))

    def go_dumb(self) -> None:
        """Lose all words that are on their way."""
        self._words.clear()

    def wait(self, ms: int) -> None:
        """Let time pass; planned prices begin and end."""
        self.now += ms
        self._time += ms
        self._do(self._advance)

    def set_clock(self, ms: int) -> None:
        """Set the gateway's clock on or back; what was seen on shelves is no matter then."""
        self.now += ms
        for seen in self._seen.values():
            seen.clear()
        self._do(self._advance)

    def restart(self) -> None:
        """Kill the gateway and start it again; it sends its last events again."""
        self._start()
        self._sent = max(0, self._sent - AGAIN)
        self._check()

    def die_at(self, gtin: str, amount: int) -> None:
        """Kill the gateway while it changes a price: before that is on disk, nothing was said."""
        try:
            self._prices.sets.set(SetPrices((PriceChange(gtin, amount),)), self.now)
        except Refused:
            return
        self.restart()

    # What must be so

    def settle(self) -> None:
        """Let all that is on its way arrive, and the time of grace pass."""
        for _ in range(6):
            self.wait(HOUR_MS)
            self.send_all()
            for label in LABELS:
                while self._air[label]:
                    self.arrive(label, 0)
            while self._words:
                self.tell(0)
        self.wait(HOUR_MS)

    def prices(self) -> list[Price]:
        """Give all prices."""
        return list(self._rows.prices)

    def _check(self) -> None:
        for gtin in GTINS:
            price = self._rows.prices.get(gtin)
            if price is None:
                continue
            online = self._online.get(gtin, (price.till, price.till_member))
            asked = {"till": (price.till, price.till_member), "online": online}
            for who, (amount, member) in asked.items():
                least = min((shown.amount for shown in self._shown(gtin)), default=amount)
                to_members = min((shown.member for shown in self._shown(gtin)), default=member)
                if amount > least:
                    raise Overcharged(f"{who} asks {amount} for {gtin}, a label shows {least}")
                if member > to_members:
                    raise Overcharged(f"{who} asks members {member}, a label shows {to_members}")
            self._look_back(gtin, price.till)

    def _look_back(self, gtin: str, till: int) -> None:
        """Compare with what a shopper saw who is on the way to the till."""
        seen = self._seen[gtin]
        for shown in self._shown(gtin):
            seen[shown.amount] = self._time
        for amount, when in list(seen.items()):
            if self._time - when >= self._grace_ms:
                del seen[amount]
            elif till > amount:
                raise Overcharged(f"till asks {till} for {gtin}, a label just showed {amount}")

    def _shown(self, gtin: str) -> Iterator[Shown]:
        for glass in self._glasses.values():
            if glass.hangs and glass.shown and glass.shown.gtin == gtin:
                yield glass.shown

    @property
    def _pricing(self) -> Pricing:
        return self._prices.pricing

    def _set(self, change: PriceChange) -> None:
        self._try(lambda: self._prices.sets.set(SetPrices((change,)), self.now)[1])

    def _advance(self) -> list[Event]:
        return self._prices.advance(self.now)

    def _try(self, act: Callable[[], Iterable[Event]]) -> None:
        """Do what may be refused, such as a promotion that overlaps with another one."""
        try:
            self._do(act)
        except Refused:
            self._check()

    def _do(self, act: Callable[[], Iterable[Event]]) -> None:
        self._commit(act())
        self._check()

    def _commit(self, events: Iterable[Event]) -> None:
        """Save rows and events in one transaction; only then is anybody told."""
        self._disk = {name: tuple(rows.pairs()) for name, rows in asdict(self._rows).items()}
        for event in events:
            self._log.append(event)
            if isinstance(event, PriceEffective):
                self._online[event.gtin] = (event.amount, event.member or event.amount)

    def _start(self) -> None:
        tables = {name: Rows(self._disk.get(name, ())) for name in PriceRows.__struct_fields__}
        self._rows = PriceRows(**tables)
        rules = PriceRules(
            "CNY",
            "free",
            self._grace_ms,
            2_400,
            DAY_MS,
            None,
            {},
            preloading=frozenset(["ap"]),
            preload_ms=10 * MINUTE_MS,
        )
        self._prices = self._open(self._rows, rules, self.now)


def play(world: PriceWorld, steps: int, seed: int) -> None:
    """Let random things happen; raises Overcharged when a shopper is cheated."""
    dice = Random(seed)
    doings = [doing for doing, weight in _DOINGS for _ in range(weight)]
    for _ in range(steps):
        dice.choice(doings)(world, dice)


def _any_gtin(dice: Random) -> str:
    return dice.choice(GTINS)


def _any_label(dice: Random) -> str:
    return dice.choice(LABELS)


_Doing = Callable[[PriceWorld, Random], None]
_DOINGS: tuple[tuple[_Doing, int], ...] = (
    (lambda w, d: w.price(_any_gtin(d), d.choice(AMOUNTS), d.choice((None, *AMOUNTS))), 6),
    (lambda w, d: w.cancel(d.randrange(9)), 1),
    (
        lambda w, d: w.promote(
            _any_gtin(d), d.choice(AMOUNTS), d.randrange(HOUR_MS // 2), d.randrange(1, HOUR_MS)
        ),
        3,
    ),
    (lambda w, d: w.bind(_any_label(d), _any_gtin(d)), 4),
    (lambda w, d: w.take_down(_any_label(d)), 1),
    (lambda w, _: w.send(), 20),
    (lambda w, _: w.send_all(), 5),
    (lambda w, d: w.arrive(_any_label(d), d.randrange(9)), 20),
    (lambda w, d: w.arrive(_any_label(d), d.randrange(9), doubled=True), 3),
    (lambda w, d: w.lose(_any_label(d)), 1),
    (lambda w, d: w.tell(d.randrange(9)), 20),
    (lambda w, d: w.tell(d.randrange(9), doubled=True), 3),
    (lambda w, _: w.go_dumb(), 1),
    (lambda w, d: w.wait(d.choice((1000, MINUTE_MS, 11 * MINUTE_MS))), 8),
    (lambda w, d: w.set_clock(d.choice((-HOUR_MS, HOUR_MS))), 1),
    (lambda w, _: w.restart(), 2),
    (lambda w, d: w.die_at(_any_gtin(d), d.choice(AMOUNTS)), 2),
)
