"""Cameras: what each watches, and its picture for those who set it up."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from msgspec.structs import asdict

from edge.access import Identity
from edge.api.desk import Desk, DeskDep, technician, viewer
from edge.api.problems import documented
from edge.api.shapes import IdPath, Shape
from edge.errors import NotFound
from edge.events import moment
from edge.views import CameraView

router = APIRouter(tags=["cameras"])

NO_STORE = "no-store"


Point = tuple[float, float]
Polygon = tuple[Point, ...]


class LineShape(Shape):
    """A counting line; "in" is to the right hand of someone who walks from `start` to `end`."""

    name: str
    start: Point
    end: Point
    entrance: bool


class AreaShape(Shape):
    """An outline whose people count for a zone; `queue` where they wait."""

    zone: str
    polygon: Polygon
    queue: bool
    loiter_s: float | None


class FiguresShape(Shape):
    """How a camera does: what it tells of itself, null where it does not."""

    fps: float | None
    skipped: int | None
    latency_ms: float | None
    brightness: float | None


class CameraShape(Shape):
    """A camera and what it watches, in fractions of its picture, y down.

    `version` of its configuration is wanted, `config_version` is the one that it has confirmed.
    """

    camera: str
    online: bool
    adopted: bool
    problem: str | None
    lines: list[LineShape]
    areas: list[AreaShape]
    masks: list[Polygon]
    body: float | None
    version: int | None
    config_version: int | None
    figures: FiguresShape | None
    last_seen: datetime | None


class CamerasPage(Shape):
    """All cameras that are set up here."""

    items: list[CameraShape]


class PictureWanted(Shape):
    """How the picture is to be: people unrecognisable, unless an admin asks otherwise."""

    blur: bool = True


class SnapshotShape(Shape):
    """Somebody asked for a camera's picture; `id` is that of the command."""

    time: datetime
    by: str
    blurred: bool
    id: str


class SnapshotsPage(Shape):
    """Who asked for a camera's picture, the newest first."""

    items: list[SnapshotShape]


@router.get("/cameras", dependencies=[viewer])
def list_cameras(desk: DeskDep) -> CamerasPage:
    """List the cameras with what they watch and how they do."""
    return CamerasPage(items=[_shape(desk, view) for view in desk.drawings.cameras()])


@router.post(
    "/cameras/{camera}/snapshot",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}, **documented(429, 504)},
)
def take_snapshot(
    desk: DeskDep, who: Annotated[Identity, technician], camera: IdPath, body: PictureWanted
) -> Response:
    """Get a camera's picture as a JPEG; it is kept nowhere, but that it was asked for is."""
    picture = desk.lookout.snapshot(camera, who, blur=body.blur)
    headers = {
        "Cache-Control": NO_STORE,
        "X-Content-Type-Options": "nosniff",
        "Snapshot-Time": moment(picture.t).isoformat(),
        "Snapshot-Size": f"{picture.width}x{picture.height}",
        "Snapshot-Blurred": str(picture.blurred).lower(),
    }
    return Response(picture.jpeg, media_type="image/jpeg", headers=headers)


@router.get("/cameras/{camera}/snapshots", dependencies=[technician])
def list_snapshots(
    desk: DeskDep, camera: IdPath, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> SnapshotsPage:
    """List who asked for a camera's picture, as far as the log of events reaches."""
    if all(view.camera != camera for view in desk.drawings.cameras()):
        raise NotFound(f"expected a camera, came {camera!r}", "camera")
    rows = desk.drawings.snapshots(camera, limit)
    return SnapshotsPage(
        items=[
            SnapshotShape(time=row.time, by=row.by, blurred=row.blurred, id=row.id) for row in rows
        ]
    )


def _shape(desk: Desk, view: CameraView) -> CameraShape:
    figures = desk.lookout.figures(view.camera)
    return CameraShape(
        camera=view.camera,
        online=view.online,
        adopted=view.adopted,
        problem=view.problem,
        **view.layout.model_dump(),
        version=view.version,
        config_version=view.confirmed,
        figures=FiguresShape(**asdict(figures)) if figures and view.online else None,
        last_seen=view.last_seen,
    )
