"""Who may do what: every route of the OpenAPI document is walked with every role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from edge.tokens import create, revoke

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.edge.api.conftest import Shop

ROLES = ["viewer", "operator", "technician", "admin"]
# The least role for each request that changes something; all others take a viewer.
NEEDS = {
    "PUT /products": "operator",
    "POST /prices": "operator",
    "POST /price-sets": "operator",
    "POST /price-sets/preview": "operator",
    "POST /price-sets/{price_set}/apply": "operator",
    "POST /price-sets/{price_set}/cancel": "operator",
    "POST /stock/adjustments": "operator",
    "POST /stock/transfers": "operator",
    "POST /stock/write-offs": "operator",
    "POST /stock/returns": "operator",
    "POST /deliveries": "operator",
    "POST /deliveries/{sscc}/receive": "operator",
    "POST /deliveries/{sscc}/cancel": "operator",
    "POST /stocktakes": "operator",
    "POST /stocktakes/{stocktake}/zone": "operator",
    "POST /stocktakes/{stocktake}/units": "operator",
    "POST /stocktakes/{stocktake}/end": "operator",
    "POST /stocktakes/{stocktake}/cancel": "operator",
    "POST /lanes/{lane}/scan": "operator",
    "POST /lanes/{lane}/void": "operator",
    "POST /lanes/{lane}/pay": "operator",
    "POST /lanes/{lane}/cancel": "operator",
    "POST /labels/bind": "operator",
    "POST /labels/identify": "operator",
    "POST /labels/{label}/bind": "operator",
    "POST /labels/{label}/identify": "operator",
    "POST /labels/{label}/remove": "operator",
    "POST /devices/{device}/adopt": "technician",
    "PUT /devices/{device}/config": "technician",
    "POST /devices/{device}/config/rollback": "technician",
    "POST /devices/{device}/command": "technician",
    "POST /cameras/{camera}/snapshot": "technician",
    "GET /cameras/{camera}/snapshots": "technician",
    "GET /dead-letters": "technician",
    "POST /dead-letters/{number}/retry": "technician",
}
VALUES = {"gtin": "04006381333931", "number": "1"}


def routes(shop: Shop) -> dict[str, dict[str, Any]]:
    """Give the operations of the OpenAPI document by method and path."""
    paths = httpx.get(f"{shop.url}/api/v1/openapi.json").json()["paths"]
    return {
        f"{method.upper()} {path.removeprefix('/api/v1')}": operation
        for path, methods in paths.items()
        for method, operation in methods.items()
    }


def ask(shop: Shop, route: str, headers: dict[str, str]) -> httpx.Response:
    """Make a request of a route with some value for each part of its path."""
    method, path = route.split(" ")
    names = [part.split("}")[0] for part in path.split("{")[1:]]
    filled = path.format(**{name: VALUES.get(name, "nobody") for name in names})
    return httpx.request(method, f"{shop.url}/api/v1{filled}", headers=headers)


def test_every_route_asks_for_a_token(shop: Shop) -> None:
    """Without a token, each route answers 401 with a challenge and a problem document."""
    for route in routes(shop):
        answer = ask(shop, route, {})
        assert (route, answer.status_code) == (route, 401)
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["title"] == "no valid token"


@pytest.mark.parametrize(
    "header", ["Bearer se_unknown", "Bearer", "Basic YTpi", "se_unknown", "Bearer \xff"]
)
def test_unknown_tokens_are_not_let_in(shop: Shop, header: str) -> None:
    """What is no token of this shop is 401, in whatever form it comes."""
    raw = {b"Authorization": header.encode("latin-1")}
    answer = httpx.get(f"{shop.url}/api/v1/stock", headers=raw)
    assert answer.status_code == 401


def test_every_route_keeps_its_role(shop: Shop) -> None:
    """A role below the one that a route needs is 403, that role and those above get through."""
    for route in routes(shop):
        least = ROLES.index(NEEDS.get(route, "viewer"))
        for rank, role in enumerate(ROLES):
            answer = ask(shop, route, {"Authorization": f"Bearer {shop.tokens[role]}"})
            assert (route, role, answer.status_code == 403) == (route, role, rank < least)


def test_requests_that_change_something_need_more_than_a_viewer(shop: Shop) -> None:
    """The list of this test is whole: a viewer may do nothing but GET."""
    changing = {route for route in routes(shop) if not route.startswith("GET")}
    assert changing == {route for route in NEEDS if not route.startswith("GET")}


def test_revoked_token_is_shut_out(shop: Shop, eventually: Callable[..., Any]) -> None:
    """A token that worked stops to work soon after it was revoked; others of the role go on."""
    headers = {"Authorization": f"Bearer {create(shop.settings, 'leaver', 'viewer')}"}

    def status() -> int:
        return httpx.get(f"{shop.url}/api/v1/stock", headers=headers).status_code

    assert status() == 200
    assert revoke(shop.settings, "leaver") == 1
    eventually(status, lambda code: code == 401)
    assert shop.api("viewer").get("/stock").status_code == 200


def test_forbidden_says_which_role(shop: Shop) -> None:
    """403 names the role that is needed, the one that came, and how to get one."""
    problem = shop.api("viewer").post("/prices", json={}).json()
    assert problem["status"] == 403
    assert "role operator or above, came viewer" in problem["detail"]
    assert "store-edge token create --role operator" in problem["detail"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/api/v1/openapi.json"])
def test_watchers_need_no_token(shop: Shop, path: str) -> None:
    """Health, readiness, metrics and the API's description are open."""
    assert httpx.get(f"{shop.url}{path}").status_code == 200
