"""Reads of the shop's state, each on a connection of its own; nothing here writes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from operator import add
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import Engine, Select, select, tuple_

from edge import tables
from edge.checkout import Lane, Sale, basket_id
from edge.commands import Product
from edge.config import Settings
from edge.deliveries import Delivery
from edge.drawings import Drawings
from edge.events import moment
from edge.health import Device, DeviceConfig
from edge.labels import Label
from edge.levels import Level
from edge.stocktakes import Find, Result, Stocktake, reckon
from edge.traffic import HeatMap, Occupancy
from edge.views import DeviceView, LabelView, LaneView

MINUTE_MS = 60_000

_WAYS = ("in_", "out", "staff_in", "staff_out")


class Calendar:
    """Where hours and days begin on the clocks of the shop."""

    def __init__(self, timezone: str) -> None:
        """Follow an IANA time zone."""
        self._zone = ZoneInfo(timezone)

    def start(self, at: int, bucket: str) -> int:
        """Give the beginning of the minute, hour or day that a time (epoch ms) lies in."""
        if bucket == "minute":
            return at - at % MINUTE_MS
        local = datetime.fromtimestamp(at / 1000, self._zone)
        start = local.replace(minute=0, second=0, microsecond=0)
        if bucket == "day":
            start = start.replace(hour=0, fold=0)
        return round(start.astimezone(UTC).timestamp() * 1000)


class TrafficRow(Struct, frozen=True):
    """People across a line in a span of time that begins at `start` (epoch ms), staff apart."""

    line: str
    start: int
    in_: int
    out: int
    staff_in: int
    staff_out: int


class ConversionRow(Struct, frozen=True):
    """Visitors who came in, and sales, in a span of time that begins at `start` (epoch ms)."""

    start: int
    entries: int
    sales: int


class DeadLetterRow(Struct, frozen=True):
    """A dead letter with its id."""

    id: int
    time: int
    source: str
    reason: str
    payload: bytes


class Queries:
    """Answers questions about the shop from what is on disk."""

    def __init__(self, engine: Engine, settings: Settings, epoch: int) -> None:
        """Read from this database; `epoch` is its own."""
        self._engine = engine
        self._settings = settings
        self.epoch = epoch
        self._calendar = Calendar(settings.store.timezone)
        self._drawings = Drawings(engine, settings)

    def levels(
        self, *, gtin: str | None, zone: str | None, below: int | None, after: str, limit: int
    ) -> list[Level]:
        """Give stock levels by GTIN, from the one after `after` on."""
        levels = tables.levels
        statement = select(levels).where(levels.c.version > 0, levels.c.gtin > after)
        if gtin is not None:
            statement = statement.where(levels.c.gtin == gtin)
        if below is not None:
            statement = statement.where(levels.c.available < below)
        if zone is not None:
            here = select(tables.items.c.gtin).where(tables.items.c.zone == zone)
            counted = select(tables.counts.c.gtin).where(tables.counts.c.zone == zone)
            statement = statement.where(levels.c.gtin.in_(here.union(counted)))
        return self._all(statement.order_by(levels.c.gtin).limit(limit), Level)

    def level(self, gtin: str) -> Level | None:
        """Give the stock level of a product, None before its first one."""
        levels = tables.levels
        return self._one(select(levels).where(levels.c.gtin == gtin, levels.c.version > 0), Level)

    def products(self, after: str, limit: int) -> list[Product]:
        """Give products by GTIN, from the one after `after` on."""
        products = tables.products
        statement = select(products.c.product).where(products.c.gtin > after)
        with self._engine.connect() as connection:
            return list(connection.scalars(statement.order_by(products.c.gtin).limit(limit)))

    def product(self, gtin: str) -> Product | None:
        """Give a product."""
        statement = select(tables.products.c.product).where(tables.products.c.gtin == gtin)
        with self._engine.connect() as connection:
            return connection.scalar(statement)

    def deliveries(self, *, state: str | None, after: str, limit: int) -> list[Delivery]:
        """Give deliveries by SSCC, from the one after `after` on."""
        deliveries = tables.deliveries
        statement = select(deliveries).where(deliveries.c.sscc > after)
        if state is not None:
            statement = statement.where(deliveries.c.state == state)
        return self._all(statement.order_by(deliveries.c.sscc).limit(limit), Delivery)

    def delivery(self, sscc: str) -> Delivery | None:
        """Give a delivery."""
        deliveries = tables.deliveries
        return self._one(select(deliveries).where(deliveries.c.sscc == sscc), Delivery)

    def stocktakes(self, *, state: str | None, after: str, limit: int) -> list[Stocktake]:
        """Give stocktakes from the one after `after` on, the oldest first."""
        stocktakes = tables.stocktakes
        statement = select(stocktakes).where(stocktakes.c.stocktake > after)
        if state is not None:
            statement = statement.where(stocktakes.c.state == state)
        return self._all(statement.order_by(stocktakes.c.stocktake).limit(limit), Stocktake)

    def stocktake(self, name: str) -> Stocktake | None:
        """Give a stocktake."""
        stocktakes = tables.stocktakes
        return self._one(select(stocktakes).where(stocktakes.c.stocktake == name), Stocktake)

    def found(self, stocktake: Stocktake) -> Result:
        """Give what an open stocktake has found so far."""
        finds, products = tables.finds, tables.products
        statement = (
            select(finds, products.c.gtin.label("ours"))
            .outerjoin(products, products.c.gtin == finds.c.gtin)
            .where(finds.c.stocktake == stocktake.stocktake)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(statement).mappings().all()
        ours = {row["ours"] for row in rows}
        found = [Find(**{name: row[name] for name in Find.__struct_fields__}) for row in rows]
        return reckon(stocktake, found, ours.__contains__)

    def labels(self, gtin: str | None = None, device: str | None = None) -> list[Label]:
        """Give the labels, or those of a product or a device."""
        labels = tables.labels
        statement = select(labels)
        if gtin is not None:
            statement = statement.where(labels.c.gtin == gtin)
        if device is not None:
            statement = statement.where(labels.c.device == device)
        return self._all(statement.order_by(labels.c.label), Label)

    def label(self, name: str) -> Label | None:
        """Give a label."""
        return self._one(select(tables.labels).where(tables.labels.c.label == name), Label)

    def picture(self, image: str) -> bytes | None:
        """Give a label picture's PNG by its name."""
        statement = select(tables.pictures.c.png).where(tables.pictures.c.image == image)
        with self._engine.connect() as connection:
            return connection.scalar(statement)

    def lanes(self) -> list[LaneView]:
        """Give the configured lanes with their baskets."""
        known = {row.lane: row for row in self._all(select(tables.lanes), Lane)}
        return [
            lane_view(
                known.get(lane.id) or Lane(lane.id), self._settings.store.currency, self.epoch
            )
            for lane in self._settings.lanes
        ]

    def sales(self, start: int, end: int, limit: int, after: tuple[int, str]) -> list[Sale]:
        """Give the sales of a span of time (epoch ms), the oldest first.

        `after` is time and id of the last one of the page before.
        """
        sales = tables.sales
        statement = select(sales).where(
            sales.c.t >= start, sales.c.t < end, tuple_(sales.c.t, sales.c.sale) > after
        )
        return self._all(statement.order_by(sales.c.t, sales.c.sale).limit(limit), Sale)

    def traffic(self, start: int, end: int, bucket: str, line: str | None) -> list[TrafficRow]:
        """Give counts by line and bucket; hours and days begin as the store's clocks say."""
        minutes = tables.minutes
        counts = [minutes.c[name] for name in _WAYS]
        statement = select(minutes.c.line, minutes.c.start, *counts).where(
            minutes.c.start >= start, minutes.c.start < end
        )
        if line is not None:
            statement = statement.where(minutes.c.line == line)
        sums: dict[tuple[str, int], list[int]] = {}
        with self._engine.connect() as connection:
            for name, at, *people in connection.execute(statement):
                row = sums.setdefault((name, self._calendar.start(at, bucket)), [0] * len(_WAYS))
                row[:] = map(add, row, people)
        return [TrafficRow(name, at, *sums[name, at]) for name, at in sorted(sums)]

    def conversion(self, start: int, end: int, bucket: str) -> list[ConversionRow]:
        """Give visitors in and sales by bucket; times are epoch ms, `end` is not among them."""
        entrances = self.entrances()
        entries: Counter[int] = Counter()
        for row in self.traffic(start, end, bucket, None):
            if row.line in entrances:
                entries[row.start] += row.in_
        sales: Counter[int] = Counter()
        sold = select(tables.sales.c.t).where(tables.sales.c.t >= start, tables.sales.c.t < end)
        with self._engine.connect() as connection:
            for t in connection.scalars(sold):
                sales[self._calendar.start(t, bucket)] += 1
        return [ConversionRow(at, entries[at], sales[at]) for at in sorted({*entries, *sales})]

    def entrances(self) -> frozenset[str]:
        """Give the lines that lead into the shop, or did until they were taken away."""
        return frozenset(self._drawings.layouts().past_entrances())

    def occupancy(self) -> list[Occupancy]:
        """Give the people of each zone, by its name; `store` is the whole shop."""
        return self._all(select(tables.occupancy).order_by(tables.occupancy.c.zone), Occupancy)

    def heat(self, camera: str) -> HeatMap | None:
        """Give the newest heat map of a camera."""
        heat = tables.heat
        statement = select(heat).where(heat.c.camera == camera).order_by(heat.c.start.desc())
        return self._one(statement, HeatMap)

    def devices(self) -> list[Device]:
        """Give all devices, those in the inbox too."""
        return self._all(select(tables.devices).order_by(tables.devices.c.device), Device)

    def device(self, name: str) -> Device | None:
        """Give a device."""
        return self._one(select(tables.devices).where(tables.devices.c.device == name), Device)

    def configs(self, device: str) -> list[DeviceConfig]:
        """Give a device's configurations, the oldest first."""
        configs = tables.configs
        statement = select(configs).where(configs.c.device == device)
        return self._all(statement.order_by(configs.c.version), DeviceConfig)

    def dead_letters(self, after: int, limit: int) -> list[DeadLetterRow]:
        """Give dead letters, the oldest first."""
        dead = tables.dead_letters
        statement = select(dead).where(dead.c.id > after).order_by(dead.c.id).limit(limit)
        return self._all(statement, DeadLetterRow)

    def dead_letter(self, number: int) -> DeadLetterRow | None:
        """Give one dead letter."""
        dead = tables.dead_letters
        return self._one(select(dead).where(dead.c.id == number), DeadLetterRow)

    def token(self, token_hash: str) -> tuple[str, str] | None:
        """Give name and role of a token that is not revoked."""
        tokens = tables.tokens
        statement = select(tokens.c.name, tokens.c.role).where(
            tokens.c.hash == token_hash, tokens.c.revoked.is_(None)
        )
        with self._engine.connect() as connection:
            found = connection.execute(statement).first()
        return (found.name, found.role) if found else None

    def _all(self, statement: Select[Any], row: type[Any]) -> list[Any]:
        with self._engine.connect() as connection:
            return [row(**found) for found in connection.execute(statement).mappings()]

    def _one(self, statement: Select[Any], row: type[Any]) -> Any | None:  # noqa: ANN401
        found = self._all(statement.limit(1), row)
        return found[0] if found else None


