"""Stock: items come, move, sell and go, and the levels follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.commands import AdjustStock, Product, PutProducts
from edge.errors import NotFound, Refused
from edge.events import Event, ItemChanged, ProductChanged, StockAdjusted, StockChanged
from edge.inventory import LEVEL_EVERY_MS, Inventory
from edge.items import Place
from edge.presence import RIVAL_READS
from edge.readings import SoldLine, TagRead
from edge.rows import Rows
from edge.shop import Codes

MILK, TEA, EGGS = "04006381333931", "06901234567892", "04006381333948"
SHELF, BACK, DOOR = Place("floor", "shelf-a"), Place("back"), Place("door", gate=True)
MISSING_MS = 60_000
T0 = 1_800_000_000_000
ZONES = {"floor", "back"}
Tag = Callable[[str, int], str]


class Stocktaker:
    """An inventory and a clock; keeps all events. Milk and tea go by tag, eggs by count."""

    def __init__(self, codes: Codes) -> None:
        """Open an empty shop."""
        self.now = T0
        self.events: list[Event] = []
        self.baskets: Counter[str] = Counter()
        self.inventory = Inventory(
            items=Rows(),
            counts=Rows(),
            levels=Rows(),
            products=Rows(),
            identify=codes.tag,
            missing_after_ms=MISSING_MS,
            epoch=1,
            started=T0,
        )
        products = (
            Product(MILK, "Milk"),
            Product(TEA, "Tea", safety=1),
            Product(EGGS, "Eggs", tracking="count"),
        )
        self.take(self.inventory.put_products(PutProducts(products)))

    def reopen(self, codes: Codes) -> None:
        """Go on from the rows, as after a restart with devices that can be heard."""
        old = self.inventory
        self.inventory = Inventory(
            items=old.items,
            counts=old.counts,
            levels=old.levels,
            products=old.products,
            identify=codes.tag,
            missing_after_ms=MISSING_MS,
            epoch=1,
            started=self.now,
        )

    def take(self, events: Sequence[Event]) -> None:
        """Keep events, and publish the levels that they changed."""
        self.events += [*events, *self.inventory.settle(self.baskets, self.now)]

    def read(
        self,
        epc: str,
        place: Place,
        *,
        device: str = "reader-1",
        rssi: float | None = -60.0,
        times: int = 1,
    ) -> None:
        """Let a reader see a tag, ten times a second."""
        for _ in range(times):
            sighting = TagRead(epc, 1, rssi, self.now)
            self.take(self.inventory.read(device, sighting, place, self.now))
            self.now += 100

    def sell(self, gtin: str, qty: int = 1, epc: str | None = None) -> None:
        """Let a till sell, by tag or by barcode."""
        line = SoldLine(gtin, qty, qty * 100, epc)
        self.take(self.inventory.sell(f"sale-{self.now}", (line,), self.now))

    def fill(self, gtin: str, units: int) -> None:
        """Let shoppers have this many units in their baskets."""
        self.baskets[gtin] = units
        self.inventory.touch([gtin])

    def wait(self, ms: int, alive: Sequence[str] = ("reader-1",)) -> None:
        """Let time pass in which these readers speak but see nothing."""
        self.now += ms
        for device in alive:
            self.inventory.spoke(device, self.now)
        self.take(self.inventory.advance(self.now))

    def level(self, gtin: str) -> StockChanged:
        """Give the newest level, once the pause between two levels is over."""
        self.now += LEVEL_EVERY_MS
        self.take([])
        levels = (e for e in self.events if isinstance(e, StockChanged) and e.gtin == gtin)
        return list(levels)[-1]

    def told(self, epc: str) -> list[str]:
        """Give the reasons of an item's events."""
        return [e.reason for e in self.events if isinstance(e, ItemChanged) and e.epc == epc]


@pytest.fixture
def shop(codes: Codes) -> Stocktaker:
    """Open an inventory for one test."""
    return Stocktaker(codes)


def test_a_tag_that_is_read_is_stock(shop: Stocktaker, tag: Tag) -> None:
    """One read suffices; safety stock is not offered online."""
    shop.read(tag(MILK, 1), SHELF)
    shop.read(tag(TEA, 1), BACK)
    shop.read(tag(TEA, 2), BACK)
    milk, tea = shop.level(MILK), shop.level(TEA)
    assert (milk.on_hand, milk.available, milk.by_zone) == (1, 1, {"floor": 1})
    assert (tea.on_hand, tea.safety, tea.available, tea.by_zone) == (2, 1, 1, {"back": 2})
    assert shop.told(tag(MILK, 1)) == ["arrived"]


