"""Reads of cameras: what each watches, how it stands, and who had its picture."""

from __future__ import annotations

from sqlalchemy import Engine, func, select

from edge import tables
from edge.config import Settings
from edge.events import SnapshotTaken, moment
from edge.health import Device
from edge.layouts import Layouts
from edge.views import CameraView, SnapshotView
from edge.wire import decode_event


class Drawings:
    """The layouts of the cameras as they are on disk; read anew when one was drawn."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        """Read from this database; store.toml has what the cameras begin with."""
        self._engine = engine
        self._settings = settings
        self._last = (0, Layouts(settings))

    def layouts(self) -> Layouts:
        """Give what all cameras watch; nobody may change it."""
        configs, devices = tables.configs, tables.devices
        drawn = (
            select(configs.c.device, devices.c.kind, configs.c.config)
            .join(devices, devices.c.device == configs.c.device)
            .order_by(configs.c.version)
        )
        with self._engine.connect() as connection:
            many = connection.scalar(select(func.count()).select_from(configs)) or 0
            known, layouts = self._last
            if many == known:
                return layouts
            layouts = Layouts(self._settings)
            for device, kind, config in connection.execute(drawn):
                if layouts.are_drawn(device, kind):
                    layouts.take(device, config)
        self._last = (many, layouts)
        return layouts

    def cameras(self) -> list[CameraView]:
        """Give all cameras whose layouts are drawn here, by name."""
        layouts = self.layouts()
        devices, configs = tables.devices, tables.configs
        cameras = select(devices).where(devices.c.kind == "camera").order_by(devices.c.device)
        newest = func.max(configs.c.version).label("newest")
        versions = select(configs.c.device, newest).group_by(configs.c.device)
        with self._engine.connect() as connection:
            wanted = {row.device: row.newest for row in connection.execute(versions)}
            rows = [Device(**row) for row in connection.execute(cameras).mappings()]
        return [
            CameraView(
                camera=row.device,
                online=row.online,
                adopted=row.adopted,
                problem=", ".join(row.problems) or None,
                layout=layouts.of(row.device),
                version=wanted.get(row.device),
                confirmed=row.config_version,
                last_seen=moment(row.seen) if row.seen else None,
            )
            for row in rows
            if layouts.are_drawn(row.device, row.kind)
        ]

    def snapshots(self, camera: str, limit: int) -> list[SnapshotView]:
        """Give who asked for a camera's picture, the newest first, as far as the log reaches."""
        log = tables.events
        statement = (
            select(log.c.time, log.c.data)
            .where(log.c.subject == camera, log.c.type == SnapshotTaken.type)
            .order_by(log.c.position.desc())
            .limit(limit)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(statement).all()
        found = [(time, decode_event(SnapshotTaken.type, data)) for time, data in rows]
        return [
            SnapshotView(time=moment(time), by=taken.by, blurred=taken.blurred, id=taken.id)
            for time, taken in found
            if isinstance(taken, SnapshotTaken)
        ]
