"""Draw what a label shows: a palette picture whose barcode was read back from its own pixels.

Text is drawn 1-bit in the panel's exact colours, since antialiasing would be dithered by the
panel. Anything that could mislead a shopper (text cut, glyph missing, barcode unreadable) raises
RenderError instead of giving a picture.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from zxingcpp import BarcodeFormat as Format

from devices.labels.layout import Box, CodeArea, Template, TextArea, template
from devices.labels.price import Price, price
from devices.labels.typeset import Setting, face_for, fit
from edge.errors import RenderError

if TYPE_CHECKING:
    from edge.events import LabelContent

_Modules: TypeAlias = NDArray[np.bool_]

END_BYTES = 12  # PNG's last chunk, IEND, is empty: length, type, checksum
WHITE, BLACK, RED = 0, 1, 2
_PALETTE = (255, 255, 255, 0, 0, 0, 255, 0, 0)
_DIGITAL_LINK = "https://id.gs1.org/01/"
_READ_BACK = zxingcpp.BarcodeFormats([Format.EAN13, Format.QRCode])
_QR_QUIET = 4  # modules on each side (ISO/IEC 18004)
_QR_LEAST_SCALE = 2  # pixels; a phone does not read single-pixel modules on a label


def render(content: LabelContent, barcode: str | None = None, locale: str | None = None) -> bytes:
    """Draw a label as a PNG in its panel's colours; the same content gives the same bytes.

    The barcode is the GTIN as EAN-13, or as GS1 Digital Link QR code when it has 14 digits;
    `barcode` replaces it by another text (13 digits are an EAN-13, anything else a QR code).
    `locale` is how prices are written; the currency's own country when None.
    Raises RenderError when the picture would be wrong.
    """
    panel = template(content.template)
    image = Image.new("P", (panel.width, panel.height), WHITE)
    image.putpalette(_PALETTE)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1"
    _draw_names(draw, panel, content)
    _draw_offer(draw, panel, content, price(content.amount, content.currency, locale))
    text = barcode or _code_text(content.gtin)
    _draw_code(image, draw, panel.code, text)
    return _verified(image, text)


def stamped(png: bytes, revision: int) -> bytes:
    """Give the same picture with a revision in it (a tEXt chunk; PNG, ISO/IEC 15948, 11.3.4.3).

    So no two pictures that were sent to a label share a hash: a label that names its picture says
    which of them it has, also when an earlier price came back.
    """
    body = b"tEXt" + b"revision\0" + str(revision).encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:-END_BYTES] + chunk + png[-END_BYTES:]


def image_hash(png: bytes) -> str:
    """Give a picture's identity: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(png).hexdigest()[:16]


def _draw_names(draw: ImageDraw.ImageDraw, panel: Template, content: LabelContent) -> None:
    name, second = _one_line(content.name), _second_name(content)
    area = panel.name_with_second if second else panel.name
    _draw_text(draw, area.box, fit(name, area, "name"), BLACK)
    if second:
        _draw_text(draw, panel.second.box, fit(second, panel.second, "names"), BLACK)
    draw.rectangle((0, panel.rule, panel.width - 1, panel.rule), fill=BLACK)


def _second_name(content: LabelContent) -> str:
    """Give the first further language, in the order of the language codes."""
    names = (_one_line(content.names[code]) for code in sorted(content.names))
    return next((name for name in names if name and name != _one_line(content.name)), "")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _draw_offer(
    draw: ImageDraw.ImageDraw, panel: Template, content: LabelContent, amount: Price
) -> None:
    promotion = _one_line(content.promotion or "")
    if promotion:
        _draw_banner(draw, panel.promotion, promotion)
        _draw_price(draw, panel.price_in_promotion, amount, RED)
    else:
        _draw_price(draw, panel.price, amount, BLACK)
    if unit := _one_line(content.unit):
        _draw_text(draw, panel.unit.box, fit(unit, panel.unit, "unit"), BLACK)


def _draw_banner(draw: ImageDraw.ImageDraw, area: TextArea, text: str) -> None:
    """Draw white on red; the text keeps 4 pixels from the sides."""
    box = area.box
    inner = Box(box.left + 4, box.top + 1, box.right - 4, box.bottom - 1)
    setting = fit(text, TextArea(inner, area.largest, area.smallest), "promotion")
    width = int(setting.font.getlength(text)) + 8
    draw.rectangle((box.left, box.top, box.left + width, box.bottom - 1), fill=RED)
    _draw_text(draw, inner, setting, WHITE)


def _draw_text(draw: ImageDraw.ImageDraw, box: Box, setting: Setting, colour: int) -> None:
    """Draw lines from the left, centred in the height of the box by their own ink."""
    inks = [setting.font.getbbox(line, anchor="ls") for line in setting.lines]
    top, bottom = inks[0][1], inks[-1][3] + setting.leading * (len(inks) - 1)
    baseline = round(box.top + (box.height - (bottom - top)) / 2 - top)
    for n, line in enumerate(setting.lines):
        at = (box.left, baseline + n * setting.leading)
        draw.text(at, line, fill=colour, font=setting.font, anchor="ls")


