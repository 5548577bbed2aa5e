"""The two tills: a self-checkout that scans and pays over HTTP, and one that reports its sales."""

from __future__ import annotations

import queue
import threading
import time

import httpx
import structlog
from msgspec import Struct

from devices.agent import Agent
from devices.mqtt import BrokerAddress
from devices.simulator.goods import GOODS
from devices.simulator.happenings import Paid, Scanned, Unit
from devices.simulator.layout import LANES, SCANNER

ASK_S = 0.2
AGAIN_S = 0.5

log = structlog.get_logger()
_PRICE = {good.gtin: good.price for good in GOODS}


class Made(Struct, frozen=True):
    """A sale that the shop made: its id, its lane, and how many units."""

    sale: str
    lane: str
    units: int


class SelfCheckout:
    """Lane 1: what is scanned goes over MQTT, payment over HTTP; one thing after the other.

    A payment is asked for until it is answered: the basket's id makes that one sale.
    """

    def __init__(
        self, address: BrokerAddress, store: str, api: httpx.Client, made: list[Made]
    ) -> None:
        """Prepare the scanner; sales are added to `made`."""
        self.lane = LANES[0].id
        self._api = api
        self._made = made
        self._agent = Agent(address, store, "scanner", SCANNER, {"model": "simulated scanner"})
        self._todo: queue.Queue[Scanned | Paid | None] = queue.Queue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.lane)

    @property
    def idle(self) -> bool:
        """Whether nothing waits to be scanned or paid."""
        return self._todo.unfinished_tasks == 0

    def start(self) -> None:
        """Connect the scanner."""
        self._agent.start()
        self._thread.start()

    def stop(self) -> None:
        """End after what is under way."""
        self._stopping.set()
        self._todo.put(None)
        self._thread.join()
        self._agent.stop()

    def take(self, happening: Scanned | Paid) -> None:
        """Do as a shopper did."""
        self._todo.put(happening)

    def _run(self) -> None:
        while (happening := self._todo.get()) is not None and not self._stopping.is_set():
            if isinstance(happening, Scanned):
                self._scan(happening.unit)
            else:
                self._pay(happening)
            self._todo.task_done()

    def _scan(self, unit: Unit) -> None:
        data, symbology = code_of(unit)
        self._agent.publish("scan", {"t": _now(), "data": data, "symbology": symbology})

    def _pay(self, paid: Paid) -> None:
        while not self._stopping.is_set():
            basket = self._basket(len(paid.units))
            if basket is None:
                self._stopping.wait(ASK_S)
                continue
            sale = self._ask("POST", "pay", {"basket": basket, "method": "card"})
            if sale is not None:
                self._made.append(Made(str(sale["sale"]), self.lane, len(paid.units)))
                return
            self._stopping.wait(AGAIN_S)

    def _basket(self, units: int) -> str | None:
        """Give the basket's id once it holds all that was scanned."""
        lane = self._ask("GET", "", None)
        if lane is None or lane["state"] != "scanning":
            return None
        lines = lane["lines"]
        held = sum(line["qty"] for line in lines) if isinstance(lines, list) else 0
        return str(lane["basket"]) if held >= units else None

    def _ask(self, method: str, verb: str, body: dict[str, str] | None) -> dict[str, object] | None:
        path = f"/api/v1/lanes/{self.lane}" + (f"/{verb}" if verb else "")
        try:
            answer = self._api.request(method, path, json=body)
            answer.raise_for_status()
        except httpx.HTTPError as fault:
            log.info("the lane asks again", lane=self.lane, fault=str(fault))
            return None
        told: dict[str, object] = answer.json()
        return told


class Till:
    """Lane 2: a third party's till that reports each sale with the EPCs of what was sold."""

    def __init__(self, address: BrokerAddress, store: str, currency: str, made: list[Made]) -> None:
        """Prepare the till; sales are added to `made`."""
        self.lane = LANES[1].id
        self._currency = currency
        self._made = made
        self._agent = Agent(address, store, "checkout", self.lane, {"model": "simulated till"})

    def start(self) -> None:
        """Connect the till."""
        self._agent.start()

    def stop(self) -> None:
        """Disconnect."""
        self._agent.stop()

    def take(self, paid: Paid) -> None:
        """Report a sale."""
        sale = f"{self._agent.boot}-{paid.checkout}"
        lines = [
            {"gtin": unit.gtin, "qty": 1, "amount": _PRICE[unit.gtin], "epc": unit.epc}
            for unit in paid.units
        ]
        total = sum(_PRICE[unit.gtin] for unit in paid.units)
        self._agent.publish(
            "sale",
            {"t": _now(), "sale": sale, "currency": self._currency, "lines": lines, "total": total},
        )
        self._made.append(Made(sale, self.lane, len(paid.units)))


def code_of(unit: Unit) -> tuple[str, str]:
    """Give what the scanner reads of a unit: every other one carries a QR code with its serial."""
    if unit.serial % 2:
        return unit.gtin[1:], "ean13"
    return f"https://example.com/01/{unit.gtin}/21/{unit.serial}", "qr"


def _now() -> int:
    return time.time_ns() // 1_000_000
