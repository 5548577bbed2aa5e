"""How many shelf labels a core draws in a second, with and without their verification.

Every label has a product, a name and a price of its own, a third of them a promotion with further
prices, a quarter a Chinese name. CPU time of this process, the best of the rounds; fonts
and glyphs are warm, as they are in a shop that has run for a minute.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from devices.gtin import check_digit
from devices.labels.layout import templates
from devices.labels.render import render
from edge.events import LabelContent

LABELS = 200
ROUNDS = 8
WARM = 1000
ADJECTIVES = [
    "Organic",
    "Fresh",
    "Whole",
    "Crunchy",
    "Smoked",
    "Sparkling",
    "Mild",
    "Ripe",
    "Golden",
    "Classic",
]
NOUNS = [
    "Milk",
    "Bread",
    "Butter",
    "Lemonade",
    "Almonds",
    "Salmon",
    "Tomatoes",
    "Cheese",
    "Rice",
    "Coffee",
]
CHINESE = "鲜牛奶全麦面包黄油柠檬汽水杏仁三文鱼番茄奶酪大米咖啡绿茶酸奶苹果香蕉橙汁"


def main() -> None:
    """Run and print."""
    chance = random.Random(1)
    print("shelf labels, each with its own GTIN, name and price; labels a second on a core (CPU)")
    for name in ("296x128-bwr", *(name for name in templates() if name.endswith("-bwry"))):
        proved, bare = (_rate(name, chance, verify=verify) for verify in (True, False))
        print(f"  {name}: drawn and verified {proved:.0f}, drawn only {bare:.0f}")


def _rate(template: str, chance: random.Random, *, verify: bool) -> float:
    _seconds(_contents(template, chance, WARM), verify=verify)
    rounds = [_contents(template, chance, LABELS) for _ in range(ROUNDS)]
    return LABELS / min(_seconds(labels, verify=verify) for labels in rounds)


def _seconds(contents: Sequence[LabelContent], *, verify: bool) -> float:
    start = time.process_time()
    for content in contents:
        render(content, verify=verify)
    return time.process_time() - start


def _contents(template: str, chance: random.Random, count: int) -> list[LabelContent]:
    return [_content(template, chance) for _ in range(count)]


def _content(template: str, chance: random.Random) -> LabelContent:
    body = f"0{chance.randrange(10**11, 10**12)}"
    amount = chance.randrange(20, 9999)
    name = f"{chance.choice(ADJECTIVES)} {chance.choice(NOUNS)} {chance.randint(1, 999)} g"
    promoted = chance.random() < 1 / 3
    chinese = chance.random() < 1 / 4
    return LabelContent(
        body + check_digit(body),
        "".join(chance.sample(CHINESE, 6)) if chinese else name,
        amount,
        "CNY" if chinese else "EUR",
        template,
        f"100 g = {amount / 3 / 100:.2f}",
        {"en": name} if chinese else {},
        "SAVE 20 %" if promoted else None,
        amount * 5 // 4 + 1 if promoted else None,
        amount * 4 // 5 if promoted else None,
        chance.choice(("in", "few", "none")),
    )


if __name__ == "__main__":
    main()
