"""Impinj R700 and R720: the events of the "IoT device interface", one or an array of them.

The reader's MQTT Will and its opposite are plain text on a topic of their own.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable
from typing import Annotated

from msgspec import Meta, Struct
from msgspec import field as named
from msgspec.json import Decoder

from devices.contract import MAX_READS, Antenna, Claims, Count, epc_of, read, refuse
from devices.rfid.moments import Moment, epoch_ms
from edge.readings import DeviceReported, ProblemReported, Reading, TagRead, TagsRead

_WILL = {
    b"connected": DeviceReported(online=True),
    b"connection lost": DeviceReported(online=False),
}
_Centidbm = Annotated[int, Meta(ge=-20_000, le=10_000)]


class _Tag(Struct, frozen=True, gc=False, rename="camel"):
    epc: str | None = None
    epc_hex: str | None = None
    antenna_port: Antenna | None = None
    peak_rssi_cdbm: _Centidbm | None = None


class _Overflow(Struct, frozen=True, gc=False, rename="camel"):
    events_purged: Count


class _Port(Struct, frozen=True, gc=False, rename="camel"):
    antenna_port: Antenna


class _Inventory(Struct, frozen=True, gc=False, rename="camel"):
    inventory_status: str


class _Event(Struct, frozen=True):
    type: str = named(name="eventType")
    time: Moment = named(name="timestamp")
    tag: _Tag | None = named(name="tagInventoryEvent", default=None)
    overflow: _Overflow | None = named(name="overflowEvent", default=None)
    disconnected: _Port | None = named(name="antennaDisconnectedEvent", default=None)
    connected: _Port | None = named(name="antennaConnectedEvent", default=None)
    inventory: _Inventory | None = named(name="inventoryStatusEvent", default=None)


_Events = Annotated[tuple[_Event, ...], Meta(max_length=MAX_READS)]
_events: Decoder[_Event | tuple[_Event, ...]] = Decoder(_Event | _Events)


def decode(payload: bytes) -> Claims:
    """Decode one event, an array of events, or the Will's text.

    Tag reads come first, in one TagsRead; then what the reader tells about itself. Events of a
    type that is not known here claim nothing.
    """
    if will := _WILL.get(payload.strip()):
        return Claims((will,))
    came = read(_events, payload)
    if isinstance(came, _Event):
        return Claims(_readings([(came, "")]))
    return Claims(_readings([(event, f"[{n}].") for n, event in enumerate(came)]))


def _readings(events: list[tuple[_Event, str]]) -> tuple[Reading, ...]:
    reads = [_read(event, at) for event, at in events if event.type == "tagInventory"]
    told = [_TELLS[event.type](event, at) for event, at in events if event.type in _TELLS]
    return (*([TagsRead(tuple(reads))] if reads else []), *told)


def _read(event: _Event, at: str) -> TagRead:
    tag, path = event.tag, f"{at}tagInventoryEvent"
    if tag is None:
        refuse(path, "the event that eventType names", None)
    if tag.antenna_port is None:
        refuse(f"{path}.antennaPort", "a port (switch it on in the reader's event settings)", None)
    return TagRead(
        _epc(tag, path),
        tag.antenna_port,
        None if tag.peak_rssi_cdbm is None else tag.peak_rssi_cdbm / 100,
        epoch_ms(event.time, f"{at}timestamp"),
    )


def _epc(tag: _Tag, path: str) -> str:
    if tag.epc_hex is not None:
        return epc_of(tag.epc_hex, f"{path}.epcHex")
    if tag.epc is None:
        refuse(f"{path}.epc", "epc or epcHex (switch one on in the reader's event settings)", None)
    return epc_of(_unbase64(tag.epc, f"{path}.epc").hex(), f"{path}.epc")


def _unbase64(text: str, path: str) -> bytes:
    """Decode the URL-safe alphabet (RFC 4648, 5) with or without padding."""
    bare = text.rstrip("=")
    try:
        return b64decode(bare + "=" * (-len(bare) % 4), altchars="-_", validate=True)
    except (binascii.Error, ValueError):
        refuse(path, "URL-safe base64", text)


def _purged(event: _Event, at: str) -> ProblemReported:
    if event.overflow is None:
        refuse(f"{at}overflowEvent", "the event that eventType names", None)
    t = epoch_ms(event.time, f"{at}timestamp")
    return ProblemReported(t, "reads-lost", lost=event.overflow.events_purged)


def _disconnected(event: _Event, at: str) -> ProblemReported:
    return _antenna(event, event.disconnected, f"{at}antennaDisconnectedEvent", at)


def _connected(event: _Event, at: str) -> ProblemReported:
    return _antenna(event, event.connected, f"{at}antennaConnectedEvent", at)


def _antenna(event: _Event, port: _Port | None, path: str, at: str) -> ProblemReported:
    if port is None:
        refuse(path, "the event that eventType names", None)
    return ProblemReported(
        epoch_ms(event.time, f"{at}timestamp"),
        f"antenna-{port.antenna_port}-disconnected",
        active=event.type == "antennaDisconnected",
        antenna=port.antenna_port,
    )


def _inventory(event: _Event, at: str) -> ProblemReported:
    """Only an idle reader has a problem: an armed one waits for its trigger, as it was told."""
    if event.inventory is None:
        refuse(f"{at}inventoryStatusEvent", "the event that eventType names", None)
    t = epoch_ms(event.time, f"{at}timestamp")
    return ProblemReported(t, "not-reading", active=event.inventory.inventory_status == "idle")


_TELLS: dict[str, Callable[[_Event, str], ProblemReported]] = {
    "overflow": _purged,
    "antennaDisconnected": _disconnected,
    "antennaConnected": _connected,
    "inventoryStatus": _inventory,
}
