"""Shoppers of `benchmarks.fleet`: they read the shelf, walk, pay, and look at the shelf again."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from benchmarks.fleet_panels import Panels
from benchmarks.fleet_shop import Shop
from benchmarks.price_world import Overcharged
from devices.simulator.dice import dice

WALK = 0.9  # of the time of grace at most
PAUSE_S = 1.0
KEEN = 0.75  # share of the shoppers who go for a product that not all labels show rightly yet


@dataclass(frozen=True, slots=True)
class Sold:
    """One unit sold: what was charged, and the panels of the product as the shopper saw them.

    `promptly` when it was scanned within the time of grace after `before` was seen.
    """

    gtin: str
    charged: int
    before: tuple[bytes, ...]
    after: tuple[bytes, ...]
    promptly: bool

    def is_known(self, panels: Panels) -> bool:
        """Tell whether all that the shopper saw can be read yet."""
        return all(panels.knows(glass) for glass in (*self.before, *self.after))

    def fault(self, panels: Panels) -> str | None:
        """Say what the shopper may complain of; None for a fair price.

        A panel may change between a look and the scan, so that one look alone proves nothing: one
        that was drawn anew just before the scan showed the charged price then, and one that was
        drawn after it had not been read. Only where the scan came within the time of grace does
        the first look bind, since nobody may be charged more than that by then.
        """
        before, after = self._least(self.before, panels), self._least(self.after, panels)
        if before is None or self.charged <= before:
            return None
        if not self.promptly and (after is None or self.charged <= after):
            return None
        return f"{self.gtin} was charged {self.charged}, shown {before} before and {after} after"

    def _least(self, glasses: Iterable[bytes], panels: Panels) -> int | None:
        prices = (panels.price(glass, self.gtin) for glass in glasses)
        return min((price for price in prices if price is not None), default=None)


class Judge:
    """Compares what was sold with what was shown, as soon as the pictures are known."""

    def __init__(self, panels: Panels) -> None:
        """Take sales from `sold`; `late` are the products that shoppers look at most."""
        self._panels = panels
        self.sold: deque[Sold] = deque()
        self.late: tuple[str, ...] = ()
        self.checked = 0
        self.prompt = 0

    def check(self) -> None:
        """Judge what can be judged by now; raises Overcharged for the first unfair price."""
        for _ in range(len(self.sold)):
            sale = self.sold.popleft()
            if not sale.is_known(self._panels):
                self.sold.append(sale)
                continue
            self.checked += 1
            self.prompt += sale.promptly
            if fault := sale.fault(self._panels):
                raise Overcharged(fault)


class Shopper:
    """Buys changed products at one lane, one after the other, on the thread that calls `run`."""

    def __init__(self, shop: Shop, lane: str, seed: int, judge: Judge) -> None:
        """Take to `judge` what was bought."""
        self._shop = shop
        self._lane = f"/lanes/{lane}"
        self._chance = dice(seed, "shopper", lane)
        self._judge = judge

    def run(self, stop: threading.Event) -> None:
        """Buy until `stop` is set; raises what the gateway refuses."""
        gtins = [change.gtin for change in self._shop.plan.changes]
        while not stop.wait(PAUSE_S):
            keen = self._chance.random() < KEEN
            gtin = self._chance.choice((keen and self._judge.late) or gtins)
            self._judge.sold.append(self._buy(gtin, stop))

    def _buy(self, gtin: str, stop: threading.Event) -> Sold:
        looked = time.monotonic()
        before = self._look(gtin)
        stop.wait(WALK * self._shop.grace_s * self._chance.random() ** 2)  # most are quick
        lane = self._post("scan", data=gtin[1:])
        promptly = time.monotonic() - looked < self._shop.grace_s
        sale = self._post("pay", basket=lane["basket"])
        after = self._look(gtin)
        (line,) = sale["lines"]
        return Sold(gtin, line["amount"], before, after, promptly)

    def _look(self, gtin: str) -> tuple[bytes, ...]:
        return tuple(self._shop.glass(facing) for facing in self._shop.plan.of(gtin))

    def _post(self, verb: str, **body: str) -> Any:  # noqa: ANN401  (JSON)
        return self._shop.post(f"{self._lane}/{verb}", body)