def test_a_tag_of_no_product_is_an_item_without_stock(shop: Stocktaker) -> None:
    """A tag of another kind is kept, but it is no unit of anything."""
    shop.read("E2001234", SHELF)
    (arrived,) = [e for e in shop.events if isinstance(e, ItemChanged)]
    assert (arrived.gtin, arrived.state, arrived.zone) == (None, "present", "floor")
    assert not [e for e in shop.events if isinstance(e, StockChanged) and e.on_hand]


def test_one_stray_read_moves_nothing(shop: Stocktaker, tag: Tag) -> None:
    """Another antenna must see an item more than once, and clearly better."""
    epc = tag(MILK, 1)
    shop.read(epc, SHELF, rssi=-60)
    shop.read(epc, BACK, rssi=-58, times=5)
    assert shop.told(epc) == ["arrived"]
    shop.read(epc, SHELF, rssi=-60)
    shop.read(epc, Place("tills"), rssi=-40)
    assert shop.told(epc) == ["arrived"]
    shop.read(epc, BACK, rssi=-40, times=8)
    assert shop.told(epc) == ["arrived", "moved"]
    assert shop.level(MILK).by_zone == {"back": 1}


def test_a_weaker_place_wins_once_the_old_one_falls_silent(shop: Stocktaker, tag: Tag) -> None:
    """An item that was carried away is where it is read now, even if it is read badly there."""
    epc = tag(MILK, 1)
    shop.read(epc, SHELF, rssi=-50)
    shop.now += 30_000
    shop.read(epc, BACK, rssi=None, times=RIVAL_READS)
    assert shop.told(epc) == ["arrived", "moved"]


def test_an_item_that_is_read_elsewhere_is_not_missing(shop: Stocktaker, tag: Tag) -> None:
    """However much weaker the new place reads it, the item moves there without a gap."""
    epc = tag(MILK, 1)
    shop.read(epc, SHELF, rssi=-20)
    for _ in range(80):
        shop.wait(900)
        shop.read(epc, BACK, rssi=-90)
    assert shop.told(epc) == ["arrived", "moved"]


def test_an_item_that_nobody_reads_goes_missing_and_returns(shop: Stocktaker, tag: Tag) -> None:
    """It is missing only after its time, and a single read brings it back."""
    epc = tag(MILK, 1)
    shop.read(epc, SHELF)
    shop.wait(MISSING_MS - 200)
    assert shop.told(epc) == ["arrived"]
    shop.wait(300)
    assert shop.told(epc) == ["arrived", "missing"]
    assert shop.level(MILK).on_hand == 0
    shop.read(epc, BACK)
    assert shop.told(epc) == ["arrived", "missing", "returned"]
    assert shop.level(MILK).by_zone == {"back": 1}


def test_a_silent_reader_freezes_what_it_watches(shop: Stocktaker, tag: Tag) -> None:
    """Its items stay and their level says that it is stale, until its own time-out runs again."""
    ours, theirs = tag(MILK, 1), tag(TEA, 1)
    shop.read(ours, SHELF, device="reader-1")
    shop.read(theirs, BACK, device="reader-2")
    shop.inventory.silence("reader-1")
    shop.wait(2 * MISSING_MS, alive=("reader-2",))
    assert (shop.told(ours), shop.told(theirs)) == (["arrived"], ["arrived", "missing"])
    assert (shop.level(MILK).stale, shop.level(TEA).stale) == (True, False)
    shop.inventory.hear("reader-1", shop.now)
    shop.wait(MISSING_MS)
    assert shop.told(ours) == ["arrived"]
    assert not shop.level(MILK).stale
    shop.wait(1)
    assert shop.told(ours) == ["arrived", "missing"]


def test_a_reader_that_died_a_moment_ago_loses_nothing(shop: Stocktaker, tag: Tag) -> None:
    """Nothing goes missing on the word of a reader that has not spoken since, known silent or not.

    A reader may be counted as silent later than its items would be overdue.
    """
    epc = tag(MILK, 1)
    shop.read(epc, SHELF)
    shop.wait(10 * MISSING_MS, alive=())
    assert shop.told(epc) == ["arrived"]


def test_nothing_goes_missing_while_nobody_can_be_heard(shop: Stocktaker, tag: Tag) -> None:
    """A broker's outage is nobody's absence; after it all time-outs begin anew."""
    epc = tag(MILK, 1)
    shop.read(epc, SHELF)
    shop.inventory.deafen()
    shop.wait(10 * MISSING_MS)
    shop.inventory.resume(shop.now)
    shop.wait(MISSING_MS)
    assert shop.told(epc) == ["arrived"]
    shop.wait(1)
    assert shop.told(epc) == ["arrived", "missing"]


