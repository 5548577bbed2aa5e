"""Puts the pages into the application: the one place where their parts meet."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nicegui
from nicegui import ui
from nicegui.staticfiles import CacheControlledStaticFiles

from edge.pages.addresses import STATIC
from edge.pages.camera_board import CameraBoard
from edge.pages.camera_pictures import camera_pictures
from edge.pages.cameras import CameraParts, camera_entries
from edge.pages.frame import Entry, Frame
from edge.pages.headers import PageHeaders
from edge.pages.home import home_entry
from edge.pages.label_pictures import label_pictures
from edge.pages.language import CODES, Language, best_code
from edge.pages.live import Live
from edge.pages.sessions import Sessions
from edge.pages.sign_in import LANGUAGE_COOKIE, SignIn
from edge.pages.theme import theme

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from fastapi import FastAPI
    from starlette.requests import Request

    from edge.access import Identity
    from edge.config import Settings
    from edge.views import ShopView

FILES = Path(__file__).parent / "static"
YEAR_S = 365 * 24 * 3600
RECONNECT_S = 10.0
FONTS = f'<link rel="stylesheet" href="/_nicegui/{nicegui.__version__}/static/fonts.css">'
"""NiceGUI's own pages load them anyway."""


def mount(
    app: FastAPI,
    *,
    settings: Settings,
    view: Callable[[], ShopView],
    identify: Callable[[str], Identity],
    picture: Callable[[str], bytes | None],
    secret: str,
    cameras: CameraParts | None = None,
) -> None:
    """Serve the pages at `/` of an application that has its own routes already.

    `view` gives the shop as it is now (cheap, thread-safe), `identify` says who a token is or
    raises Unauthorised, `picture` finds a label's PNG by its hash, `secret` signs the session
    cookie; without `cameras` there are no pages of them. NiceGUI knows one application per
    process: the last one that is mounted has the pages.
    """
    languages = {code: Language(code, settings.store) for code in CODES}

    def language_of(request: Request) -> Language:
        chosen = request.cookies.get(LANGUAGE_COOKIE)
        return languages[best_code(chosen, request.headers.get("accept-language", ""))]

    shop, head = settings.store.name, _head(settings.api.accent)
    sessions = Sessions(identify, secret)
    live = Live(view, settings, languages)
    entries: tuple[Entry, ...] = (home_entry(settings, live),)
    work = {"pages ticker": live.run, "pages sessions": sessions.run}
    if cameras is not None:
        board = CameraBoard(cameras.drawings.cameras, cameras.lookout.figures, languages)
        entries += camera_entries(settings, cameras, board)
        work["pages cameras"] = board.run
        app.include_router(camera_pictures(cameras.lookout, cameras.heat, sessions))

    app.include_router(SignIn(shop, FONTS + head, sessions, language_of).routes())
    app.include_router(label_pictures(picture, sessions))
    app.mount(
        f"{STATIC}/{_version()}", CacheControlledStaticFiles(directory=FILES, max_cache_age=YEAR_S)
    )
    _run_beside(app, work)
    Frame(shop, head, sessions, entries, language_of).register()
    serve(app, shop, settings.api.accent)


def serve(app: FastAPI, title: str, accent: str) -> None:
    """Put NiceGUI with its registered pages under an application's own routes."""
    # A process that served pages before (a test, a restart in place) finds NiceGUI's one
    # application with middleware that is built already and could not be added to.
    nicegui.app.user_middleware.clear()
    nicegui.app.middleware_stack = None
    nicegui.app.add_middleware(PageHeaders)
    ui.run_with(
        app,
        title=title,
        favicon=_favicon(accent),
        dark=False,
        language="en-US",
        reconnect_timeout=RECONNECT_S,
        binding_refresh_interval=None,
        tailwind=False,
        show_welcome_message=False,
    )


def _run_beside(app: FastAPI, work: dict[str, Callable[[], Coroutine[None, None, None]]]) -> None:
    """Run endless work, by name, for as long as the application lives."""
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(running: FastAPI) -> AsyncIterator[Any]:
        tasks = [asyncio.create_task(start(), name=name) for name, start in work.items()]
        try:
            async with inner(running) as state:
                yield state
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    app.router.lifespan_context = lifespan


def _head(accent: str) -> str:
    return (
        f'<meta name="theme-color" content="{accent}">'
        f"<style>{theme(accent).css()}</style>"
        f'<link rel="stylesheet" href="{STATIC}/{_version()}/site.css">'
    )


def _version() -> str:
    """Name the style sheet's content, so that a browser may keep it for ever."""
    return hashlib.sha256((FILES / "site.css").read_bytes()).hexdigest()[:12]


def _favicon(accent: str) -> str:
    fill = theme(accent)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="8" fill="{fill.accent}"/>'
        f'<path d="M8 21V11h4v10zm6 0v-6h4v6zm6 0V9h4v12z" fill="{fill.on_accent}"/></svg>'
    )
