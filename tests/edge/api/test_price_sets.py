"""Price sets over HTTP: preview, draft, apply, follow, take back; and nothing by halves."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.edge.api.conftest import Shop

CSV = {"Content-Type": "text/csv; charset=utf-8"}


def in_days(days: float) -> str:
    """Give a time so many days from now."""
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def draft(shop: Shop, *changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Keep changes as a draft."""
    answer = shop.api().post("/price-sets", json={"changes": list(changes), **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def preview(shop: Shop, *changes: dict[str, Any]) -> dict[str, Any]:
    """Ask what changes would do."""
    answer = shop.api().post("/price-sets/preview", json={"changes": list(changes)})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def told(answer: httpx.Response) -> list[str]:
    """Give the paths that a refusal names."""
    return [error["path"] for error in answer.json()["errors"]]


def test_preview_tells_each_move_and_all(new_shop: Shop) -> None:
    """A preview gives per row what the till charges before and after, and the sums; only that."""
    up, down, same = (new_shop.priced(1000, name=name) for name in ("Up", "Down", "Same"))
    first, start, end = new_shop.product(), in_days(1), in_days(8)
    new_shop.hang("label-1", up)
    before = new_shop.api().get("/price-sets").json()
    found = preview(
        new_shop,
        {"gtin": up, "amount": 1200, "member": 1100},
        {"gtin": down, "amount": 800, "from": start, "until": end, "promotion": "Week"},
        {"gtin": same, "amount": 1000},
        {"gtin": first, "amount": 300},
    )
    names = ("gtin", "name", "move", "before", "after", "member", "was", "promotion", "labels")
    rows = [tuple(row[name] for name in names) for row in found["changes"]]
    assert rows[:3] == [
        (up, "Up", "raise", 1000, 1200, 1100, None, None, ["label-1"]),
        (down, "Down", "lower", 1000, 800, None, 1000, "Week", []),
        (same, "Same", "same", 1000, 1000, None, None, None, []),
    ]
    assert (rows[3][2], rows[3][3]) == ("first", None)
    at = [datetime.fromisoformat(found["changes"][1][name]) for name in ("from", "until")]
    assert all(
        abs(time - datetime.fromisoformat(asked)) < timedelta(milliseconds=1)
        for time, asked in zip(at, (start, end), strict=True)
    )
    sums = [found[name] for name in ("raises", "lowers", "same", "first", "labels")]
    assert sums == [1, 1, 1, 1, 1]
    assert found["seconds"] > 0
    assert new_shop.api().get("/price-sets").json() == before


def test_draft_waits_and_is_followed_until_all_agree(new_shop: Shop) -> None:
    """A draft changes nothing; applied, it tells how far its labels are, and is done at the end."""
    gtin = new_shop.priced(1000)
    new_shop.hang("label-1", gtin)
    kept = draft(new_shop, {"gtin": gtin, "amount": 1200}, name="Monday")
    path = f"/price-sets/{kept['price_set']}"
    assert (kept["name"], kept["state"], kept["done"]) == ("Monday", "draft", False)
    assert kept["changes"][0]["effective"] is False
    assert new_shop.api().get(f"/prices/{gtin}").json()["amount"] == 1000
    applied = new_shop.api().post(f"{path}/apply").json()
    assert (applied["state"], applied["done"]) == ("applied", False)
    assert applied["labels"] == {"waiting": 1, "sent": 0, "shown": 0, "failed": 0, "removed": 0}
    assert datetime.fromisoformat(applied["expected_by"]) > datetime.now(UTC)
    (change,) = applied["changes"]
    assert (change["till"], change["effective"]) == (1000, False)
    new_shop.show("label-1")
    done = new_shop.api().get(path).json()
    assert (done["done"], done["stuck"], done["expected_by"]) == (True, [], None)
    assert (done["changes"][0]["till"], done["changes"][0]["effective"]) == (1200, True)


def test_set_is_taken_back(new_shop: Shop) -> None:
    """A cancelled promotion ends; a set is applied once and cancelled once."""
    gtin = new_shop.priced(1000)
    sale = {"gtin": gtin, "amount": 700, "until": in_days(3), "promotion": "Sale"}
    path = f"/price-sets/{draft(new_shop, sale)['price_set']}"
    new_shop.api().post(f"{path}/apply").raise_for_status()
    assert new_shop.api().get(f"/prices/{gtin}").json()["till"] == 700
    assert new_shop.api().post(f"{path}/apply").status_code == 409
    cancelled = new_shop.api().post(f"{path}/cancel").json()
    assert cancelled["state"] == "cancelled"
    assert new_shop.api().get(f"/prices/{gtin}").json()["till"] == 1000
    assert new_shop.api().post(f"{path}/cancel").status_code == 409
    assert new_shop.api().post("/price-sets/prices-9-9/cancel").status_code == 404


def test_the_only_price_is_not_taken_back(shop: Shop) -> None:
    """A set that gave a product its only price cannot be cancelled: the till needs one."""
    gtin = shop.product()
    answer = shop.api().post("/prices", json={"changes": [{"gtin": gtin, "amount": 5}]}).json()
    refused = shop.api().post(f"/price-sets/{answer['price_set']}/cancel")
    assert refused.status_code == 409
    assert gtin in refused.json()["detail"]


def test_draft_that_fits_no_longer_is_refused_whole(new_shop: Shop) -> None:
    """What came between a draft and its time may be at odds with it: then nothing is applied."""
    one, two = new_shop.priced(1000), new_shop.priced(1000)
    week = {"amount": 800, "from": in_days(1), "until": in_days(8), "promotion": "Week"}
    kept = draft(new_shop, {"gtin": one, "amount": 900}, {"gtin": two, **week})
    other = {"changes": [{"gtin": two, **week, "promotion": "Other"}]}
    new_shop.api().post("/prices", json=other).raise_for_status()
    answer = new_shop.api().post(f"/price-sets/{kept['price_set']}/apply")
    assert (answer.status_code, told(answer)) == (422, ["changes[1].from"])
    assert new_shop.api().get(f"/prices/{one}").json()["amount"] == 1000
    assert new_shop.api().get(f"/price-sets/{kept['price_set']}").json()["state"] == "draft"


def test_stuck_label_is_named(new_shop: Shop) -> None:
    """A label that its device says is silent keeps a set from being done, and is named."""
    gtin = new_shop.priced(1000)
    new_shop.hang("label-1", gtin)
    answer = new_shop.api().post("/prices", json={"changes": [{"gtin": gtin, "amount": 1300}]})
    silent = {"t": new_shop.clock(), "problem": "silent", "label": "label-1"}
    new_shop.hear("label/labels-1/problem", silent)
    found = new_shop.api().get(f"/price-sets/{answer.json()['price_set']}").json()
    (stuck,) = found["stuck"]
    assert (stuck["label"], stuck["shelf"], stuck["device"], stuck["gtin"], stuck["problems"]) == (
        "label-1",
        "shelf-a",
        "labels-1",
        gtin,
        ["silent"],
    )
    assert stuck["last_seen"].endswith("Z")
    assert found["done"] is False


def test_sets_are_listed_newest_first(new_shop: Shop) -> None:
    """Sets come in pages, the newest first, and by state."""
    gtin = new_shop.priced(1)
    names = [f"Set {n}" for n in range(5)]
    for name in names:
        draft(new_shop, {"gtin": gtin, "amount": 2}, name=name)
    listed = [row["name"] for page in new_shop.pages("/price-sets", limit=2) for row in page]
    assert listed == [*reversed(names), ""]
    drafts = new_shop.pages("/price-sets", state="draft")
    assert [row["changes"] for row in drafts[0]] == [1] * 5
    assert new_shop.api().get("/price-sets", params={"cursor": "x"}).status_code == 422
    assert new_shop.api().get("/price-sets", params={"state": "x"}).status_code == 422


@pytest.mark.parametrize("path", ["/prices", "/price-sets"])
def test_same_id_is_not_done_again(shop: Shop, path: str) -> None:
    """A promotion that comes again with its id is the same set; another one with it is refused."""
    gtin = shop.priced(1000)
    sale = {"gtin": gtin, "amount": 700, "until": in_days(3), "promotion": "Sale"}
    body = {"changes": [sale], "id": f"again {path}"}
    first = shop.api().post(path, json=body).json()["price_set"]
    if path == "/price-sets":
        shop.api().post(f"/price-sets/{first}/apply", json={"id": "apply"}).raise_for_status()
        again = shop.api().post(f"/price-sets/{first}/apply", json={"id": "apply"})
        assert again.json()["state"] == "applied"
    assert shop.api().post(path, json=body).json()["price_set"] == first
    other = shop.api().post(path, json={**body, "changes": [{**sale, "amount": 600}]})
    assert (other.status_code, told(other)) == (409, ["id"])


# Faulty input


@pytest.fixture(scope="module")
def busy(shop: Shop) -> tuple[Shop, str, str]:
    """Give a shop with a labelled product that has a promotion planned, and another product."""
    gtin, other = shop.priced(1000, name="Jacket"), shop.priced(500)
    week = {"amount": 800, "from": in_days(10), "until": in_days(20), "promotion": "Planned"}
    shop.api().post("/prices", json={"changes": [{"gtin": gtin, **week}]}).raise_for_status()
    shop.hang("label-1", gtin)
    return shop, gtin, other


def standing(shop: Shop, *gtins: str) -> list[Any]:
    """Give prices, book, sets and labels as they are, without what moves on by itself.

    That is when a label was asked last, and whether all labels are known to agree by now.
    """
    prices = [shop.api().get(f"/prices/{gtin}").json() for gtin in gtins]
    for price in prices:
        del price["effective"]
        for label in price["labels"]:
            del label["since"]
    return [*prices, shop.api().get("/price-sets").json(), shop.api().get("/labels").json()]


FAULTY: list[tuple[str, dict[str, Any], str]] = [
    ("negative", {"amount": -5}, ".amount"),
    ("zero", {"amount": 0}, ".amount"),
    ("ten digits", {"amount": 10**9}, ".amount"),
    ("wrong currency", {"currency": "USD"}, ".currency"),
    (
        "overlaps with the book",
        {"from": in_days(15), "until": in_days(25), "promotion": "Late"},
        ".from",
    ),
    ("unknown product", {"gtin": "04006381333931"}, ".gtin"),
    ("until before from", {"from": in_days(5), "until": in_days(4)}, ""),
    ("until in the past", {"until": "2001-01-01T00:00:00Z"}, ""),
    ("promotion of 200 characters", {"promotion": "x" * 200}, ".promotion"),
    ("control character", {"promotion": "a\x07b"}, ".promotion"),
    ("emoji in the promotion", {"promotion": "Sale \U0001f389"}, ""),
    ("promotion that no label holds", {"promotion": "W" * 80}, ""),
    ("false former price", {"promotion": "Sale", "was": 2000}, ".was"),
    ("former price without promotion", {"was": 2000}, ".was"),
    ("member price above the price", {"member": 950}, ".member"),
    ("promotion above the regular price", {"amount": 1100, "promotion": "Sale"}, ".amount"),
]


@pytest.mark.parametrize("path", ["/prices", "/price-sets", "/price-sets/preview"])
@pytest.mark.parametrize(("wrong", "field"), [f[1:] for f in FAULTY], ids=[f[0] for f in FAULTY])
def test_faulty_change_changes_nothing(
    busy: tuple[Shop, str, str], path: str, wrong: dict[str, Any], field: str
) -> None:
    """A change that cannot be is refused with its place, and takes the good one beside it along."""
    shop, gtin, other = busy
    before = standing(shop, gtin, other)
    changes = [{"gtin": other, "amount": 400}, {"gtin": gtin, "amount": 900, **wrong}]
    answer = shop.api().post(path, json={"changes": changes})
    assert answer.status_code == 422 or (path == "/prices" and answer.status_code in (404, 409))
    assert told(answer) == [f"changes[1]{field}"], answer.text
    assert standing(shop, gtin, other) == before


@pytest.mark.parametrize("path", ["/prices", "/price-sets", "/price-sets/preview"])
@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"amount": 900}, {"amount": 900}),
        (
            {"amount": 900, "until": in_days(3), "promotion": "A"},
            {"amount": 800, "from": in_days(2), "until": in_days(4), "promotion": "B"},
        ),
    ],
    ids=["twice the same", "promotions that overlap"],
)
def test_rows_at_odds_with_each_other_change_nothing(
    busy: tuple[Shop, str, str], path: str, one: dict[str, Any], two: dict[str, Any]
) -> None:
    """Two rows of a product for one time are refused at the second one."""
    shop, gtin, other = busy
    before = standing(shop, gtin, other)
    answer = shop.api().post(path, json={"changes": [{"gtin": gtin, **row} for row in (one, two)]})
    assert answer.status_code == (409 if path == "/prices" else 422)
    assert told(answer)[0].startswith("changes[1]")
    assert standing(shop, gtin, other) == before


