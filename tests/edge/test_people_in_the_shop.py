"""People in the whole shop: counters, silent cameras, and what a restart must not change."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from edge.config import Settings, load
from edge.database import migrate, open_database
from edge.events import CapacityChanged, Event, OccupancyChanged, TrafficCounted
from edge.occupancy import Headcount
from edge.readings import (
    LineCount,
    LineTotal,
    Message,
    PeopleCounted,
    PeopleSeen,
    Reading,
    TotalsRead,
    ZonePeople,
)
from edge.shop import Codes, Shop
from edge.state import State
from edge.store import Store
from edge.uplinks import uplink_of

MINUTE_MS = 60_000
T0 = 1_800_000_000_000  # 2027-01-15T09:00 in Berlin
STORE = """
[store]
id = "s"
name = "S"
timezone = "Europe/Berlin"
currency = "EUR"

[people]
opens = "08:00"
closes = "22:00"
capacity = 10

[[zones]]
id = "floor"
name = "Floor"
kind = "sales"
polygon = [[0, 0], [1, 0], [1, 1]]

[[devices]]
id = "north"
kind = "camera"
codec = "xovis"
topic = "xovis/north"
lines = [{ theirs = "Line 0", name = "north-door" }]
zones = [{ theirs = "Zone 0", zone = "floor" }]

[[devices]]
id = "south"
kind = "camera"
codec = "axis"
topic = "axis/south/#"
lines = [
  { theirs = "Device1Scenario1", name = "south-door", direction = "in" },
  { theirs = "Device1Scenario2", name = "south-door", direction = "out" },
]

[[devices]]
id = "west"
kind = "camera"
codec = "mapping"
topic = "west/counts"
lines = [{ theirs = "0", name = "west-door" }]
zones = [{ theirs = "hall", zone = "floor" }]

[devices.mapping.crossings]
entries = "lines"
line = "id"
time = "$.sent"
unit = "s"
count_in = "came"

