"""Presence: items come, move, are taken, go missing and leave, by what readers see and do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edge.events import ItemChanged
from edge.items import Place

MILK, TEA = "04006381333931", "06901234567892"
SHELF_A, SHELF_B, BACK = ("reader-1", 1), ("reader-1", 2), ("reader-1", 3)
BACK_TOO, TILLS, GATE = ("reader-2", 1), ("reader-2", 2), ("gate", 1)
MARK, MARK_TOO = "3034257BF7194E4000000001", "3034257BF7194E4000000002"
Open = Callable[..., Any]
Tag = Callable[[str, int], str]


@pytest.fixture
def shop(stocktaker: Open) -> Any:
    """Open an empty shop."""
    return stocktaker()


@pytest.fixture
def full(shop: Any, tag: Tag) -> Any:
    """Open a shop in which five units of milk have stood on shelf A for a while."""
    for serial in range(1, 6):
        shop.put(tag(MILK, serial), SHELF_A, rate=0.7)
    shop.watch(120)
    return shop


# Coming, moving, going


def test_a_tag_that_is_read_is_there(shop: Any, tag: Tag) -> None:
    """One read suffices."""
    shop.glimpse(tag(MILK, 1), SHELF_A)
    assert shop.told(tag(MILK, 1)) == ["arrived"]
    assert shop.where(tag(MILK, 1)) == "shelf-a"


def test_a_tag_of_no_product_is_an_item_all_the_same(shop: Any) -> None:
    """It is no unit of anything."""
    shop.glimpse("E2001234", SHELF_A)
    (arrived,) = [e for e in shop.events if isinstance(e, ItemChanged)]
    assert (arrived.gtin, arrived.state, arrived.zone) == (None, "present", "floor")


@pytest.mark.parametrize("rate", [1.0, 0.6, 0.3])
def test_an_item_that_is_carried_to_another_shelf_moves(full: Any, tag: Tag, rate: float) -> None:
    """Within seconds, and once; however badly the new place reads it."""
    epc = tag(MILK, 1)
    full.put(epc, SHELF_B, rate=rate)
    full.watch(20 / rate)
    assert full.where(epc) == "shelf-b"
    assert full.told(epc)[-1] == "moved"
    assert full.told(epc).count("moved") == 1


def test_a_neighbour_that_overhears_a_shelf_moves_nothing(full: Any, tag: Tag) -> None:
    """Nor does a louder one, as long as the shelf reads the item itself."""
    for serial, rssi in ((1, -75.0), (2, -60.0), (3, -45.0), (4, None)):
        full.spill(tag(MILK, serial), SHELF_B, rate=0.3, rssi=rssi)
    full.watch(600)
    for serial in range(1, 6):
        assert full.told(tag(MILK, serial)) == ["arrived"]


def test_how_far_an_antenna_reads_into_its_neighbour_is_learned(full: Any, tag: Tag) -> None:
    """An item that goes there is told from those that are only overheard."""
    for serial in range(1, 6):
        full.spill(tag(MILK, serial), SHELF_B, rate=0.4, rssi=-62.0)
    full.watch(300)
    full.put(tag(MILK, 1), SHELF_B, rate=0.7)
    full.watch(30)
    places = [full.where(tag(MILK, serial)) for serial in range(1, 6)]
    assert places == ["shelf-b"] + 4 * ["shelf-a"]


def test_an_item_that_is_taken_and_put_back_was_never_gone(full: Any, tag: Tag) -> None:
    """It was in somebody's hands: on hand, but not to be promised."""
    epc = tag(MILK, 1)
    full.pick(epc)
    level = full.level(MILK)
    full.watch(30)
    assert (full.told(epc)[-1], full.where(epc)) == ("taken", None)
    level = full.level(MILK)
    assert (level.on_hand, level.on_hand_low, level.safety, level.available) == (5, 4, 1, 4)
    full.put(epc, SHELF_A, rate=0.7)
    full.watch(10)
    assert full.told(epc)[-1] == "put_back"
    level = full.level(MILK)
    assert (level.on_hand, level.on_hand_low, level.available) == (5, 5, 5)


