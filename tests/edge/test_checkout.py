"""Lanes: what a basket goes through from the first scan to the receipt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.checkout import STEPS, THANKS_MS, Checkout, LaneState, Offer, Sale
from edge.commands import CancelBasket, PayBasket, ScanAtLane, VoidLine
from edge.errors import IllegalMove, NotFound, Refused
from edge.events import Event, LaneChanged, SaleCompleted
from edge.readings import SaleReported, SoldLine
from edge.rows import Rows

T0 = 1_800_000_000_000
MILK, TEA = "04006381333931", "06901234567892"
OFFERS = {
    "milk": Offer(MILK, "Milk", 300),
    "tea": Offer(TEA, "Tea", 900),
    "tea-1": Offer(TEA, "Tea", 900, "3034"),
    "tea-2": Offer(TEA, "Tea", 900, "3035"),
}
NOBODY_KNOWS = "ask a member of staff"


def checkout_of(*lanes: str) -> Checkout:
    """Open lanes that know a few codes."""
    checkout = Checkout(
        lanes=Rows(),
        sales=Rows(),
        offer=lambda data: OFFERS.get(data, NOBODY_KNOWS),
        shelf={MILK: 300}.get,
        currency="CNY",
        epoch=7,
    )
    checkout.install(list(lanes))
    return checkout


def scanned(checkout: Checkout, *codes: str) -> LaneChanged:
    """Scan codes at lane a, and give what the lane shows then."""
    events: list[Event] = []
    for code in codes:
        events += checkout.scan("a", code, T0)
    assert isinstance(events[-1], LaneChanged)
    return events[-1]


def test_a_basket_adds_up() -> None:
    """Equal goods share a line, tagged items have lines of their own."""
    lane = scanned(checkout_of("a"), "milk", "tea-1", "milk", "tea-2", "tea")
    assert [(x.name, x.qty, x.amount, x.epc) for x in lane.lines] == [
        ("Milk", 2, 600, None),
        ("Tea", 1, 900, "3034"),
        ("Tea", 1, 900, "3035"),
        ("Tea", 1, 900, None),
    ]
    assert (lane.state, lane.basket, lane.total, lane.version) == ("scanning", "7-a-1", 3300, 5)


def test_one_item_is_sold_once() -> None:
    """The same tag again warns and adds nothing; the next good scan ends the warning."""
    checkout = checkout_of("a")
    lane = scanned(checkout, "tea-1", "tea-1")
    assert (len(lane.lines), lane.warning) == (
        1,
        "Tea: this very item is in the basket already",
    )
    assert scanned(checkout, "milk").warning is None


def test_an_unknown_code_warns() -> None:
    """The shopper reads why; the basket stays as it was."""
    lane = scanned(checkout_of("a"), "milk", "bottle opener")
    assert (len(lane.lines), lane.warning) == (1, NOBODY_KNOWS)


def test_a_basket_is_paid_once() -> None:
    """A repeat answers with the same sale, tells nothing new, and a later scan is a new basket."""
    checkout = checkout_of("a")
    basket = scanned(checkout, "milk", "tea-1").basket or ""
    sale, events = checkout.pay(PayBasket("a", basket), T0)
    assert sale == Sale(
        basket,
        "a",
        T0,
        "CNY",
        1200,
        (SoldLine(MILK, 1, 300), SoldLine(TEA, 1, 900, "3034")),
    )
    assert [type(event) for event in events] == [LaneChanged, SaleCompleted]
    assert checkout.pay(PayBasket("a", basket), T0 + 1) == (sale, [])
    assert scanned(checkout, "tea").basket == "7-a-2"
    assert checkout.pay(PayBasket("a", basket), T0 + 2) == (sale, [])
    assert len(checkout.sales) == 1


def test_a_paid_lane_says_thanks_and_rests() -> None:
    """It is idle after its time, with an empty basket."""
    checkout = checkout_of("a")
    basket = scanned(checkout, "milk").basket or ""
    checkout.pay(PayBasket("a", basket), T0)
    assert checkout.advance(T0 + THANKS_MS - 1) == []
    (lane,) = checkout.advance(T0 + THANKS_MS)
    assert isinstance(lane, LaneChanged)
    assert (lane.state, lane.basket, lane.lines) == ("idle", None, ())
    assert checkout.advance(T0 + 2 * THANKS_MS) == []


@pytest.mark.parametrize(
    ("basket", "path"), [("7-a-0", "basket"), ("7-b-1", "basket"), ("", "basket")]
)
def test_only_the_open_basket_is_paid(basket: str, path: str) -> None:
    """A page that was left open cannot pay for somebody else."""
    checkout = checkout_of("a", "b")
    scanned(checkout, "milk")
    with pytest.raises(Refused, match="expected the lane's open basket 7-a-1") as refusal:
        checkout.pay(PayBasket("a", basket), T0)
    assert refusal.value.path == path


def test_nothing_is_not_paid() -> None:
    """A basket whose lines were all taken out is cancelled instead."""
    checkout = checkout_of("a")
    basket = scanned(checkout, "milk").basket or ""
    checkout.void(VoidLine("a", 1), T0)
    with pytest.raises(Refused, match="the basket is empty"):
        checkout.pay(PayBasket("a", basket), T0)
    (lane,) = checkout.cancel(CancelBasket("a"), T0)[1]
    assert isinstance(lane, LaneChanged)
    assert (lane.state, lane.basket) == ("idle", None)


def test_an_open_basket_has_the_lower_price() -> None:
    """A label may show it already; a higher one, and other baskets, are left alone."""
    checkout = checkout_of("a", "b")
    scanned(checkout, "milk", "tea", "milk")
    assert checkout.lower(MILK, 310, 310, T0) == []
    (lowered,) = checkout.lower(MILK, 250, 250, T0)
    assert isinstance(lowered, LaneChanged)
    milk = lowered.lines[0]
    assert (milk.price, milk.amount, milk.shelf) == (250, 500, 250)
    assert (lowered.lane, lowered.total) == ("a", 1400)
    sale, _ = checkout.pay(PayBasket("a", lowered.basket or ""), T0)
    assert [(line.amount, line.shelf) for line in sale.lines] == [(500, 250), (900, None)]
    assert checkout.lower(MILK, 100, 100, T0) == []


def test_a_line_is_taken_out_by_its_number() -> None:
    """Counted from 1; another number is refused."""
    checkout = checkout_of("a")
    scanned(checkout, "milk", "tea-1", "tea-2")
    (lane,) = checkout.void(VoidLine("a", 2), T0)[1]
    assert isinstance(lane, LaneChanged)
    assert [line.epc for line in lane.lines] == [None, "3035"]
    for wrong in (0, 3, -1):
        with pytest.raises(NotFound, match="expected a line from 1 to 2") as refusal:
            checkout.void(VoidLine("a", wrong), T0)
        assert refusal.value.path == "line"


def test_a_lane_that_nobody_configured_is_not_found() -> None:
    """For every command."""
    checkout = checkout_of("a")
    for ask in (
        lambda: checkout.scan_code(ScanAtLane("z", "milk"), T0),
        lambda: checkout.void(VoidLine("z", 1), T0),
        lambda: checkout.pay(PayBasket("z", "7-z-1"), T0),
        lambda: checkout.cancel(CancelBasket("z"), T0),
    ):
        with pytest.raises(NotFound, match="configured lane") as refusal:
            ask()
        assert refusal.value.path == "lane"


def lane_in(state: LaneState) -> Checkout:
    """Bring lane a into a state."""
    checkout = checkout_of("a")
    if state != "idle":
        scanned(checkout, "milk")
    if state == "paid":
        checkout.pay(PayBasket("a", "7-a-1"), T0)
    return checkout


def press(
    checkout: Checkout, step: str, *, data: str = "milk", line: int = 1, basket: str, now: int = T0
) -> Sequence[Event]:
    """Do something at lane a."""
    if step == "scan":
        return checkout.scan("a", data, now)
    if step == "void":
        return checkout.void(VoidLine("a", line), now)[1]
    if step == "pay":
        return checkout.pay(PayBasket("a", basket), now)[1]
    if step == "cancel":
        return checkout.cancel(CancelBasket("a"), now)[1]
    return checkout.advance(now + THANKS_MS)


@pytest.mark.parametrize("state", get_args(LaneState))
@pytest.mark.parametrize("step", ["scan", "void", "pay", "cancel"])
def test_a_step_that_the_table_lacks_is_refused(state: LaneState, step: str) -> None:
    """The table of steps is the whole of what a lane may do."""
    checkout = lane_in(state)
    expected = {f"{s} {t}": after for (s, t), after in STEPS.items()}.get(f"{state} {step}")
    if expected is None:
        with pytest.raises(IllegalMove, match=f"lane a is {state}: it cannot {step} now"):
            press(checkout, step, basket="7-a-9")
    else:
        press(checkout, step, basket="7-a-1")
        assert checkout.lanes["a"].state == expected


def test_a_foreign_tills_sale_is_taken_once() -> None:
    """The sale's id makes a repeat harmless."""
    checkout = checkout_of("a")
    lines = (SoldLine(MILK, 2, 580),)
    reported = SaleReported(T0, "r-1", "CNY", lines, 580, "member-9")
    (completed,) = checkout.take("a", reported)
    assert completed == SaleCompleted(
        sale="r-1",
        lane="a",
        currency="CNY",
        lines=(SoldLine(MILK, 2, 580, shelf=300),),
        total=580,
        member="member-9",
    )
    assert checkout.take("a", reported) == []
    assert checkout.sales["r-1"].t == T0


