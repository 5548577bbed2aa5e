"""The event log over HTTP: pages of CloudEvents, and server-sent events that resume."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest

from edge.tokens import create, revoke

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.edge.api.conftest import Shop


def page(shop: Shop, **query: Any) -> list[dict[str, Any]]:
    """Give a page of events."""
    answer = shop.api().get("/events", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


def follow(shop: Shop, token: str = "", last: int | None = None, **query: Any) -> Iterator[Any]:
    """Give server-sent events as (id, event, data), for ever."""
    headers = {
        "Accept": "text/event-stream",
        "Authorization": f"Bearer {token or shop.tokens['viewer']}",
    }
    if last is not None:
        headers["Last-Event-ID"] = str(last)
    url = f"{shop.url}/api/v1/events"
    with httpx.stream("GET", url, params=query, headers=headers, timeout=20) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if name:
                fields[name] = value
            elif fields.get("data"):
                yield int(fields["id"]), fields["event"], msgspec.json.decode(fields["data"])
                fields = {}


def products(shop: Shop, count: int) -> list[str]:
    """Put products in one request and give their GTINs."""
    gtins = [shop.gtin() for _ in range(count)]
    rows = [{"gtin": gtin, "name": "P"} for gtin in gtins]
    shop.api().put("/products", json=rows).raise_for_status()
    return gtins


def test_page_is_a_batch_of_cloudevents(new_shop: Shop) -> None:
    """A page is a JSON array of CloudEvents 1.0, in the CloudEvents media type."""
    (gtin,) = products(new_shop, 1)
    answer = new_shop.api().get("/events", params={"type": "store.product.*"})
    assert answer.headers["content-type"] == "application/cloudevents-batch+json"
    (event,) = answer.json()
    assert event["specversion"] == "1.0"
    assert event["source"] == "/store/test"
    assert (event["type"], event["subject"]) == ("store.product.changed.v1", gtin)
    assert event["datacontenttype"] == "application/json"
    assert event["id"].endswith(f".{event['sequence']}")
    assert event["data"]["product"]["gtin"] == gtin


def test_pages_walk_over_the_whole_log(new_shop: Shop) -> None:
    """`after` with the last sequence leads through the log, without a gap or a repeat."""
    products(new_shop, 40)
    seen: list[int] = []
    while rows := page(new_shop, after=seen[-1] if seen else 0, limit=7):
        seen += [int(row["sequence"]) for row in rows]
    assert seen == list(range(1, seen[-1] + 1))
    assert len(seen) >= 40


def test_types_choose_the_events(new_shop: Shop) -> None:
    """Several patterns may be given; what matches none is left out."""
    new_shop.priced(100)
    for wanted in (
        ["store.product.changed.v1"],
        ["store.price.*", "store.product.*"],
        ["store.pr*"],
        ["nothing.*"],
    ):
        prefixes = tuple(pattern.removesuffix("*") for pattern in wanted)
        rows = page(new_shop, type=wanted)
        assert {row["type"] for row in rows} == {
            row["type"] for row in page(new_shop) if row["type"].startswith(prefixes)
        }


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("after=-1", "after"),
        (f"after={10**30}", "after"),
        ("after=x", "after"),
        ("limit=1001", "limit"),
        (f"type={'x' * 200}", "type[0]"),
    ],
)
def test_wrong_queries_are_told_by_field(shop: Shop, query: str, path: str) -> None:
    """A position or a pattern that cannot be is 422 with its field."""
    answer = shop.api().get(f"/events?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, path)


def test_position_that_the_log_never_had_is_refused(new_shop: Shop) -> None:
    """A position beyond the newest event means another log: 409 says to start again."""
    products(new_shop, 1)
    head = new_shop.feed.head
    assert page(new_shop, after=head) == []
    for headers in ({}, {"Accept": "text/event-stream"}):
        answer = new_shop.api().get("/events", params={"after": head + 1000}, headers=headers)
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (409, "after")
        assert "start from 0" in answer.json()["detail"]


def test_stream_begins_now_and_goes_on(new_shop: Shop) -> None:
    """Without a position a stream tells what comes from now on, as it comes."""
    products(new_shop, 3)
    stream = follow(new_shop, type="store.product.*", after=new_shop.feed.head)
    later = products(new_shop, 3)
    told = list(islice(stream, 3))
    assert [event["subject"] for _, _, event in told] == later
    assert all(kind == event["type"] for _, kind, event in told)
    assert all(str(number) == event["sequence"] for number, _, event in told)


def test_stream_resumes_after_the_last_event_id(new_shop: Shop) -> None:
    """`Last-Event-ID` goes before `after`: a stream goes on where it broke off."""
    gtins = products(new_shop, 20)
    first = list(islice(follow(new_shop, after=0, type="store.product.*"), 8))
    rest = list(islice(follow(new_shop, last=first[-1][0], after=0, type="store.product.*"), 12))
    assert [event["subject"] for _, _, event in first + rest] == gtins


def test_stream_of_a_revoked_token_ends(new_shop: Shop) -> None:
    """A stream ends soon after its token was revoked, also while nothing happens."""
    token = create(new_shop.settings, "leaver", "viewer")
    (gtin,) = products(new_shop, 1)
    stream = follow(new_shop, token, after=0, type="store.product.*")
    assert next(stream)[2]["subject"] == gtin
    revoke(new_shop.settings, "leaver")
    assert list(stream) == []


def test_wrong_last_event_id_is_told(shop: Shop) -> None:
    """A Last-Event-ID that is no position is 422."""
    for value in ("x", "-1", "9" * 40):
        answer = shop.api().get("/events", headers={"Last-Event-ID": value})
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "last-event-id")
