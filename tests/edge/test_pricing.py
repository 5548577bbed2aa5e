"""Prices: the till never charges more than a label may show, and says so only when all agree."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from edge.airtime import RESEND_AFTER_MS, RESEND_AT_MOST_MS
from edge.commands import (
    BindLabel,
    KeepPicture,
    PriceChange,
    Product,
    RemoveLabel,
    SetPrices,
)
from edge.errors import NotFound
from edge.events import Event, LabelChanged, PriceEffective
from edge.labels import NOT_CONFIRMED, Label
from edge.prices import PriceRows, PriceRules, Prices
from edge.readings import LabelReported, LabelShown
from edge.rows import Rows

MILK, TEA = "04006381333931", "06901234567892"
T0 = 1_800_000_000_000
HOUR = 3_600_000


def picture_of(gtin: str, amount: int, revision: int = 0) -> str:
    """Give the name of a picture of a price."""
    return hashlib.sha256(f"{gtin} {amount} {revision}".encode()).hexdigest()[:16]


RULES = PriceRules("CNY", "lowest-30-days", 0, 2400, 24 * HOUR, None, {})


class Counter:
    """A price desk with a clock, and labels that show what reaches them, in order and late."""

    def __init__(self, *labels: str, unique: bool = True, rules: PriceRules = RULES) -> None:
        """Put labels into service, none of which shows anything.

        `unique` pictures differ also where an earlier price returns.
        """
        self.now = T0
        self.unique = unique
        self.products = {MILK: Product(MILK, "Milk"), TEA: Product(TEA, "Tea")}
        self.available: dict[str, int] = {}
        rows = PriceRows(*(Rows() for _ in PriceRows.__struct_fields__))
        self.prices = Prices(
            rows, rules, self.products.get, self.available.get, epoch=1, now=self.now
        )
        self.pricing = self.prices.pricing
        self.pricing.install([Label(label, "ap", "296x128-bwr", None) for label in labels], T0)
        self.events: list[Event] = []
        # What is on each glass now and what is on its way there, oldest first: product, price and
        # the picture's name.
        self.glass: dict[str, list[tuple[str, int, str]]] = {label: [] for label in labels}
        self.words: dict[str, list[LabelShown]] = {label: [] for label in labels}

    def take(self, events: Sequence[Event]) -> None:
        """Keep events."""
        self.events += events

    def price(self, gtin: str, amount: int, **more: Any) -> str:
        """Ask for a price; gives the price set's id."""
        return self.set(PriceChange(gtin, amount, **more))

    def set(self, *changes: PriceChange) -> str:
        """Ask for prices; gives the price set's id."""
        name, events = self.prices.sets.set(SetPrices(changes), self.now)
        self.take(events)
        return name

    def bind(self, label: str, gtin: str) -> None:
        """Let a label show a product."""
        self.take(self.pricing.bind(BindLabel(label, gtin), self.now)[1])

    def draw(self, label: str) -> None:
        """Draw what a label is to show and send it, as the downlink does."""
        row = self.pricing.labels[label]
        if row.content is None or row.state != "due":
            return
        gtin, amount = row.content.gtin, row.content.amount
        picture = picture_of(gtin, amount, row.revision if self.unique else 0)
        command = KeepPicture(label, row.revision, picture, b"png")
        self.take(self.pricing.keep(command, self.now)[1])
        self.glass[label].append((gtin, amount, picture))

    def refresh(self, label: str) -> None:
        """Let the next picture appear on the glass; the label will tell of it some time."""
        if len(self.glass[label]) > 1 and self.words[label]:
            del self.glass[label][0]
        if self.glass[label]:
            picture = self.glass[label][0][2]
            self.words[label].append(LabelShown(self.now, label, picture))

    def tell(self, label: str, *, again: bool = False) -> None:
        """Let the label's oldest word arrive, or arrive again later."""
        words = self.words[label]
        if words:
            self.take(
                self.pricing.shown(words[0] if again or len(words) == 1 else words.pop(0), self.now)
            )

    def show(self, *labels: str) -> None:
        """Draw, send, show and confirm all that is due."""
        for label in labels:
            self.draw(label)
            row = self.pricing.labels[label]
            self.now += 1000
            self.take(self.pricing.shown(LabelShown(self.now, label, row.image or ""), self.now))

    def pass_time(self, ms: int) -> None:
        """Let planned prices begin and end."""
        self.now += ms
        self.take(self.prices.advance(self.now))

    def effective(self, gtin: str) -> list[int]:
        """Give the amounts on which till and labels came to agree."""
        return [e.amount for e in self.events if isinstance(e, PriceEffective) and e.gtin == gtin]

    def told(self, gtin: str) -> list[tuple[int, bool]]:
        """Give the amounts that the online channel was told, and whether all labels show them."""
        events = [e for e in self.events if isinstance(e, PriceEffective) and e.gtin == gtin]
        return [(event.amount, event.agreed) for event in events]

    def states(self, label: str) -> list[str]:
        """Give a label's states as they were told."""
        return [e.state for e in self.events if isinstance(e, LabelChanged) and e.label == label]


