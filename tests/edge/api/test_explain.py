"""Why a unit is where it is and why a level is what it is, told over HTTP after real readings."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from edge.events import Cause, Evidence, Standing, StockChanged, moment
from edge.items import MOVES, Item
from edge.reasons import Facts, Held, why_changed, why_item, why_stock
from edge.witnesses import Statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.edge.api.conftest import WatchedShop

SHELF_A, BACK, SHELF_B, DOOR = (
    ("reader-1", 1),
    ("reader-1", 2),
    ("reader-2", 1),
    ("reader-2", 2),
)
OPENED = datetime.fromisoformat("2026-03-02T09:00:00Z")


def item(shop: WatchedShop, epc: str) -> dict[str, Any]:
    """Give what is told of an item."""
    found: dict[str, Any] = shop.api("viewer").get(f"/items/{epc}").raise_for_status().json()
    return found


def why(shop: WatchedShop, epc: str) -> str:
    """Give the sentence that says why an item is where it is."""
    return str(item(shop, epc)["why"])


def stock(shop: WatchedShop, gtin: str) -> dict[str, Any]:
    """Give what is told of a product's level."""
    found: dict[str, Any] = shop.api("viewer").get(f"/stock/{gtin}").raise_for_status().json()
    return found


def units(shop: WatchedShop, n: int, **more: Any) -> tuple[str, list[str]]:
    """Put a product that n units have; give its GTIN and their EPCs."""
    gtin = shop.product(**more)
    return gtin, [shop.tag(gtin, serial) for serial in range(1, n + 1)]


def watch_until(
    shop: WatchedShop, epc: str, state: str, reads: dict[tuple[str, int], list[str]]
) -> None:
    """Let the readers speak until a unit is in a state, for ten minutes at most."""
    for _ in range(300):
        shop.watch(2, reads)
        if item(shop, epc)["state"] == state:
            return
    pytest.fail(f"expected {state} after ten minutes, came {why(shop, epc)}")


def sell(shop: WatchedShop, sale: str, gtin: str, epc: str | None = None) -> None:
    """Let a till sell a unit, by its tag or by barcode."""
    line = {"gtin": gtin, "qty": 1, "amount": 100, **({"epc": epc} if epc else {})}
    body = {"t": shop.now, "sale": sale, "currency": "EUR", "lines": [line], "total": 100}
    shop.hear("checkout/lane-1/sale", body)


# Where a unit is


def test_unit_on_its_shelf_tells_who_reads_it_how_often(watched: WatchedShop) -> None:
    """A unit that is read where it stands tells by whom, how often, when last, and since when."""
    _, [epc] = units(watched, 1)
    watched.watch(60, {SHELF_A: [epc]}, every=2)
    found = item(watched, epc)
    assert found["why"] == (
        "On shelf shelf-a since 10:00 (first read there): "
        "reader reader-1 antenna 1 reads it in 50 % of its looks and last did so 1 s ago."
    )
    assert (found["device"], found["antenna"], found["rssi"]) == ("reader-1", 1, -50.0)
    assert found["last_seen"] == "2026-03-02T09:00:59Z"
    (reads,) = found["reads"]
    assert reads.pop("reads") > 10
    assert reads == {
        "role": "seat",
        "device": "reader-1",
        "antenna": 1,
        "zone": "floor",
        "shelf": "shelf-a",
        "read_rate": 0.5,
        "rssi": -50.0,
        "last_seen": "2026-03-02T09:00:59Z",
        "unread_looks": 1,
        "hears": True,
    }


def test_first_read_is_told_as_such(watched: WatchedShop) -> None:
    """A unit that was read once has no read rate of its own yet."""
    _, [epc] = units(watched, 1)
    watched.watch(1, {SHELF_A: [epc]})
    assert why(watched, epc).endswith(
        "reader reader-1 antenna 1 has read it once so far, just now."
    )


