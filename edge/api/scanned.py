"""What a person scans to hang up a label: the label's own code, and the product's."""

from __future__ import annotations

import re
from urllib.parse import unquote

from edge.api.desk import Desk
from edge.config import Label
from edge.errors import ContractError, NotFound

_SEPARATORS = re.compile(r"[\s:.-]")
_QUERY = re.compile(r"[?#]")


def label_of(desk: Desk, code: str) -> str:
    """Give the label that a code names: its id or MAC address in any case, or a URL that ends so.

    Raises NotFound for a code that names none.
    """
    text = code.strip()
    end = unquote(_QUERY.split(text)[0].rstrip("/").rpartition("/")[2])
    for name in (text, end):
        if label := _named(desk.settings.labels, name):
            return label
    raise NotFound(
        f"expected the id or the MAC address of a configured label, came {code[:80]!r}", "label"
    )


def product_of(desk: Desk, code: str) -> str:
    """Give the GTIN of the product that a code names.

    Raises ContractError for a code without a GTIN, NotFound for a product that nobody has put.
    """
    gtin, _ = desk.scan(code)
    if gtin is None:
        raise ContractError("product", "a code with a GTIN, as on goods", repr(code[:80]))
    if desk.queries.product(gtin) is None:
        raise NotFound(f"no product {gtin}: put it with PUT /api/v1/products", "product")
    return gtin


def _named(labels: tuple[Label, ...], name: str) -> str | None:
    alike = [label.id for label in labels if label.id.casefold() == name.casefold()]
    if alike:
        return name if name in alike else alike[0]
    mac = _SEPARATORS.sub("", name).casefold()
    return next((label.id for label in labels if label.mac and label.mac.casefold() == mac), None)
