"""EPCs of RAIN tags (GS1 EPC Tag Data Standard 2.3): what a tag's code stands for.

A scheme is an entry of `SCHEMES`, found by the code's first byte (TDS 2.3, 14.2).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from string import ascii_letters, digits

from msgspec import Struct

from devices.gtin import check_digit, gtin14
from edge.errors import ContractError, StoreEdgeError


class Sgtin(Struct, frozen=True):
    """One unit of a product: GTIN-14 and serial number.

    `filter` tells what is tagged (1 an item for sale, 2 a full case, ...; TDS 2.3, 10.2); `uri` is
    the pure identity, in which characters that a URI reserves are escaped.
    """

    epc: str
    scheme: str
    gtin: str
    serial: str
    filter: int
    uri: str


class Foreign(Struct, frozen=True):
    """A code that names no product: another scheme, or a wrong encoding; `error` says which."""

    epc: str
    error: str


class EpcError(StoreEdgeError):
    """A code breaks the rules of the scheme that its header names."""


class Scheme(Struct, frozen=True):
    """How a scheme is laid out: `lengths` in hex digits, and what reads it.

    `read` takes the code as upper-case hex and as an integer, and raises EpcError.
    """

    name: str
    lengths: tuple[int, ...]
    read: Callable[[str, int], Sgtin]


# Per partition: bits and digits of the company prefix, of the indicator digit with the item
# reference (TDS 2.3, table 14-2).
_PARTITIONS = (
    (40, 12, 4, 1),
    (37, 11, 7, 2),
    (34, 10, 10, 3),
    (30, 9, 14, 4),
    (27, 8, 17, 5),
    (24, 7, 20, 6),
    (20, 6, 24, 7),
)
_KEY_BITS = 44
_SERIAL_BITS = 38
_SGTIN_198_BITS = 198
_SEVEN_BIT_SHIFTS = range(133, -1, -7)
# The characters of a serial (GS1 General Specifications, figure 7.11-1), and those of them that
# a URI escapes (TDS 2.3, table A-1).
_SERIAL_CHARACTERS = (ascii_letters + digits + "!\"%&'()*+,-./:;<=>?_").encode()
_ESCAPES = {ord(character): f"%{ord(character):02X}" for character in '"%&/<>?'}
_HEX = re.compile(r"[0-9A-F]+")


def decode(epc_hex: str) -> Sgtin | Foreign:
    """Tell what a tag's code stands for; any text gives an answer, none raises."""
    epc = epc_hex.upper()
    try:
        return _read(epc)
    except EpcError as fault:
        return Foreign(epc, str(fault))


def encode_sgtin96(gtin: str, prefix_digits: int, serial: int, filter_value: int = 1) -> str:
    """Give the 24 hex digits of a SGTIN-96 (TDS 2.3, 14.6.1).

    `prefix_digits` (6 to 12) is the length of the GTIN's company prefix. Raises ContractError for
    values that the scheme cannot hold.
    """
    full = gtin14(gtin)
    if full is None:
        raise ContractError("gtin", "8, 12, 13 or 14 digits with their check digit", repr(gtin))
    partition = 12 - prefix_digits
    _within("prefix_digits", partition, 0, 6, f"6 to 12, came {prefix_digits}")
    _within("serial", serial, 0, 2**_SERIAL_BITS - 1, "0 to 274877906943")
    _within("filter_value", filter_value, 0, 7, "0 to 7")
    _, _, item_bits, _ = _PARTITIONS[partition]
    company, item = full[1 : 1 + prefix_digits], full[0] + full[1 + prefix_digits : 13]
    head = 0x30 << 6 | filter_value << 3 | partition
    key = int(company) << item_bits | int(item)
    return f"{(head << _KEY_BITS | key) << _SERIAL_BITS | serial:024X}"


def _read(epc: str) -> Sgtin:
    if not _HEX.fullmatch(epc):
        raise EpcError("not hexadecimal")
    scheme = SCHEMES.get(epc[:2])
    if scheme is None:
        raise EpcError(f"header 0x{epc[:2]} is none of {', '.join(SCHEMES)}")
    if len(epc) not in scheme.lengths:
        wanted = " or ".join(map(str, scheme.lengths))
        raise EpcError(f"{scheme.name} has {wanted} hex digits, not {len(epc)}")
    return scheme.read(epc, int(epc, 16))


def _within(path: str, value: int, low: int, high: int, expected: str) -> None:
    if not low <= value <= high:
        raise ContractError(path, expected, repr(value))


def _read_sgtin96(epc: str, code: int) -> Sgtin:
    serial = str(code & (1 << _SERIAL_BITS) - 1)
    return _sgtin("sgtin-96", epc, code >> _SERIAL_BITS, serial)


def _read_sgtin198(epc: str, code: int) -> Sgtin:
    """Memory comes in words of 16 bits: 10 bits of filling follow, 2 where a reader cuts them."""
    filling = 4 * len(epc) - _SGTIN_198_BITS
    if code & (1 << filling) - 1:
        raise EpcError("sgtin-198: bits behind the serial are set")
    code >>= filling
    codes = bytes([code >> shift & 0x7F for shift in _SEVEN_BIT_SHIFTS]).rstrip(b"\0")
    if not codes or codes.translate(None, _SERIAL_CHARACTERS):
        raise EpcError("sgtin-198: the serial is empty or has characters that GS1 does not allow")
    return _sgtin("sgtin-198", epc, code >> 140, codes.decode("ascii"))


def _sgtin(scheme: str, epc: str, head: int, serial: str) -> Sgtin:
    """Read header, filter, partition and key (58 bits), which both SGTIN schemes begin with."""
    partition = head >> _KEY_BITS & 7
    if partition >= len(_PARTITIONS):
        raise EpcError(f"{scheme}: partition 7 is not in use")
    _, company_digits, item_bits, item_digits = _PARTITIONS[partition]
    key = head & (1 << _KEY_BITS) - 1
    company = f"{key >> item_bits:0{company_digits}d}"
    item = f"{key & (1 << item_bits) - 1:0{item_digits}d}"
    if len(company) > company_digits or len(item) > item_digits:
        raise EpcError(f"{scheme}: {company}.{item} has more digits than partition {partition}")
    body = item[0] + company + item[1:]
    return Sgtin(
        epc,
        scheme,
        body + check_digit(body),
        serial,
        head >> _KEY_BITS + 3 & 7,
        f"urn:epc:id:sgtin:{company}.{item}.{serial.translate(_ESCAPES)}",
    )


SCHEMES = {
    "30": Scheme("sgtin-96", (24,), _read_sgtin96),
    "36": Scheme("sgtin-198", (50, 52), _read_sgtin198),
}
