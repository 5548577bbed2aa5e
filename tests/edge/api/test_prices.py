"""Prices over HTTP: what is wanted, what the till charges, and what each label shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from edge.commands import BindLabel, KeepPicture

if TYPE_CHECKING:
    from tests.edge.api.conftest import Shop


def price(shop: Shop, gtin: str) -> dict[str, Any]:
    """Give a product's price."""
    found: dict[str, Any] = shop.api().get(f"/prices/{gtin}").json()
    return found


def change(shop: Shop, *changes: dict[str, Any]) -> dict[str, Any]:
    """Change prices and give the answer."""
    answer = shop.api().post("/prices", json={"changes": list(changes)})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def draw(shop: Shop, label: str, revision: int, image: str) -> None:
    """Keep a label's picture, as the downlink does before it sends it."""
    shop.execute(KeepPicture(label, revision, image, b"\x89PNG"))


def show(shop: Shop, label: str, image: str) -> None:
    """Let a label confirm what is on its glass."""
    shop.hear("label/labels-1/shown", {"t": 1, "label": label, "image": image})


def test_price_without_labels_is_effective_at_once(shop: Shop) -> None:
    """A price that no label shows is charged and effective as soon as it is set."""
    gtin = shop.product()
    answer = change(shop, {"gtin": gtin, "amount": 1999})
    (row,) = price(shop, gtin)["upcoming"]
    wanted = {
        "gtin": gtin,
        "amount": 1999,
        "till": 1999,
        "currency": "EUR",
        "promotion": None,
        "effective": True,
        "labels": [],
        "member": None,
        "till_member": 1999,
        "was": None,
        "regular": 1999,
        "unit_price": None,
        "per": None,
        "lowest_30_days": 1999,
        "lowest_sold_7_days": None,
        "upcoming": [{**row, "amount": 1999, "until": None, "promotion": None, "member": None}],
    }
    assert answer == {"price_set": row["price_set"], "prices": [wanted]}
    assert price(shop, gtin) == wanted


def test_answer_has_a_state_per_label(new_shop: Shop) -> None:
    """Each label tells how far it is and which amounts it may be showing; the till waits for it."""
    gtin = new_shop.priced(1000)
    for label in ("label-1", "label-2"):
        new_shop.execute(BindLabel(label, gtin))
        draw(new_shop, label, 1, "0" * 16)
        show(new_shop, label, "0" * 16)
    (raised,) = change(new_shop, {"gtin": gtin, "amount": 1500})["prices"]
    assert (raised["amount"], raised["till"], raised["effective"]) == (1500, 1000, False)
    draw(new_shop, "label-1", 2, "1" * 16)
    show(new_shop, "label-1", "1" * 16)
    draw(new_shop, "label-2", 2, "1" * 16)
    found = price(new_shop, gtin)
    told = [(row["label"], row["state"], row["shows"]) for row in found["labels"]]
    assert told == [("label-1", "shown", [1500]), ("label-2", "sent", [1000, 1500])]
    assert all(row["since"].endswith("Z") and row["problems"] == [] for row in found["labels"])
    assert found["till"] == 1000
    show(new_shop, "label-2", "1" * 16)
    found = price(new_shop, gtin)
    assert (found["till"], found["effective"]) == (1500, True)


def test_label_that_was_taken_down_holds_no_price(new_shop: Shop) -> None:
    """A raise waits for a label that does not answer, until somebody has taken it off the shelf."""
    gtin = new_shop.priced(1000)
    new_shop.execute(BindLabel("label-1", gtin))
    draw(new_shop, "label-1", 1, "0" * 16)
    show(new_shop, "label-1", "0" * 16)
    change(new_shop, {"gtin": gtin, "amount": 1500})
    assert price(new_shop, gtin)["till"] == 1000
    new_shop.api("operator").post("/labels/label-1/remove").raise_for_status()
    found = price(new_shop, gtin)
    assert (found["till"], found["effective"], found["labels"]) == (1500, True, [])
    assert new_shop.api().get("/labels").json()["items"][0]["state"] == "removed"


