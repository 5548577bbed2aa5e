"""Stocktakes: what a hand-held reader reads, and what is concluded from what it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from edge.commands import (
    AdjustStock,
    AnnounceDelivery,
    CancelStocktake,
    Command,
    CountUnits,
    DeliveryLine,
    EndStocktake,
    EnterZone,
    ReceiveDelivery,
    StartStocktake,
    WriteOffItem,
)
from edge.errors import NotFound, Refused
from edge.events import (
    Cause,
    CountedProduct,
    DeviceChanged,
    ItemChanged,
    StockAdjusted,
    StocktakeChanged,
)
from edge.stocktakes import ABANDONED_MS, KEPT, SHOWN, Result, Stocktake

if TYPE_CHECKING:
    from tests.edge.conftest import Floor

MILK, TEA = "04006381333931", "06901234567892"
RICE, NUTS = "04006381333948", "04006381333955"
HAND = "hand-1"


def start(floor: Floor, *zones: str) -> str:
    """Begin a stocktake; time goes on, so that what was before is before."""
    floor.wait(1000)
    name: str = floor.ask(StartStocktake(HAND, zones))
    floor.wait(1000)
    return name


def end(floor: Floor, name: str) -> Result:
    """End a stocktake and give what it found."""
    floor.ask(EndStocktake(name))
    result = floor.shop.state.stocktakes[name].result
    assert result is not None
    return result


def counted(floor: Floor, *epcs: str, zone: str = "floor") -> None:
    """Let items stand in a zone where no antenna reads them, by a count."""
    name = start(floor, zone)
    floor.read(HAND, *epcs)
    end(floor, name)


def figures(result: Result) -> tuple[int, int, int, int, int, int]:
    """Give found, moved, added, missing, sold and unexpected."""
    return (
        result.found,
        result.moved,
        result.added,
        result.missing,
        result.sold,
        result.unexpected,
    )


def test_what_is_read_is_where_the_reader_is(floor: Floor) -> None:
    """It is counted there at once, and that its antenna has no place is no fault."""
    one, two = floor.tag(MILK, 1), floor.tag(TEA, 1)
    name = start(floor, "floor", "back")
    floor.read(HAND, one)
    floor.ask(EnterZone(name, "back"))
    floor.read(HAND, two)
    assert (floor.place(one), floor.place(two)) == (("present", "floor"), ("present", "back"))
    assert floor.level(MILK).by_zone == {"floor": 1}
    event = floor.happened(ItemChanged)[-1]
    assert (event.reason, event.ref) == ("counted", name)
    assert not [e for e in floor.happened(DeviceChanged) if e.problem]


def test_a_hand_held_reader_counts_only_in_a_stocktake(floor: Floor) -> None:
    """Before and after, what it reads has no place."""
    floor.read(HAND, floor.tag(MILK, 1))
    assert floor.place(floor.tag(MILK, 1))[0] == "unknown"
    end(floor, start(floor, "floor"))
    floor.read(HAND, floor.tag(MILK, 2))
    assert floor.place(floor.tag(MILK, 2))[0] == "unknown"


def test_what_was_counted_stays(floor: Floor) -> None:
    """No antenna reads it, and it neither goes missing nor is it in doubt; a restart keeps it."""
    counted(floor, floor.tag(MILK, 1))
    floor.restart()
    for _ in range(100):
        floor.wait(60_000)
        floor.read("reader-1")
    level = floor.level(MILK)
    assert (level.by_zone, level.available) == ({"floor": 1}, 1)


def test_a_tag_is_where_it_is_read_best(floor: Floor) -> None:
    """The next zone reads it through the wall; a stronger read there moves it."""
    epc = floor.tag(MILK, 1)
    name = start(floor, "floor", "back")
    floor.read(HAND, epc, rssi=-50.0)
    floor.ask(EnterZone(name, "back"))
    floor.read(HAND, epc, rssi=-70.0)
    assert floor.place(epc) == ("present", "floor")
    floor.read(HAND, epc, rssi=-45.0)
    assert floor.place(epc) == ("present", "back")
    assert figures(end(floor, name)) == (0, 0, 1, 0, 0, 0)


def test_a_reader_without_strengths_is_believed_where_it_is_last(floor: Floor) -> None:
    """Nothing else is known."""
    epc = floor.tag(MILK, 1)
    name = start(floor, "floor", "back")
    floor.read(HAND, epc, rssi=None)
    floor.ask(EnterZone(name, "back"))
    floor.read(HAND, epc, rssi=None)
    assert floor.place(epc) == ("present", "back")


def test_each_item_is_told_once(floor: Floor) -> None:
    """However often the reader reads it."""
    epc = floor.tag(MILK, 1)
    start(floor, "floor")
    for rssi in (-60.0, -50.0, -70.0, -50.0):
        floor.read(HAND, epc, epc, rssi=rssi)
    assert floor.reasons(epc) == ["counted"]


def test_a_fixed_antenna_that_reads_it_elsewhere_knows_better(floor: Floor) -> None:
    """The hand-held one reads through the wall: the item keeps its place, and is found."""
    epc = floor.tag(MILK, 1)
    floor.watch(30, "reader-2", epc)
    name = start(floor, "floor")
    floor.read("reader-2", epc)
    floor.read(HAND, epc)
    assert floor.place(epc) == ("present", "back")
    assert figures(end(floor, name)) == (1, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("way", ["quiet", "dead"])
def test_a_fixed_antenna_that_does_not_read_it_now_does_not(floor: Floor, way: str) -> None:
    """Neither a silent one nor one that cannot be heard keeps an item that was carried away."""
    epc = floor.tag(MILK, 1)
    floor.watch(30, "reader-2", epc)
    name = start(floor, "floor")
    if way == "quiet":
        floor.watch(3, "reader-2")
    else:
        floor.wait(40_000)
    floor.read(HAND, epc)
    assert floor.place(epc) == ("present", "floor")
    assert figures(end(floor, name)) == (0, 1, 0, 0, 0, 0)


def test_what_is_not_read_is_missing_where_the_count_was(floor: Floor) -> None:
    """Not in other zones; and only once the count has ended."""
    there, gone, other = (floor.tag(MILK, n) for n in (1, 2, 3))
    counted(floor, there, gone)
    counted(floor, other, zone="back")
    name = start(floor, "floor")
    floor.read(HAND, there)
    assert floor.place(gone) == ("present", "floor")
    result = end(floor, name)
    assert figures(result) == (1, 0, 0, 1, 0, 0)
    assert result.products == (CountedProduct(MILK, units=1, missing=1),)
    assert (floor.place(gone)[0], floor.reasons(gone)[-1]) == ("missing", "not_counted")
    assert (floor.place(there)[0], floor.place(other)[0]) == ("present", "present")
    level = floor.level(MILK)
    assert (level.on_hand, level.on_hand_high) == (2, 3)
    assert level.causes[-1] == Cause("not_counted", gone)


def test_a_fixed_antennas_read_since_it_began_is_enough(floor: Floor) -> None:
    """What was read before only is missing."""
    now, before = floor.tag(MILK, 1), floor.tag(MILK, 2)
    floor.watch(30, "reader-2", now, before)
    name = start(floor, "back")
    floor.read("reader-2", now)
    floor.read(HAND)
    assert figures(end(floor, name)) == (0, 0, 0, 1, 0, 0)
    assert (floor.place(now)[0], floor.place(before)[0]) == ("present", "missing")


def test_what_came_after_it_began_is_not_missed(floor: Floor) -> None:
    """A delivery that arrives behind the counter's back was never before the reader."""
    sscc = "106141412345678908"
    epc = floor.tag(MILK, 1)
    floor.ask(AnnounceDelivery(sscc, "floor", (DeliveryLine(MILK, 1, (epc,)),)))
    name = start(floor, "floor")
    floor.read(HAND)
    floor.ask(ReceiveDelivery(sscc))
    assert figures(end(floor, name)) == (0, 0, 0, 0, 0, 0)
    assert floor.place(epc) == ("present", "floor")