def test_without_a_label_a_price_holds_at_once() -> None:
    """There is nobody to wait for."""
    counter = Counter()
    counter.price(MILK, 300)
    counter.price(MILK, 250)
    counter.price(MILK, 400)
    assert counter.pricing.till(MILK) == 400
    assert counter.effective(MILK) == [300, 250, 400]
    versions = [e.version for e in counter.events if isinstance(e, PriceEffective)]
    assert versions == [1, 2, 3]
    assert counter.pricing.till(TEA) is None


def test_a_lower_price_is_charged_and_told_before_it_is_shown() -> None:
    """The till and the online channel go first when it goes down; labels agree later."""
    counter = Counter("a", "b")
    counter.price(MILK, 300)
    counter.bind("a", MILK)
    counter.bind("b", MILK)
    counter.show("a", "b")
    told = len(counter.events)
    counter.price(MILK, 200)
    assert counter.pricing.till(MILK) == 200
    _, first, *rest = counter.events[told:]
    assert isinstance(first, PriceEffective)
    assert (first.amount, first.agreed) == (200, False)
    assert [event.state for event in rest if isinstance(event, LabelChanged)] == ["due", "due"]
    counter.show("a")
    assert counter.told(MILK)[-1] == (200, False)
    counter.show("b")
    assert counter.told(MILK)[-1] == (200, True)


def test_a_higher_price_leaves_shoppers_time_to_the_till() -> None:
    """It is charged a while after the last label showed it, also where a label was taken down."""
    counter = Counter("a", "b", rules=replace(RULES, grace_ms=HOUR))
    counter.price(MILK, 300)
    counter.bind("a", MILK)
    counter.bind("b", MILK)
    counter.show("a", "b")
    counter.price(MILK, 400)
    counter.show("a")
    counter.pass_time(2 * HOUR)
    assert counter.pricing.till(MILK) == 300
    counter.take(counter.pricing.remove(RemoveLabel("b"), counter.now)[1])
    assert counter.states("b")[-1] == "removed"
    counter.pass_time(HOUR - 1)
    assert (counter.pricing.till(MILK), counter.told(MILK)[-1]) == (300, (300, True))
    counter.pass_time(1)
    assert (counter.pricing.till(MILK), counter.told(MILK)[-1]) == (400, (400, True))


def test_a_label_that_never_had_a_price_can_be_taken_down() -> None:
    """It is not drawn when its product gets a price, nor when its template is another one."""
    counter = Counter("a")
    counter.bind("a", MILK)
    assert counter.pricing.remove(RemoveLabel("a"), counter.now) == (None, [])
    counter.price(MILK, 300)
    counter.pricing.install([Label("a", "ap-2", "400x300-bw", "shelf-b")], T0)
    label = counter.pricing.labels["a"]
    assert (label.state, label.gtin, counter.states("a")) == ("removed", None, [])


