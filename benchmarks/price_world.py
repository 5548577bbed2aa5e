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

from edge.commands import BindLabel, KeepPicture, PriceChange, Product, RemoveLabel
from edge.events import Event, LabelChanged, PriceEffective
from edge.pricing import Label, Picture, PlannedPrice, Price, Pricing
from edge.readings import LabelShown
from edge.rows import Rows

EPOCH_MS = 1_800_000_000_000
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
GTINS = ("04006381333931", "06901234567892")
LABELS = ("a", "b", "c")
AMOUNTS = (100, 200, 300)
AGAIN = 6  # events that a restarted gateway sends again


class Overcharged(Exception):  # noqa: N818  (what happened to the shopper)
    """Till or online channel asked for more than a label shows, or has shown a moment ago."""


class Shown(Struct, frozen=True):
    """A picture, as a label has it: whose price of which revision."""

    gtin: str
    amount: int
    revision: int
    image: str


class Glass(Struct):
    """A label: what is on its glass, and whether it hangs on a shelf."""

    shown: Shown | None = None
    hangs: bool = True


Tables = tuple[
    Rows[str, Price], Rows[tuple[str, int], PlannedPrice], Rows[str, Label], Rows[str, Picture]
]
Opener = Callable[[Tables, int], Pricing]


def open_pricing(kind: type[Pricing] = Pricing) -> Opener:
    """Give what opens this kind of pricing on rows, with so much time of grace (ms)."""

    def opened(tables: Tables, grace_ms: int) -> Pricing:
        prices, planned, labels, pictures = tables
        return kind(
            prices=prices,
            planned=planned,
            labels=labels,
            pictures=pictures,
            currency="CNY",
            epoch=1,
            grace_ms=grace_ms,
        )

    return opened


HONEST = open_pricing()


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
        self._products = {gtin: Product(gtin, gtin) for gtin in GTINS}
        self._glasses = {label: Glass() for label in LABELS}
        self._air: dict[str, list[Shown]] = {label: [] for label in LABELS}
        self._words: list[LabelShown] = []
        self._log: list[Event] = []
        self._sent = 0
        self._online: dict[str, int] = {}
        self._seen: dict[str, dict[int, int]] = {gtin: {} for gtin in GTINS}
        self._disk: tuple[tuple[tuple[Any, Any], ...], ...] = ((), (), (), ())
        self._start()
        self._pricing.install(Label(label, "ap", "296x128-bwr", None) for label in LABELS)
        self._commit([])
        for gtin in GTINS:
            self.price(gtin, AMOUNTS[0])

    # What people ask for

    def price(self, gtin: str, amount: int) -> None:
        """Ask for another price."""
        self._do(lambda: self._pricing.change(PriceChange(gtin, amount), self._of(gtin), self.now))

    def promote(self, gtin: str, amount: int, begins_in: int, lasts: int) -> None:
        """Plan a promotion that begins and ends (ms from now, ms)."""
        start = self.now + begins_in
        change = PriceChange(gtin, amount, start, start + lasts, "week")
        self._do(lambda: self._pricing.change(change, self._of(gtin), self.now))

    def bind(self, label: str, gtin: str) -> None:
        """Let a label show a product, and hang it up if it was taken down."""
        self._glasses[label].hangs = True
        command = BindLabel(label, gtin)
        self._do(lambda: self._pricing.bind(command, self._of(gtin), self.now))

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
            shown = Shown(content.gtin, content.amount, event.revision, event.image or "")
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
        self._pricing.change(PriceChange(gtin, amount), self._of(gtin), self.now)
        self.restart()

    # What must be so

    def settle(self) -> None:
        """Let all that is on its way arrive, and the time of grace pass."""
        for _ in range(3):
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
        return list(self._pricing.prices)

    def _check(self) -> None:
        for gtin in GTINS:
            price = self._pricing.prices.get(gtin)
            if price is None:
                continue
            least = min(self._shown(gtin), default=price.till)
            asked = {"till": price.till, "online": self._online.get(gtin, price.till)}
            for who, amount in asked.items():
                if amount > least:
                    raise Overcharged(f"{who} asks {amount} for {gtin}, a label shows {least}")
            self._look_back(gtin, price.till)

    def _look_back(self, gtin: str, till: int) -> None:
        """Compare with what a shopper saw who is on the way to the till."""
        seen = self._seen[gtin]
        for amount in self._shown(gtin):
            seen[amount] = self._time
        for amount, when in list(seen.items()):
            if self._time - when >= self._grace_ms:
                del seen[amount]
            elif till > amount:
                raise Overcharged(f"till asks {till} for {gtin}, a label just showed {amount}")

    def _shown(self, gtin: str) -> Iterator[int]:
        for glass in self._glasses.values():
            if glass.hangs and glass.shown and glass.shown.gtin == gtin:
                yield glass.shown.amount

    def _of(self, gtin: str) -> Product:
        return self._products[gtin]

    def _advance(self) -> list[Event]:
        events: list[Event] = []
        for planned in self._pricing.due_prices(self.now):
            events += self._pricing.start(planned, self._of(planned.gtin), self.now)
        return [*events, *self._pricing.advance(self.now)]

    def _do(self, act: Callable[[], Iterable[Event]]) -> None:
        self._commit(act())
        self._check()

    def _commit(self, events: Iterable[Event]) -> None:
        """Save rows and events in one transaction; only then is anybody told."""
        pricing = self._pricing
        tables = (pricing.prices, pricing.planned, pricing.labels, pricing.pictures)
        self._disk = tuple(tuple(rows.pairs()) for rows in tables)
        for event in events:
            self._log.append(event)
            if isinstance(event, PriceEffective):
                self._online[event.gtin] = event.amount

    def _start(self) -> None:
        prices, planned, labels, pictures = (Rows(rows) for rows in self._disk)
        self._pricing = self._open((prices, planned, labels, pictures), self._grace_ms)


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
    (lambda w, d: w.price(_any_gtin(d), d.choice(AMOUNTS)), 6),
    (
        lambda w, d: w.promote(
            _any_gtin(d), d.choice(AMOUNTS), d.randrange(HOUR_MS), d.randrange(1, HOUR_MS)
        ),
        2,
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