def test_an_item_on_its_way_is_left_alone(floor: Floor) -> None:
    """It was taken from its place: the fixed antennas decide."""
    epc = floor.tag(MILK, 1)
    floor.watch(30, "reader-2", epc)
    floor.watch(60, "reader-2")
    assert floor.place(epc)[0] == "moving"
    name = start(floor, "back")
    floor.read(HAND)
    assert figures(end(floor, name)) == (0, 0, 0, 0, 0, 0)
    assert "not_counted" not in floor.reasons(epc)


def test_silence_is_not_absence(floor: Floor) -> None:
    """Where the reader was not, or was not heard, nothing is missing."""
    one, two = floor.tag(MILK, 1), floor.tag(MILK, 2)
    counted(floor, one)
    counted(floor, two, zone="back")
    name = start(floor, "floor", "back")
    floor.read(HAND)
    result = end(floor, name)
    assert (result.zones, figures(result)) == (("floor",), (0, 0, 0, 1, 0, 0))
    dead = end(floor, start(floor, "back"))
    assert (dead.zones, figures(dead)) == ((), (0, 0, 0, 0, 0, 0))
    assert floor.place(two) == ("present", "back")


def test_a_zone_on_the_way_concludes_nothing(floor: Floor) -> None:
    """What is read in a zone that is not to be counted is there; the rest of it is not missing."""
    one, two = floor.tag(MILK, 1), floor.tag(MILK, 2)
    counted(floor, one, zone="back")
    name = start(floor, "floor")
    floor.ask(EnterZone(name, "back"))
    floor.read(HAND, two)
    assert figures(end(floor, name)) == (0, 0, 1, 0, 0, 0)
    assert (floor.place(one), floor.place(two)) == (("present", "back"), ("present", "back"))


