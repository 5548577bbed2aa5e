"""How the service does: sinks, dead letters, health, readiness, metrics."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.edge.api.conftest import Shop


def letters(shop: Shop) -> list[dict[str, Any]]:
    """Give all dead letters."""
    found: list[dict[str, Any]] = shop.api().get("/dead-letters").json()["items"]
    return found


def test_sink_that_is_down_says_so(shop: Shop, eventually: Callable[..., Any]) -> None:
    """A sink whose address does not answer is down, with the reason and the next attempt."""
    shop.product()
    sink = eventually(
        lambda: shop.api().get("/sinks").json()["items"][0], lambda sink: sink["state"] == "down"
    )
    assert (sink["name"], sink["kind"], sink["delivered"]) == ("online", "webhook", 0)
    assert sink["backlog"] == sink["head"] - sink["position"] > 0
    assert sink["error"]
    assert sink["retry_at"]


def test_breach_of_contract_becomes_a_dead_letter(new_shop: Shop) -> None:
    """A payload that is not as the contract says is kept with its topic and reason."""
    new_shop.hear("rfid/reader-1/reads", b'{"reads":[{"epc":"xyz","ant":1,"t":1}]}')
    (letter,) = letters(new_shop)
    assert letter["source"] == "store/test/rfid/reader-1/reads"
    assert letter["reason"].startswith("reads[0].epc: expected")
    assert base64.b64decode(letter["payload"]).startswith(b'{"reads"')


def test_dead_letters_come_in_pages(new_shop: Shop) -> None:
    """`next` goes into `after` until all letters were given once."""
    for n in range(7):
        new_shop.hear("rfid/reader-1/reads", b"%d" % n)
    pages = new_shop.pages("/dead-letters", start="after", limit=3)
    kept = [base64.b64decode(letter["payload"]) for page in pages for letter in page]
    assert kept == [b"%d" % n for n in range(7)]


def test_retry_of_a_broken_message_says_why(new_shop: Shop) -> None:
    """A message that breaks the contract still is 422 with its field, and stays where it is."""
    new_shop.hear("rfid/reader-1/reads", b'{"reads":[{"epc":"xyz","ant":1,"t":1}]}')
    (letter,) = letters(new_shop)
    answer = new_shop.api().post(f"/dead-letters/{letter['id']}/retry")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "reads[0].epc"
    assert len(letters(new_shop)) == 1


def test_retry_of_a_sound_message_takes_it(new_shop: Shop, eventually: Callable[..., Any]) -> None:
    """A message whose fault is mended (an older gateway refused it) becomes stock."""
    gtin = new_shop.product()
    epc = new_shop.tag(gtin, 1)
    new_shop.keep_dead(
        "store/test/rfid/reader-1/reads", b'{"reads":[{"epc":"%s","ant":1,"t":1}]}' % epc.encode()
    )
    (letter,) = letters(new_shop)
    assert new_shop.api().post(f"/dead-letters/{letter['id']}/retry").status_code == 202
    eventually(lambda: letters(new_shop), lambda left: not left)
    assert new_shop.api().get(f"/items/{epc}").json()["zone"] == "floor"


def test_retry_of_what_a_sink_refused_is_not_for_the_door(new_shop: Shop) -> None:
    """An event that a sink refused cannot go through the door: 409 says what to do instead."""
    new_shop.keep_dead("sink:online", b"[]")
    answer = new_shop.api().post("/dead-letters/1/retry")
    assert answer.status_code == 409
    assert "sink" in answer.json()["detail"]


def test_unknown_dead_letter_is_not_found(shop: Shop) -> None:
    """A letter that is not there is 404; what is no number of one is 422."""
    assert shop.api().post("/dead-letters/987654/retry").status_code == 404
    for number in ("0", "-1", "x", "9" * 30):
        answer = shop.api().post(f"/dead-letters/{number}/retry")
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "number")


def test_not_ready_while_the_broker_is_away(new_shop: Shop) -> None:
    """Without the broker the service lives, but is not ready, and says what is missing."""
    assert httpx.get(f"{new_shop.url}/readyz").json() == {
        "ready": True,
        "parts": {"broker": True, "writer": True},
    }
    new_shop.broker = False
    answer = httpx.get(f"{new_shop.url}/readyz")
    assert (answer.status_code, answer.json()["parts"]["broker"]) == (503, False)
    assert httpx.get(f"{new_shop.url}/healthz").status_code == 200


def test_metrics_parse_and_count(new_shop: Shop) -> None:
    """The metrics are Prometheus' text: messages, dead letters, events, batches and sinks."""
    new_shop.read([new_shop.tag(new_shop.product(), 1)])
    new_shop.hear("rfid/reader-1/reads", b"broken")
    answer = httpx.get(f"{new_shop.url}/metrics")
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert samples["store_edge_messages_total", "rfid"] == 1
    assert samples["store_edge_dead_letters_total",] == 1
    assert samples["store_edge_events_total", "store.item.changed.v1"] == 1
    assert samples["store_edge_sink_delivered", "online"] == 0
    assert samples["store_edge_batch_seconds_count",] >= 1
    assert ("store_edge_writer_queue",) in samples


def test_unknown_path_is_a_problem_document(shop: Shop) -> None:
    """A path of the API that does not exist is 404 as a problem document."""
    for path in ("/api/v1/nothing", "/api/v1/stock/", "/api/v1/", "/api/v1/live"):
        answer = httpx.get(f"{shop.url}{path}")
        assert (path, answer.status_code, answer.json()["status"]) == (path, 404, 404)
        assert answer.headers["content-type"] == "application/problem+json"


def test_wrong_method_names_the_right_ones(shop: Shop) -> None:
    """405 says which methods there are."""
    answer = shop.api().delete("/products")
    assert (answer.status_code, answer.json()["status"]) == (405, 405)
    assert answer.headers["allow"]
