"""What hangs in the shop of `benchmarks.fleet`, and what is to change: all of it from one seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from devices.gtin import check_digit
from devices.simulator.dice import dice

WORDS = ("Oat drink", "Rice", "Green tea", "Soap", "Batteries", "Honey", "Noodles", "Apple juice")
RAISED, LOWERED = 0.5, 0.35  # of the changes; the rest are promotions
PRODUCTS = 0.8  # for each label; the rest are second facings
FIRST_MAC = 0x0000021A_00000000


@dataclass(frozen=True, slots=True)
class Facing:
    """A label on its shelf, the access point (counted from 0) that reaches it, and its product."""

    label: str
    mac: str
    point: int
    gtin: str


@dataclass(frozen=True, slots=True)
class Change:
    """A new price of a product."""

    gtin: str
    amount: int
    promotion: str | None = None

    def told(self) -> dict[str, object]:
        """Give it as `POST /prices` takes it; a promotion lasts beyond any run."""
        told: dict[str, object] = {"gtin": self.gtin, "amount": self.amount}
        if self.promotion is not None:
            until = datetime.now(UTC) + timedelta(days=1)
            told |= {"promotion": self.promotion, "until": until.isoformat()}
        return told


@dataclass(frozen=True, slots=True)
class Plan:
    """The labels, the price of each product at first, what changes, and which labels die before."""

    facings: tuple[Facing, ...]
    amounts: Mapping[str, int]
    names: Mapping[str, str]
    changes: tuple[Change, ...]
    dead: tuple[Facing, ...]

    def wanted(self, *, changed: bool) -> dict[str, int]:
        """Give what each label is to show, before or after the change."""
        amounts = {**self.amounts}
        if changed:
            amounts |= {change.gtin: change.amount for change in self.changes}
        return {facing.label: amounts[facing.gtin] for facing in self.facings}

    def of(self, gtin: str) -> list[Facing]:
        """Give the labels of a product."""
        return [facing for facing in self.facings if facing.gtin == gtin]

    def changed(self) -> list[Facing]:
        """Give the labels whose price changes."""
        gtins = {change.gtin for change in self.changes}
        return [facing for facing in self.facings if facing.gtin in gtins]


def plan(labels: int, changes: int, points: int, dead: int, seed: int) -> Plan:
    """Stock a shop; a second facing hangs where mostly another access point reaches it."""
    chance = dice(seed, "fleet")
    gtins = [_gtin(n) for n in range(max(1, round(labels * PRODUCTS)))]
    facings = tuple(
        Facing(f"label-{n}", f"{FIRST_MAC + n:016X}", n % points, gtins[n % len(gtins)])
        for n in range(labels)
    )
    amounts = {gtin: 10 * chance.randint(15, 600) + 9 for gtin in gtins}
    names = {gtin: f"{WORDS[n % len(WORDS)]} {n}" for n, gtin in enumerate(gtins)}
    changed = chance.sample(gtins, changes)
    changing = tuple(_change(gtin, amounts[gtin], chance) for gtin in changed)
    known = Plan(facings, amounts, names, changing, ())
    doomed = tuple(chance.sample(known.changed(), dead))
    return Plan(facings, amounts, names, changing, doomed)


def _change(gtin: str, amount: int, chance: Random) -> Change:
    kind = chance.random()
    if kind < RAISED:
        return Change(gtin, amount + 10 * chance.randint(1, 50))
    lower = amount - 10 * chance.randint(1, amount // 10 - 1)
    return Change(gtin, lower, None if kind < RAISED + LOWERED else "This week")


def _gtin(n: int) -> str:
    body = f"0690{n:09d}"
    return body + check_digit(body)
