"""The pages of cameras: the list, and the set-up of one on its own picture."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
from nicegui import background_tasks, context, html, ui

from edge.access import Role
from edge.commands import CommandDevice, ConfigureDevice, RollBackDevice
from edge.errors import Misfits, Refused
from edge.pages.addresses import CAMERAS
from edge.pages.camera_board import CameraReader
from edge.pages.camera_words import camera_words
from edge.pages.frame import Entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from nicegui.events import GenericEventArguments

    from edge.commands import Command
    from edge.config import Settings
    from edge.drawings import Drawings
    from edge.health import DeviceConfig
    from edge.lookout import Lookout
    from edge.pages.camera_board import CameraBoard, Rows
    from edge.pages.frame import Visit
    from edge.readings import Overlay
    from edge.traffic import HeatMap

OVERLAY_S = 30
RENEW_S = 20.0
MOST_BYTES = 64 * 1024  # of a configuration, as the API takes it
MOST_VERSIONS = 50  # of the settings, that are shown
MOST_ASKED = 20  # of those who asked for a picture, that are shown

Names: TypeAlias = list[dict[str, str]]
"""The `id` and the `name` of each zone."""


@dataclass(frozen=True, slots=True)
class CameraParts:
    """The parts of the gateway that the pages of cameras speak to.

    `execute` carries a command out and waits for the commit, `configs` gives all configurations of
    a device, `heat` its newest heat map.
    """

    drawings: Drawings
    lookout: Lookout
    execute: Callable[[Command], Any]
    configs: Callable[[str], list[DeviceConfig]]
    heat: Callable[[str], HeatMap | None]


class CameraList(ui.element, component="static/cameras.js", esm={"store-edge-home": "static/home"}):
    """The component of the list."""

    def __init__(self, rows: Rows, zones: Names, words: dict[str, str], *, sets_up: bool) -> None:
        """Show the cameras; `sets_up` where the reader may go on to set one up."""
        super().__init__()
        self.props["rows"] = msgspec.to_builtins(rows)
        self.props["zones"] = zones
        self.props["words"] = words
        self.props["setsUp"] = sets_up

    def show(self, rows: list[Any]) -> None:
        """Send the cameras anew."""
        self.run_method("show", rows)


class CameraSetup(
    ui.element,
    component="static/camera.js",
    esm={"store-edge-camera": "static/camera", "store-edge-home": "static/home"},
):
    """The component of the set-up."""

    def __init__(self, **props: object) -> None:
        """Take what it shows first."""
        super().__init__()
        for name, value in props.items():
            self.props[name] = msgspec.to_builtins(value)


def camera_entries(
    settings: Settings, parts: CameraParts, board: CameraBoard
) -> tuple[Entry, Entry]:
    """Make the entries: the list for everybody, the set-up for technicians."""

    async def show_list(visit: Visit) -> None:
        language = visit.language
        rows = await board.rows(language.code)
        sets_up = visit.identity.role >= Role.technician
        page = CameraList(rows, _zones(settings), camera_words(language), sets_up=sets_up)
        _follow(board, CameraReader(language.code, rows, page.show))

    async def set_up(visit: Visit) -> None:
        camera = visit.path.rpartition("/")[2]
        rows = await board.rows(visit.language.code, camera)
        if not rows:
            context.client.status_code = 404
            said = visit.language.gettext("There is no camera of this name.")
            html.p(said).classes("se-empty")
            return
        await _Setup(settings, parts, visit, rows).open(board)

    listed = Entry(
        path=CAMERAS,
        icon="videocam",
        role=Role.viewer,
        title=lambda language: language.gettext("Cameras"),
        build=show_list,
    )
    setup = Entry(
        path=CAMERAS + "/{camera}",
        icon="videocam",
        role=Role.technician,
        title=lambda language: language.gettext("Camera set-up"),
        build=set_up,
        within=listed,
    )
    return listed, setup


def _zones(settings: Settings) -> Names:
    return [{"id": zone.id, "name": zone.name} for zone in settings.zones]


def _follow(board: CameraBoard, reader: CameraReader) -> None:
    board.join(reader)
    context.client.on_delete(lambda: board.leave(reader))


class _Setup:
    """One open page of a camera's set-up."""

    def __init__(self, settings: Settings, parts: CameraParts, visit: Visit, rows: Rows) -> None:
        self._settings = settings
        self._parts = parts
        self._visit = visit
        self._rows = rows
        self._camera = rows[0].camera
        self._page: CameraSetup
        self._loop = asyncio.get_running_loop()
        self._live: asyncio.Task[None] | None = None

    async def open(self, board: CameraBoard) -> None:
        """Build the page and let it follow the camera."""
        language = self._visit.language
        self._page = CameraSetup(
            value=self._rows[0],
            words=camera_words(language),
            zones=_zones(self._settings),
            taken=await asyncio.to_thread(self._taken),
            history=await asyncio.to_thread(self._history),
            asked=await asyncio.to_thread(self._asked),
            sharp=self._visit.identity.role >= Role.admin,
        )
        self._page.on("save", self._save)
        self._page.on("rollback", self._roll_back)
        self._page.on("live", self._go_live)
        self._page.on("pictured", self._tell_asked)
        context.client.on_delete(self._end_live)
        tell = CameraReader(language.code, self._rows, self._tell_state, self._camera)
        _follow(board, tell)

    def _tell_state(self, rows: list[Any]) -> None:
        if rows:
            self._page.run_method("stand", rows[0])

    async def _save(self, event: GenericEventArguments) -> None:
        config = event.args
        fits = isinstance(config, dict) and len(msgspec.json.encode(config)) <= MOST_BYTES
        if fits:
            await self._carry_out(ConfigureDevice(self._camera, config, self._visit.identity.name))

    async def _roll_back(self, event: GenericEventArguments) -> None:
        if isinstance(event.args, int):
            by = self._visit.identity.name
            await self._carry_out(RollBackDevice(self._camera, event.args, by))

    async def _carry_out(self, command: Command) -> None:
        try:
            version = await asyncio.to_thread(self._parts.execute, command)
        except Misfits as refusal:
            self._page.run_method("refuse", list(refusal.faults))
        except (Refused, TimeoutError) as refusal:
            self._page.run_method("refuse", [["", str(refusal)]])
        else:
            history = await asyncio.to_thread(self._history)
            self._page.run_method("settle", version, history)

    async def _go_live(self, event: GenericEventArguments) -> None:
        self._end_live()
        if event.args is True:
            self._live = background_tasks.create(self._watch(), name=f"overlay {self._camera}")

    def _end_live(self) -> None:
        if self._live is not None:
            self._live.cancel()
            self._live = None

    async def _watch(self) -> None:
        """Have the camera's overlay, and ask for it again before it ends."""
        leave = self._parts.lookout.watch(self._camera, self._overlay)
        ask = CommandDevice(self._camera, "overlay", {"seconds": OVERLAY_S})
        try:
            while True:
                with suppress(Refused, TimeoutError):  # asked again soon
                    await asyncio.to_thread(self._parts.execute, ask)
                await asyncio.sleep(RENEW_S)
        finally:
            leave()

    def _overlay(self, overlay: Overlay) -> None:
        seen = msgspec.to_builtins(overlay)
        self._loop.call_soon_threadsafe(self._page.run_method, "see", seen)

    async def _tell_asked(self) -> None:
        self._page.run_method("tell", await asyncio.to_thread(self._asked))

    def _asked(self) -> list[dict[str, Any]]:
        language, now = self._visit.language, datetime.now(UTC)
        return [
            {
                "id": row.id,
                "by": row.by,
                "blurred": row.blurred,
                "when": msgspec.to_builtins(language.when(row.time, now)),
            }
            for row in self._parts.drawings.snapshots(self._camera, MOST_ASKED)
        ]

    def _history(self) -> list[dict[str, Any]]:
        """Give the versions, the newest first; each with all that the camera watched by it."""
        language, now = self._visit.language, datetime.now(UTC)
        layouts = self._parts.drawings.layouts()
        versions = []
        for row in reversed(self._parts.configs(self._camera)[-MOST_VERSIONS:]):
            layout = layouts.read(self._camera, row.config)
            when = language.when(datetime.fromtimestamp(row.at / 1000, UTC), now)
            versions.append(
                {
                    "version": row.version,
                    "by": row.by,
                    "when": msgspec.to_builtins(when),
                    "layout": layout.model_dump(mode="json") if layout else None,
                }
            )
        return versions

    def _taken(self) -> dict[str, str]:
        return self._parts.drawings.layouts().lines_elsewhere(self._camera)
