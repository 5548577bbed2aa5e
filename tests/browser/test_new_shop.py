"""A shop of which nothing is configured yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.conftest import Shop


def test_a_new_shop_is_told_its_next_step(browser: Browser, served_bare: Shop) -> None:
    """Without plan, lanes, devices, sinks and labels the page says what to do."""
    page = browser.new_page(base_url=served_bare.address, locale="en-GB")
    page.goto("/")
    expect(page.locator(".se-brand-name")).to_have_text("<b>New</b> & fresh")
    page.get_by_label("Access token").fill("token-admin")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".se-plan")).to_contain_text("Draw its zones and shelves")
    expect(page.locator(".se-list.is-lane")).to_contain_text("Add one to store.toml as [[lanes]]")
    expect(page.locator(".se-list.is-device")).to_contain_text("it appears here to be adopted")
    expect(page.locator(".se-list.is-sink")).to_contain_text("Nothing goes online yet")
    expect(page.locator(".se-strip")).to_contain_text("No shelf labels yet")
    expect(page.locator(".se-brand-name")).to_have_text("<b>New</b> & fresh")
    expect(page).to_have_title("Floor plan · <b>New</b> & fresh")
    page.close()


def test_the_pages_stay_out_of_the_api(served_bare: Shop) -> None:
    """The pages are in no schema, and an address that nobody has is not found."""
    answer = httpx.get(f"{served_bare.address}/openapi.json")
    assert answer.json()["paths"] == {}
    assert httpx.get(f"{served_bare.address}/nowhere").status_code == 404


def test_pages_load_nothing_from_elsewhere_and_are_not_framed(served_bare: Shop) -> None:
    """The browser itself is told so, at the door and inside."""
    for path in ("/sign-in", "/nowhere"):
        policy = httpx.get(served_bare.address + path).headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
