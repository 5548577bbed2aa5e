"""The price in tall digits, and the same digits read back from a picture.

Whole units stand tall, symbol and fraction at about half their size on the same baseline. There is
a column without ink between any two characters, so that each can be told from its shape alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from devices.labels.typeset import Face, Font, Glyph, Mask, Weight, face_for
from edge.errors import RenderError

if TYPE_CHECKING:
    from devices.labels.layout import Type
    from devices.labels.price import Price

_Shape: TypeAlias = tuple[int, int, bytes]

_SMALL = 0.55  # of the size of whole units
_DIGITS = "0123456789"
_UNKNOWN = "\ufffd"


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """A price as it was set: its ink (height x width), its baseline in it, and its fonts."""

    text: str
    ink: Mask
    baseline: int
    fonts: tuple[Font, Font]


def figures(amount: Price, style: Type, room: tuple[int, int]) -> Figures:
    """Set a price as large as a room of (width, height) pixels allows, centred in its height.

    Raises RenderError when it does not fit at the smallest size.
    """
    face = face_for(amount.text, Weight.NARROW, "price")
    width, height = room
    wide, top, bottom = _measure(_glyphs(amount, face, style.largest))
    most = min(style.largest * width // wide, style.largest * height // (bottom - top)) + 3
    for size in range(max(min(style.largest, most), style.smallest), style.smallest - 1, -1):
        glyphs = _glyphs(amount, face, size)
        wide, top, bottom = _measure(glyphs)
        if wide <= width and bottom - top <= height:
            break
    else:
        raise RenderError(
            f"price: {amount.text} does not fit into {width}x{height} pixels at font size "
            f"{style.smallest}: take a larger label"
        )
    ink = np.zeros((height, width), np.bool_)
    baseline = (height - (bottom - top)) // 2 - top
    for pen, glyph in zip(_pens(glyphs)[0], glyphs, strict=True):
        top, left = baseline + glyph.top, pen + glyph.left
        ink[top : top + glyph.height, left : left + glyph.width] = glyph.ink
    return Figures(amount.text, ink, baseline, (face.at(size), face.at(round(size * _SMALL))))


def _glyphs(amount: Price, face: Face, size: int) -> list[Glyph]:
    tall, small = face.at(size), face.at(round(size * _SMALL))
    return [
        glyph
        for part, is_tall in amount.parts
        for glyph in (tall if is_tall else small).glyphs(part)
    ]


def _measure(glyphs: list[Glyph]) -> tuple[int, int, int]:
    """Give the width of the ink, and where it begins and ends above and below the baseline."""
    bottom = max([glyph.top + glyph.height for glyph in glyphs])
    return _pens(glyphs)[1], min([glyph.top for glyph in glyphs]), bottom


def _pens(glyphs: list[Glyph]) -> tuple[list[int], int]:
    """Give where the pen stands for each character, and where the ink of the last ends."""
    pens: list[int] = []
    edge = pen = -1
    for glyph in glyphs:
        if glyph.width:
            least = edge + 1 - glyph.left
            pen = max(pen, least) if pens else least
            edge = pen + glyph.left + glyph.width
        pens.append(pen)
        # Half a space is enough to part a symbol from its number.
        pen += glyph.advance // (1 if glyph.width else 2)
    return pens, edge


def read_back(ink: Mask, meant: Figures) -> str:
    """Read a price from its ink alone: every run of columns must be a whole known character.

    Gives the text without spaces; a shape that is none of the characters gives U+FFFD.
    """
    inked = np.concatenate(([False], ink.any(axis=0), [False]))
    edges = np.flatnonzero(inked[1:] != inked[:-1]).tolist()
    symbols = "".join(sorted(set(meant.text) - set(_DIGITS) - {" "}))
    tall, small = (_alphabet(font, symbols) for font in meant.fonts)
    read = []
    for left, right in zip(edges[::2], edges[1::2], strict=True):
        shape = _shape(ink[:, left:right], -meant.baseline)
        read.append(tall.get(shape) or small.get(shape, _UNKNOWN))
    return "".join(read)


def _shape(ink: Mask, top: int) -> _Shape:
    """Give what tells ink from all other: its width, where it starts, and its pixels from there.

    `top` is the row of the first pixels, from the baseline; white above and below tells nothing.
    """
    width, pixels = ink.shape[1], ink.tobytes()
    started = pixels.lstrip(b"\0")
    return width, top * width + len(pixels) - len(started), started.rstrip(b"\0")


@lru_cache(maxsize=512)
def _alphabet(font: Font, symbols: str) -> dict[_Shape, str]:
    """Give the characters of a price by their shapes; no two digits share one."""
    glyphs = {character: font.glyph(character) for character in symbols + _DIGITS}
    return {_shape(glyph.ink, glyph.top): character for character, glyph in glyphs.items()}
