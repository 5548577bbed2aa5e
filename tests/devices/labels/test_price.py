"""Prices as text: digit by digit what the currency's country writes."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from babel.numbers import format_currency, get_currency_precision
from hypothesis import given
from hypothesis import strategies as st

from devices.labels.price import home, price
from edge.errors import RenderError

CURRENCIES = ("EUR", "CNY", "JPY", "USD", "GBP", "INR", "SEK", "CHF", "PLN", "KRW", "KWD", "BRL")
LOCALES = (None, "de_AT", "es_ES", "pl_PL", "hi_IN", "fr_CH", "pt_PT", "en_IE", "zh_CN")


@given(
    amount=st.one_of(st.integers(0, 10**6), st.integers(0, 10**12)),
    currency=st.sampled_from(CURRENCIES),
    locale=st.sampled_from(LOCALES),
)
def test_every_amount_is_written_as_babel_does(
    amount: int, currency: str, locale: str | None
) -> None:
    """Amounts of as many digits are written alike, and each of them is what Babel writes."""
    value = Decimal(amount).scaleb(-get_currency_precision(currency))
    written = format_currency(
        value, currency, locale=locale or home(currency), numbering_system="latn"
    )
    tag = price(amount, currency, locale)
    assert tag.text == re.sub(r"\s", " ", written)
    assert "".join(part for part, _ in tag.parts) == tag.text


def test_an_amount_that_would_be_rounded_is_refused() -> None:
    """More digits than the arithmetic keeps give no price instead of a nearly right one."""
    with pytest.raises(RenderError, match=r"^price: expected at most 28 digits, came 60"):
        price(10**59, "EUR")
