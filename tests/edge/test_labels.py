"""Labels: what is not sent, what they say of stock and unit price, and how they do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from edge.airtime import Radio
from edge.commands import (
    BindLabel,
    CancelPrices,
    EstimateLabels,
    KeepPicture,
    PriceChange,
    Product,
    SetPrices,
)
from edge.events import Event, LabelChanged, LabelContent, LabelHealthChanged, moment
from edge.labels import LOST, LOW_BATTERY, NOT_CONFIRMED, NOT_DRAWN, Label
from edge.prices import PriceRows, PriceRules, Prices
from edge.readings import LabelReported, LabelShown, ProblemReported
from edge.rows import Rows

MILK, TEA = "04006381333931", "06901234567892"
T0 = 1_800_000_000_000
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
RULES = PriceRules("CNY", "lowest-30-days", 0, 2400, DAY, None, {})


class Wall:
    """Labels on a wall, whose pictures look like what is on them."""

    def __init__(self, *labels: str, rules: PriceRules = RULES) -> None:
        """Hang them up, in turn with milk and tea."""
        self.now = T0
        self.rules = rules
        self.products = {
            MILK: Product(MILK, "Milk", unit="l", pack="1.5 l"),
            TEA: Product(TEA, "Tea"),
        }
        self.available: dict[str, int] = {}
        self.rows = PriceRows(*(Rows() for _ in PriceRows.__struct_fields__))
        self.events: list[Event] = []
        self.open()
        self.prices.pricing.install(
            [Label(label, "ap", "296x128-bwr", None) for label in labels], self.now
        )
        self.price(MILK, 300)
        self.price(TEA, 900)
        for n, label in enumerate(labels):
            self.take(self.prices.pricing.bind(BindLabel(label, (MILK, TEA)[n % 2]), self.now)[1])

    def open(self) -> None:
        """Take up the rows, as after a restart."""
        self.prices = Prices(
            self.rows, self.rules, self.products.get, self.available.get, epoch=1, now=self.now
        )

    def take(self, events: Sequence[Event]) -> None:
        """Keep events."""
        self.events += events

    def price(self, gtin: str, amount: int, **more: Any) -> str:
        """Ask for a price; gives the price set's id."""
        change = PriceChange(gtin, amount, **more)
        name, events = self.prices.sets.set(SetPrices((change,)), self.now)
        self.take(events)
        return name

    def row(self, label: str) -> Label:
        """Give a label as it is."""
        return self.rows.labels[label]

    def content(self, label: str) -> LabelContent:
        """Give what a label is to show."""
        content = self.row(label).content
        assert content is not None
        return content

    def draw(self, label: str, error: str = "") -> None:
        """Draw what a label is to show."""
        row = self.row(label)
        if row.state == "due":
            looks = repr(row.content)
            image = f"{label}-{row.revision}"
            kept = KeepPicture(label, row.revision, image, b"png", error, looks)
            self.take(self.prices.pricing.keep(kept, self.now)[1])

    def show(self, *labels: str) -> None:
        """Draw what labels are to show, and let them confirm it."""
        for label in labels:
            self.draw(label)
            image = self.row(label).image
            if image:
                self.take(self.prices.shown(LabelShown(self.now, label, image), self.now))

    def wait(self, ms: int) -> None:
        """Let time pass."""
        self.now += ms
        self.take(self.prices.advance(self.now))

    def report(
        self, label: str, battery_mv: int | None = None, temp_c: float | None = None
    ) -> None:
        """Let a label say how it does."""
        report = LabelReported(self.now, label, battery_mv, -60.0, temp_c)
        self.take(self.prices.reported(report, self.now))

    def states(self, label: str) -> list[str]:
        """Give a label's states as they were told."""
        return [e.state for e in self.events if isinstance(e, LabelChanged) and e.label == label]

    def health(self, label: str) -> list[tuple[str, ...]]:
        """Give a label's faults as they were told."""
        return [
            e.problems
            for e in self.events
            if isinstance(e, LabelHealthChanged) and e.label == label
        ]


