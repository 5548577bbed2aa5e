"""What strangers may send: nothing of it is a 500, and the shop goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.edge.api.conftest import Shop

JSON = {"Content-Type": "application/json"}
NASTY = [
    "' OR 1=1 --",
    '"; DROP TABLE items; --',
    "<script>alert(1)</script>",
    "..%2F..%2F..%2Fetc%2Fpasswd",
    "%2e%2e%2f%2e%2e",
    "%00",
    "a%00b",
    "%0d%0aSet-Cookie:%20a=b",
    "%ed%a0%80",
    "%ff%fe",
    "%F0%9F%9B%92",
    "x" * 5_000,
    "9" * 400,
    "${jndi:ldap://a}",
    "{{7*7}}",
]
PLACES = [
    ("GET", "/stock/{}"),
    ("GET", "/stock?zone={}"),
    ("GET", "/stock?gtin={}"),
    ("GET", "/stock?cursor={}"),
    ("GET", "/items/{}"),
    ("GET", "/items?state={}"),
    ("GET", "/deliveries/{}"),
    ("GET", "/deliveries?state={}"),
    ("GET", "/deliveries?cursor={}"),
    ("POST", "/deliveries/{}/receive"),
    ("POST", "/deliveries/{}/cancel"),
    ("GET", "/stocktakes/{}"),
    ("GET", "/stocktakes?state={}"),
    ("POST", "/stocktakes/{}/end"),
    ("POST", "/stocktakes/{}/cancel"),
    ("GET", "/products/{}"),
    ("GET", "/products?cursor={}"),
    ("GET", "/prices/{}"),
    ("GET", "/prices/audit?seed={}"),
    ("GET", "/price-sets/{}"),
    ("GET", "/price-sets?state={}"),
    ("GET", "/price-sets?cursor={}"),
    ("POST", "/price-sets?name={}"),
    ("POST", "/price-sets/{}/apply"),
    ("POST", "/price-sets/{}/cancel"),
    ("GET", "/traffic?line={}"),
    ("GET", "/traffic?from={}"),
    ("GET", "/traffic/heatmap/{}.png"),
    ("GET", "/sales?cursor={}"),
    ("GET", "/sales?to={}"),
    ("GET", "/lanes/{}"),
    ("POST", "/lanes/{}/cancel"),
    ("GET", "/labels?gtin={}"),
    ("GET", "/labels?problem={}"),
    ("GET", "/labels?device={}"),
    ("GET", "/labels/{}/image.png"),
    ("POST", "/labels/{}/identify"),
    ("GET", "/devices/{}/config/history"),
    ("GET", "/dead-letters?after={}"),
    ("POST", "/dead-letters/{}/retry"),
    ("GET", "/events?after={}"),
    ("GET", "/events?type={}"),
]


@pytest.mark.parametrize(("method", "place"), PLACES)
def test_nasty_names_are_names(shop: Shop, method: str, place: str) -> None:
    """SQL, HTML, paths, NULs and endless texts in a path or query are plain wrong or unknown."""
    for nasty in NASTY:
        answer = shop.api().request(method, place.format(nasty))
        assert answer.status_code in (200, 404, 422), (nasty, answer.text)
        if answer.is_error:
            assert answer.headers["content-type"] == "application/problem+json", nasty
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"\x00", 422),
        (b"\xff\xfe\x00", 400),
        (b"null", 422),
        (b"NaN", 422),
        (b"1" * 5_000, 400),
        (b'{"changes":' * 20_000, 400),
        (b"[" * 100_000, 400),
        (b'{"changes":[{"gtin":"4006381333931","amount":1e400}]}', 422),
        (b'{"changes":[{"gtin":"4006381333931","amount":%s}]}' % (b"9" * 4_000), 422),
        (b'{"changes":[{"gtin":"4006381333931","amount":NaN}]}', 422),
        (b'{"changes":[{"gtin":"\\ud800","amount":1}]}', 422),
        (b'{"changes":[' + b",".join([b"{}"] * 10_001) + b"]}", 422),
    ],
)
def test_broken_bodies_are_refused(shop: Shop, body: bytes, status: int) -> None:
    """A body that is no JSON, too deep, or of huge numbers is the sender's fault."""
    answer = shop.api().post("/prices", content=body, headers=JSON)
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    )


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", "x", ""])
def test_wrong_content_type_is_refused(shop: Shop, kind: str) -> None:
    """JSON under another name is not read, so that a web page cannot post it across sites."""
    body = b'{"changes":[{"gtin":"4006381333931","amount":1}]}'
    answer = shop.api().post("/prices", content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "body")


def test_html_in_names_stays_text(shop: Shop) -> None:
    """A name with HTML is kept as it is, and only ever answered as JSON."""
    name = "<img src=x onerror=alert(1)> & 'quotes' \"too\" ; DROP TABLE products"
    gtin = shop.product(name=name)
    answer = shop.api().get(f"/products/{gtin}")
    assert (answer.json()["name"], answer.headers["content-type"]) == (name, "application/json")


@pytest.mark.parametrize("path", ["/products", "/prices", "/devices/reader-1/config"])
def test_oversized_body_is_refused(shop: Shop, path: str) -> None:
    """A body over 8 MiB is 413 as a problem document, whether its length is told or not."""
    method = "POST" if path == "/prices" else "PUT"
    piece = b" " * (1 << 20)

    def pieces() -> Iterator[bytes]:
        for _ in range(9):
            yield piece

    for body in (piece * 9, pieces()):
        answer = shop.api().request(method, path, content=body, headers=JSON)
        assert (answer.status_code, answer.json()["status"]) == (413, 413)
        assert "expected at most 8388608 bytes" in answer.json()["detail"]


def test_oversized_body_of_a_stranger_is_not_taken(shop: Shop) -> None:
    """Without a token, a large body is refused as well."""
    answer = httpx.put(f"{shop.url}/api/v1/products", content=b" " * (9 << 20))
    assert answer.status_code in (401, 413)


def test_many_products_fit(new_shop: Shop) -> None:
    """Ten thousand products in one request are taken."""
    rows = [{"gtin": new_shop.gtin(), "name": "Product"} for _ in range(10_000)]
    assert new_shop.api().put("/products", json=rows).json() == {"products": 10_000}


def test_the_shop_goes_on(shop: Shop) -> None:
    """After all of this the writer runs, and nothing but contract breaches was set aside."""
    nothing: list[Any] = shop.api().get("/dead-letters").json()["items"]
    assert nothing == []
    assert shop.api().get(f"/products/{shop.product()}").status_code == 200
