"""How large a request may be."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.api.problems import problem

MAX_BODY = 8 * 1024 * 1024  # bytes; some 40,000 products as JSON
_TITLE = "Content Too Large"
_DETAIL = f"expected at most {MAX_BODY} bytes, came more: send it in parts"


class BodyLimit:
    """Refuses bodies over `MAX_BODY` before they fill the memory.

    FastAPI has `max_body_size`, which answers in plain text where this API speaks RFC 9457.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Stand before this application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let requests of a fair size through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "")
        if length.isdecimal() and int(length) > MAX_BODY:
            refusal = problem(413, _TITLE, _DETAIL, headers={"Connection": "close"})
            await refusal(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MAX_BODY:
                raise HTTPException(413, _DETAIL, {"Connection": "close"})
            return message

        await self._app(scope, counted, send)
