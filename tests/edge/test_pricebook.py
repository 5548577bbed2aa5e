"""The price book: regular prices, promotions, members, former prices, and price sets."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.commands import (
    ApplyPrices,
    CancelPrices,
    DraftPrices,
    PreviewPrices,
    PriceChange,
    Product,
    SetPrices,
)
from edge.errors import IllegalMove, Misfits, NotFound, Refused
from edge.events import PriceSetChanged
from edge.pricebook import KEPT, Quote
from edge.prices import PriceRows, PriceRules, Prices
from edge.prior_prices import DAY_MS, Rule, rule_of
from edge.readings import SoldLine
from edge.rows import Rows

MILK, TEA = "04006381333931", "06901234567892"
PRODUCTS = {MILK: Product(MILK, "Milk"), TEA: Product(TEA, "Tea")}
T0 = 1_800_000_000_000
HOUR = 3_600_000


class Desk:
    """A price desk without labels: what is wanted is charged at once."""

    def __init__(self, rule: Rule = "lowest-30-days") -> None:
        """Open it."""
        self.now = T0
        self.rule: Rule = rule
        self.rows = PriceRows(*(Rows() for _ in PriceRows.__struct_fields__))
        self.open()

    def open(self) -> None:
        """Take up the rows, as after a restart."""
        rules = PriceRules("CNY", self.rule, 0, 2400, DAY_MS, None, {})
        none_there: dict[str, int] = {}
        self.prices = Prices(self.rows, rules, PRODUCTS.get, none_there.get, epoch=1, now=self.now)

    def set(self, *changes: PriceChange) -> str:
        """Change prices; gives the set's id."""
        return self.prices.sets.set(SetPrices(changes), self.now)[0]

    def price(self, amount: int, **more: Any) -> str:
        """Change the price of milk."""
        return self.set(PriceChange(MILK, amount, **more))

    def cancel(self, price_set: str) -> None:
        """Take a price set back."""
        self.prices.sets.cancel(CancelPrices(price_set), self.now)

    def wait(self, ms: int) -> None:
        """Let time pass."""
        self.now += ms
        self.prices.advance(self.now)

    def quote(self, gtin: str = MILK) -> Quote:
        """Give what a product is to cost now."""
        quote = self.prices.book.quote(gtin, self.now)
        assert quote is not None
        assert self.prices.pricing.till(gtin) == quote.amount
        return quote

    def refusals(self, *changes: PriceChange) -> list[str]:
        """Give the paths of the faults of changes, none of which was taken."""
        before = self.state()
        with pytest.raises(Refused) as refused:
            self.set(*changes)
        assert self.state() == before
        fault = refused.value
        return [path for path, _ in fault.faults] if isinstance(fault, Misfits) else [fault.path]

    def state(self) -> list[str]:
        """Give all rows, to compare."""
        return [
            repr(list(getattr(self.rows, name).pairs())) for name in PriceRows.__struct_fields__
        ]


def test_a_promotion_stands_in_for_the_regular_price() -> None:
    """What is regular may change meanwhile, and returns as it is then."""
    desk = Desk()
    desk.price(300)
    desk.price(200, start=T0 + HOUR, until=T0 + 3 * HOUR, promotion="week")
    assert desk.quote() == Quote(300, 300)
    desk.wait(HOUR)
    assert desk.quote() == Quote(200, 300, promotion="week", was=300)
    desk.price(280)
    assert desk.quote() == Quote(200, 280, promotion="week", was=300)
    desk.wait(2 * HOUR)
    assert desk.quote() == Quote(280, 280)


def test_a_regular_price_below_the_promotion_is_charged() -> None:
    """Nobody pays more because something is in a promotion."""
    desk = Desk()
    desk.price(300)
    desk.price(200, until=T0 + HOUR, promotion="week")
    desk.price(150)
    assert desk.quote().amount == 150


def test_a_temporary_price_may_also_be_higher() -> None:
    """It has an end and no name, and strikes nothing."""
    desk = Desk()
    desk.price(300)
    desk.price(400, until=T0 + HOUR)
    assert desk.quote() == Quote(400, 300)
    desk.wait(HOUR)
    assert desk.quote() == Quote(300, 300)


def test_what_has_no_end_lasts_until_the_next_price() -> None:
    """Also where the next one is known already."""
    desk = Desk()
    desk.price(300)
    desk.price(200, promotion="for long")
    desk.wait(HOUR)
    assert desk.quote().promotion == "for long"
    desk.price(310)
    assert desk.quote() == Quote(310, 310)
    desk.price(250, start=desk.now + 2 * HOUR)
    desk.price(190, promotion="again", start=desk.now + HOUR)
    desk.wait(HOUR)
    assert desk.quote().amount == 190
    desk.wait(HOUR)
    assert desk.quote() == Quote(250, 250)


