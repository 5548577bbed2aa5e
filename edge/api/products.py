"""Products: bulk upsert as JSON or CSV."""

from __future__ import annotations

import csv
import io
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from msgspec import to_builtins
from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from edge.api.desk import DeskDep, operator, viewer
from edge.api.problems import field_path
from edge.api.shapes import After, GtinPath, GtinText, Limit, Page, Shape
from edge.commands import Product, PutProducts, Tracking
from edge.errors import ContractError, NotFound

router = APIRouter(tags=["products"])


def _listed(value: object) -> object:
    return value["products"] if isinstance(value, dict) and "products" in value else value


class ProductShape(Shape):
    """A product; `names` holds its name in further languages, by code (`zh`)."""

    gtin: GtinText
    name: Annotated[str, Field(min_length=1, max_length=200)]
    brand: str = ""
    unit: str = "piece"
    pack: str = ""
    image: str = ""
    tracking: Tracking = "item"
    safety: Annotated[int, Field(ge=0)] = 0
    names: Annotated[dict[str, str], Field(default_factory=dict)]


class PutAnswer(Shape):
    """How many products were taken."""

    products: int


_bulk = TypeAdapter(Annotated[list[ProductShape], BeforeValidator(_listed)])
_BODIES = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
            "text/csv": {"schema": {"type": "string"}},
        },
    }
}


@router.put("/products", dependencies=[operator], openapi_extra=_BODIES)
async def put_products(desk: DeskDep, request: Request) -> PutAnswer:
    """Add or replace products: a JSON array, or CSV with a header row; all or none."""
    body = await request.body()
    is_csv = request.headers.get("content-type", "").startswith("text/csv")
    products = _from_csv(body) if is_csv else _checked(_bulk.validate_json, body)
    command = PutProducts(tuple(Product(**shape.model_dump()) for shape in products))
    return PutAnswer(products=await run_in_threadpool(desk.execute, command))


@router.get("/products", dependencies=[viewer])
def list_products(desk: DeskDep, cursor: After = "", limit: Limit = 100) -> Page[ProductShape]:
    """List products by GTIN."""
    products = desk.queries.products(cursor, limit)
    following = products[-1].gtin if len(products) == limit else None
    return Page(items=[_shape(product) for product in products], next=following)


@router.get("/products/{gtin}", dependencies=[viewer])
def get_product(desk: DeskDep, gtin: GtinPath) -> ProductShape:
    """Give a product."""
    product = desk.queries.product(gtin)
    if product is None:
        raise NotFound(f"no product {gtin}: put it with PUT /api/v1/products", "gtin")
    return _shape(product)


def _shape(product: Product) -> ProductShape:
    return ProductShape.model_construct(**to_builtins(product))


def _from_csv(body: bytes) -> list[ProductShape]:
    try:
        rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    except UnicodeDecodeError as fault:
        raise ContractError("body", "CSV in UTF-8", str(fault)) from fault
    filled = [{key: value for key, value in row.items() if value} for row in rows]
    return _checked(_bulk.validate_python, filled)


def _checked(validate: Any, body: object) -> list[ProductShape]:  # noqa: ANN401
    try:
        products: list[ProductShape] = validate(body)
    except ValidationError as faults:
        reasons = [f"{field_path(f['loc'])}: {f['msg']}" for f in faults.errors()]
        raise ContractError(
            field_path(faults.errors()[0]["loc"]) or "body", "products", "; ".join(reasons)
        ) from faults
    return products
