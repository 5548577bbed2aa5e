"""The simulated shop's history: repeatable, and nothing in two places."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.simulator.habits import USUAL, Habits
from devices.simulator.happenings import Crossed, Happening, Paid, Picked, PutDown, Stolen
from devices.simulator.stock import BACKROOM
from devices.simulator.world import World

STEP_S = 0.1
TEN_MINUTES = 6000


def history(seed: int, steps: int, habits: Habits = USUAL) -> tuple[World, list[Happening]]:
    """Let a world go on for so many steps."""
    world = World(seed, habits)
    return world, [h for _ in range(steps) for h in world.step(STEP_S)]


def test_a_seed_repeats_exactly_and_another_differs() -> None:
    """The same seed gives the same happenings and the same truth."""
    first, second = history(4, 3000), history(4, 3000)
    assert first[1] == second[1]
    assert first[0].truth() == second[0].truth()
    assert history(5, 3000)[1] != first[1]


@given(seed=st.integers(0, 10_000))
@settings(max_examples=8, deadline=None)
def test_every_unit_is_in_exactly_one_place(seed: int) -> None:
    """Whatever people do, no unit is lost or doubled."""
    world = World(seed)
    for _ in range(40):
        for _ in range(25):
            world.step(STEP_S)
        places = Counter(epc for epc, _ in world.stock.census())
        assert set(places.values()) == {1}


@pytest.fixture(scope="module")
def morning() -> tuple[World, list[Happening]]:
    """Give ten minutes of a shop."""
    return history(1, TEN_MINUTES)


def test_truth_counts_what_happened(morning: tuple[World, list[Happening]]) -> None:
    """Who came and left in the truth is who crossed the door."""
    world, happened = morning
    crossed = Counter(h.direction for h in happened if isinstance(h, Crossed))
    truth = world.truth()
    assert (truth.came, truth.left) == (crossed["in"], crossed["out"])
    assert truth.people == truth.came - truth.left


def test_a_morning_has_all_that_a_shop_has(morning: tuple[World, list[Happening]]) -> None:
    """People take, put back, pay at both lanes and steal, and the shelves do not run dry."""
    world, happened = morning
    kinds = Counter(type(h) for h in happened)
    assert kinds[Picked] > kinds[PutDown] > 0
    assert {h.lane for h in happened if isinstance(h, Paid)} == {"lane-1", "lane-2"}
    assert kinds[Paid] >= 40
    assert world.truth().thefts
    assert all(sum(goods.shelves.values()) for goods in world.truth().stock.values())


def test_staff_that_rearranges_carries_goods_from_shelf_to_shelf() -> None:
    """Without shoppers, goods still move to shelves where they do not belong."""
    habits = Habits(most_shoppers=0, staff=4, rearranges=0.8)
    world, happened = history(1, 1200, habits)
    picked = {h.place for h in happened if isinstance(h, Picked)}
    assert picked - {BACKROOM}
    assert any(isinstance(h, PutDown) and not h.home for h in happened)
    assert len(world.people()) == 4


def test_no_radio_reaches_into_a_shielded_bag() -> None:
    """Who steals with one carries nothing that a gate could read."""
    world, shielded = World(1, Habits(steals=1.0, shields=1.0)), set[int]()
    thefts: list[Stolen] = []
    while not thefts:
        thefts += [h for h in world.step(STEP_S) if isinstance(h, Stolen)]
        held = [who for who, units in world.stock.hands.items() if units]
        shielded.update(who for who in held if not world.stock.carried(who))
    assert thefts[0].person in shielded
