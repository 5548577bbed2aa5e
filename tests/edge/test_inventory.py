"""Stock: levels follow items, sales and corrections, and say why and how sure they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.commands import AdjustStock, Product, PutProducts
from edge.errors import NotFound, Refused
from edge.events import Cause, ItemChanged, ProductChanged, StockAdjusted, StockChanged
from edge.levels import CAUSES, LEVEL_EVERY_MS

MILK, TEA, EGGS = "04006381333931", "06901234567892", "04006381333948"
SHELF_A, SHELF_B, BACK, GATE = ("reader-1", 1), ("reader-1", 2), ("reader-1", 3), ("gate", 1)
ZONES = {"floor", "back"}
Open = Callable[..., Any]
Tag = Callable[[str, int], str]


@pytest.fixture
def shop(stocktaker: Open) -> Any:
    """Open an empty shop."""
    return stocktaker()


@pytest.fixture
def full(shop: Any, tag: Tag) -> Any:
    """Open a shop in which three units of milk have stood on shelf A for a while."""
    for serial in (1, 2, 3):
        shop.put(tag(MILK, serial), SHELF_A, rate=0.8)
    shop.watch(100)
    return shop


def adjust(shop: Any, zone: str, **how: int) -> None:
    """Correct the count of eggs."""
    shop.take(shop.inventory.adjust(AdjustStock(EGGS, zone, "count", **how), ZONES | {"store"}))


# Levels


def test_safety_stock_is_not_offered_online(shop: Any, tag: Tag) -> None:
    """The rest is."""
    shop.put(tag(MILK, 1), SHELF_A)
    shop.put(tag(TEA, 1), BACK)
    shop.put(tag(TEA, 2), BACK)
    milk, tea = shop.level(MILK), shop.level(TEA)
    assert (milk.on_hand, milk.available, milk.by_zone) == (1, 1, {"floor": 1})
    assert (tea.on_hand, tea.safety, tea.available, tea.by_zone) == (2, 1, 1, {"back": 2})


def test_units_in_baskets_are_not_offered(shop: Any, tag: Tag) -> None:
    """They are on hand still; what is available is never below zero."""
    shop.put(tag(TEA, 1), SHELF_A)
    shop.watch(1)
    shop.fill(TEA, 1)
    level = shop.level(TEA)
    assert (level.on_hand, level.in_basket, level.safety, level.available) == (1, 1, 1, 0)


def test_a_unit_in_hands_and_in_a_basket_is_held_back_once(full: Any, tag: Tag) -> None:
    """It was taken from its shelf and scanned: one of three is not to be had."""
    full.pick(tag(MILK, 1))
    full.watch(25)
    assert full.level(MILK).available == 2
    full.fill(MILK, 1)
    assert full.level(MILK).available == 2


def test_a_tag_that_may_have_left_is_not_promised(full: Any, tag: Tag) -> None:
    """Before it counts as taken it is in doubt: the band widens, and safety holds it back."""
    full.pick(tag(MILK, 1))
    while not full.ledger.traces[tag(MILK, 1)].doubt:
        full.watch(1)
    level = full.level(MILK)
    assert (level.on_hand, level.on_hand_low, level.safety, level.available) == (3, 2, 1, 2)
    full.put(tag(MILK, 1), SHELF_A)
    assert full.level(MILK).on_hand_low == 3


def test_the_first_change_of_a_quiet_product_comes_at_once(full: Any, tag: Tag) -> None:
    """Nobody waits for a pause that is over."""
    full.sell(MILK, epc=tag(MILK, 1))
    last = full.events[-1]
    assert isinstance(last, StockChanged)
    assert last.on_hand == 2


def test_levels_come_at_most_once_a_second_and_the_last_one_always(shop: Any, tag: Tag) -> None:
    """A burst of arrivals is a few levels, of which the last one is the truth."""
    start = shop.now
    for serial in range(50):
        shop.glimpse(tag(MILK, serial), SHELF_A)
        shop.now += 100
    assert shop.level(MILK).on_hand == 50
    levels = [e for e in shop.events if isinstance(e, StockChanged) and e.gtin == MILK]
    assert len(levels) <= (shop.now - start) // LEVEL_EVERY_MS + 1


def test_every_change_of_a_level_has_causes(full: Any, tag: Tag) -> None:
    """Items by their EPC, sales by their id, corrections by their reason."""
    epc = tag(MILK, 1)
    full.pick(epc)
    full.watch(100)
    full.sell(MILK)
    adjust(full, "floor", count=6)
    full.watch(2)
    causes: dict[str, list[Cause]] = {
        e.gtin: [] for e in full.events if isinstance(e, StockChanged)
    }
    for event in full.events:
        if isinstance(event, StockChanged):
            causes[event.gtin] += event.causes
    assert Cause("unread", epc) in causes[MILK]
    assert Cause("missing", epc) in causes[MILK]
    assert [cause.why for cause in causes[MILK] if cause.ref.startswith("sale-")] == ["sold"]
    assert Cause("adjusted", "count") in causes[EGGS]


def test_a_level_names_its_newest_causes(shop: Any, tag: Tag) -> None:
    """However much happened since the one before."""
    for serial in range(1, 5 * CAUSES):
        shop.glimpse(tag(MILK, serial), SHELF_A)
    shop.level(MILK)
    named = [len(e.causes) for e in shop.events if isinstance(e, StockChanged)]
    assert max(named) == CAUSES


# Sales


def test_a_sale_of_a_tag_that_nobody_read_is_known(shop: Any, tag: Tag) -> None:
    """The till may be the first to see an item."""
    epc = tag(MILK, 1)
    shop.sell(MILK, epc=epc)
    shop.glimpse(epc, SHELF_A)
    assert shop.told(epc) == ["sold"]


def test_a_sale_by_barcode_counts_at_once_and_finds_its_item(full: Any, tag: Tag) -> None:
    """The level falls with the sale; the item that leaves through the gate settles the debt."""
    epc = tag(MILK, 2)
    full.pick(epc)
    full.sell(MILK)
    assert full.level(MILK).on_hand == 2
    full.watch(20)
    assert full.level(MILK).on_hand == 2
    full.put(epc, GATE)
    full.watch(4)
    assert full.told(epc) == ["arrived", "taken", "sold", "departed"]
    level = full.level(MILK)
    assert (level.on_hand, level.by_zone) == (2, {"floor": 2})


def test_a_sale_by_barcode_is_laid_at_the_door_of_what_vanishes(full: Any, tag: Tag) -> None:
    """Where there is no gate, the next item that nobody reads was the sold one."""
    full.sell(MILK)
    full.pick(tag(MILK, 2))
    full.watch(120)
    assert full.told(tag(MILK, 2)) == ["arrived", "taken", "sold"]
    assert full.level(MILK).on_hand == 2


def test_a_sale_of_what_was_missing_already_takes_nothing_twice(full: Any, tag: Tag) -> None:
    """It lay in somebody's basket for so long that it was missed before it was paid."""
    full.pick(tag(MILK, 1))
    full.watch(120)
    assert full.level(MILK).on_hand == 2
    full.sell(MILK)
    assert full.told(tag(MILK, 1))[-1] == "sold"
    assert full.level(MILK).on_hand == 2


