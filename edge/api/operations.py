"""How the service does: sinks, dead letters, health, readiness, metrics."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse

from edge.api.desk import DeskDep, technician, viewer
from edge.api.shapes import LARGEST, Position, Shape
from edge.errors import NotFound, Refused
from edge.events import moment
from edge.queries import DeadLetterRow

router = APIRouter(tags=["operations"])
probes = APIRouter(include_in_schema=False)


class SinkShape(Shape):
    """A consumer of the event log."""

    name: str
    kind: str
    position: int
    head: int
    backlog: int
    delivered: int
    coalesced: int
    filtered: int
    refused: int
    state: str
    error: str | None
    retry_at: datetime | None


class SinksPage(Shape):
    """All consumers of the event log."""

    items: list[SinkShape]


class DeadLetterShape(Shape):
    """A message that broke the contract, with the reason; `payload` in base64."""

    id: int
    time: datetime
    source: str
    reason: str
    payload: str


class DeadLettersPage(Shape):
    """Dead letters, the oldest first; `next` goes into `after`."""

    items: list[DeadLetterShape]
    next: int | None


@router.get("/sinks", dependencies=[viewer])
def list_sinks(desk: DeskDep) -> SinksPage:
    """Tell how each consumer of the log does."""
    return SinksPage(
        items=[
            SinkShape(**{name: getattr(sink, name) for name in SinkShape.model_fields})
            for sink in desk.sinks()
        ]
    )


@router.get("/dead-letters", dependencies=[technician])
def list_dead_letters(
    desk: DeskDep, after: Position = 0, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> DeadLettersPage:
    """List dead letters."""
    rows = desk.queries.dead_letters(after, limit)
    following = rows[-1].id if len(rows) == limit else None
    return DeadLettersPage(items=[_letter(row) for row in rows], next=following)


@router.post("/dead-letters/{number}/retry", dependencies=[technician], status_code=202)
def retry(desk: DeskDep, number: Annotated[int, Path(ge=1, le=LARGEST)]) -> None:
    """Take a dead letter to the door again, as if it came now."""
    row = desk.queries.dead_letter(number)
    if row is None:
        raise NotFound(f"no dead letter {number}", "number")
    if row.source.startswith("sink:"):
        raise Refused("a sink refused this event: mend the sink, then replay it from a position")
    desk.retry(row)


@probes.get("/healthz")
def healthz() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@probes.get("/readyz")
def readyz(desk: DeskDep) -> JSONResponse:
    """Say whether all that must run does: 503 names what does not."""
    parts = desk.ready()
    ready = all(parts.values())
    return JSONResponse({"ready": ready, "parts": parts}, 200 if ready else 503)


@probes.get("/metrics")
def metrics(desk: DeskDep) -> Response:
    """Give the metrics in Prometheus' text format."""
    return Response(desk.metrics(), media_type="text/plain; version=0.0.4")


def _letter(row: DeadLetterRow) -> DeadLetterShape:
    return DeadLetterShape(
        id=row.id,
        time=moment(row.time),
        source=row.source,
        reason=row.reason,
        payload=base64.b64encode(row.payload).decode(),
    )
