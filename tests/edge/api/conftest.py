"""A real shop behind a real HTTP server on loopback; devices speak through its door."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import threading
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from cloud_bridge.webhook import Webhook
from devices.gtin import check_digit
from devices.labels.png import stamped
from devices.labels.render import image_hash, render
from devices.rfid.epc import encode_sgtin96
from devices.uplink import Uplink
from edge.access import Doorkeeper
from edge.api.desk import Desk
from edge.api.site import build
from edge.app import gtin_on
from edge.audit import Auditor
from edge.commands import BindLabel, Command, KeepPicture
from edge.config import Settings, load
from edge.database import open_database
from edge.door import Door
from edge.drawings import Drawings
from edge.eventlog import EventLog
from edge.explanations import Explanations
from edge.feed import Feed
from edge.gateway import Gateway, Listening, Ports, Rejection
from edge.lookout import Lookout
from edge.metrics import Metrics
from edge.overview import Overview
from edge.price_audit import PriceAuditor
from edge.price_queries import PriceQueries
from edge.queries import Queries
from edge.relay import Consumer, Relay
from edge.shop import Codes
from edge.shop import Shop as Rules
from edge.store import Cursor, DeadLetter, Store
from edge.tags import tag_view
from edge.tokens import create
from edge.views import SinkView
from edge.wire import LoggedEvent

Seen = TypeVar("Seen")

ROLES = ("viewer", "operator", "technician", "admin")
PATIENCE_S = 20.0
PREFIX_DIGITS = 7  # of the company prefix in the GTINs of these tests
SLOW_S = 0.5  # how long a follower may take; the real shop gives it ten seconds

STORE = """
[store]
id = "test"
name = "Test"
timezone = "Europe/Berlin"
currency = "EUR"

[prices]
grace_s = 0

[presence]
missing_after_s = {missing}

[[zones]]
id = "floor"
name = "Floor"
kind = "sales"
polygon = [[0, 0], [8, 0], [8, 5], [0, 5]]

[[zones]]
id = "back"
name = "Back room"
kind = "backroom"
polygon = [[8, 0], [9, 0], [9, 5], [8, 5]]

[[zones]]
id = "tills"
name = "Tills"
kind = "checkout"
polygon = [[0, 5], [8, 5], [8, 7], [0, 7]]

[[shelves]]
id = "shelf-a"
name = "Shelf A"
zone = "floor"
corner = [1, 1]
size = [2, 1]

[[devices]]
id = "reader-1"
kind = "rfid"
antennas = {{ 1 = "shelf-a", 2 = "back" }}

[[devices]]
id = "labels-1"
kind = "label"

[[cameras]]
id = "camera-1"
source = "0"
lines = [
  {{ name = "entrance", start = [0, 0], end = [1, 1] }},
  {{ name = "aisle", start = [0, 1], end = [1, 0], entrance = false }},
]
areas = [{{ zone = "tills", polygon = [[0, 0], [1, 0], [1, 1]], queue = true }}]

[[lanes]]
id = "lane-1"
name = "Lane 1"
zone = "tills"

[[lanes]]
id = "lane-2"
name = "Lane 2"
zone = "tills"

[[labels]]
id = "label-1"
device = "labels-1"
shelf = "shelf-a"

[[labels]]
id = "label-2"
device = "labels-1"
mac = "00000218A1B2C3D4"

[[sinks]]
name = "online"
kind = "webhook"
url = "http://127.0.0.1:{sink}/webhook"
secret = {{ file = "sink.secret" }}
"""


# What a shop has besides where readers are watched at work: a door, and a second sales floor.
WINGS = """
[[zones]]
id = "wing"
name = "Wing"
kind = "sales"
polygon = [[0, 7], [8, 7], [8, 9], [0, 9]]

[[zones]]
id = "door"
name = "Door"
kind = "exit"
polygon = [[8, 7], [9, 7], [9, 9], [8, 9]]

[[shelves]]
id = "shelf-b"
name = "Shelf B"
zone = "wing"
corner = [1, 7]
size = [2, 1]

