"""How labels do, over HTTP: health, flashing, and binding with a scanner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.edge.api.conftest import Shop


def label(shop: Shop, name: str) -> dict[str, Any]:
    """Give a label."""
    rows = shop.api().get("/labels").json()["items"]
    found: dict[str, Any] = next(row for row in rows if row["label"] == name)
    return found


def told(answer: httpx.Response) -> tuple[int, list[str]]:
    """Give the status of a refusal and the paths that it names."""
    return answer.status_code, [error["path"] for error in answer.json().get("errors", [])]


def commanded(shop: Shop) -> list[dict[str, Any]]:
    """Give the commands that went to devices."""
    events = shop.api().get("/events", params={"type": "store.device.commanded.v1"}).json()
    return [event["data"] for event in events]


def test_label_tells_how_it_does(new_shop: Shop) -> None:
    """Battery, signal, temperature and the time of the last word are those that the label told."""
    report = {"t": new_shop.clock(), "label": "label-1", "battery_mv": 2900}
    new_shop.hear("label/labels-1/report", {**report, "rssi": -71.5, "temp_c": 4.0})
    found = label(new_shop, "label-1")
    assert (found["battery_mv"], found["rssi"], found["temp_c"]) == (2900, -71.5, 4.0)
    assert (found["problems"], found["problem"]) == ([], None)
    assert found["last_seen"].endswith("Z")


def test_problems_are_codes_and_a_filter(new_shop: Shop) -> None:
    """A weak battery and what the device tells are problems; labels are listed by them."""
    told_at = {"t": new_shop.clock(), "label": "label-1"}
    new_shop.hear("label/labels-1/report", {**told_at, "battery_mv": 2000})
    new_shop.hear("label/labels-1/problem", {**told_at, "problem": "silent"})
    found = label(new_shop, "label-1")
    assert (found["problems"], found["problem"]) == (
        ["low-battery", "silent"],
        "low-battery, silent",
    )
    listed = [
        [row["label"] for row in new_shop.api().get("/labels", params=query).json()["items"]]
        for query in (
            {"problem": "silent"},
            {"problem": "lost"},
            {"device": "labels-1"},
            {"device": "labels-2"},
        )
    ]
    assert listed == [["label-1"], [], ["label-1", "label-2"], []]


def test_drawing_fault_is_the_problem(new_shop: Shop) -> None:
    """Why a picture could not be drawn is told in words, beside its code."""
    gtin = new_shop.priced(100)
    new_shop.api().post("/labels/label-1/bind", json={"gtin": gtin}).raise_for_status()
    new_shop.fail("label-1", "name: too long")
    found = label(new_shop, "label-1")
    assert (found["state"], found["problem"], found["problems"]) == (
        "failed",
        "name: too long",
        ["not-drawn"],
    )
    (row,) = new_shop.api().get(f"/prices/{gtin}").json()["labels"]
    assert row["problems"] == ["not-drawn"]


def test_what_a_label_shows_is_certain_once_it_says_so(new_shop: Shop) -> None:
    """`confirmed` falls with a picture on its way, and comes back with the label's word."""
    gtin = new_shop.priced(100)
    new_shop.hang("label-1", gtin)
    assert label(new_shop, "label-1")["confirmed"] is True
    change = {"changes": [{"gtin": gtin, "amount": 90}]}
    new_shop.api().post("/prices", json=change).raise_for_status()
    new_shop.draw("label-1")
    assert label(new_shop, "label-1")["confirmed"] is False
    new_shop.show("label-1")
    assert label(new_shop, "label-1")["confirmed"] is True


# Finding


def test_label_flashes_as_asked(new_shop: Shop) -> None:
    """Colour and time of the flash may be told."""
    body = {"colour": "red", "seconds": 60}
    new_shop.api().post("/labels/label-1/identify", json=body).raise_for_status()
    assert commanded(new_shop)[0]["args"] == {"label": "label-1", **body}