def test_unit_tells_which_event_put_it_there(watched: WatchedShop) -> None:
    """`decided_by` is the newest change of the history, with what readers saw and its position."""
    _, [epc, other] = units(watched, 2)
    watched.watch(30, {SHELF_A: [epc, other]})
    while item(watched, epc)["shelf"] != "shelf-b":
        watched.watch(2, {SHELF_A: [other], SHELF_B: [epc]})
    watched.watch(2, {SHELF_A: [other], SHELF_B: [epc]})
    found = item(watched, epc)
    decided = found["decided_by"]
    assert decided == found["history"][0]
    assert (decided["state"], decided["reason"]) == ("present", "moved")
    assert (decided["zone"], decided["shelf"]) == ("wing", "shelf-b")
    assert decided["previous"] == {"state": "present", "zone": "floor"}
    evidence = decided["evidence"]
    assert (evidence["heard_by"], evidence["antenna"]) == ("reader-2", 1)
    assert (evidence["rate"] > 0.9, evidence["unread"] > 0, evidence["reads"] > 1) == (
        True,
        True,
        True,
    )
    log = watched.api().get("/events", params={"after": decided["position"] - 1, "limit": 1})
    assert log.json()[0]["data"]["epc"] == epc
    assert "(moved there): reader reader-2 antenna 1 reads it" in found["why"]


def test_unit_tells_what_its_code_says(watched: WatchedShop) -> None:
    """A unit's code is shown as scheme, pure identity and Digital Link; a wrong one has a fault."""
    gtin, [epc] = units(watched, 1)
    foreign, broken = "E28011606000020000000001", "30FF" + epc[4:]
    watched.watch(1, {SHELF_A: [epc, foreign, broken]})
    tag = item(watched, epc)["tag"]
    assert (tag["scheme"], tag["fault"]) == ("sgtin-96", None)
    assert tag["uri"].startswith("urn:epc:id:sgtin:4006382.")
    assert tag["digital_link"] == f"https://id.gs1.org/01/{gtin}/21/1"
    tag = item(watched, foreign)["tag"]
    assert (tag["scheme"], tag["uri"], tag["fault"]) == (None, None, "foreign")
    tag = item(watched, broken)["tag"]
    assert (tag["scheme"], tag["fault"]) == ("sgtin-96", "partition")
    assert "partition" in tag["error"]


def test_probability_falls_look_by_look(watched: WatchedShop) -> None:
    """A unit that is no longer read is the less likely there the more looks miss it."""
    _, [epc, other] = units(watched, 2)
    watched.watch(40, {SHELF_A: [epc, other]})
    assert item(watched, epc)["probability"] > 0.99
    watched.watch(5, {SHELF_A: [other]})
    found = item(watched, epc)
    points = found["probability_over_time"]
    assert [point["time"][17:19] for point in points] == ["40", "41", "42", "43", "44", "45"]
    chances = [point["probability"] for point in points]
    assert chances == sorted(chances, reverse=True)
    assert found["probability"] == chances[-1] < chances[0]


def test_rarely_read_unit_comes_into_doubt(watched: WatchedShop) -> None:
    """A unit that is long unread tells how likely it is there yet, in sixty points at most."""
    gtin, [epc, other] = units(watched, 2)
    watched.watch(300, {SHELF_A: [epc, other]}, every=10, silent=("reader-2",))
    while not stock(watched, gtin)["why"]["unsure"]:
        watched.watch(5, {SHELF_A: [other]}, silent=("reader-2",))
    found, level = item(watched, epc), stock(watched, gtin)
    unread = found["reads"][0]["unread_looks"]
    likely = f"{100 * found['probability']:.0f} % likely to be there."
    assert found["why"].endswith(f"has not read it in {unread} looks, so it is {likely}")
    points = found["probability_over_time"]
    assert (len(points), unread > 60) == (59, True)
    assert points[-1]["time"] == moment(watched.now).isoformat().replace("+00:00", "Z")
    assert points[-1]["probability"] == found["probability"]
    assert level["why"]["unsure"] == [{"epc": epc, "reason": "doubt"}]
    assert "(1 not read for long where it stands)" in level["why"]["sentence"]
    assert level["history"][0]["why"] == "1 not read for long."
    watched.watch(2, {SHELF_A: [epc, other]}, silent=("reader-2",))
    assert stock(watched, gtin)["history"][0]["why"] == "1 read again."


