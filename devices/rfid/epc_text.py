"""Serial characters of tags: which GS1 allows, how URIs escape them, how seven bits hold them."""

from __future__ import annotations

import re
from string import ascii_letters, digits
from typing import Literal
from urllib.parse import unquote

from edge.errors import ContractError, StoreEdgeError

Fault = Literal[
    "not-hex",  # no hexadecimal text at all
    "foreign",  # another scheme's header, or none that the standard assigns
    "length",  # more or fewer bits than the scheme has
    "partition",  # partition value 7
    "overflow",  # a number with more digits than its place has
    "digits",  # A to F where decimal digits stand
    "check-digit",  # a key whose check digit is wrong ('+' schemes hold it)
    "date",  # no date, or a kind of date that is not assigned
    "encoding",  # a serial encoding that is reserved
    "serial",  # empty, too long, or with characters that GS1 does not allow
    "padding",  # bits that must be zero are set
]


class EpcError(StoreEdgeError):
    """A code breaks the rules of the scheme that its header names; `fault` says which."""

    def __init__(self, fault: Fault, reason: str) -> None:
        """Keep the fault for programs and the reason for people."""
        super().__init__(reason)
        self.fault = fault


# GS1 General Specifications, figure 7.11-1, and those that a URI escapes (TDS 2.3, table A-1).
_CHARACTERS = (ascii_letters + digits + "!\"%&'()*+,-./:;<=>?_").encode()
_ESCAPES = {ord(character): f"%{ord(character):02X}" for character in '"%&/<>?'}
_ESCAPED = re.compile(r"(?:[A-Za-z0-9!'()*+,\-.:;=_]|%[0-9A-Fa-f]{2})+")


def escape(text: str) -> str:
    """Write characters as URNs do (TDS 2.3, section 5)."""
    return text.translate(_ESCAPES)


def unescape(path: str, text: str) -> str:
    """Read characters of a URN; raises ContractError where one had to be escaped."""
    if not _ESCAPED.fullmatch(text):
        raise ContractError(path, "characters of a URN, others as %XX", repr(text))
    return unquote(text, "ascii")


def legal(path: str, text: str | None, most: int) -> str:
    """Check a serial of at most so many characters; raises ContractError."""
    codes = text.encode("ascii", "backslashreplace") if text else b""
    if text and len(text) <= most and not codes.translate(None, _CHARACTERS):
        return text
    expected = f"1 to {most} of the 82 characters that GS1 allows in serials"
    raise ContractError(path, expected, repr(text) if text else "none")


# Steps that move groups of 7 bits to a byte each: the left half of 32 groups by 16 bits, the left
# halves of both halves by 8, ... Adding `2**width - 1` times some bits moves them by `width`.
_STEPS = tuple(
    (
        width,
        sum((1 << 7 * width) - 1 << 7 * width + 16 * width * lane for lane in range(16 // width)),
        (1 << width) - 1,
    )
    for width in (16, 8, 4, 2, 1)
)
# By the number of groups: fewer need fewer steps.
_SPREADING = tuple(
    tuple((mask, factor) for width, mask, factor in _STEPS if width < count) for count in range(33)
)


def read_characters(code: int, count: int) -> str:
    """Read up to 32 characters of 7 bits, the last of which may be missing (TDS 2.3, 14.4.2)."""
    for mask, factor in _SPREADING[count]:
        code += (code & mask) * factor
    codes = code.to_bytes(count).rstrip(b"\0")
    if not codes:
        raise EpcError("serial", "the serial is empty")
    if codes.translate(None, _CHARACTERS):
        raise EpcError("serial", "the serial has characters that GS1 does not allow")
    return codes.decode()


def write_characters(text: str) -> int:
    """Write seven bits a character (TDS 2.3, 14.3.2)."""
    code = 0
    for character in text.encode():
        code = code << 7 | character
    return code
