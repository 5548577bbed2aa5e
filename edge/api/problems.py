"""Errors as problem documents (RFC 9457): what was expected, what came, and in which field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from edge.errors import (
    ContractError,
    Forbidden,
    IllegalMove,
    NotFound,
    Refused,
    StoreEdgeError,
    Unauthorised,
)

# The first that fits the error decides.
_STATUS: tuple[tuple[type[StoreEdgeError], int, str], ...] = (
    (Unauthorised, 401, "no valid token"),
    (Forbidden, 403, "not allowed"),
    (NotFound, 404, "not found"),
    (IllegalMove, 409, "not possible now"),
    (Refused, 409, "refused"),
    (ContractError, 422, "not as the contract says"),
)


def problem(
    status: int, title: str, detail: str, errors: Sequence[dict[str, str]] = ()
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
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None  # noqa: PLR2004  (RFC 9110)
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Let every error of the API answer as a problem document."""
    app.add_exception_handler(StoreEdgeError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def _ours(_: Request, error: Exception) -> JSONResponse:
    for kind, status, title in _STATUS:
        if isinstance(error, kind):
            path = getattr(error, "path", "")
            errors = [{"path": path, "detail": str(error)}] if path else []
            return problem(status, title, str(error), errors)
    return problem(500, "fault of the service", str(error))


def _invalid(_: Request, error: Exception) -> JSONResponse:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    errors = [{"path": field_path(fault["loc"][1:]), "detail": fault["msg"]} for fault in faults]
    detail = "; ".join(f"{e['path']}: {e['detail']}" for e in errors)
    return problem(422, "not as the contract says", detail, errors)


def _http(_: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(error.detail) if isinstance(error, HTTPException) else str(error)
    return problem(status, detail, detail)


def field_path(parts: Sequence[int | str]) -> str:
    """Write a field's path as `changes[0].amount`."""
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path
