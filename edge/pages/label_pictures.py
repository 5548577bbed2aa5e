"""The pictures of the shelf labels, for signed-in browsers: an address names one for ever."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from edge.pages.addresses import LABEL_PICTURES

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.pages.sessions import Sessions

CACHE = "private, max-age=31536000, immutable"


def label_pictures(picture: Callable[[str], bytes | None], sessions: Sessions) -> APIRouter:
    """Give the route; `picture` finds a PNG by its hash."""
    router = APIRouter(include_in_schema=False)

    @router.get(LABEL_PICTURES + "/{image}.png")
    async def label_picture(request: Request, image: str) -> Response:
        if await sessions.current(request) is None:
            return Response(status_code=401)
        found = await asyncio.to_thread(picture, image)
        if found is None:
            return Response(status_code=404)
        return Response(found, media_type="image/png", headers={"Cache-Control": CACHE})

    return router
