"""EPCs of RAIN tags (GS1 EPC Tag Data Standard 2.3): what a code stands for, and the way back.

A scheme is an entry of `SCHEMES`, found by the code's first byte (TDS 2.3, 14.2): those that
divide a key behind its company prefix are in `epc_classic`, those of TDS 2.0 ('+') in `epc_plus`.
"""

from __future__ import annotations

from binascii import unhexlify
from collections.abc import Mapping

from devices.rfid.epc_classic import CLASSIC
from devices.rfid.epc_names import Named, named, tag_of
from devices.rfid.epc_plus import PLUS
from devices.rfid.epc_tags import Broken, Foreign, Giai, Grai, Scheme, Sgln, Sgtin, Sscc, Tag
from devices.rfid.epc_text import EpcError, Fault
from edge.errors import ContractError

__all__ = [
    "SCHEMES",
    "Broken",
    "Fault",
    "Foreign",
    "Giai",
    "Grai",
    "Named",
    "Scheme",
    "Sgln",
    "Sgtin",
    "Sscc",
    "Tag",
    "decode",
    "encode",
    "encode_sgtin96",
    "encode_text",
    "identify",
    "named",
]

SCHEMES = {scheme.header: scheme for scheme in (*CLASSIC, *PLUS)}
_NAMES = {scheme.name: scheme for scheme in SCHEMES.values()}
_DATED = _NAMES["dsgtin+"]
# Schemes of TDS 2.3, table 14-1, that are not read here.
_OTHERS = {
    0x2C: "gdti-96",
    0x2D: "gsrn-96",
    0x2E: "gsrnp-96",
    0x2F: "usdod-96",
    0x35: "gid-96",
    0x3A: "gdti-113",
    0x3B: "adi-var",
    0x3C: "cpi-96",
    0x3D: "cpi-var",
    0x3E: "gdti-174",
    0x3F: "sgcn-96",
    0x40: "itip-110",
    0x41: "itip-212",
    0xE6: "cpi++",
    0xE7: "gsrn++",
    0xE8: "gsrnp++",
    0xE9: "sgln++",
    0xEA: "gdti++",
    0xEB: "grai++",
    0xEC: "sgcn++",
    0xED: "itip++",
    0xEE: "giai++",
    0xEF: "sscc++",
    0xF0: "cpi+",
    0xF2: "sgln+",
    0xF3: "itip+",
    0xF4: "gsrn+",
    0xF5: "gsrnp+",
    0xF6: "gdti+",
    0xF8: "sgcn+",
    0xFA: "giai+",
    0xFC: "dsgtin++",
    0xFD: "sgtin++",
}


def decode(epc_hex: str) -> Tag | Broken | Foreign:
    """Tell what a tag's code stands for; any text gives an answer, none raises.

    A code ends with its last bit, or with the byte or the word of memory that this is in; what
    fills those must be zero.
    """
    epc = epc_hex.upper()
    try:
        raw = unhexlify(epc)
    except ValueError:
        raw = _half(epc)
    if not raw:
        return Foreign(epc, "not-hex", "not hexadecimal")
    scheme = SCHEMES.get(raw[0])
    if scheme is None:
        return Foreign(epc, "foreign", _foreign(epc[:2]))
    if len(epc) not in scheme.lengths:
        return Broken(epc, scheme.name, "length", _length(scheme, len(epc)))
    try:
        return scheme.read(epc, raw)
    except EpcError as fault:
        return Broken(epc, scheme.name, fault.fault, f"{scheme.name}: {fault}")


def _half(epc: str) -> bytes:
    """Read an odd number of digits, which has half a byte too few; nothing is not hexadecimal."""
    try:
        return unhexlify(f"{epc}0")
    except ValueError:
        return b""


def identify(epc_hex: str) -> tuple[str, str] | None:
    """Give GTIN-14 and serial of a product's tag; None for all other codes."""
    tag = decode(epc_hex)
    return (tag.gtin, tag.serial) if isinstance(tag, Sgtin) else None