[[devices]]
id = "reader-2"
kind = "rfid"
antennas = { 1 = "shelf-b", 2 = "door" }
"""
READERS = ("reader-1", "reader-2")
MISSING_S = 20
MORNING = 1_772_442_000_000  # 2 March 2026, 10:00 in Berlin


class Shop:
    """A running shop: its parts, its address, and what a test does with them."""

    def __init__(
        self,
        folder: Path,
        codes: Codes,
        clock: Callable[[], int],
        *,
        more: str = "",
        missing: int = 3600,
    ) -> None:
        """Wire the parts as the gateway does; only the broker is left out.

        `clock` gives epoch ms; `more` is added to the settings.
        """
        self.config = folder / "store.toml"
        self.settings = configured(folder, more, missing)
        self.clock = clock
        self.broker = True
        self._engine = open_database(self.settings.database.url)
        self._codes = codes
        store, log = Store(self._engine), EventLog(self._engine)
        queries = Queries(self._engine, self.settings, store.epoch)
        overview = Overview(self._engine, self.settings, queries)
        self.feed, metrics = Feed(log), Metrics()
        ports = Ports(
            logged=self._logged(metrics),
            acknowledge=lambda *_: None,
            committed=metrics.committed,
        )
        self.gateway = Gateway(store, self._reviver(store), clock, ports, keep_days=30)
        uplink = Uplink("test")
        self.lookout = Lookout(self.gateway.execute)
        self.door = Door(uplink.decode, uplink.envelope, self.gateway.submit, metrics, clock)
        self._relay = self._to_the_sink(log)
        metrics.watch(self._sinks, lambda: self.gateway.waiting)
        self.desk = Desk(
            settings=self.settings,
            clock=clock,
            execute=self.gateway.execute,
            queries=queries,
            drawings=Drawings(self._engine, self.settings),
            lookout=self.lookout,
            prices=PriceQueries(self._engine),
            explanations=Explanations(self._engine, self.settings),
            auditor=Auditor(self._engine, self.settings, tag_view),
            price_auditor=PriceAuditor(self._engine, self.settings, gtin_on),
            tag=tag_view,
            scan=codes.scan,
            draw=render,
            log=log,
            feed=self.feed,
            view=lambda: overview.look(self.feed.head, self._sinks, clock()),
            sinks=self._sinks,
            identify=Doorkeeper(queries.token, clock).identify,
            retry=self.door.retry,
            ready=lambda: {"broker": self.broker, "writer": self.gateway.alive},
            metrics=metrics.text,
            patience_s=SLOW_S,
        )
        self.tokens = {role: create(self.settings, role, role) for role in ROLES}
        self._clients: dict[str, httpx.Client] = {}
        self._gtins = 0
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        app = build(self.desk)
        app.mount("/", PlainTextResponse("the pages, which answer everything else"))
        app.router.lifespan_context = self._living
        self._server = uvicorn.Server(
            uvicorn.Config(app, log_level="critical", access_log=False, timeout_graceful_shutdown=1)
        )
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],))

    def open(self) -> None:
        """Start everything and wait until the server answers."""
        self._thread.start()
        until(lambda: self._server.started, bool)
        self.gateway.submit(Listening(connected=True))

    def close(self) -> None:
        """Stop everything."""
        for client in self._clients.values():
            client.close()
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()
        self._sink.close()
        self._engine.dispose()

    def api(self, role: str = "admin") -> httpx.Client:
        """Give a client whose token has this role."""
        if role not in self._clients:
            headers = {"Authorization": f"Bearer {self.tokens[role]}"}
            self._clients[role] = httpx.Client(
                base_url=f"{self.url}/api/v1", headers=headers, timeout=PATIENCE_S
            )
        return self._clients[role]

    def pages(self, path: str, start: str = "cursor", **query: Any) -> list[list[dict[str, Any]]]:
        """Walk over all pages of a list; `start` is the parameter that `next` goes into."""
        found: list[list[dict[str, Any]]] = []
        following: Any = query.pop(start, None)
        while not found or following is not None:
            position = {} if following is None else {start: following}
            page = self.api().get(path, params={**query, **position}).json()
            found.append(page["items"])
            following = page["next"]
        return found

    def hear(self, leaf: str, payload: dict[str, Any] | bytes) -> None:
        """Take a device's message at the door; return when it is on disk."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        done = threading.Event()
        self.door.take(f"store/test/{leaf}", body, done.set)
        assert done.wait(PATIENCE_S)

    def keep_dead(self, source: str, payload: bytes) -> None:
        """Keep a dead letter as the gateway would have done some time ago."""
        done = threading.Event()
        letter = DeadLetter(self.clock(), source, "an earlier fault", payload)
        self.gateway.submit(Rejection(letter, done.set))
        assert done.wait(PATIENCE_S)

    def execute(self, command: Command) -> Any:
        """Carry a command out as another part of the gateway would."""
        return self.gateway.execute(command)

    def gtin(self) -> str:
        """Give a GTIN that no test of this shop has had."""
        self._gtins += 1
        body = f"04006382{self._gtins:05}"
        return body + check_digit(body)

    def product(self, **more: Any) -> str:
        """Put a product and give its GTIN."""
        gtin = self.gtin()
        row = {"gtin": gtin, "name": f"Product {self._gtins}", **more}
        self.api().put("/products", json=[row]).raise_for_status()
        return gtin

    def priced(self, amount: int, **more: Any) -> str:
        """Put a product with a price and give its GTIN."""
        gtin = self.product(**more)
        change = {"gtin": gtin, "amount": amount}
        self.api().post("/prices", json={"changes": [change]}).raise_for_status()
        return gtin

    def draw(self, label: str) -> str:
        """Draw what a label is to show and keep the picture, as the downlink does; give its id."""
        row = self.desk.queries.label(label)
        assert row is not None
        assert row.content is not None
        drawn = render(row.content)
        png = stamped(drawn, row.revision)
        image = image_hash(png)
        self.execute(KeepPicture(label, row.revision, image, png, pixels=image_hash(drawn)))
        return image

    def show(self, label: str) -> None:
        """Draw what a label is to show, and let the label confirm it."""
        image = self.draw(label)
        self.hear("label/labels-1/shown", {"t": self.clock(), "label": label, "image": image})

    def fail(self, label: str, fault: str) -> None:
        """Refuse to draw what a label is to show, as the downlink does."""
        row = self.desk.queries.label(label)
        assert row is not None
        self.execute(KeepPicture(label, row.revision, error=fault))

    def hang(self, label: str, gtin: str) -> None:
        """Bind a label to a product with a price, and let it show it."""
        self.execute(BindLabel(label, gtin))
        self.show(label)

    def tag(self, gtin: str, serial: int) -> str:
        """Give the EPC of a unit."""
        return encode_sgtin96(gtin, PREFIX_DIGITS, serial)

    def read(self, epcs: list[str], antenna: int = 1) -> None:
        """Let the reader see tags."""
        reads = [{"epc": epc, "ant": antenna, "rssi": -50.0, "t": self.clock()} for epc in epcs]
        self.hear("rfid/reader-1/reads", {"reads": reads})

    def live(self) -> str:
        """Give the address of the live feed."""
        return f"ws://127.0.0.1:{self.port}/api/v1/live"

    def _reviver(self, store: Store) -> Callable[[int], Rules]:
        return lambda now: Rules(
            self.settings, store.load(), self._codes, epoch=store.epoch, now=now
        )

    def _logged(self, metrics: Metrics) -> Callable[[list[LoggedEvent]], None]:
        def tell(events: list[LoggedEvent]) -> None:
            metrics.logged(events)
            self.feed.publish(events)
            self.lookout.logged(events)
            self._relay.wake()

        return tell

    def _to_the_sink(self, log: EventLog) -> Relay:
        sink = self.settings.sinks[0]
        self._sink = Webhook(sink.name, sink.url, sink.secret.read(), "test", 1.0)
        consumer = Consumer(sink.name, sink.kind, sink.types, sink.batch, self._sink.deliver)

        def set_aside(letter: DeadLetter) -> None:
            self.gateway.submit(Rejection(letter, lambda: None))

        submit = self.gateway.submit
        return Relay(consumer, log, Cursor(sink.name), submit, set_aside, clock, "test")

    def _sinks(self) -> tuple[SinkView, ...]:
        return (self._relay.view(self.feed.head),)

    @asynccontextmanager
    async def _living(self, _: FastAPI) -> AsyncIterator[None]:
        self.feed.attach(asyncio.get_running_loop())
        self.gateway.start()
        self._relay.start()
        yield
        await asyncio.to_thread(self._relay.stop)
        await asyncio.to_thread(self.gateway.stop)


