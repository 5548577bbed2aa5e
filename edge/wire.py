"""The JSON of the vocabulary: events as CloudEvents 1.0, structured mode."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from edge.errors import ContractError
from edge.events import EVENTS, Event, moment

_encoder = msgspec.json.Encoder()
_decoders = {event.type: msgspec.json.Decoder(event) for event in EVENTS}


class LoggedEvent(Struct, frozen=True):
    """An event with its place in the log; `data` is its JSON, `time` epoch ms of its commit."""

    position: int
    id: str
    type: str
    subject: str
    time: int
    data: bytes


def encode_event(event: Event) -> bytes:
    """Give the JSON of an event's data."""
    return _encoder.encode(event)


def decode_event(kind: str, data: bytes) -> Event:
    """Read an event's data back; `kind` is its CloudEvents type.

    Raises ContractError when the type or the shape is unknown.
    """
    decoder = _decoders.get(kind)
    if decoder is None:
        raise ContractError("type", f"one of {', '.join(_decoders)}", repr(kind))
    try:
        return decoder.decode(data)
    except msgspec.MsgspecError as fault:
        raise ContractError("data", f"data of {kind}", str(fault)) from fault


def cloudevent(logged: LoggedEvent, store: str) -> dict[str, Any]:
    """Give the CloudEvents 1.0 attributes and data of a logged event.

    `sequence` is the position in the log, as text (CloudEvents sequence extension).
    """
    return {
        "specversion": "1.0",
        "id": logged.id,
        "source": f"/store/{store}",
        "type": logged.type,
        "subject": logged.subject,
        "time": moment(logged.time),
        "sequence": str(logged.position),
        "datacontenttype": "application/json",
        "data": msgspec.Raw(logged.data),
    }


def encode_cloudevents(events: list[LoggedEvent], store: str) -> bytes:
    """Give a batch as one JSON array (CloudEvents JSON batch format)."""
    return _encoder.encode([cloudevent(event, store) for event in events])


def encode_cloudevent(event: LoggedEvent, store: str) -> bytes:
    """Give one CloudEvent as JSON."""
    return _encoder.encode(cloudevent(event, store))
