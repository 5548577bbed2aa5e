"""Who is signed in: sessions in memory, a signed cookie, and tokens asked for again and again."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from msgspec import Struct

from edge.access import Identity
from edge.errors import Unauthorised

if TYPE_CHECKING:
    from nicegui import Client
    from starlette.requests import Request
    from starlette.responses import Response

COOKIE = "store_edge_session"
COOKIE_AGE_S = 30 * 24 * 3600
RECHECK_S = 2.0
"""A revoked token loses its pages after at most this long."""

GRACE_S = 1.0
LEAVE = (
    'location.replace("/sign-in?next=" + encodeURIComponent(location.pathname + location.search))'
)
MOST_SESSIONS = 10_000

_log = structlog.get_logger()


class Session(Struct):
    """One sign-in: its token stays here in memory; the browser holds only the signed id."""

    id: str
    token: str
    identity: Identity
    checked: float
    clients: set[Client]


class Sessions:
    """All sign-ins of this process; they end with it, with sign-out, or with their token."""

    def __init__(self, identify: Callable[[str], Identity], secret: str) -> None:
        """Ask `identify` who a token is (it raises Unauthorised); sign cookies with `secret`."""
        self._identify = identify
        self._key = hashlib.sha256(b"store-edge page session\0" + secret.encode()).digest()
        self._sessions: dict[str, Session] = {}

    async def sign_in(self, token: str, old_cookie: str | None) -> Session:
        """Start a session under a new id, whatever id the browser came with (session fixation).

        Raises Unauthorised when nobody has this token.
        """
        identity = await asyncio.to_thread(self._identify, token)
        self.sign_out(old_cookie)
        while len(self._sessions) >= MOST_SESSIONS:
            self._end(next(iter(self._sessions.values())))
        session = Session(secrets.token_urlsafe(32), token, identity, time.monotonic(), set())
        self._sessions[session.id] = session
        return session

    def sign_out(self, cookie: str | None) -> None:
        """End the session of a cookie; its open pages go to the sign-in page."""
        session = self._find(cookie)
        if session is not None:
            self._end(session)

    async def current(self, request: Request) -> Session | None:
        """Give the session of a request, its token checked in the last seconds."""
        session = self._find(request.cookies.get(COOKIE))
        if session is None or not await self._still_good(session):
            return None
        return session

    async def run(self) -> None:
        """Ask again and again for every token with an open page, until cancelled."""
        while True:
            await asyncio.sleep(RECHECK_S)
            try:
                for session in tuple(self._sessions.values()):
                    if session.clients:
                        await self._still_good(session)
            except Exception:  # noqa: BLE001  (the database may come back: ask again then)
                _log.warning("pages.recheck_failed", exc_info=True)

    def attach(self, session: Session, client: Client) -> None:
        """Tie an open page to its session: the page ends with it."""
        session.clients.add(client)
        client.on_delete(lambda: session.clients.discard(client))

    def put_cookie(self, response: Response, session: Session, *, secure: bool) -> None:
        """Give the browser the signed session id."""
        response.set_cookie(
            COOKIE,
            f"{session.id}.{self._signature(session.id)}",
            max_age=COOKIE_AGE_S,
            httponly=True,
            samesite="lax",
            secure=secure,
        )

    def _find(self, cookie: str | None) -> Session | None:
        name, _, signature = (cookie or "").partition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(name).encode()):
            return None
        return self._sessions.get(name)

    async def _still_good(self, session: Session) -> bool:
        if time.monotonic() - session.checked < RECHECK_S:
            return session.id in self._sessions
        try:
            session.identity = await asyncio.to_thread(self._identify, session.token)
        except Unauthorised:
            self._end(session)
            return False
        session.checked = time.monotonic()
        return session.id in self._sessions

    def _end(self, session: Session) -> None:
        self._sessions.pop(session.id, None)
        for client in session.clients:
            client.run_javascript(LEAVE)
            asyncio.get_running_loop().call_later(GRACE_S, _cut_off, client)
        session.clients.clear()

    def _signature(self, name: str) -> str:
        return hmac.new(self._key, name.encode(), hashlib.sha256).hexdigest()


def _cut_off(client: Client) -> None:
    # A browser that obeys has left by now; one that does not loses the page from this side.
    if client.has_socket_connection and not client.is_deleted:
        client.delete()