def test_a_sale_by_tag_ends_that_item(shop: Stocktaker, tag: Tag) -> None:
    """Its shelf may still read it on its way out, the gate lets it pass, nobody cries thief."""
    epc = tag(MILK, 1)
    shop.read(epc, SHELF)
    shop.sell(MILK, epc=epc)
    shop.sell(MILK, epc=epc)
    shop.read(epc, SHELF)
    shop.read(epc, DOOR, times=5)
    assert shop.told(epc) == ["arrived", "sold", "departed"]
    assert shop.level(MILK).on_hand == 0


def test_a_sale_of_a_tag_that_nobody_read_is_known(shop: Stocktaker, tag: Tag) -> None:
    """The till may be the first to see an item."""
    epc = tag(MILK, 1)
    shop.sell(MILK, epc=epc)
    shop.read(epc, SHELF)
    assert shop.told(epc) == ["sold"]


def test_an_unpaid_item_at_the_gate_is_a_suspicion(shop: Stocktaker, tag: Tag) -> None:
    """Two reads at the gate; one may be an echo."""
    epc = tag(MILK, 1)
    shop.read(epc, SHELF)
    shop.read(epc, DOOR, rssi=-80)
    assert shop.told(epc) == ["arrived"]
    shop.read(epc, DOOR, rssi=-80)
    assert shop.told(epc) == ["arrived", "suspected_theft"]
    assert shop.level(MILK).on_hand == 0
    shop.read(epc, BACK)
    assert shop.told(epc)[-1] == "returned"


def test_a_sale_by_barcode_counts_at_once_and_finds_its_item(shop: Stocktaker, tag: Tag) -> None:
    """The level falls with the sale; the item that leaves through the gate settles the debt."""
    for serial in (1, 2):
        shop.read(tag(MILK, serial), SHELF)
    shop.sell(MILK)
    assert shop.level(MILK).on_hand == 1
    shop.read(tag(MILK, 2), DOOR, times=RIVAL_READS)
    assert shop.told(tag(MILK, 2)) == ["arrived", "sold", "departed"]
    level = shop.level(MILK)
    assert (level.on_hand, level.by_zone) == (1, {"floor": 1})


def test_a_sale_by_barcode_moves_on_to_another_missing_item(shop: Stocktaker, tag: Tag) -> None:
    """Two are off the shelf, one is sold; when one of them is put back, it was the other."""
    for number in (1, 2, 3):
        shop.read(tag(MILK, number), SHELF)
    shop.now += 1000
    shop.read(tag(MILK, 3), SHELF)
    shop.wait(MISSING_MS - 500)
    shop.read(tag(MILK, 3), SHELF)
    shop.wait(2000)
    assert shop.level(MILK).on_hand == 1
    shop.sell(MILK)
    put_back, sold = sorted((tag(MILK, 1), tag(MILK, 2)), reverse=True)
    assert shop.told(put_back)[-1] == "sold"
    shop.read(put_back, SHELF)
    assert shop.told(put_back)[-1] == "returned"
    assert shop.told(sold)[-1] == "sold"
    assert shop.level(MILK).on_hand == 2


