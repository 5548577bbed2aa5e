"""Self-checkout: a lane scans, prices and sells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from edge.commands import CancelBasket, PayBasket, ScanAtLane, VoidLine
from edge.errors import IllegalMove, NotFound, Refused
from edge.events import BasketLine, Event, LaneChanged, SaleCompleted
from edge.readings import SaleReported, SoldLine
from edge.rows import Rows

LaneState = Literal["idle", "scanning", "paid"]
Step = Literal["scan", "void", "pay", "cancel", "rest"]

STEPS: dict[tuple[LaneState, Step], LaneState] = {
    ("idle", "scan"): "scanning",
    ("scanning", "scan"): "scanning",
    ("scanning", "void"): "scanning",
    ("scanning", "pay"): "paid",
    ("scanning", "cancel"): "idle",
    ("paid", "scan"): "scanning",
    ("paid", "rest"): "idle",
}

THANKS_MS = 8_000  # how long a lane shows that it is paid


class Lane(Struct, frozen=True):
    """A lane and its basket; `number` counts its baskets, `version` its events."""

    lane: str
    state: LaneState = "idle"
    number: int = 0
    lines: tuple[BasketLine, ...] = ()
    warning: str | None = None
    version: int = 0
    since: int = 0


class Sale(Struct, frozen=True):
    """A completed sale, as it is kept."""

    sale: str
    lane: str
    t: int
    currency: str
    total: int
    lines: tuple[SoldLine, ...]
    member: str | None = None


class Offer(Struct, frozen=True):
    """What the till knows of a scanned code: the product's name and price, the item's EPC.

    `shelf` is the least price that a label of it may be showing.
    """

    gtin: str
    name: str
    price: int
    epc: str | None = None
    shelf: int | None = None


class Checkout:
    """The lanes of a shop.

    `offer` looks a scanned code up; a text instead says why not. `shelf` gives the least price that
    a label of a product may be showing.
    """

    def __init__(
        self,
        *,
        lanes: Rows[str, Lane],
        sales: Rows[str, Sale],
        offer: Callable[[str], Offer | str],
        shelf: Callable[[str], int | None],
        currency: str,
        epoch: int,
    ) -> None:
        """Take up the rows that are on disk."""
        self.lanes = lanes
        self.sales = sales
        self._offer = offer
        self._shelf = shelf
        self._currency = currency
        self._epoch = epoch

    def install(self, lanes: list[str]) -> None:
        """Take the configured lanes into service."""
        for lane in lanes:
            if lane not in self.lanes:
                self.lanes.put(lane, Lane(lane))

    def scan(self, name: str, data: str, now: int) -> list[Event]:
        """Put what a code names into the basket; an unknown code warns and adds nothing."""
        lane = self._lane(name)
        state = _step(lane, "scan")
        if lane.state != "scanning":
            lane = replace(lane, number=lane.number + 1, lines=())
        offer = self._offer(data)
        if isinstance(offer, str):
            lane = replace(lane, warning=offer)
        elif offer.epc and any(line.epc == offer.epc for line in lane.lines):
            lane = replace(lane, warning=f"{offer.name}: this very item is in the basket already")
        else:
            lane = replace(lane, warning=None, lines=_with(lane.lines, offer))
        return self._changed(replace(lane, state=state), now)

    def scan_code(self, command: ScanAtLane, now: int) -> tuple[None, list[Event]]:
        """Scan on somebody's behalf, as the lane's own scanner would."""
        return None, self.scan(command.lane, command.data, now)

    def void(self, command: VoidLine, now: int) -> tuple[None, list[Event]]:
        """Take a line out of the basket."""
        lane = self._lane(command.lane)
        state = _step(lane, "void")
        if not 1 <= command.line <= len(lane.lines):
            raise NotFound(
                f"expected a line from 1 to {len(lane.lines)}, came {command.line}", "line"
            )
        lines = lane.lines[: command.line - 1] + lane.lines[command.line :]
        return None, self._changed(replace(lane, state=state, lines=lines, warning=None), now)

    def cancel(self, command: CancelBasket, now: int) -> tuple[None, list[Event]]:
        """Empty the basket."""
        lane = self._lane(command.lane)
        state = _step(lane, "cancel")
        return None, self._changed(replace(lane, state=state, lines=(), warning=None), now)

    def pay(self, command: PayBasket, now: int) -> tuple[Sale, list[Event]]:
        """Complete the sale of a basket; a repeat answers with the same sale and no event."""
        lane = self._lane(command.lane)
        done = self.sales.get(command.basket)
        if done is not None and done.lane == lane.lane:
            return done, []
        state = _step(lane, "pay")
        basket = basket_id(self._epoch, lane)
        if command.basket != basket:
            came = repr(command.basket)
            raise Refused(f"expected the lane's open basket {basket}, came {came}", "basket")
        if not lane.lines:
            raise Refused("the basket is empty: scan something or cancel", "basket")
        lines = tuple(SoldLine(x.gtin, x.qty, x.amount, x.epc, x.shelf) for x in lane.lines)
        total = sum(line.amount for line in lines)
        sale = Sale(command.basket, lane.lane, now, self._currency, total, lines)
        events = self._changed(replace(lane, state=state, warning=None), now)
        return sale, [*events, *self._complete(sale)]

    def take(self, lane: str, reported: SaleReported) -> list[Event]:
        """Take a third-party till's sale; the same sale id twice is one sale."""
        if reported.sale in self.sales:
            return []
        lines = tuple(replace(line, shelf=self._shelf(line.gtin)) for line in reported.lines)
        sale = Sale(
            reported.sale,
            lane,
            reported.t,
            reported.currency,
            reported.total,
            lines,
            reported.member,
        )
        return self._complete(sale)

    def lower(self, gtin: str, price: int, shelf: int | None, now: int) -> list[Event]:
        """Let open baskets have a product's lower price: a label may show it already."""
        events: list[Event] = []
        for lane in self.lanes:
            if lane.state != "scanning":
                continue
            lines = tuple(_at_most(line, gtin, price, shelf) for line in lane.lines)
            if lines != lane.lines:
                events += self._changed(replace(lane, lines=lines), now)
        return events

    def advance(self, now: int) -> list[Event]:
        """Let paid lanes go idle."""
        events: list[Event] = []
        for lane in self.lanes:
            if lane.state == "paid" and now - lane.since >= THANKS_MS:
                events += self._changed(replace(lane, state=_step(lane, "rest"), lines=()), now)
        return events

    def in_baskets(self) -> Counter[str]:
        """Count the units of each product in open baskets."""
        units: Counter[str] = Counter()
        for lane in self.lanes:
            if lane.state == "scanning":
                for line in lane.lines:
                    units[line.gtin] += line.qty
        return units

    def _lane(self, name: str) -> Lane:
        lane = self.lanes.get(name)
        if lane is None:
            raise NotFound(f"expected a configured lane, came {name!r}", "lane")
        return lane

    def _complete(self, sale: Sale) -> list[Event]:
        self.sales.put(sale.sale, sale)
        return [
            SaleCompleted(
                sale=sale.sale,
                lane=sale.lane,
                currency=sale.currency,
                lines=sale.lines,
                total=sale.total,
                member=sale.member,
            )
        ]

    def _changed(self, lane: Lane, now: int) -> list[Event]:
        lane = replace(lane, version=lane.version + 1, since=now)
        self.lanes.put(lane.lane, lane)
        return [
            LaneChanged(
                lane=lane.lane,
                epoch=self._epoch,
                version=lane.version,
                state=lane.state,
                basket=basket_id(self._epoch, lane),
                lines=lane.lines,
                total=sum(line.amount for line in lane.lines),
                currency=self._currency,
                warning=lane.warning,
            )
        ]


