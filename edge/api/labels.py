"""Shelf labels: what they show, how they do, binding, finding."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query, Response
from msgspec.structs import asdict
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from edge.api.desk import Desk, DeskDep, operator, viewer
from edge.api.scanned import label_of, product_of
from edge.api.shapes import PLAIN, GtinQuery, GtinText, IdPath, IdQuery, Shape
from edge.commands import BindLabel, IdentifyLabel, LedColour, RemoveLabel
from edge.errors import NotFound
from edge.labels import Label
from edge.queries import label_view

router = APIRouter(tags=["labels"])

AT_ONCE = 100  # labels that flash for one request


class LabelShape(Shape):
    """A shelf label and the picture that it shows or is to show.

    `confirmed` when it is certain what is on its glass. `problems` are codes; `problem` is why a
    picture could not be drawn, or those codes.
    """

    label: str
    device: str
    shelf: str | None
    gtin: str | None
    name: str
    amount: int | None
    state: str
    image: str | None
    battery_mv: int | None
    problem: str | None
    rssi: float | None
    temp_c: float | None
    last_seen: datetime | None
    problems: list[str]
    confirmed: bool


class LabelsPage(Shape):
    """All labels."""

    items: list[LabelShape]


class Binding(Shape):
    """The product that a label is to show."""

    gtin: GtinText


Scanned = Annotated[str, Field(min_length=1, max_length=4096)]


class ScannedBinding(Shape):
    """A label and a product as a scanner reads them.

    `label` is its id or MAC address, or a web address that ends in one of them; `product` any code
    that is printed on goods.
    """

    label: Scanned
    product: Scanned


class Flash(Shape):
    """How a label is to flash."""

    colour: LedColour = "green"
    seconds: Annotated[int, Field(strict=True, ge=1, le=600)] = 10


class FlashMany(Flash):
    """The labels that are to flash: those of a product, or these."""

    gtin: GtinText | None = None
    labels: Annotated[
        list[Annotated[str, Field(max_length=128, pattern=PLAIN)]] | None,
        Field(min_length=1, max_length=AT_ONCE),
    ] = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.gtin is None) == (self.labels is None):
            raise PydanticCustomError("labels", "expected gtin or labels, one of the two")
        return self


class CommandSent(Shape):
    """The id of a command; the device's answer carries it."""

    id: str


class LabelFlash(CommandSent):
    """The command that lets a label flash."""

    label: str


@router.get("/labels", dependencies=[viewer])
def list_labels(
    desk: DeskDep,
    gtin: GtinQuery = None,
    problem: Annotated[
        str | None, Query(max_length=128, pattern=PLAIN, description="a code such as lost")
    ] = None,
    device: IdQuery = None,
) -> LabelsPage:
    """List the labels: all, or those of a product, with a problem, of a device."""
    rows = desk.queries.labels(gtin, device)
    wanted = [row for row in rows if problem is None or problem in row.problems]
    return LabelsPage(items=[_shape(row) for row in wanted])


@router.get(
    "/labels/{label}/image.png",
    dependencies=[viewer],
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}},
)
def get_picture(desk: DeskDep, label: IdPath) -> Response:
    """Give the picture that a label shows or is to show."""
    row = _label(desk, label)
    png = desk.queries.picture(row.image) if row.image else None
    if png is None:
        raise NotFound(f"nothing was drawn for {label} yet: bind it to a product with a price")
    return Response(png, media_type="image/png", headers={"ETag": f'"{row.image}"'})


@router.post("/labels/bind", dependencies=[operator])
def bind_scanned(desk: DeskDep, body: ScannedBinding) -> LabelShape:
    """Let a label show a product, both as they were scanned."""
    label, gtin = label_of(desk, body.label), product_of(desk, body.product)
    desk.execute(BindLabel(label, gtin))
    return _shape(_label(desk, label))


@router.post("/labels/identify", dependencies=[operator], status_code=202)
def identify_many(desk: DeskDep, body: FlashMany) -> list[LabelFlash]:
    """Let all labels of a product flash, or some labels: pick to light."""
    return [
        LabelFlash(label=name, id=desk.execute(IdentifyLabel(name, body.colour, body.seconds)))
        for name in _to_flash(desk, body)
    ]


@router.post("/labels/{label}/bind", dependencies=[operator], status_code=204)
def bind(desk: DeskDep, label: IdPath, body: Binding) -> None:
    """Let a label show a product."""
    desk.execute(BindLabel(label, body.gtin))


@router.post("/labels/{label}/remove", dependencies=[operator], status_code=204)
def remove(desk: DeskDep, label: IdPath) -> None:
    """Say that a label hangs on no shelf any more: what it may be showing binds no price."""
    desk.execute(RemoveLabel(label))


@router.post("/labels/{label}/identify", dependencies=[operator], status_code=202)
def identify(desk: DeskDep, label: IdPath, body: Flash | None = None) -> CommandSent:
    """Let a label flash."""
    flash = body or Flash()
    return CommandSent(id=desk.execute(IdentifyLabel(label, flash.colour, flash.seconds)))


def _label(desk: Desk, name: str) -> Label:
    row = desk.queries.label(name)
    if row is None:
        raise NotFound(f"expected a configured label, came {name!r}", "label")
    return row


def _to_flash(desk: Desk, body: FlashMany) -> list[str]:
    """Give the labels that are to flash; raises NotFound before any does, where one is unknown."""
    if body.labels is None:
        found = [row.label for row in desk.queries.labels(body.gtin)]
        if not found:
            raise NotFound(f"no label is bound to {body.gtin}", "gtin")
        return found[:AT_ONCE]
    known = {row.label for row in desk.queries.labels()}
    for n, name in enumerate(body.labels):
        if name not in known:
            raise NotFound(f"expected a configured label, came {name!r}", f"labels[{n}]")
    return list(dict.fromkeys(body.labels))


def _shape(row: Label) -> LabelShape:
    view = asdict(label_view(row))
    return LabelShape(**{**view, "problems": list(row.problems)})
