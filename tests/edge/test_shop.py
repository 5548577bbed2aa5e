"""The whole shop: what one noun's event means to another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import pytest
from msgspec.structs import replace

from edge.commands import (
    AdjustStock,
    AdoptDevice,
    BindLabel,
    CancelBasket,
    Command,
    CommandDevice,
    ConfigureDevice,
    IdentifyLabel,
    KeepPicture,
    PayBasket,
    PriceChange,
    Product,
    PutProducts,
    RollBackDevice,
    ScanAtLane,
    SetPrices,
    VoidLine,
)
from edge.config import Settings
from edge.errors import Refused
from edge.events import (
    DeviceAnswered,
    DeviceChanged,
    DeviceCommanded,
    Event,
    ItemChanged,
    LabelChanged,
    LaneChanged,
    OccupancyChanged,
    PriceEffective,
    SaleCompleted,
    StockChanged,
    TrafficCounted,
)
from edge.health import INBOX_LIMIT
from edge.readings import (
    CodeScanned,
    CommandAnswered,
    Crossing,
    DeviceReported,
    Kind,
    LabelReported,
    LabelShown,
    Message,
    PeopleCrossed,
    PeopleSeen,
    PresenceMapped,
    ProblemReported,
    Reading,
    SaleReported,
    SoldLine,
    TagRead,
    TagsRead,
    WeightRead,
    ZonePeople,
)
from edge.shop import Codes, Shop
from edge.state import State

MILK, TEA = "04006381333931", "06901234567892"
T0 = 1_800_000_000_000
MISSING_MS = 60_000
SILENT_MS = 30_000
Tag = Callable[[str, int], str]
Opener = Callable[[State, int], Shop]


class Day:
    """A shop and a clock; keeps all events. It sells milk and tea."""

    def __init__(self, open_shop: Opener) -> None:
        """Open a shop that knows its products and prices."""
        self.now = T0
        self.events: list[Event] = []
        self.shop = open_shop(State(), T0)
        products = (Product(MILK, "Milk"), Product(TEA, "Tea"))
        self.ask(PutProducts(products))
        self.ask(SetPrices((PriceChange(MILK, 300), PriceChange(TEA, 900))))

    def hear(self, device: str, kind: Kind, *readings: Reading) -> None:
        """Let a device say something that it does not number."""
        self.take(self.shop.accept(Message(device, kind, readings), self.now))

    def read(self, device: str, antenna: int, *epcs: str) -> None:
        """Let a reader see tags."""
        reads = tuple(TagRead(epc, antenna, -50.0, self.now) for epc in epcs)
        self.hear(device, "rfid", TagsRead(reads))

    def watch(self, seconds: int, device: str, *epcs: str) -> None:
        """Let a reader see tags, or nothing, in each of so many seconds."""
        for _ in range(seconds):
            self.wait(1000)
            self.read(device, 1, *epcs)

    def ask(self, command: Command) -> Any:
        """Carry a command out."""
        answer, events = self.shop.execute(command, self.now)
        self.take(events)
        return answer

    def wait(self, ms: int) -> None:
        """Let time pass."""
        self.now += ms
        self.take(self.shop.advance(self.now))

    def take(self, events: Sequence[Event]) -> None:
        """Keep events, and the levels that follow."""
        self.events += [*events, *self.shop.settle(self.now)]

    def level(self, gtin: str) -> StockChanged:
        """Give the newest level of a product, once it had its time."""
        self.wait(1000)
        return [e for e in self.events if isinstance(e, StockChanged) and e.gtin == gtin][-1]

    def lane(self) -> LaneChanged:
        """Give what lane 1 shows."""
        return [e for e in self.events if isinstance(e, LaneChanged) and e.lane == "lane-1"][-1]

    def reasons(self, epc: str) -> list[str]:
        """Give the reasons of an item's events."""
        return [e.reason for e in self.events if isinstance(e, ItemChanged) and e.epc == epc]


@pytest.fixture
def day(open_shop: Opener) -> Day:
    """Begin a day."""
    return Day(open_shop)