def test_a_cancelled_count_concludes_nothing(floor: Floor) -> None:
    """Nothing is missing, no count is corrected; what was read stays where it was read."""
    one, two = floor.tag(MILK, 1), floor.tag(MILK, 2)
    counted(floor, one)
    name = start(floor, "floor")
    floor.read(HAND, two)
    floor.ask(CountUnits(name, RICE, "floor", 5))
    floor.ask(CancelStocktake(name, "fire drill"))
    assert (floor.place(one)[0], floor.place(two)[0]) == ("present", "present")
    assert floor.level(RICE).on_hand == 0
    last = floor.happened(StocktakeChanged)[-1]
    assert (last.state, last.reason, last.missing) == ("cancelled", "fire drill", 0)
    assert len(floor.shop.state.finds) == 0
    with pytest.raises(Refused, match="is cancelled"):
        floor.ask(EndStocktake(name))


def test_an_abandoned_count_concludes_nothing(floor: Floor) -> None:
    """Half a day after its last word it is cancelled; until then it goes on."""
    epc = floor.tag(MILK, 1)
    counted(floor, epc)
    name = start(floor, "floor")
    floor.wait(ABANDONED_MS - 60_000)
    floor.read(HAND)
    floor.wait(ABANDONED_MS - 1)
    assert floor.shop.state.stocktakes[name].state == "open"
    floor.wait(60_000)
    last = floor.happened(StocktakeChanged)[-1]
    assert (last.stocktake, last.state, last.reason) == (name, "cancelled", "abandoned")
    assert floor.place(epc)[0] == "present"


def test_what_was_sold_by_barcode_is_not_missing(floor: Floor) -> None:
    """Nobody knew which one had left; what a count does not find is the one that was sold."""
    epcs = [floor.tag(MILK, n) for n in range(4)]
    counted(floor, *epcs)
    floor.sell("s-1", MILK)
    assert floor.level(MILK).on_hand == 3
    name = start(floor, "floor")
    floor.read(HAND, *epcs[:2])
    result = end(floor, name)
    assert figures(result) == (2, 0, 0, 1, 1, 0)
    assert sorted(floor.place(epc)[0] for epc in epcs[2:]) == ["missing", "sold"]
    assert floor.level(MILK).on_hand == 2


