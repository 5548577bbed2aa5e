"""What the codes of tags say, for those who read about them."""

from __future__ import annotations

from devices.rfid.epc import Broken, Foreign, decode
from edge.views import TagView


def tag_view(epc: str) -> TagView:
    """Tell what a tag's code (hex) stands for; any text gives an answer."""
    tag = decode(epc)
    if isinstance(tag, Foreign):
        return TagView(fault=tag.fault, error=tag.error)
    if isinstance(tag, Broken):
        return TagView(scheme=tag.scheme, fault=tag.fault, error=tag.error)
    return TagView(scheme=tag.scheme, uri=tag.uri, digital_link=tag.digital_link)
