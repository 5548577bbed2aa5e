"""Products over HTTP: bulk upsert as JSON or CSV, listing, and every way to get one wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.edge.api.conftest import Shop


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("96385074", "00000096385074"),
        ("012345678905", "00012345678905"),
        ("4006381333931", "04006381333931"),
        ("14006381333938", "14006381333938"),
    ],
)
def test_shorter_gtins_are_padded(shop: Shop, given: str, kept: str) -> None:
    """A GTIN of 8, 12, 13 or 14 digits names the same product with all 14."""
    shop.api().put("/products", json=[{"gtin": given, "name": "Padded"}]).raise_for_status()
    for name in (given, kept):
        assert shop.api().get(f"/products/{name}").json()["gtin"] == kept


def test_array_and_object_are_taken_alike(shop: Shop) -> None:
    """Products come as a JSON array or as an object that holds one."""
    first, second = shop.gtin(), shop.gtin()
    one = shop.api().put("/products", json=[{"gtin": first, "name": "One"}])
    two = shop.api().put("/products", json={"products": [{"gtin": second, "name": "Two"}]})
    assert [one.json(), two.json()] == [{"products": 1}, {"products": 1}]
    assert shop.api().get(f"/products/{second}").json()["name"] == "Two"


def test_product_keeps_all_its_fields(shop: Shop) -> None:
    """What is put is what is given, with further languages; unknown fields are ignored."""
    product = {
        "gtin": shop.gtin(),
        "name": "Müller & <b>Söhne</b>",
        "brand": "B",
        "unit": "kg",
        "pack": "6 x 1 kg",
        "image": "https://example.test/a.png",
        "tracking": "count",
        "safety": 3,
        "names": {"zh": "牛仔夹克"},
    }
    shop.api().put("/products", json=[{**product, "colour": "blue"}]).raise_for_status()
    assert shop.api().get(f"/products/{product['gtin']}").json() == product


def test_put_again_replaces(shop: Shop) -> None:
    """The same GTIN again is the same product with new fields."""
    gtin = shop.product(brand="Old")
    shop.api().put("/products", json=[{"gtin": gtin, "name": "New"}]).raise_for_status()
    found = shop.api().get(f"/products/{gtin}").json()
    assert (found["name"], found["brand"]) == ("New", "")


def test_pages_walk_over_all_products(new_shop: Shop) -> None:
    """`next` of each page leads to the one after it, until all were given once, in order."""
    gtins = [new_shop.gtin() for _ in range(250)]
    rows = [{"gtin": gtin, "name": "Many"} for gtin in gtins]
    assert new_shop.api().put("/products", json=rows).json() == {"products": 250}
    pages = new_shop.pages("/products", limit=100)
    assert [len(page) for page in pages] == [100, 100, 50]
    assert [product["gtin"] for page in pages for product in page] == sorted(gtins)


def test_csv_with_a_byte_order_mark_is_taken(shop: Shop) -> None:
    """CSV as a spreadsheet writes it is taken: BOM, CRLF, quotes, empty cells, spare columns."""
    gtin = shop.gtin()
    text = f'GTIN, name ,safety,brand,note\r\n{gtin},"Jacket, blue",2,,x,y\r\n\r\n'
    answer = shop.api().put(
        "/products",
        content=text.encode("utf-8-sig"),
        headers={"Content-Type": "text/csv; charset=utf-8"},
    )
    assert answer.json() == {"products": 1}
    found = shop.api().get(f"/products/{gtin}").json()
    assert (found["name"], found["safety"], found["brand"]) == ("Jacket, blue", 2, "")


@pytest.mark.parametrize("form", ["json", "csv"])
def test_every_faulty_row_is_reported_and_none_is_taken(shop: Shop, form: str) -> None:
    """One faulty row keeps all out, and each fault is told with its row and field."""
    good = shop.gtin()
    rows = [(good, "Good", "0"), ("123", "Short", "0"), (shop.gtin(), "", "0"), (good, "G", "-1")]
    if form == "csv":
        lines = ["gtin,name,safety", *(",".join(row) for row in rows)]
        body, kind = "\n".join(lines), "text/csv"
        answer = shop.api().put("/products", content=body, headers={"Content-Type": kind})
    else:
        names = ("gtin", "name", "safety")
        answer = shop.api().put(
            "/products", json=[dict(zip(names, row, strict=True)) for row in rows]
        )
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    paths = [error["path"] for error in answer.json()["errors"]]
    json, csv = (
        ["[1].gtin", "[2].name", "[3].safety"],
        ["row 3, gtin", "row 4, name", "row 5, safety"],
    )
    assert paths == (csv if form == "csv" else json)
    assert shop.api().get(f"/products/{good}").status_code == 404


@pytest.mark.parametrize("separator", [",", ";"])
def test_csv_of_any_spreadsheet_is_read(shop: Shop, separator: str) -> None:
    """Commas or semicolons, a byte-order mark, empty cells and rows: all of it is CSV."""
    one, two = shop.gtin(), shop.gtin()
    lines = [["Name", "gtin", "pack"], ["One", one, ""], ["", "", ""], ['"Two, big"', two, "1 kg"]]
    body = "\ufeff" + "\r\n".join(separator.join(line) for line in lines)
    headers = {"Content-Type": "text/csv; charset=utf-8"}
    answer = shop.api().put("/products", content=body.encode(), headers=headers)
    assert answer.json() == {"products": 2}
    found = shop.api().get(f"/products/{two}").json()
    assert (found["name"], found["pack"]) == ("Two, big", "1 kg")


@pytest.mark.parametrize("form", ["json", "csv"])
def test_pack_is_told_in_the_unit(shop: Shop, form: str) -> None:
    """A pack that gives no unit price is refused with its row, and no product is taken."""
    good, bad = shop.gtin(), shop.gtin()
    if form == "csv":
        text = f"gtin,name,unit,pack\n{good},Good,kg,500 g\n{bad},Bad,kg,6 x 330 ml\n"
        headers = {"Content-Type": "text/csv"}
        answer = shop.api().put("/products", content=text, headers=headers)
    else:
        rows = [(good, "500 g"), (bad, "6 x 330 ml")]
        body = [{"gtin": g, "name": "N", "unit": "kg", "pack": pack} for g, pack in rows]
        answer = shop.api().put("/products", json=body)
    (error,) = answer.json()["errors"]
    path = "row 3, pack" if form == "csv" else "[1].pack"
    assert (answer.status_code, error["path"]) == (422, path)
    assert "6 x 330 ml" in error["detail"]
    assert shop.api().get(f"/products/{good}").status_code == 404


@pytest.mark.parametrize(
    ("body", "kind", "path"),
    [
        (b"", "application/json", "body"),
        (b"{", "application/json", "body"),
        (b"42", "application/json", "body"),
        (b'{"items":[]}', "application/json", "body"),
        (b"\xff\xfe", "text/csv", "body"),
        (b"", "text/csv", "body"),
        (b'gtin,name\n"' + b"x" * 140_000, "text/csv", "body"),
        (b'[{"name":"No GTIN"}]', "application/json", "[0].gtin"),
        (b'[{"gtin":96385074,"name":"Number"}]', "application/json", "[0].gtin"),
        (b'[{"gtin":"96385075","name":"Wrong check digit"}]', "application/json", "[0].gtin"),
        (b'[{"gtin":"\\uff19638507\\uff14","name":"Wide"}]', "application/json", "[0].gtin"),
        (b'[{"gtin":"96385074","name":"a\\u0000b"}]', "application/json", "[0].name"),
        (b'[{"gtin":"96385074","name":"a","safety":1e30}]', "application/json", "[0].safety"),
        (b'[{"gtin":"96385074","name":"a","tracking":"x"}]', "application/json", "[0].tracking"),
        (b'[{"gtin":"96385074","name":"' + b"x" * 201 + b'"}]', "application/json", "[0].name"),
        (
            b'[{"gtin":"96385074","name":"a","names":{"<b>":"a"}}]',
            "application/json",
            "[0].names.<b>.[key]",
        ),
    ],
)
def test_wrong_products_are_told_by_field(shop: Shop, body: bytes, kind: str, path: str) -> None:
    """What is no product is refused with the path of the field at fault."""
    answer = shop.api().put("/products", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 422
    assert path in [error["path"] for error in answer.json()["errors"]]


def test_unknown_product_is_not_found(shop: Shop) -> None:
    """A right GTIN that nobody put is 404; a wrong one is 422."""
    assert shop.api().get(f"/products/{shop.gtin()}").status_code == 404
    answer = shop.api().get("/products/4006381333930")
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "gtin")
