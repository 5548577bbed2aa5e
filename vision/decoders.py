"""The barcode decoders behind one port: zxing-cpp, and pyzbar where libzbar0 is installed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray
from zxingcpp import BarcodeFormat as Format

Pixels: TypeAlias = NDArray[np.uint8]
Polygon: TypeAlias = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Code:
    """One code in a picture.

    `text` is as printed (8 digits for UPC-E, 12 for UPC-A), element strings without brackets and
    with FNC1 as U+001D. `polygon` is in pixels of the picture, clockwise or not.
    """

    text: str
    symbology: str
    decoder: str
    polygon: Polygon


class Decoder(Protocol):
    """Reads the codes in one picture; a port for decoding libraries."""

    name: str

    def read(self, image: Pixels) -> tuple[Code, ...]:
        """Give every code that this decoder sees; `image` is HxW or HxWx3 (BGR), uint8."""
        ...


_ZXING_NAMES = {
    Format.EAN13: "ean13",
    Format.EAN8: "ean8",
    Format.UPCA: "upca",
    Format.UPCE: "upce",
    Format.ISBN: "ean13",
    Format.Code128: "code128",
    Format.Code39: "code39",
    Format.Code93: "code93",
    Format.ITF: "itf14",
    Format.ITF14: "itf14",
    Format.DataBarOmni: "databar",
    Format.DataBarStk: "databar_stacked",
    Format.DataBarStkOmni: "databar_stacked",
    Format.DataBarLtd: "databar_limited",
    Format.DataBarExp: "databar_expanded",
    Format.DataBarExpStk: "databar_expanded_stacked",
    Format.QRCode: "qr",
    Format.DataMatrix: "datamatrix",
    Format.Aztec: "aztec",
    Format.PDF417: "pdf417",
}
_ZXING_FORMATS = zxingcpp.BarcodeFormats(
    [
        Format.EANUPC,
        Format.Code128,
        Format.Code39,
        Format.Code93,
        Format.ITF,
        Format.DataBar,
        Format.QRCode,
        Format.DataMatrix,
        Format.Aztec,
        Format.PDF417,
    ]
)


class ZxingDecoder:
    """zxing-cpp: all symbologies; `thorough` also turns, shrinks and inverts the picture."""

    name = "zxing"

    def __init__(self, *, thorough: bool = False) -> None:
        """Choose between the fast and the thorough way."""
        self._thorough = thorough

    def read(self, image: Pixels) -> tuple[Code, ...]:
        """Give every code that zxing-cpp sees."""
        found = zxingcpp.read_barcodes(
            image,
            formats=_ZXING_FORMATS,
            try_rotate=self._thorough,
            try_downscale=self._thorough,
            try_invert=self._thorough,
            text_mode=zxingcpp.TextMode.Plain,
        )
        return tuple(_printed(_zxing_code(barcode)) for barcode in found)


def _zxing_code(barcode: zxingcpp.Barcode) -> Code:
    name = _ZXING_NAMES.get(barcode.format) or _ZXING_NAMES[barcode.symbology]
    text = barcode.text
    if name == "upce" and isinstance(barcode.extra, dict):
        text = barcode.extra.get("UPCE", text)
    at = barcode.position
    corners = (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
    return Code(text, name, "zxing", tuple((corner.x, corner.y) for corner in corners))


class PyzbarDecoder:
    """pyzbar: better than zxing-cpp with tilted EAN and UPC; it needs the library libzbar0."""

    name = "pyzbar"

    def __init__(self) -> None:
        """Load libzbar; raises ImportError where it is not installed."""
        from pyzbar import pyzbar  # noqa: PLC0415  (the import fails without libzbar0)

        kind = pyzbar.ZBarSymbol
        self._decode = pyzbar.decode
        self._names = {
            kind.EAN13: "ean13",
            kind.EAN8: "ean8",
            kind.UPCA: "upca",
            kind.UPCE: "upce",
            kind.CODE128: "code128",
            kind.CODE39: "code39",
            kind.CODE93: "code93",
            kind.I25: "itf14",
            kind.QRCODE: "qr",
        }

    def read(self, image: Pixels) -> tuple[Code, ...]:
        """Give every code that zbar sees."""
        names = {kind.name: name for kind, name in self._names.items()}
        found = self._decode(grey(image), list(self._names))
        return tuple(
            _printed(
                Code(
                    read.data.decode("utf-8", "replace"),
                    names[read.type],
                    self.name,
                    tuple((point.x, point.y) for point in read.polygon),
                )
            )
            for read in found
        )


def _printed(code: Code) -> Code:
    """Give a UPC-A its own name: its bars are those of an EAN-13 that starts with 0."""
    if code.symbology == "ean13" and code.text.startswith("0"):
        return replace(code, text=code.text[1:], symbology="upca")
    return code


def grey(image: Pixels) -> Pixels:
    """Give HxW from HxW or HxWx3 (BGR)."""
    if image.shape[2:] == ():
        return image
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
