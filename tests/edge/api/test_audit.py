"""The tagging audit over HTTP: what is wrong with the tags of a shop, found in real readings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devices.rfid.epc import encode
from edge.traces import ENOUGH
from edge.twins import Move, pairs_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.edge.api.conftest import WatchedShop

SHELF_A, BACK, SHELF_B = ("reader-1", 1), ("reader-1", 2), ("reader-2", 1)
FOREIGN = "E28011606000020000000001"
DAY_MS = 86_400_000


def audit(shop: WatchedShop, **query: Any) -> dict[str, Any]:
    """Give the audit, as a viewer gets it."""
    found: dict[str, Any] = shop.api("viewer").get("/tags/audit", params=query).json()
    return found


def units(shop: WatchedShop, n: int) -> tuple[str, list[str]]:
    """Put a product that n units have; give its GTIN and their EPCs."""
    gtin = shop.product()
    return gtin, [shop.tag(gtin, serial) for serial in range(1, n + 1)]


def carry(shop: WatchedShop, *ways: tuple[str, Iterable[tuple[str, int]]]) -> None:
    """Carry tags from place to place, ten seconds at each."""
    paths = {epc: list(places) for epc, places in ways}
    for stop in range(max(map(len, paths.values()))):
        reads: dict[tuple[str, int], list[str]] = {}
        for epc, places in paths.items():
            reads.setdefault(places[stop], []).append(epc)
        shop.watch(10, reads)


def test_sound_shop_has_no_findings(watched: WatchedShop) -> None:
    """Where all units are read well at one place and known, nothing is found."""
    _, epcs = units(watched, 4)
    watched.watch(5, {SHELF_A: epcs})
    found = audit(watched)
    assert found.pop("tags") == 4
    assert found.pop("as_of") == "2026-03-02T09:00:05Z"
    assert set(found) == {
        "same_code",
        "together",
        "wrongly_encoded",
        "foreign",
        "other_keys",
        "unknown_products",
        "never_read",
        "not_read",
        "hard_to_read",
        "misplaced",
    }
    assert all(finding == {"count": 0, "items": []} for finding in found.values())


def test_two_codes_of_one_unit_are_found(watched: WatchedShop) -> None:
    """Tags of different schemes with one GTIN and serial are on one unit, unless one has left."""
    gtin, [first, second] = units(watched, 2)
    other, gone = (
        encode({"01": gtin, "21": serial}, "sgtin-198", prefix_digits=7) for serial in "12"
    )
    watched.watch(5, {SHELF_A: [first, second, other, gone]})
    sale = {"t": watched.now, "sale": "s", "currency": "EUR", "total": 1}
    line = {"gtin": gtin, "qty": 1, "amount": 1, "epc": gone}
    watched.hear("checkout/lane-1/sale", {**sale, "lines": [line]})
    unit = {"gtin": gtin, "serial": "1", "epcs": sorted([first, other])}
    assert audit(watched)["same_code"] == {"count": 1, "items": [unit]}


def test_two_tags_that_always_move_together_are_found(watched: WatchedShop) -> None:
    """Two tags that were carried thrice to the same places at the same times are on one unit."""
    gtin, [first, second, apart, resting] = units(watched, 4)
    way = [SHELF_A, SHELF_B, SHELF_A, SHELF_B]
    carry(
        watched,
        (first, way),
        (second, way),
        (apart, [SHELF_A, SHELF_B, BACK, SHELF_B]),
        (resting, [SHELF_B] * 4),
    )
    found = audit(watched)["together"]
    (pair,) = found["items"]
    assert (found["count"], pair["gtin"], pair["moves"]) == (1, gtin, 4)
    assert pair["epcs"] == sorted([first, second])
    assert pair["last_moved"] > "2026-03-02T09:00:30Z"


def test_tags_that_cannot_be_products_are_told_apart(watched: WatchedShop) -> None:
    """Broken codes come with their reason, foreign ones the last read first, pallets as such."""
    _, [epc] = units(watched, 1)
    broken, newer = "30FF" + epc[4:], FOREIGN[:-1] + "2"
    pallet = encode({"00": "340063820000000017"}, prefix_digits=7)
    watched.watch(2, {SHELF_A: [epc, broken, FOREIGN], BACK: [pallet]})
    watched.watch(1, {SHELF_A: [epc, newer]})
    found = audit(watched)
    assert found["tags"] == 5
    assert found["wrongly_encoded"]["count"] == 1
    (wrong,) = found["wrongly_encoded"]["items"]
    assert (wrong["epc"], wrong["scheme"], wrong["fault"]) == (broken, "sgtin-96", "partition")
    assert (wrong["zone"], wrong["shelf"]) == ("floor", "shelf-a")
    assert "partition 7" in wrong["error"]
    assert [tag["epc"] for tag in found["foreign"]["items"]] == [newer, FOREIGN]
    assert found["foreign"]["items"][0]["last_seen"] == "2026-03-02T09:00:03Z"
    (key,) = found["other_keys"]["items"]
    assert (key["epc"], key["scheme"]) == (pallet, "sscc-96")
    assert key["uri"].startswith("urn:epc:id:sscc:")


def test_tags_and_catalogue_are_compared(watched: WatchedShop) -> None:
    """Tags whose product nobody put, and products that nobody reads, are counted."""
    read, [epc] = units(watched, 1)
    unread = watched.product(name="Nowhere")
    watched.product(tracking="count")
    unknown = watched.gtin()
    strangers = [watched.tag(unknown, serial) for serial in range(3)]
    watched.watch(2, {SHELF_A: [epc, *strangers]})
    found = audit(watched)
    stranger = {"gtin": unknown, "tags": 3, "epc": strangers[0]}
    assert found["unknown_products"] == {"count": 1, "items": [stranger]}
    nowhere = {"gtin": unread, "name": "Nowhere", "on_hand": 0, "last_seen": None}
    assert found["never_read"] == {"count": 1, "items": [nowhere]}
    assert found["not_read"]["count"] == 0
    watched.now += 2 * DAY_MS
    (silent,) = audit(watched)["not_read"]["items"]
    assert (silent["gtin"], silent["on_hand"]) == (read, 1)
    assert silent["last_seen"] == "2026-03-02T09:00:02Z"


def test_badly_placed_tags_are_found(watched: WatchedShop) -> None:
    """A tag that its antenna has read long, and only in one of twelve looks, is badly placed."""
    gtin, [hard] = units(watched, 1)
    watched.watch(12 * (ENOUGH + 1), {SHELF_A: [hard]}, every=12, silent=("reader-2",))
    (found,) = audit(watched)["hard_to_read"]["items"]
    assert 0.08 < found.pop("read_rate") < 0.1
    assert found == {
        "epc": hard,
        "gtin": gtin,
        "device": "reader-1",
        "antenna": 1,
        "zone": "floor",
        "shelf": "shelf-a",
    }


def test_misplaced_units_are_found(watched: WatchedShop) -> None:
    """A unit in another zone of the sales floor than most of its product is misplaced."""
    gtin, epcs = units(watched, 6)
    _, halves = units(watched, 4)
    watched.watch(
        5,
        {
            SHELF_A: [*epcs[:4], *halves[:2]],
            SHELF_B: [epcs[4], *halves[2:]],
            BACK: epcs[5:],
        },
    )
    strayed = {
        "epc": epcs[4],
        "gtin": gtin,
        "zone": "wing",
        "shelf": "shelf-b",
        "home": "floor",
    }
    assert audit(watched)["misplaced"] == {"count": 1, "items": [strayed]}


def test_findings_count_all_and_name_some(watched: WatchedShop) -> None:
    """With a limit, a finding counts every case and names no more than that."""
    watched.product()
    watched.product()
    strangers = [FOREIGN[:-1] + digit for digit in "234"]
    unknown = [watched.tag(watched.gtin(), 1) for _ in range(3)]
    watched.watch(1, {SHELF_A: [*strangers, *unknown]})
    found = audit(watched, limit=1)
    for finding, count in (("foreign", 3), ("unknown_products", 3), ("never_read", 2)):
        assert (found[finding]["count"], len(found[finding]["items"])) == (count, 1)
    answer = watched.api().get("/tags/audit", params={"limit": 0})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "limit")


def moves(epc: str, *stops: tuple[int, str], **more: Any) -> list[tuple[int, Move]]:
    """Give a unit's moves, each with its time in seconds and its shelf, the newest first."""
    known = {"gtin": "g", "state": "present", "zone": "floor", "reason": "moved", **more}
    return [(1000 * at, Move(epc=epc, shelf=shelf, **known)) for at, shelf in reversed(stops)]


