"""Errors as problem documents (RFC 9457): what was expected, what came, and in which field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from edge.errors import (
    ContractError,
    Forbidden,
    IllegalMove,
    Misfits,
    NoAnswer,
    NotFound,
    Refused,
    StoreEdgeError,
    TooSoon,
    Unauthorised,
)

MEDIA_TYPE = "application/problem+json"
SAID = 10  # faults of rows that the sentence of a problem names; all are in its `errors`
# The first that fits the error decides.
_STATUS: tuple[tuple[type[StoreEdgeError], int, str], ...] = (
    (Unauthorised, 401, "no valid token"),
    (Forbidden, 403, "not allowed"),
    (NotFound, 404, "not found"),
    (TooSoon, 429, "too many requests"),
    (NoAnswer, 504, "no answer"),
    (IllegalMove, 409, "not possible now"),
    (Misfits, 422, "not as the contract says"),
    (Refused, 409, "refused"),
    (ContractError, 422, "not as the contract says"),
)
_FIELD = {
    "type": "object",
    "required": ["path", "detail"],
    "properties": {"path": {"type": "string"}, "detail": {"type": "string"}},
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": _FIELD},
    },
}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Give the OpenAPI responses of these statuses: a problem document each."""
    titles: dict[int, str] = {}
    for _, status, title in _STATUS:
        titles.setdefault(status, title)
    content = {MEDIA_TYPE: {"schema": SCHEMA}}
    return {n: {"description": titles[n].capitalize(), "content": content} for n in statuses}


def problem(
    status: int,
    title: str,
    detail: str,
    errors: Sequence[dict[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Give a problem document; `errors` hold a field's `path` and `detail` each."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = list(errors)
    if status == 401:  # noqa: PLR2004  (RFC 9110, 15.5.2)
        headers = {"WWW-Authenticate": "Bearer"}
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Let every error of the API answer as a problem document."""
    app.add_exception_handler(StoreEdgeError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(TimeoutError, _late)
    app.add_exception_handler(Exception, _unexpected)


def _ours(_: Request, error: Exception) -> JSONResponse:
    for kind, status, title in _STATUS:
        if isinstance(error, kind):
            return problem(status, title, *_told(error), _headers(error))
    return problem(500, "fault of the service", str(error))


def _headers(error: StoreEdgeError) -> dict[str, str]:
    # RFC 9110, 10.2.3: whole seconds.
    return {"Retry-After": str(ceil(error.wait_s))} if isinstance(error, TooSoon) else {}


def _told(error: StoreEdgeError) -> tuple[str, list[dict[str, str]]]:
    """Give an error's sentence and the fields at fault; of many faults it says the first ones."""
    if isinstance(error, Misfits):
        errors = [{"path": path, "detail": detail} for path, detail in error.faults]
        more = f"; and {len(errors) - SAID} more" if len(errors) > SAID else ""
        return "; ".join(f"{e['path']}: {e['detail']}" for e in errors[:SAID]) + more, errors
    path = getattr(error, "path", "")
    return str(error), [{"path": path, "detail": str(error)}] if path else []


def _invalid(_: Request, error: Exception) -> JSONResponse:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    errors = [{"path": _place(fault), "detail": fault["msg"]} for fault in faults]
    detail = "; ".join(f"{e['path']}: {e['detail']}" for e in errors)
    return problem(422, "not as the contract says", detail, errors)


def _http(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        return problem(500, "fault of the service", str(error))
    detail = str(error.detail)
    return problem(error.status_code, detail, detail, headers=error.headers)


def _late(_: Request, __: Exception) -> JSONResponse:
    detail = "the disk takes nothing now; what you sent may still be carried out: look, then repeat"
    return problem(503, "not now", detail, headers={"Retry-After": "30"})


def _unexpected(_: Request, __: Exception) -> JSONResponse:
    return problem(500, "fault of the service", "the log of the service has the reason")


def _place(fault: Mapping[str, Any]) -> str:
    source, *parts = fault["loc"]
    if fault["type"] == "json_invalid":  # FastAPI gives the character, which is no field
        return "body"
    return field_path(parts) or str(source)


def field_path(parts: Sequence[int | str]) -> str:
    """Write a field's path as `changes[0].amount`."""
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path