def encode(
    ai: Mapping[str, str],
    scheme: str | None = None,
    prefix_digits: int | None = None,
    filter_value: int | None = None,
) -> str:
    """Give a tag's code, in whole words of memory, for GS1 Application Identifiers.

    `ai` is as a tag has it: GTIN (01) with serial (21) and for DSGTIN+ a date, SSCC (00), GLN (414)
    with or without extension (254), GRAI (8003) or GIAI (8004). `prefix_digits` (6 to 12) is the
    length of the company prefix, which '+' schemes do not need. Without a `scheme` it is the
    shortest that divides the key where that length is known, a '+' scheme where it is not; without
    a `filter_value` it is 1 (an item for sale) for a GTIN and else 0. Raises ContractError for
    values that the scheme cannot hold.
    """
    if filter_value is None:
        filter_value = 1 if "01" in ai else 0
    _within("filter_value", filter_value, 0, 7)
    if prefix_digits is not None:
        _within("prefix_digits", prefix_digits, 6, 12)
    tag = tag_of(ai, filter_value, prefix_digits)
    first, *longer = [_fitting(tag, scheme)] if scheme else _choice(tag)
    try:
        return first.write(tag)
    except ContractError:
        if not longer:
            raise
        return longer[0].write(tag)


def encode_text(
    text: str,
    scheme: str | None = None,
    prefix_digits: int | None = None,
    filter_value: int | None = None,
) -> str:
    """Give a tag's code for a URI or an element string, of which `named` tells the forms.

    What is given beside the text goes before what the text says. Raises ContractError.
    """
    told = named(text)
    if prefix_digits is None:
        prefix_digits = told.prefix_digits
    if filter_value is None:
        filter_value = told.filter
    return encode(told.ai, scheme or told.scheme, prefix_digits, filter_value)


def encode_sgtin96(gtin: str, prefix_digits: int, serial: int, filter_value: int = 1) -> str:
    """Give the 24 hex digits of a SGTIN-96 (TDS 2.3, 14.6.1).

    `prefix_digits` (6 to 12) is the length of the GTIN's company prefix. Raises ContractError for
    values that the scheme cannot hold.
    """
    return encode({"01": gtin, "21": str(serial)}, "sgtin-96", prefix_digits, filter_value)


def _within(path: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ContractError(path, f"{low} to {high}", repr(value))


def _fitting(tag: Tag, name: str) -> Scheme:
    scheme = _NAMES.get(name.lower())
    if scheme is None or scheme.kind is not type(tag):
        names = (name for name, scheme in _NAMES.items() if scheme.kind is type(tag))
        raise ContractError("scheme", f"one of {', '.join(names)}", repr(name))
    if isinstance(tag, Sgtin) and (scheme is _DATED) != (tag.date is not None):
        expected = "a date" if scheme is _DATED else f"none, which {name} cannot hold"
        raise ContractError("date", expected, repr(tag.date))
    return scheme


def _choice(tag: Tag) -> list[Scheme]:
    """Give the schemes for a tag, the shortest first."""
    if isinstance(tag, Sgtin) and tag.date:
        return [_DATED]
    divides = tag.prefix_digits is not None
    schemes = [x for x in SCHEMES.values() if x.kind is type(tag) and x.divides == divides]
    if not schemes:
        raise ContractError("prefix_digits", f"6 to 12 for a {tag.urn}", "none")
    return [scheme for scheme in schemes if scheme is not _DATED]


def _foreign(header: str) -> str:
    if header == "00":
        return "header 0x00 is that of a tag that was never programmed"
    if header == "E2":
        return "header 0xE2 begins a TID, not an EPC"
    name = _OTHERS.get(int(header, 16))
    known = ", ".join(_NAMES)
    return f"header 0x{header} is {f'{name}, ' if name else ''}none of {known}"


def _length(scheme: Scheme, came: int) -> str:
    digits = scheme.lengths
    wanted = " or ".join(map(str, digits))
    if isinstance(digits, range):
        wanted = f"{digits[0]} to {digits[-1]}"
    return f"{scheme.name} has {wanted} hex digits, not {came}"