def test_an_item_that_nobody_reads_goes_missing_and_is_found(full: Any, tag: Tag) -> None:
    """The level falls with it, and says that it may still be there."""
    epc = tag(MILK, 1)
    full.pick(epc)
    full.watch(50)
    assert full.told(epc) == ["arrived", "taken"]
    full.watch(30)
    assert full.told(epc) == ["arrived", "taken", "missing"]
    level = full.level(MILK)
    assert (level.on_hand, level.on_hand_high) == (4, 5)
    full.put(epc, BACK)
    full.watch(5)
    assert full.told(epc)[-1] == "found"
    assert full.level(MILK).by_zone == {"back": 1, "floor": 4}


def test_a_missing_item_that_is_glimpsed_is_being_carried(full: Any, tag: Tag) -> None:
    """One weak read in passing puts it on no shelf."""
    epc = tag(MILK, 1)
    full.pick(epc)
    full.watch(100)
    full.glimpse(epc, SHELF_B, rssi=-75.0)
    assert full.told(epc)[-1] == "seen"
    assert full.where(epc) is None
    full.watch(100)
    assert full.told(epc)[-1] == "missing"


def test_a_badly_read_tag_is_given_its_time(shop: Any, tag: Tag) -> None:
    """One that is read in one of ten looks is not missed after ten."""
    epc = tag(MILK, 1)
    for serial in range(2, 5):
        shop.put(tag(MILK, serial), SHELF_A)
    shop.put(epc, SHELF_A, rate=0.1)
    shop.watch(1800)
    assert shop.told(epc) == ["arrived"]
    shop.pick(epc)
    shop.watch(240)
    assert shop.told(epc) == ["arrived", "taken", "missing"]


def test_an_event_says_what_decided(full: Any, tag: Tag) -> None:
    """How often the old place read the item, for how long it did not, and who reads it now."""
    epc = tag(MILK, 1)
    full.put(epc, SHELF_B)
    full.watch(10)
    moved = [e for e in full.events if isinstance(e, ItemChanged) and e.reason == "moved"][-1]
    said = moved.evidence
    assert said is not None
    assert 0.4 < said.rate < 0.95
    assert said.unread >= 1
    assert (said.heard_by, said.antenna, said.rssi) == (*SHELF_B, -60.0)
    assert said.reads >= 2


def test_two_antennas_of_one_place_are_one_place(shop: Any, tag: Tag) -> None:
    """An item between them goes nowhere, whichever of them reads it."""
    epc = tag(MILK, 1)
    shop.put(epc, BACK, rate=0.5)
    shop.spill(epc, BACK_TOO, rate=0.5)
    shop.watch(120)
    shop.put(epc, BACK_TOO, rate=0.8)
    shop.watch(120)
    assert shop.told(epc) == ["arrived"]
    shop.pick(epc)
    shop.watch(200)
    assert shop.told(epc) == ["arrived", "taken", "missing"]


# Silence is not absence


def test_a_dead_reader_takes_nothing_with_it(full: Any) -> None:
    """Its items stay, their level is stale and says where; afterwards nothing storms."""
    full.silent.add("reader-1")
    full.inventory.silence("reader-1")
    full.watch(3600)
    level = full.level(MILK)
    assert (level.on_hand, level.stale, level.stale_zones) == (5, True, ("floor",))
    before = len([e for e in full.events if isinstance(e, ItemChanged)])
    full.silent.clear()
    full.inventory.hear("reader-1", full.now)
    full.watch(60)
    assert not full.level(MILK).stale
    assert len([e for e in full.events if isinstance(e, ItemChanged)]) == before


