"""Zebra readers: what the recordings do not show."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from devices.rfid.zebra import decode
from edge.errors import ContractError
from edge.readings import ProblemReported, TagRead, TagsRead

T = 1795251600123


def message(kind: str = "INVENTORY", timestamp: object = T, **data: object) -> dict[str, Any]:
    """Build a message as the reader sends it."""
    return {"type": kind, "timestamp": timestamp, "data": data}


@pytest.mark.parametrize(
    "timestamp",
    [
        T,
        "2026-11-21T09:00:00.123Z",
        "2026-11-21T17:00:00.123+08:00",
        "2026-11-21T09:00:00.123+0000",
    ],
)
def test_timestamps(timestamp: object) -> None:
    """Firmware differs: epoch milliseconds and ISO text with any offset mean the same time."""
    payload = msgspec.json.encode(message(timestamp=timestamp, idHex="aabbccdd", antenna=2))
    assert decode(payload).readings == (TagsRead((TagRead("AABBCCDD", 2, None, T),)),)


def test_a_healthy_heartbeat() -> None:
    """A heartbeat without faults takes back what an earlier one told."""
    beat = message(
        "heartbeat",
        radio_control={"radioConnection": "connected", "antennas": {"1": "connected"}},
        reader_gateway={"numDataMessagesDropped": 0},
    )
    assert decode(msgspec.json.encode(beat)).readings == (
        ProblemReported(T, "reads-lost", active=False),
        ProblemReported(T, "radio-disconnected", active=False),
        ProblemReported(T, "antenna-1-disconnected", active=False, antenna=1),
    )


def test_a_lost_radio() -> None:
    """A radio that is not connected, or not active, is a problem."""
    radio = {"radioConnection": "disconnected", "radioActivity": "inactive"}
    payload = msgspec.json.encode([message("heartbeat", radio_control=radio)])
    assert decode(payload).readings == (
        ProblemReported(T, "radio-disconnected", active=True),
        ProblemReported(T, "not-reading", active=True),
    )


def test_other_messages_claim_nothing() -> None:
    """A message of a type that is not known here is a sign of life and no more."""
    assert decode(msgspec.json.encode(message("gpi", pin=1))).readings == ()


@pytest.mark.parametrize(
    ("came", "path"),
    [
        (message(antenna=1), "data.idHex"),
        (message(idHex="aabbccdd"), "data.antenna"),
        (message(idHex="xx", antenna=1), "data.idHex"),
        (message(idHex="aabbccdd", antenna="1"), "data.antenna"),
        (message(timestamp=-1, idHex="aabbccdd", antenna=1), "timestamp"),
        (message(timestamp="noon", idHex="aabbccdd", antenna=1), "timestamp"),
        ([message(idHex="aabbccdd", antenna=1), message()], "[1].data.idHex"),
        (
            message("heartbeat", reader_gateway={"numDataMessagesDropped": -1}),
            "data.reader_gateway.numDataMessagesDropped",
        ),
        (
            message("heartbeat", radio_control={"antennas": {"0": "connected"}}),
            "data.radio_control.antennas",
        ),
    ],
)
def test_breaches(came: object, path: str) -> None:
    """A wrong message is refused with the path of the wrong field."""
    with pytest.raises(ContractError) as breach:
        decode(msgspec.json.encode(came))
    assert breach.value.path == path
