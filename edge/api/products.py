"""Products: bulk upsert as JSON or CSV."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from msgspec import to_builtins
from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from edge.api.csv_rows import Row, RowFault, csv_rows, raise_any, validated
from edge.api.desk import Desk, DeskDep, operator, viewer
from edge.api.shapes import PLAIN, UNITS, After, GtinPath, GtinText, Limit, Page, Shape, Word
from edge.commands import Product, PutProducts, Tracking
from edge.errors import Misfits, NotFound

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
    put = _put_csv if is_csv else _put_json
    return PutAnswer(products=await run_in_threadpool(put, desk, body))


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


def _put_json(desk: Desk, body: bytes) -> int:
    try:
        shapes = _bulk.validate_json(body)
    except ValidationError as faults:
        found = faults.errors(include_input=False, include_context=False, include_url=False)
        raise RequestValidationError(
            [{**fault, "loc": ("body", *fault["loc"])} for fault in found]
        ) from faults
    return _put(desk, shapes)


def _put_csv(desk: Desk, body: bytes) -> int:
    rows = csv_rows(body)
    good, faults = validated(rows, ProductShape)
    raise_any(faults)
    try:
        return _put(desk, [shape for _, shape in good])
    except Misfits as misfits:
        raise_any([_in_its_row(rows, *fault) for fault in misfits.faults])
        raise


def _put(desk: Desk, shapes: list[ProductShape]) -> int:
    taken: int = desk.execute(PutProducts(tuple(Product(**s.model_dump()) for s in shapes)))
    return taken


def _in_its_row(rows: list[Row], path: str, detail: str) -> RowFault:
    """Name the row of a spreadsheet instead of `[17].pack`."""
    place, _, field = path.partition(".")
    n = int(place.strip("[]"))
    return RowFault(n, rows[n].at(field), detail)
