"""Impinj readers: what the recordings do not show."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.rfid.impinj import decode
from edge.errors import ContractError
from edge.readings import DeviceReported, ProblemReported, TagRead, TagsRead

T = 1795251600123


def event(kind: str, **inner: object) -> dict[str, Any]:
    """Build an event as the reader sends it."""
    return {"timestamp": "2026-11-21T09:00:00.123456789Z", "eventType": kind, f"{kind}Event": inner}


def tag(**fields: object) -> dict[str, Any]:
    """Build a tag event."""
    return event("tagInventory", antennaPort=1, **fields)


@given(
    st.binary(min_size=4, max_size=32),
    st.sampled_from((urlsafe_b64encode, b64encode)),
    st.booleans(),
)
def test_epcs(code: bytes, alphabet: Any, padded: bool) -> None:  # noqa: FBT001  (hypothesis fills in)
    """An EPC comes back from either base64 alphabet, with and without padding."""
    text = alphabet(code).decode()
    payload = msgspec.json.encode(tag(epc=text if padded else text.rstrip("=")))
    assert decode(payload).readings == (TagsRead((TagRead(code.hex().upper(), 1, None, T),)),)


def test_webhook_array() -> None:
    """An array gives all tags in one reading, then the problems; unknown events claim nothing."""
    events = [
        event("antennaDisconnected", antennaPort=2),
        tag(epcHex="aabbccdd", peakRssiCdbm=-5650),
        event("gpiTransition", gpi=1, transition="high"),
        event("inventoryStatus", inventoryStatus="idle"),
        tag(epcHex="aabbccee"),
        event("antennaConnected", antennaPort=2),
        event("inventoryStatus", inventoryStatus="armed"),
    ]
    assert decode(msgspec.json.encode(events)).readings == (
        TagsRead((TagRead("AABBCCDD", 1, -56.5, T), TagRead("AABBCCEE", 1, None, T))),
        ProblemReported(T, "antenna-2-disconnected", active=True, antenna=2),
        ProblemReported(T, "not-reading", active=True),
        ProblemReported(T, "antenna-2-disconnected", active=False, antenna=2),
        ProblemReported(T, "not-reading", active=False),
    )


def test_nothing_happened() -> None:
    """An empty array is a sign of life that claims nothing."""
    assert decode(b"[]").readings == ()


@pytest.mark.parametrize(
    ("text", "online"), [(b"connected", True), (b"connection lost", False), (b"connected\n", True)]
)
def test_will(text: bytes, online: bool) -> None:  # noqa: FBT001  (pytest fills in)
    """The plain text of the Will topic tells whether the reader is there."""
    assert decode(text).readings == (DeviceReported(online=online),)


@pytest.mark.parametrize(
    ("came", "path"),
    [
        (tag(), "tagInventoryEvent.epc"),
        (tag(epc="M!!"), "tagInventoryEvent.epc"),
        (tag(epc="é"), "tagInventoryEvent.epc"),
        (tag(epc="AAA="), "tagInventoryEvent.epc"),
        (tag(epcHex="aabbccd"), "tagInventoryEvent.epcHex"),
        (tag(epcHex="aabbccdd", peakRssiCdbm=-56.5), "tagInventoryEvent.peakRssiCdbm"),
        (event("tagInventory", epcHex="aabbccdd"), "tagInventoryEvent.antennaPort"),
        (event("antennaConnected", antennaPort=0), "antennaConnectedEvent.antennaPort"),
        (event("overflow"), "overflowEvent.eventsPurged"),
        (tag(epcHex="aabbccdd") | {"timestamp": "2026-11-21T09:00:00"}, "timestamp"),
        (tag(epcHex="aabbccdd") | {"timestamp": "1969-12-31T23:59:59Z"}, "timestamp"),
        ({"timestamp": "2026-11-21T09:00:00Z"}, "eventType"),
        ([tag(epcHex="aabbccdd"), tag()], "[1].tagInventoryEvent.epc"),
        ([{"timestamp": "2026-11-21T09:00:00Z", "eventType": "overflow"}], "[0].overflowEvent"),
    ],
)
def test_breaches(came: object, path: str) -> None:
    """A wrong event is refused with the path of the wrong field."""
    with pytest.raises(ContractError) as breach:
        decode(msgspec.json.encode(came))
    assert breach.value.path == path


@pytest.mark.parametrize(
    "kind",
    ["tagInventory", "overflow", "antennaConnected", "antennaDisconnected", "inventoryStatus"],
)
def test_an_event_needs_its_body(kind: str) -> None:
    """An event type without the object that it names is refused."""
    payload = msgspec.json.encode({"timestamp": "2026-11-21T09:00:00Z", "eventType": kind})
    with pytest.raises(ContractError, match=f"{kind}Event"):
        decode(payload)
