"""The code of a label: an EAN-13 with its digits, or a QR code, as pixels of its own room."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import zxingcpp
from zxingcpp import BarcodeFormat as Format

from devices.gtin import check_digit
from devices.labels.layout import Type
from devices.labels.typeset import Mask, Weight, fit, written
from edge.errors import RenderError

if TYPE_CHECKING:
    from devices.labels.layout import Box

_DIGITAL_LINK = "https://id.gs1.org"
_EAN_QUIET = (11, 7)  # modules on the left and on the right (GS1 General Specifications, 5.2.3.4)
_EAN_MODULES = 95
# The modules of the digits in set A, 1 is black; C is A with black and white exchanged, B is C from
# right to left. The first digit is not drawn: it chooses A or B for those on the left (5.2.1.2).
_SET_A = (
    *("0001101", "0011001", "0010011", "0111101", "0100011"),
    *("0110001", "0101111", "0111011", "0110111", "0001011"),
)
_SET_C = tuple(bits.translate(str.maketrans("01", "10")) for bits in _SET_A)
_LEFT_SETS = {"A": _SET_A, "B": tuple(bits[::-1] for bits in _SET_C)}
_LEFT = (
    *("AAAAAA", "AABABB", "AABBAB", "AABBBA", "ABAABB"),
    *("ABBAAB", "ABBBAA", "ABABAB", "ABABBA", "ABBABA"),
)
_GUARD, _CENTRE = "101", "01010"
_QR_QUIET = 4  # modules on each side (ISO/IEC 18004)
_QR_LEAST_SCALE = 2  # pixels; a phone does not read single-pixel modules on a label


def digital_link(gtin: str, root: str = _DIGITAL_LINK) -> str:
    """Give the GS1 Digital Link of a GTIN of 14 digits, at a resolver or at the shop's own site."""
    return f"{root.rstrip('/')}/01/{gtin}"


def code_text(gtin: str) -> str:
    """Give what a GTIN's code says: 13 digits where they hold it, a Digital Link otherwise."""
    return gtin[1:] if gtin.startswith("0") else digital_link(gtin)


def is_ean13(text: str) -> bool:
    """Say whether a code is an EAN-13; all others are QR codes."""
    return len(text) == 13 and text.isdecimal()  # noqa: PLR2004  (the symbology's name says so)


def ean13(text: str, box: Box, digits: int) -> Mask:
    """Draw bars from top to bottom with their digits below, quiet zones kept.

    Gives the box's height x width, True where black. Raises RenderError when the check digit is
    wrong or the code does not fit.
    """
    scale = box.width // (sum(_EAN_QUIET) + _EAN_MODULES)
    if scale < 1:
        raise RenderError(f"barcode: an EAN-13 does not fit into {box.width} pixels")
    bars = np.repeat(_bars(text), scale)
    height, left = digits, _EAN_QUIET[0] * scale
    style = Type(digits + 2, digits - 2)
    setting = fit(text, style, (len(bars), height), Weight.BOOK, "barcode")
    caption = written(setting, height, "barcode")
    mask = np.zeros((box.height, box.width), np.bool_)
    columns = slice(left, left + len(bars))
    mask[: box.height - height - max(1, scale), columns] = bars
    middle = left + (len(bars) - caption.shape[1]) // 2
    mask[box.height - height :, middle : middle + caption.shape[1]] = caption
    return mask


def qr(text: str, box: Box) -> Mask:
    """Draw a QR code as large as whole pixels allow, in the middle of a box with its quiet zone.

    Gives the box's height x width, True where black. Raises RenderError when the modules would
    be too small to read.
    """
    modules = _modules(text)
    side = len(modules) + 2 * _QR_QUIET
    scale = min(box.width, box.height) // side
    if scale < _QR_LEAST_SCALE:
        raise RenderError(
            f"barcode: {text!r} needs {side * _QR_LEAST_SCALE} pixels as a QR code, there are "
            f"{min(box.width, box.height)}: shorten it"
        )
    black = np.repeat(np.repeat(modules, scale, axis=0), scale, axis=1)
    mask = np.zeros((box.height, box.width), np.bool_)
    top, left = (box.height - len(black)) // 2, (box.width - len(black)) // 2
    mask[top : top + len(black), left : left + len(black)] = black
    return mask


def _bars(text: str) -> Mask:
    """Give an EAN-13's modules without quiet zones, True where black."""
    if not text.isascii() or check_digit(text[:-1]) != text[-1]:
        raise RenderError(f"barcode: {text!r} cannot be an EAN-13: its check digit is wrong")
    first, *digits = map(int, text)
    left = [_LEFT_SETS[which][digit] for which, digit in zip(_LEFT[first], digits, strict=False)]
    right = [_SET_C[digit] for digit in digits[6:]]
    modules = "".join((_GUARD, *left, _CENTRE, *right, _GUARD)).encode()
    return np.asarray(np.frombuffer(modules, np.uint8) == ord("1"), np.bool_)


@lru_cache(maxsize=1024)
def _modules(text: str) -> Mask:
    """Give a QR code's modules without quiet zones, True where black."""
    try:
        barcode = zxingcpp.create_barcode(text, Format.QRCode)
    except ValueError as fault:
        raise RenderError(f"barcode: {text!r} cannot be a QR code: {fault}") from fault
    pixels = np.array(barcode.to_image(scale=1, add_quiet_zones=False), np.uint8)
    return np.asarray(pixels == 0, np.bool_)