def test_what_left_while_its_reader_was_dead_is_missed_afterwards(full: Any, tag: Tag) -> None:
    """After the time that it takes to be sure, counted from the reader's return."""
    epc = tag(MILK, 1)
    full.silent.add("reader-1")
    full.pick(epc)
    full.watch(600)
    assert full.told(epc) == ["arrived"]
    full.silent.clear()
    full.inventory.forgive("reader-1", full.now)
    full.watch(5)
    assert full.told(epc) == ["arrived"]
    full.watch(100)
    assert full.told(epc) == ["arrived", "taken", "missing"]


def test_a_reader_that_says_nothing_is_not_asked(full: Any, tag: Tag) -> None:
    """Nothing is missed on the word of a reader that does not speak, known silent or not."""
    full.silent.add("reader-1")
    full.pick(tag(MILK, 1))
    full.watch(3600)
    assert full.told(tag(MILK, 1)) == ["arrived"]


def test_an_unplugged_antenna_takes_nothing_with_it(full: Any, tag: Tag) -> None:
    """The reader says so; its other antennas go on."""
    other = tag(TEA, 1)
    full.put(other, BACK)
    full.watch(60)
    full.inventory.unplug(*SHELF_A)
    full.unplugged.add(SHELF_A)
    full.pick(other)
    full.watch(600)
    assert full.told(other) == ["arrived", "taken", "missing"]
    assert [full.told(tag(MILK, serial)) for serial in range(1, 6)] == 5 * [["arrived"]]
    assert full.level(MILK).stale
    full.unplugged.clear()
    full.inventory.plug(*SHELF_A, full.now)
    full.watch(60)
    assert not full.level(MILK).stale


def test_an_antenna_that_hears_nothing_at_all_is_broken(full: Any, tag: Tag) -> None:
    """Five items do not leave in one moment: it is reported, nothing leaves, a read ends it."""
    full.unplugged.add(SHELF_A)
    full.watch(600)
    found = full.inventory.troubles()
    assert [(f.device, f.problem, f.active) for f in found] == [
        ("reader-1", "antenna-1-hears-nothing", True)
    ]
    assert full.level(MILK).stale
    full.unplugged.clear()
    full.watch(60)
    assert [f.active for f in full.inventory.troubles()] == [False]
    assert [full.told(tag(MILK, serial)) for serial in range(1, 6)] == 5 * [["arrived"]]
    assert not full.level(MILK).stale


def test_the_last_item_of_a_shelf_may_be_taken(shop: Any, tag: Tag) -> None:
    """One tag that is gone is no broken antenna."""
    shop.put(tag(MILK, 1), SHELF_A)
    shop.watch(120)
    shop.pick(tag(MILK, 1))
    shop.watch(120)
    assert shop.told(tag(MILK, 1)) == ["arrived", "taken", "missing"]


def test_lost_readings_are_forgiven(full: Any, tag: Tag) -> None:
    """A reader that threw readings away did not miss what it did not tell."""
    epc = tag(MILK, 1)
    full.pick(epc)
    full.watch(10)
    full.inventory.forgive("reader-1", full.now)
    full.put(epc, SHELF_A, rate=0.7)
    full.watch(60)
    assert full.told(epc) == ["arrived"]


def test_a_brokers_outage_is_nobodys_absence(full: Any, tag: Tag) -> None:
    """Everything is stale until somebody can be heard again; a short one is not worth a word."""
    readers = {"reader-1", "reader-2", "gate"}
    full.silent |= readers
    full.deafen()
    full.watch(20)
    assert not full.level(MILK).stale
    full.watch(7200)
    assert full.level(MILK).stale
    full.resume()
    full.silent.clear()
    full.watch(60)
    assert not full.level(MILK).stale
    assert [full.told(tag(MILK, serial)) for serial in range(1, 6)] == 5 * [["arrived"]]


# Reference tags


