"""Pictures of cameras for signed-in browsers: a snapshot that nobody keeps, and the heat map."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from edge.access import Role
from edge.errors import Forbidden, NoAnswer, NotFound, Refused, TooSoon
from edge.heat import heat_png
from edge.pages.addresses import CAMERAS

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.lookout import Lookout
    from edge.pages.sessions import Sessions
    from edge.traffic import HeatMap

NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (Forbidden, 403),
    (NotFound, 404),
    (TooSoon, 429),
    (NoAnswer, 504),
    (Refused, 409),
)


def camera_pictures(
    lookout: Lookout, heat: Callable[[str], HeatMap | None], sessions: Sessions
) -> APIRouter:
    """Give the routes; `heat` finds the newest heat map of a camera."""
    router = APIRouter(include_in_schema=False)

    @router.post(CAMERAS + "/{camera}/picture")
    async def picture(request: Request, camera: str) -> Response:
        session = await sessions.current(request)
        if session is None or _from_elsewhere(request):
            return Response(status_code=401)
        blur = request.query_params.get("blur") != "no"
        try:
            taken = await asyncio.to_thread(lookout.snapshot, camera, session.identity, blur=blur)
        except tuple(kind for kind, _ in _STATUS) as refusal:
            return _refused(refusal)
        told = {
            "Snapshot-Time": str(taken.t),
            "Snapshot-Blurred": str(taken.blurred).lower(),
            "Snapshot-Clear": "1" if taken.clear is None else f"{taken.clear:g}",
        }
        return Response(taken.jpeg, media_type="image/jpeg", headers=NO_STORE | told)

    @router.get(CAMERAS + "/{camera}/heat.png")
    async def heat_map(request: Request, camera: str) -> Response:
        session = await sessions.current(request)
        if session is None or session.identity.role < Role.technician:
            return Response(status_code=401)
        found = await asyncio.to_thread(heat, camera)
        if found is None:
            return Response(status_code=404)
        told = {"Heat-Most": f"{max(found.cells, default=0.0):g}"}
        return Response(
            await asyncio.to_thread(heat_png, found),
            media_type="image/png",
            headers=NO_STORE | told,
        )

    return router


def _refused(refusal: Exception) -> Response:
    status = next(status for kind, status in _STATUS if isinstance(refusal, kind))
    told = {"detail": str(refusal)}
    if isinstance(refusal, TooSoon):
        return JSONResponse(told | {"wait_s": refusal.wait_s}, status, headers=NO_STORE)
    return JSONResponse(told, status, headers=NO_STORE)


def _from_elsewhere(request: Request) -> bool:
    # Another site's script may not make a camera take pictures (CSRF).
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc != request.headers.get("host")
