"""Shelf labels: what they show, binding, finding."""

from __future__ import annotations

from fastapi import APIRouter, Response

from edge.api.desk import DeskDep, operator, viewer
from edge.api.shapes import GtinQuery, GtinText, IdPath, Shape
from edge.commands import BindLabel, IdentifyLabel, RemoveLabel
from edge.errors import NotFound
from edge.queries import label_view
from edge.views import LabelView

router = APIRouter(tags=["labels"])


class LabelShape(Shape):
    """A shelf label and the picture that it shows or is to show."""

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


class LabelsPage(Shape):
    """All labels."""

    items: list[LabelShape]


class Binding(Shape):
    """The product that a label is to show."""

    gtin: GtinText


class CommandSent(Shape):
    """The id of a command; the device's answer carries it."""

    id: str


@router.get("/labels", dependencies=[viewer])
def list_labels(desk: DeskDep, gtin: GtinQuery = None) -> LabelsPage:
    """List the labels, or those of a product."""
    return LabelsPage(items=[_shape(label_view(row)) for row in desk.queries.labels(gtin)])


@router.get(
    "/labels/{label}/image.png",
    dependencies=[viewer],
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}},
)
def get_picture(desk: DeskDep, label: IdPath) -> Response:
    """Give the picture that a label shows or is to show."""
    row = desk.queries.label(label)
    if row is None:
        raise NotFound(f"expected a configured label, came {label!r}", "label")
    png = desk.queries.picture(row.image) if row.image else None
    if png is None:
        raise NotFound(f"nothing was drawn for {label} yet: bind it to a product with a price")
    return Response(png, media_type="image/png", headers={"ETag": f'"{row.image}"'})


@router.post("/labels/{label}/bind", dependencies=[operator], status_code=204)
def bind(desk: DeskDep, label: IdPath, body: Binding) -> None:
    """Let a label show a product."""
    desk.execute(BindLabel(label, body.gtin))


@router.post("/labels/{label}/remove", dependencies=[operator], status_code=204)
def remove(desk: DeskDep, label: IdPath) -> None:
    """Say that a label hangs on no shelf any more: what it may be showing binds no price."""
    desk.execute(RemoveLabel(label))


@router.post("/labels/{label}/identify", dependencies=[operator], status_code=202)
def identify(desk: DeskDep, label: IdPath) -> CommandSent:
    """Let a label flash."""
    return CommandSent(id=desk.execute(IdentifyLabel(label)))


def _shape(view: LabelView) -> LabelShape:
    return LabelShape(
        label=view.label,
        device=view.device,
        shelf=view.shelf,
        gtin=view.gtin,
        name=view.name,
        amount=view.amount,
        state=view.state,
        image=view.image,
        battery_mv=view.battery_mv,
        problem=view.problem,
    )
