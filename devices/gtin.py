"""GTINs: 14 digits inside, with a right check digit (GS1 General Specifications, 7.9.1)."""

from __future__ import annotations

import re

_DIGITS = re.compile(r"[0-9]{8}|[0-9]{12,14}")


def check_digit(body: str) -> str:
    """Give the check digit of a GTIN's other digits (7, 11, 12 or 13 of them, ASCII)."""
    weighted = [int(digit) for digit in reversed(body)]
    return str(-(3 * sum(weighted[::2]) + sum(weighted[1::2])) % 10)


def gtin14(text: str) -> str | None:
    """Pad a GTIN of 8, 12, 13 or 14 digits to 14; None when it is none or its check is wrong."""
    if not _DIGITS.fullmatch(text) or check_digit(text[:-1]) != text[-1]:
        return None
    return text.zfill(14)