def basket_id(epoch: int, lane: Lane) -> str | None:
    """Give the id of a lane's basket: the epoch keeps it unique over a lost database."""
    return f"{epoch}-{lane.lane}-{lane.number}" if lane.state != "idle" else None


def _step(lane: Lane, step: Step) -> LaneState:
    state = STEPS.get((lane.state, step))
    if state is None:
        raise IllegalMove(f"lane {lane.lane} is {lane.state}: it cannot {step} now", "lane")
    return state


def _with(lines: tuple[BasketLine, ...], offer: Offer) -> tuple[BasketLine, ...]:
    for n, line in enumerate(lines):
        if (
            offer.epc is None
            and line.epc is None
            and (line.gtin, line.price) == (offer.gtin, offer.price)
        ):
            qty = line.qty + 1
            more = replace(line, qty=qty, amount=qty * line.price, shelf=offer.shelf)
            return (*lines[:n], more, *lines[n + 1 :])
    line = BasketLine(offer.gtin, offer.name, 1, offer.price, offer.price, offer.epc, offer.shelf)
    return (*lines, line)


def _at_most(line: BasketLine, gtin: str, price: int, shelf: int | None) -> BasketLine:
    if line.gtin != gtin or line.price <= price:
        return line
    return replace(line, price=price, amount=line.qty * price, shelf=shelf)
