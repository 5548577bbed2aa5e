"""Bodies of many price changes, as JSON or CSV."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field, TypeAdapter, ValidationError

from edge.api.csv_rows import Row, csv_rows
from edge.api.price_changes import COLUMNS, MOST_ROWS, SetName, numbered
from edge.api.shapes import OperationId, Told
from edge.errors import ContractError

BODIES = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Changes"}},
            "text/csv": {"schema": {"type": "string", "examples": [",".join(COLUMNS)]}},
        },
    }
}


class Sent(NamedTuple):
    """The rows of a body, each to be checked alone, and what was told beside them."""

    rows: list[Row]
    name: str
    id: str | None


class _Body(Told):
    changes: Annotated[list[Any], Field(min_length=1, max_length=MOST_ROWS)]
    name: SetName = ""


_body = TypeAdapter(_Body)


async def _sent(
    request: Request,
    name: Annotated[SetName, Query(description="for people; beside CSV")] = "",
    operation: Annotated[OperationId | None, Query(alias="id")] = None,
) -> Sent:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if kind == "text/csv":
        return Sent(_from_csv(body), name, operation)
    if kind != "application/json":
        raise ContractError("body", "application/json or text/csv", repr(kind))
    told = _from_json(body)
    rows = [Row(fields, f"changes[{n}]") for n, fields in enumerate(told.changes)]
    return Sent(rows, told.name or name, told.id or operation)


SentDep = Annotated[Sent, Depends(_sent)]


def _from_csv(body: bytes) -> list[Row]:
    rows = [numbered(row) for row in csv_rows(body, COLUMNS)]
    if not 1 <= len(rows) <= MOST_ROWS:
        raise ContractError("body", f"1 to {MOST_ROWS} rows below the header", str(len(rows)))
    return rows


def _from_json(body: bytes) -> _Body:
    try:
        return _body.validate_json(body)
    except ValidationError as error:
        found = error.errors(include_input=False, include_context=False, include_url=False)
        raise RequestValidationError(
            [{**fault, "loc": ("body", *fault["loc"])} for fault in found]
        ) from error
