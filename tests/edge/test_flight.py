"""The flight recorder: what the writer took is in the recording, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine

from edge.commands import PriceChange, Product, PutProducts, SetPrices
from edge.config import Settings
from edge.errors import NotFound
from edge.flight import Flight
from edge.gateway import Arrival, Gateway, Listening, Ports, Rejection
from edge.readings import CommandAnswered, Message
from edge.recorder import Recorder
from edge.recording import Asked, Founded, Heard, Line, Linked, read
from edge.shop import Codes, Shop
from edge.store import DeadLetter, Store

MILK, EGGS = "04006381333931", "04006381333948"
NOW = 1_800_000_000_000
EPOCH = 7


@dataclass
class Aircraft:
    """A gateway with a flight recorder."""

    gateway: Gateway
    flight: Flight
    folder: Path

    def land(self) -> list[Line]:
        """Stop, and give what was recorded."""
        self.gateway.stop()
        self.flight.close()
        return list(read(self.folder))


@pytest.fixture
def aircraft(
    engine: Engine, settings: Settings, codes: Codes, tmp_path: Path
) -> Iterator[Aircraft]:
    """Give one that runs, with a clock that stands still."""
    store = Store(engine, EPOCH)
    folder = tmp_path / "recordings"
    recorder = Recorder(folder, max_bytes=10**7, file_bytes=10**6, epoch=store.epoch)
    flight = Flight(recorder, lambda topic: topic.startswith("store/"))
    ports = Ports(lambda _: None, lambda *_: None, lambda *_: None, flight.record)

    def revive(now: int) -> Shop:
        return Shop(settings, store.load(), codes, epoch=store.epoch, now=now)

    gateway = Gateway(store, revive, lambda: NOW, ports, keep_days=30)
    gateway.start()
    yield Aircraft(gateway, flight, folder)
    if gateway.alive:
        gateway.stop()


def arrival(payload: bytes) -> Arrival:
    """Give a message."""
    message = Message("reader-1", "rfid", (CommandAnswered("1", ok=True),))
    return Arrival("store/shop/rfid/reader-1/result", payload, message, lambda: None)


def test_what_the_writer_took_is_recorded_in_order(aircraft: Aircraft) -> None:
    """Messages, the link, and commands that were carried out, at the writer's own time."""
    put = PutProducts((Product(MILK, "Milk"),))
    aircraft.gateway.submit(Listening(connected=True))
    aircraft.gateway.submit(arrival(b"one"))
    aircraft.gateway.execute(put)
    with pytest.raises(NotFound):
        aircraft.gateway.execute(SetPrices((PriceChange(EGGS, 1),)))
    aircraft.gateway.submit(arrival(b"\xff"))
    assert aircraft.land() == [
        Founded(NOW, EPOCH),
        Linked(NOW, connected=True, n=1),
        Heard(NOW, "store/shop/rfid/reader-1/result", b"one"),
        Asked(NOW, put, n=2),
        Heard(NOW, "store/shop/rfid/reader-1/result", b"\xff"),
    ]


def test_a_message_that_broke_the_contract_is_one_too(aircraft: Aircraft) -> None:
    """A replay has to find out for itself; what a sink refused never came from a device."""
    for source in ("store/shop/rfid/reader-1/reads", "sink:web-shop"):
        letter = DeadLetter(NOW, source, "reads[0].epc: expected hex", b"{}")
        aircraft.gateway.submit(Rejection(letter, lambda: None))
    assert aircraft.land()[1:] == [Heard(NOW, "store/shop/rfid/reader-1/reads", b"{}")]


def test_a_disk_that_refuses_hurts_nobody(
    aircraft: Aircraft, until: Callable[[Callable[[], bool]], None]
) -> None:
    """Messages are taken and commands answered though nothing can be recorded."""
    aircraft.folder.write_text("in the way")
    done: list[int] = []
    message = arrival(b"one")
    aircraft.gateway.submit(
        Arrival(message.topic, message.payload, message.message, lambda: done.append(1))
    )
    assert aircraft.gateway.execute(PutProducts((Product(MILK, "Milk"),))) == 1
    until(lambda: done == [1])
    aircraft.gateway.stop()
    aircraft.flight.close()
    assert aircraft.folder.read_text() == "in the way"


def test_without_a_recorder_nothing_is_kept(tmp_path: Path) -> None:
    """As in a shop without [recording]."""
    flight = Flight(None, lambda _: True)
    flight.record([Listening(connected=True), arrival(b"one")], NOW)
    flight.close()
    assert list(tmp_path.iterdir()) == []
