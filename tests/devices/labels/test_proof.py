"""The proof of a picture: one that is damaged anywhere is refused, and the field is named."""

from __future__ import annotations

import io
from dataclasses import replace as altered

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from devices.labels.drawing import Drawing, draw
from devices.labels.elements import Element
from devices.labels.figures import read_back
from devices.labels.layout import templates
from devices.labels.png import Pixels, encoded
from devices.labels.proof import prove
from edge.errors import RenderError
from edge.events import LabelContent

LABEL = LabelContent(
    "04006381333931",
    "Whole Milk",
    84900,
    "EUR",
    "296x128-bwry",
    names={"zh": "牛奶"},
    promotion="-10 %",
    regular=94900,
    member=79900,
    stock="in",
    unit_price=84900,
    per="l",
)
FIELDS = (
    "names",
    "name",
    "rule",
    "promotion",
    "regular",
    "member",
    "price",
    "unit",
    "stock",
    "barcode",
)


@pytest.fixture
def drawing() -> Drawing:
    """Draw a label with everything on it."""
    return draw(LABEL, None, None)


def part(drawing: Drawing, field: str) -> Element:
    """Give the element of a field."""
    return next(element for element in drawing.elements if element.field == field)


def png(pixels: Pixels, drawing: Drawing) -> bytes:
    """Encode a picture in the label's colours."""
    return encoded(pixels, drawing.template.palette.colours)


def test_a_label_has_every_field(drawing: Drawing) -> None:
    """The label that the damage is done to is whole, and passes."""
    assert {element.field for element in drawing.elements} == set(FIELDS)
    prove(png(drawing.pixels(), drawing), drawing)


@pytest.mark.parametrize("field", FIELDS)
def test_cut_ink_is_refused(field: str, drawing: Drawing) -> None:
    """Half of an element is missing."""
    box, pixels = part(drawing, field).box, drawing.pixels()
    pixels[box.top : box.bottom, box.left + box.width // 2 : box.right] = 0
    with pytest.raises(RenderError, match=f"^{field}: "):
        prove(png(pixels, drawing), drawing)


@pytest.mark.parametrize("field", FIELDS)
def test_one_wrong_pixel_is_refused(field: str, drawing: Drawing) -> None:
    """A single pixel of an element has another colour."""
    box, pixels = part(drawing, field).box, drawing.pixels()
    row, column = np.argwhere(pixels[box.area])[0]
    pixels[box.top + row, box.left + column] = 3 - pixels[box.top + row, box.left + column]
    with pytest.raises(RenderError, match=f"^{field}: "):
        prove(png(pixels, drawing), drawing)


def test_stray_ink_is_refused(drawing: Drawing) -> None:
    """A dot where nothing was meant."""
    pixels = drawing.pixels()
    pixels[0, 0] = 1
    with pytest.raises(RenderError, match=r"^picture: expected white"):
        prove(png(pixels, drawing), drawing)


@pytest.mark.parametrize("name", templates())
def test_a_price_is_read_from_its_pixels_alone(name: str) -> None:
    """Every digit is known by its shape, at every size."""
    for amount in (12, 345, 6789, 102345):
        drawing = draw(
            replace(LABEL, amount=amount, regular=None, member=None, template=name), None, None
        )
        read = read_back(drawing.pixels()[part(drawing, "price").box.area] != 0, drawing.figures)
        assert read == drawing.figures.text.replace(" ", "")


def test_a_lost_digit_is_read_as_another_price(drawing: Drawing) -> None:
    """Of 849,00 only 49,00 is left: the price that is read is not the price that was meant."""
    area = drawing.pixels()[part(drawing, "price").box.area] != 0
    gaps = np.flatnonzero(~area.any(axis=0))
    area[:, : gaps[gaps > np.flatnonzero(area.any(axis=0))[0]][0]] = False
    assert read_back(area, drawing.figures) == "49,00€"


def test_a_cut_digit_is_no_digit(drawing: Drawing) -> None:
    """The upper half of a price reads as no digits at all, even if that had been meant."""
    box = part(drawing, "price").box
    area = drawing.pixels()[box.area] != 0
    area[: area.shape[0] // 2] = False
    assert "8" not in read_back(area, drawing.figures)
    cut = altered(part(drawing, "price"), pixels=area.astype(np.uint8))
    meant = altered(
        drawing,
        elements=tuple(cut if e.field == "price" else e for e in drawing.elements),
    )
    with pytest.raises(RenderError, match=r"^price: expected 849,00 € on the label, read"):
        prove(png(meant.pixels(), meant), meant)


def test_a_wrong_code_is_refused(drawing: Drawing) -> None:
    """The code of another product reads well, and is refused all the same."""
    other = draw(replace(LABEL, gtin="06901234567892"), None, None)
    with pytest.raises(RenderError, match=r"^barcode: expected '4006381333931'.* read"):
        prove(png(other.pixels(), other), altered(other, code=drawing.code))


def test_parts_that_overlap_are_refused(drawing: Drawing) -> None:
    """Text over the price is refused, even if it had been meant to be there."""
    over = altered(
        part(drawing, "unit"),
        box=part(drawing, "price").box,
        pixels=np.ones_like(part(drawing, "price").pixels),
    )
    meant = altered(drawing, elements=(*drawing.elements, over))
    with pytest.raises(RenderError, match=r"^unit: would overlap"):
        prove(png(meant.pixels(), meant), meant)


def test_other_colours_are_refused(drawing: Drawing) -> None:
    """A palette that is not exactly the panel's would be dithered by the panel."""
    nearly = ((255, 255, 255), (0, 0, 0), (254, 0, 0), (255, 255, 0))
    with pytest.raises(RenderError, match=r"^picture: expected no colours but"):
        prove(encoded(drawing.pixels(), nearly), drawing)


def test_another_size_is_refused(drawing: Drawing) -> None:
    """A picture that lost its last row is not for this panel."""
    with pytest.raises(RenderError, match=r"^picture: expected 296x128"):
        prove(png(drawing.pixels()[:-1], drawing), drawing)


def test_the_encoding_keeps_every_pixel(drawing: Drawing) -> None:
    """Decoded by another program, the picture has the indices that went in, in two bits each."""
    pixels = drawing.pixels()
    for colours, size in (
        (((255, 255, 255), (0, 0, 0)), (107, 61)),
        (drawing.template.palette.colours, (9, 296)),
        (drawing.template.palette.colours, (128, 293)),
    ):
        given = pixels[: size[0], : size[1]] % len(colours)
        with Image.open(io.BytesIO(encoded(given, colours))) as image:
            assert np.array_equal(np.asarray(image), given)