def test_a_label_that_was_taken_down_binds_no_price_until_it_hangs_again() -> None:
    """Its glass is remembered: where it is hung up, it shows what it showed."""
    counter = Counter("a")
    counter.price(MILK, 300)
    counter.bind("a", MILK)
    counter.show("a")
    counter.price(MILK, 400)
    assert counter.pricing.till(MILK) == 300
    counter.take(counter.pricing.remove(RemoveLabel("a"), counter.now)[1])
    assert counter.pricing.till(MILK) == 400
    assert counter.pricing.remove(RemoveLabel("a"), counter.now) == (None, [])
    counter.bind("a", TEA)
    assert counter.pricing.till(MILK) == 300
    counter.price(TEA, 900)
    counter.show("a")
    assert (counter.pricing.till(MILK), counter.pricing.till(TEA)) == (400, 900)
    with pytest.raises(NotFound, match="expected a configured label, came 'b'"):
        counter.pricing.remove(RemoveLabel("b"), counter.now)


def test_a_higher_price_is_charged_when_the_last_label_shows_it() -> None:
    """The till goes last when it goes up."""
    counter = Counter("a", "b")
    counter.price(MILK, 300)
    counter.bind("a", MILK)
    counter.bind("b", MILK)
    counter.show("a", "b")
    counter.price(MILK, 400)
    counter.show("a")
    assert counter.pricing.till(MILK) == 300
    counter.show("b")
    assert (counter.pricing.till(MILK), counter.effective(MILK)[-1]) == (400, 400)
    assert counter.states("b")[-3:] == ["due", "sent", "shown"]