def test_the_order_of_the_rows_of_a_set_makes_no_difference() -> None:
    """What has no end lasts until the next price, also of its own set."""
    rows = (
        PriceChange(MILK, 800, promotion="for long"),
        PriceChange(MILK, 1200, T0 + 2 * DAY_MS),
    )
    for changes in (rows, rows[::-1]):
        desk = Desk()
        desk.price(1000)
        desk.set(*changes)
        desk.wait(DAY_MS)
        assert desk.quote().amount == 800
        desk.wait(DAY_MS)
        assert desk.quote().amount == 1200


def test_what_a_set_has_ended_goes_on_when_it_is_taken_back() -> None:
    """As if it had never been."""
    desk = Desk()
    desk.price(1000)
    desk.price(800, promotion="for long")
    name = desk.price(700, start=T0 + DAY_MS, until=T0 + 3 * DAY_MS, promotion="days")
    desk.wait(2 * DAY_MS)
    assert desk.quote().amount == 700
    desk.cancel(name)
    assert desk.quote().amount == 800


def test_a_set_that_is_not_over_can_be_taken_back_after_a_thousand_others() -> None:
    """A promotion of next week is not forgotten."""
    desk = Desk()
    desk.price(1000)
    name = desk.price(700, start=T0 + DAY_MS, until=T0 + 2 * DAY_MS, promotion="days")
    for n in range(1010):
        desk.now += 1
        desk.set(PriceChange(TEA, 100 + n))
    desk.cancel(name)
    desk.wait(DAY_MS)
    assert desk.quote().amount == 1000
    assert len(desk.rows.price_sets) < 1010


def test_the_first_price_of_a_product_is_what_it_falls_back_to() -> None:
    """A product that comes with a promotion has that price when it is over."""
    desk = Desk()
    desk.price(200, until=T0 + HOUR, promotion="new")
    assert desk.quote() == Quote(200, 200, promotion="new")
    desk.wait(HOUR)
    assert desk.quote() == Quote(200, 200)


def test_members_pay_the_lower_of_their_prices() -> None:
    """A promotion for everybody may be better than the regular price of members."""
    desk = Desk()
    desk.price(300, member=250)
    assert desk.quote().member == 250
    desk.price(200, until=T0 + HOUR, promotion="week")
    assert desk.quote().member is None
    desk.wait(HOUR)
    desk.price(280, until=desk.now + HOUR, promotion="again", member=240)
    assert desk.quote().member == 240
    desk.price(300)
    desk.wait(HOUR)
    assert desk.quote() == Quote(300, 300)


