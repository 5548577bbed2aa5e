"""What every sink promises, whoever the receiver is; a new provider joins PROVIDERS."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cloud_bridge.sink import Sink
from cloud_bridge.webhook import Webhook
from edge.errors import SinkDown, SinkRefused
from edge.events import DeviceAnswered
from edge.wire import LoggedEvent

PROVIDERS: dict[str, Callable[[str, str], Sink]] = {
    "webhook": lambda url, secret: Webhook("shop", url, secret, "test", 0.3),
}


@pytest.fixture(params=sorted(PROVIDERS))
def sink(request: pytest.FixtureRequest, receiver: Any, secret: str) -> Iterator[Sink]:
    """Give each provider's sink, aimed at the receiver."""
    made = PROVIDERS[request.param](receiver.url, secret)
    yield made
    made.close()


@pytest.fixture
def batch(logged: Callable[..., LoggedEvent]) -> list[LoggedEvent]:
    """Give three facts."""
    answers = (DeviceAnswered(device="d", id=str(n), ok=True) for n in (1, 2, 3))
    return [logged(answer, place) for place, answer in enumerate(answers, 1)]


def ids(request: Any) -> list[str]:
    """Give the ids of the events of a request."""
    return [event["id"] for event in json.loads(request.body)]


def test_it_is_a_sink(sink: Sink) -> None:
    """A provider fits the port and has the name that it was given."""
    assert isinstance(sink, Sink)
    assert sink.name == "shop"


def test_a_batch_arrives_whole_and_in_order(
    sink: Sink, receiver: Any, batch: list[LoggedEvent]
) -> None:
    """All events of a batch arrive, in the order of the log."""
    sink.deliver(batch)
    assert [event for request in receiver.requests for event in ids(request)] == [
        event.id for event in batch
    ]


def test_an_empty_batch_asks_nobody(sink: Sink, receiver: Any) -> None:
    """Nothing to deliver is delivered, even while the receiver is in trouble."""
    receiver.behaviour = 500
    sink.deliver([])
    assert receiver.requests == []


@pytest.mark.parametrize("trouble", [500, 429, "hang", "close"])
def test_trouble_passes(
    sink: Sink, receiver: Any, batch: list[LoggedEvent], trouble: int | str
) -> None:
    """A receiver in trouble is down; when it is well again, the same sink delivers the batch."""
    receiver.behaviour = trouble
    with pytest.raises(SinkDown, match=r"^shop: expected .+ tried again$"):
        sink.deliver(batch)
    receiver.behaviour = 204
    sink.deliver(batch)
    assert ids(receiver.requests[-1]) == [event.id for event in batch]


def test_poison_is_refused(sink: Sink, receiver: Any, batch: list[LoggedEvent]) -> None:
    """A batch that the receiver finds wrong is refused, and the next batch goes its way."""
    receiver.behaviour = 400
    with pytest.raises(SinkRefused, match=r"^shop: expected "):
        sink.deliver(batch[:1])
    receiver.behaviour = 204
    sink.deliver(batch[1:])
    assert ids(receiver.requests[-1]) == ["event-2", "event-3"]


def test_closing_twice_is_harmless(sink: Sink, batch: list[LoggedEvent]) -> None:
    """A sink can be closed after use, and again."""
    sink.deliver(batch)
    sink.close()
    sink.close()
