"""Unit prices: what a kilogram, a litre or a piece costs."""

from __future__ import annotations

import pytest

from edge.commands import Product
from edge.unit_price import misfit, unit_price

GTIN = "04006381333931"


@pytest.mark.parametrize(
    ("unit", "pack", "amount", "each"),
    [
        ("kg", "500 g", 199, 398),
        ("kg", "0,75kg", 299, 399),
        ("100 g", "85 g", 249, 293),
        ("l", "1.5 l", 149, 99),
        ("l", "6 x 330 ml", 599, 303),
        ("l", "6\u00d733 cl", 599, 303),
        ("100 ml", "50 ml", 1999, 3998),
        ("m", "250 cm", 500, 200),
        ("m2", "20 m²", 39_900, 1995),
        ("piece", "12 pieces", 299, 25),
        ("kg", "333 g", 100, 300),
        ("piece", "1 piece", 299, None),
        ("piece", "", 299, None),
        ("kg", "", 299, None),
        ("piece", "a box of nails", 299, None),
    ],
)
def test_a_unit_price_is_rounded_half_up(
    unit: str, pack: str, amount: int, each: int | None
) -> None:
    """From the price and what is in the pack; none where that says nothing."""
    product = Product(GTIN, "Goods", unit=unit, pack=pack)
    assert (unit_price(product, amount), misfit(product)) == (each, None)


@pytest.mark.parametrize(("unit", "pack"), [("kg", "500 ml"), ("l", "big"), ("m", "0 m")])
def test_a_pack_must_be_told_in_the_unit(unit: str, pack: str) -> None:
    """Litres are no kilograms: a label would have no unit price."""
    product = Product(GTIN, "Goods", unit=unit, pack=pack)
    assert unit_price(product, 100) is None
    assert f"can be told in {unit}, such as 500 g or 6 x 330 ml, came {pack!r}" in str(
        misfit(product)
    )
