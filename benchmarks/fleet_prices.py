"""Price sets over HTTP, as `benchmarks.fleet` needs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from benchmarks.fleet_goods import Change
from benchmarks.fleet_shop import Shop


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a price set is: its labels by state, those that are stuck, when it is to be done."""

    labels: Mapping[str, int]
    stuck: frozenset[str]
    done: bool
    expected_by: datetime | None


class PriceSets:
    """Asks and changes prices."""

    def __init__(self, shop: Shop) -> None:
        """Speak to this shop's gateway."""
        self._shop = shop

    def preview(self, changes: Sequence[Change]) -> float:
        """Ask how long the changes would take; gives seconds."""
        return float(self._shop.post("/price-sets/preview", _body(changes))["seconds"])

    def change(self, changes: Sequence[Change]) -> str:
        """Change prices at once; gives the id of the price set."""
        return str(self._shop.post("/prices", _body(changes))["price_set"])

    def progress(self, price_set: str) -> Progress:
        """Give how far a price set is."""
        told = self._shop.get(f"/price-sets/{price_set}")
        by = told["expected_by"]
        return Progress(
            told["labels"],
            frozenset(row["label"] for row in told["stuck"]),
            told["done"],
            datetime.fromisoformat(by) if by else None,
        )


def _body(changes: Sequence[Change]) -> dict[str, object]:
    return {"changes": [change.told() for change in changes]}