@pytest.fixture
def marked(stocktaker: Open, tag: Tag) -> Any:
    """Open a shop with two reference tags on shelf A, and five units of milk."""
    place = Place("floor", "shelf-a")
    shop = stocktaker({MARK: place, MARK_TOO: place})
    for epc in (MARK, MARK_TOO):
        shop.put(epc, SHELF_A, rate=0.8)
    for serial in range(1, 6):
        shop.put(tag(MILK, serial), SHELF_A, rate=0.7)
    shop.watch(200)
    return shop


def test_reference_tags_are_no_stock(marked: Any) -> None:
    """They are no items at all, wherever they are read."""
    marked.glimpse(MARK, SHELF_B)
    marked.glimpse(MARK, GATE)
    assert not [e for e in marked.events if isinstance(e, ItemChanged) and e.epc == MARK]
    assert MARK not in marked.ledger.items


def test_an_emptied_shelf_is_told_from_a_broken_antenna(marked: Any, tag: Tag) -> None:
    """As long as its reference tags are read, it is the goods that are gone."""
    for serial in range(1, 6):
        marked.pick(tag(MILK, serial))
    marked.watch(200)
    assert {marked.told(tag(MILK, serial))[-1] for serial in range(1, 6)} == {"missing"}
    assert marked.inventory.troubles() == []


def test_shade_is_told_from_absence(marked: Any, tag: Tag) -> None:
    """Somebody stands before the shelf: reference tags are read less, and so are goods."""
    for epc in (MARK, MARK_TOO, *(tag(MILK, serial) for serial in range(1, 6))):
        marked.put(epc, SHELF_A, rate=0.12)
    marked.watch(25)
    assert [marked.told(tag(MILK, serial)) for serial in range(1, 6)] == 5 * [["arrived"]]


def test_reference_tags_teach_how_far_a_neighbour_reads(stocktaker: Open) -> None:
    """Before any goods were there to learn from."""
    place = Place("floor", "shelf-a")
    shop = stocktaker({MARK: place, MARK_TOO: place})
    for epc in (MARK, MARK_TOO):
        shop.put(epc, SHELF_A, rate=0.8)
        shop.spill(epc, SHELF_B, rate=0.4, rssi=-62.0)
    shop.watch(200)
    shares = {(s.seat, s.heard_by): s.reads for s in shop.ledger.strays}
    assert shares[1, 2] > 50


# The gate


def test_an_unpaid_item_at_the_gate_is_a_suspicion(full: Any, tag: Tag) -> None:
    """It was taken from its shelf, and the gate reads it more than once."""
    epc = tag(MILK, 1)
    full.pick(epc)
    full.watch(20)
    full.glimpse(epc, GATE)
    assert full.told(epc)[-1] == "taken"
    full.now += 300
    full.glimpse(epc, GATE)
    assert full.told(epc)[-1] == "suspected_theft"
    assert full.level(MILK).on_hand == 4


def test_a_shelf_beside_the_gate_raises_no_alarm(full: Any, tag: Tag) -> None:
    """The gate overhears it all day long; what its own shelf reads has not left."""
    epc = tag(MILK, 1)
    full.spill(epc, GATE, rate=0.3, rssi=-70.0)
    full.watch(900)
    assert full.told(epc) == ["arrived"]


def test_who_grabs_and_runs_is_seen_at_the_gate_first(full: Any, tag: Tag) -> None:
    """The alarm comes as soon as the shelf has not read the item for some looks."""
    epc = tag(MILK, 1)
    full.pick(epc)
    full.spill(epc, GATE, rate=1.0)
    full.watch(2)
    full.pick(epc)
    full.watch(10)
    assert full.told(epc) == ["arrived", "suspected_theft"]


def test_a_sold_item_passes_the_gate(full: Any, tag: Tag) -> None:
    """Shelves may still read it on its way out; nobody cries thief."""
    epc = tag(MILK, 1)
    full.pick(epc)
    full.sell(MILK, epc=epc)
    full.sell(MILK, epc=epc)
    full.glimpse(epc, SHELF_B)
    full.put(epc, GATE)
    full.watch(3)
    assert full.told(epc) == ["arrived", "sold", "departed"]


