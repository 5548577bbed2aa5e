"""Types that several routes share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from biip import ParseError
from biip.gtin import Gtin
from biip.sscc import Sscc
from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

T = TypeVar("T")

LARGEST = 2**53 - 1  # beyond it, JavaScript and many JSON libraries lose digits (RFC 8259, 6)
PLAIN = r"^[^\x00-\x1f\x7f]*$"  # PostgreSQL keeps no NUL, a label draws no control character
UNITS = 1_000_000  # more of one product in one correction is a slip of the finger


def gtin14(text: str) -> str:
    """Give a GTIN of 8 to 14 digits with all 14; its check digit must be right."""
    try:
        gtin = Gtin.parse(text) if text.isascii() else None  # biip takes digits of every script
    except ParseError:
        gtin = None
    if gtin is None:
        raise PydanticCustomError(
            "gtin", "expected a GTIN of 8, 12, 13 or 14 digits with a right check digit"
        )
    return gtin.as_gtin_14()


def _sscc(text: str) -> str:
    try:
        return Sscc.parse(text if text.isascii() else "").value
    except ParseError:
        raise PydanticCustomError(
            "sscc", "expected an SSCC of 18 digits with a right check digit"
        ) from None


def _moment(value: object) -> datetime:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise PydanticCustomError("time", "expected RFC 3339 with an offset, such as ...T09:00:00Z")
    return at


GtinText = Annotated[str, AfterValidator(gtin14), Field(examples=["06901815908304"])]
GtinPath = Annotated[str, Path(), AfterValidator(gtin14)]
GtinQuery = Annotated[str | None, Query(), AfterValidator(lambda g: g if g is None else gtin14(g))]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Limit = Annotated[int, Query(ge=1, le=1000, description="rows in an answer")]
After = Annotated[
    str,
    Query(
        alias="cursor",
        description="`next` of the page before",
        max_length=200,
        pattern=PLAIN,
    ),
]
Position = Annotated[int, Query(ge=0, le=LARGEST)]
IdPath = Annotated[str, Path(max_length=128, pattern=PLAIN)]
IdQuery = Annotated[str | None, Query(max_length=128, pattern=PLAIN)]
Word = Annotated[str, Field(max_length=200, pattern=PLAIN)]
SsccText = Annotated[str, AfterValidator(_sscc), Field(examples=["106141412345678908"])]
SsccPath = Annotated[str, Path(), AfterValidator(_sscc)]
EpcText = Annotated[
    str,
    AfterValidator(str.upper),
    Field(pattern=r"^(?:[0-9A-Fa-f]{2}){4,32}$", description="8 to 64 hex digits, an even number"),
]
OperationId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=128,
        pattern=PLAIN,
        description="made by the client; what comes again with the same one is not done again",
    ),
]
SomeUnits = Annotated[int, Field(strict=True, ge=1, le=UNITS)]
Units = Annotated[int, Field(strict=True, ge=-UNITS, le=UNITS)]


class Shape(BaseModel):
    """A body of the API: an unknown field is ignored, so that the contract can grow."""

    model_config = ConfigDict(frozen=True)


class Told(Shape):
    """What somebody tells about stock."""

    id: OperationId | None = None


class Page(Shape, Generic[T]):
    """A page of rows; `next` goes into `cursor` for the page after it, null at the end."""

    items: list[T]
    next: str | None = None


def millis(at: datetime) -> int:
    """Give epoch milliseconds."""
    return round(at.timestamp() * 1000)