class WatchedShop(Shop):
    """A shop whose time passes only while a test lets its readers speak, every second."""

    def __init__(self, folder: Path, codes: Codes) -> None:
        """Open in the morning."""
        self.now = MORNING
        super().__init__(folder, codes, lambda: self.now, more=WINGS, missing=MISSING_S)

    def watch(
        self,
        seconds: int,
        reads: dict[tuple[str, int], list[str]],
        *,
        every: int = 1,
        silent: tuple[str, ...] = (),
    ) -> None:
        """Let seconds pass in which the readers speak, all but those that are silent.

        `reads` are the tags that each antenna reads, in the first of `every` so many seconds.
        """
        for second in range(seconds):
            self.now += 1000
            read = reads if second % every == 0 else {}
            spoken = [self._speak(device, read) for device in READERS if device not in silent]
            assert all(done.wait(PATIENCE_S) for done in spoken)

    def _speak(self, device: str, reads: dict[tuple[str, int], list[str]]) -> threading.Event:
        told = [
            {"epc": epc, "ant": antenna, "rssi": -50.0, "t": self.now}
            for (reader, antenna), epcs in reads.items()
            if reader == device
            for epc in epcs
        ]
        done = threading.Event()
        body = json.dumps({"reads": told}).encode()
        self.door.take(f"store/test/rfid/{device}/reads", body, done.set)
        return done