def saved(state: State) -> int:
    """Count the rows that wait to be saved, and let them be saved."""
    return sum(len(rows) for f in fields(state) for rows in getattr(state, f.name).collect())


def test_a_tag_that_is_scanned_at_the_till_leaves_the_stock(day: Day, tag: Tag) -> None:
    """From the shelf into the basket, paid, through the gate: nobody cries thief."""
    epc = tag(MILK, 1)
    day.read("reader-1", 1, epc)
    code = f"(01){MILK}(21)1".replace("(", "").replace(")", "")
    day.hear("scanner-1", "scanner", CodeScanned(day.now, f"]C1{code}", "gs1-128"))
    assert day.level(MILK).in_basket == 1
    lane = day.lane()
    assert [(line.gtin, line.epc, line.price) for line in lane.lines] == [(MILK, epc, 300)]
    day.ask(PayBasket("lane-1", lane.basket or ""))
    level = day.level(MILK)
    assert (level.on_hand, level.in_basket) == (0, 0)
    day.read("reader-1", 3, epc)
    day.wait(300)
    day.read("reader-1", 3, epc)
    assert day.reasons(epc) == ["arrived", "sold", "departed"]


@pytest.mark.parametrize("way", ["cancel", "void"])
def test_what_leaves_a_basket_unsold_is_offered_again(day: Day, tag: Tag, way: str) -> None:
    """Online may sell what is back on the shelf."""
    day.read("reader-1", 1, tag(MILK, 1))
    day.ask(ScanAtLane("lane-1", MILK))
    assert day.level(MILK).available == 0
    day.ask(CancelBasket("lane-1") if way == "cancel" else VoidLine("lane-1", 1))
    level = day.level(MILK)
    assert (level.in_basket, level.available) == (0, 1)


def test_a_basket_that_was_open_over_a_restart_is_given_back_too(
    day: Day, tag: Tag, open_shop: Opener
) -> None:
    """The shop that carries on knows what was in it."""
    day.read("reader-1", 1, tag(MILK, 1))
    day.ask(ScanAtLane("lane-1", MILK))
    assert day.level(MILK).available == 0
    day.shop = open_shop(day.shop.state, day.now)
    day.ask(CancelBasket("lane-1"))
    assert day.level(MILK).available == 1


def test_a_scan_that_names_nothing_sold_here_warns(day: Day) -> None:
    """An unknown code, a product without a price, no code at all."""
    day.ask(PutProducts((Product("04006381333948", "Eggs"),)))
    warnings = []
    for data in ("04006381333955", "04006381333948", "hello"):
        day.ask(ScanAtLane("lane-1", data))
        warnings.append(day.lane().warning)
    assert warnings == [
        "unknown code 04006381333955: ask a member of staff",
        "Eggs has no price yet: ask a member of staff",
        "unknown code hello: ask a member of staff",
    ]


def test_a_foreign_till_of_a_lane_needs_no_adoption(day: Day, tag: Tag) -> None:
    """Its sale counts once, also when the inbox is full of strangers."""
    for n in range(INBOX_LIMIT):
        day.hear(f"stranger-{n}", "camera", PeopleSeen(T0, ()))
    day.read("reader-1", 1, tag(MILK, 1), tag(MILK, 2))
    line = SoldLine(MILK, 1, 300)
    for _ in range(2):
        day.hear("lane-2", "checkout", SaleReported(day.now, "r-1", "CNY", (line,), 300))
    assert len([e for e in day.events if isinstance(e, SaleCompleted)]) == 1
    assert day.level(MILK).on_hand == 1


def test_a_stranger_changes_nothing_until_it_is_adopted(day: Day, tag: Tag) -> None:
    """It is in the inbox; what it says counts from its adoption on."""
    day.read("reader-9", 1, tag(MILK, 1))
    assert day.level(MILK).on_hand == 0
    day.ask(AdoptDevice("reader-9", "rfid", places={1: "shelf-a"}))
    day.read("reader-9", 1, tag(MILK, 1))
    assert day.level(MILK).by_zone == {"floor": 1}


