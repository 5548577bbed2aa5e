"""Types that several routes share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from biip import ParseError
from biip.gtin import Gtin
from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

T = TypeVar("T")


def gtin14(text: str) -> str:
    """Give a GTIN of 8 to 14 digits with all 14; its check digit must be right."""
    try:
        return Gtin.parse(text).as_gtin_14()
    except ParseError as fault:
        raise PydanticCustomError(
            "gtin", "expected a GTIN of 8, 12, 13 or 14 digits with a right check digit"
        ) from fault


def _moment(value: object) -> object:
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    return value


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise PydanticCustomError("time", "expected RFC 3339 with an offset, such as ...T09:00:00Z")
    return value


GtinText = Annotated[str, AfterValidator(gtin14), Field(examples=["06901815908304"])]
GtinPath = Annotated[str, Path(), AfterValidator(gtin14)]
GtinQuery = Annotated[str | None, Query(), AfterValidator(lambda g: g if g is None else gtin14(g))]
Moment = Annotated[datetime, BeforeValidator(_moment), AfterValidator(_aware)]
Limit = Annotated[int, Query(ge=1, le=1000, description="rows in an answer")]
After = Annotated[str, Query(alias="cursor", description="`next` of the page before")]


class Shape(BaseModel):
    """A body of the API: an unknown field is ignored, so that the contract can grow."""

    model_config = ConfigDict(frozen=True)


class Page(Shape, Generic[T]):
    """A page of rows; `next` goes into `cursor` for the page after it, null at the end."""

    items: list[T]
    next: str | None = None


def millis(at: datetime) -> int:
    """Give epoch milliseconds."""
    return round(at.timestamp() * 1000)