def test_a_label_that_never_answers_keeps_the_till_low() -> None:
    """Its picture is sent again, ever less often, and the price waits."""
    counter = Counter("a")
    counter.price(MILK, 300)
    counter.bind("a", MILK)
    counter.show("a")
    counter.price(MILK, 400)
    counter.draw("a")
    sent = []
    for _ in range(4 * HOUR // 1000):
        counter.now += 1000
        if counter.pricing.advance(counter.now):
            sent.append(counter.now)
    pauses = [later - earlier for earlier, later in pairwise(sent)]
    assert (pauses[0], pauses[-1]) == (2 * RESEND_AFTER_MS, RESEND_AT_MOST_MS)
    assert pauses == sorted(pauses)
    assert counter.pricing.till(MILK) == 300
    assert counter.pricing.labels["a"].problems == (NOT_CONFIRMED,)
    counter.show("a")
    label = counter.pricing.labels["a"]
    assert (counter.pricing.till(MILK), label.problems) == (400, ())


def test_a_picture_that_cannot_be_drawn_keeps_the_till_low() -> None:
    """The label says why; a new price is a new try."""
    counter = Counter("a")
    counter.price(MILK, 300)
    counter.bind("a", MILK)
    counter.show("a")
    counter.price(MILK, 400)
    revision = counter.pricing.labels["a"].revision
    failure = KeepPicture("a", revision, error="the name does not fit")
    counter.take(counter.pricing.keep(failure, counter.now)[1])
    assert counter.states("a")[-1] == "failed"
    assert (counter.pricing.till(MILK), counter.effective(MILK)[-1]) == (300, 300)
    counter.price(MILK, 500)
    counter.show("a")
    assert counter.pricing.till(MILK) == 500


def test_a_picture_of_an_older_content_is_not_sent() -> None:
    """What was drawn from content that changed meanwhile is dropped."""
    counter = Counter("a")
    counter.price(MILK, 300)
    counter.bind("a", MILK)
    old = counter.pricing.labels["a"].revision
    counter.price(MILK, 400)
    stale = KeepPicture("a", old, picture_of(MILK, 300), b"png")
    assert counter.pricing.keep(stale, counter.now) == (None, [])
    assert counter.pricing.labels["a"].glass == ()


def test_a_label_that_goes_to_another_product_binds_the_old_price_until_it_changed() -> None:
    """A shopper may still read the old product's price on it."""
    counter = Counter("a")
    counter.price(MILK, 300)
    counter.price(TEA, 900)
    counter.bind("a", MILK)
    counter.show("a")
    counter.bind("a", TEA)
    counter.price(MILK, 400)
    assert counter.pricing.till(MILK) == 300
    counter.show("a")
    assert (counter.pricing.till(MILK), counter.pricing.till(TEA)) == (400, 900)
    assert (counter.effective(MILK)[-1], counter.effective(TEA)[-1]) == (400, 900)


def test_a_label_that_never_showed_a_product_frees_its_price_when_it_leaves() -> None:
    """A broken label may be taken off a product, and the others decide."""
    counter = Counter("a", "b")
    counter.price(TEA, 900)
    counter.price(MILK, 300)
    counter.bind("a", MILK)
    counter.bind("b", MILK)
    counter.show("a")
    counter.price(MILK, 400)
    counter.show("a")
    assert counter.pricing.till(MILK) == 300
    counter.bind("b", TEA)
    assert (counter.pricing.till(MILK), counter.effective(MILK)[-1]) == (400, 400)


def test_the_same_picture_twice_on_its_way_counts_as_shown_when_the_last_may_be() -> None:
    """A price that goes down and up again: a late word of the first picture proves nothing."""
    counter = Counter("a", unique=False)
    counter.price(MILK, 300)
    counter.bind("a", MILK)
    counter.draw("a")
    late = LabelShown(counter.now + 1, "a", picture_of(MILK, 300))
    counter.now += 1000
    counter.price(MILK, 200)
    counter.draw("a")
    counter.now += 1000
    counter.price(MILK, 300)
    counter.draw("a")
    counter.take(counter.pricing.shown(late, counter.now))
    assert (counter.pricing.till(MILK), counter.states("a")[-1]) == (200, "sent")
    counter.show("a")
    assert (counter.pricing.till(MILK), counter.states("a")[-1]) == (300, "shown")


def test_words_of_unknown_labels_and_pictures_change_nothing() -> None:
    """A neighbour's label, or a picture that was never sent."""
    counter = Counter("a")
    counter.price(MILK, 300)
    counter.bind("a", MILK)
    assert counter.pricing.shown(LabelShown(T0, "stranger", "0" * 16), T0) == []
    assert counter.pricing.shown(LabelShown(T0, "a", "0" * 16), T0) == []
    assert counter.prices.reported(LabelReported(T0, "stranger", 3000), T0) == []
    counter.prices.reported(LabelReported(T0, "a", 2900, -70.0), T0)
    counter.prices.reported(LabelReported(T0, "a", rssi=-60.0), T0)
    assert (counter.pricing.labels["a"].battery_mv, counter.pricing.labels["a"].rssi) == (2900, -60)


def test_binding_needs_a_label_and_a_product() -> None:
    """The refusal names the field."""
    counter = Counter("a")
    with pytest.raises(NotFound, match="configured label") as refusal:
        counter.bind("b", MILK)
    assert refusal.value.path == "label"
    with pytest.raises(NotFound, match="known product") as refusal:
        counter.pricing.bind(BindLabel("a", "0"), T0)
    assert refusal.value.path == "gtin"


def test_a_planned_promotion_begins_and_ends() -> None:
    """The regular price returns by itself."""
    counter = Counter()
    counter.price(MILK, 300)
    start, end = T0 + HOUR, T0 + 2 * HOUR
    counter.price(MILK, 200, start=start, until=end, promotion="week")
    counter.pass_time(HOUR - 1)
    assert counter.pricing.till(MILK) == 300
    counter.pass_time(1)
    assert (counter.pricing.till(MILK), counter.pricing.prices[MILK].promotion) == (200, "week")
    counter.pass_time(HOUR)
    assert (counter.pricing.till(MILK), counter.pricing.prices[MILK].promotion) == (300, None)


def test_a_planned_price_with_an_end_ends_also_without_a_name() -> None:
    """What makes a price pass is its end, not that it is called a promotion."""
    counter = Counter()
    counter.price(MILK, 300)
    counter.price(MILK, 200, start=T0 + HOUR, until=T0 + 2 * HOUR)
    counter.pass_time(HOUR)
    assert counter.pricing.till(MILK) == 200
    counter.pass_time(HOUR)
    assert counter.pricing.till(MILK) == 300


def test_a_lasting_price_is_what_a_promotion_falls_back_to() -> None:
    """Also when it is just what the promotion asks for now."""
    counter = Counter()
    counter.price(MILK, 300)
    counter.price(MILK, 200, until=T0 + HOUR)
    counter.price(MILK, 200)
    counter.pass_time(HOUR)
    assert counter.pricing.till(MILK) == 200


def test_one_promotion_may_begin_where_another_ends() -> None:
    """In whichever order the two were entered."""
    for order in (1, -1):
        counter = Counter()
        counter.price(MILK, 300)
        first = (200, T0 + HOUR, T0 + 2 * HOUR)
        second = (100, T0 + 2 * HOUR, T0 + 3 * HOUR)
        for amount, start, until in (first, second)[::order]:
            counter.price(MILK, amount, start=start, until=until, promotion="week")
        tills = []
        for _ in range(3):
            counter.pass_time(HOUR)
            tills.append(counter.pricing.till(MILK))
        assert tills == [200, 100, 300]


def test_a_new_name_is_drawn_again() -> None:
    """A label shows more than a price."""
    counter = Counter("a")
    counter.price(MILK, 300)
    counter.bind("a", MILK)
    counter.show("a")
    counter.products[MILK] = Product(MILK, "Whole milk")
    counter.take(counter.pricing.redraw(MILK, counter.now))
    content = counter.pricing.labels["a"].content
    assert content is not None
    assert (content.name, counter.states("a")[-1]) == ("Whole milk", "due")
    assert counter.pricing.redraw(MILK, counter.now) == []


def test_a_label_that_is_set_differently_keeps_what_it_shows_and_is_drawn_again() -> None:
    """Its place may change without a word; another device or template needs another picture."""
    counter = Counter("a")
    counter.price(MILK, 300)
    counter.bind("a", MILK)
    counter.show("a")
    shown = counter.pricing.labels["a"]
    counter.pricing.install([Label("a", "ap", "296x128-bwr", "shelf-b")], T0)
    moved = counter.pricing.labels["a"]
    assert moved == replace(shown, shelf="shelf-b")
    for device, template in (("ap-2", "296x128-bwr"), ("ap-2", "400x300-bw")):
        counter.pricing.install([Label("a", device, template, "shelf-b")], T0)
        label = counter.pricing.labels["a"]
        assert (label.state, label.glass) == ("unbound", shown.glass)
        counter.pricing.labels.put("a", replace(label, state="shown"))


LABELS = st.sampled_from(["a", "b"])
GTINS = st.sampled_from([MILK, TEA])
STEPS = st.one_of(
    st.tuples(st.just("price"), GTINS, st.sampled_from([100, 200, 300])),
    st.tuples(st.just("bind"), LABELS, GTINS),
    st.tuples(st.just("draw"), LABELS, st.just("")),
    st.tuples(st.just("refresh"), LABELS, st.just("")),
    st.tuples(st.just("tell"), LABELS, st.just("")),
    st.tuples(st.just("tell again"), LABELS, st.just("")),
)


# One label whose price goes up and down faster than it shows it.
ONE_LABEL = st.lists(
    st.one_of(
        st.tuples(st.just("price and draw"), st.just("a"), st.sampled_from([100, 200])),
        st.tuples(st.sampled_from(["refresh", "tell", "tell again"]), st.just("a"), st.just("")),
    ),
    max_size=30,
).map(lambda steps: [("price", MILK, 200), ("bind", "a", MILK), ("draw", "a", ""), *steps])


def perform(counter: Counter, step: str, what: str, more: str | int) -> None:
    """Do one step of a random day."""
    counter.now += 1000
    if step == "price" and isinstance(more, int):
        counter.price(what, more)
    elif step == "bind" and isinstance(more, str):
        counter.bind(what, more)
    elif step == "price and draw" and isinstance(more, int):
        counter.price(MILK, more)
        counter.draw(what)
    elif step == "draw":
        counter.draw(what)
    elif step == "refresh":
        counter.refresh(what)
    else:
        counter.tell(what, again=step == "tell again")


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=30) | ONE_LABEL)
def test_in_the_end_all_labels_and_the_till_agree(
    steps: list[tuple[str, str, str | int]],
) -> None:
    """Once every label has shown and told all, each product costs what was asked last."""
    counter = Counter("a", "b")
    wanted: dict[str, int] = {}
    for step, what, more in steps:
        perform(counter, step, what, more)
        if isinstance(more, int):
            wanted[what if step == "price" else MILK] = more
    for gtin in (MILK, TEA):
        counter.price(gtin, wanted.setdefault(gtin, 500))
    for _ in range(2):
        counter.show("a", "b")
    assert {gtin: counter.pricing.till(gtin) for gtin in wanted} == wanted
    assert all(price.effective for price in counter.pricing.prices)