def test_a_flood_of_strangers_leaves_a_bounded_trace(day: Day) -> None:
    """Neither their names nor their numbers fill the disk; those that are known still count."""
    for n in range(INBOX_LIMIT + 100):
        message = Message(f"stranger-{n}", "rfid", (TagsRead(()),), "boot", 1)
        day.take(day.shop.accept(message, day.now))
        will = Message(f"will-{n}", "rfid", (DeviceReported(online=False),), "boot", 1)
        day.take(day.shop.accept(will, day.now))
    assert len(day.shop.state.devices) == INBOX_LIMIT
    assert len(day.shop.state.sequences) < INBOX_LIMIT
    assert day.shop.acknowledged("stranger-1099", "boot") == 0
    day.hear("reader-1", "rfid", TagsRead(()))
    assert day.shop.state.devices["reader-1"].online


def test_a_numbered_message_counts_once(day: Day) -> None:
    """A repeat gives no event; the number is acknowledged."""
    scan = CodeScanned(T0, MILK, "ean13")
    message = Message("scanner-1", "scanner", (scan,), "boot-1", 1)
    assert day.shop.accept(message, T0)
    assert day.shop.accept(message, T0) == []
    assert len(day.shop.accept(replace(message, seq=2), T0)) == 1
    assert day.shop.acknowledged("scanner-1", "boot-1") == 2
    assert day.shop.state.lanes["lane-1"].lines[0].qty == 2


def test_a_dead_reader_takes_no_stock_with_it(day: Day, tag: Tag) -> None:
    """It is reported, its levels are stale, its items stay; another reader's items go on."""
    day.read("reader-1", 1, tag(MILK, 1))
    day.watch(60, "reader-2", tag(TEA, 1))
    day.watch(200, "reader-2")
    assert (day.reasons(tag(MILK, 1)), day.reasons(tag(TEA, 1))) == (
        ["arrived"],
        ["arrived", "taken", "missing"],
    )
    milk, tea = day.level(MILK), day.level(TEA)
    assert (milk.stale, milk.stale_zones, tea.stale) == (True, ("floor",), False)
    day.read("reader-1", 1)
    assert day.level(MILK).stale
    day.watch(30, "reader-1", tag(MILK, 1))
    assert not day.level(MILK).stale


def test_a_will_freezes_at_once_and_a_restart_remembers(
    day: Day, tag: Tag, open_shop: Opener
) -> None:
    """A reader that was dead before the restart is dead after it."""
    day.read("reader-1", 1, tag(MILK, 1))
    day.hear("reader-1", "rfid", DeviceReported(online=False))
    assert day.level(MILK).stale
    day.shop = open_shop(day.shop.state, day.now)
    for _ in range(3):
        day.wait(MISSING_MS)
    assert day.reasons(tag(MILK, 1)) == ["arrived"]
    assert day.level(MILK).stale


def test_a_brokers_outage_is_nobodys_absence(day: Day, tag: Tag) -> None:
    """While nobody can be heard nothing goes missing, however long; then silence counts anew."""
    epc = tag(MILK, 1)
    day.watch(60, "reader-1", epc)
    day.shop.listen(connected=False, now=day.now)
    for _ in range(100):
        day.wait(MISSING_MS)
    assert day.level(MILK).stale
    day.shop.listen(connected=True, now=day.now)
    day.watch(3, "reader-1")
    assert day.reasons(epc) == ["arrived"]
    assert day.level(MILK).stale
    day.watch(3, "reader-1")
    assert not day.level(MILK).stale
    day.watch(100, "reader-1")
    assert day.reasons(epc) == ["arrived", "taken", "missing"]