def test_all_labels_of_a_product_flash(new_shop: Shop) -> None:
    """Pick to light: all labels of a product flash, each by a command of its own."""
    gtin = new_shop.product()
    for name in ("label-1", "label-2"):
        new_shop.api().post(f"/labels/{name}/bind", json={"gtin": gtin}).raise_for_status()
    body = {"gtin": gtin.lstrip("0"), "colour": "blue"}
    answer = new_shop.api("operator").post("/labels/identify", json=body)
    assert answer.status_code == 202
    sent = {(row["label"], row["id"]) for row in answer.json()}
    assert sent == {(row["args"]["label"], row["id"]) for row in commanded(new_shop)}
    assert {row["args"]["colour"] for row in commanded(new_shop)} == {"blue"}


def test_some_labels_flash_or_none(new_shop: Shop) -> None:
    """Labels flash by their names; where one is unknown, none does."""
    answer = new_shop.api().post("/labels/identify", json={"labels": ["label-1", "label-9"]})
    assert told(answer) == (404, ["labels[1]"])
    assert commanded(new_shop) == []
    answer = new_shop.api().post("/labels/identify", json={"labels": ["label-2", "label-2"]})
    assert [row["label"] for row in answer.json()] == ["label-2"]


@pytest.mark.parametrize(
    ("path", "body", "wrong"),
    [
        ("/labels/identify", {}, ""),
        ("/labels/identify", {"gtin": "96385074", "labels": ["label-1"]}, ""),
        ("/labels/identify", {"labels": []}, "labels"),
        ("/labels/identify", {"labels": ["label-1"] * 101}, "labels"),
        ("/labels/identify", {"labels": ["label-1"], "colour": "pink"}, "colour"),
        ("/labels/label-1/identify", {"seconds": 601}, "seconds"),
        ("/labels/label-1/identify", {"seconds": "9"}, "seconds"),
    ],
)
def test_wrong_flash_is_refused(shop: Shop, path: str, body: dict[str, Any], wrong: str) -> None:
    """Who is to flash, how and how long are told by field where they are wrong."""
    status, paths = told(shop.api().post(path, json=body))
    assert (status, paths[0]) == (422, wrong or "body")


def test_product_without_labels_does_not_flash(shop: Shop) -> None:
    """A product that no label shows is 404."""
    body = {"gtin": shop.product()}
    assert told(shop.api().post("/labels/identify", json=body)) == (404, ["gtin"])


# Binding with a scanner


@pytest.mark.parametrize(
    "code",
    [
        "label-2",
        "LABEL-2",
        "00000218A1B2C3D4",
        "00:00:02:18:a1:b2:c3:d4",
        " 0000-0218-a1b2-c3d4\r\n",
        "https://esl.example/t/00000218A1B2C3D4?from=scan",
        "https://esl.example/labels/label-2/",
    ],
)
@pytest.mark.parametrize("form", ["{ean}", "https://id.gs1.org/01/{gtin}/21/7", "]d201{gtin}"])
def test_label_and_product_are_bound_as_scanned(shop: Shop, code: str, form: str) -> None:
    """A label's id or address and a code on the goods are enough to bind the two."""
    gtin = shop.priced(100)
    product = form.format(gtin=gtin, ean=gtin[1:])
    answer = shop.api("operator").post("/labels/bind", json={"label": code, "product": product})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["label"], answer.json()["gtin"]) == ("label-2", gtin)


def test_unknown_codes_are_told_apart(shop: Shop) -> None:
    """The refusal says whether it was the label or the product, and whether it is a code at all."""
    known = {"label": "label-1", "product": shop.product()}
    wrong: list[tuple[dict[str, str], tuple[int, list[str]]]] = [
        ({"label": "label-9"}, (404, ["label"])),
        ({"label": "00000218A1B2C3D5"}, (404, ["label"])),
        ({"label": "/"}, (404, ["label"])),
        ({"label": ""}, (422, ["label"])),
        ({"product": shop.gtin()}, (404, ["product"])),
        ({"product": "hello"}, (422, ["product"])),
    ]
    before = shop.api().get("/labels").json()
    for part, expected in wrong:
        answer = shop.api().post("/labels/bind", json={**known, **part})
        assert told(answer) == expected, part
    assert shop.api().get("/labels").json() == before
