"""Draw what a label shows, in the exact colours of its panel, and prove it before it is sent.

Text is drawn 1-bit, since antialiasing would be dithered by the panel. Anything that could mislead
a shopper (text cut, glyph missing, barcode unreadable) raises RenderError instead of giving a
picture.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from devices.labels.drawing import draw
from devices.labels.png import encoded
from devices.labels.proof import prove

if TYPE_CHECKING:
    from edge.events import LabelContent


def render(
    content: LabelContent,
    barcode: str | None = None,
    locale: str | None = None,
    *,
    verify: bool = True,
) -> bytes:
    """Draw a label as a PNG in its panel's colours; the same content gives the same bytes.

    The barcode is the GTIN as EAN-13, or as GS1 Digital Link QR code when it has 14 digits;
    `barcode` replaces it by another text (13 digits are an EAN-13, anything else a QR code).
    `locale` such as `de_AT` is how prices and stock are written; the currency's own country when
    None. `verify` is off only where the price of verification is measured.
    Raises RenderError when the picture would be wrong.
    """
    drawing = draw(content, barcode, locale)
    png = encoded(drawing.pixels(), drawing.template.palette.colours)
    if verify:
        prove(png, drawing)
    return png


def image_hash(png: bytes) -> str:
    """Give a picture's identity: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(png).hexdigest()[:16]