def test_silent_reader_is_told(watched: WatchedShop) -> None:
    """While its reader cannot be heard, a unit stays as likely there as it was, and says so."""
    _, [epc] = units(watched, 1)
    watched.watch(20, {SHELF_A: [epc]})
    watched.watch(40, {}, silent=("reader-1",))
    found = item(watched, epc)
    assert found["why"].endswith(
        "reader reader-1 antenna 1 cannot be heard now; it last read it 40 s ago."
    )
    assert found["reads"][0]["hears"] is False
    times = [point["time"] for point in found["probability_over_time"]]
    assert times == ["2026-03-02T09:00:20Z", "2026-03-02T09:01:00Z"]
    watched.watch(3, {SHELF_B: []})
    assert len(item(watched, epc)["probability_over_time"]) > 2


def test_rival_is_told_beside_the_seat(watched: WatchedShop) -> None:
    """An antenna that overhears a unit is told beside the one at its place, with its own reads."""
    _, [epc, other] = units(watched, 2)
    watched.watch(40, {SHELF_A: [epc, other]})
    watched.watch(1, {SHELF_A: [epc, other]})
    watched.watch(1, {SHELF_A: [other], SHELF_B: [epc]})
    watched.watch(1, {SHELF_A: [other]})
    found = item(watched, epc)
    seat, rival = found["reads"]
    assert (seat["role"], seat["last_seen"], seat["unread_looks"]) == (
        "seat",
        "2026-03-02T09:00:41Z",
        2,
    )
    assert (rival["role"], rival["device"], rival["shelf"]) == ("rival", "reader-2", "shelf-b")
    assert (rival["reads"], rival["read_rate"], rival["unread_looks"]) == (1, None, 1)
    assert (found["device"], found["last_seen"]) == ("reader-1", seat["last_seen"])
    assert rival["last_seen"] == "2026-03-02T09:00:42Z"


def test_taken_unit_is_missed_and_found(watched: WatchedShop) -> None:
    """A unit that is taken, goes missing and shows up where it stood tells so at each step."""
    _, [epc, other] = units(watched, 2)
    watched.watch(40, {SHELF_A: [epc, other]})
    watch_until(watched, epc, "moving", {SHELF_A: [other]})
    found = item(watched, epc)
    assert re.fullmatch(
        r"Taken from shelf shelf-a at 10:00: "
        r"reader reader-1 antenna 1 read it in 9\d % of its looks and has not for \d+ s\.",
        found["why"],
    )
    assert found["probability"] is None
    assert found["probability_over_time"] == []
    assert [reads["role"] for reads in found["reads"]] == ["home"]
    watch_until(watched, epc, "missing", {SHELF_A: [other]})
    assert re.fullmatch(
        r"Missing since 10:0\d: taken from shelf shelf-a, and nobody has read it for \d\d s\.",
        why(watched, epc),
    )
    watch_until(watched, epc, "present", {SHELF_A: [epc, other]})
    assert "(found again): reader reader-1 antenna 1" in why(watched, epc)


def test_sold_unit_leaves_and_comes_back(watched: WatchedShop) -> None:
    """A unit that is sold, carried out, brought back and left there tells so at each step."""
    gtin, [epc, other] = units(watched, 2)
    watched.watch(40, {SHELF_A: [epc, other]})
    sell(watched, "sale-1", gtin, epc)
    assert why(watched, epc) == "Sold at 10:00: sale sale-1 names its tag."
    watch_until(watched, epc, "departed", {SHELF_A: [other], DOOR: [epc]})
    found = item(watched, epc)
    assert found["why"].startswith(
        "Left the shop at 10:00 after sale sale-1: reader reader-2 antenna 2 at the exit read it"
    )
    assert [step["sale"] for step in found["history"]] == ["sale-1", "sale-1", None]
    watched.watch(120, {SHELF_A: [other]})
    watch_until(watched, epc, "returned", {SHELF_A: [other], SHELF_B: [epc]})
    assert re.match(
        r"On shelf shelf-b since 10:0\d "
        r"\(brought back, not to be promised before it has stood still\): reader reader-2",
        why(watched, epc),
    )
    watch_until(watched, epc, "present", {SHELF_A: [other], SHELF_B: [epc]})
    assert "(for sale again after its return)" in why(watched, epc)


