"""How the cameras stand, in words: one ticker for all open pages of cameras."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import structlog
from msgspec import Struct, to_builtins

from edge.pages.problems import problem_words

if TYPE_CHECKING:
    from edge.pages.language import Code, Language
    from edge.pages.values import Level
    from edge.readings import Figures
    from edge.views import CameraView

TICK_S = 1.0

_log = structlog.get_logger()

Layout: TypeAlias = dict[str, Any]
"""Lines, areas, masks and body, ready for JSON."""


class CameraValue(Struct, frozen=True):
    """A camera as a technician wants to see it.

    `settings` says which version of its configuration holds, `settled` whether the camera has
    confirmed it; `figures` are names and values.
    """

    camera: str
    level: Level
    word: str
    problem: str | None
    settings: str
    settled: bool
    version: int | None
    figures: tuple[tuple[str, str], ...]
    layout: Layout


Rows: TypeAlias = tuple[CameraValue, ...]


class CameraReader:
    """An open page: what it has seen last, and the way to it; `camera` is the one it is about."""

    def __init__(
        self, code: Code, seen: Rows, send: Callable[[list[Any]], object], camera: str | None = None
    ) -> None:
        """Keep what the page was built with."""
        self.code = code
        self.camera = camera
        self.send = send
        self._seen = seen

    def tell(self, rows: Rows) -> None:
        """Send what is new, if anything is."""
        if rows != self._seen:
            self._seen = rows
            self.send(to_builtins(rows))


class CameraBoard:
    """The cameras in every language, and the pages that show them; all on the event loop.

    `cameras` looks at them (in a thread), `figures` gives how one does.
    """

    def __init__(
        self,
        cameras: Callable[[], list[CameraView]],
        figures: Callable[[str], Figures | None],
        languages: dict[Code, Language],
    ) -> None:
        """Prepare; `run` looks again and again while a page is open."""
        self._cameras = cameras
        self._figures = figures
        self._languages = languages
        self._readers: set[CameraReader] = set()

    async def rows(self, code: Code, camera: str | None = None) -> Rows:
        """Give all cameras, or the one of this name, in a language."""
        return self._written(await asyncio.to_thread(self._cameras), code, camera)

    def join(self, reader: CameraReader) -> None:
        """Let a page know what changes."""
        self._readers.add(reader)

    def leave(self, reader: CameraReader) -> None:
        """Forget a page."""
        self._readers.discard(reader)

    async def run(self) -> None:
        """Look at the cameras and tell the pages, until cancelled."""
        while True:
            await asyncio.sleep(TICK_S)
            try:
                await self._tick()
            except Exception:  # noqa: BLE001  (the database may come back: look again then)
                _log.warning("pages.cameras_failed", exc_info=True)

    async def _tick(self) -> None:
        if not self._readers:
            return
        views = await asyncio.to_thread(self._cameras)
        for reader in tuple(self._readers):
            reader.tell(self._written(views, reader.code, reader.camera))

    def _written(self, views: list[CameraView], code: Code, camera: str | None) -> Rows:
        language = self._languages[code]
        return tuple(
            _value(view, self._figures(view.camera), language)
            for view in views
            if camera in {None, view.camera}
        )


def _value(view: CameraView, figures: Figures | None, language: Language) -> CameraValue:
    level, word = _state(view, language)
    return CameraValue(
        camera=view.camera,
        level=level,
        word=word,
        problem=problem_words(view.problem, language),
        settings=_settings(view, language),
        settled=view.version is None or view.version == view.confirmed,
        version=view.version,
        figures=_figures(figures, language) if figures and view.online else (),
        layout=view.layout.model_dump(mode="json"),
    )


def _state(view: CameraView, language: Language) -> tuple[Level, str]:
    if not view.adopted:
        return "warn", language.gettext("Waits for adoption")
    if not view.online:
        return "bad", language.gettext("Offline")
    if view.problem:
        return "warn", language.gettext("Needs a look")
    return "ok", language.gettext("Online")


def _settings(view: CameraView, language: Language) -> str:
    if view.version is None:
        return language.gettext("As in store.toml")
    said = (
        language.gettext("Version {version}, confirmed by the camera")
        if view.version == view.confirmed
        else language.gettext("Version {version}, not confirmed yet")
    )
    return said.format(version=view.version)


def _figures(figures: Figures, language: Language) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    if figures.fps is not None:
        found.append((language.gettext("Pictures a second"), language.number(figures.fps)))
    if figures.skipped is not None:
        found.append((language.gettext("Skipped"), language.number(figures.skipped)))
    if figures.latency_ms is not None:
        late = language.duration(figures.latency_ms / 1000)
        found.append((language.gettext("Delay"), late))
    if figures.brightness is not None:
        found.append((language.gettext("Brightness"), language.percent(figures.brightness)))
    return tuple(found)
