"""What a scanned code says: a GTIN, perhaps with a serial number.

Plain GTINs (EAN-8, UPC-A, UPC-E, EAN-13, GTIN-14), GS1 element strings and GS1 Digital Link URIs;
biip parses the latter two (GS1 General Specifications; GS1 Digital Link 1.4).
"""

from __future__ import annotations

import re

from biip import ParseError
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_element_strings import GS1ElementStrings
from biip.gs1_messages import GS1Message
from biip.upc import Upc
from msgspec import Struct

from devices.gtin import gtin14

_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")  # ISO/IEC 15424 symbology identifier
_UPC_E = re.compile(r"[01][0-9]{7}")
_LINK = re.compile(r"https?://", re.IGNORECASE)
_GTIN_AI, _SERIAL_AI = "01", "21"
_FNC1 = "\x1d"


class ScannedItem(Struct, frozen=True):
    """What a code names: `gtin` in 14 digits, None where it names no product; `serial` if told."""

    gtin: str | None = None
    serial: str | None = None


NOTHING = ScannedItem()


def parse(data: str, symbology: str = "") -> ScannedItem:
    """Read a scanned text (FNC1 as U+001D, with or without its AIM identifier).

    `symbology` matters for UPC-E alone (`upce`), whose 8 digits look like an EAN-8. Any text gives
    an answer; one that names no product gives NOTHING.
    """
    text = _AIM.sub("", data.strip(" \t\r\n"), count=1) if data.startswith("]") else data.strip()
    if symbology == "upce" and _UPC_E.fullmatch(text):
        return _expand_upc_e(text)
    gtin = gtin14(text)
    return ScannedItem(gtin) if gtin else _parse_elements(text)


def _expand_upc_e(text: str) -> ScannedItem:
    try:
        return ScannedItem(gtin14(Upc.parse(text).as_gtin_12()))
    except ParseError:
        return NOTHING


def _parse_elements(text: str) -> ScannedItem:
    try:
        if _LINK.match(text):
            return _item(GS1DigitalLinkURI.parse(text).element_strings)
        return _item(GS1Message.parse(text.strip(_FNC1)).element_strings)
    except (ParseError, ValueError):  # biip lets urlsplit's and int's ValueError through
        return NOTHING


def _item(elements: GS1ElementStrings) -> ScannedItem:
    """Take the one GTIN of a message; two that differ name nothing that could be sold."""
    gtins = {element.value for element in elements.filter(ai=_GTIN_AI)}
    gtin = gtin14(gtins.pop()) if len(gtins) == 1 else None
    serial = elements.get(ai=_SERIAL_AI)
    return ScannedItem(gtin, serial.value if serial else None) if gtin else NOTHING
