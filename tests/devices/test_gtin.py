"""GTINs and their check digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.gtin import check_digit, gtin14


@pytest.mark.parametrize(
    ("text", "gtin"),
    [
        ("96385074", "00000096385074"),
        ("614141123452", "00614141123452"),
        ("9506000134352", "09506000134352"),
        ("80614141123458", "80614141123458"),
    ],
)
def test_padding(text: str, gtin: str) -> None:
    """GTINs of every length become 14 digits."""
    assert gtin14(text) == gtin


@pytest.mark.parametrize(
    "text", ["", "9506000134353", "950600013435", "٩٥٠٦٠٠٠١٣٤٣٥٢", "96385074\n"]
)
def test_no_gtin(text: str) -> None:
    """A wrong check digit, a wrong length and other scripts' digits are no GTIN."""
    assert gtin14(text) is None


@given(st.from_regex(r"[0-9]{13}", fullmatch=True), st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_found(body: str, place: int, step: int) -> None:
    """The check digit tells of every single digit that changed."""
    wrong = body[:place] + str((int(body[place]) + step) % 10) + body[place + 1 :]
    assert check_digit(wrong) != check_digit(body)
