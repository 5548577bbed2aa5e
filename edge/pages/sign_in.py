"""Sign-in by token, sign-out, and the choice of a language: plain HTML and HTTP, no script."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from edge.errors import Unauthorised
from edge.pages.addresses import LANGUAGE, SIGN_IN, SIGN_OUT, language_address, own_path
from edge.pages.headers import PAGE_HEADERS
from edge.pages.language import CODES, HTML_LANG, OWN_NAMES, is_code
from edge.pages.sessions import COOKIE, COOKIE_AGE_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.pages.language import Language
    from edge.pages.sessions import Sessions

LANGUAGE_COOKIE = "store_edge_language"
MOST_FORM_BYTES = 4096


class SignIn:
    """The sign-in page and its routes."""

    def __init__(
        self,
        shop: str,
        head: str,
        sessions: Sessions,
        language_of: Callable[[Request], Language],
    ) -> None:
        """Take the shop's name, the HTML for the head, and where sessions are kept."""
        self._shop = shop
        self._head = head
        self._sessions = sessions
        self._language_of = language_of

    def routes(self) -> APIRouter:
        """Give the routes, which stay out of the API's description."""
        router = APIRouter(include_in_schema=False)
        router.add_api_route(SIGN_IN, self._form, methods=["GET"])
        router.add_api_route(SIGN_IN, self._enter, methods=["POST"])
        router.add_api_route(SIGN_OUT, self._leave, methods=["POST"])
        router.add_api_route(f"{LANGUAGE}/{{code}}", self._choose_language, methods=["GET"])
        return router

    async def _form(self, request: Request) -> Response:
        wanted = own_path(request.query_params.get("next", "/"))
        if await self._sessions.current(request) is not None:
            return RedirectResponse(wanted, 303)
        return self._page(request, wanted)

    async def _enter(self, request: Request) -> Response:
        language = self._language_of(request)
        if _from_elsewhere(request):
            return self._page(request, "/", language.gettext("Please sign in on this page."), 403)
        form = await _read_form(request)
        wanted = own_path(form.get("next", "/"))
        try:
            token = form.get("token", "").strip()
            session = await self._sessions.sign_in(token, request.cookies.get(COOKIE))
        except Unauthorised:
            reason = language.gettext(
                "This token is not known here, or it was revoked. Check that it was copied whole, "
                "or ask an admin for a new one."
            )
            return self._page(request, wanted, reason, 401)
        answer = RedirectResponse(wanted, 303)
        self._sessions.put_cookie(answer, session, secure=request.url.scheme == "https")
        return answer

    async def _leave(self, request: Request) -> Response:
        if _from_elsewhere(request):
            return RedirectResponse("/", 303)
        self._sessions.sign_out(request.cookies.get(COOKIE))
        answer = RedirectResponse(SIGN_IN, 303)
        answer.delete_cookie(COOKIE)
        return answer

    async def _choose_language(self, request: Request, code: str) -> Response:
        answer = RedirectResponse(own_path(request.query_params.get("next", "/")), 303)
        if is_code(code):
            answer.set_cookie(
                LANGUAGE_COOKIE, code, max_age=COOKIE_AGE_S * 12, httponly=True, samesite="lax"
            )
        return answer

    def _page(
        self, request: Request, wanted: str, reason: str = "", status: int = 200
    ) -> HTMLResponse:
        language = self._language_of(request)
        other = next(code for code in CODES if code != language.code)
        address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        words = {
            "lang": language.html_lang,
            "shop": self._shop,
            "initial": self._shop[:1].upper(),
            "title": language.gettext("Sign in"),
            "label": language.gettext("Access token"),
            "hint": language.gettext(
                "An admin makes one with: store-edge token create --role viewer"
            ),
            "enter": language.gettext("Sign in"),
            "reason": reason,
            "invalid": "true" if reason else "false",
            "next": wanted,
            "other": OWN_NAMES[other],
            "other_lang": HTML_LANG[other],
            "other_address": language_address(other, address),
        }
        escaped = {name: escape(word) for name, word in words.items()}
        page = _template().substitute(escaped, head=self._head)
        return HTMLResponse(page, status, headers=PAGE_HEADERS | {"Cache-Control": "no-store"})


@cache
def _template() -> Template:
    return Template(files("edge.pages").joinpath("static", "sign_in.html").read_text("utf-8"))


async def _read_form(request: Request) -> dict[str, str]:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_FORM_BYTES:
            return {}
    fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=8)
    return {name: values[-1] for name, values in fields.items()}


def _from_elsewhere(request: Request) -> bool:
    # Browsers name the page that a form came from; another site's form is refused (CSRF).
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")