def test_a_sale_by_barcode_is_laid_at_the_door_of_what_vanishes(shop: Stocktaker, tag: Tag) -> None:
    """Where there is no gate, the next item that nobody reads was the sold one."""
    for serial in (1, 2):
        shop.read(tag(MILK, serial), SHELF)
    shop.sell(MILK)
    shop.wait(MISSING_MS // 2)
    shop.read(tag(MILK, 1), SHELF)
    shop.wait(MISSING_MS // 2 + 1000)
    assert shop.told(tag(MILK, 2)) == ["arrived", "sold"]
    assert shop.level(MILK).on_hand == 1


def test_a_wrong_guess_is_taken_back(shop: Stocktaker, tag: Tag) -> None:
    """An item that counts as sold by barcode and is read again was not the one."""
    first, second = tag(MILK, 1), tag(MILK, 2)
    shop.read(first, SHELF)
    shop.read(second, SHELF)
    shop.wait(MISSING_MS - 50)
    shop.read(second, SHELF)
    shop.wait(100)
    assert shop.told(first)[-1] == "missing"
    shop.sell(MILK)
    assert shop.told(first)[-1] == "sold"
    shop.read(first, SHELF)
    assert shop.told(first)[-1] == "returned"
    level = shop.level(MILK)
    assert (level.on_hand, level.by_zone) == (1, {"floor": 2})


def test_units_in_baskets_are_not_offered(shop: Stocktaker, tag: Tag) -> None:
    """They are on hand still; what is available is never below zero."""
    shop.read(tag(TEA, 1), SHELF)
    shop.fill(TEA, 1)
    level = shop.level(TEA)
    assert (level.on_hand, level.in_basket, level.safety, level.available) == (1, 1, 1, 0)


def test_untagged_goods_go_by_corrections_and_sales(shop: Stocktaker) -> None:
    """A count is set or changed by zone; sales take from where most is, and then from the rest."""
    shop.take(shop.inventory.adjust(AdjustStock(EGGS, "floor", "delivery", delta=6), ZONES))
    shop.take(shop.inventory.adjust(AdjustStock(EGGS, "back", "count", count=4), ZONES))
    shop.sell(EGGS, 7)
    level = shop.level(EGGS)
    assert (level.on_hand, sum(level.by_zone.values())) == (3, 3)
    assert min(level.by_zone.values()) > 0
    adjusted = [e for e in shop.events if isinstance(e, StockAdjusted)]
    assert [(e.zone, e.delta) for e in adjusted] == [("floor", 6), ("back", 4)]


def test_more_sold_than_counted_is_zero_until_somebody_counts(shop: Stocktaker) -> None:
    """The level stays at zero, the debt is remembered, a count ends it."""
    shop.sell(EGGS, 3)
    level = shop.level(EGGS)
    assert (level.on_hand, level.available) == (0, 0)
    shop.take(shop.inventory.adjust(AdjustStock(EGGS, "store", "count", count=5), {"store"}))
    assert shop.level(EGGS).on_hand == 5


@pytest.mark.timeout(20)
def test_a_till_may_sell_by_the_gram(shop: Stocktaker, tag: Tag) -> None:
    """A large quantity costs no more time than a small one."""
    shop.take(shop.inventory.adjust(AdjustStock(EGGS, "floor", "count", count=10**9), ZONES))
    shop.read(tag(MILK, 1), SHELF)
    for _ in range(1000):
        shop.sell(EGGS, 10**6)
        shop.sell(MILK, 10**6)
    assert (shop.level(EGGS).on_hand, shop.level(MILK).on_hand) == (0, 0)


def test_tags_of_a_counted_product_are_not_counted_twice(shop: Stocktaker, tag: Tag) -> None:
    """What is counted by hand may carry tags all the same."""
    shop.take(shop.inventory.adjust(AdjustStock(EGGS, "floor", "count", count=3), ZONES))
    shop.read(tag(EGGS, 1), BACK)
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
    shop: Stocktaker, command: AdjustStock, kind: type[Refused], path: str
) -> None:
    """It changes nothing and names the field."""
    shop.inventory.counts.collect()
    with pytest.raises(kind) as refusal:
        shop.inventory.adjust(command, ZONES)
    assert (type(refusal.value), refusal.value.path) == (kind, path)
    assert shop.inventory.counts.collect() == ([], [])


def test_the_same_product_again_is_no_news(shop: Stocktaker) -> None:
    """Only what changed gets a new version."""
    milk = Product(MILK, "Milk")
    assert shop.inventory.put_products(PutProducts((milk,))) == []
    (changed,) = shop.inventory.put_products(PutProducts((Product(MILK, "Whole milk"),)))
    assert isinstance(changed, ProductChanged)
    assert (changed.version, changed.product.name) == (2, "Whole milk")


def test_levels_come_at_most_once_a_second_and_the_last_one_always(
    shop: Stocktaker, tag: Tag
) -> None:
    """A burst of arrivals is a few levels, of which the last one is the truth."""
    before = len(shop.events)
    for serial in range(50):
        shop.read(tag(MILK, serial), SHELF)
    assert shop.level(MILK).on_hand == 50
    levels = [e for e in shop.events[before:] if isinstance(e, StockChanged)]
    assert len(levels) <= 50 * 100 // LEVEL_EVERY_MS + 2


def test_a_level_that_waited_survives_a_restart(shop: Stocktaker, codes: Codes) -> None:
    """What was not published within the pause is published after it, by whoever runs then."""
    shop.now += LEVEL_EVERY_MS
    for count in (5, 9):
        adjust = AdjustStock(EGGS, "floor", "count", count=count)
        shop.take(shop.inventory.adjust(adjust, ZONES))
    shop.reopen(codes)
    assert shop.level(EGGS).on_hand == 9


def test_a_clock_that_was_ahead_holds_no_level_up(shop: Stocktaker, tag: Tag) -> None:
    """A machine whose clock was wrong before a restart publishes levels all the same."""
    shop.now += 10**9
    shop.read(tag(MILK, 1), SHELF)
    shop.now -= 10**9
    shop.read(tag(MILK, 2), SHELF)
    assert shop.level(MILK).on_hand == 2


STEPS = st.one_of(
    st.tuples(
        st.just("read"),
        st.sampled_from(["reader-1", "reader-2"]),
        st.integers(0, 3),
        st.sampled_from([SHELF, BACK, DOOR]),
        st.sampled_from([-80.0, -60.0, -40.0, None]),
    ),
    st.tuples(st.just("sell"), st.sampled_from([MILK, TEA, EGGS]), st.integers(1, 3)),
    st.tuples(st.just("sell item"), st.integers(0, 3)),
    st.tuples(st.just("count"), st.sampled_from(["floor", "back"]), st.integers(0, 5)),
    st.tuples(st.just("basket"), st.sampled_from([MILK, TEA, EGGS]), st.integers(0, 4)),
    st.tuples(st.just("wait"), st.sampled_from([10, 1000, 30_000, 61_000])),
    st.tuples(st.just("silence"), st.sampled_from(["reader-1", "reader-2"])),
    st.tuples(st.just("hear"), st.sampled_from(["reader-1", "reader-2"])),
    st.tuples(st.just("deafen")),
    st.tuples(st.just("resume")),
    st.tuples(st.just("restart")),
)


def perform(shop: Stocktaker, step: tuple[Any, ...], epcs: list[str], codes: Codes) -> None:
    """Do one step of a random day."""
    name, *values = step
    inventory = shop.inventory
    acts: dict[str, Callable[..., None]] = {
        "read": lambda device, n, place, rssi: shop.read(epcs[n], place, device=device, rssi=rssi),
        "sell": shop.sell,
        "sell item": lambda n: shop.sell(MILK, epc=epcs[n]),
        "count": lambda zone, n: shop.take(
            inventory.adjust(AdjustStock(EGGS, zone, "count", count=n), ZONES)
        ),
        "basket": shop.fill,
        "wait": lambda ms: shop.wait(ms, alive=("reader-1", "reader-2")),
        "silence": inventory.silence,
        "hear": lambda device: inventory.hear(device, shop.now),
        "deafen": inventory.deafen,
        "resume": lambda: inventory.resume(shop.now),
        "restart": lambda: shop.reopen(codes),
    }
    acts[name](*values)


def live(codes: Codes, epcs: list[str], steps: list[tuple[Any, ...]]) -> Stocktaker:
    """Live through a random day; at its end every level has had its time."""
    shop = Stocktaker(codes)
    for step in steps:
        perform(shop, step, epcs, codes)
    shop.now += LEVEL_EVERY_MS
    shop.take([])
    return shop


@settings(deadline=None)
@given(steps=st.lists(STEPS, max_size=40))
def test_levels_items_and_events_agree_on_every_day(
    steps: list[tuple[Any, ...]], codes: Codes, tag: Tag
) -> None:
    """Whatever happens: levels are the sums of items, and each event follows from the last."""
    epcs = [tag(MILK, 1), tag(MILK, 2), tag(TEA, 1), tag(TEA, 2)]
    shop = live(codes, epcs, steps)
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
            levels[event.gtin] = event
    for gtin in (MILK, TEA):
        where = [
            z
            for e, (s, z) in standing.items()
            if s == "present" and epcs.index(e) // 2 == (gtin == TEA)
        ]
        row = shop.inventory.levels.get(gtin)
        assert levels[gtin].by_zone == Counter(where)
        assert levels[gtin].on_hand == max(0, len(where) - (row.owed if row else 0))
    eggs = levels[EGGS]
    assert eggs.on_hand == max(0, sum(count.units for count in shop.inventory.counts))
    for level in levels.values():
        assert level.in_basket == shop.baskets[level.gtin]


@settings(deadline=None)
@given(steps=st.lists(STEPS, max_size=30))
def test_the_same_day_again_gives_the_same_events(
    steps: list[tuple[Any, ...]], codes: Codes, tag: Tag
) -> None:
    """Rules read no clock and roll no dice: a recorded log replays to the same result."""
    epcs = [tag(MILK, 1), tag(MILK, 2), tag(TEA, 1), tag(TEA, 2)]
    assert live(codes, epcs, steps).events == live(codes, epcs, steps).events
