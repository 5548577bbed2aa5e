"""Two languages: complete, and switched at once."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from playwright.sync_api import expect

import edge.pages
from edge.config import Store
from edge.pages.language import Language, best_code

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser.conftest import Shop

PAGES = Path(str(edge.pages.__file__)).parent
STORE = Store(id="s", name="S", timezone="Asia/Shanghai", currency="CNY")
NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


def test_the_language_is_switched_at_once(home: Page) -> None:
    """One touch, and everything is in the other language; it stays so on the next visit."""
    home.get_by_role("link", name="中文").click()
    expect(home.get_by_role("heading", level=1)).to_have_text("平面图")
    expect(home.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(home.locator("[data-figure=sold]")).to_contain_text("¥12,346")
    home.locator('[data-key="shelf/tea"]').click()
    expect(home.get_by_role("dialog")).to_contain_text("龙井绿茶 100克")
    home.reload()
    expect(home.get_by_role("heading", level=1)).to_have_text("平面图")
    home.get_by_role("link", name="English").click()
    expect(home.get_by_role("heading", level=1)).to_have_text("Floor plan")


def test_a_chinese_browser_is_met_in_chinese(browser: Browser, shop: Shop) -> None:
    """Before anybody chose, the browser's own language decides, also at the door."""
    context = browser.new_context(base_url=shop.address, locale="zh-CN")
    page = context.new_page()
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("登录")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    context.close()


def test_both_languages_move_live(home: Page, shop: Shop) -> None:
    """Pages in different languages follow the same shop."""
    other = home.context.new_page()
    other.goto("/language/zh?next=/")
    shop.change(sales_today=87)
    expect(home.locator("[data-figure=sold]")).to_contain_text("87 sales")
    expect(other.locator("[data-figure=sold]")).to_contain_text("87 笔")


def _written() -> set[tuple[str, ...] | str]:
    """Give every sentence that the code asks for."""
    found = extract_from_dir(
        PAGES,
        method_map=[("**.py", "python")],
        keywords={"gettext": None, "ngettext": (1, 2)},
    )
    return {message for _, _, message, _, _ in found}


@pytest.mark.parametrize("catalogue", sorted(PAGES.glob("locale/*/LC_MESSAGES/pages.po")))
def test_the_catalogue_is_complete_and_has_nothing_stale(catalogue: Path) -> None:
    """Every sentence has its translation, and no translation is left of a sentence that went."""
    with catalogue.open("rb") as source:
        messages = [message for message in read_po(source) if message.id]
    assert {message.id for message in messages} == _written()
    for message in messages:
        texts = [message.string] if isinstance(message.string, str) else list(message.string or ())
        assert all(texts), f"{message.id} has no translation"
        asked = message.id if isinstance(message.id, str) else message.id[0]
        holes = set(re.findall(r"{\w+}", asked))
        assert all(set(re.findall(r"{\w+}", text)) == holes for text in texts), message.id


@pytest.mark.parametrize(
    ("chosen", "accepted", "code"),
    [
        ("zh", "en-GB,en;q=0.9", "zh"),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, "fr-FR, zh;q=0.5", "zh"),
        (None, "fr-FR", "en"),
        ("xx", "", "en"),
    ],
)
def test_the_readers_choice_comes_before_the_browsers(
    chosen: str | None, accepted: str, code: str
) -> None:
    """A language that the pages do not speak falls back to English."""
    assert best_code(chosen, accepted) == code


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [(4450, "CNY", "CN¥44.50"), (1200, "JPY", "¥1,200"), (1999, "EUR", "€19.99")],
)
def test_money_has_the_places_of_its_currency(minor: int, currency: str, written: str) -> None:
    """Minor units are a hundredth in most currencies, and the whole in some."""
    store = STORE.model_copy(update={"currency": currency})
    assert Language("en", store).money(minor) == written


@pytest.mark.parametrize(
    ("age", "en", "zh"),
    [
        (timedelta(seconds=59), "just now", "刚刚"),
        (timedelta(seconds=-5), "just now", "刚刚"),
        (timedelta(minutes=2), "2 min. ago", "2分钟前"),
        (timedelta(hours=3), "3 hr. ago", "3小时前"),
    ],
)
def test_times_are_told_as_people_tell_them(age: timedelta, en: str, zh: str) -> None:
    """A device whose clock is a little ahead was seen just now, too."""
    for code, words in (("en", en), ("zh", zh)):
        assert Language(code, STORE).when(NOW - age, NOW).ago == words  # type: ignore[arg-type]  # a literal pair


def test_exact_times_are_those_of_the_shop() -> None:
    """The time zone is the shop's, not the reader's; another day carries its date."""
    language = Language("en", STORE)
    assert language.exact(NOW, NOW).replace("\u202f", " ") == "12:00:00 PM"
    assert "Feb 28" in language.exact(NOW - timedelta(days=1), NOW)
