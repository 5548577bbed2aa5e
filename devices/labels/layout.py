"""The layout of a label as a frozen table, one TOML file for each panel."""

from __future__ import annotations

from functools import cache
from importlib import resources

import msgspec
from msgspec import Struct

from edge.errors import RenderError

_FOLDER = resources.files("devices.labels") / "templates"


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


class TextArea(Struct, frozen=True, forbid_unknown_fields=True):
    """Room for a text: font sizes in pixels to try, and how many lines there may be."""

    box: Box
    largest: int
    smallest: int
    lines: int = 1


class CodeArea(Struct, frozen=True, forbid_unknown_fields=True):
    """Room for a barcode with its quiet zones; `digits` is the font size below an EAN-13."""

    box: Box
    digits: int


class Template(Struct, frozen=True, forbid_unknown_fields=True):
    """Where everything stands on one panel; `rule` is the height of the line below the name."""

    width: int
    height: int
    rule: int
    name: TextArea
    name_with_second: TextArea
    second: TextArea
    promotion: TextArea
    price: TextArea
    price_in_promotion: TextArea
    unit: TextArea
    code: CodeArea


@cache
def template(name: str) -> Template:
    """Give a panel's layout; raises RenderError when there is none of that name."""
    known = {file.name.removesuffix(".toml"): file for file in _FOLDER.iterdir()}
    if name not in known:
        expected = ", ".join(sorted(known))
        raise RenderError(f"template: expected one of {expected}, came {name!r}")
    return msgspec.toml.decode(known[name].read_bytes(), type=Template)
