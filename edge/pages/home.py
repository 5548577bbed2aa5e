"""The home page: six figures, the live floor plan, and what stands on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from nicegui import context, ui

from edge.access import Role
from edge.pages.frame import Entry
from edge.pages.home_words import home_words
from edge.pages.live import Reader
from edge.pages.plan import plan

if TYPE_CHECKING:
    from edge.config import Settings
    from edge.pages.frame import Visit
    from edge.pages.live import Live, Patch
    from edge.pages.plan import Plan
    from edge.pages.values import Board


class HomePage(ui.element, component="static/home.js", esm={"store-edge-home": "static/home"}):
    """The component: it gets plan, words and board once, and patches from then on."""

    def __init__(self, drawn: Plan, words: dict[str, str], board: Board) -> None:
        """Put a page together that shows the board at once, before its socket is open."""
        super().__init__()
        self.props["plan"] = msgspec.to_builtins(drawn)
        self.props["words"] = words
        self.props["board"] = msgspec.to_builtins(board)

    def apply(self, patch: Patch) -> None:
        """Send what changed."""
        self.run_method("apply", patch)


def home_entry(settings: Settings, live: Live) -> Entry:
    """Make the entry of the home page, for everybody who has a token."""
    drawn = plan(settings)

    async def build(visit: Visit) -> None:
        language = visit.language
        board = await live.board(language.code)
        page = HomePage(drawn, home_words(language), board)
        reader = Reader(language.code, board, page.apply)
        page.on("ready", lambda: live.join(reader))
        context.client.on_delete(lambda: live.leave(reader))

    return Entry(
        path="/",
        icon="storefront",
        role=Role.viewer,
        title=lambda language: language.gettext("Floor plan"),
        build=build,
    )
