"""Runs the simulated shop in real time against a gateway: real MQTT, real HTTP, real pixels.

The wall clock decides when a step is taken, never what happens in it.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

import httpx
import structlog
from msgspec import Struct

from devices.agent import Agent
from devices.mqtt import BrokerAddress
from devices.simulator.camera import render
from devices.simulator.dice import dice
from devices.simulator.goods import FACINGS, GOODS, Good
from devices.simulator.happenings import Happening, Paid, Scanned
from devices.simulator.labels import AccessPoint
from devices.simulator.lanes import Made, SelfCheckout, Till
from devices.simulator.layout import READERS
from devices.simulator.readers import Cycle, readers
from devices.simulator.references import REFERENCES
from devices.simulator.window import Stream, Window
from devices.simulator.world import World

STEP_S = 0.1
PRICE_CHANGE_S = 10.0
PROMOTION_S = 60.0
ASK_AGAIN_S = 0.5
HTTP_S = 10.0

log = structlog.get_logger()


class Part(Protocol):
    """What runs beside the world."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End."""


class ShopSettings(Struct, frozen=True):
    """Where the gateway is, and the shop's chance; `port` is for stream, truth and freeze.

    With `references`, reference tags hang on shelves and racks.
    """

    address: BrokerAddress
    store: str
    currency: str
    api: str
    token: str
    seed: int
    port: int
    references: bool = False


class ProductTruth(Struct, frozen=True):
    """Where a product's units are: `fixtures` is shelves and backroom together."""

    shelves: dict[str, int]
    backroom: int
    carried: int
    fixtures: int
    touched_s_ago: float


class Truth(Struct, frozen=True):
    """What is really so in the simulated shop."""

    t: float
    stock: dict[str, ProductTruth]
    came: int
    left: int
    people: int
    sales: list[Made]
    thefts: int
    labels_bound: int
    frozen: bool
    settled: bool