FAULTS: dict[str, tuple[PriceChange, str]] = {
    "negative": (PriceChange(MILK, -1), "amount"),
    "zero": (PriceChange(MILK, 0), "amount"),
    "ten digits": (PriceChange(MILK, 10**9), "amount"),
    "other currency": (PriceChange(MILK, 100, currency="EUR"), "currency"),
    "unknown product": (PriceChange("09780201379624", 100), "gtin"),
    "until before from": (PriceChange(MILK, 100, T0 + 2 * HOUR, T0 + HOUR), "until"),
    "until in the past": (PriceChange(MILK, 100, None, T0), "until"),
    "dear promotion": (PriceChange(MILK, 301, None, T0 + HOUR, "week"), "amount"),
    "dear member": (PriceChange(MILK, 100, member=100), "member"),
    "free member": (PriceChange(MILK, 100, member=0), "member"),
    "was alone": (PriceChange(MILK, 100, was=200), "was"),
    "was too low": (PriceChange(MILK, 100, None, T0 + HOUR, "week", was=100), "was"),
    "false was": (PriceChange(MILK, 100, None, T0 + HOUR, "week", was=301), "was"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_is_refused_with_its_place(fault: str) -> None:
    """Alone and among others, and nothing of it is taken."""
    desk = Desk()
    desk.price(300)
    wrong, path = FAULTS[fault]
    assert desk.refusals(wrong) == [f"changes[0].{path}"]
    assert desk.refusals(PriceChange(TEA, 900), wrong) == [f"changes[1].{path}"]
    if fault == "unknown product":
        with pytest.raises(NotFound, match="put the product first"):
            desk.set(wrong)


def test_all_faults_are_named_at_once() -> None:
    """In the order of the rows."""
    desk = Desk()
    desk.price(300)
    wrong = [change for change, _ in FAULTS.values()]
    paths = desk.refusals(*wrong)
    assert {int(path[8:].split("]")[0]) for path in paths} == set(range(len(wrong)))


def test_promotions_of_a_product_do_not_overlap() -> None:
    """Neither in a set nor with the book; one may begin where another ends."""
    desk = Desk()
    desk.price(300)
    first = PriceChange(MILK, 200, T0 + HOUR, T0 + 3 * HOUR, "one")
    second = PriceChange(MILK, 150, T0 + 2 * HOUR, T0 + 4 * HOUR, "two")
    assert desk.refusals(first, second) == ["changes[1].from"]
    name = desk.set(first)
    assert desk.refusals(second) == ["changes[0].from"]
    with pytest.raises(Refused, match=f"promotion 'one', from .* until .*cancel price set {name}"):
        desk.set(second)
    desk.set(PriceChange(MILK, 150, T0 + 3 * HOUR, T0 + 4 * HOUR, "two"))
    assert desk.refusals(PriceChange(TEA, 5), PriceChange(TEA, 6)) == ["changes[1].gtin"]


def test_a_former_price_is_the_lowest_of_the_last_thirty_days() -> None:
    """A price that was raised just before the promotion is none."""
    desk = Desk()
    desk.price(300)
    desk.wait(31 * DAY_MS)
    desk.price(250)
    desk.wait(DAY_MS)
    desk.price(400)
    desk.wait(29 * DAY_MS - 1)
    assert desk.refusals(PriceChange(MILK, 200, None, desk.now + HOUR, "week", was=251)) == [
        "changes[0].was"
    ]
    name = desk.price(200, until=desk.now + HOUR, promotion="week")
    assert desk.quote().was == 250
    desk.cancel(name)
    desk.wait(2 * HOUR)
    desk.price(390)
    desk.wait(30 * DAY_MS + 1)
    desk.price(380, until=desk.now + HOUR, promotion="week")
    assert desk.quote() == Quote(380, 390, promotion="week", was=390)


def test_a_promotion_that_is_not_below_the_former_prices_strikes_nothing() -> None:
    """Its name is shown, a reduction is not claimed."""
    desk = Desk()
    desk.price(200)
    desk.wait(DAY_MS)
    desk.price(300)
    desk.price(250, until=desk.now + HOUR, promotion="week")
    assert desk.quote() == Quote(250, 300, promotion="week")


def test_a_former_price_may_be_the_lowest_sold_of_seven_days() -> None:
    """Without a sale in that time, the last one; without any, none may be announced."""
    desk = Desk("lowest-sold-7-days")
    desk.price(300)
    claim = PriceChange(MILK, 100, None, T0 + 90 * DAY_MS, "week", was=300)
    assert desk.refusals(claim) == ["changes[0].was"]
    desk.prices.sold([SoldLine(MILK, 2, 580)], desk.now)
    desk.wait(DAY_MS)
    desk.prices.sold([SoldLine(MILK, 1, 300)], desk.now)
    assert desk.refusals(claim) == ["changes[0].was"]
    desk.wait(6 * DAY_MS + 1)
    desk.cancel(desk.set(claim))
    desk.wait(40 * DAY_MS)
    desk.set(claim)
    assert desk.quote().was == 300


def test_a_shop_may_be_free_to_announce_what_it_will() -> None:
    """Where no rule holds, the regular price is struck, or what was asked for."""
    desk = Desk("free")
    desk.price(300)
    name = desk.price(200, until=T0 + HOUR, promotion="week")
    assert desk.quote().was == 300
    desk.cancel(name)
    desk.price(200, until=T0 + HOUR, promotion="week", was=999)
    assert desk.quote().was == 999
    rules = {country: rule_of(country) for country in ("CN", "DE", "US", None)}
    assert rules == {
        "CN": "lowest-sold-7-days",
        "DE": "lowest-30-days",
        "US": "free",
        None: "lowest-30-days",
    }


def test_a_planned_promotion_strikes_what_is_lowest_when_it_begins() -> None:
    """Though more was allowed when it was planned."""
    desk = Desk()
    desk.price(300)
    desk.price(100, start=T0 + 2 * HOUR, until=T0 + 3 * HOUR, promotion="week", was=300)
    desk.wait(HOUR)
    desk.price(220)
    desk.wait(HOUR)
    assert desk.quote().was == 220


def test_a_set_is_previewed_kept_applied_and_taken_back() -> None:
    """The preview tells what the draft then does."""
    desk = Desk()
    desk.set(PriceChange(MILK, 300), PriceChange(TEA, 900))
    changes = (
        PriceChange(MILK, 310),
        PriceChange(TEA, 800, T0 + HOUR, T0 + 2 * HOUR, "week", member=700),
    )
    preview, events = desk.prices.sets.preview(PreviewPrices(changes), desk.now)
    milk, tea = preview.effects
    assert (milk.move, milk.before, milk.quote, milk.at) == ("raise", 300, Quote(310, 310), T0)
    assert (tea.move, tea.at) == ("lower", T0 + HOUR)
    assert tea.quote == Quote(800, 900, 700, "week", 900)
    assert events == []
    name, events = desk.prices.sets.draft(DraftPrices(changes, "May"), desk.now)
    drafted = PriceSetChanged(price_set=name, name="May", state="draft", changes=2)
    assert events == [drafted]
    assert desk.quote().amount == 300
    desk.prices.sets.apply(ApplyPrices(name), desk.now)
    assert desk.quote().amount == 310
    with pytest.raises(IllegalMove, match="only a draft can be applied"):
        desk.prices.sets.apply(ApplyPrices(name), desk.now)
    desk.wait(HOUR)
    assert desk.quote(TEA) == Quote(800, 900, 700, "week", 900)
    desk.cancel(name)
    assert (desk.quote(), desk.quote(TEA)) == (Quote(300, 300), Quote(900, 900))
    with pytest.raises(IllegalMove, match="is cancelled: that is done already"):
        desk.cancel(name)
    with pytest.raises(NotFound, match="no price set prices-9"):
        desk.cancel("prices-9")


def test_a_draft_that_came_to_be_wrong_is_not_applied() -> None:
    """What was free when it was drafted may be taken by then."""
    desk = Desk()
    desk.price(300)
    promotion = PriceChange(MILK, 200, T0 + HOUR, T0 + 2 * HOUR, "mine")
    name, _ = desk.prices.sets.draft(DraftPrices((promotion,)), desk.now)
    desk.set(promotion)
    with pytest.raises(Refused, match="overlap"):
        desk.prices.sets.apply(ApplyPrices(name), desk.now)
    desk.cancel(name)


def test_a_set_that_brought_the_only_price_is_not_taken_back() -> None:
    """The till would know no price any more; with another one it is."""
    desk = Desk()
    name = desk.price(300)
    with pytest.raises(Refused, match=f"{MILK} would have none"):
        desk.cancel(name)
    desk.price(310)
    desk.cancel(name)
    assert desk.quote().amount == 310


def test_of_many_regular_prices_the_newest_are_kept() -> None:
    """A price that changes every minute fills no disk."""
    desk = Desk()
    for n in range(3 * KEPT):
        desk.wait(60_000)
        desk.price(100 + n)
    assert len(desk.rows.book) == KEPT
    assert desk.quote().amount == 100 + 3 * KEPT - 1


def test_a_clock_that_is_set_back_takes_no_price_back() -> None:
    """What has begun goes on, and what comes then replaces it."""
    desk = Desk()
    desk.price(300)
    desk.wait(2 * HOUR)
    desk.price(400)
    desk.now = T0 + HOUR
    desk.open()
    assert desk.quote().amount == 400
    desk.price(350)
    assert desk.quote().amount == 350


CHANGES = st.builds(
    PriceChange,
    st.sampled_from([MILK, TEA]),
    st.integers(1, 5).map(lambda n: 100 * n),
    st.none() | st.integers(0, 20).map(lambda n: T0 + n * HOUR),
    st.none() | st.integers(1, 30).map(lambda n: T0 + n * HOUR),
    st.none() | st.just("week"),
    st.none() | st.integers(1, 5).map(lambda n: 90 * n),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(CHANGES, st.integers(0, 5), st.booleans()), max_size=12))
def test_a_preview_tells_what_then_happens_also_after_a_restart(
    steps: list[tuple[PriceChange, int, bool]],
) -> None:
    """Any change, at any time; two promotions never hold at once."""
    desk = Desk("free")
    for change, hours, restarts in steps:
        desk.wait(hours * HOUR)
        if restarts:
            desk.open()
        try:
            preview, _ = desk.prices.sets.preview(PreviewPrices((change,)), desk.now)
        except Refused:
            continue
        effect = preview.effects[0]
        desk.set(change)
        if effect.at <= desk.now:
            assert desk.prices.book.quote(change.gtin, desk.now) == effect.quote
    for gtin in (MILK, TEA):
        entries = [e for e in desk.prices.book.entries(gtin) if e.kind == "stand-in"]
        for hour in range(40):
            held = [e for e in entries if e.holds(T0 + hour * HOUR) and e.until is not None]
            assert len({e.number for e in held if e.start <= T0 + hour * HOUR}) <= 1