@pytest.mark.parametrize("name", ["x" * 200, "Jacket \U0001f9e5"], ids=["200 letters", "emoji"])
def test_name_that_no_label_shows_keeps_the_price_out(new_shop: Shop, name: str) -> None:
    """A product whose name cannot be drawn gets no new price; label and reason are named."""
    gtin = new_shop.priced(1000)
    new_shop.hang("label-1", gtin)
    row = {"gtin": gtin, "name": name}
    new_shop.api().put("/products", json=[row]).raise_for_status()
    before = standing(new_shop, gtin)
    answer = new_shop.api().post("/prices", json={"changes": [{"gtin": gtin, "amount": 900}]})
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["path"]) == (422, "changes[0]")
    assert error["detail"].startswith("label label-1 cannot show it: name: ")
    assert standing(new_shop, gtin) == before


# CSV


def test_csv_is_kept_with_its_name(shop: Shop) -> None:
    """A CSV file becomes a draft; columns stand in any order, empty cells are not given."""
    one, two = shop.priced(1000), shop.product()
    text = (
        f"Promotion;gtin;amount;until;from\r\nSale, big;{one};900;{in_days(4)};\r\n;{two};5;;\r\n"
    )
    query = {"name": "From the head office"}
    answer = shop.api().post(
        "/price-sets", content=b"\xef\xbb\xbf" + text.encode(), headers=CSV, params=query
    )
    found = answer.json()
    assert (found["name"], found["state"]) == ("From the head office", "draft")
    rows = [(r["gtin"], r["amount"], r["promotion"], r["from"]) for r in found["changes"]]
    assert rows == [(one, 900, "Sale, big", None), (two, 5, None, None)]