def test_an_item_that_was_taken_for_sold_was_not(floor: Floor) -> None:
    """Its sale is laid at the door of another one that is missing."""
    found, gone = floor.tag(MILK, 1), floor.tag(MILK, 2)
    counted(floor, found)
    name = start(floor, "floor")
    floor.read(HAND)
    end(floor, name)
    floor.sell("s-1", MILK)
    assert floor.place(found)[0] == "sold"
    counted(floor, gone, zone="back")
    end_of_gone = start(floor, "back")
    floor.read(HAND)
    end(floor, end_of_gone)
    name = start(floor, "floor")
    floor.read(HAND, found)
    assert (floor.place(found), floor.place(gone)[0]) == (("present", "floor"), "sold")
    assert figures(end(floor, name)) == (0, 0, 1, 0, 0, 0)


def test_what_was_just_sold_is_on_its_way_out(floor: Floor) -> None:
    """It is not counted; one that is found long after is back, and is not to be promised."""
    epc = floor.tag(MILK, 1)
    floor.sell("s-1", MILK, epc=epc)
    name = start(floor, "floor")
    floor.read(HAND, epc)
    assert floor.place(epc)[0] == "sold"
    floor.wait(10 * 60_000)
    floor.read(HAND, epc)
    assert floor.place(epc) == ("returned", "floor")
    assert floor.level(MILK).available == 0
    assert figures(end(floor, name)) == (0, 0, 1, 0, 0, 0)


def test_strange_tags_are_told(floor: Floor) -> None:
    """A tag of no product, one of an unknown product, one that was written off."""
    foreign, unknown = "E28011700000020F", floor.tag("04006381333962", 1)
    broken = floor.tag(MILK, 1)
    floor.ask(WriteOffItem(broken, "broken"))
    name = start(floor, "floor")
    floor.read(HAND, foreign, unknown, broken, floor.tag(TEA, 1))
    floor.read(HAND, foreign, unknown, broken, rssi=-40.0)
    result = end(floor, name)
    assert figures(result) == (0, 0, 1, 0, 0, 3)
    assert result.tags == tuple(sorted((foreign, unknown, broken)))
    assert result.products == (CountedProduct(TEA, units=1, added=1),)
    assert floor.place(foreign)[0] == "unknown"
    assert floor.place(broken)[0] == "departed"


def test_a_result_names_some_strange_tags_only(floor: Floor) -> None:
    """Their number is whole."""
    name = start(floor, "floor")
    floor.read(HAND, *(f"E280117000{n:06X}" for n in range(SHOWN + 20)))
    result = end(floor, name)
    assert (len(result.tags), result.unexpected) == (SHOWN, SHOWN + 20)


def test_units_correct_the_stock_when_the_count_ends(floor: Floor) -> None:
    """By the difference that there was when they were counted: sales since are not lost."""
    floor.ask(AdjustStock(RICE, "floor", "begin", count=10))
    name = start(floor, "floor", "back")
    floor.ask(CountUnits(name, RICE, "floor", 99))
    floor.ask(CountUnits(name, RICE, "floor", 8))
    floor.ask(CountUnits(name, NUTS, "back", 3))
    floor.ask(CountUnits(name, RICE, "back", 0))
    floor.sell("s-1", RICE, 5)
    assert floor.level(RICE).on_hand == 5
    result = end(floor, name)
    assert result.products == (
        CountedProduct(RICE, units=8, delta=-2),
        CountedProduct(NUTS, units=3, delta=3),
    )
    assert (floor.level(RICE).on_hand, floor.level(NUTS).by_zone) == (3, {"back": 3})
    told = [(e.gtin, e.delta, e.why, e.ref) for e in floor.happened(StockAdjusted)[1:]]
    assert sorted(told) == [(RICE, -2, "counted", name), (NUTS, 3, "counted", name)]
    assert floor.level(NUTS).causes == (Cause("counted", name),)