def _draw_price(draw: ImageDraw.ImageDraw, area: TextArea, amount: Price, colour: int) -> None:
    """Draw whole units tall, symbol and fraction at half their size on the same baseline."""
    face = face_for(amount.text, "price")
    for size in range(area.largest, area.smallest - 1, -1):
        parts = [(text, face.at(size if tall else size // 2)) for text, tall in amount.parts]
        inks = [font.getbbox(text, anchor="ls") for text, font in parts]
        height = max(ink[3] for ink in inks) - min(ink[1] for ink in inks)
        width = sum(font.getlength(text) for text, font in parts)
        if width <= area.box.width and height <= area.box.height:
            break
    else:
        raise RenderError(
            f"price: {amount.text} does not fit into {area.box.width}x{area.box.height} pixels at "
            f"font size {area.smallest}: take a larger label"
        )
    left, baseline = float(area.box.left), area.box.bottom - max(ink[3] for ink in inks)
    for text, font in parts:
        draw.text((round(left), baseline), text, fill=colour, font=font, anchor="ls")
        left += font.getlength(text)


def _code_text(gtin: str) -> str:
    return gtin[1:] if gtin.startswith("0") else f"{_DIGITAL_LINK}{gtin}"


def _is_ean13(text: str) -> bool:
    return len(text) == 13 and text.isdecimal()  # noqa: PLR2004  (the symbology's name says so)


def _draw_code(image: Image.Image, draw: ImageDraw.ImageDraw, area: CodeArea, text: str) -> None:
    if _is_ean13(text):
        _draw_ean13(image, draw, area, text)
    else:
        _draw_qr(image, area.box, text)


def _modules(text: str, form: Format) -> _Modules:
    """Give a code's modules without quiet zones, True where black."""
    try:
        barcode = zxingcpp.create_barcode(text, form)
    except ValueError as fault:
        raise RenderError(f"barcode: {text!r} cannot be a {form}: {fault}") from fault
    pixels = np.array(barcode.to_image(scale=1, add_quiet_zones=False), np.uint8)
    return np.asarray(pixels == 0, np.bool_)


def _draw_ean13(image: Image.Image, draw: ImageDraw.ImageDraw, area: CodeArea, text: str) -> None:
    """Draw bars from top to bottom with their digits below, quiet zones kept (11 and 7 modules)."""
    box, bars = area.box, _modules(text, Format.EAN13)[0]
    scale = box.width // (11 + len(bars) + 7)
    if scale < 1:
        raise RenderError(f"barcode: an EAN-13 does not fit into {box.width} pixels")
    font = face_for(text, "barcode").at(area.digits)
    _, ink_top, _, _ = font.getbbox(text, anchor="ls")
    left, bottom = box.left + 11 * scale, round(box.bottom + ink_top - 3)
    rows = np.tile(np.repeat(bars, scale), (bottom - box.top, 1))
    _paste(image, rows, left, box.top)
    centre = left + rows.shape[1] // 2
    draw.text((centre, box.bottom - 1), text, fill=BLACK, font=font, anchor="ms")


def _draw_qr(image: Image.Image, box: Box, text: str) -> None:
    """Draw a QR code as large as whole pixels allow, at the right, quiet zone included."""
    modules = _modules(text, Format.QRCode)
    side = len(modules) + 2 * _QR_QUIET
    scale = min(box.width, box.height) // side
    if scale < _QR_LEAST_SCALE:
        raise RenderError(
            f"barcode: {text!r} needs {side * _QR_LEAST_SCALE} pixels as a QR code, there are "
            f"{min(box.width, box.height)}: shorten it"
        )
    rows = np.repeat(np.repeat(modules, scale, axis=0), scale, axis=1)
    left = box.right - (side - _QR_QUIET) * scale
    _paste(image, rows, left, box.top + (box.height - len(rows)) // 2)


def _paste(image: Image.Image, black: _Modules, left: int, top: int) -> None:
    mask = Image.fromarray(np.where(black, np.uint8(255), np.uint8(0)))
    image.paste(BLACK, (left, top), mask)


def _verified(image: Image.Image, text: str) -> bytes:
    """Encode, and read the barcode back from what was encoded."""
    file = io.BytesIO()
    image.save(file, "PNG")
    with Image.open(file) as final:
        pixels = np.asarray(final.convert("L"))
    read = [code.text for code in zxingcpp.read_barcodes(pixels, formats=_READ_BACK)]
    if read != [text]:
        raise RenderError(f"barcode: expected {text!r} to be readable on the label, read {read}")
    return file.getvalue()