def test_a_picture_that_is_on_the_glass_already_is_not_sent() -> None:
    """A price that was changed back costs no radio; without the label's word it does."""
    wall = Wall("a")
    wall.show("a")
    before = wall.row("a")
    wall.price(MILK, 400)
    wall.price(MILK, 300)
    wall.draw("a")
    after = wall.row("a")
    assert (after.state, after.image, after.glass) == ("shown", before.image, before.glass)
    assert wall.states("a")[-3:] == ["due", "due", "shown"]
    assert wall.prices.pricing.prices[MILK].effective
    wall.price(MILK, 400)
    wall.draw("a")
    wall.price(MILK, 300)
    wall.draw("a")
    assert (wall.row("a").state, len(wall.row("a").glass)) == ("sent", 3)


def test_pictures_wait_for_their_turn_and_only_the_newest_is_sent() -> None:
    """The label that has a higher price to show goes before one that has a lower one."""
    wall = Wall("a", "b", "c", rules=replace(RULES, radios={"ap": Radio(1, 20.0, 500.0, 50.0)}))
    for _ in range(3):
        wall.show("a", "b", "c")
    assert [wall.row(label).state for label in "abc"] == ["shown"] * 3
    wall.price(MILK, 290)
    assert [wall.row(label).state for label in "abc"] == ["due", "shown", "waiting"]
    wall.price(TEA, 950)
    wall.price(MILK, 280)
    wall.open()
    assert [wall.row(label).state for label in "abc"] == ["waiting", "due", "waiting"]
    wall.show("b")
    assert wall.prices.pricing.till(TEA) == 950
    wall.show("a", "c", "b")
    wall.show("a", "c", "b")
    assert [wall.row(label).state for label in "abc"] == ["shown"] * 3
    assert wall.states("c")[-3:] == ["due", "sent", "shown"]
    assert wall.content("c").amount == 280


PRELOADING = replace(RULES, preloading=frozenset({"ap"}), preload_ms=10 * MINUTE)


def test_labels_that_can_keep_a_picture_have_planned_prices_before() -> None:
    """The lower price is charged from then on; the higher one when all have shown it."""
    wall = Wall("a", rules=PRELOADING)
    wall.show("a")
    start, until = T0 + HOUR, T0 + 2 * HOUR
    wall.price(MILK, 200, start=start, until=until, promotion="week")
    wall.wait(50 * MINUTE - 1)
    assert wall.row("a").state == "shown"
    wall.wait(1)
    wall.draw("a")
    sent = [e for e in wall.events if isinstance(e, LabelChanged)][-1]
    assert (sent.state, sent.content.amount, sent.at) == ("sent", 200, moment(start))
    assert wall.prices.pricing.till(MILK) == 200
    wall.wait(9 * MINUTE)
    assert (wall.row("a").state, wall.row("a").problems) == ("sent", ())
    wall.wait(MINUTE)
    wall.show("a")
    assert wall.row("a").state == "shown"
    wall.wait(50 * MINUTE)
    wall.draw("a")
    assert (wall.row("a").show_at, wall.prices.pricing.till(MILK)) == (until, 200)
    wall.wait(10 * MINUTE)
    assert wall.prices.pricing.till(MILK) == 200
    wall.show("a")
    assert wall.prices.pricing.till(MILK) == 300


def test_a_planned_price_that_is_taken_back_is_replaced_on_the_labels() -> None:
    """Also over a restart; what a label keeps may be shown until it confirms the other one."""
    wall = Wall("a", rules=PRELOADING)
    wall.show("a")
    name = wall.price(MILK, 200, start=T0 + HOUR, until=T0 + 2 * HOUR, promotion="week")
    wall.wait(55 * MINUTE)
    wall.draw("a")
    wall.open()
    wall.take(wall.prices.sets.cancel(CancelPrices(name), wall.now)[1])
    wall.draw("a")
    assert (wall.row("a").show_at, wall.prices.pricing.till(MILK)) == (0, 200)
    wall.show("a")
    assert (wall.content("a").amount, wall.prices.pricing.till(MILK)) == (300, 300)


