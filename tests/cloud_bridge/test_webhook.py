"""Events over HTTP: what is signed, which answers are final, and what a message may show."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import standardwebhooks

from cloud_bridge.webhook import Webhook, signature
from edge.errors import ConfigError, SinkDown, SinkRefused
from edge.events import DeviceAnswered
from edge.wire import LoggedEvent

Make = Callable[..., Webhook]
OTHER_SECRET = "whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldCBrZXk="  # noqa: S105  (made up)


@pytest.fixture
def batch(logged: Callable[..., LoggedEvent]) -> list[LoggedEvent]:
    """Give two facts, one with text that is not ASCII."""
    return [
        logged(DeviceAnswered(device="读写器", id="1", ok=True), 41),
        logged(DeviceAnswered(device="d", id="2", ok=False, error="no power"), 42),
    ]


def test_the_signature_is_standard(
    webhook: Make, receiver: Any, secret: str, batch: list[LoggedEvent]
) -> None:
    """The Standard Webhooks library verifies what arrives, with the secret as it is written."""
    webhook(receiver.url).deliver(batch)
    (request,) = receiver.requests
    events = standardwebhooks.Webhook(secret).verify(request.body, request.headers)
    assert [event["subject"] for event in events] == ["读写器", "d"]


def test_the_body_is_a_cloudevents_batch(
    webhook: Make, receiver: Any, batch: list[LoggedEvent]
) -> None:
    """The body is a CloudEvents 1.0 batch, with the place in the log as the sequence."""
    webhook(receiver.url).deliver(batch)
    (request,) = receiver.requests
    assert request.headers["content-type"] == "application/cloudevents-batch+json"
    last = json.loads(request.body)[-1]
    assert last["data"] == {"device": "d", "id": "2", "ok": False, "error": "no power"}
    assert (last["specversion"], last["source"], last["id"]) == ("1.0", "/store/test", "event-42")
    assert (last["type"], last["sequence"]) == ("store.device.answered.v1", "42")


def test_the_secret_works_with_and_without_its_prefix(
    webhook: Make, receiver: Any, secret: str, batch: list[LoggedEvent]
) -> None:
    """A secret without `whsec_` signs as the same secret with it."""
    webhook(receiver.url, key=secret.removeprefix("whsec_")).deliver(batch)
    (request,) = receiver.requests
    standardwebhooks.Webhook(secret).verify(request.body, request.headers)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_takes_the_batch(
    webhook: Make, receiver: Any, batch: list[LoggedEvent], status: int
) -> None:
    """Whatever the receiver says beside a 2xx, the batch is taken."""
    receiver.behaviour = status
    webhook(receiver.url).deliver(batch)
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_poison_is_refused(
    webhook: Make, receiver: Any, batch: list[LoggedEvent], status: int
) -> None:
    """An answer about the batch itself refuses it, and its reason is told."""
    receiver.behaviour, receiver.text = status, b'{"detail":"data: expected a GTIN"}'
    with pytest.raises(SinkRefused, match=rf"came {status} .*expected a GTIN"):
        webhook(receiver.url).deliver(batch)


@pytest.mark.parametrize(
    "status",
    [301, 302, 307, 401, 403, 404, 405, 408, 409, 410, 425, 429, 451, 500, 502, 503, 504, 507],
)
def test_every_other_answer_keeps_the_batch(
    webhook: Make, receiver: Any, batch: list[LoggedEvent], status: int
) -> None:
    """An answer that all events would meet alike costs none of them: the batch stays."""
    receiver.behaviour = status
    with pytest.raises(SinkDown, match=rf"came {status}\b.*tried again$"):
        webhook(receiver.url).deliver(batch)


def test_a_wrong_secret_sets_nothing_aside(
    webhook: Make, shop_url: str, state: Callable[[], Any], batch: list[LoggedEvent]
) -> None:
    """A secret that the web shop does not share is a fault to mend, not a bad batch."""
    with pytest.raises(SinkDown, match=r"came 401 .*check the sink's url and secret"):
        webhook(f"{shop_url}/webhook", key=OTHER_SECRET).deliver(batch)
    assert state()["bad_signatures"] == 1
    webhook(f"{shop_url}/webhook").deliver(batch)
    assert state()["distinct"] == 2


def test_a_wrong_path_sets_nothing_aside(
    webhook: Make, shop_url: str, batch: list[LoggedEvent]
) -> None:
    """An address at which the web shop has nothing is a fault to mend, not a bad batch."""
    with pytest.raises(SinkDown, match=r"came 404 .*check the sink's url"):
        webhook(f"{shop_url}/nowhere").deliver(batch)


def test_nobody_listens(webhook: Make, free_port: int, batch: list[LoggedEvent]) -> None:
    """A port where nobody listens is down."""
    with pytest.raises(SinkDown, match=r"ConnectError.*tried again$"):
        webhook(f"http://127.0.0.1:{free_port}/webhook").deliver(batch)


def test_a_receiver_that_hangs_is_left(
    webhook: Make, receiver: Any, batch: list[LoggedEvent]
) -> None:
    """A receiver that never answers is down after the time-out, which the message tells."""
    receiver.behaviour = "hang"
    with pytest.raises(SinkDown, match=r"within 0\.2 s, came none \(ReadTimeout\)"):
        webhook(receiver.url, timeout=0.2).deliver(batch)


def test_a_receiver_that_hangs_up_is_down(
    webhook: Make, receiver: Any, batch: list[LoggedEvent]
) -> None:
    """A connection that ends without an answer is down."""
    receiver.behaviour = "close"
    with pytest.raises(SinkDown, match="RemoteProtocolError"):
        webhook(receiver.url).deliver(batch)


def test_a_redirect_is_shown_and_not_followed(
    webhook: Make, receiver: Any, batch: list[LoggedEvent]
) -> None:
    """A redirect may be a captive portal: events stay here, and the place is told without query."""
    receiver.behaviour, receiver.headers = 307, {"location": "/moved?token=hidden"}
    with pytest.raises(SinkDown, match=r"set the sink's url to http://127\S+/moved if") as fault:
        webhook(receiver.url).deliver(batch)
    assert "hidden" not in str(fault.value)
    assert [request.path for request in receiver.requests] == ["/webhook"]


def test_a_wish_to_wait_is_told(webhook: Make, receiver: Any, batch: list[LoggedEvent]) -> None:
    """What the receiver says in Retry-After is in the message."""
    receiver.behaviour, receiver.headers = 429, {"retry-after": "120"}
    with pytest.raises(SinkDown, match=r"asks to wait: '120'"):
        webhook(receiver.url).deliver(batch)


def test_a_long_answer_is_cut(webhook: Make, receiver: Any, batch: list[LoggedEvent]) -> None:
    """A page of HTML in place of an answer does not fill the log."""
    receiver.behaviour, receiver.text = 502, b"<html>" * 100_000
    with pytest.raises(SinkDown, match="502") as fault:
        webhook(receiver.url).deliver(batch)
    assert len(str(fault.value)) < 500


def test_a_repeat_carries_the_same_id(
    webhook: Make, receiver: Any, batch: list[LoggedEvent]
) -> None:
    """A batch that is tried again has the same webhook-id, also from a gateway that restarted."""
    receiver.behaviour = 503
    for sink in (webhook(receiver.url), webhook(receiver.url)):
        with pytest.raises(SinkDown):
            sink.deliver(batch)
    first, second = (request.headers["webhook-id"] for request in receiver.requests)
    assert first == second


def test_another_batch_has_another_id(
    webhook: Make, receiver: Any, batch: list[LoggedEvent]
) -> None:
    """A part of a batch is another message: a receiver must not take it for a repeat."""
    sink = webhook(receiver.url)
    for part in (batch, batch[:1], batch[1:]):
        sink.deliver(part)
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 3


@pytest.mark.parametrize("trouble", [400, 401, 500, 302, "hang", "close"])
def test_messages_show_no_secret(
    webhook: Make, receiver: Any, secret: str, batch: list[LoggedEvent], trouble: int | str
) -> None:
    """No message shows the secret, nor a password or a token in the address."""
    receiver.behaviour = trouble
    place = receiver.url.replace("http://", "http://till:pass-word@") + "?token=hidden"
    with pytest.raises((SinkDown, SinkRefused)) as fault:
        webhook(place, timeout=0.2).deliver(batch)
    message = f"{fault.value} {fault.value!r}"
    for hidden in (secret, secret.removeprefix("whsec_"), "pass-word", "hidden"):
        assert hidden not in message


@pytest.mark.parametrize("text", ["whsec_$not-base64$", "not base64 at all!", "whsec_", "", "é"])
def test_a_secret_that_cannot_be_decoded(text: str) -> None:
    """A secret that is not base64 is a configuration fault; the message does not show it."""
    with pytest.raises(ConfigError, match="expected whsec_ and base64") as fault:
        signature(text)
    assert not text.removeprefix("whsec_") or text not in str(fault.value)


@pytest.mark.parametrize("url", ["", "shop.example/webhook", "ftp://shop.example", "http://[::1"])
def test_an_address_that_cannot_be_used(webhook: Make, url: str) -> None:
    """An address without http or a host is a configuration fault."""
    with pytest.raises(ConfigError, match="expected an address such as https://"):
        webhook(url)