def test_lanes_that_are_configured_again_keep_their_baskets() -> None:
    """A restart is nothing to a shopper."""
    checkout = checkout_of("a")
    scanned(checkout, "milk")
    checkout.install(["a", "b"])
    assert (len(checkout.lanes["a"].lines), len(checkout.lanes["b"].lines)) == (1, 0)


ACTS = st.one_of(
    st.tuples(st.just("scan"), st.sampled_from([*OFFERS, "nonsense"])),
    st.tuples(st.just("void"), st.integers(0, 3)),
    st.tuples(st.sampled_from(["pay", "cancel", "wait"]), st.just(0)),
)


@settings(deadline=None)
@given(st.lists(ACTS, max_size=40))
def test_a_lane_is_consistent_whatever_is_pressed(acts: list[tuple[str, str | int]]) -> None:
    """Totals are sums, versions rise, and each basket is sold at most once at its total."""
    checkout = checkout_of("a")
    shown = LaneChanged(
        lane="a", epoch=7, version=0, state="idle", basket=None, lines=(), total=0, currency="CNY"
    )
    sold: dict[str, int] = {}
    now = T0
    for act, value in acts:
        now += 1000
        data, line = str(value), value if isinstance(value, int) else 0
        try:
            events = press(checkout, act, data=data, line=line, basket=shown.basket or "", now=now)
        except Refused:
            continue
        for event in events:
            if isinstance(event, LaneChanged):
                assert event.version == shown.version + 1
                assert event.total == sum(line.qty * line.price for line in event.lines)
                units = sum(line.qty for line in event.lines if event.state == "scanning")
                assert checkout.in_baskets().total() == units
                shown = event
            elif isinstance(event, SaleCompleted):
                assert event.sale not in sold
                assert event.total == shown.total > 0
                sold[event.sale] = event.total
    assert {sale.sale: sale.total for sale in checkout.sales} == sold