[devices.mapping.zones]
entries = "$"
time = "sent"
unit = "s"
people = "here"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Give a shop with two doors, each with a counter of another maker."""
    file = tmp_path / "store.toml"
    file.write_text(STORE, "utf-8")
    return load(file)


def shop_of(settings: Settings, state: State) -> Shop:
    """Build a shop in a state."""
    nothing = Codes(tag=lambda _: None, scan=lambda _: (None, None))
    return Shop(settings, state, nothing, epoch=7, now=T0)


def hear(shop: Shop, device: str, reading: Reading, now: int) -> list[Event]:
    """Let a counter tell something."""
    return [*shop.accept(Message(device, "camera", (reading,)), now), *shop.advance(now)]


def minute(n: int, in_: int, out: int) -> PeopleCounted:
    """Count people at the northern door in a minute."""
    start = T0 + n * MINUTE_MS
    return PeopleCounted((LineCount("north-door", start, start + MINUTE_MS, in_, out),))


def total(people: int, t: int) -> TotalsRead:
    """Tell all who came in at the southern door."""
    return TotalsRead((LineTotal("south-door", "in", people, t, 5),))


def inside(events: list[Event]) -> list[int]:
    """Give the figures of the whole shop."""
    return [e.people for e in events if isinstance(e, OccupancyChanged) and e.zone == "store"]


def test_counters_of_two_doors_are_one_figure_and_repeats_are_none(settings: Settings) -> None:
    """A push that comes again changes nothing, also after a restart."""
    state = State()
    shop = shop_of(settings, state)
    hear(shop, "south", total(500, T0), T0)
    events = hear(shop, "north", minute(0, 6, 1), T0 + MINUTE_MS)
    events += hear(shop, "south", total(504, T0 + MINUTE_MS), T0 + MINUTE_MS)
    assert inside(events) == [5, 9]
    assert [e.state for e in events if isinstance(e, CapacityChanged)] == ["near"]
    shop = shop_of(settings, state)
    again = hear(shop, "north", minute(0, 6, 1), T0 + MINUTE_MS + 1)
    again += hear(shop, "south", total(504, T0 + MINUTE_MS), T0 + MINUTE_MS + 2)
    assert inside(again) == []
    told = [e for e in shop.advance(T0 + 3 * MINUTE_MS) if isinstance(e, TrafficCounted)]
    assert sorted((e.line, e.in_, e.out) for e in told) == [
        ("north-door", 6, 1),
        ("south-door", 4, 0),
    ]


XOVIS = (
    b'{"logics_data":{"logics":[{"name":"Line 0","records":[{"from":1,"to":2,"counts":['
    b'{"name":"fw","value":3},{"name":"bw","value":0}]}]}]}}'
)
AXIS = b'{"topic":"axis:x/Device1Scenario2","timestamp":5,"message":{"data":{"total":"9"}}}'
WEST = b'{"sent":7,"here":2,"lines":[{"id":0,"came":1}]}'


@pytest.mark.parametrize(
    ("topic", "payload", "readings"),
    [
        ("xovis/north", XOVIS, (PeopleCounted((LineCount("north-door", 1, 2, 3, 0),)),)),
        ("axis/south/x", AXIS, (TotalsRead((LineTotal("south-door", "out", 9, 5),)),)),
        (
            "west/counts",
            WEST,
            (
                PeopleCounted((LineCount("west-door", 7000, 7000, 1, 0),)),
                PeopleSeen(7000, (ZonePeople("floor", 2, 0.0),)),
            ),
        ),
    ],
)
def test_the_settings_say_how_counters_speak(
    settings: Settings, topic: str, payload: bytes, readings: tuple[Reading, ...]
) -> None:
    """Each by its topic, its codec and its names."""
    message = uplink_of(settings).decode(topic, payload)
    assert message.readings == readings


@pytest.mark.parametrize(
    ("silent_after", "unseen", "people"), [(None, (), 1), (2, (), 4), (None, ("aisle",), 4)]
)
def test_an_empty_floor_counts_only_while_cameras_see_all_of_it(
    settings: Settings, silent_after: int | None, unseen: tuple[str, ...], people: int
) -> None:
    """A counter that fell silent, or a zone that none sees, pulls nobody out of the shop."""
    more = tuple(settings.zones[0].model_copy(update={"id": zone}) for zone in unseen)
    changes = {"devices": settings.devices[:2], "zones": settings.zones + more}
    watched = settings.model_copy(update=changes)
    shop = shop_of(watched, State())
    shop.listen(connected=True, now=T0)
    hear(shop, "north", minute(0, 4, 0), T0)
    for n in range(40):
        now = T0 + n * MINUTE_MS
        if silent_after is None or n < silent_after:
            hear(shop, "north", PeopleSeen(now, (ZonePeople("floor", 0, 0.0),)), now)
        for tick in range(now + 10_000, now + MINUTE_MS, 10_000):
            if silent_after is None:
                shop.accept(Message("north", "camera", ()), tick)
            shop.advance(tick)
    found = shop.state.occupancy.get("store")
    assert found is not None
    assert found.people == people


@pytest.mark.parametrize(("kind", "people"), [("sales", [2]), ("exit", [])])
def test_who_stands_at_an_exit_may_not_have_come_in(
    settings: Settings, kind: str, people: list[int]
) -> None:
    """People in sight are inside, but not at the door: there they have yet to cross the line."""
    zones = tuple(zone.model_copy(update={"kind": kind}) for zone in settings.zones)
    shop = shop_of(settings.model_copy(update={"zones": zones}), State())
    assert inside(hear(shop, "north", PeopleSeen(T0, (ZonePeople("floor", 2, 0.0),)), T0)) == people


def test_an_older_database_keeps_its_people(tmp_path: Path) -> None:
    """What was inside is inside; nobody of it is known to be staff."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    engine = create_engine(url)
    migrate(engine, "0004")
    with engine.begin() as connection:
        occupancy = "INSERT INTO occupancy (zone, people, wait_s, version, at) VALUES "
        connection.execute(text(occupancy + "('store', 5, 0, 9, 1), ('tills', 2, 4.5, 3, 1)"))
        minutes = "INSERT INTO minutes (line, start, heard, in_, out, told) VALUES "
        connection.execute(text(minutes + "('door', 0, 0, 3, 1, 0)"))
    engine.dispose()
    engine = open_database(url)
    state = Store(engine).load()
    engine.dispose()
    assert state.headcounts["store"] == Headcount("store", 5)
    assert [(o.zone, o.low, o.high) for o in state.occupancy] == [("store", 5, 5), ("tills", 2, 2)]
    (row,) = state.minutes
    assert (row.in_, row.staff_in, row.staff_out) == (3, 0, 0)