def test_a_wrong_guess_is_taken_back(full: Any, tag: Tag) -> None:
    """An item that counts as sold by barcode and stands on a shelf was not the one."""
    epc = tag(MILK, 1)
    full.pick(epc)
    full.watch(120)
    full.sell(MILK)
    full.put(epc, SHELF_B)
    full.watch(5)
    assert full.told(epc)[-2:] == ["not_sold", "found"]
    level = full.level(MILK)
    assert (level.on_hand, level.by_zone) == (2, {"floor": 3})


def test_a_wrong_guess_moves_on_to_another_missing_item(full: Any, tag: Tag) -> None:
    """Two are off the shelf, one is sold; when one of them is put back, it was the other."""
    one, other = tag(MILK, 1), tag(MILK, 2)
    full.pick(one)
    full.pick(other)
    full.watch(120)
    full.sell(MILK)
    (back,) = [epc for epc in (one, other) if full.told(epc)[-1] == "sold"]
    full.put(back, SHELF_A)
    full.watch(5)
    assert full.told(back)[-1] == "found"
    assert full.told(other if back == one else one)[-1] == "sold"
    assert full.level(MILK).on_hand == 2


def test_the_gate_knows_which_item_was_sold(full: Any, tag: Tag) -> None:
    """The sale was laid at the door of one that is missing; another one leaves: no false alarm."""
    missing, bought = tag(MILK, 1), tag(MILK, 2)
    full.pick(missing)
    full.watch(120)
    full.pick(bought)
    full.watch(20)
    full.sell(MILK)
    assert full.told(missing)[-1] == "sold"
    full.put(bought, GATE)
    full.watch(4)
    assert full.told(missing)[-1] == "not_sold"
    assert full.told(bought)[-2:] == ["sold", "departed"]
    assert full.level(MILK).on_hand == 1


# Untagged goods


def test_untagged_goods_go_by_corrections_and_sales(shop: Any) -> None:
    """A count is set or changed by zone; sales take from where most is, and then from the rest."""
    adjust(shop, "floor", delta=6)
    adjust(shop, "back", count=4)
    shop.sell(EGGS, 7)
    level = shop.level(EGGS)
    assert (level.on_hand, sum(level.by_zone.values())) == (3, 3)
    assert min(level.by_zone.values()) > 0
    adjusted = [e for e in shop.events if isinstance(e, StockAdjusted)]
    assert [(e.zone, e.delta) for e in adjusted] == [("floor", 6), ("back", 4)]


