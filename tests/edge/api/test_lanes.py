"""The self-checkout lane over HTTP, and the sales that come of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.edge.api.conftest import Shop


def step(shop: Shop, name: str, body: dict[str, Any] | None = None) -> httpx.Response:
    """Take a step at lane 1."""
    return shop.api().post(f"/lanes/lane-1/{name}", json=body)


def test_lane_is_idle_from_the_start(new_shop: Shop) -> None:
    """A configured lane is there before anything happened."""
    assert new_shop.api().get("/lanes/lane-2").json() == {
        "lane": "lane-2",
        "state": "idle",
        "basket": None,
        "lines": [],
        "total": 0,
        "currency": "EUR",
        "warning": None,
    }


def test_scan_price_void_and_pay(new_shop: Shop) -> None:
    """Codes become lines with prices, a line is voided, and payment is a sale."""
    first, second = new_shop.priced(250, name="Tea"), new_shop.priced(1000, name="Pot")
    for gtin in (first, second, first):
        lane = step(new_shop, "scan", {"data": gtin[1:]}).json()
    assert [(line["name"], line["qty"], line["amount"]) for line in lane["lines"]] == [
        ("Tea", 2, 500),
        ("Pot", 1, 1000),
    ]
    assert (lane["state"], lane["total"], lane["warning"]) == ("scanning", 1500, None)
    lane = step(new_shop, "void", {"line": 2}).json()
    assert lane["total"] == 500
    sale = step(new_shop, "pay", {"basket": lane["basket"], "method": "card"}).json()
    assert (sale["sale"], sale["lane"], sale["total"]) == (lane["basket"], "lane-1", 500)
    assert sale["lines"] == [{"gtin": first, "qty": 2, "amount": 500, "epc": None, "shelf": None}]
    assert new_shop.api().get("/lanes/lane-1").json()["state"] == "paid"


def test_payment_repeated_is_the_same_sale(new_shop: Shop) -> None:
    """The same basket paid again answers with the same sale and sells nothing more."""
    gtin = new_shop.priced(100)
    basket = step(new_shop, "scan", {"data": gtin}).json()["basket"]
    answers = [step(new_shop, "pay", {"basket": basket}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert answers[0].json() == answers[1].json() == answers[2].json()
    assert len(new_shop.api().get("/sales").json()["items"]) == 1


def test_unknown_code_warns_and_adds_nothing(new_shop: Shop) -> None:
    """A code that names no product with a price is a warning for the shopper."""
    unpriced = new_shop.product(name="Vase")
    for data, warning in (("no such code", "unknown code"), (unpriced, "Vase has no price")):
        lane = step(new_shop, "scan", {"data": data}).json()
        assert (lane["lines"], lane["total"]) == ([], 0)
        assert lane["warning"].startswith(warning)


def test_cancel_empties_the_basket(new_shop: Shop) -> None:
    """A cancelled basket is gone and the lane is idle."""
    step(new_shop, "scan", {"data": new_shop.priced(100)}).raise_for_status()
    lane = step(new_shop, "cancel").json()
    assert (lane["state"], lane["basket"], lane["lines"]) == ("idle", None, [])


def test_steps_that_the_lane_cannot_take_are_conflicts(new_shop: Shop) -> None:
    """An idle lane pays, voids and cancels nothing; an empty or other basket is not paid."""
    for name, body in (("pay", {"basket": "x"}), ("void", {"line": 1}), ("cancel", None)):
        answer = step(new_shop, name, body)
        assert (name, answer.status_code, answer.json()["errors"][0]["path"]) == (name, 409, "lane")
    step(new_shop, "scan", {"data": new_shop.priced(100)}).raise_for_status()
    answer = step(new_shop, "pay", {"basket": "another"})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (409, "basket")
    assert "expected the lane's open basket" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("name", "body", "status", "path"),
    [
        ("scan", {}, 422, "data"),
        ("scan", {"data": ""}, 422, "data"),
        ("scan", {"data": "x" * 5000}, 422, "data"),
        ("scan", {"data": 4006381333931}, 422, "data"),
        ("void", {"line": 0}, 422, "line"),
        ("void", {"line": 10**30}, 422, "line"),
        ("void", {"line": 99}, 404, "line"),
        ("pay", {}, 422, "basket"),
        ("pay", {"basket": "a\0b"}, 422, "basket"),
        ("pay", {"basket": "x" * 300}, 422, "basket"),
    ],
)
def test_wrong_steps_are_told_by_field(
    shop: Shop, name: str, body: dict[str, Any], status: int, path: str
) -> None:
    """What a step needs and did not get is told with its field."""
    step(shop, "scan", {"data": shop.priced(100)}).raise_for_status()
    answer = step(shop, name, body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (status, path)


def test_unknown_lane_is_not_found(shop: Shop) -> None:
    """A lane that is not configured is 404 for every step."""
    answers = [
        shop.api().get("/lanes/lane-9"),
        shop.api().post("/lanes/lane-9/scan", json={"data": "1"}),
        shop.api().post("/lanes/lane-9/void", json={"line": 1}),
        shop.api().post("/lanes/lane-9/pay", json={"basket": "1"}),
        shop.api().post("/lanes/lane-9/cancel"),
    ]
    assert [(answer.status_code, answer.json()["errors"][0]["path"]) for answer in answers] == [
        (404, "lane")
    ] * 5


def test_sales_of_a_till_come_in_pages_by_time(new_shop: Shop) -> None:
    """Sales of a third-party till are listed by time, between `from` and `to`, page by page."""
    noon = 1_767_268_800_000  # 2026-01-01T12:00:00Z
    for n in range(5):
        body = {"t": noon + n // 2, "sale": f"s{n}", "currency": "EUR", "lines": [], "total": n}
        line = {"gtin": new_shop.gtin(), "qty": 1, "amount": n}
        new_shop.hear("checkout/lane-2/sale", {**body, "lines": [line]})
    span = {"from": "2026-01-01T13:00:00+01:00", "to": "2026-01-01T12:00:00.002Z", "limit": "2"}
    pages = new_shop.pages("/sales", **span)
    assert [sale["sale"] for page in pages for sale in page] == ["s0", "s1", "s2", "s3"]
    assert new_shop.api().get("/sales").json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("query", "path"),
    [("from=yesterday", "from"), ("to=2026-01-01", "to"), ("cursor=x.y", "cursor")],
)
def test_wrong_spans_are_told_by_field(shop: Shop, query: str, path: str) -> None:
    """What is no time, or no cursor, is 422 with its field."""
    answer = shop.api().get(f"/sales?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, path)
