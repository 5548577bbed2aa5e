"""Deliveries: announced by a sender, received by a person or by their own tag, read since."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devices.rfid.epc import encode
from edge.commands import (
    AnnounceDelivery,
    CancelDelivery,
    Command,
    DeliveryLine,
    PutProducts,
    ReceiveDelivery,
)
from edge.deliveries import KEPT, UNPACKED_MS, Compared, compare
from edge.errors import NotFound, Refused
from edge.events import AnnouncedUnits, Cause, DeliveryChanged, StockAdjusted

if TYPE_CHECKING:
    from tests.edge.conftest import Floor

MILK, TEA = "04006381333931", "06901234567892"
RICE, NUTS = "04006381333948", "04006381333955"
SSCC, OTHER = "106141412345678908", "106141412345678915"


def announce(floor: Floor, *lines: DeliveryLine, sscc: str = SSCC, zone: str = "back") -> None:
    """Announce a delivery."""
    floor.ask(AnnounceDelivery(sscc, zone, lines, "order 7"))


def compared(floor: Floor, gtin: str, sscc: str = SSCC) -> Compared:
    """Give what has come of a product of a delivery."""
    return next(row for row in compare(floor.shop.state.deliveries[sscc]) if row.gtin == gtin)


def states(floor: Floor) -> list[tuple[str, str, str | None]]:
    """Give the states of deliveries as they were told, and who received them."""
    return [(e.sscc, e.state, e.by) for e in floor.happened(DeliveryChanged)]


def pallet(scheme: str = "sscc-96") -> str:
    """Give the EPC on a pallet's own tag."""
    digits = 7 if scheme == "sscc-96" else None
    return encode({"00": SSCC}, scheme, digits)


def test_a_delivery_that_a_person_receives_is_in_its_zone(floor: Floor) -> None:
    """Tags that it names are there, units without tags are counted, other tags wait to be read."""
    named = (floor.tag(MILK, 1), floor.tag(MILK, 2))
    announce(floor, DeliveryLine(MILK, 2, named), DeliveryLine(TEA, 3), DeliveryLine(RICE, 12))
    assert floor.level(RICE).on_hand == 0
    assert floor.ask(ReceiveDelivery(SSCC)) == SSCC
    assert floor.level(MILK).by_zone == {"back": 2}
    assert floor.level(MILK).available == 2
    assert floor.level(TEA).on_hand == 0
    rice = floor.level(RICE)
    assert (rice.by_zone, rice.causes) == ({"back": 12}, (Cause("delivered", SSCC),))
    (adjusted,) = floor.happened(StockAdjusted)
    assert (adjusted.delta, adjusted.why, adjusted.ref, adjusted.reason) == (
        12,
        "delivered",
        SSCC,
        "order 7",
    )
    assert floor.reasons(named[0]) == ["delivered"]


def test_a_delivery_tells_what_it_is(floor: Floor) -> None:
    """Each step is an event about its SSCC, with the units of its products."""
    announce(floor, DeliveryLine(MILK, 2), DeliveryLine(RICE, 5))
    floor.ask(ReceiveDelivery(SSCC, "floor"))
    first, last = floor.happened(DeliveryChanged)
    assert (first.subject, first.state, first.zone, first.by) == (SSCC, "announced", "back", None)
    assert (last.state, last.zone, last.by) == ("received", "floor", "person")
    assert last.lines == (AnnouncedUnits(MILK, 2), AnnouncedUnits(RICE, 5))
    assert floor.level(RICE).by_zone == {"floor": 5}


@pytest.mark.parametrize("scheme", ["sscc-96", "sscc+"])
@pytest.mark.parametrize(("device", "antenna"), [("reader-1", 3), ("reader-2", 1), ("hand-1", 1)])
def test_a_delivery_receives_itself_by_its_tag(
    floor: Floor, scheme: str, device: str, antenna: int
) -> None:
    """Any antenna reads it in, once, into the zone where it is expected."""
    announce(floor, DeliveryLine(RICE, 12))
    for _ in range(3):
        floor.read(device, pallet(scheme), antenna=antenna)
    assert states(floor) == [(SSCC, "announced", None), (SSCC, "received", "tag")]
    assert floor.level(RICE).by_zone == {"back": 12}


def test_a_pallet_that_nobody_announced_says_nothing(floor: Floor) -> None:
    """Until it is announced; then its next read takes it in."""
    floor.read("reader-1", pallet())
    announce(floor, DeliveryLine(RICE, 12))
    assert floor.level(RICE).on_hand == 0
    floor.read("reader-1", pallet())
    assert floor.level(RICE).on_hand == 12


def test_a_strangers_read_receives_nothing(floor: Floor) -> None:
    """A reader that nobody adopted changes no stock."""
    announce(floor, DeliveryLine(RICE, 12))
    floor.read("stranger", pallet())
    assert floor.level(RICE).on_hand == 0