def test_more_sold_than_counted_is_zero_until_somebody_counts(shop: Any) -> None:
    """The level stays at zero, the debt is remembered, a count ends it."""
    shop.sell(EGGS, 3)
    level = shop.level(EGGS)
    assert (level.on_hand, level.available) == (0, 0)
    adjust(shop, "store", count=5)
    assert shop.level(EGGS).on_hand == 5


@pytest.mark.timeout(20)
def test_a_till_may_sell_by_the_gram(shop: Any, tag: Tag) -> None:
    """A large quantity costs no more time than a small one."""
    adjust(shop, "floor", count=10**9)
    shop.glimpse(tag(MILK, 1), SHELF_A)
    for _ in range(1000):
        shop.sell(EGGS, 10**6)
        shop.sell(MILK, 10**6)
    assert (shop.level(EGGS).on_hand, shop.level(MILK).on_hand) == (0, 0)


def test_tags_of_a_counted_product_are_not_counted_twice(shop: Any, tag: Tag) -> None:
    """What is counted by hand may carry tags all the same."""
    adjust(shop, "floor", count=3)
    shop.glimpse(tag(EGGS, 1), BACK)
    assert shop.level(EGGS).by_zone == {"floor": 3}
    eggs = Product(EGGS, "Eggs", tracking="item")
    shop.take(shop.inventory.put_products(PutProducts((eggs,))))
    assert shop.level(EGGS).by_zone == {"back": 1}


