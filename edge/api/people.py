"""Traffic, occupancy and heat maps."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Query, Response
from PIL import Image, ImageOps
from pydantic import Field

from edge.api.desk import DeskDep, viewer
from edge.api.shapes import IdPath, IdQuery, Moment, Shape, millis
from edge.errors import NotFound
from edge.events import moment

router = APIRouter(tags=["people"])

HEAT_SCALE = 16  # pixels of the picture for a cell of the map


class TrafficShape(Shape):
    """People across a line in a bucket of time."""

    line: str
    start: datetime
    in_: Annotated[int, Field(serialization_alias="in")]
    out: int


class TrafficPage(Shape):
    """Counts by line and bucket."""

    items: list[TrafficShape]


class OccupancyShape(Shape):
    """People in a zone, or in the whole shop (`store`)."""

    zone: str
    people: int
    as_of: datetime


class OccupancyPage(Shape):
    """People by zone."""

    items: list[OccupancyShape]


@router.get("/traffic", dependencies=[viewer])
def get_traffic(
    desk: DeskDep,
    start: Annotated[Moment | None, Query(alias="from")] = None,
    end: Annotated[Moment | None, Query(alias="to")] = None,
    bucket: Literal["minute", "hour", "day"] = "hour",
    line: IdQuery = None,
) -> TrafficPage:
    """Count people by line and bucket; without `from`, since a day ago."""
    until = millis(end) if end else millis(datetime.now(UTC)) + 60_000
    since = millis(start) if start else until - 86_400_000
    rows = desk.queries.traffic(since, until, bucket, line)
    return TrafficPage(
        items=[TrafficShape(line=r.line, start=moment(r.start), in_=r.in_, out=r.out) for r in rows]
    )


@router.get("/occupancy", dependencies=[viewer])
def get_occupancy(desk: DeskDep) -> OccupancyPage:
    """Count people by zone."""
    rows = sorted(desk.queries.occupancy().items())
    return OccupancyPage(
        items=[
            OccupancyShape(zone=zone, people=people, as_of=moment(at))
            for zone, (people, at) in rows
        ]
    )


@router.get(
    "/traffic/heatmap/{camera}.png",
    dependencies=[viewer],
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}},
)
def get_heatmap(desk: DeskDep, camera: IdPath) -> Response:
    """Draw the newest heat map of a camera: dark is no presence, bright is the most."""
    heat = desk.queries.heat(camera)
    if heat is None:
        raise NotFound(f"the camera {camera!r} has sent no heat map", "camera")
    cells = np.array(heat.cells, np.float32).reshape(heat.height, heat.width)
    grey = (cells * (255 / max(float(cells.max()), 1e-9))).astype(np.uint8)
    size = (heat.width * HEAT_SCALE, heat.height * HEAT_SCALE)
    picture = ImageOps.colorize(
        Image.fromarray(grey).resize(size), black="#000004", mid="#bb3754", white="#fcffa4"
    )
    png = io.BytesIO()
    picture.save(png, "PNG")
    return Response(png.getvalue(), media_type="image/png")
