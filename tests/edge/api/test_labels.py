"""Shelf labels over HTTP: what they show, binding, finding, their picture."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from PIL import Image

from edge.commands import KeepPicture

if TYPE_CHECKING:
    from tests.edge.api.conftest import Shop


def label(shop: Shop, name: str) -> dict[str, Any]:
    """Give a label."""
    rows = shop.api().get("/labels").json()["items"]
    found: dict[str, Any] = next(row for row in rows if row["label"] == name)
    return found


def bind(shop: Shop, name: str, gtin: str) -> int:
    """Bind a label and give the status."""
    return shop.api().post(f"/labels/{name}/bind", json={"gtin": gtin}).status_code


def test_bound_label_shows_its_product(new_shop: Shop) -> None:
    """A label that is bound to a priced product is due with the product's name and price."""
    gtin = new_shop.priced(1999, name="Jacket")
    assert bind(new_shop, "label-1", gtin) == 204
    found = label(new_shop, "label-1")
    assert found == {
        "label": "label-1",
        "device": "labels-1",
        "shelf": "shelf-a",
        "gtin": gtin,
        "name": "Jacket",
        "amount": 1999,
        "state": "due",
        "image": None,
        "battery_mv": None,
        "problem": None,
        "rssi": None,
        "temp_c": None,
        "last_seen": found["last_seen"],
        "problems": [],
        "confirmed": False,
    }
    assert label(new_shop, "label-2")["state"] == "unbound"


def test_labels_are_found_by_product(new_shop: Shop) -> None:
    """`gtin` lists the labels of one product."""
    gtin = new_shop.product()
    bind(new_shop, "label-2", gtin)
    rows = new_shop.api().get("/labels", params={"gtin": gtin.lstrip("0")}).json()["items"]
    assert [row["label"] for row in rows] == ["label-2"]


def test_picture_is_the_one_that_was_drawn(new_shop: Shop) -> None:
    """The picture of a label is a PNG, with its name as ETag; before it is drawn it is 404."""
    bind(new_shop, "label-1", new_shop.priced(100))
    before = new_shop.api().get("/labels/label-1/image.png")
    assert (before.status_code, before.json()["title"]) == (404, "not found")
    png = io.BytesIO()
    Image.new("1", (296, 128)).save(png, "PNG")
    new_shop.execute(KeepPicture("label-1", 1, "a" * 16, png.getvalue()))
    answer = new_shop.api().get("/labels/label-1/image.png")
    assert (answer.headers["content-type"], answer.headers["etag"]) == (
        "image/png",
        f'"{"a" * 16}"',
    )
    assert Image.open(io.BytesIO(answer.content)).size == (296, 128)


def test_label_flashes_to_be_found(new_shop: Shop) -> None:
    """`identify` sends the label's access point a command, whose id is the answer."""
    answer = new_shop.api().post("/labels/label-1/identify")
    assert answer.status_code == 202
    query = {"type": "store.device.commanded.v1"}
    (event,) = new_shop.api().get("/events", params=query).json()
    assert event["data"] == {
        "device": "labels-1",
        "kind": "label",
        "id": answer.json()["id"],
        "name": "identify",
        "args": {"label": "label-1", "colour": "green", "seconds": 10},
    }


def test_what_does_not_exist_is_told_by_field(shop: Shop) -> None:
    """An unknown label or product is 404, a wrong GTIN is 422, each with its field."""
    gtin, unknown = shop.product(), shop.gtin()
    answers = [
        shop.api().post("/labels/label-9/bind", json={"gtin": gtin}),
        shop.api().post("/labels/label-1/bind", json={"gtin": unknown}),
        shop.api().post("/labels/label-1/bind", json={"gtin": "1"}),
        shop.api().post("/labels/label-9/identify"),
        shop.api().get("/labels/label-9/image.png"),
        shop.api().get("/labels/%2E%2E%2Fstore/image.png"),
    ]
    told = [(a.status_code, *(e["path"] for e in a.json().get("errors", []))) for a in answers]
    assert told == [
        (404, "label"),
        (404, "gtin"),
        (422, "gtin"),
        (404, "label"),
        (404, "label"),
        (404,),
    ]
