"""The parts of a label: each has a box to itself, and the exact pixels that fill it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np

from devices.labels.layout import Box, Type
from devices.labels.typeset import Mask, Weight, write
from edge.errors import RenderError

if TYPE_CHECKING:
    from devices.labels.png import Pixels

_OVERHANG = 2  # pixels by which a stroke is longer than the text that it strikes


@dataclass(frozen=True, slots=True, eq=False)
class Element:
    """A part of the picture: nothing else stands in its box; `pixels` are palette indices."""

    field: str
    box: Box
    pixels: Pixels

    def moved(self, by: int) -> Element:
        """Give the same element further to the right, in pixels."""
        left, top, right, bottom = msgspec.structs.astuple(self.box)
        return Element(self.field, Box(left + by, top, right + by, bottom), self.pixels)


def inked(field: str, box: Box, mask: Mask, ink: int) -> Element:
    """Give an element of one colour on the label's ground."""
    pixels = mask.view(np.uint8)
    return Element(field, box, pixels if ink == 1 else pixels * np.uint8(ink))


def text(
    field: str,
    words: str,
    box: Box,
    style: Type,
    weight: Weight,
    ink: int,
    align: Literal["left", "right"] = "left",
) -> Element:
    """Write a text at one side of a box; raises RenderError when it does not fit.

    The element is as high as the box and as wide as the text.
    """
    mask = write(words, style, (box.width, box.height), weight, field).ink
    left = box.left if align == "left" else box.right - mask.shape[1]
    return inked(field, Box(left, box.top, left + mask.shape[1], box.bottom), mask, ink)


def chip(field: str, words: str, box: Box, style: Type, colours: tuple[int, int]) -> Element:
    """Write a text on a ground of its own, one line; raises RenderError where it is too long."""
    ground, ink = colours
    beside = max(3, box.height // 5)
    room = (box.width - 2 * beside, box.height - 2)
    try:
        mask = write(words, style, room, Weight.BOLD, field).ink
    except RenderError:
        mask = write(words, style, room, Weight.NARROW, field).ink
    pixels = np.full((box.height, mask.shape[1] + 2 * beside), ground, np.uint8)
    pixels[1:-1, beside:-beside][mask] = ink
    return Element(field, Box(box.left, box.top, box.left + pixels.shape[1], box.bottom), pixels)


def struck(field: str, words: str, box: Box, style: Type, ink: int) -> Element:
    """Write a text, one line, with a stroke through it; raises RenderError where too long."""
    room = (box.width - 2 * _OVERHANG, box.height)
    written = write(words, style, room, Weight.BOOK, field)
    mask = np.zeros((box.height, written.ink.shape[1] + 2 * _OVERHANG), np.bool_)
    mask[:, _OVERHANG:-_OVERHANG] = written.ink
    rows = np.flatnonzero(mask.any(axis=1))
    thickness = max(1, written.size // 12)
    top = (rows[0] + rows[-1] + 1 - thickness) // 2
    mask[top : top + thickness] = True
    return inked(field, Box(box.left, box.top, box.left + mask.shape[1], box.bottom), mask, ink)
