"""The way in and out, as a browser goes it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

    from tests.browser.conftest import Shop, SignIn


def test_the_right_token_opens_the_home_page(home: Page) -> None:
    """Whoever has a token sees the shop, and their own name."""
    expect(home.get_by_role("heading", level=1)).to_have_text("Floor plan")
    expect(home.get_by_text("Viewer Li")).to_be_visible()


def test_a_wrong_token_is_told_what_to_do(page: Page) -> None:
    """Nobody gets in with a token that is not known, and the page says where to get one."""
    page.goto("/")
    page.get_by_label("Access token").fill("not-a-token")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("ask an admin for a new one")
    page.goto("/")
    expect(page).to_have_url(re.compile("/sign-in"))


def test_a_revoked_token_loses_its_open_page(home: Page, shop: Shop) -> None:
    """Within seconds of revoking a token its page is gone, without anybody touching it."""
    shop.tokens.clear()
    expect(home).to_have_url(re.compile("/sign-in"))
    home.goto("/")
    expect(home).to_have_url(re.compile("/sign-in"))


def test_signing_out_closes_every_tab(home: Page, context: BrowserContext) -> None:
    """A session ends everywhere at once."""
    other = context.new_page()
    other.goto("/")
    other.locator("[data-figure=people]").wait_for()
    home.get_by_role("button", name="Sign out").click()
    expect(home).to_have_url(re.compile("/sign-in"))
    expect(other).to_have_url(re.compile("/sign-in"))


def test_the_cookie_is_signed_and_out_of_reach(home: Page, context: BrowserContext) -> None:
    """No script reads the cookie, no other site sends it, and it holds no token."""
    cookie = next(c for c in context.cookies() if c["name"] == "store_edge_session")
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    assert "token-viewer" not in cookie["value"]
    assert "store_edge_session" not in home.evaluate("document.cookie")


def test_each_sign_in_starts_a_new_session(
    page: Page, context: BrowserContext, sign_in: SignIn
) -> None:
    """A session id that somebody planted before sign-in is worth nothing after it."""

    def session() -> str:
        return next(c["value"] for c in context.cookies() if c["name"] == "store_edge_session")

    sign_in(page, "token-viewer")
    first = session()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Access token").wait_for()
    sign_in(page, "token-viewer")
    assert session() != first
    assert not _opens(page, first)


def test_a_forged_cookie_opens_nothing(home: Page, context: BrowserContext) -> None:
    """A session id counts only with the signature that belongs to it."""
    cookie = next(c for c in context.cookies() if c["name"] == "store_edge_session")
    name, _, signature = cookie["value"].partition(".")
    assert _opens(home, cookie["value"])
    assert not _opens(home, f"{name}.{signature[::-1]}")
    assert not _opens(home, name)


def test_a_form_of_another_site_is_refused(home: Page) -> None:
    """Neither sign-in nor sign-out can be pressed from elsewhere."""
    foreign = {"origin": "https://elsewhere.example"}
    address = home.url.rstrip("/")
    answer = httpx.post(f"{address}/sign-in", data={"token": "token-viewer"}, headers=foreign)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_sign_in_leads_back_into_this_site_only(page: Page) -> None:
    """An address that was slipped into the link is not followed."""
    page.goto("/sign-in?next=//elsewhere.example/")
    page.get_by_label("Access token").fill("token-viewer")
    page.get_by_role("button", name="Sign in").click()
    page.locator("[data-figure=people]").wait_for()
    assert page.evaluate("location.pathname") == "/"


def _opens(page: Page, cookie: str) -> bool:
    address = page.evaluate("location.origin")
    answer = httpx.get(address, cookies={"store_edge_session": cookie})
    return answer.status_code == 200