def test_unsold_unit_at_the_exit_is_suspected(watched: WatchedShop) -> None:
    """A unit that leaves unsold tells who read it at the exit, and where its place was."""
    _, [epc, other] = units(watched, 2)
    watched.watch(40, {SHELF_A: [epc, other]})
    watch_until(watched, epc, "departed", {SHELF_A: [other], DOOR: [epc]})
    told = why(watched, epc)
    assert told.startswith("Left the shop at 10:00 without a sale: reader reader-2 antenna 2")
    assert told.endswith("and its place was shelf shelf-a.")


def test_stranger_at_the_exit_left_unseen(watched: WatchedShop) -> None:
    """A tag that only the exit has read was never seen inside."""
    _, [epc] = units(watched, 1)
    watch_until(watched, epc, "departed", {DOOR: [epc]})
    assert why(watched, epc).endswith("and nobody had read it inside.")


def test_sales_by_barcode_tell_whose_they_were_taken_for(watched: WatchedShop) -> None:
    """A sale without a tag is laid at a missing unit's door, or waits for one that goes."""
    gtin, [first, second, third, other] = units(watched, 4)
    watched.watch(40, {SHELF_A: [first, second, third, other]})
    watch_until(watched, first, "missing", {SHELF_A: [second, third, other]})
    sell(watched, "sale-1", gtin)
    assert re.fullmatch(
        r"Taken for sold at 10:0\d: sale sale-1 named no tag, and this unit was missing\.",
        why(watched, first),
    )
    sell(watched, "sale-2", gtin)
    watch_until(watched, second, "sold", {SHELF_A: [third, other]})
    assert re.fullmatch(
        r"Taken for sold at 10:0\d: "
        r"a sale by barcode lacked a unit, and this one went missing\.",
        why(watched, second),
    )
    sell(watched, "sale-3", gtin)
    watch_until(watched, third, "departed", {SHELF_A: [other], DOOR: [third]})
    found = item(watched, third)
    assert "after a sale by barcode: reader reader-2 antenna 2 at the exit" in found["why"]
    assert [step["reason"] for step in found["history"]] == ["departed", "sold", "arrived"]


def test_yesterday_is_told_with_its_date(watched: WatchedShop) -> None:
    """A time of another day has its date, and a long span its largest unit."""
    _, [epc] = units(watched, 1)
    watched.watch(20, {SHELF_A: [epc]})
    watched.now += 3 * 86_400_000
    told = why(watched, epc)
    assert told.startswith("On shelf shelf-a since 2 Mar 10:00 (first read there): reader")
    assert told.endswith("% of its looks and last did so 3 days ago.")


def test_listed_units_name_the_antenna_at_their_place(watched: WatchedShop) -> None:
    """In a list, a unit has device, antenna, strength and time of its place, or of its last one."""
    gtin, [epc, other] = units(watched, 2)
    watched.watch(40, {SHELF_A: [other], SHELF_B: [epc]})
    sell(watched, "sale-1", gtin, epc)
    rows = {
        row["epc"]: (row["state"], row["device"], row["antenna"], row["rssi"], row["last_seen"])
        for row in watched.api("viewer").get("/items", params={"gtin": gtin}).json()["items"]
    }
    seen = "2026-03-02T09:00:40Z"
    assert rows == {
        epc: ("sold", "reader-2", 1, -50.0, seen),
        other: ("present", "reader-1", 1, -50.0, seen),
    }