def test_a_stocktake_tells_its_states_with_its_figures(floor: Floor) -> None:
    """Open, then done with what it found; an end that comes twice is one."""
    counted(floor, floor.tag(MILK, 1), floor.tag(MILK, 2))
    name = start(floor, "floor", "floor")
    floor.read(HAND, floor.tag(MILK, 1), floor.tag(TEA, 1))
    for _ in range(2):
        floor.ask(EndStocktake(name))
    begun, done = [e for e in floor.happened(StocktakeChanged) if e.subject == name]
    assert (begun.state, begun.device, begun.zones) == ("open", HAND, ("floor",))
    assert (done.state, done.found, done.added, done.missing) == ("done", 1, 1, 1)
    assert {p.gtin: p.units for p in done.products} == {MILK: 1, TEA: 1}
    assert len(floor.shop.state.finds) == 0


def test_a_stocktake_survives_a_restart(floor: Floor) -> None:
    """What was read before it was read, and its reader goes on counting."""
    one, two, gone = (floor.tag(MILK, n) for n in (1, 2, 3))
    counted(floor, one, two, gone)
    name = start(floor, "floor")
    floor.read(HAND, one)
    floor.restart()
    floor.read(HAND, two)
    floor.restart()
    assert figures(end(floor, name)) == (2, 0, 0, 1, 0, 0)
    assert start(floor, "floor") != name


def test_a_reader_counts_for_one_stocktake_at_a_time(floor: Floor) -> None:
    """A second one is refused and says which one runs."""
    name = start(floor, "floor")
    with pytest.raises(Refused, match=name):
        floor.ask(StartStocktake(HAND, ("back",)))
    end(floor, name)
    assert start(floor, "back") != name


@pytest.mark.parametrize(
    ("device", "error", "why"),
    [
        ("nobody", NotFound, "known device"),
        ("scanner-1", Refused, "of kind scanner"),
        ("reader-1", Refused, "fixed reader of shelf-a, back, door"),
        ("stranger", Refused, "in service"),
    ],
)
def test_not_every_device_counts(floor: Floor, device: str, error: type[Refused], why: str) -> None:
    """Unknown, no reader, fixed to places, not adopted yet."""
    floor.read("stranger")
    floor.saved()
    with pytest.raises(error, match=why) as refusal:
        floor.ask(StartStocktake(device, ("floor",)))
    assert (refusal.value.path, floor.saved()) == ("device", 0)


def test_wrong_words_change_nothing(floor: Floor) -> None:
    """Unknown zones, products and stocktakes, tags by count, zones that are not counted."""
    name = start(floor, "floor")
    wrong: list[tuple[Command, str]] = [
        (StartStocktake(HAND, ("floor", "moon")), "zones[1]"),
        (StartStocktake(HAND, ()), "zones"),
        (EnterZone(name, "moon"), "zone"),
        (EnterZone("7-9", "floor"), "stocktake"),
        (CountUnits(name, "04006381333962", "floor", 1), "gtin"),
        (CountUnits(name, MILK, "floor", 1), "gtin"),
        (CountUnits(name, RICE, "back", 1), "zone"),
        (CountUnits("7-9", RICE, "floor", 1), "stocktake"),
        (EndStocktake("7-9"), "stocktake"),
        (CancelStocktake("7-9"), "stocktake"),
    ]
    floor.saved()
    for command, path in wrong:
        with pytest.raises(Refused) as refusal:
            floor.ask(command)
        assert (refusal.value.path, floor.saved()) == (path, 0)
    end(floor, name)
    with pytest.raises(Refused, match="is done"):
        floor.ask(CancelStocktake(name))


def test_only_the_newest_stocktakes_are_kept(floor: Floor) -> None:
    """The oldest that is over is let go."""
    first = Stocktake("7-000001", 1, HAND, ("floor",), "floor", "done", 0, 0)
    for n in range(1, KEPT + 1):
        row = replace(first, stocktake=f"7-{n:06}", number=n)
        floor.shop.state.stocktakes.put(row.stocktake, row)
    floor.restart()
    end(floor, start(floor, "floor"))
    kept = floor.shop.state.stocktakes
    assert (len(kept), "7-000001" in kept, "7-001001" in kept) == (KEPT, False, True)
