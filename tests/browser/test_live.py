"""The ticker behind the pages: one look for everybody, and only what changed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from edge.pages.history import MINUTES, History
from edge.pages.language import Language
from edge.pages.live import Live, Reader, difference

if TYPE_CHECKING:
    from edge.config import Settings
    from edge.pages.live import Patch
    from edge.pages.values import Board
    from edge.views import ShopView
    from tests.browser.conftest import Shop


def _live(shop: Shop, settings: Settings) -> Live:
    languages = {code: Language(code, settings.store) for code in ("en", "zh")}
    return Live(shop.look, settings, languages)  # type: ignore[arg-type]  # literal codes


class Pages:
    """Open pages that note what they are sent."""

    def __init__(self) -> None:
        """Nothing was sent yet."""
        self.patches: list[Patch] = []
        self.told = asyncio.Event()

    def send(self, patch: Patch) -> None:
        """Take a patch."""
        self.patches.append(patch)
        self.told.set()


def test_twenty_pages_cost_one_look_and_one_patch(shop: Shop, settings: Settings) -> None:
    """However many pages are open, a change is read once and written once."""
    pages = Pages()

    async def day() -> int:
        live = _live(shop, settings)
        seen = await live.board("en")
        for _ in range(20):
            live.join(Reader("en", seen, pages.send))
        assert pages.patches == []
        shop.change(people=40)
        looks = shop.looks
        ticking = asyncio.create_task(live.run())
        await asyncio.wait_for(pages.told.wait(), 15)
        ticking.cancel()
        return shop.looks - looks

    assert asyncio.run(day()) == 1
    assert len(pages.patches) == 20
    assert all(patch is pages.patches[0] for patch in pages.patches)
    assert list(pages.patches[0]["changed"]) == ["figure/people"]


def test_a_page_catches_up_with_what_it_missed(shop: Shop, settings: Settings) -> None:
    """What changed between building a page and its first socket comes with the first patch."""
    pages = Pages()

    async def day() -> None:
        live = _live(shop, settings)
        seen = await live.board("en")
        shop.change(stock_gaps=9)
        await live.board("en")
        live.join(Reader("en", seen, pages.send))

    asyncio.run(day())
    assert [list(patch["changed"]) for patch in pages.patches] == [["figure/gaps"]]


def test_the_ticker_outlives_a_database_that_is_away(shop: Shop, settings: Settings) -> None:
    """Pages go on when the shop can be read again."""
    pages = Pages()
    failures: list[OSError] = []

    def view() -> ShopView:
        if failures:
            raise failures.pop()
        return shop.look()

    async def day() -> None:
        live = Live(view, settings, {"en": Language("en", settings.store)})
        live.join(Reader("en", await live.board("en"), pages.send))
        shop.change(people=41)
        failures.append(OSError("the disk is away"))
        ticking = asyncio.create_task(live.run())
        await asyncio.wait_for(pages.told.wait(), 15)
        ticking.cancel()

    asyncio.run(day())
    assert failures == []
    assert pages.patches[0]["changed"]["figure/people"]["value"] == "41"


def test_what_went_is_named(shop: Shop, settings: Settings) -> None:
    """A lane that is no longer there goes from the pages."""

    async def boards() -> tuple[Board, Board]:
        live = _live(shop, settings)
        first = await live.board("en")
        shop.change(lanes=shop.view.lanes[:1])
        return first, await live.board("en")

    first, second = asyncio.run(boards())
    assert difference(first, second) == {"changed": {}, "gone": ["lane/lane-2"]}
    assert difference(second, second) is None


def test_the_hour_has_a_point_for_every_minute(shop: Shop) -> None:
    """Newer figures of a minute replace its older ones; quiet minutes repeat the one before."""
    history = History()
    start = shop.view.as_of.replace(second=0, microsecond=0)
    for minute, second, people in ((0, 5, 1), (0, 50, 2), (3, 0, 7)):
        time = start + timedelta(minutes=minute, seconds=second)
        history.record(replace(shop.view, as_of=time, people=people))
    assert [sample.people for sample in history.samples()] == [2, 2, 2, 7]
    history.record(replace(shop.view, as_of=start, people=99))
    assert history.samples()[-1].people == 7
    history.record(replace(shop.view, as_of=start + timedelta(days=2), people=3))
    assert len(history.samples()) == MINUTES


def test_before_anybody_came_there_is_no_conversion(shop: Shop) -> None:
    """A share of nobody is no number, and more sales than counted people are 100 per cent."""
    history = History()
    history.record(replace(shop.view, came_today=0))
    assert history.samples()[-1].conversion is None
    history.record(replace(shop.view, came_today=2, sales_today=5))
    assert history.samples()[-1].conversion == 1