def test_a_reader_tells_what_its_own_silence_means(day: Day, tag: Tag) -> None:
    """Unplugged antennas, lost readings, reading switched off: nothing leaves on their word."""
    epc = tag(MILK, 1)
    day.watch(60, "reader-1", epc)
    for problem in (
        ProblemReported(day.now, "antenna-1-disconnected", antenna=1),
        ProblemReported(day.now, "not-reading"),
    ):
        day.hear("reader-1", "rfid", problem)
        day.watch(100, "reader-1")
        assert day.level(MILK).stale
        day.hear("reader-1", "rfid", replace(problem, active=False))
        assert day.level(MILK).stale
        day.watch(20, "reader-1", epc)
        assert not day.level(MILK).stale
    for _ in range(10):
        day.hear("reader-1", "rfid", ProblemReported(day.now, "reads-lost", lost=7))
        day.watch(3, "reader-1")
    assert day.reasons(epc) == ["arrived"]
    assert day.level(MILK).stale


def test_a_reader_that_may_be_silent_for_long_takes_no_stock_with_it(
    settings: Settings, codes: Codes, tag: Tag
) -> None:
    """Its items would be overdue before it counts as silent."""
    devices = tuple(d.model_copy(update={"silent_after_s": 300.0}) for d in settings.devices)
    patient = settings.model_copy(update={"devices": devices})
    shop = Shop(patient, State(), codes, epoch=1, now=T0)
    shop.listen(connected=True, now=T0)
    sighting = TagRead(tag(MILK, 1), 1, -50.0, T0)
    shop.accept(Message("reader-1", "rfid", (TagsRead((sighting,)),)), T0)
    for now in range(T0, T0 + 10 * MISSING_MS, 1000):
        assert not [e for e in shop.advance(now) if isinstance(e, ItemChanged)]


def test_an_antenna_without_a_place_is_a_fault_and_not_a_place(day: Day, tag: Tag) -> None:
    """Told once; the other antennas go on."""
    day.read("reader-1", 9, tag(MILK, 1), tag(MILK, 2))
    day.read("reader-1", 9, tag(MILK, 1))
    problems = [e.problem for e in day.events if isinstance(e, DeviceChanged) and e.problem]
    assert problems == ["antenna-9-has-no-place"]
    assert day.level(MILK).on_hand == 0


def test_a_scanner_without_a_lane_is_a_fault(day: Day) -> None:
    """It is told, and nothing is sold."""
    day.hear("scanner-2", "scanner", CodeScanned(T0, MILK, "ean13"))
    assert day.shop.state.devices["scanner-2"].problems == ("no-lane",)
    assert not [e for e in day.events if isinstance(e, LaneChanged)]


def test_a_price_goes_from_the_command_over_the_label_to_the_till(day: Day) -> None:
    """Due, drawn, sent, shown, effective; meanwhile the till charges the lower price."""
    day.ask(BindLabel("label-1", MILK))
    for amount, image in ((300, "a" * 16), (400, "b" * 16)):
        day.ask(SetPrices((PriceChange(MILK, amount),)))
        revision = day.shop.state.labels["label-1"].revision
        day.ask(KeepPicture("label-1", revision, image, b"png"))
        assert day.shop.prices.pricing.till(MILK) == 300
        day.hear("labels-1", "label", LabelShown(day.now, "label-1", image))
    assert day.shop.prices.pricing.till(MILK) == 400
    states = [e.state for e in day.events if isinstance(e, LabelChanged)]
    assert states == ["due", "sent", "shown"] * 2
    amounts = [e.amount for e in day.events if isinstance(e, PriceEffective) and e.gtin == MILK]
    assert amounts == [300, 300, 400]


def test_planned_prices_begin_and_labels_that_do_not_answer_are_asked_again(day: Day) -> None:
    """Time does what commands do."""
    day.ask(BindLabel("label-1", MILK))
    day.ask(SetPrices((PriceChange(MILK, 200, T0 + 5_000, T0 + 9_000, "hour"),)))
    day.wait(5_000)
    assert day.shop.prices.pricing.till(MILK) == 200
    revision = day.shop.state.labels["label-1"].revision
    day.ask(KeepPicture("label-1", revision, "a" * 16, b"png"))
    day.wait(15_000)
    last = [e for e in day.events if isinstance(e, LabelChanged)][-1]
    assert (last.state, last.content.amount) == ("due", 300)