def test_the_end_of_a_change_is_foreseen() -> None:
    """Nobody knows it of a label that is late, and nothing of one that has confirmed."""
    wall = Wall("a", "b")
    wall.show("b")
    ask = wall.prices.pricing.estimate
    assert ask(EstimateLabels(("b",)), wall.now) == (None, [])
    foreseen, _ = ask(EstimateLabels(("a", "b")), wall.now)
    assert foreseen is not None
    assert wall.now < foreseen < wall.now + MINUTE
    wall.draw("a")
    wall.wait(MINUTE)
    assert ask(EstimateLabels(("a",)), wall.now) == (None, [])
    assert wall.row("a").problems == (NOT_CONFIRMED,)


def test_a_device_that_starts_anew_gets_what_was_on_its_way_again() -> None:
    """It has forgotten what it was sent."""
    wall = Wall("a", "b", "c")
    wall.show("c")
    wall.draw("a")
    again = wall.prices.pricing.send_again("ap", wall.now)
    assert [(e.label, e.state) for e in again if isinstance(e, LabelChanged)] == [("a", "sent")]
    assert wall.prices.pricing.send_again("other", wall.now) == []


def test_a_label_tells_the_unit_price_and_the_stock() -> None:
    """A word for stock changes no oftener than it has to."""
    wall = Wall("a", "b", rules=replace(RULES, few=3))
    milk, tea = wall.content("a"), wall.content("b")
    assert (milk.unit_price, milk.per, milk.stock) == (200, "l", None)
    assert (tea.unit_price, tea.per) == (None, "")
    words = []
    for units in (10, 4, 3, 4, 5, 0, 1):
        wall.available[MILK] = units
        wall.take(wall.prices.stock_changed([MILK], wall.now))
        words.append(wall.content("a").stock)
    assert words == ["in", "in", "few", "few", "in", "none", "few"]
    wall.open()
    wall.available[MILK] = 4
    assert wall.prices.stock_changed([MILK], wall.now) == []


def test_a_low_battery_is_told_once_and_its_end_too() -> None:
    """One that is a little fuller in the warm is low still."""
    wall = Wall("a")
    for battery in (2900, 2399, 2380, 2450, 2500, 2900):
        wall.report("a", battery, 21.0)
    assert wall.health("a") == [(LOW_BATTERY,), ()]
    label = wall.row("a")
    assert (label.battery_mv, label.rssi, label.temp_c, label.seen) == (2900, -60.0, 21.0, T0)


def test_a_label_is_lost_of_which_nothing_is_heard() -> None:
    """While nothing is heard of any label of its device, that is the device's fault."""
    wall = Wall("a", "b")
    wall.show("a", "b")
    for _ in range(3):
        wall.wait(DAY)
    assert (wall.health("a"), wall.health("b")) == ([], [])
    wall.report("b")
    wall.wait(MINUTE)
    assert (wall.health("a"), wall.health("b")) == ([(LOST,)], [])
    wall.report("a")
    assert wall.health("a") == [(LOST,), ()]


def test_a_device_tells_of_its_labels() -> None:
    """A fault that it tells ends with its word; strangers are nobody's."""
    wall = Wall("a")
    health = wall.prices.health
    silent = ProblemReported(T0, "silent", label="a")
    wall.take(health.tell(silent))
    wall.take(health.tell(silent))
    wall.take(health.tell(replace(silent, active=False)))
    assert wall.health("a") == [("silent",), ()]
    assert health.tell(replace(silent, label="stranger")) == []


def test_what_was_said_of_a_label_ends_with_its_own_word() -> None:
    """Also where the device that said it has started anew since, and knows nothing of it."""
    wall = Wall("a")
    for code in ("silent", "unknown", "picture", "stolen"):
        wall.take(wall.prices.health.tell(ProblemReported(T0, code, label="a")))
    wall.draw("a")
    wall.now += 1000
    wall.report("a")
    assert wall.row("a").problems == ("unknown", "picture", "stolen")
    wall.show("a")
    assert wall.row("a").problems == ("stolen",)


def test_a_label_that_cannot_be_drawn_is_named() -> None:
    """Until it can."""
    wall = Wall("a")
    wall.draw("a", "name: there is no glyph for it")
    assert wall.health("a") == [(NOT_DRAWN,)]
    assert wall.row("a").problem == "name: there is no glyph for it"
    wall.price(MILK, 310)
    wall.show("a")
    assert (wall.row("a").problem, wall.row("a").problems) == (None, ())
