"""Zebra FX7500, FX9600, ATR7000: messages of the "IoT Connector", one or an array of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct, field
from msgspec import field as named
from msgspec.json import Decoder

from devices.contract import MAX_READS, Antenna, Claims, Count, Dbm, EpochMs, epc_of, read, refuse
from devices.rfid.moments import Moment, epoch_ms
from edge.readings import ProblemReported, Reading, TagRead, TagsRead

_MODES = frozenset({"SIMPLE", "INVENTORY", "PORTAL", "CONVEYOR", "CUSTOM"})
_HEARTBEAT = "HEARTBEAT"
_NUMBER = re.compile(r"[1-9][0-9]{0,4}")


class _Radio(Struct, frozen=True):
    connection: str | None = named(name="radioConnection", default=None)
    activity: str | None = named(name="radioActivity", default=None)
    antennas: dict[str, str] = field(default_factory=dict)


class _Gateway(Struct, frozen=True, gc=False):
    dropped: Count | None = named(name="numDataMessagesDropped", default=None)


class _Data(Struct, frozen=True):
    epc: str | None = named(name="idHex", default=None)
    antenna: Antenna | None = None
    rssi: Dbm | None = named(name="peakRssi", default=None)
    radio: _Radio | None = named(name="radio_control", default=None)
    gateway: _Gateway | None = named(name="reader_gateway", default=None)


class _Message(Struct, frozen=True):
    type: str
    time: Moment | EpochMs = named(name="timestamp")
    data: _Data


_Messages = Annotated[tuple[_Message, ...], Meta(max_length=MAX_READS)]
_messages: Decoder[_Message | tuple[_Message, ...]] = Decoder(_Message | _Messages)


def decode(payload: bytes) -> Claims:
    """Decode one message or an array of messages.

    Tag reads come first, in one TagsRead; then what heartbeats tell. A heartbeat tells all each
    time, so that a fault which is over is reported as not active. `lost_in_all` of `reads-lost` is
    the reader's counter since its start.
    """
    came = read(_messages, payload)
    if isinstance(came, _Message):
        return Claims(_readings([(came, "")]))
    return Claims(_readings([(message, f"[{n}].") for n, message in enumerate(came)]))


def _readings(messages: list[tuple[_Message, str]]) -> tuple[Reading, ...]:
    reads = [_read(message, at) for message, at in messages if message.type.upper() in _MODES]
    told = [
        problem
        for message, at in messages
        if message.type.upper() == _HEARTBEAT
        for problem in _problems(message.data, _t(message, at), at)
    ]
    return (*([TagsRead(tuple(reads))] if reads else []), *told)


def _t(message: _Message, at: str) -> int:
    time = message.time
    return epoch_ms(time, f"{at}timestamp") if isinstance(time, datetime) else time


def _read(message: _Message, at: str) -> TagRead:
    data = message.data
    if data.epc is None:
        refuse(f"{at}data.idHex", "the tag's EPC", None)
    if data.antenna is None:
        refuse(f"{at}data.antenna", "a port (add ANTENNA to the reader's tag metadata)", None)
    epc = epc_of(data.epc, f"{at}data.idHex")
    return TagRead(epc, data.antenna, data.rssi, _t(message, at))


def _problems(data: _Data, t: int, at: str) -> Iterator[ProblemReported]:
    if data.gateway and data.gateway.dropped is not None:
        lost = data.gateway.dropped
        yield ProblemReported(t, "reads-lost", active=lost > 0, lost_in_all=lost)
    if data.radio is None:
        return
    if data.radio.connection is not None:
        off = data.radio.connection != "connected"
        yield ProblemReported(t, "radio-disconnected", active=off)
    if data.radio.activity is not None:
        yield ProblemReported(t, "not-reading", active=data.radio.activity == "inactive")
    for name, state in data.radio.antennas.items():
        yield _antenna(name, state, t, f"{at}data.radio_control.antennas")


def _antenna(name: str, state: str, t: int, path: str) -> ProblemReported:
    if not _NUMBER.fullmatch(name):
        refuse(path, "antenna numbers from 1", name)
    return ProblemReported(
        t,
        f"antenna-{int(name)}-disconnected",
        active=state != "connected",
        antenna=int(name),
    )
