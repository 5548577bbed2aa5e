"""One ticker for all open pages: it looks at the shop once and sends each page what changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import structlog

from edge.pages.board import board
from edge.pages.history import History

if TYPE_CHECKING:
    from edge.config import Settings
    from edge.pages.language import Code, Language
    from edge.pages.values import Board
    from edge.views import ShopView

TICK_S = 0.5
CLOCK_S = 15.0
"""How often "2 min ago" is written anew, and the sparklines go on, in a quiet shop."""

Patch: TypeAlias = dict[str, Any]
"""`{"changed": {key: value}, "gone": [key]}`, ready for JSON."""

_log = structlog.get_logger()


class Reader:
    """An open page: the board that it has seen last, and the way to it."""

    def __init__(self, code: Code, seen: Board, send: Callable[[Patch], object]) -> None:
        """Keep what the page was built with; patches go through `send`."""
        self.code = code
        self.seen = seen
        self.send = send


class Live:
    """The shop as the pages show it, in every language, and the pages that are open.

    All methods belong to the event loop; only `view` runs in a thread.
    """

    def __init__(
        self,
        view: Callable[[], ShopView],
        settings: Settings,
        languages: dict[Code, Language],
    ) -> None:
        """Take the shop from `view`, which is asked at most once per tick."""
        self._view = view
        self._settings = settings
        self._languages = languages
        self._history = History()
        self._shop: ShopView | None = None
        self._boards: dict[Code, Board] = {}
        self._written = 0.0
        self._looking = asyncio.Lock()
        self._readers: set[Reader] = set()

    async def board(self, code: Code) -> Board:
        """Give the newest board of a language, for a page that is being built."""
        await self.look()
        return self._boards[code]

    def join(self, reader: Reader) -> None:
        """Begin to send patches; the first brings what changed since the page was built."""
        self._readers.add(reader)
        self._send_to((reader,))

    def leave(self, reader: Reader) -> None:
        """Stop sending."""
        self._readers.discard(reader)

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            try:
                await self._tick()
            except Exception:  # noqa: BLE001  (the pages wait for the database to come back)
                _log.warning("pages.look_failed", exc_info=True)
            await asyncio.sleep(TICK_S)

    async def look(self) -> None:
        """Read the shop, and write the boards anew when it moved or their times grew old."""
        async with self._looking:
            shop = await asyncio.to_thread(self._view)
            if shop == self._shop and self._age() < CLOCK_S:
                return
            self._shop, self._written = shop, time.monotonic()
            self._history.record(shop)
            samples, now = self._history.samples(), datetime.now(UTC)
            self._boards = {
                code: board(shop, samples, self._settings, language, now)
                for code, language in self._languages.items()
            }

    async def _tick(self) -> None:
        if self._readers or self._age() >= CLOCK_S:
            await self.look()
            self._send_to(tuple(self._readers))

    def _age(self) -> float:
        return time.monotonic() - self._written if self._shop is not None else CLOCK_S

    def _send_to(self, readers: tuple[Reader, ...]) -> None:
        # Pages that saw the same board share one patch: twenty cost little more than one.
        patches: dict[int, Patch | None] = {}
        for reader in readers:
            newest = self._boards[reader.code]
            known = id(reader.seen)
            if known not in patches:
                patches[known] = difference(reader.seen, newest)
            patch = patches[known]
            if patch is not None:
                reader.send(patch)
        for reader in readers:
            reader.seen = self._boards[reader.code]


def difference(old: Board, new: Board) -> Patch | None:
    """Give what turns one board into another, or None when they are equal."""
    if old is new:
        return None
    changed = {key: value for key, value in new.items() if old.get(key) != value}
    gone = [key for key in old if key not in new]
    if not changed and not gone:
        return None
    return {"changed": msgspec.to_builtins(changed), "gone": gone}
