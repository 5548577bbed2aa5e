"""Products: bulk upsert as JSON or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from msgspec import to_builtins
from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from edge.api.desk import DeskDep, operator, viewer
from edge.api.shapes import PLAIN, UNITS, After, GtinPath, GtinText, Limit, Page, Shape, Word
from edge.commands import Product, PutProducts, Tracking
from edge.errors import ContractError, NotFound

router = APIRouter(tags=["products"])


def _listed(value: object) -> object:
    return value["products"] if isinstance(value, dict) and "products" in value else value


LanguageCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{2,35}$")]  # RFC 5646, 4.4.1


class ProductShape(Shape):
    """A product; `names` holds its name in further languages, by code (`zh`)."""

    gtin: GtinText
    name: Annotated[Word, Field(min_length=1)]
    brand: Word = ""
    unit: Word = "piece"
    pack: Word = ""
    image: Annotated[str, Field(max_length=2000, pattern=PLAIN)] = ""
    tracking: Tracking = "item"
    safety: Annotated[int, Field(ge=0, le=UNITS)] = 0
    names: Annotated[dict[LanguageCode, Word], Field(default_factory=dict, max_length=50)]


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
    is_csv = request.headers.get("content-type", "").lower().startswith("text/csv")
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
        header, *rows = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""))
    except (UnicodeDecodeError, csv.Error) as fault:
        raise ContractError("body", "CSV in UTF-8", str(fault)) from fault
    except ValueError as fault:
        raise ContractError("body", "a header row such as gtin,name", "nothing") from fault
    names = [name.strip().lower() for name in header]
    filled = [_filled(names, row) for row in rows if row]
    return _checked(_bulk.validate_python, filled)


def _filled(names: list[str], row: list[str]) -> dict[str, str]:
    """Give the cells that hold something, by the header's names; cells beyond it are ignored."""
    return {name: cell.strip() for name, cell in zip(names, row, strict=False) if cell.strip()}


def _checked(validate: Callable[[Any], list[ProductShape]], body: object) -> list[ProductShape]:
    try:
        return validate(body)
    except ValidationError as faults:
        found = faults.errors(include_input=False, include_context=False, include_url=False)
        raise RequestValidationError(
            [{**fault, "loc": ("body", *fault["loc"])} for fault in found]
        ) from faults