def device_view(device: Device) -> DeviceView:
    """Give what readers see of a device."""
    return DeviceView(
        device=device.device,
        kind=device.kind,
        online=device.online,
        adopted=device.adopted,
        problem=", ".join(device.problems) or None,
        model=device.model,
        fw=device.fw,
        config_version=device.config_version,
        last_seen=moment(device.seen) if device.seen else None,
    )


def label_view(label: Label) -> LabelView:
    """Give what readers see of a label."""
    return LabelView(
        label=label.label,
        device=label.device,
        shelf=label.shelf,
        gtin=label.gtin,
        name=label.content.name if label.content else "",
        amount=label.content.amount if label.content else None,
        state=label.state,
        image=label.image,
        battery_mv=label.battery_mv,
        problem=label.problem or ", ".join(label.problems) or None,
        rssi=label.rssi,
        temp_c=label.temp_c,
        last_seen=moment(label.seen) if label.seen else None,
        problems=label.problems,
        confirmed=label.certain,
    )


def lane_view(lane: Lane, currency: str, epoch: int) -> LaneView:
    """Give what readers see of a lane."""
    return LaneView(
        lane=lane.lane,
        state=lane.state,
        basket=basket_id(epoch, lane),
        lines=lane.lines,
        total=sum(line.amount for line in lane.lines),
        currency=currency,
        warning=lane.warning,
    )