def test_a_label_that_the_settings_bind_is_drawn(
    day: Day, settings: Settings, codes: Codes
) -> None:
    """Also when its product had its price long before; and again for another template."""
    labels = tuple(x.model_copy(update={"gtin": MILK}) for x in settings.labels)
    day.shop.state.labels.drop("label-1")
    bound = settings.model_copy(update={"labels": labels})
    day.shop = Shop(bound, day.shop.state, codes, epoch=7, now=day.now)
    day.wait(1000)
    day.wait(1000)
    due = [(e.label, e.content.gtin) for e in day.events if isinstance(e, LabelChanged)]
    assert due == [("label-1", MILK)]


def test_a_label_flashes_through_its_access_point(day: Day) -> None:
    """The answer is the id by which the access point will answer."""
    identity = day.ask(IdentifyLabel("label-1", "red"))
    args = {"label": "label-1", "colour": "red", "seconds": 10}
    (sent,) = [e for e in day.events if isinstance(e, DeviceCommanded)]
    assert (sent.id, sent.device, sent.args) == (identity, "labels-1", args)
    day.hear("labels-1", "label", CommandAnswered(identity, ok=True))
    assert DeviceAnswered(device="labels-1", id=identity, ok=True) in day.events


def test_people_are_counted(day: Day) -> None:
    """Crossings become minutes and people inside; zones and heat are kept."""
    crossings = (Crossing("entrance", "in", T0), Crossing("aisle", "out", T0))
    day.hear("camera-1", "camera", PeopleCrossed(crossings))
    day.hear("camera-1", "camera", PeopleSeen(T0, (ZonePeople("tills", 2, 4.0),)))
    day.hear("camera-1", "camera", PresenceMapped(T0, T0 + 1, 1, 1, (1.0,)))
    day.wait(MISSING_MS)
    people = {e.zone: e.people for e in day.events if isinstance(e, OccupancyChanged)}
    assert people == {"store": 2, "tills": 2}
    assert len([e for e in day.events if isinstance(e, TrafficCounted)]) == 2


def test_readings_without_a_rule_are_heard_and_no_more(day: Day) -> None:
    """A scale's weight, a label's battery, a fault: each device is alive."""
    day.hear("scanner-1", "scanner", WeightRead(T0, 1.0, stable=True))
    day.hear("labels-1", "label", LabelReported(T0, "label-1", 2900, -60.0, 20.0))
    day.hear("camera-1", "camera", ProblemReported(T0, "dark"))
    assert day.shop.state.labels["label-1"].battery_mv == 2900
    assert day.shop.state.devices["camera-1"].problems == ("dark",)
    assert day.shop.state.devices["scanner-1"].online


@pytest.mark.parametrize(
    "command",
    [
        AdjustStock(MILK, "floor", "tagged", count=1),
        AdjustStock("04006381333948", "moon", "nowhere", count=1),
        SetPrices((PriceChange(MILK, 1), PriceChange("0", 1))),
        BindLabel("label-9", MILK),
        BindLabel("label-1", "0"),
        IdentifyLabel("label-9"),
        IdentifyLabel("label-1"),
        AdoptDevice("nobody", "rfid"),
        AdoptDevice("reader-1", "rfid"),
        ConfigureDevice("nobody", {}),
        RollBackDevice("reader-1", 1),
        CommandDevice("nobody", "reboot"),
        ScanAtLane("lane-9", MILK),
        VoidLine("lane-1", 1),
        PayBasket("lane-1", "x"),
        CancelBasket("lane-1"),
    ],
)
def test_a_refused_command_changes_nothing(day: Day, command: Command) -> None:
    """There is no half of a command."""
    day.shop.state.devices.drop("labels-1")
    saved(day.shop.state)
    with pytest.raises(Refused):
        day.shop.execute(command, day.now)
    assert saved(day.shop.state) == 0
