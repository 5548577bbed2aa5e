"""How long a tag's code takes to decode, each scheme, with nothing kept from one to the next."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

from devices.gtin import check_digit
from devices.rfid.epc import SCHEMES, Scheme, Sgtin, Sscc, decode, encode

TAGS = 200
ROUNDS = 200
PREFIX_DIGITS = 7
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._"
LIVE = "sgtin-96"


def main() -> None:
    """Run and print."""
    chance = random.Random(1)
    other = _epcpy()
    print(f"EPC decode, {TAGS} tags a scheme, best of {ROUNDS} rounds, us a tag")
    every = {scheme.name: _tags(scheme, chance) for scheme in SCHEMES.values()}
    for name, tags in every.items():
        beside = ""
        if other and SCHEMES[int(tags[0][:2], 16)].divides:
            beside = f", epcpy {_us(other, tags):.1f}"
        print(f"  {name}: {_us(decode, tags):.1f}{beside}")
    ours = [_us(decode, tags) for tags in every.values()]
    print(f"  mean of the schemes: {sum(ours) / len(ours):.1f}")
    half = len(every[LIVE]) // 2
    rest = [tag for name, tags in every.items() if name != LIVE for tag in tags]
    mixed = every[LIVE][:half] + chance.sample(rest, half)
    chance.shuffle(mixed)
    print(f"  half {LIVE}, half others: {_us(decode, mixed):.1f}")


def _us(read: Callable[[str], object], tags: list[str]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for tag in tags:
            read(tag)
        best = min(best, time.perf_counter() - start)
    return best / len(tags) * 1e6


def _tags(scheme: Scheme, chance: random.Random) -> list[str]:
    prefix = PREFIX_DIGITS if scheme.divides else None
    return [encode(_thing(scheme, chance), scheme.name, prefix) for _ in range(TAGS)]


def _thing(scheme: Scheme, chance: random.Random) -> dict[str, str]:
    """Make a key and a serial of eleven digits, or of up to ten characters."""
    serial = str(chance.randrange(10**10, 10**11))
    if not scheme.name.endswith("-96"):
        serial = "".join(chance.choices(LETTERS, k=chance.randint(1, 10)))
    if scheme.kind is Sgtin:
        date = {"17": "260630"} if scheme.name == "dsgtin+" else {}
        return {"01": _key(13, chance), "21": serial} | date
    if scheme.kind is Sscc:
        return {"00": _key(17, chance)}
    if scheme.name.startswith("sgln"):
        return {"414": _key(12, chance), "254": serial}
    if scheme.name.startswith("grai"):
        return {"8003": f"0{_key(12, chance)}{serial}"}
    return {"8004": f"{_key(6, chance)}{serial}"}


def _key(digits: int, chance: random.Random) -> str:
    body = "".join(chance.choices("0123456789", k=digits))
    return body + check_digit(body)


def _epcpy() -> Callable[[str], object] | None:
    """Give the decoder of Nedap's package where it is installed; it has no '+' schemes."""
    if find_spec("epcpy") is None:
        return None
    read: Callable[[str], object] = import_module("epcpy").hex_to_tag_encodable
    return read


if __name__ == "__main__":
    main()