def test_planned_price_waits_for_its_time(shop: Shop) -> None:
    """A price with `from` in the future leaves the price of today as it is, and is told."""
    gtin = shop.priced(500)
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    change(shop, {"gtin": gtin, "amount": 400, "from": later, "promotion": "Sale"})
    found = price(shop, gtin)
    assert (found["amount"], [row["amount"] for row in found["upcoming"]]) == (500, [500, 400])


def test_price_tells_what_belongs_to_it(shop: Shop) -> None:
    """A promotion is told with the regular and the former price, for members, and for a unit."""
    gtin = shop.priced(1000, unit="kg", pack="500 g")
    end = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)
    sale = {"amount": 800, "until": end.isoformat(), "promotion": "Sale", "was": 1000}
    name = {"name": "Weekend"}
    answer = shop.api().post(
        "/prices", json={"changes": [{"gtin": gtin, **sale, "member": 750}], **name}
    )
    (found,) = answer.json()["prices"]
    wanted = {
        "amount": 800,
        "till": 800,
        "member": 750,
        "till_member": 750,
        "promotion": "Sale",
        "was": 1000,
        "regular": 1000,
        "unit_price": 1600,
        "per": "kg",
        "lowest_30_days": 800,
    }
    assert {key: found[key] for key in wanted} == wanted
    rows = [(row["amount"], row["promotion"], row["member"]) for row in found["upcoming"]]
    assert rows == [(1000, None, None), (800, "Sale", 750)]
    assert datetime.fromisoformat(found["upcoming"][1]["until"]) == end
    price_set = shop.api().get(f"/price-sets/{found['upcoming'][1]['price_set']}").json()
    assert (price_set["name"], price_set["state"], price_set["done"]) == (
        "Weekend",
        "applied",
        True,
    )


def test_changes_are_taken_all_or_none(shop: Shop) -> None:
    """One unknown product keeps all changes out, and is named by its place."""
    gtin, unknown = shop.product(), shop.gtin()
    answer = shop.api().post(
        "/prices",
        json={"changes": [{"gtin": gtin, "amount": 1}, {"gtin": unknown, "amount": 1}]},
    )
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (404, "changes[1].gtin")
    assert shop.api().get(f"/prices/{gtin}").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"amount": -1}, "changes[0].amount"),
        ({"amount": 19.99}, "changes[0].amount"),
        ({"amount": 20.0}, "changes[0].amount"),
        ({"amount": "1999"}, "changes[0].amount"),
        ({"amount": True}, "changes[0].amount"),
        ({"amount": 10**13}, "changes[0].amount"),
        ({"amount": None}, "changes[0].amount"),
        ({"gtin": "4006381333930"}, "changes[0].gtin"),
        ({"from": "tomorrow"}, "changes[0].from"),
        ({"from": "2030-01-01T00:00:00"}, "changes[0].from"),
        ({"from": 1893456000}, "changes[0].from"),
        ({"from": "2030-01-02T00:00:00Z", "until": "2030-01-01T00:00:00Z"}, "changes[0]"),
        ({"until": "2001-01-01T00:00:00Z"}, "changes[0]"),
        ({"promotion": "x" * 81}, "changes[0].promotion"),
        ({"promotion": "a\nb"}, "changes[0].promotion"),
        ({"amount": 0}, "changes[0].amount"),
        ({"amount": 10**9}, "changes[0].amount"),
        ({"member": 0}, "changes[0].member"),
        ({"was": 1.5}, "changes[0].was"),
        ({"currency": "euro"}, "changes[0].currency"),
    ],
)
def test_wrong_changes_are_told_by_field(shop: Shop, wrong: dict[str, Any], path: str) -> None:
    """A change that cannot be is 422 with the path of its field."""
    body = {"changes": [{"gtin": "4006381333931", "amount": 1, **wrong}]}
    answer = shop.api().post("/prices", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, path)


@pytest.mark.parametrize(("body", "path"), [({}, "changes"), ({"changes": []}, "changes")])
def test_a_change_is_expected(shop: Shop, body: dict[str, Any], path: str) -> None:
    """No change at all is 422."""
    answer = shop.api().post("/prices", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, path)


def test_product_without_a_price_is_not_found(shop: Shop) -> None:
    """A product that has no price yet is 404, and the answer says how to set one."""
    answer = shop.api().get(f"/prices/{shop.product()}")
    assert answer.status_code == 404
    assert "POST /api/v1/prices" in answer.json()["detail"]
