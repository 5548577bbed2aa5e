"""What people do in the shop, told act by act: shoppers who buy, browse or steal, and staff."""

from __future__ import annotations

from devices.simulator.goods import Facing, homes
from devices.simulator.happenings import Unit
from devices.simulator.layout import (
    DOOR_SPOTS,
    FITTING_SPOTS,
    INSIDE_Y,
    RACK_SPOTS,
    SHELF,
    SHELVES,
    STAFF_SPOTS,
    STREET_Y,
    LanePlan,
)
from devices.simulator.people import Pause, Person, Trip, Walk
from devices.simulator.stage import Stage
from devices.simulator.stock import BACKROOM


def shopper(stage: Stage, me: Person) -> Trip:
    """Come in, look around, take things, pay for them or not, and leave."""
    track = me.at[0]
    yield Walk((track, INSIDE_Y), straight=True)
    stage.free_track(me.number)
    for shelf in stage.wishes():
        yield from _visit(stage, me, shelf)
    if stage.held(me) and stage.chance.random() < stage.habits.fits:
        yield from _try_on(stage)
    yield from _settle(stage, me)
    yield from _go_out(stage, me)


def _visit(stage: Stage, me: Person, shelf: str) -> Trip:
    yield Walk(stage.free_spot(SHELF[shelf].spots))
    yield Pause(stage.chance.uniform(0.8, 2.5))
    units = stage.stock.on(shelf)
    if not units or stage.chance.random() > stage.habits.takes:
        return
    unit = stage.chance.choice(units)
    stage.pick(me, unit, shelf)
    more = [u for u in stage.stock.on(shelf) if u.gtin == unit.gtin]
    if more and stage.chance.random() < stage.habits.two_of_it:
        stage.pick(me, stage.chance.choice(more), shelf)
    yield Pause(stage.chance.uniform(0.5, 1.5))
    if stage.chance.random() < stage.habits.changes_mind:
        yield from _put_back(stage, me, unit, shelf)


def _put_back(stage: Stage, me: Person, unit: Unit, shelf: str) -> Trip:
    if stage.chance.random() > stage.habits.right_shelf:
        shelf = stage.chance.choice([other.id for other in SHELVES if other.id != shelf])
    yield Walk(stage.free_spot(SHELF[shelf].spots))
    yield Pause(0.6)
    stage.put(me, unit, shelf)


def _try_on(stage: Stage) -> Trip:
    yield Walk(stage.free_spot(FITTING_SPOTS))
    yield Pause(stage.chance.uniform(6.0, 14.0))


def _settle(stage: Stage, me: Person) -> Trip:
    fate, habits = stage.chance.random(), stage.habits
    if not stage.held(me):
        return
    if fate < habits.steals:
        if habits.shields and stage.chance.random() < habits.shields:
            stage.stock.shielded.add(me.number)
        return
    if fate < habits.steals + habits.loses_heart:
        for unit in stage.held(me):
            yield from _put_back(stage, me, unit, homes(unit.gtin)[0])
        return
    lane = stage.shortest_lane()
    while lane is None:
        yield Pause(1.0)
        lane = stage.shortest_lane()
    yield from _check_out(stage, me, lane)


def _check_out(stage: Stage, me: Person, lane: LanePlan) -> Trip:
    queue = stage.queues[lane.id]
    queue.append(me.number)
    while queue[0] != me.number or me.at != lane.spots[0]:
        yield Walk(lane.spots[queue.index(me.number)])
        yield Pause(0.3)
    for unit in stage.held(me):
        yield Pause(stage.chance.uniform(0.8, 1.4))
        stage.scan(lane.id, unit)
    yield Pause(stage.chance.uniform(0.8, 1.6))
    stage.pay(me, lane.id)
    yield Pause(stage.chance.uniform(1.5, 3.0))
    queue.remove(me.number)


def _go_out(stage: Stage, me: Person) -> Trip:
    yield Walk(stage.free_spot(DOOR_SPOTS))
    while (track := stage.take_track(me.number, inwards=False)) is None:
        yield Pause(0.4)
    yield Walk((track, INSIDE_Y))
    yield Walk((track, STREET_Y), straight=True)
    stage.free_track(me.number)
    stage.leave(me)


def staff(stage: Stage, me: Person) -> Trip:
    """Fill the emptiest shelf from the backroom, bring strays home, rest; for ever."""
    habits = stage.habits
    while True:
        if habits.rearranges and stage.chance.random() < habits.rearranges:
            yield from _rearrange(stage, me)
            continue
        gap = stage.claim_gap(me)
        if gap is not None:
            yield from _restock(stage, me, gap)
        elif (strays := stage.stock.strays()) and stage.chance.random() < habits.tidies:
            yield from _bring_home(stage, me, *stage.chance.choice(strays))
        else:
            yield Walk(stage.free_spot(STAFF_SPOTS))
            yield Pause(stage.chance.uniform(2.0, 5.0))


def _restock(stage: Stage, me: Person, gap: Facing) -> Trip:
    yield Walk(stage.free_spot(RACK_SPOTS))
    behind = [unit for unit in stage.stock.on(BACKROOM) if unit.gtin == gap.gtin]
    for unit in behind[: stage.habits.armful]:
        yield Pause(0.3)
        stage.pick(me, unit, BACKROOM)
    yield Walk(stage.free_spot(SHELF[gap.shelf].spots))
    for unit in stage.held(me):
        yield Pause(0.4)
        stage.put(me, unit, gap.shelf)


def _rearrange(stage: Stage, me: Person) -> Trip:
    """Carry what a shelf has of one product to another shelf."""
    here, there = stage.chance.sample([shelf.id for shelf in SHELVES], 2)
    yield Walk(stage.free_spot(SHELF[here].spots))
    units = stage.stock.on(here)
    gtin = stage.chance.choice(units).gtin if units else None
    alike = [unit for unit in units if unit.gtin == gtin]
    for unit in alike[: stage.habits.armful]:
        yield Pause(0.4)
        stage.pick(me, unit, here)
    yield Walk(stage.free_spot(SHELF[there].spots))
    for unit in stage.held(me):
        yield Pause(0.4)
        stage.put(me, unit, there)


def _bring_home(stage: Stage, me: Person, shelf: str, unit: Unit) -> Trip:
    yield Walk(stage.free_spot(SHELF[shelf].spots))
    yield Pause(0.5)
    stage.pick(me, unit, shelf)
    yield Walk(stage.free_spot(SHELF[homes(unit.gtin)[0]].spots))
    for held in stage.held(me):
        yield Pause(0.5)
        stage.put(me, held, homes(held.gtin)[0])
