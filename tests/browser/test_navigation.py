"""Pages that join the frame, each for a role and those above it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from fastapi import FastAPI
from nicegui import html

from edge.access import Identity, Role
from edge.config import Store
from edge.errors import Unauthorised
from edge.pages import site
from edge.pages.frame import Entry, Frame, Visit
from edge.pages.language import Language
from edge.pages.sessions import Sessions
from edge.pages.sign_in import SignIn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

STORE = Store(id="s", name="S", timezone="Asia/Shanghai", currency="CNY")


async def _workbench(visit: Visit) -> None:
    html.p(f"Workbench of {visit.identity.name}")


def _identify(token: str) -> Identity:
    if token not in Role.__members__:
        raise Unauthorised("expected the name of a role, came another token: take one")
    return Identity(token.title(), Role[token])


@pytest.fixture(scope="module")
def address(serve: Callable[[FastAPI], AbstractContextManager[str]]) -> Iterator[str]:
    """Serve a page for everybody, one for technicians, and one behind that."""
    sessions, language = Sessions(_identify, "secret"), Language("en", STORE)
    bench = Entry("/bench", "build", Role.technician, lambda _: "Bench", _workbench)
    entries = (
        Entry("/", "storefront", Role.viewer, lambda _: "Shop", _workbench),
        bench,
        Entry("/bench/{tool}", "", Role.technician, lambda _: "Tool", _workbench, within=bench),
    )
    app = FastAPI()
    app.include_router(SignIn("S", "", sessions, lambda _: language).routes())
    Frame("S", "", sessions, entries, lambda _: language).register()
    site.serve(app, "S", "#0f5fa6")
    with serve(app) as at:
        yield at


def _open(address: str, role: str, path: str) -> httpx.Response:
    with httpx.Client(base_url=address) as client:
        client.post("/sign-in", data={"token": role})
        return client.get(path)


def test_the_navigation_shows_what_a_role_may_see(address: str) -> None:
    """A technician finds the bench, a viewer does not."""
    assert "Bench" in _open(address, "technician", "/").text
    assert "Bench" not in _open(address, "viewer", "/").text


def test_a_page_behind_another_stands_under_its_name(address: str) -> None:
    """It is not in the navigation, which shows where it belongs; its language link leads back."""
    answer = _open(address, "technician", "/bench/saw")
    assert answer.status_code == 200
    assert "/bench/{tool}" not in answer.text
    assert "/language/zh?next=%2Fbench%2Fsaw" in answer.text
    assert _open(address, "viewer", "/bench/saw").status_code == 403


def test_a_page_is_for_its_role_and_those_above(address: str) -> None:
    """Whoever types the address of a page without the role is told whom it is for."""
    for role in ("technician", "admin"):
        answer = _open(address, role, "/bench")
        assert answer.status_code == 200
        assert f"Workbench of {role.title()}" in answer.text
    refused = _open(address, "operator", "/bench")
    assert refused.status_code == 403
    assert "This page is for technician and above; your token is for operator" in refused.text
    assert "Workbench" not in refused.text


def test_after_sign_in_one_is_where_one_wanted_to_be(address: str) -> None:
    """A link to a page survives the way through the door."""
    with httpx.Client(base_url=address, follow_redirects=True) as client:
        door = client.get("/bench?shelf=a&x=1")
        assert door.url.path == "/sign-in"
        wanted = door.url.params["next"]
        assert wanted == "/bench?shelf=a&x=1"
        answer = client.post("/sign-in", data={"token": "admin", "next": wanted})
        assert str(answer.url) == f"{address}/bench?shelf=a&x=1"


def test_an_oversized_form_is_not_read(address: str) -> None:
    """The door takes a token, not a flood."""
    answer = httpx.post(f"{address}/sign-in", data={"token": "admin", "x": "y" * 10_000})
    assert answer.status_code == 401