def test_a_repeat_changes_nothing(floor: Floor) -> None:
    """Announced, received or cancelled twice is once."""
    for _ in range(2):
        announce(floor, DeliveryLine(MILK, 1, (floor.tag(MILK, 1),)), DeliveryLine(RICE, 2))
    for _ in range(2):
        floor.ask(ReceiveDelivery(SSCC, "floor"))
        announce(floor, DeliveryLine(MILK, 1, (floor.tag(MILK, 1),)), DeliveryLine(RICE, 2))
    floor.read("reader-1", pallet())
    announce(floor, DeliveryLine(RICE, 1), sscc=OTHER)
    for _ in range(2):
        floor.ask(CancelDelivery(OTHER, "lost"))
    assert [state for _, state, _ in states(floor)] == [
        "announced",
        "received",
        "announced",
        "cancelled",
    ]
    assert (floor.level(MILK).on_hand, floor.level(RICE).on_hand) == (1, 2)


def test_an_announcement_is_corrected_until_it_has_come(floor: Floor) -> None:
    """The last word counts; what has come is not announced again."""
    announce(floor, DeliveryLine(RICE, 12))
    announce(floor, DeliveryLine(RICE, 10), zone="floor")
    floor.ask(ReceiveDelivery(SSCC))
    assert floor.level(RICE).by_zone == {"floor": 10}
    with pytest.raises(Refused, match="is received"):
        announce(floor, DeliveryLine(RICE, 12))
    with pytest.raises(Refused, match="is received"):
        floor.ask(CancelDelivery(SSCC))
    assert floor.level(RICE).on_hand == 10


def test_a_cancelled_delivery_does_not_come(floor: Floor) -> None:
    """Neither by a person nor by its tag, unless it is announced again."""
    announce(floor, DeliveryLine(RICE, 12))
    floor.ask(CancelDelivery(SSCC, "lost at sea"))
    assert floor.happened(DeliveryChanged)[-1].reason == "lost at sea"
    with pytest.raises(Refused, match="is cancelled"):
        floor.ask(ReceiveDelivery(SSCC))
    floor.read("reader-1", pallet())
    assert floor.level(RICE).on_hand == 0
    announce(floor, DeliveryLine(RICE, 12))
    floor.read("reader-1", pallet())
    assert floor.level(RICE).on_hand == 12


def test_what_is_read_is_compared_with_what_was_announced(floor: Floor) -> None:
    """Named tags that are not read are short by name, others by number; what is over is told."""
    one, two, three = (floor.tag(MILK, n) for n in (1, 2, 3))
    teas = [floor.tag(TEA, n) for n in range(3)]
    announce(floor, DeliveryLine(MILK, 3, (one, two)), DeliveryLine(TEA, 2), DeliveryLine(RICE, 5))
    assert compared(floor, MILK) == Compared(MILK, 3, 0, 0, 0, 0, (one, two))
    floor.ask(ReceiveDelivery(SSCC))
    assert compared(floor, MILK) == Compared(MILK, 3, 0, 0, 3, 0, (one, two))
    floor.read("reader-2", one, three, *teas)
    floor.read("reader-2", one, three, *teas)
    assert compared(floor, MILK) == Compared(MILK, 3, 2, 0, 1, 0, (two,))
    assert compared(floor, TEA) == Compared(TEA, 2, 3, 0, 0, 1, ())
    assert compared(floor, RICE) == Compared(RICE, 5, 0, 5, 0, 0, ())
    floor.restart()
    floor.read("hand-1", two)
    assert compared(floor, MILK) == Compared(MILK, 3, 3, 0, 0, 0, ())


def test_a_tag_that_was_not_named_is_over(floor: Floor) -> None:
    """Where every unit is named, a strange one is one too many, and a named one is still short."""
    announce(floor, DeliveryLine(MILK, 1, (floor.tag(MILK, 1),)))
    floor.ask(ReceiveDelivery(SSCC))
    floor.read("reader-2", floor.tag(MILK, 2))
    assert compared(floor, MILK) == Compared(MILK, 1, 1, 0, 1, 1, (floor.tag(MILK, 1),))


def test_what_was_unpacked_before_it_was_received_counts(floor: Floor) -> None:
    """Read while it was announced only; an item that is named is counted once."""
    one, two = floor.tag(MILK, 1), floor.tag(TEA, 1)
    lines = (DeliveryLine(MILK, 2, (one,)), DeliveryLine(TEA, 1))
    announce(floor, *lines)
    floor.read("reader-1", one, two)
    announce(floor, *lines, zone="floor")
    floor.ask(ReceiveDelivery(SSCC))
    assert compared(floor, MILK) == Compared(MILK, 2, 1, 0, 1, 0, ())
    assert compared(floor, TEA).short == 0
    assert floor.reasons(one) == ["arrived"]


def test_new_items_are_of_the_delivery_that_lacks_them(floor: Floor) -> None:
    """Of the first that has come, then of the next; at last the newest one has too many."""
    teas = [floor.tag(TEA, n) for n in range(4)]
    announce(floor, DeliveryLine(TEA, 1))
    announce(floor, DeliveryLine(TEA, 1), sscc=OTHER)
    floor.ask(ReceiveDelivery(OTHER))
    floor.wait(1000)
    floor.read("reader-2", teas[0])
    assert (compared(floor, TEA, OTHER).read, compared(floor, TEA).read) == (1, 0)
    floor.read("reader-2", teas[1])
    assert (compared(floor, TEA, OTHER).read, compared(floor, TEA).read) == (1, 1)
    floor.read("reader-2", teas[2])
    assert compared(floor, TEA, OTHER).surplus == 1
    floor.ask(ReceiveDelivery(SSCC))
    floor.read("reader-2", teas[3])
    assert compared(floor, TEA).surplus == 1


