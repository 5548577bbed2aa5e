"""The home page, as people with a desktop, a tablet and a phone see it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from msgspec.structs import replace
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

    from tests.browser.conftest import Noise, Shop

EVIL = "<img src=x onerror=window.pwned=1><script>window.pwned=1</script>{{ 1 + 1 }}"
SIZES = {"desktop": (1440, 900), "tablet": (820, 1180), "phone": (360, 740)}


def test_numbers_move_without_reload(home: Page, shop: Shop) -> None:
    """What changes in the shop changes on the open page."""
    people = home.locator("[data-figure=people] .se-figure-value")
    expect(people).to_have_text("14")
    home.evaluate("window.kept = true")
    shop.change(people=21, came_today=1312)
    expect(people).to_have_text("21")
    expect(home.locator("[data-figure=came] .se-figure-value")).to_have_text("1,312")
    assert home.evaluate("window.kept")


def test_only_what_changed_is_sent(home: Page, shop: Shop) -> None:
    """After the first load a change of one figure costs one small message, not the whole shop."""
    frames: list[str] = []
    devtools = home.context.new_cdp_session(home)
    devtools.send("Network.enable")
    devtools.on(
        "Network.webSocketFrameReceived",
        lambda said: frames.append(said["response"]["payloadData"]),
    )
    shop.change(people=33)
    expect(home.locator("[data-figure=people] .se-figure-value")).to_have_text("33")
    patch = next(frame for frame in frames if "apply" in frame)
    assert "figure/people" in patch
    assert "figure/came" not in patch
    assert "shelf/" not in patch
    assert len(patch) < 2000


def test_a_shelf_changes_its_look_and_its_words(home: Page, shop: Shop) -> None:
    """How a shelf stands is told by pattern, number and words, not by colour alone."""
    tea = home.locator('[data-key="shelf/tea"]')
    expect(tea).to_have_attribute("aria-label", "Tea: Well stocked, 21 of 24")
    empty = tuple(replace(s, units={}) if s.shelf == "tea" else s for s in shop.view.shelves)
    shop.change(shelves=empty)
    expect(tea).to_have_attribute("aria-label", "Tea: Gap, 0 of 24")
    expect(tea.locator("text")).to_have_text(["Tea", "0/24"])
    assert "se-gap" in tea.locator(".se-shelf-edge").evaluate("e => getComputedStyle(e).fill")


@pytest.mark.parametrize(
    ("shelf", "words"),
    [("noodles", "Low"), ("coffee", "Gap"), ("milk", "Not seen now"), ("snacks", "Well stocked")],
)
def test_every_stock_state_is_shown(home: Page, shelf: str, words: str) -> None:
    """Full, low, gap and stale are told apart."""
    mark = home.locator(f'[data-key="shelf/{shelf}"]')
    expect(mark).to_have_attribute("aria-label", re.compile(f": {words},"))


def test_a_touch_on_a_shelf_opens_its_card(home: Page, shop: Shop) -> None:
    """The card tells products, counts and the labels' real pictures, and moves while open."""
    home.locator('[data-key="shelf/tea"]').click()
    card = home.get_by_role("dialog", name="Tea")
    expect(card).to_contain_text("Longjing green tea 100 g")
    picture = card.locator("img").first
    expect(picture).to_have_attribute("src", "/label-pictures/label-1-a1.png")
    expect(picture).to_have_js_property("naturalWidth", 296)
    more = tuple(
        replace(s, units={**s.units, "06901234567915": 3}) if s.shelf == "tea" else s
        for s in shop.view.shelves
    )
    shop.change(shelves=more)
    expect(card).to_contain_text("Beef noodles")
    home.keyboard.press("Escape")
    expect(card).to_have_count(0)


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("lane/lane-1", ["Lane 1", "Scanning", "Beef noodles", "CN¥16.50", "CN¥44.50"]),
        ("device/reader-2", ["reader-2", "Offline", "No sign of life", "ago"]),
        ("sink/delivery", ["Cannot deliver", "28", "0.4 sec", "connection refused"]),
        ("label/label-5", ["Espresso beans", "Failed", "too long", "CN¥28.00"]),
    ],
)
def test_every_mark_has_a_card(home: Page, key: str, told: list[str]) -> None:
    """Lanes, devices, sinks and labels tell what is to know of them."""
    home.locator(f'button[data-key="{key}"]').first.click()
    card = home.locator(f'[data-card="{key}"]')
    for words in told:
        expect(card).to_contain_text(words)


def test_a_finger_beside_a_small_mark_means_it(home: Page) -> None:
    """A touch within 22 px of a mark on the plan is taken as meant for it."""
    box = home.locator('g[data-key="lane/lane-2"]').bounding_box()
    assert box is not None
    home.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] + 8)
    expect(home.locator('[data-card="lane/lane-2"]')).to_be_visible()


