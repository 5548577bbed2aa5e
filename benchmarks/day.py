"""`python -m benchmarks.day`: a recorded day of the simulated shop replays to the same bytes.

Also with restarts in its middle, and with 5 % of its lines doubled and all shuffled within 10 s.
Ends with 1 where it does not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.accuracy_scenarios import EPOCH_MS
from benchmarks.site import site_settings
from devices.simulator.goods import GOODS
from devices.simulator.happenings import Paid
from devices.simulator.plan import STORE
from devices.simulator.radio import Radio
from devices.simulator.readers import readers
from devices.simulator.references import REFERENCES
from devices.simulator.world import World
from edge.commands import Product, PutProducts
from edge.config import Settings
from edge.logs import to_stderr
from edge.recording import Asked, Heard, Line, encode
from edge.replaying import Portion, replay

STEP_S = 1.0
UNHURRIED = Radio(shelf_cycle_s=(10.0, 20.0), gate_cycle_s=(1.0, 2.0))
SHUFFLE_MS = 10_000
DOUBLED = 20  # one line in so many
RESTARTS = 5
MISSING_AFTER_S = 60.0


def main() -> None:
    """Record, replay three times, and compare."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--hours", type=float, default=24)
    asked = parser.parse_args()
    to_stderr()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = site_settings(folder, MISSING_AFTER_S)
        lines = list(day(asked.hours))
        chance = random.Random(1)
        mixed = [*lines, *chance.sample(lines, len(lines) // DOUBLED)]
        mixed.sort(key=lambda line: line.at + chance.uniform(0, SHUFFLE_MS))
        plain, other = _write(folder / "plain.jsonl", lines), _write(folder / "mixed.jsonl", mixed)
        print(f"{len(lines)} lines of {asked.hours:g} hours", flush=True)
        digests = {
            "whole": _replay(settings, plain, Portion()),
            "restarted": _replay(
                settings, plain, Portion(restart_every=len(lines) // (RESTARTS + 1))
            ),
            "doubled and shuffled": _replay(settings, other, Portion()),
        }
    print("\n".join(f"{digest}  {name}" for name, digest in digests.items()))
    same = len(set(digests.values())) == 1
    print("the same bytes" if same else "NOT the same bytes")
    sys.exit(not same)


def day(hours: float) -> Iterator[Line]:
    """Give what a gateway would have recorded, in order of time."""
    products = tuple(Product(good.gtin, good.name, good.brand) for good in GOODS)
    yield Asked(EPOCH_MS, PutProducts(products), 1)
    world, devices = World(1), readers(1, UNHURRIED, REFERENCES)
    sent: Counter[str] = Counter()
    for step in range(1, round(hours * 3600 / STEP_S)):
        now = EPOCH_MS + round(step * STEP_S * 1000)
        bodies = [
            ("checkout", "lane-2", "sale", _sale(paid, now))
            for paid in world.step(STEP_S)
            if isinstance(paid, Paid)
        ]
        people = world.people()
        for reader in devices:
            cycle = reader.step(STEP_S, world.stock, people)
            if cycle is not None:
                reads = [
                    {"epc": r.epc, "ant": r.antenna, "rssi": r.rssi, "t": now - round(r.ago * 1000)}
                    for r in cycle.reads
                ]
                bodies.append(("rfid", cycle.reader, "reads", {"reads": reads}))
        for kind, device, leaf, body in bodies:
            sent[device] += 1
            payload = json.dumps({"boot": "b", "seq": sent[device], **body}).encode()
            yield Heard(now + 20, f"store/{STORE}/{kind}/{device}/{leaf}", payload)


def _sale(paid: Paid, now: int) -> dict[str, object]:
    """Sell: every other unit by its tag, the rest by barcode."""
    lines = [
        {"gtin": unit.gtin, "qty": 1, "amount": 100, "epc": unit.epc if unit.serial % 2 else None}
        for unit in paid.units
    ]
    named = [{k: v for k, v in line.items() if v is not None} for line in lines]
    total = 100 * len(lines)
    return {
        "t": now,
        "sale": f"s-{paid.checkout}",
        "currency": "CNY",
        "lines": named,
        "total": total,
    }


def _write(file: Path, lines: list[Line]) -> Path:
    with file.open("wb") as out:
        for line in lines:
            out.write(encode(line))
    return file


def _replay(settings: Settings, log: Path, portion: Portion) -> str:
    start, out = time.monotonic(), log.with_suffix(".out")
    replay(settings, log, out, None, portion)
    print(f"replayed in {time.monotonic() - start:.0f} s", flush=True)
    return hashlib.sha256(out.read_bytes()).hexdigest()[:16]


if __name__ == "__main__":
    main()
