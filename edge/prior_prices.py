"""Prior prices: what a product has cost, which bounds the former price that may be announced.

A reduction is measured against the lowest price that was charged in the 30 days before it began
(Directive 98/6/EC, Article 6a; C-330/23), or against the lowest one at which the product was sold
in the seven days before, else the last one (China, Provisions on Promotion, Article 21).
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from edge.rows import Rows

Rule = Literal["lowest-30-days", "lowest-sold-7-days", "free"]
How = Literal["charged", "sold"]

DAY_MS = 86_400_000
KEPT_MS = 31 * DAY_MS
ONGOING = 2**62  # as the last time at which a price was charged: it still is

# Members of the European Economic Area, by ISO 3166-1; 98/6/EC is of relevance to all of it.
_EEA = frozenset(
    (
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE"),
        *("IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"),
    )
)


def rule_of(country: str | None) -> Rule:
    """Give the rule of a country (ISO 3166-1 alpha-2); of an unknown one the strictest."""
    if country == "CN":
        return "lowest-sold-7-days"
    return "lowest-30-days" if country is None or country in _EEA else "free"


class PriorPrice(Struct, frozen=True):
    """A price at which a product was `charged` or `sold`, and until when (epoch ms)."""

    gtin: str
    how: How
    amount: int
    last: int


Key = tuple[str, str, int]


class PriorPrices:
    """The prices of the last month, product by product: of each amount only the last time."""

    def __init__(self, rows: Rows[Key, PriorPrice], rule: Rule) -> None:
        """Take up the rows that are on disk."""
        self._rows = rows
        self.rule = rule
        self._of: dict[str, dict[Key, PriorPrice]] = {}
        for row in rows:
            self._of.setdefault(row.gtin, {})[_key(row)] = row

    def charge(self, gtin: str, before: int | None, amount: int, now: int) -> None:
        """Note that a product costs something else from now on."""
        if before is not None:
            self._put(PriorPrice(gtin, "charged", before, now))
        self._put(PriorPrice(gtin, "charged", amount, ONGOING))
        self._prune(gtin, now)

    def sell(self, gtin: str, amount: int, now: int) -> None:
        """Note for how much one unit was sold."""
        self._put(PriorPrice(gtin, "sold", amount, now))

    def lowest(self, gtin: str, how: How, since: int) -> int | None:
        """Give the lowest price from `since` (epoch ms) up to now; None where there was none."""
        rows = self._of.get(gtin, {}).values()
        return min((r.amount for r in rows if r.how == how and r.last >= since), default=None)

    def highest_claim(self, gtin: str, start: int) -> int | None:
        """Give the highest former price that a promotion beginning at `start` may announce.

        None where nothing may be announced.
        """
        if self.rule == "lowest-30-days":
            return self.lowest(gtin, "charged", start - 30 * DAY_MS)
        lowest = self.lowest(gtin, "sold", start - 7 * DAY_MS)
        return self._last_sold(gtin) if lowest is None else lowest

    def _last_sold(self, gtin: str) -> int | None:
        sold = [row for row in self._of.get(gtin, {}).values() if row.how == "sold"]
        return max(sold, key=lambda row: row.last).amount if sold else None

    def _put(self, row: PriorPrice) -> None:
        known = self._of.setdefault(row.gtin, {}).get(_key(row))
        if known is None or known.last < row.last or row.how == "charged":
            self._of[row.gtin][_key(row)] = row
            self._rows.put(_key(row), row)

    def _prune(self, gtin: str, now: int) -> None:
        rows = self._of[gtin]
        newest = max((row.last for row in rows.values() if row.how == "sold"), default=0)
        for key, row in list(rows.items()):
            if row.last < now - KEPT_MS and (row.how == "charged" or row.last < newest):
                del rows[key]
                self._rows.drop(key)


def _key(row: PriorPrice) -> Key:
    return (row.gtin, row.how, row.amount)