def test_the_exact_time_is_a_touch_away(home: Page) -> None:
    """The card says when a device was seen in words; a touch shows the exact time."""
    home.locator('button[data-key="device/reader-2"]').click()
    ago = home.locator(".se-ago")
    expect(ago).to_contain_text("min. ago")
    ago.click()
    expect(ago).to_contain_text(re.compile(r"\d{1,2}:\d\d:\d\d"))


def test_a_new_device_appears_and_a_lost_one_goes(home: Page, shop: Shop) -> None:
    """The lists follow the shop."""
    device = shop.view.devices[0]
    shop.change(devices=(replace(device, device="reader-77"),))
    expect(home.locator('[data-key="device/reader-77"]')).to_be_visible()
    expect(home.locator('button[data-key="device/reader-2"]')).to_have_count(0)


def test_faults_are_told_in_words(home: Page, shop: Shop) -> None:
    """A reader's codes become sentences; one that nobody knows is shown as it is."""
    codes = "antenna-3-disconnected, reads-lost, vendor-7"
    shop.change(devices=(replace(shop.view.devices[0], problem=codes),))
    told = home.locator('button[data-key="device/reader-1"]')
    expect(told).to_contain_text("Antenna 3 is disconnected, Readings were lost, vendor-7")


def test_names_are_text_and_never_markup(home: Page, shop: Shop) -> None:
    """HTML in a product, device or sink name shows as it is written, and runs nowhere."""
    shop.change(
        names={gtin: {"en": EVIL} for gtin in shop.view.names},
        devices=tuple(replace(d, problem=EVIL, model=EVIL) for d in shop.view.devices),
        sinks=tuple(replace(s, error=EVIL) for s in shop.view.sinks),
    )
    home.locator('[data-key="shelf/tea"]').click()
    expect(home.get_by_role("dialog")).to_contain_text("<script>window.pwned=1</script>{{ 1 + 1 }}")
    home.reload()
    home.locator('[data-key="shelf/tea"]').click()
    expect(home.get_by_role("dialog")).to_contain_text("<img src=x")
    assert home.evaluate("window.pwned") is None


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("size", SIZES)
def test_no_page_scrolls_sideways(browser: Browser, home: Page, size: str, locale: str) -> None:
    """On every screen, in both languages, everything fits the width, also with an open card."""
    width, height = SIZES[size]
    state = home.context.storage_state()
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale=locale, storage_state=state
    )
    page = context.new_page()
    page.goto(home.url)
    page.locator("[data-figure=people]").wait_for()
    page.locator('[data-key="shelf/tea"]').press("Enter")
    page.get_by_role("dialog").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert _small_targets(page) == []
    context.close()


def test_the_navigation_is_left_or_at_the_bottom(home: Page) -> None:
    """A desktop has it at the left edge, a phone under the thumb."""
    navigation = home.get_by_role("navigation")
    wide = navigation.bounding_box()
    home.set_viewport_size({"width": 360, "height": 740})
    narrow = navigation.bounding_box()
    assert wide is not None
    assert narrow is not None
    assert (wide["x"], wide["height"]) == (0, 900)
    assert narrow["y"] + narrow["height"] == 740
    expect(navigation.get_by_role("link", name="Floor plan")).to_have_attribute(
        "aria-current", "page"
    )


def test_the_page_is_silent_and_stays_at_home(home: Page, noise: Noise, shop: Shop) -> None:
    """Nothing is complained of on the console, and nothing is loaded from anywhere else."""
    home.locator('[data-key="shelf/tea"]').click()
    home.get_by_role("dialog").wait_for()
    assert noise.errors == []
    assert [url for url in noise.requests if not url.startswith((shop.address, "data:"))] == []


def test_label_pictures_are_for_those_who_are_signed_in(home: Page, shop: Shop) -> None:
    """A picture needs a session, is kept by the browser, and an unknown one is not found."""
    path = f"{shop.address}/label-pictures/label-1-a1.png"
    assert httpx.get(path).status_code == 401
    answer = home.request.get(path)
    assert answer.headers["content-type"] == "image/png"
    assert "immutable" in answer.headers["cache-control"]
    assert home.request.get(f"{shop.address}/label-pictures/none.png").status == 404


def test_nothing_is_stored_in_the_working_directory(home: Page) -> None:
    """NiceGUI's own storage stays unused."""
    expect(home.get_by_role("heading", level=1)).to_be_visible()
    assert not Path(".nicegui").exists()


def _small_targets(page: Page) -> list[str]:
    """Give the buttons and links that are smaller than 44 px for a finger."""
    small: Callable[[str], list[str]] = page.evaluate
    return small(
        """[...document.querySelectorAll('a, button')]
            .map(e => [e.className, e.getBoundingClientRect()])
            .filter(([, box]) => box.width && (box.width < 43.9 || box.height < 43.9))
            .map(([name, box]) => `${name} ${box.width}x${box.height}`)"""
    )
