"""The whole shop in one look: what the home page shows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Engine, func, select

from edge import tables
from edge.config import Settings
from edge.events import moment
from edge.health import Device
from edge.items import SEATED
from edge.labels import Label
from edge.queries import Calendar, Queries, device_view, label_view
from edge.traffic import STORE
from edge.views import DeviceView, LabelView, ShelfView, ShopView, SinkView

FRESH_MS = 1000  # how long a look stands while the log does not grow


class Overview:
    """Reads the whole shop from what is on disk, at most once for each growth of the log."""

    def __init__(self, engine: Engine, settings: Settings, queries: Queries) -> None:
        """Read from this database; the settings give places and the time zone."""
        self._engine = engine
        self._queries = queries
        self._settings = settings
        self._calendar = Calendar(settings.store.timezone)
        self._lock = threading.Lock()
        self._last: tuple[int, int, ShopView] | None = None

    def look(self, head: int, sinks: Callable[[], Sequence[SinkView]], now: int) -> ShopView:
        """Give the shop at the log's `head`; many pages may ask, one look serves them all."""
        with self._lock:
            last = self._last
            if last is None or last[0] != head or now - last[1] >= FRESH_MS:
                last = (head, now, self._read(sinks(), now))
                self._last = last
            return last[2]

    def _read(self, sinks: Sequence[SinkView], now: int) -> ShopView:
        today = self._calendar.start(now, "day")
        with self._engine.connect() as connection:
            head = connection.scalar(select(func.max(tables.events.c.position))) or 0
            people = _people(connection)
            sales, turnover = _sales_since(connection, today)
            names = _names(connection)
            gaps = connection.scalar(
                select(func.count())
                .select_from(tables.levels)
                .where(tables.levels.c.version > 0, tables.levels.c.available <= 0)
            )
            return ShopView(
                position=head,
                as_of=moment(now),
                people=people.pop(STORE, 0),
                people_by_zone=people,
                came_today=self._came_since(connection, today),
                sales_today=sales,
                turnover_today=turnover,
                stock_gaps=gaps or 0,
                lag_s=_lag(connection, sinks, now),
                shelves=self._shelves(connection),
                labels=_labels(connection),
                lanes=tuple(self._queries.lanes()),
                devices=_devices(connection),
                sinks=tuple(sinks),
                names=names,
            )

    def _shelves(self, connection: Connection) -> tuple[ShelfView, ...]:
        items = tables.items
        statement = (
            select(items.c.shelf, items.c.gtin, func.count())
            .where(items.c.state.in_(SEATED), items.c.gtin.is_not(None))
            .group_by(items.c.shelf, items.c.gtin)
        )
        units: dict[str, dict[str, int]] = {}
        for shelf, gtin, n in connection.execute(statement):
            units.setdefault(shelf or "", {})[gtin] = n
        unsure = _unsure(connection)
        return tuple(
            ShelfView(shelf.id, units.get(shelf.id, {}), shelf.id in unsure)
            for shelf in self._settings.shelves
        )

    def _came_since(self, connection: Connection, start: int) -> int:
        minutes = tables.minutes
        came = select(func.sum(minutes.c.in_)).where(
            minutes.c.start >= start, minutes.c.line.in_(self._queries.entrances())
        )
        return connection.scalar(came) or 0


def _unsure(connection: Connection) -> set[str]:
    """Give the shelves of which an antenna is not sure of what stands there."""
    antennas = tables.antennas
    statement = select(antennas.c.shelf).where(antennas.c.shelf.is_not(None), ~antennas.c.sure)
    return set(connection.scalars(statement))


def _people(connection: Connection) -> dict[str, int]:
    rows = connection.execute(select(tables.occupancy.c.zone, tables.occupancy.c.people))
    return {row.zone: row.people for row in rows}


def _sales_since(connection: Connection, start: int) -> tuple[int, int]:
    sales = tables.sales
    row = connection.execute(
        select(func.count(), func.coalesce(func.sum(sales.c.total), 0)).where(sales.c.t >= start)
    ).one()
    return int(row[0]), int(row[1])


def _names(connection: Connection) -> dict[str, dict[str, str]]:
    return {
        product.gtin: {"": product.name, **product.names}
        for product in connection.scalars(select(tables.products.c.product))
    }


def _labels(connection: Connection) -> tuple[LabelView, ...]:
    rows = connection.execute(select(tables.labels).order_by(tables.labels.c.label)).mappings()
    return tuple(label_view(Label(**row)) for row in rows)


def _devices(connection: Connection) -> tuple[DeviceView, ...]:
    rows = connection.execute(select(tables.devices).order_by(tables.devices.c.device)).mappings()
    return tuple(device_view(Device(**row)) for row in rows)


def _lag(connection: Connection, sinks: Sequence[SinkView], now: int) -> float:
    """Give the age of the oldest event that some sink has not taken, in seconds."""
    behind = [sink.position for sink in sinks if sink.backlog]
    if not behind:
        return 0.0
    oldest = connection.scalar(
        select(func.min(tables.events.c.time)).where(tables.events.c.position == min(behind) + 1)
    )
    return max(0.0, (now - oldest) / 1000) if oldest else 0.0