def test_unit_that_only_a_till_knows_has_no_antenna(watched: WatchedShop) -> None:
    """A tag that was never read but sold has no antenna, no reads and no probability."""
    gtin, [epc] = units(watched, 1)
    sell(watched, "sale-1", gtin, epc)
    found = item(watched, epc)
    assert (found["device"], found["antenna"], found["last_seen"]) == (None, 0, None)
    assert (found["reads"], found["probability"]) == ([], None)
    assert found["why"] == "Sold at 10:00: sale sale-1 names its tag."


# The sentences, for facts that readers alone do not bring about

HEARD = Statement(
    role="home",
    device="back-1",
    antenna=2,
    zone="back",
    shelf=None,
    reads=12,
    read_rate=0.64,
    rssi=-55.0,
    last_seen=OPENED,
    unread_looks=3,
    hears=True,
)
AFTER = Statement(
    role="rival",
    device="back-1",
    antenna=3,
    zone="back",
    shelf="shelf-z",
    reads=1,
    read_rate=None,
    rssi=-60.0,
    last_seen=OPENED.replace(hour=10, minute=2),
    unread_looks=0,
    hears=True,
)


def facts(state: Any, reason: str, **more: Any) -> Facts:
    """Give what is known of a unit at 10:02 that changed at 10:01."""
    known = {
        "item": Item("30", "1", "1", state, "floor", None, reason, 0, more.pop("sale", None)),
        "now": OPENED.replace(hour=10, minute=2),
        "since": OPENED.replace(hour=10, minute=1),
    }
    return Facts(**{**known, **more})


@pytest.mark.parametrize(("state", "reason"), sorted(set(MOVES.values())))
@pytest.mark.parametrize("home", [HEARD, None])
def test_every_state_and_reason_has_a_sentence(
    state: str, reason: str, home: Statement | None
) -> None:
    """Whatever the table of moves leads to is told in one sentence, with or without readings."""
    said = why_item(facts(state, reason, home=home))
    assert said[0].isupper()
    assert (said.count("10:01"), said.count(". "), said[-1]) == (1, 0, ".")
    assert "None" not in said
    assert "_" not in said


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (
            facts("present", "delivered", told="000400638200000013"),
            "In zone floor since 10:01 (delivered: 000400638200000013): no reader reads it there.",
        ),
        (
            facts("missing", "not_counted", told="count-7", seen=OPENED),
            (
                "Missing since 10:01: a count (count-7) of zone floor did not find it, "
                "and nobody has read it for 62 min."
            ),
        ),
        (
            facts("missing", "not_counted"),
            (
                "Missing since 10:01: a count of zone floor did not find it, "
                "and no reader has ever read it."
            ),
        ),
        (
            facts("departed", "written_off", told="broken"),
            "Written off at 10:01 (broken): it is no longer counted.",
        ),
        (
            facts("missing", "not_sold"),
            "Missing since 10:01: it was taken for sold by barcode, and that was another unit.",
        ),
        (
            facts("moving", "taken", previous=Standing("returned", "back")),
            "Taken from zone back at 10:01: no reader has read it since.",
        ),
        (
            facts("moving", "taken", home=HEARD, rival=AFTER),
            (
                "Taken from zone back at 10:01: reader back-1 antenna 2 read it in 64 % of its "
                "looks and has not for 62 min, "
                "but reader back-1 antenna 3 in shelf shelf-z has read it once."
            ),
        ),
        (
            facts("moving", "seen", home=HEARD, rival=AFTER),
            (
                "Seen again at 10:01 after it was missing: reader back-1 antenna 3 in shelf "
                "shelf-z has read it, but not yet often enough to say that it stands there."
            ),
        ),
        (
            facts("departed", "suspected_theft", rival=HEARD, home=HEARD),
            (
                "Left the shop at 10:01 without a sale: reader back-1 antenna 2 at the exit "
                "read it 12 times, and its place was zone back."
            ),
        ),
        (
            facts("departed", "departed", sale="s-1", evidence=Evidence(0.6, 3, 0.5)),
            "Left the shop at 10:01 after sale s-1: the exit read it.",
        ),
    ],
)
def test_sentences_tell_what_people_did(known: Facts, said: str) -> None:
    """What people counted, delivered and wrote off is told with their own words."""
    assert why_item(known) == said


