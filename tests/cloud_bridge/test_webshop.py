"""The web shop: what it makes of events, in whatever order and however often they come."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_bridge.catalogue import Catalogue, read_batch
from cloud_bridge.webhook import Webhook, signature
from edge.commands import Product
from edge.events import (
    Event,
    PriceEffective,
    ProductChanged,
    SaleCompleted,
    StockChanged,
    moment,
)
from edge.wire import LoggedEvent, encode_cloudevents, encode_event

T0 = 1_800_000_000_000
TEA, MILK = "04006381333931", "06901234567892"
Level = tuple[int, int]
Deliver = Callable[..., None]
Look = Callable[[], Any]


def stock(gtin: str, level: Level, available: int, *, stale: bool = False) -> StockChanged:
    """Make the stock of a product at an (epoch, version)."""
    return StockChanged(
        gtin=gtin,
        epoch=level[0],
        version=level[1],
        on_hand=available + 1,
        in_basket=0,
        reserved=0,
        safety=1,
        available=available,
        by_zone={"floor": available + 1},
        stale=stale,
        as_of=moment(T0),
    )


def price(gtin: str, level: Level, amount: int) -> PriceEffective:
    """Make the price of a product at an (epoch, version)."""
    return PriceEffective(
        gtin=gtin, epoch=level[0], version=level[1], amount=amount, currency="EUR"
    )


def product(gtin: str, name: str, level: Level = (1, 1)) -> ProductChanged:
    """Make a product with a Chinese name beside its own."""
    made = Product(gtin=gtin, name=name, brand="Fields", pack="250 g", names={"zh": "绿茶"})
    return ProductChanged(gtin=gtin, product=made, epoch=level[0], version=level[1])


def sale(name: str) -> SaleCompleted:
    """Make a sale."""
    return SaleCompleted(sale=name, lane="lane-1", currency="EUR", lines=(), total=100)


def in_log(events: Sequence[Event]) -> list[LoggedEvent]:
    """Put events into a log, the first at position 1."""
    return [
        LoggedEvent(place, f"e{place}", event.type, event.subject, T0, encode_event(event))
        for place, event in enumerate(events, 1)
    ]


@pytest.fixture
def deliver(webhook: Callable[..., Webhook], shop_url: str) -> Deliver:
    """Deliver logged events to the running web shop."""
    return webhook(f"{shop_url}/webhook").deliver


@pytest.fixture
def post(client: httpx.Client, secret: str) -> Callable[..., httpx.Response]:
    """Post a body with a right signature, unless parts of it are given."""

    def send(body: bytes, *, age_s: float = 0, **headers: str) -> httpx.Response:
        then = datetime.now(UTC) - timedelta(seconds=age_s)
        signed = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(then.timestamp())),
            "webhook-signature": signature(secret).sign("msg_1", then, body.decode()),
            "content-type": "application/cloudevents-batch+json",
        }
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post("/webhook", content=body, headers=signed | given)

    return send


def test_a_product_with_price_and_stock(deliver: Deliver, client: httpx.Client) -> None:
    """Product, price and stock of one GTIN become one offer."""
    deliver(in_log([product(TEA, "Tea"), price(TEA, (1, 1), 349), stock(TEA, (1, 4), 7)]))
    (offer,) = client.get("/products").json()["products"]
    assert offer == {
        "source": "/store/test",
        "gtin": TEA,
        "name": "Tea",
        "names": {"zh": "绿茶"},
        "brand": "Fields",
        "pack": "250 g",
        "amount": 349,
        "currency": "EUR",
        "promotion": None,
        "available": 7,
        "on_hand": 8,
        "version": 4,
        "stale": False,
    }


def test_stock_may_come_before_its_product(deliver: Deliver, state: Look) -> None:
    """Stock of a product that nobody has told of yet shows under its GTIN until the name comes."""
    deliver(in_log([stock(TEA, (1, 1), 3)]))
    assert state()["products"][0]["name"] == TEA
    deliver([*in_log([stock(TEA, (1, 1), 3), product(TEA, "Tea")])])
    assert [(offer["name"], offer["available"]) for offer in state()["products"]] == [("Tea", 3)]


def test_a_repeat_changes_nothing(deliver: Deliver, state: Look) -> None:
    """An event whose id came before is counted as a duplicate, whatever batch it is in."""
    log = in_log([sale("s1"), sale("s2"), stock(TEA, (1, 1), 3)])
    for batch in (log[:2], log, log):
        deliver(batch)
    seen = state()
    assert seen["sales"] == ["s1", "s2"]
    assert (seen["received"], seen["distinct"], seen["duplicates"]) == (8, 3, 5)
    assert seen["old_versions"] == 0
    assert seen["highest_position"] == 3


def test_an_older_version_is_dropped(deliver: Deliver, state: Look) -> None:
    """A late level does not overwrite a newer one."""
    deliver(in_log([stock(TEA, (1, 9), 9), stock(TEA, (1, 5), 5), price(TEA, (1, 1), 100)]))
    (offer,) = state()["products"]
    assert (offer["available"], offer["version"], offer["amount"]) == (9, 9, 100)
    assert state()["old_versions"] == 1


def test_a_newer_epoch_wins(deliver: Deliver, state: Look) -> None:
    """A gateway that lost its counters starts a new epoch, which beats any version before it."""
    log = in_log([stock(TEA, (1, 900), 5), stock(TEA, (2, 1), 2), stock(TEA, (1, 901), 4)])
    deliver(log)
    (offer,) = state()["products"]
    assert (offer["available"], offer["version"]) == (2, 1)


def test_levels_of_two_products_are_apart(deliver: Deliver, state: Look) -> None:
    """The version of one product's stock says nothing of another's."""
    deliver(in_log([stock(TEA, (1, 9), 9), stock(MILK, (1, 1), 1)]))
    assert {offer["gtin"]: offer["available"] for offer in state()["products"]} == {
        TEA: 9,
        MILK: 1,
    }


HISTORY: list[Event] = [
    product(TEA, "Tea", (1, 1)),
    product(TEA, "Green tea", (1, 2)),
    *(stock(TEA, (1, n), n) for n in range(1, 6)),
    *(stock(TEA, (2, n), 10 + n) for n in range(1, 4)),
    *(stock(MILK, (1, n), 20 - n) for n in range(1, 4)),
    *(price(TEA, (1, n), 100 * n) for n in range(1, 4)),
    *(sale(f"s{n}") for n in range(1, 6)),
]
LOG = in_log(HISTORY)


@given(st.permutations(LOG), st.lists(st.sampled_from(LOG)), st.randoms(), st.integers(1, 7))
def test_any_order_ends_at_the_truth(
    shuffled: list[LoggedEvent], repeats: list[LoggedEvent], dice: Any, size: int
) -> None:
    """However events are shuffled, repeated and cut, the newest levels stay, and facts count once.

    The batches go the way of the web shop's own door: JSON, `read_batch`, `take`.
    """
    arriving = [*shuffled, *repeats]
    dice.shuffle(arriving)
    catalogue = Catalogue()
    for start in range(0, len(arriving), size):
        body = encode_cloudevents(arriving[start : start + size], "test")
        catalogue.take(read_batch(body))
    shown = catalogue.shown()
    tea, milk = sorted(shown.products, key=lambda offer: offer.gtin)
    assert (tea.name, tea.available, tea.version, tea.amount) == ("Green tea", 13, 3, 300)
    assert (milk.available, milk.version, milk.amount) == (17, 3, None)
    assert sorted(shown.sales) == ["s1", "s2", "s3", "s4", "s5"]
    assert (shown.distinct, shown.duplicates) == (len(LOG), len(repeats))


def test_a_body_that_was_changed(post: Callable[..., httpx.Response], state: Look) -> None:
    """A signature that is not of this body is refused with 401 and counted."""
    others = signature("c29tZWJvZHkgZWxzZSdzIHNlY3JldCBrZXk=")
    wrong = others.sign("msg_1", datetime.now(UTC), "[]")
    body = encode_cloudevents(in_log([sale("s1")]), "test")
    assert post(body, webhook_signature=wrong).status_code == 401
    assert (state()["bad_signatures"], state()["received"]) == (1, 0)


@pytest.mark.parametrize("text", ["v1", "v1,%%%", "v2,AAAA", "nonsense, more", "", "v1,a,b"])
def test_a_signature_that_is_none(
    post: Callable[..., httpx.Response], state: Look, text: str
) -> None:
    """Whatever stands in place of a signature, the answer is 401."""
    assert post(b"[]", webhook_signature=text).status_code == 401
    assert state()["bad_signatures"] == 1


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_an_unsigned_request(client: httpx.Client, state: Look, missing: str) -> None:
    """A request without one of the three headers is refused."""
    names = {"webhook-id", "webhook-timestamp", "webhook-signature"} - {missing}
    answer = client.post("/webhook", content=b"[]", headers=dict.fromkeys(names, "1"))
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert state()["bad_signatures"] == 1


@pytest.mark.parametrize("age_s", [3600, 301, -302])
def test_an_old_timestamp(post: Callable[..., httpx.Response], state: Look, age_s: float) -> None:
    """A message more than five minutes from now is refused, though its signature is right."""
    answer = post(b"[]", age_s=age_s)
    assert (answer.status_code, state()["bad_signatures"]) == (401, 1)
    assert "timestamp too" in answer.json()["detail"]


def test_a_timestamp_within_the_tolerance(post: Callable[..., httpx.Response]) -> None:
    """A message of four minutes ago is taken."""
    assert post(b"[]", age_s=240).status_code == 204


def test_another_content_type(post: Callable[..., httpx.Response]) -> None:
    """What is not a CloudEvents batch is refused with 415."""
    assert post(b"[]", content_type="application/json").status_code == 415
    batch = "Application/CloudEvents-batch+json; charset=utf-8"
    assert post(b"[]", content_type=batch).status_code == 204


ENVELOPE = {"specversion": "1.0", "id": "e2", "source": "/store/test"}


@pytest.mark.parametrize(
    "bad",
    [
        ENVELOPE | {"type": "store.sale.completed.v1", "data": {"sale": 7}},
        ENVELOPE | {"type": "store.stock.changed.v1"},
        ENVELOPE | {"type": "store.sale.completed.v1", "data": "text"},
        ENVELOPE | {"type": "other", "specversion": "0.3"},
        ENVELOPE | {"type": "other", "id": ""},
        ENVELOPE | {"type": "other", "sequence": "-1"},
        {"specversion": "1.0", "id": "e2", "type": "other"},
        [],
    ],
)
def test_a_batch_with_one_bad_event(
    post: Callable[..., httpx.Response], state: Look, bad: object
) -> None:
    """A batch is taken as a whole or not at all: one bad event, and none of it is."""
    good = json.loads(encode_cloudevents(in_log([sale("s1")]), "test"))
    answer = post(json.dumps([*good, bad]).encode())
    assert answer.status_code == 400
    assert "expected" in answer.json()["detail"]
    assert state()["received"] == 0


@pytest.mark.parametrize("body", [b"", b"{}", b"nonsense", b'[{"id":'])
def test_a_body_that_is_no_batch(post: Callable[..., httpx.Response], body: bytes) -> None:
    """A body that is no JSON array is refused with 400."""
    assert post(body).status_code == 400


def test_an_unknown_type_passes(post: Callable[..., httpx.Response], state: Look) -> None:
    """An event of a type that this shop does not know is counted and not read."""
    news = ENVELOPE | {"type": "store.parking.v9", "data": {"epoch": "spring"}}
    assert post(json.dumps([news]).encode()).status_code == 204
    assert state()["counts"] == {"store.parking.v9": 1}


def test_a_body_that_is_too_large(client: httpx.Client, state: Look) -> None:
    """A body beyond the limit is refused before anybody counts it as a signature."""
    assert client.post("/webhook", content=b" " * (9 * 1024 * 1024)).status_code == 413
    assert state()["bad_signatures"] == 0


def test_the_page_and_its_parts(client: httpx.Client) -> None:
    """The page is served with its title escaped, and its script and style come from here."""
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "<title>Corner &lt;shop&gt;</title>" in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]
    for path, kind in (("/webshop.js", "text/javascript"), ("/webshop.css", "text/css")):
        assert path in page.text
        assert client.get(path).headers["content-type"].startswith(kind)


def test_a_page_that_has_everything_gets_304(deliver: Deliver, client: httpx.Client) -> None:
    """A page asks often; products are sent again only when something changed."""
    tag = client.get("/products").headers["etag"]
    assert client.get("/products", headers={"if-none-match": tag}).status_code == 304
    deliver(in_log([stock(TEA, (1, 1), 3)]))
    answer = client.get("/products", headers={"if-none-match": tag})
    assert answer.status_code == 200
    assert answer.headers["etag"] != tag
