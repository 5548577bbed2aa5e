"""The layout of a label as frozen tables: a TOML file for each panel size, one for the palettes.

A template's name is a panel's size and its palette, such as `296x128-bwr`.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import msgspec
from msgspec import Struct

from edge.errors import RenderError

_FOLDER = resources.files("devices.labels")
_SIZES = _FOLDER / "templates"


class Box(Struct, frozen=True, array_like=True):
    """A rectangle in pixels; `right` and `bottom` lie outside of it."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Give the width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Give the height in pixels."""
        return self.bottom - self.top

    @property
    def area(self) -> tuple[slice, slice]:
        """Give the rows and columns of the rectangle in an array of pixels."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


class Type(Struct, frozen=True, forbid_unknown_fields=True):
    """How a text is set: font sizes in pixels to try, how many lines, and a row's height."""

    largest: int
    smallest: int
    lines: int = 1
    height: int = 0


class Arrangement(Struct, frozen=True, forbid_unknown_fields=True):
    """Where things stand beside one kind of code.

    `offer` holds the price; promotion and further prices stand around it there, or in the box
    `extras` where the panel has one.
    `foot` holds the unit price and the stock state, `code` the code with its quiet zones.
    """

    offer: Box
    foot: Box
    code: Box
    extras: Box | None = None


class Panel(Struct, frozen=True, forbid_unknown_fields=True):
    """Where everything stands on panels of one size; `digits` is the font size below an EAN-13."""

    width: int
    height: int
    names: Box
    rule: Box
    name: Type
    second: Type
    promotion: Type
    price: Type
    aside: Type
    foot: Type
    digits: int
    ean: Arrangement
    qr: Arrangement


class Palette(Struct, frozen=True, forbid_unknown_fields=True):
    """The colours of a panel as RGB; the first is the ground. The other fields are their indices.

    `offer` is the price in a promotion; `promotion` and `member` are a ground and the ink on it.
    """

    colours: tuple[tuple[int, int, int], ...]
    text: int
    offer: int
    promotion: tuple[int, int]
    member: tuple[int, int]


class Template(Struct, frozen=True):
    """A panel in its colours."""

    panel: Panel
    palette: Palette


@cache
def _panels() -> dict[str, Panel]:
    files = {file.name.removesuffix(".toml"): file.read_bytes() for file in _SIZES.iterdir()}
    return {size: msgspec.toml.decode(files[size], type=Panel) for size in sorted(files)}


@cache
def _palettes() -> dict[str, Palette]:
    text = (_FOLDER / "palettes.toml").read_bytes()
    return msgspec.toml.decode(text, type=dict[str, Palette])


def templates() -> tuple[str, ...]:
    """Give the names of all templates."""
    return tuple(f"{size}-{palette}" for size in _panels() for palette in _palettes())


@cache
def template(name: str) -> Template:
    """Give a panel's layout and colours; raises RenderError when there is none of that name."""
    size, _, palette = name.partition("-")
    if size not in _panels() or palette not in _palettes():
        raise RenderError(f"template: expected one of {', '.join(templates())}, came {name!r}")
    return Template(_panels()[size], _palettes()[palette])
