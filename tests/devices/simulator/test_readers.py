"""What the simulated readers make of the shop: misses, strays and noise, the same each time."""

from __future__ import annotations

from collections import Counter

import pytest

from devices.simulator.goods import GOODS
from devices.simulator.layout import READERS, SHELF, SHELVES
from devices.simulator.people import Seen
from devices.simulator.radio import USUAL, Radio, with_mean
from devices.simulator.readers import Cycle, readers
from devices.simulator.references import REFERENCES
from devices.simulator.stock import BACKROOM, Stock

STEP_S = 0.1
ROUGH = Radio(stray_rate=0.3, wall_loss_db=6, shade=0.5, tag_db=3, aspect_db=3, fading_db=3)
PLACES = {reader.id: reader.places for reader in READERS}


def cycles(
    seed: int,
    steps: int,
    radio: Radio = USUAL,
    people: tuple[Seen, ...] = (),
    untagged: frozenset[str] = frozenset(),
) -> list[Cycle]:
    """Let all readers look at an untouched shop with reference tags."""
    stock, all_readers = Stock(seed), readers(seed, radio, REFERENCES, untagged)
    found = [r.step(STEP_S, stock, people) for _ in range(steps) for r in all_readers]
    return [cycle for cycle in found if cycle is not None]


def reads_by_place(found: list[Cycle]) -> dict[str, Counter[str]]:
    """Count the reads of each tag by the place of the antenna."""
    reads: dict[str, Counter[str]] = {}
    for cycle in found:
        for read in cycle.reads:
            place = PLACES[cycle.reader][read.antenna - 1]
            reads.setdefault(read.epc, Counter())[place] += 1
    return reads


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
        assert found[home[epc]] > 0.6 * USUAL.least * min(looks.values())
    own = [rssi for (_, mine), heard in strength.items() if mine for rssi in heard]
    stray = [rssi for (_, mine), heard in strength.items() if not mine for rssi in heard]
    assert sum(own) / len(own) > sum(stray) / len(stray) + 6


def test_the_gate_is_silent_while_nobody_passes() -> None:
    """The exit's antennas see what is carried past them, not the shelves."""
    assert not any(cycle.reads for cycle in cycles(1, 100) if cycle.reader == "gate-1")


def test_the_same_seed_reads_the_same_in_rough_air() -> None:
    """Offsets, fading and shade follow from the seed as well."""
    assert cycles(2, 100, ROUGH) == cycles(2, 100, ROUGH)


@pytest.mark.parametrize("rate", [0.9, 0.7, 0.5, 0.3, 0.1])
def test_the_mean_read_rate_is_the_one_asked_for(rate: float) -> None:
    """Over all tags of a shelf reader and many cycles; single tags differ widely."""
    home = {unit.epc: shelf for shelf in PLACES["shelf-1"] for unit in Stock(1).on(shelf)}
    found = [cycle for cycle in cycles(1, 1500, with_mean(rate)) if cycle.reader == "shelf-1"]
    reads = reads_by_place(found)
    rates = [reads.get(epc, Counter())[place] / len(found) for epc, place in home.items()]
    assert sum(rates) / len(rates) == pytest.approx(rate, abs=0.05)
    assert max(rates) - min(rates) > 0.6 * min(0.6, 1.6 * rate, 1.6 * (1 - rate))


def test_who_stands_before_a_shelf_shades_it() -> None:
    """Half of the reads of that shelf are missing, and none elsewhere."""
    x, y = SHELF["denim-a"].spots[1]
    someone = (Seen(1, "shopper", x, y, 0.0, 0.0),)
    radio = Radio(shade=0.5)
    reads = {
        shaded: Counter(
            PLACES[cycle.reader][read.antenna - 1]
            for cycle in cycles(1, 600, radio, people)
            for read in cycle.reads
        )
        for shaded, people in ((True, someone), (False, ()))
    }
    part = {place: reads[True][place] / reads[False][place] for place in reads[False]}
    assert part.pop("denim-a") == pytest.approx(0.5, abs=0.06)
    assert min(part.values()) > 0.9


def test_neighbours_are_weaker_but_not_always() -> None:
    """Strays are weaker on the mean, and some tags are louder next door than at home."""
    home = {unit.epc: shelf.id for shelf in SHELVES for unit in Stock(3).on(shelf.id)}
    rough = Radio(stray_rate=0.3, stray_loss_db=2, aspect_db=4, fading_db=2)
    heard: dict[tuple[str, bool], list[float]] = {}
    for cycle in cycles(3, 200, rough):
        for read in cycle.reads:
            if read.epc in home:
                mine = PLACES[cycle.reader][read.antenna - 1] == home[read.epc]
                heard.setdefault((read.epc, mine), []).append(read.rssi)
    mean = {key: sum(heard) / len(heard) for key, heard in heard.items()}
    both = [epc for epc in home if (epc, True) in mean and (epc, False) in mean]
    louder = [epc for epc in both if max(heard[epc, False]) > min(heard[epc, True])]
    assert sum(mean[epc, True] - mean[epc, False] for epc in both) / len(both) > 6
    assert len(louder) > 0.05 * len(both)


def test_walls_stop_all_unless_they_are_thin() -> None:
    """Goods in the backroom are read on the sales floor only where the wall lets it through."""
    behind = {unit.epc for unit in Stock(1).on(BACKROOM)}

    def through(radio: Radio) -> int:
        reads = reads_by_place(cycles(1, 200, radio))
        return sum(at.total() - at[BACKROOM] for epc, at in reads.items() if epc in behind)

    assert through(USUAL) == 0
    assert through(ROUGH) > 0


def test_reference_tags_are_read_most_by_their_own_antenna() -> None:
    """Every one is read, mostly where it hangs; neighbours hear some of them too."""
    reads = reads_by_place(cycles(1, 300))
    for tag in REFERENCES:
        assert reads[tag.epc].most_common(1)[0][0] == tag.place
    assert any(len(reads[tag.epc]) > 1 for tag in REFERENCES)


def test_without_tags_nothing_is_read() -> None:
    """Products without tags are invisible."""
    bare = frozenset(good.gtin for good in GOODS)
    fixed = {tag.epc for tag in REFERENCES}
    assert set(reads_by_place(cycles(1, 100, untagged=bare))) <= fixed