# What a level is made of


def test_level_tells_what_it_is_made_of(
    watched: WatchedShop, eventually: Callable[..., Any]
) -> None:
    """A level counts its units by state, names the unsure and the missing, and says it in words."""
    gtin, [first, second, third, fourth] = units(watched, 4, safety=1)
    watched.watch(40, {SHELF_A: [first, second, third, fourth]})
    watch_until(watched, first, "missing", {SHELF_A: [second, third, fourth]})
    watch_until(watched, second, "moving", {SHELF_A: [third, fourth]})
    found = eventually(lambda: stock(watched, gtin), lambda level: level["on_hand_low"] == 2)
    assert (found["on_hand"], found["on_hand_high"], found["available"]) == (3, 4, 1)
    assert found["why"] == {
        "by_state": {"missing": 1, "moving": 1, "present": 2},
        "owed": 0,
        "unsure": [{"epc": second, "reason": "moving"}],
        "missing": [first],
        "sentence": "3 units on hand (1 taken from its place). 1 more is missing. "
        "1 to sell online (2 kept back).",
    }


def test_owed_units_are_told(watched: WatchedShop) -> None:
    """Units that were sold by barcode while all tags are there are left out, and it is told."""
    gtin, epcs = units(watched, 2)
    watched.watch(40, {SHELF_A: epcs})
    sell(watched, "sale-1", gtin)
    watched.watch(2, {SHELF_A: epcs})
    found = stock(watched, gtin)
    assert (found["on_hand"], found["why"]["owed"]) == (1, 1)
    assert "1 sold by barcode whose tags are still here are left out" in found["why"]["sentence"]
    assert found["history"][0]["why"] == "Sale: sale-1."


def test_untagged_product_is_told_by_its_counts(watched: WatchedShop) -> None:
    """A product without tags tells of counts and sales, and each correction is its cause."""
    gtin = watched.product(tracking="count")
    body = {"gtin": gtin, "zone": "floor", "delta": 5, "reason": "first count"}
    watched.api().post("/stock/adjustments", json=body).raise_for_status()
    watched.watch(2, {})
    found = stock(watched, gtin)
    assert found["why"]["sentence"] == (
        "5 units on hand, by counts and sales: the product has no tags. 5 to sell online."
    )
    assert found["causes"] == [{"why": "adjusted", "ref": "first count"}]
    assert found["history"][0]["why"] == "Corrected: first count."


def test_every_change_of_a_level_has_a_reason(watched: WatchedShop) -> None:
    """Readers that fall silent and come back, and baskets, are told as what changed a level."""
    gtin, epcs = units(watched, 3)
    change = {"changes": [{"gtin": gtin, "amount": 100}]}
    watched.api().post("/prices", json=change).raise_for_status()
    watched.watch(40, {SHELF_A: epcs})
    watched.watch(40, {}, silent=("reader-1",))
    told = stock(watched, gtin)
    assert (told["stale"], told["stale_zones"]) == (True, ["floor"])
    assert told["why"]["sentence"].endswith(
        "As it last was in floor: a reader there cannot be heard, or only just can."
    )
    watched.watch(20, {SHELF_A: epcs})
    watched.api().post("/lanes/lane-1/scan", json={"data": gtin}).raise_for_status()
    watched.watch(3, {SHELF_A: epcs})
    reasons = [level["why"] for level in stock(watched, gtin)["history"]]
    assert reasons[:4] == [
        "1 in baskets instead of 0.",
        "The readers in floor can be heard again.",
        "A reader in floor cannot be heard.",
        "The readers in floor can be heard again.",
    ]
    assert "1 in baskets" in stock(watched, gtin)["why"]["sentence"]


