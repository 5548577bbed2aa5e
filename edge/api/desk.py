"""What the routes may reach, and who may reach it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from edge.access import Identity, Role
from edge.audit import Auditor
from edge.commands import Command
from edge.config import Settings
from edge.drawings import Drawings
from edge.errors import Unauthorised
from edge.eventlog import EventLog
from edge.events import LabelContent
from edge.explanations import Explanations
from edge.feed import Feed
from edge.lookout import Lookout
from edge.price_audit import PriceAuditor
from edge.price_queries import PriceQueries
from edge.queries import DeadLetterRow, Queries
from edge.views import ShopView, SinkView, TagView


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts of the gateway that the API speaks to.

    `clock` gives epoch ms; `execute` carries a command out and waits for the commit; `tag` tells
    what a tag's code (hex) stands for; `scan` gives GTIN and serial of a scanned text; `draw` draws
    what a label is to show and raises RenderError where it cannot; `view` is the shop in one look;
    `sinks` tells how each consumer does; `retry` puts a dead letter back to work; `ready` names
    what must run and whether it does; `metrics` is the text for Prometheus; `patience_s` is how
    long a follower of the events may take for one of them before it counts as too slow.
    """

    settings: Settings
    clock: Callable[[], int]
    execute: Callable[[Command], Any]
    queries: Queries
    drawings: Drawings
    lookout: Lookout
    prices: PriceQueries
    explanations: Explanations
    auditor: Auditor
    price_auditor: PriceAuditor
    tag: Callable[[str], TagView]
    scan: Callable[[str], tuple[str | None, str | None]]
    draw: Callable[[LabelContent], object]
    log: EventLog
    feed: Feed
    view: Callable[[], ShopView]
    sinks: Callable[[], tuple[SinkView, ...]]
    identify: Callable[[str], Identity]
    retry: Callable[[DeadLetterRow], None]
    ready: Callable[[], dict[str, bool]]
    metrics: Callable[[], bytes]
    patience_s: float = 10.0


def _desk(connection: HTTPConnection) -> Desk:
    desk: Desk = connection.app.state.desk
    return desk


DeskDep = Annotated[Desk, Depends(_desk)]
_bearer = HTTPBearer(auto_error=False, description="a token of store-edge token create")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


def at_least(role: Role) -> Any:  # noqa: ANN401  (FastAPI's own type for a dependency)
    """Give the dependency that lets in tokens of a role and above, and gives their identity."""

    def check(desk: DeskDep, bearer: Bearer) -> Identity:
        if bearer is None:
            raise Unauthorised("expected the header Authorization: Bearer TOKEN, came none")
        identity = desk.identify(bearer.credentials)
        identity.require(role)
        return identity

    return Depends(check)


viewer = at_least(Role.viewer)
operator = at_least(Role.operator)
technician = at_least(Role.technician)
