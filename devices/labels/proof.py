"""The proof that a picture is what was meant, from the bytes that are handed over.

The picture is decoded again. Then its code is read as a scanner would, its price from the shapes
of its digits, and every element is compared with its pixels. What could mislead a shopper raises.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import zxingcpp
from PIL import Image
from zxingcpp import BarcodeFormat as Format

from devices.labels.figures import read_back
from edge.errors import RenderError

if TYPE_CHECKING:
    from devices.labels.drawing import Drawing
    from devices.labels.layout import Box, Template
    from devices.labels.png import Pixels

_FORMATS = zxingcpp.BarcodeFormats([Format.EAN13, Format.QRCode])


def prove(png: bytes, meant: Drawing) -> None:
    """Raise RenderError unless a picture is the drawing that was meant, whole and readable."""
    pixels = _decoded(png, meant.template)
    _stand_apart(meant)
    _as_meant(pixels, meant)
    _price_reads(pixels, meant)
    _code_reads(pixels, meant)


def _decoded(png: bytes, look: Template) -> Pixels:
    """Give height x width palette indices; size and palette must be those of the panel."""
    with Image.open(io.BytesIO(png)) as image:
        pixels, size, palette = np.asarray(image), image.size, image.getpalette()
    panel, colours = look.panel, look.palette.colours
    if size != (panel.width, panel.height) or pixels.dtype != np.uint8:
        raise RenderError(
            f"picture: expected {panel.width}x{panel.height} in a palette, came {size}"
        )
    wanted = [value for colour in colours for value in colour]
    if palette is None or palette[: len(wanted)] != wanted or pixels.max() >= len(colours):
        raise RenderError(f"picture: expected no colours but {colours}, came others")
    return pixels


def _stand_apart(meant: Drawing) -> None:
    """Every box lies on the panel, and no two share a pixel."""
    panel = meant.template.panel
    taken = np.zeros((panel.height, panel.width), np.bool_)
    for element in meant.elements:
        room = taken[element.box.area]
        if room.shape != element.pixels.shape or room.any():
            raise RenderError(f"{element.field}: would overlap with another part of the label")
        room[:] = True


def _as_meant(pixels: Pixels, meant: Drawing) -> None:
    """Every element is there to the pixel, and there is nothing besides."""
    if np.array_equal(pixels, meant.pixels()):
        return
    for element in meant.elements:
        if not np.array_equal(pixels[element.box.area], element.pixels):
            raise RenderError(f"{element.field}: the picture does not show it as it was meant")
    raise RenderError("picture: expected white around the text, came ink")


def _price_reads(pixels: Pixels, meant: Drawing) -> None:
    box = _box_of("price", meant)
    read = read_back(pixels[box.area] != 0, meant.figures)
    if read != meant.figures.text.replace(" ", ""):
        raise RenderError(f"price: expected {meant.figures.text} on the label, read {read!r}")


def _code_reads(pixels: Pixels, meant: Drawing) -> None:
    """Read the code from its box, quiet zones included; what is not white is dark."""
    box = _box_of("barcode", meant)
    bright = (pixels[box.area] == 0) * np.uint8(255)
    found = zxingcpp.read_barcodes(
        bright,
        formats=_FORMATS,
        binarizer=zxingcpp.Binarizer.FixedThreshold,
        try_rotate=False,
        try_downscale=False,
        try_invert=False,
    )
    read = [code.text for code in found]
    if read != [meant.code]:
        raise RenderError(
            f"barcode: expected {meant.code!r} to be readable on the label, read {read}"
        )


def _box_of(field: str, meant: Drawing) -> Box:
    return next(element.box for element in meant.elements if element.field == field)