Opened = TypeVar("Opened", bound=Shop)


def configured(folder: Path, more: str, missing: int) -> Settings:
    """Write a store.toml whose sink listens nowhere, and load it."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        sink = probe.getsockname()[1]
    secret = "whsec_" + b64encode(secrets.token_bytes(24)).decode()
    (folder / "sink.secret").write_text(secret)
    file = folder / "store.toml"
    file.write_text(STORE.format(sink=sink, missing=missing) + more)
    return load(file)


def clock() -> int:
    """Give epoch milliseconds."""
    return time.time_ns() // 1_000_000


def until(look: Callable[[], Seen], good: Callable[[Seen], object]) -> Seen:
    """Look again until it is good; the last look is in the message when it never is."""
    deadline = time.monotonic() + PATIENCE_S
    while not good(last := look()):
        assert time.monotonic() < deadline, f"after {PATIENCE_S} s still {last!r}"
        time.sleep(0.02)
    return last


@pytest.fixture(scope="session")
def eventually() -> Callable[..., Any]:
    """Wait until something is so: `eventually(look, good)` gives the good look."""
    return until


@pytest.fixture
def new_shop(tmp_path: Path, codes: Codes) -> Iterator[Shop]:
    """Give a running shop of this test alone."""
    yield from _opened(Shop(tmp_path, codes, clock))


@pytest.fixture
def watched(tmp_path: Path, codes: Codes) -> Iterator[WatchedShop]:
    """Give a shop of this test alone, with a door, whose readers the test lets speak."""
    yield from _opened(WatchedShop(tmp_path, codes))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, codes: Codes) -> Iterator[Shop]:
    """Give a running shop that the tests of a file share; each takes products of its own."""
    yield from _opened(Shop(tmp_path_factory.mktemp("shop"), codes, clock))


def _opened(shop: Opened) -> Iterator[Opened]:
    shop.open()
    yield shop
    shop.close()