def test_history_of_a_level_is_paged(watched: WatchedShop) -> None:
    """The levels of a product are listed to the first, the newest first, each version once."""
    gtin = watched.product(tracking="count")
    for n in range(7):
        body = {"gtin": gtin, "zone": "floor", "delta": 1, "reason": f"count {n}"}
        watched.api().post("/stock/adjustments", json=body).raise_for_status()
        watched.watch(2, {})
    newest = stock(watched, gtin)
    pages = watched.pages(f"/stock/{gtin}/history", start="before", limit=3)
    levels = [level for page in pages for level in page]
    assert [len(page) for page in pages] == [3, 3, 2]
    assert levels == newest["history"]
    assert [level["version"] for level in levels] == list(range(newest["version"], 0, -1))
    assert [level["on_hand"] for level in levels] == [7, 6, 5, 4, 3, 2, 1, 0]
    assert levels[0]["causes"] == [{"why": "adjusted", "ref": "count 6"}]
    assert levels[-1]["why"] == "The product was changed."


def test_history_of_an_unknown_product_is_not_found(watched: WatchedShop) -> None:
    """A product that has no level has no history."""
    answer = watched.api().get(f"/stock/{watched.gtin()}/history")
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (404, "gtin")


def test_listed_levels_have_their_causes(watched: WatchedShop) -> None:
    """In a list, each level has the causes of its own event, and what is unsure and stale."""
    gtin, epcs = units(watched, 2)
    watched.watch(3, {SHELF_A: epcs})
    rows = watched.api("viewer").get("/stock", params={"gtin": gtin}).json()["items"]
    assert len(rows) == 1
    assert rows[0]["causes"] == [{"why": "arrived", "ref": epc} for epc in epcs]
    bounds = (rows[0]["on_hand_low"], rows[0]["on_hand_high"], rows[0]["stale_zones"])
    assert bounds == (2, 2, ["floor"])


EPC = "3034F487B800004000000001"
LEVEL = StockChanged(
    gtin="04006382000016",
    epoch=1,
    version=1,
    on_hand=2,
    in_basket=0,
    reserved=0,
    safety=0,
    available=2,
    by_zone={"floor": 2},
    stale=False,
    as_of=OPENED,
    on_hand_low=2,
    on_hand_high=2,
)


def caused(*causes: tuple[str, str]) -> StockChanged:
    """Give a level with causes."""
    return replace(LEVEL, causes=tuple(Cause(*cause) for cause in causes))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (None, LEVEL, "The first level that is kept."),
        (LEVEL, LEVEL, "2 on hand, 2 to sell online."),
        (LEVEL, replace(LEVEL, on_hand_low=1), "1 less surely there."),
        (replace(LEVEL, on_hand_low=0), LEVEL, "2 more surely there."),
        (
            LEVEL,
            caused(("arrived", EPC), ("arrived", EPC[:-1] + "2"), ("suspected_theft", EPC)),
            "2 arrived, 1 left without a sale.",
        ),
        (LEVEL, caused(("sold", EPC), ("sold", "s-1")), "1 sold, sale: s-1."),
        (LEVEL, caused(("product", "")), "The product was changed."),
        (
            LEVEL,
            caused(("delivered", "000400638200000013"), ("written_off", "broken")),
            "Delivered: 000400638200000013, written off: broken.",
        ),
    ],
)
def test_causes_are_told_in_words(
    before: StockChanged | None, after: StockChanged, said: str
) -> None:
    """Items are counted by what became of them, all else is named; without causes, what differs."""
    assert why_changed(before, after) == said


def test_level_sentence_leaves_out_what_is_not() -> None:
    """A level of which all is sure says no more than what there is and what may be sold."""
    held = Held(
        on_hand=1,
        unsure={"doubt": 0},
        missing=2,
        owed=0,
        in_basket=0,
        reserved=1,
        safety=0,
        available=0,
        stale_zones=(),
        tagged=True,
    )
    said = "1 unit on hand. 2 more are missing. 0 to sell online (1 reserved)."
    assert why_stock(held) == said