WAY = ((10, "a"), (50, "b"), (90, "a"))


def pairs(*ways: list[tuple[int, Move]]) -> list[list[str]]:
    """Give the EPCs of the pairs that these moves show."""
    return [pair.epcs for pair in pairs_of(move for way in ways for move in way)]


def test_pairs_keep_step_within_two_seconds() -> None:
    """Two units that come within two seconds each time are a pair; three seconds are too much."""
    assert pairs(moves("1", *WAY), moves("2", (12, "a"), (48, "b"), (91, "a"))) == [["1", "2"]]
    assert pairs(moves("1", *WAY), moves("2", (10, "a"), (53, "b"), (90, "a"))) == []


def test_pairs_are_of_one_product_and_three_moves() -> None:
    """Units of two products, or that were carried twice, are no pair."""
    assert pairs(moves("1", *WAY), moves("2", *WAY, gtin="h")) == []
    assert pairs(moves("1", *WAY[:2]), moves("2", *WAY[:2])) == []
    assert pairs(moves("1", *WAY, gtin=None), moves("2", *WAY, gtin=None)) == []


def test_pairs_never_part() -> None:
    """A unit that was once carried alone is nobody's twin."""
    assert pairs(moves("1", *WAY), moves("2", *WAY, (130, "b"))) == []
    assert pairs(moves("1", *WAY), moves("2", (10, "a"), (50, "c"), (90, "a"))) == []


def test_boxes_are_no_pairs() -> None:
    """Three units that move together are a box; a pair beside them is still found."""
    box = [moves(epc, *WAY) for epc in "123"]
    later = [moves(epc, *[(at + 5, shelf) for at, shelf in WAY]) for epc in "45"]
    assert pairs(*box) == []
    assert pairs(*box, *later) == [["4", "5"]]


def test_counts_and_departures_are_no_moves() -> None:
    """What a count saw where it was, and where a unit went missing, says nothing of pairs."""
    for more in ({"reason": "counted"}, {"state": "missing"}):
        assert pairs(moves("1", *WAY, **more), moves("2", *WAY, **more)) == []
