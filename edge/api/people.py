"""Traffic, occupancy and heat maps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from edge.api.desk import DeskDep, viewer
from edge.api.shapes import IdPath, IdQuery, Moment, Shape, millis
from edge.errors import NotFound
from edge.events import moment
from edge.heat import heat_png

router = APIRouter(tags=["people"])

MINUTE_MS = 60_000
DAY_MS = 86_400_000


class TrafficShape(Shape):
    """Visitors across a line in a bucket of time, and the staff apart."""

    line: str
    start: datetime
    in_: Annotated[int, Field(serialization_alias="in")]
    out: int
    staff_in: int
    staff_out: int


class TrafficPage(Shape):
    """Counts by line and bucket."""

    items: list[TrafficShape]


class ConversionShape(Shape):
    """Sales for each visitor who came in during a bucket of time; null where nobody came in."""

    start: datetime
    entries: int
    sales: int
    conversion: float | None


class ConversionPage(Shape):
    """Conversion by bucket."""

    items: list[ConversionShape]


class OccupancyShape(Shape):
    """People in a zone, or visitors in the whole shop (`store`), surely from `low` to `high`."""

    zone: str
    people: int
    low: int
    high: int
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
    since, until = _span(start, end)
    rows = desk.queries.traffic(since, until, bucket, line)
    return TrafficPage(
        items=[
            TrafficShape(
                line=row.line,
                start=moment(row.start),
                in_=row.in_,
                out=row.out,
                staff_in=row.staff_in,
                staff_out=row.staff_out,
            )
            for row in rows
        ]
    )


@router.get("/traffic/conversion", dependencies=[viewer])
def get_conversion(
    desk: DeskDep,
    start: Annotated[Moment | None, Query(alias="from")] = None,
    end: Annotated[Moment | None, Query(alias="to")] = None,
    bucket: Literal["hour", "day"] = "hour",
) -> ConversionPage:
    """Compare sales with the visitors who came in; without `from`, since a day ago."""
    rows = desk.queries.conversion(*_span(start, end), bucket)
    return ConversionPage(
        items=[
            ConversionShape(
                start=moment(row.start),
                entries=row.entries,
                sales=row.sales,
                conversion=row.sales / row.entries if row.entries else None,
            )
            for row in rows
        ]
    )


@router.get("/occupancy", dependencies=[viewer])
def get_occupancy(desk: DeskDep) -> OccupancyPage:
    """Count people by zone."""
    return OccupancyPage(
        items=[
            OccupancyShape(
                zone=row.zone,
                people=row.people,
                low=row.low,
                high=row.high,
                as_of=moment(row.at),
            )
            for row in desk.queries.occupancy()
        ]
    )


@router.get(
    "/traffic/heatmap/{camera}.png",
    dependencies=[viewer],
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}},
)
def get_heatmap(
    desk: DeskDep,
    camera: IdPath,
    scale: Annotated[bool, Query(description="a strip below with the seconds of colours")] = False,  # noqa: FBT002  (a query parameter)
) -> Response:
    """Draw the newest heat map of a camera: clear where nobody was, brightest where longest."""
    heat = desk.queries.heat(camera)
    if heat is None:
        raise NotFound(f"the camera {camera!r} has sent no heat map", "camera")
    return Response(heat_png(heat, scale=scale), media_type="image/png")


def _span(start: datetime | None, end: datetime | None) -> tuple[int, int]:
    """Give a span of time in epoch ms; until now, and for a day, where it is not told."""
    until = millis(end) if end else millis(datetime.now(UTC)) + MINUTE_MS
    return (millis(start) if start else until - DAY_MS), until
