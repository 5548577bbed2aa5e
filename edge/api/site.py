"""The API as one application: all routes, problem documents, OpenAPI."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI
from starlette.routing import Match, Router
from starlette.types import Receive, Scope, Send

from edge.api import (
    audit,
    cameras,
    deliveries,
    devices,
    goods,
    items,
    labels,
    lanes,
    live,
    operations,
    people,
    price_audit,
    price_sets,
    prices,
    problems,
    products,
    stock,
    stocktakes,
)
from edge.api.desk import Desk
from edge.api.limits import BodyLimit
from edge.api.problems import documented

PREFIX = "/api/v1"


def build(desk: Desk) -> FastAPI:
    """Give the application; pages may be mounted beside it."""
    app = FastAPI(
        title="store-edge",
        version=version("store-edge"),
        summary="Stock, prices and people of one shop",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.desk = desk
    app.add_middleware(BodyLimit)
    problems.install(app)
    faults = documented(401, 403, 404, 409, 422)
    stocks = (stock, goods, deliveries, stocktakes, items, audit, products)
    costs = (price_audit, prices, price_sets)  # /prices/audit comes before /prices/{gtin}
    for part in (*stocks, *costs, people, lanes, labels, devices, cameras, live, operations):
        app.include_router(part.router, prefix=PREFIX, responses=faults)
    app.include_router(operations.probes)
    app.mount(PREFIX, _Nowhere(app.router))
    return app


class _Nowhere:
    """What is no route of the API, answered as the API does and not by the pages beside it."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._routes = tuple(router.routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = {**scope, "root_path": scope["app_root_path"]}  # as it was before this mount
        for route in self._routes:
            match, more = route.matches(asked)
            if match is Match.PARTIAL:  # the path is right, the method is not: the route says so
                await route.handle({**asked, **more}, receive, send)
                return
        await self._router.not_found(asked, receive, send)
