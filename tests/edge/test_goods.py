"""What people do with goods: transfers, write-offs and returns, and what a repeat of them does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec import ValidationError
from msgspec.json import Decoder, encode
from sqlalchemy import Engine

from edge.answers import KEPT, Answers, Given, TakenBack, TakenLine, Transferred, WrittenOff
from edge.commands import (
    AdjustStock,
    AnnounceDelivery,
    Command,
    CountUnits,
    DeliveryLine,
    EndStocktake,
    EnterZone,
    ReceiveDelivery,
    ReturnedLine,
    StartStocktake,
    TakeBack,
    TransferStock,
    WriteOffItem,
    WriteOffUnits,
)
from edge.errors import NotFound, Refused
from edge.events import Cause, ItemChanged, StockAdjusted
from edge.rows import Rows
from edge.store import Store

if TYPE_CHECKING:
    from tests.edge.conftest import Floor

MILK, TEA = "04006381333931", "06901234567892"
RICE, NUTS = "04006381333948", "04006381333955"
UNKNOWN = "04006381333962"
T0 = 1_800_000_000_000
MINUTES = 60_000


def stocked(floor: Floor, units: int = 10) -> None:
    """Let there be rice on the floor."""
    floor.ask(AdjustStock(RICE, "floor", "begin", count=units))


def placed(floor: Floor, *epcs: str) -> None:
    """Let items stand on the floor by a count."""
    name = floor.ask(StartStocktake("hand-1", ("floor",)))
    floor.read("hand-1", *epcs)
    floor.ask(EndStocktake(name))
    floor.wait(1000)


def uncounted(floor: Floor, *found: str) -> None:
    """Count the floor, where only these items are found."""
    floor.wait(1000)
    placed(floor, *found)


def back(floor: Floor, *lines: ReturnedLine, sale: str | None = None) -> tuple[TakenLine, ...]:
    """Take goods back into the back room and give what became of each line."""
    answer: TakenBack = floor.ask(TakeBack("back", lines, sale, "too small"))
    return answer.lines


# Transfers


def test_untagged_goods_are_transferred(floor: Floor) -> None:
    """The sum stays, both zones are told, and the answer says what is where."""
    stocked(floor)
    answer = floor.ask(TransferStock(RICE, "floor", "back", 4, "full"))
    assert answer == Transferred(RICE, "floor", "back", 4, 6, 4)
    level = floor.level(RICE)
    assert (level.by_zone, level.causes[-1]) == (
        {"back": 4, "floor": 6},
        Cause("transferred", "full"),
    )
    told = [(e.zone, e.delta, e.why, e.reason) for e in floor.happened(StockAdjusted)[1:]]
    assert told == [("floor", -4, "transferred", "full"), ("back", 4, "transferred", "full")]


# Write-offs


def test_untagged_goods_are_written_off(floor: Floor) -> None:
    """With a reason, which the event gives."""
    stocked(floor)
    answer = floor.ask(WriteOffUnits(RICE, "floor", 3, "mice"))
    assert answer == WrittenOff(RICE, "floor", 3, left=7)
    assert floor.level(RICE).on_hand == 7
    last = floor.happened(StockAdjusted)[-1]
    assert (last.delta, last.why, last.reason) == (-3, "written_off", "mice")


def test_a_tagged_item_is_written_off_by_its_tag(floor: Floor) -> None:
    """Wherever it is in the shop, also one that is missing or that nobody has read."""
    here, missing, unread = (floor.tag(MILK, n) for n in (1, 2, 3))
    placed(floor, here, missing)
    uncounted(floor, here)
    answer = floor.ask(WriteOffItem(here, "broken"))
    assert answer == WrittenOff(MILK, "floor", 1, epc=here)
    last = floor.happened(ItemChanged)[-1]
    assert (last.state, last.reason, last.note) == ("departed", "written_off", "broken")
    floor.ask(WriteOffItem(missing, "found in pieces"))
    floor.ask(WriteOffItem(unread, "broken on its way"))
    level = floor.level(MILK)
    assert (level.on_hand, level.on_hand_high) == (0, 0)


@pytest.mark.parametrize("gone", ["sold", "written off"])
def test_what_is_no_stock_is_not_written_off(floor: Floor, gone: str) -> None:
    """The answer says what it is."""
    epc = floor.tag(MILK, 1)
    if gone == "sold":
        floor.sell("s-1", MILK, epc=epc)
    else:
        floor.ask(WriteOffItem(epc, "broken"))
    with pytest.raises(Refused, match="is sold" if gone == "sold" else "written_off"):
        floor.ask(WriteOffItem(epc, "broken"))


# Returns


def test_untagged_goods_come_back(floor: Floor) -> None:
    """Into the zone; those that cannot be sold again are told and not added."""
    stocked(floor)
    floor.sell("s-1", RICE, 3)
    lines = back(floor, ReturnedLine(RICE, 2), ReturnedLine(RICE, 1, resaleable=False), sale="s-1")
    assert lines == (TakenLine(RICE, 2), TakenLine(RICE, 1))
    assert floor.level(RICE).by_zone == {"back": 2, "floor": 7}
    told = [(e.delta, e.why, e.ref, e.reason) for e in floor.happened(StockAdjusted)[1:]]
    assert told == [(2, "returned", "s-1", "too small"), (0, "returned", "s-1", "too small")]


def test_a_tagged_item_comes_back_by_its_tag(floor: Floor) -> None:
    """It is on hand and not promised; brought back again it is refused."""
    epc = floor.tag(MILK, 1)
    floor.sell("s-1", MILK, epc=epc)
    assert back(floor, ReturnedLine(MILK, 1, epc), sale="s-1") == (TakenLine(MILK, 1, (epc,)),)
    assert floor.place(epc) == ("returned", "back")
    level = floor.level(MILK)
    assert (level.on_hand, level.available) == (1, 0)
    last = floor.happened(ItemChanged)[-1]
    assert (last.reason, last.ref, last.note) == ("returned", "s-1", "too small")
    with pytest.raises(Refused, match="brought back already"):
        back(floor, ReturnedLine(MILK, 1, epc))


def test_a_tag_of_another_shop_comes_back(floor: Floor) -> None:
    """It was never read here."""
    epc = floor.tag(MILK, 1)
    back(floor, ReturnedLine(MILK, 1, epc))
    assert floor.place(epc) == ("returned", "back")


def test_a_broken_item_comes_back_and_is_no_stock(floor: Floor) -> None:
    """Both are told."""
    epc = floor.tag(MILK, 1)
    floor.sell("s-1", MILK, epc=epc)
    back(floor, ReturnedLine(MILK, 1, epc, resaleable=False))
    assert floor.reasons(epc) == ["sold", "returned", "written_off"]
    assert floor.level(MILK).on_hand == 0


def test_an_item_that_was_sold_by_barcode_unnoticed_comes_back(floor: Floor) -> None:
    """It was believed on its shelf, and a unit less was on hand: now it is not sold any more."""
    one, two = floor.tag(MILK, 1), floor.tag(MILK, 2)
    placed(floor, one, two)
    floor.sell("s-1", MILK)
    assert floor.level(MILK).on_hand == 1
    back(floor, ReturnedLine(MILK, 1, one), sale="s-1")
    assert floor.level(MILK).by_zone == {"back": 1, "floor": 1}
    assert floor.level(MILK).on_hand == 2


def test_the_item_that_comes_back_was_the_one_sold(floor: Floor) -> None:
    """Another one was taken for it, and is missing after all."""
    real, guessed = floor.tag(MILK, 1), floor.tag(MILK, 2)
    placed(floor, real, guessed)
    uncounted(floor, real)
    floor.sell("s-1", MILK)
    assert floor.place(guessed)[0] == "sold"
    back(floor, ReturnedLine(MILK, 1, real))
    assert (floor.place(real), floor.place(guessed)[0]) == (("returned", "back"), "missing")
    assert floor.reasons(guessed)[-1] == "not_sold"


def test_a_barcode_brings_back_the_likeliest_item(floor: Floor) -> None:
    """Of the named sale first, then one that was only taken for sold, then the newest."""
    old, new, guessed, named = (floor.tag(MILK, n) for n in range(4))
    placed(floor, guessed)
    for sale, epc in (("s-1", named), ("s-2", old), ("s-3", new)):
        floor.sell(sale, MILK, epc=epc)
        floor.wait(1000)
    uncounted(floor)
    floor.sell("s-4", MILK)
    (line,) = back(floor, ReturnedLine(MILK, 3), sale="s-1")
    assert line == TakenLine(MILK, 3, (named, guessed, new))
    assert back(floor, ReturnedLine(MILK, 2)) == (TakenLine(MILK, 2, (old,), open=1),)
    assert floor.level(MILK).on_hand == 4


@pytest.mark.parametrize("reader", ["reader-2", "hand-1"])
def test_the_tag_tells_who_came_back_by_barcode(floor: Floor, reader: str) -> None:
    """Another item was taken for it: that one is sold after all, and nothing is counted twice."""
    real, presumed = floor.tag(MILK, 1), floor.tag(MILK, 2)
    for epc in (real, presumed):
        floor.sell(f"s-{epc}", MILK, epc=epc)
        floor.wait(1000)
    assert back(floor, ReturnedLine(MILK, 1)) == (TakenLine(MILK, 1, (presumed,)),)
    assert floor.reasons(presumed)[-1] == "presumed_returned"
    floor.wait(5 * MINUTES)
    floor.ask(StartStocktake("hand-1", ("back",)))
    floor.watch(20, reader, real)
    assert (floor.place(real), floor.place(presumed)) == (("returned", "back"), ("sold", None))
    assert floor.reasons(presumed)[-1] == "not_returned"
    assert floor.level(MILK).on_hand == 1


def test_an_item_that_was_taken_for_the_one_that_came_back_may_be_it(floor: Floor) -> None:
    """Once it is read it is no guess any more."""
    guessed, other = floor.tag(MILK, 1), floor.tag(MILK, 2)
    for epc in (other, guessed):
        floor.sell(f"s-{epc}", MILK, epc=epc)
        floor.wait(1000)
    back(floor, ReturnedLine(MILK, 1))
    floor.watch(20, "reader-2", guessed)
    floor.wait(5 * MINUTES)
    floor.watch(20, "reader-2", guessed, other)
    assert floor.level(MILK).on_hand == 2


def test_a_barcode_takes_back_a_sale_whose_item_has_not_left(floor: Floor) -> None:
    """Nobody knew which item it was, and nobody need know."""
    placed(floor, floor.tag(MILK, 1), floor.tag(MILK, 2))
    floor.sell("s-1", MILK)
    assert floor.level(MILK).on_hand == 1
    assert back(floor, ReturnedLine(MILK, 1), sale="s-1") == (TakenLine(MILK, 1, unsold=1),)
    level = floor.level(MILK)
    assert (level.on_hand, level.causes) == (2, (Cause("returned", "s-1"),))


def test_a_broken_unit_by_barcode_leaves_its_sale_as_it_is(floor: Floor) -> None:
    """Its tag is gone from the stock, and does not come back."""
    placed(floor, floor.tag(MILK, 1), floor.tag(MILK, 2))
    floor.sell("s-1", MILK)
    (line,) = back(floor, ReturnedLine(MILK, 1, resaleable=False))
    assert line == TakenLine(MILK, 1, open=1)
    assert floor.level(MILK).on_hand == 1


def test_a_barcode_without_a_sold_item_waits_for_the_tag(floor: Floor) -> None:
    """The answer says so; the tag is stock once it is read."""
    assert back(floor, ReturnedLine(MILK, 1)) == (TakenLine(MILK, 1, open=1),)
    assert floor.level(MILK).on_hand == 0
    floor.watch(3, "reader-2", floor.tag(MILK, 1))
    assert floor.level(MILK).by_zone == {"back": 1}


def test_lines_that_name_a_tag_are_known_before_others_are_guessed(floor: Floor) -> None:
    """The answer keeps the order of the lines."""
    one, two = floor.tag(MILK, 1), floor.tag(MILK, 2)
    for epc in (one, two):
        floor.sell(f"s-{epc}", MILK, epc=epc)
        floor.wait(1000)
    lines = back(floor, ReturnedLine(MILK, 1), ReturnedLine(MILK, 1, two))
    assert lines == (TakenLine(MILK, 1, (one,)), TakenLine(MILK, 1, (two,)))


def test_a_counted_product_comes_back_by_number(floor: Floor) -> None:
    """Also where somebody read a tag on it."""
    back(floor, ReturnedLine(RICE, 1, floor.tag(RICE, 1)))
    assert floor.level(RICE).by_zone == {"back": 1}


# What is refused


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (TransferStock(RICE, "floor", "back", 11), "units"),
        (TransferStock(RICE, "back", "floor", 1), "units"),
        (TransferStock(RICE, "floor", "floor", 1), "to"),
        (TransferStock(RICE, "moon", "floor", 1), "from"),
        (TransferStock(RICE, "floor", "moon", 1), "to"),
        (TransferStock(UNKNOWN, "floor", "back", 1), "gtin"),
        (TransferStock(MILK, "floor", "back", 1), "gtin"),
        (WriteOffUnits(RICE, "floor", 11, "mice"), "units"),
        (WriteOffUnits(RICE, "moon", 1, "mice"), "zone"),
        (WriteOffUnits(UNKNOWN, "floor", 1, "mice"), "gtin"),
        (WriteOffUnits(MILK, "floor", 1, "mice"), "gtin"),
        (WriteOffItem("30340000", "mice"), "epc"),
        (WriteOffItem("RICE", "mice"), "epc"),
        (WriteOffItem("UNKNOWN", "mice"), "epc"),
        (TakeBack("moon", (ReturnedLine(RICE, 1),)), "zone"),
        (TakeBack("back", (ReturnedLine(RICE, 1), ReturnedLine(UNKNOWN, 1))), "lines[1].gtin"),
        (TakeBack("back", (ReturnedLine(RICE, 1), ReturnedLine(TEA, 1, "MILK"))), "lines[1].epc"),
        (
            TakeBack("back", (ReturnedLine(RICE, 1), ReturnedLine(MILK, 2, "MILK"))),
            "lines[1].units",
        ),
        (TakeBack("back", (ReturnedLine(MILK, 1, "MILK"),) * 2), "lines[1].epc"),
        (TakeBack("back", (ReturnedLine(RICE, 1), ReturnedLine(MILK, 1, "3034"))), "lines[1].epc"),
    ],
)
def test_what_cannot_be_changes_nothing(floor: Floor, command: Command, path: str) -> None:
    """Too many, unknown, of another product: no line of it is done."""
    stocked(floor)
    floor.level(RICE)
    tags = {"RICE": RICE, "MILK": MILK, "TEA": TEA, "UNKNOWN": UNKNOWN}
    named = {name: floor.tag(gtin, 1) for name, gtin in tags.items()}
    if isinstance(command, WriteOffItem):
        command = WriteOffItem(named.get(command.epc, command.epc), command.reason)
    if isinstance(command, TakeBack):
        lines = [
            ReturnedLine(x.gtin, x.units, named.get(x.epc, x.epc) if x.epc else None)
            for x in command.lines
        ]
        command = TakeBack(command.zone, tuple(lines))
    floor.saved()
    with pytest.raises(Refused) as refusal:
        floor.ask(command)
    assert (refusal.value.path, floor.saved()) == (path, 0)


def test_a_refusal_says_what_there_is(floor: Floor) -> None:
    """The person at the shelf knows what to do."""
    stocked(floor)
    with pytest.raises(Refused, match=f"at most the 10 of {RICE} in floor, came 11"):
        floor.ask(TransferStock(RICE, "floor", "back", 11))
    with pytest.raises(Refused, match="they tell where it is"):
        floor.ask(TransferStock(MILK, "floor", "back", 1))
    with pytest.raises(Refused, match="by their EPCs"):
        floor.ask(WriteOffUnits(MILK, "floor", 1, "mice"))
    with pytest.raises(NotFound, match="put the product first"):
        floor.ask(WriteOffUnits(UNKNOWN, "floor", 1, "mice"))


# Repeats


def test_an_operation_with_an_id_is_done_once(floor: Floor) -> None:
    """The answer is the same, over a restart too, and whatever happened since."""
    stocked(floor)
    operations: list[Command] = [
        TransferStock(RICE, "floor", "back", 2, id="a"),
        WriteOffUnits(RICE, "floor", 1, "mice", id="b"),
        WriteOffItem(floor.tag(MILK, 1), "broken", id="c"),
        TakeBack("back", (ReturnedLine(RICE, 1), ReturnedLine(MILK, 1)), id="d"),
        AnnounceDelivery("106141412345678908", "back", (DeliveryLine(RICE, 1),), id="e"),
        StartStocktake("hand-1", ("floor", "back"), id="f"),
    ]
    answers = [floor.ask(operation) for operation in operations]
    name = answers[-1]
    operations += [
        EnterZone(name, "back", id="g"),
        CountUnits(name, NUTS, "back", 3, id="h"),
        EndStocktake(name, id="i"),
    ]
    answers += [floor.ask(operation) for operation in operations[-3:]]
    stocks = [floor.level(gtin).by_zone for gtin in (RICE, NUTS)]
    floor.restart()
    floor.saved()
    happened = len(floor.events)
    assert [floor.ask(operation) for operation in operations] == answers
    assert (floor.saved(), len(floor.events)) == (0, happened)
    assert [floor.level(gtin).by_zone for gtin in (RICE, NUTS)] == stocks


def test_an_id_is_of_one_operation(floor: Floor) -> None:
    """Another one with it is refused and not done; one that was refused may come again."""
    stocked(floor, 1)
    with pytest.raises(Refused, match="at most the 1"):
        floor.ask(TransferStock(RICE, "floor", "back", 2, id="a"))
    stocked(floor, 5)
    floor.ask(TransferStock(RICE, "floor", "back", 2, id="a"))
    with pytest.raises(Refused, match="used for something else") as refusal:
        floor.ask(TransferStock(RICE, "floor", "back", 3, id="a"))
    assert refusal.value.path == "id"
    assert floor.level(RICE).by_zone == {"back": 2, "floor": 3}


def test_the_newest_answers_are_kept() -> None:
    """The oldest id may be used again."""
    rows: Rows[str, Given] = Rows()
    answers = Answers(rows)
    operations = [WriteOffItem("3034", "mice", id=str(n)) for n in range(KEPT + 1)]
    for operation in operations:
        answers.keep(operation, "done")
    again = Answers(rows)
    assert (len(rows), again.repeat(operations[0]), again.repeat(operations[1])) == (
        KEPT,
        None,
        "done",
    )
    again.keep(operations[0], "done anew")
    assert (len(rows), again.repeat(operations[1])) == (KEPT, None)


def test_all_that_people_told_is_on_disk(floor: Floor, engine: Engine) -> None:
    """Deliveries, stocktakes, what they have read, and the answers come back as they were."""
    stocked(floor)
    lines = (DeliveryLine(RICE, 1), DeliveryLine(MILK, 2, (floor.tag(MILK, 1),)))
    for sscc in ("106141412345678908", "106141412345678915"):
        floor.ask(AnnounceDelivery(sscc, "back", lines, "order 7", id=sscc))
    floor.ask(ReceiveDelivery("106141412345678908"))
    floor.read("reader-2", floor.tag(MILK, 1), floor.tag(MILK, 2))
    for _ in range(2):
        floor.wait(1000)
        name = floor.ask(StartStocktake("hand-1", ("floor", "back")))
        floor.ask(CountUnits(name, RICE, "floor", 8))
        floor.read("hand-1", floor.tag(TEA, 1), "E28011700000020F")
        floor.read("hand-1", floor.tag(TEA, 2), rssi=None)
        if floor.now < T0 + 2000:
            floor.ask(EndStocktake(name))
    floor.ask(TransferStock(RICE, "floor", "back", 1, id="a"))
    floor.ask(WriteOffUnits(RICE, "floor", 1, "mice", id="b"))
    floor.ask(TakeBack("back", (ReturnedLine(MILK, 1),), id="c"))
    Store(engine, 7).commit(floor.shop.state, floor.events, floor.now)
    loaded = Store(engine).load()
    for kept in ("deliveries", "stocktakes", "finds", "answers"):
        told = list(getattr(floor.shop.state, kept))
        assert told
        assert sorted(getattr(loaded, kept), key=repr) == sorted(told, key=repr)


def test_what_people_tell_is_read_back_from_a_recording() -> None:
    """Each word keeps its kind, and units that cannot be are refused at the door."""
    told: list[Command] = [
        AnnounceDelivery("106141412345678908", "back", (DeliveryLine(RICE, 1, ("3034",)),), id="e"),
        CountUnits("7-000001", RICE, "floor", 0),
        TransferStock(RICE, "floor", "back", 1),
        WriteOffUnits(RICE, "floor", 1, "mice", id="b"),
        WriteOffItem("3034", "mice"),
        TakeBack("back", (ReturnedLine(MILK, 1, "3034", resaleable=False),), "s-1"),
    ]
    decoder = Decoder(Command)
    for command in told:
        assert decoder.decode(encode(command)) == command
    with pytest.raises(ValidationError):
        decoder.decode(encode(TransferStock(RICE, "floor", "back", -1)))
