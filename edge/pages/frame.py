"""The frame that every page shares: navigation, title, language, sign-out, and who may see it."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from msgspec import Struct
from nicegui import context, html, ui
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from edge.pages.addresses import SIGN_OUT, language_address, sign_in_address
from edge.pages.language import CODES, HTML_LANG, OWN_NAMES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from nicegui.element import Element

    from edge.access import Identity, Role
    from edge.pages.language import Code, Language
    from edge.pages.sessions import Sessions


class Visit(Struct, frozen=True):
    """Who looks at a page, in which language, and at which path."""

    identity: Identity
    language: Language
    path: str


class Entry(Struct, frozen=True):
    """A page of the navigation: where it is, who may see it at least, and how it is built.

    `icon` is a Material icon; `title` names the page in the visitor's language. One that is
    `within` another stands behind it, and not in the navigation.
    """

    path: str
    icon: str
    role: Role
    title: Callable[[Language], str]
    build: Callable[[Visit], Awaitable[None]]
    within: Entry | None = None


class Frame:
    """The layout, for every entry of the navigation."""

    def __init__(
        self,
        shop: str,
        head: str,
        sessions: Sessions,
        entries: tuple[Entry, ...],
        language_of: Callable[[Request], Language],
    ) -> None:
        """Take the shop's name, the HTML for the head (theme, style sheet), and the pages."""
        self._shop = shop
        self._head = head
        self._sessions = sessions
        self._entries = entries
        self._language_of = language_of

    def register(self) -> None:
        """Give every entry its route."""
        for entry in self._entries:
            self._register(entry)

    def _register(self, entry: Entry) -> None:
        @ui.page(entry.path, title=self._shop)
        async def page(request: Request) -> Response | None:
            return await self._show(entry, request)

    async def _show(self, entry: Entry, request: Request) -> Response | None:
        session = await self._sessions.current(request)
        if session is None:
            context.client.delete()  # what NiceGUI prepared for a page that is not shown
            return RedirectResponse(sign_in_address(request.url.path, request.url.query), 303)
        visit = Visit(session.identity, self._language_of(request), request.url.path)
        self._sessions.attach(session, context.client)
        self._dress(visit.language.code, f"{entry.title(visit.language)} · {self._shop}")
        with html.div().classes("se-frame"):
            self._navigation(visit, entry)
            self._header(visit, entry)
            with html.main().classes("se-main"):
                await self._content(visit, entry)
        return None

    async def _content(self, visit: Visit, entry: Entry) -> None:
        if visit.identity.role >= entry.role:
            await entry.build(visit)
            return
        context.client.status_code = 403
        reason = visit.language.gettext(
            "This page is for {needed} and above; your token is for {role}. "
            "Ask an admin for another one."
        )
        said = reason.format(needed=entry.role.name, role=visit.identity.role.name)
        html.p(said).classes("se-empty")

    def _dress(self, code: Code, title: str) -> None:
        client = context.client
        client.page = copy(client.page)  # NiceGUI keeps one language per route; we speak two
        client.page.language = HTML_LANG[code]
        ui.page_title(title)
        ui.add_head_html(self._head)

    def _navigation(self, visit: Visit, here: Entry) -> None:
        with _named(html.nav().classes("se-nav"), visit.language.gettext("Pages")):
            with html.div().classes("se-brand"):
                _hidden(html.span(self._shop[:1].upper()).classes("se-brand-mark"))
                html.span(self._shop).classes("se-brand-name")
            for entry in self._entries:
                if entry.within is None and visit.identity.role >= entry.role:
                    _entry_link(entry, visit.language, here=entry in (here, here.within))

    def _header(self, visit: Visit, here: Entry) -> None:
        with html.header().classes("se-head"):
            with html.div().classes("se-head-title"):
                html.h1(here.title(visit.language))
                html.span(self._shop).classes("se-head-shop")
            with html.div().classes("se-head-side"):
                html.span(visit.identity.name).classes("se-who")
                _languages(visit.language.code, visit.path)
                _sign_out(visit.language)


def _entry_link(entry: Entry, language: Language, *, here: bool) -> None:
    with html.a(href=entry.path).classes("se-link") as link:
        _icon(entry.icon)
        html.span(entry.title(language))
    if here:
        link.props["aria-current"] = "page"


def _languages(spoken: Code, path: str) -> None:
    for code in CODES:
        if code != spoken:
            address = language_address(code, path)
            link = html.a(OWN_NAMES[code], href=address, lang=HTML_LANG[code])
            link.classes("se-tool se-language")


def _sign_out(language: Language) -> None:
    with html.form(method="post", action=SIGN_OUT):
        button = _named(html.button(type="submit"), language.gettext("Sign out"))
        button.classes("se-tool").props["title"] = language.gettext("Sign out")
        with button:
            _icon("logout")


def _icon(name: str) -> None:
    _hidden(html.span(name).classes("se-icon"))


def _hidden(element: Element) -> None:
    element.props["aria-hidden"] = "true"


def _named(element: Element, name: str) -> Element:
    element.props["aria-label"] = name
    return element
