"""The native `show` as the OpenEPaperLink driver reads it."""

from __future__ import annotations

import base64
import binascii
import hashlib

import msgspec
from msgspec import Struct

from devices.labels.jpeg import exact_jpeg
from edge.errors import RenderError

IMAGE_DIGITS = 16


class Picture(Struct, frozen=True):
    """A picture to show: its name in the native contract, and its JPEG."""

    image: str
    jpeg: bytes


class Show(Struct, frozen=True):
    """`show`: a label is to show a PNG; a revision older than the last one was overtaken."""

    label: str
    data: str
    revision: int = 0

    def picture(self) -> Picture:
        """Give the picture with every pixel as it came; raises RenderError where that fails."""
        try:
            png = base64.b64decode(self.data, validate=True)
        except binascii.Error as fault:
            raise RenderError(f"picture: expected base64, came something else ({fault})") from fault
        return Picture(hashlib.sha256(png).hexdigest()[:IMAGE_DIGITS], exact_jpeg(png))


read_show = msgspec.json.Decoder(Show).decode