class SimulatedShop:
    """The world with all its devices."""

    def __init__(self, settings: ShopSettings) -> None:
        """Prepare everything; `run` starts it."""
        self._settings = settings
        self._world = World(settings.seed)
        references = REFERENCES if settings.references else ()
        self._readers = readers(settings.seed, references=references)
        self._chance = dice(settings.seed, "prices")
        self._next_price = PRICE_CHANGE_S
        self._promoted: dict[str, float] = {}
        self._made: list[Made] = []
        self._bound = 0
        self._frozen = threading.Event()
        self._looking = threading.Lock()
        self._frame = 0
        self._stream = Stream()
        self._window = Window(settings.port, self._stream, self.truth, self._frozen.set)
        self._api = httpx.Client(
            base_url=settings.api,
            headers={"Authorization": f"Bearer {settings.token}"},
            timeout=HTTP_S,
        )
        address, store = settings.address, settings.store
        self._agents = {
            plan.id: Agent(address, store, "rfid", plan.id, {"model": "simulated reader"})
            for plan in READERS
        }
        self._labels = AccessPoint(address, store, settings.seed)
        self._checkout = SelfCheckout(address, store, self._api, self._made)
        self._till = Till(address, store, settings.currency, self._made)

    def run(self, stop: threading.Event) -> None:
        """Open the shop and keep it going until `stop` is set."""
        parts: list[Part] = [
            self._window,
            self._labels,
            self._checkout,
            self._till,
            *self._agents.values(),
        ]
        for part in parts:
            part.start()
        try:
            self._set_up(stop)
            self._go_on(stop)
        finally:
            for part in reversed(parts):
                part.stop()
            self._api.close()

    def truth(self) -> Truth:
        """Give what is really so."""
        with self._looking:
            world = self._world.truth()
        return Truth(
            t=world.t,
            stock={
                gtin: ProductTruth(
                    goods.shelves,
                    goods.backroom,
                    goods.carried,
                    sum(goods.shelves.values()) + goods.backroom,
                    world.t - goods.touched,
                )
                for gtin, goods in world.stock.items()
            },
            came=world.came,
            left=world.left,
            people=world.people,
            sales=list(self._made),
            thefts=len(world.thefts),
            labels_bound=self._bound,
            frozen=self._frozen.is_set(),
            settled=self._checkout.idle
            and all(not a.unacknowledged for a in self._agents.values()),
        )

    def _set_up(self, stop: threading.Event) -> None:
        """Do what a technician does once: products, prices, labels."""
        products = [
            {
                "gtin": g.gtin,
                "name": g.name,
                "brand": g.brand,
                "names": {"zh": g.chinese},
                "unit": g.unit,
                "pack": g.pack,
            }
            for g in GOODS
        ]
        prices = {"changes": [{"gtin": g.gtin, "amount": g.price} for g in GOODS]}
        self._insist("PUT", "/api/v1/products", products, stop)
        self._insist("POST", "/api/v1/prices", prices, stop)
        for facing in FACINGS:
            path = f"/api/v1/labels/{facing.label}/bind"
            self._insist("POST", path, {"gtin": facing.gtin}, stop)
            self._bound += 1

    def _insist(self, method: str, path: str, body: object, stop: threading.Event) -> None:
        """Ask until the gateway has done it: it may not be up yet, or be away for a moment."""
        while not stop.is_set():
            try:
                self._api.request(method, path, json=body).raise_for_status()
            except httpx.HTTPError as fault:
                log.info("the simulated shop asks again", path=path, fault=str(fault))
                stop.wait(ASK_AGAIN_S)
            else:
                return

    def _go_on(self, stop: threading.Event) -> None:
        due = time.monotonic()
        while not stop.is_set():
            self._step()
            due = max(due + STEP_S, time.monotonic() - STEP_S)
            stop.wait(max(0.0, due - time.monotonic()))

    def _step(self) -> None:
        with self._looking:
            happened = () if self._frozen.is_set() else self._world.step(STEP_S)
            people = self._world.people()
            cycles = [reader.step(STEP_S, self._world.stock, people) for reader in self._readers]
        for happening in happened:
            self._tell(happening)
        for cycle in cycles:
            if cycle is not None:
                self._report(cycle)
        self._stream.put(render(people, self._frame))
        self._frame += 1
        self._change_price()

    def _tell(self, happening: Happening) -> None:
        if isinstance(happening, Scanned | Paid) and happening.lane == self._checkout.lane:
            self._checkout.take(happening)
        elif isinstance(happening, Paid):
            self._till.take(happening)

    def _report(self, cycle: Cycle) -> None:
        now = time.time_ns() // 1_000_000
        reads = [
            {"epc": r.epc, "ant": r.antenna, "rssi": r.rssi, "t": now - round(r.ago * 1000)}
            for r in cycle.reads
        ]
        self._agents[cycle.reader].publish("reads", {"reads": reads})

    def _change_price(self) -> None:
        if self._frozen.is_set() or self._world.now < self._next_price:
            return
        self._next_price += PRICE_CHANGE_S
        body = {"changes": [self._price_change(self._chance.choice(GOODS))]}
        threading.Thread(target=self._post_price, args=(body,), name="price").start()

    def _price_change(self, good: Good) -> dict[str, object]:
        """Make another regular price, or a promotion where none of the product is on."""
        amount = round(good.price * self._chance.choice((0.8, 0.9, 1.0, 1.1)) / 100) * 100
        change: dict[str, object] = {"gtin": good.gtin, "amount": amount}
        promotes = self._chance.choice((True, False))
        if promotes and self._promoted.get(good.gtin, 0.0) < self._world.now:
            self._promoted[good.gtin] = self._world.now + 2 * PROMOTION_S
            until = datetime.now(UTC) + timedelta(seconds=PROMOTION_S)
            lower = round(good.price * 0.7 / 100) * 100
            change |= {"amount": lower, "promotion": "今日特价", "until": until.isoformat()}
        return change

    def _post_price(self, body: object) -> None:
        try:
            self._api.post("/api/v1/prices", json=body).raise_for_status()
        except httpx.HTTPError as fault:
            log.info("a price change did not reach the gateway", fault=str(fault))


def run(settings: ShopSettings, stop: threading.Event) -> None:
    """Run the simulated shop until `stop` is set."""
    SimulatedShop(settings).run(stop)