def test_all_faults_of_a_file_are_named(new_shop: Shop) -> None:
    """Of 300 rows seven are faulty, by shape or by rule; all seven are told in their order."""
    gtins = [new_shop.gtin() for _ in range(300)]
    products = [{"gtin": gtin, "name": "Product"} for gtin in gtins]
    new_shop.api().put("/products", json=products).raise_for_status()
    rows = [[gtin, "1000", "", "", ""] for gtin in gtins]
    rows[10][0] = "4006381333930"
    rows[20][1] = "12.50"
    rows[30][2] = "tomorrow"
    rows[40][0] = new_shop.gtin()
    rows[50][0] = gtins[49]
    rows[60][1] = "0"
    rows[299][3:] = ["Sale", "5000"]
    lines = ["gtin,amount,from,promotion,was", *(",".join(row) for row in rows)]
    answer = new_shop.api().post("/price-sets", content="\n".join(lines), headers=CSV)
    assert answer.status_code == 422
    assert told(answer) == [
        "row 12, gtin",
        "row 22, amount",
        "row 32, from",
        "row 42, gtin",
        "row 52, gtin",
        "row 62, amount",
        "row 301, was",
    ]
    assert "minor units" in answer.json()["errors"][1]["detail"]
    assert new_shop.api().get("/price-sets").json()["items"] == []


