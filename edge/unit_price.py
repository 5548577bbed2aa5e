"""Unit prices: what a kilogram, a litre, a metre or a piece of a product costs.

A product's `unit` is what the price is told for (`kg`, `100 g`, `l`, `m`, `piece`), its `pack` what
is in it (`500 g`, `6 x 330 ml`). Directive 98/6/EC, Article 2(b).
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from edge.commands import Product

_MEASURES = {
    "mg": ("mass", Decimal("0.001")),
    "g": ("mass", Decimal(1)),
    "kg": ("mass", Decimal(1000)),
    "ml": ("volume", Decimal(1)),
    "cl": ("volume", Decimal(10)),
    "dl": ("volume", Decimal(100)),
    "l": ("volume", Decimal(1000)),
    "mm": ("length", Decimal(1)),
    "cm": ("length", Decimal(10)),
    "m": ("length", Decimal(1000)),
    "m2": ("area", Decimal(1)),
    "m²": ("area", Decimal(1)),
    "piece": ("count", Decimal(1)),
    "pieces": ("count", Decimal(1)),
    "pcs": ("count", Decimal(1)),
}
_NUMBER = r"(\d{1,6}(?:[.,]\d{1,4})?)"
_QUANTITY = re.compile(rf"(?:{_NUMBER}\s*[x\u00d7*]\s*)?{_NUMBER}?\s*([a-zA-Z]+[2²]?)")

Quantity = tuple[str, Decimal]
_ONE: Quantity = ("count", Decimal(1))


def quantity(text: str) -> Quantity | None:
    """Read `500 g`, `kg` or `6 x 330 ml`: dimension, and how much in g, ml, mm, m2 or pieces."""
    match = _QUANTITY.fullmatch(text.strip())
    measure = _MEASURES.get(match[3].lower()) if match else None
    if match is None or measure is None:
        return None
    dimension, size = measure
    amount = size * _number(match[1]) * _number(match[2])
    return (dimension, amount) if amount else None


def unit_price(product: Product, amount: int) -> int | None:
    """Give the price of one `unit` in minor units, rounded half up.

    None where there is none, or where one piece is all that is in the pack.
    """
    per, pack = quantity(product.unit), quantity(product.pack)
    if per is None or pack is None or per[0] != pack[0] or per == pack == _ONE:
        return None
    price = Decimal(amount) * per[1] / pack[1]
    return int(price.quantize(Decimal(1), ROUND_HALF_UP))


def misfit(product: Product) -> str | None:
    """Say what is wrong when the pack cannot be told in the product's unit; None if all is well."""
    per = quantity(product.unit)
    if per is None or not product.pack or per[0] == "count":
        return None
    pack = quantity(product.pack)
    if pack is None or pack[0] != per[0]:
        return (
            f"expected a pack that can be told in {product.unit}, such as 500 g or 6 x 330 ml, "
            f"came {product.pack!r}"
        )
    return None


def _number(text: str | None) -> Decimal:
    return Decimal(text.replace(",", ".")) if text else Decimal(1)
