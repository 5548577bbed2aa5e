"""What the simulated readers make of the shop: misses, strays and noise, the same each time."""

from __future__ import annotations

from collections import Counter

from devices.simulator.layout import SHELVES
from devices.simulator.readers import LEAST, Cycle, readers
from devices.simulator.stock import Stock

STEP_S = 0.1


def cycles(seed: int, steps: int) -> list[Cycle]:
    """Let all readers look at an untouched shop."""
    stock, all_readers = Stock(seed), readers(seed)
    found = [r.step(STEP_S, stock, ()) for _ in range(steps) for r in all_readers]
    return [cycle for cycle in found if cycle is not None]


def test_the_same_seed_reads_the_same() -> None:
    """Reads, strengths and times repeat."""
    assert cycles(2, 100) == cycles(2, 100)
    assert cycles(2, 100) != cycles(3, 100)


def test_every_unit_is_read_often_enough_and_strongest_at_home() -> None:
    """In a minute no tag is silent for long, and its own shelf is where most reads are."""
    stock = Stock(2)
    home = {unit.epc: shelf.id for shelf in SHELVES for unit in stock.on(shelf.id)}
    reads: dict[str, Counter[str]] = {epc: Counter() for epc in home}
    strength: dict[tuple[str, bool], list[float]] = {}
    looks: Counter[str] = Counter()
    places = {reader.plan.id: reader.plan.places for reader in readers(2)}
    for cycle in cycles(2, 600):
        looks[cycle.reader] += 1
        for read in cycle.reads:
            if read.epc in home:
                place = places[cycle.reader][read.antenna - 1]
                reads[read.epc][place] += 1
                strength.setdefault((read.epc, place == home[read.epc]), []).append(read.rssi)
    for epc, found in reads.items():
        assert found.most_common(1)[0][0] == home[epc]
        assert found[home[epc]] > 0.6 * LEAST * min(looks.values())
    own = [rssi for (_, mine), heard in strength.items() if mine for rssi in heard]
    stray = [rssi for (_, mine), heard in strength.items() if not mine for rssi in heard]
    assert sum(own) / len(own) > sum(stray) / len(stray) + 6


def test_the_gate_is_silent_while_nobody_passes() -> None:
    """The exit's antennas see what is carried past them, not the shelves."""
    assert not any(cycle.reads for cycle in cycles(1, 100) if cycle.reader == "gate-1")
