"""Every colour that the pages derive from a store's accent can be read."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from edge.pages.theme import (
    GRAPHIC_CONTRAST,
    GROUND,
    INK,
    MUTED,
    PANEL,
    STATUS,
    TEXT_CONTRAST,
    contrast,
    theme,
)

ACCENTS = ["#0f5fa6", "#ffd400", "#e60012", "#00b389", "#7f7f7f", "#000000", "#ffffff", "#ff69b4"]


def test_contrast_is_that_of_wcag() -> None:
    """Black on white is 21:1, and a colour on itself 1:1."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert contrast("#123456", "#123456") == 1


@pytest.mark.parametrize("accent", ACCENTS)
def test_any_accent_reads(accent: str) -> None:
    """Whatever colour a store chooses, text in it, on it and over its heat has contrast AA."""
    colours = theme(accent)
    assert contrast(colours.on_accent, colours.accent) >= TEXT_CONTRAST
    for ground in (GROUND, PANEL, colours.accent_soft):
        assert contrast(colours.accent_text, ground) >= TEXT_CONTRAST
    for ground in colours.heat:
        assert contrast(INK, ground) >= TEXT_CONTRAST


@pytest.mark.parametrize("level", STATUS)
def test_status_reads_on_its_own_ground_and_on_white(level: str) -> None:
    """Green, amber, red and grey are words as well as marks."""
    strong, soft = STATUS[level]
    for ground in (soft, GROUND, PANEL):
        assert contrast(strong, ground) >= TEXT_CONTRAST


def test_quiet_text_still_reads() -> None:
    """Muted text keeps contrast AA on every ground."""
    for ground in (GROUND, PANEL, STATUS["idle"][1]):
        assert contrast(MUTED, ground) >= TEXT_CONTRAST


TEXTS = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const two = (v) => Math.round(v).toString(16).padStart(2, "0");
  const hex = (c) => "#" + c.slice(0, 3).map(two).join("");
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return hex(c);
    }
    return "#ffffff";
  };
  return [...document.querySelectorAll(".se-frame *")]
    .filter((e) => !e.closest("svg") && e.checkVisibility())
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .map((e) => [e, hex(rgb(getComputedStyle(e).color))])
    .map(([e, colour]) => [e.className, colour, ground(e), e.matches(".se-icon")]);
}"""


def test_all_text_of_the_page_has_contrast_aa(home: Page) -> None:
    """What the browser really paints keeps WCAG AA: 4.5:1 for text, 3:1 for icons."""
    home.locator('button[data-key="device/reader-2"]').click()
    expect(home.get_by_role("dialog")).to_be_visible()
    painted = home.evaluate(TEXTS)
    assert len(painted) > 40
    for name, colour, ground, icon in painted:
        least = GRAPHIC_CONTRAST if icon else TEXT_CONTRAST
        assert contrast(colour, ground) >= least, f"{name}: {colour} on {ground}"
