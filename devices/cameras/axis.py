"""Axis cameras: the events of AXIS Object Analytics, as the camera's MQTT client publishes them.

Crossline counting tells the total of those who crossed one way since `startTime`; occupancy in area
tells how many are in it. Numbers are texts. Events of other applications claim nothing.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from msgspec import field as named
from msgspec.json import Decoder

from devices.cameras.names import Names, claims_of
from devices.contract import MAX_INTEGER, Claims, Codec, EpochMs, Word, read, refuse
from devices.rfid.moments import Moment, epoch_ms
from edge.readings import LineTotal, PeopleSeen, Reading, TotalsRead, ZonePeople

MOST_PEOPLE = 100_000

_Total = (
    Annotated[int, Meta(ge=0, le=MAX_INTEGER)] | Annotated[str, Meta(pattern=r"\A[0-9]{1,15}\Z")]
)


class _Data(Struct, frozen=True, rename="camel"):
    start_time: Moment | None = None
    scenario: str | None = None
    total: _Total | None = None
    total_human: _Total | None = None
    human: _Total | None = None


class _Message(Struct, frozen=True):
    data: _Data = named(default_factory=_Data)


class _Event(Struct, frozen=True):
    topic: Word
    timestamp: EpochMs
    message: _Message


_event = Decoder(_Event)


def axis_codec(names: Names) -> Codec:
    """Give the codec of a camera whose scenarios are called so.

    A scenario's name is the last level of the event's topic (`Device1Scenario1`) or, where the
    event tells it, the one that it was given.
    """

    def decode(payload: bytes) -> Claims:
        event = read(_event, payload)
        called = (event.topic.rpartition("/")[2], event.message.data.scenario or "")
        return claims_of([_total(names, called, event), _seen(names, called, event)])

    return decode


def _total(names: Names, called: tuple[str, ...], event: _Event) -> Reading | None:
    name = next((names.lines[word] for word in called if word in names.lines), None)
    if name is None:
        return None
    data = event.message.data
    people = _people(data.total_human, data.total, "totalHuman")
    since = epoch_ms(data.start_time, "message.data.startTime") if data.start_time else None
    return TotalsRead((LineTotal(name.line, name.way("in"), people, event.timestamp, since),))


def _seen(names: Names, called: tuple[str, ...], event: _Event) -> Reading | None:
    zone = next((names.zones[word] for word in called if word in names.zones), None)
    if zone is None:
        return None
    people = _people(event.message.data.human, event.message.data.total, "human")
    if people > MOST_PEOPLE:
        refuse("message.data.human", f"a number to {MOST_PEOPLE}", people)
    return PeopleSeen(event.timestamp, (ZonePeople(zone, people, 0.0),))


def _people(human: int | str | None, total: int | str | None, field: str) -> int:
    """Give how many are people; all are, where the scenario counts nothing else."""
    came = total if human is None else human
    if came is None:
        refuse(f"message.data.{field}", "a count of people, or total", None)
    return int(came)
