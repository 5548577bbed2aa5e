"""Heat maps as pictures: where people were, and for how long."""

from __future__ import annotations

import io
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, PngImagePlugin

from edge.traffic import HeatMap

CELL = 16  # pixels of the picture for a cell of the map
LEAST_SHARE = 0.02  # of the most; where people were for less than that, nothing is drawn
FAINTEST, STRONGEST = 0.3, 0.85  # how much the picture covers what lies under it
SCALE_PX = 40
MARGIN_PX = 10

# Inferno (Smith and van der Walt, matplotlib, CC0): equal steps of it look equal, in grey as well.
INFERNO = bytes.fromhex(
    "1b0c41 2f0a5b 4a0c6b 65156e 781c6d 932667 a52c60 bc3754 cf4446 e15635 ed6925 f78212 fb9b06 "
    "fbb61a f7d13d f1ed71 fcffa4"
)


def heat_png(heat: HeatMap, *, scale: bool = False) -> bytes:
    """Draw a heat map as PNG: clear where nobody was, from dark to bright with the time spent.

    Colours follow the root of the time, so that a way is seen beside a till. With a `scale` a strip
    below says how many seconds a colour stands for. The text `most_s` of the PNG has the most
    seconds of a cell.
    """
    cells = np.array(heat.cells, np.float32).reshape(heat.height, heat.width)
    most = float(cells.max())
    picture = _picture(cells / most if most > 0 else cells)
    if scale:
        picture = _with_scale(picture, most)
    told = PngImagePlugin.PngInfo()
    told.add_text("most_s", f"{most:g}")
    png = io.BytesIO()
    picture.save(png, "PNG", pnginfo=told)
    return png.getvalue()


def _picture(shares: NDArray[np.float32]) -> Image.Image:
    height, width = shares.shape
    rooted = Image.fromarray(np.sqrt(shares)).resize(
        (width * CELL, height * CELL), Image.Resampling.BICUBIC
    )
    values = np.clip(np.asarray(rooted), 0, 1)
    cover = FAINTEST + (STRONGEST - FAINTEST) * values
    alpha = np.where(values < sqrt(LEAST_SHARE), 0, cover)[..., None]
    pixels = np.concatenate((_colours(values), alpha * 255), axis=2)
    return Image.fromarray(pixels.astype(np.uint8), "RGBA")


def _colours(values: NDArray[np.float32]) -> NDArray[np.float32]:
    stops = np.frombuffer(INFERNO, np.uint8).reshape(-1, 3)
    at = np.linspace(0, 1, len(stops))
    mixed = [np.interp(values, at, stops[:, channel]) for channel in range(3)]
    return np.stack(mixed, axis=-1).astype(np.float32)


def _with_scale(picture: Image.Image, most: float) -> Image.Image:
    width, height = picture.size
    sheet = Image.new("RGBA", (width, height + SCALE_PX), "white")
    sheet.paste(picture, (0, 0))
    bar = max(1, width - 2 * MARGIN_PX)
    ramp = np.linspace(0, 1, bar, dtype=np.float32)[None].repeat(MARGIN_PX, axis=0)
    colours = Image.fromarray(_colours(ramp).astype(np.uint8), "RGB")
    sheet.paste(colours, (MARGIN_PX, height + 6))
    pen = ImageDraw.Draw(sheet)
    for share, anchor in ((0.0, "la"), (0.5, "ma"), (1.0, "ra")):
        place = (MARGIN_PX + share * bar, height + 8 + MARGIN_PX)
        pen.text(place, f"{share**2 * most:.3g} s", fill="black", font_size=12, anchor=anchor)
    return sheet