def test_an_item_that_comes_back_is_returned_and_then_stock(full: Any, tag: Tag) -> None:
    """Somebody put what had left, or was sold, back on a shelf."""
    epc = tag(MILK, 1)
    full.pick(epc)
    full.sell(MILK, epc=epc)
    full.put(epc, GATE)
    full.watch(3)
    full.pick(epc)
    full.watch(200)
    full.put(epc, SHELF_B)
    full.watch(20)
    assert full.told(epc)[-1] == "returned"
    level = full.level(MILK)
    assert (level.on_hand, level.available) == (5, 4)
    full.watch(100)
    assert full.told(epc)[-1] == "restocked"
    assert full.level(MILK).available == 5


# Time


def test_a_reader_whose_clock_is_wrong_tells_the_same(stocktaker: Open, tag: Tag) -> None:
    """An hour ahead, an hour behind, in 1970: the stock is right, and the fault is reported."""
    for skew in (3_600_000, -3_600_000, -1_800_000_000_000):
        shop = stocktaker()
        shop.skew["reader-1"] = skew
        for serial in range(1, 4):
            shop.put(tag(MILK, serial), SHELF_A, rate=0.7)
        shop.watch(100)
        shop.put(tag(MILK, 1), SHELF_B)
        shop.watch(10)
        assert shop.where(tag(MILK, 1)) == "shelf-b"
        assert [f.problem for f in shop.inventory.troubles()] == ["clock-wrong"]


def test_a_clock_that_jumps_takes_nothing_with_it(full: Any, tag: Tag) -> None:
    """Summer time begins and ends."""
    for skew in (3_600_000, 0, -3_600_000, 0):
        full.skew["reader-1"] = skew
        full.watch(120)
    assert [full.told(tag(MILK, serial)) for serial in range(1, 6)] == 5 * [["arrived"]]


def test_late_reads_tell_of_the_past(full: Any, tag: Tag) -> None:
    """They bring nothing back that was not read since."""
    epc = tag(MILK, 1)
    full.pick(epc)
    full.watch(100)
    assert full.told(epc)[-1] == "missing"
    full.glimpse(epc, SHELF_A, age_ms=90_000)
    assert full.told(epc)[-1] == "missing"


def test_a_late_read_gives_time(full: Any, tag: Tag) -> None:
    """What was read while others were not told yet counts from when it was read."""
    epc = tag(MILK, 1)
    full.pick(epc)
    full.watch(5)
    full.glimpse(epc, SHELF_A, age_ms=3_000)
    assert full.ledger.traces[epc].seen == full.now - 3_000


def test_an_antenna_that_looks_elsewhere_takes_its_items_along(full: Any, tag: Tag) -> None:
    """A technician hung it over another shelf: what it reads stands there."""
    places = {1: Place("floor", "shelf-b"), 2: Place("floor", "shelf-a"), 3: Place("back")}
    full.take(full.inventory.install("reader-1", places, full.now))
    full.watch(20)
    assert {full.where(tag(MILK, serial)) for serial in range(1, 6)} == {"shelf-b"}


def test_a_restart_changes_nothing(stocktaker: Open, tag: Tag) -> None:
    """Whenever it happens: what follows is the same to the letter."""
    days = []
    for restarts in ((), (30, 31, 77, 150)):
        shop = stocktaker()
        for second in range(200):
            if second == 0:
                for serial in range(1, 6):
                    shop.put(tag(MILK, serial), SHELF_A, rate=0.5)
                    shop.spill(tag(MILK, serial), SHELF_B, rate=0.2)
            if second == 60:
                shop.put(tag(MILK, 1), SHELF_B, rate=0.6)
            if second == 70:
                shop.pick(tag(MILK, 2))
            if second == 75:
                shop.sell(MILK)
            if second in restarts:
                shop.reopen()
            shop.watch(1)
        days.append(shop.events)
    assert days[0] == days[1]