@pytest.mark.parametrize(
    ("body", "kind", "path"),
    [
        (b"gtin,amount,price\n", "text/csv", "row 1"),
        (b"gtin,amount,amount\n", "text/csv", "row 1"),
        (b"gtin,amount\n", "text/csv", "body"),
        (b"", "text/csv", "body"),
        (b"gtin,amount\n\xff\xfe,1", "text/csv", "body"),
        (b'gtin,amount\n"96385074,100', "text/csv", "body"),
        (b"gtin,amount\n96385074,12,50", "text/csv", "row 2"),
        (b"gtin,amount\n96385074,\xd9\xa1", "text/csv", "row 2, amount"),
        (b"amount\n100", "text/csv", "row 2, gtin"),
        (b"gtin,amount\n" + b"96385074,1\n" * 20_001, "text/csv", "body"),
        (b"{}", "application/json", "changes"),
        (b'{"changes":[]}', "application/json", "changes"),
        (b'{"changes":[null]}', "application/json", "changes[0]"),
        (
            b'{"changes":[{"gtin":"96385074","amount":"1"}]}',
            "application/json",
            "changes[0].amount",
        ),
        (
            b'{"changes":[{"gtin":"96385074","amount":1.5}]}',
            "application/json",
            "changes[0].amount",
        ),
        (b'{"changes":[{}],"name":"%s"}' % (b"x" * 81), "application/json", "name"),
        (b"[" * 100_000, "application/json", "body"),
        (b"{", "application/json", "body"),
        (b"{}", "text/plain", "body"),
        (b"", "", "body"),
    ],
)
@pytest.mark.parametrize("route", ["/price-sets", "/price-sets/preview"])
def test_what_is_no_list_of_changes_is_refused(
    shop: Shop, route: str, body: bytes, kind: str, path: str
) -> None:
    """A body that cannot be read is refused with the place where it goes wrong."""
    answer = shop.api().post(route, content=body, headers={"Content-Type": kind})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert path in told(answer), answer.text[:500]


def test_ten_thousand_rows_are_previewed_in_seconds(new_shop: Shop) -> None:
    """A file of a whole shop is previewed while somebody waits for it."""
    gtins = [new_shop.gtin() for _ in range(10_000)]
    products = [{"gtin": gtin, "name": "Product"} for gtin in gtins]
    new_shop.api().put("/products", json=products).raise_for_status()
    text = "gtin,amount\n" + "".join(f"{gtin},100\n" for gtin in gtins)
    started = time.monotonic()
    found = new_shop.api().post("/price-sets/preview", content=text, headers=CSV).json()
    assert found["first"] == 10_000
    assert time.monotonic() - started < 15


def test_viewer_follows_and_changes_nothing(shop: Shop) -> None:
    """Price sets are an operator's to make; a viewer sees them."""
    viewer = shop.api("viewer")
    assert viewer.get("/price-sets").status_code == 200
    for path in (
        "/price-sets",
        "/price-sets/preview",
        "/price-sets/a/apply",
        "/price-sets/a/cancel",
    ):
        assert viewer.post(path, json={"changes": []}).status_code == 403
