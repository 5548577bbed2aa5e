"""The OpenAPI document: what programs generate their clients from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.edge.api.conftest import Shop

# The requests of the contract, docs/contract.md; a name in braces stands for any.
CONTRACT = """
GET /stock
GET /stock/{}
GET /stock/{}/history
GET /items
GET /items/{}
GET /tags/audit
PUT /products
GET /products
GET /products/{}
POST /stock/adjustments
POST /stock/transfers
POST /stock/write-offs
POST /stock/returns
POST /deliveries
GET /deliveries
GET /deliveries/{}
POST /deliveries/{}/receive
POST /deliveries/{}/cancel
POST /stocktakes
GET /stocktakes
GET /stocktakes/{}
POST /stocktakes/{}/zone
POST /stocktakes/{}/units
POST /stocktakes/{}/end
POST /stocktakes/{}/cancel
GET /prices/{}
GET /prices/audit
POST /prices
POST /price-sets/preview
POST /price-sets
GET /price-sets
GET /price-sets/{}
POST /price-sets/{}/apply
POST /price-sets/{}/cancel
GET /traffic
GET /traffic/conversion
GET /occupancy
GET /traffic/heatmap/{}.png
GET /sales
GET /lanes/{}
POST /lanes/{}/scan
POST /lanes/{}/void
POST /lanes/{}/pay
POST /lanes/{}/cancel
GET /labels
GET /labels/{}/image.png
POST /labels/bind
POST /labels/identify
POST /labels/{}/bind
POST /labels/{}/identify
POST /labels/{}/remove
GET /devices
POST /devices/{}/adopt
PUT /devices/{}/config
GET /devices/{}/config/history
POST /devices/{}/config/rollback
POST /devices/{}/command
GET /cameras
POST /cameras/{}/snapshot
GET /cameras/{}/snapshots
GET /sinks
GET /dead-letters
POST /dead-letters/{}/retry
GET /events
"""


@pytest.fixture
def document(shop: Shop) -> dict[str, Any]:
    """Fetch the document."""
    found: dict[str, Any] = httpx.get(f"{shop.url}/api/v1/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Go through the operations by method and path."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_document_has_exactly_the_routes_of_the_contract(document: dict[str, Any]) -> None:
    """Each request that the contract names is described, and no other."""
    found = {
        re.sub(r"{\w+}", "{}", route).replace("/api/v1", "") for route, _ in operations(document)
    }
    assert found == set(CONTRACT.split("\n")) - {""}


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    """Each operation has a summary, an id of its own, security and a body for its success."""
    assert document["openapi"].startswith("3.1")
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    for route, operation in operations(document):
        assert operation["summary"], route
        assert operation["description"], route
        assert operation["security"] == [{"HTTPBearer": []}], route
        good = [body for code, body in operation["responses"].items() if code.startswith("2")]
        assert good, route
        empty = {"204", "202"} & operation["responses"].keys()
        for body in good:
            assert empty or body["content"], route


def test_every_operation_tells_of_its_problems(document: dict[str, Any]) -> None:
    """Each operation's errors are problem documents, and none is of FastAPI's own shape."""
    for route, operation in operations(document):
        for code in ("401", "403", "404", "409", "422"):
            content = operation["responses"][code]["content"]
            assert list(content) == ["application/problem+json"], route
            assert "errors" in content["application/problem+json"]["schema"]["properties"]
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    """No `$ref` of the document is broken."""

    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    found = set(references(document))
    assert found
    for reference in found:
        node: Any = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