@pytest.mark.parametrize(
    ("command", "kind", "path"),
    [
        (AdjustStock(EGGS, "moon", "count", count=1), NotFound, "zone"),
        (AdjustStock(EGGS, "floor", "count"), Refused, "delta"),
        (AdjustStock(EGGS, "floor", "count", delta=1, count=1), Refused, "delta"),
        (AdjustStock(MILK, "floor", "count", count=1), Refused, "gtin"),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused(
    shop: Any, command: AdjustStock, kind: type[Refused], path: str
) -> None:
    """It changes nothing and names the field."""
    shop.inventory.counts.collect()
    with pytest.raises(kind) as refusal:
        shop.inventory.adjust(command, ZONES)
    assert (type(refusal.value), refusal.value.path) == (kind, path)
    assert shop.inventory.counts.collect() == ([], [])


def test_the_same_product_again_is_no_news(shop: Any) -> None:
    """Only what changed gets a new version."""
    milk = Product(MILK, "Milk")
    assert shop.inventory.put_products(PutProducts((milk,))) == []
    (changed,) = shop.inventory.put_products(PutProducts((Product(MILK, "Whole milk"),)))
    assert isinstance(changed, ProductChanged)
    assert (changed.version, changed.product.name) == (2, "Whole milk")


def test_a_level_that_waited_survives_a_restart(shop: Any) -> None:
    """What was not published within the pause is published after it, by whoever runs then."""
    shop.watch(1)
    for count in (5, 9):
        adjust(shop, "floor", count=count)
    shop.reopen()
    level = shop.level(EGGS)
    assert level.on_hand == 9
    assert level.causes == (Cause("adjusted", "count"),)


def test_a_clock_that_was_ahead_holds_no_level_up(shop: Any, tag: Tag) -> None:
    """A machine whose clock was wrong before a restart publishes levels all the same."""
    shop.now += 10**9
    shop.glimpse(tag(MILK, 1), SHELF_A)
    shop.now -= 10**9
    shop.glimpse(tag(MILK, 2), SHELF_A)
    assert shop.level(MILK).on_hand == 2


# Any day

NUMBERS = st.integers(0, 3)
SPOTS = st.sampled_from([SHELF_A, SHELF_B, BACK, GATE])
STEPS = st.one_of(
    st.tuples(st.just("put"), NUMBERS, SPOTS, st.sampled_from([0.2, 0.7, 1.0])),
    st.tuples(st.just("spill"), NUMBERS, SPOTS),
    st.tuples(st.just("pick"), NUMBERS),
    st.tuples(st.just("glimpse"), NUMBERS, SPOTS, st.sampled_from([-80.0, -50.0, None])),
    st.tuples(st.just("sell"), st.sampled_from([MILK, TEA, EGGS]), st.integers(1, 3)),
    st.tuples(st.just("sell item"), NUMBERS),
    st.tuples(st.just("count"), st.sampled_from(["floor", "back"]), st.integers(0, 5)),
    st.tuples(st.just("basket"), st.sampled_from([MILK, TEA, EGGS]), st.integers(0, 4)),
    st.tuples(st.just("watch"), st.sampled_from([1, 5, 60, 130])),
    st.tuples(st.just("silence"), st.sampled_from(["reader-1", "gate"])),
    st.tuples(st.just("hear"), st.sampled_from(["reader-1", "gate"])),
    st.tuples(st.just("unplug"), st.integers(1, 3)),
    st.tuples(st.just("plug"), st.integers(1, 3)),
    st.tuples(st.just("skew"), st.sampled_from([0, 3_600_000, -3_600_000])),
    st.tuples(st.just("deafen")),
    st.tuples(st.just("resume")),
    st.tuples(st.just("restart")),
)


def perform(shop: Any, step: tuple[Any, ...], epcs: list[str], *, restarts: bool) -> None:
    """Do one step of a random day."""
    name, *values = step
    inventory = shop.inventory
    acts: dict[str, Callable[..., object]] = {
        "put": lambda n, spot, rate: shop.put(epcs[n], spot, rate=rate),
        "spill": lambda n, spot: shop.spill(epcs[n], spot, rate=0.3),
        "pick": lambda n: shop.pick(epcs[n]),
        "glimpse": lambda n, spot, rssi: shop.glimpse(epcs[n], spot, rssi),
        "sell": shop.sell,
        "sell item": lambda n: shop.sell(MILK, epc=epcs[n]),
        "count": lambda zone, n: adjust(shop, zone, count=n),
        "basket": shop.fill,
        "watch": shop.watch,
        "silence": inventory.silence,
        "hear": lambda device: inventory.hear(device, shop.now),
        "unplug": lambda n: inventory.unplug("reader-1", n),
        "plug": lambda n: inventory.plug("reader-1", n, shop.now),
        "skew": lambda ms: shop.skew.update({"reader-1": ms - shop.skew["reader-1"]}),
        "deafen": shop.deafen,
        "resume": shop.resume,
        "restart": shop.reopen if restarts else lambda: None,
    }
    acts[name](*values)


def live(shop: Any, epcs: list[str], steps: list[tuple[Any, ...]], *, restarts: bool = True) -> Any:
    """Live through a random day; at its end every level has had its time."""
    for step in steps:
        perform(shop, step, epcs, restarts=restarts)
    shop.now += LEVEL_EVERY_MS
    shop.take([])
    return shop


@settings(deadline=None)
@given(steps=st.lists(STEPS, max_size=40))
def test_levels_items_and_events_agree_on_every_day(
    steps: list[tuple[Any, ...]], stocktaker: Open, tag: Tag
) -> None:
    """Whatever happens: levels are the sums of items, and each event follows from the last."""
    epcs = [tag(MILK, 1), tag(MILK, 2), tag(TEA, 1), tag(TEA, 2)]
    shop = live(stocktaker(), epcs, steps)
    standing: dict[str, tuple[str, str | None]] = {}
    levels: dict[str, StockChanged] = {}
    for event in shop.events:
        if isinstance(event, ItemChanged):
            before = standing.get(event.epc, ("unknown", None))
            assert (event.previous.state, event.previous.zone) == before
            standing[event.epc] = (event.state, event.zone)
        elif isinstance(event, StockChanged):
            assert event.version > (levels[event.gtin].version if event.gtin in levels else 0)
            assert min(event.on_hand, event.available, event.in_basket) >= 0
            assert event.on_hand_low <= event.on_hand <= event.on_hand_high
            assert event.available <= event.on_hand_low
            levels[event.gtin] = event
    for gtin in (MILK, TEA):
        ours = {e: s for e, s in standing.items() if epcs.index(e) // 2 == (gtin == TEA)}
        inside = [
            zone for state, zone in ours.values() if state in ("present", "moving", "returned")
        ]
        row = shop.ledger.levels.get(gtin)
        assert levels[gtin].by_zone == Counter(inside)
        assert levels[gtin].on_hand == max(0, len(inside) - (row.owed if row else 0))
    eggs = levels[EGGS]
    assert eggs.on_hand == max(0, sum(count.units for count in shop.ledger.counts))
    for level in levels.values():
        assert level.in_basket == shop.baskets[level.gtin]


@settings(deadline=None)
@given(steps=st.lists(STEPS, max_size=30))
def test_the_same_day_again_gives_the_same_events(
    steps: list[tuple[Any, ...]], stocktaker: Open, tag: Tag
) -> None:
    """Rules read no clock and roll no dice, and all that they know is in their rows.

    So a recorded log replays to the same result, also with restarts in its middle.
    """
    epcs = [tag(MILK, 1), tag(MILK, 2), tag(TEA, 1), tag(TEA, 2)]
    one, other = live(stocktaker(), epcs, steps), live(stocktaker(), epcs, steps, restarts=False)
    assert one.events == other.events