def test_what_is_read_days_later_is_of_no_delivery(floor: Floor) -> None:
    """Neither by name nor by number."""
    announce(floor, DeliveryLine(MILK, 1, (floor.tag(MILK, 1),)), DeliveryLine(TEA, 1))
    floor.ask(ReceiveDelivery(SSCC))
    floor.now += UNPACKED_MS + 1
    floor.read("reader-2", floor.tag(MILK, 1), floor.tag(TEA, 1))
    assert (compared(floor, MILK).short, compared(floor, TEA).short) == (1, 1)


def test_what_became_of_an_item_since_is_not_undone(floor: Floor) -> None:
    """It was sold before anybody received it; an item that comes back with a delivery is there."""
    early, old = floor.tag(MILK, 1), floor.tag(MILK, 2)
    floor.sell("s-1", MILK, epc=old)
    floor.wait(1000)
    announce(floor, DeliveryLine(MILK, 2, (early, old)))
    floor.wait(1000)
    floor.sell("s-2", MILK, epc=early)
    floor.ask(ReceiveDelivery(SSCC))
    assert (floor.place(early), floor.place(old)) == (("sold", None), ("present", "back"))


def test_a_counted_product_may_have_tags_in_a_delivery(floor: Floor) -> None:
    """Its units are counted; the sender's list of tags does no harm."""
    announce(floor, DeliveryLine(RICE, 2, (floor.tag(RICE, 1),)))
    floor.ask(ReceiveDelivery(SSCC))
    assert floor.level(RICE).by_zone == {"back": 2}


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (DeliveryLine("04006381333962", 1), "lines[1].gtin"),
        (DeliveryLine(MILK, 1, ("30340000",)), "lines[1].epcs[0]"),
        (DeliveryLine(TEA, 2, ("TEA", "MILK")), "lines[1].epcs[1]"),
        (DeliveryLine(TEA, 2, ("TEA", "TEA")), "lines[1].epcs[1]"),
        (DeliveryLine(TEA, 1, ("TEA", "TEA")), "lines[1].epcs"),
    ],
)
def test_a_wrong_line_refuses_the_whole_announcement(
    floor: Floor, line: DeliveryLine, path: str
) -> None:
    """An unknown product, a tag of none or of another, one twice, more tags than units."""
    tags = {"TEA": floor.tag(TEA, 1), "MILK": floor.tag(MILK, 1)}
    wrong = DeliveryLine(line.gtin, line.units, tuple(tags.get(epc, epc) for epc in line.epcs))
    floor.saved()
    with pytest.raises(Refused) as refusal:
        announce(floor, DeliveryLine(RICE, 1), wrong)
    assert (refusal.value.path, floor.saved()) == (path, 0)


@pytest.mark.parametrize(
    "command",
    [
        AnnounceDelivery(SSCC, "moon", (DeliveryLine(RICE, 1),)),
        ReceiveDelivery(OTHER),
        ReceiveDelivery(SSCC, "moon"),
        CancelDelivery(OTHER),
    ],
)
def test_what_does_not_exist_is_not_found(floor: Floor, command: Command) -> None:
    """A zone or a delivery that the shop does not know changes nothing."""
    announce(floor, DeliveryLine(RICE, 1))
    floor.saved()
    with pytest.raises(NotFound):
        floor.ask(command)
    assert floor.saved() == 0


def test_a_delivery_survives_a_restart(floor: Floor) -> None:
    """It is still awaited, by its own tag too."""
    announce(floor, DeliveryLine(RICE, 12))
    floor.restart()
    floor.read("reader-1", pallet())
    assert floor.level(RICE).on_hand == 12


def test_only_the_newest_deliveries_are_kept(floor: Floor) -> None:
    """Those that have not come are kept; of the others the oldest are let go."""
    for n in range(KEPT + 2):
        announce(floor, DeliveryLine(RICE, 1), sscc=f"{n:018}")
        if n:
            floor.now += 1
            floor.ask(ReceiveDelivery(f"{n:018}"))
    kept = floor.shop.state.deliveries
    assert (len(kept), f"{0:018}" in kept, f"{1:018}" in kept) == (KEPT + 1, True, False)


def test_a_product_that_is_tagged_from_now_on_is_delivered_by_its_tags(floor: Floor) -> None:
    """What counts is how it is tracked when the delivery comes."""
    announce(floor, DeliveryLine(RICE, 2, (floor.tag(RICE, 1),)))
    product = floor.shop.inventory.require(RICE, "gtin")
    floor.ask(PutProducts((type(product)(RICE, product.name),)))
    floor.ask(ReceiveDelivery(SSCC))
    assert floor.place(floor.tag(RICE, 1)) == ("present", "back")
    assert floor.level(RICE).on_hand == 1
