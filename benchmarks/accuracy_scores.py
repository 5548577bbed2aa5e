"""What the accuracy benchmark counts: wrong item-minutes, levels, moves, alarms."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct, field

from benchmarks.accuracy_ours import THERE, Ours
from benchmarks.accuracy_stream import Happened, Minute, Stream
from devices.simulator.happenings import Picked, PutDown, Stolen, Unit
from edge.events import Event, ItemChanged

THEFT = "suspected_theft"


class Figures(Struct):
    """The figures of a scenario, over all seeds that were run.

    `wrong` is item-minutes by method, out of `scored`; `exact` levels out of `levels`, beside those
    that said that they are `stale`; `delays` are
    seconds from a move to when ours knew, for those of `moves` that it came to know.
    `false_departures` are items that ours missed on shelves that no antenna watched. `alarms` are
    tagged units, `false_alarms` those of them that nobody stole. `spent_ns` is computing time.
    """

    scenario: str
    minutes: int = 0
    scored: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    levels: int = 0
    exact: int = 0
    stale: int = 0
    moves: int = 0
    delays: list[float] = field(default_factory=list)
    false_departures: int = 0
    thefts: int = 0
    alarms: int = 0
    false_alarms: int = 0
    spent_ns: Counter[str] = field(default_factory=Counter)

    def add(self, other: Figures) -> None:
        """Take the figures of another seed in."""
        for name in self.__struct_fields__[1:]:
            mine, more = getattr(self, name), getattr(other, name)
            if isinstance(mine, Counter):
                mine.update(more)  # where + would drop what is 0
            else:
                setattr(self, name, mine + more)


class Watch:
    """Follows our shop beside the truth: what it says when, and what was really so then."""

    def __init__(self, figures: Figures, stream: Stream, ours: Ours) -> None:
        """Count into `figures`."""
        self._figures = figures
        self._stream = stream
        self._ours = ours
        self._from: dict[str, str] = {}
        self._moved: dict[str, tuple[int, str]] = {}
        self._stolen: set[str] = set()
        self._alarms: set[str] = set()
        self._missed: set[str] = set()

    def see(self, happened: Happened) -> None:
        """Take what truly happened."""
        match happened.happening:
            case Picked(unit=unit, place=place) if self._has_tag(unit):
                self._moved.pop(unit.epc, None)
                self._from[unit.epc] = place
            case PutDown(unit=unit, place=place) if self._has_tag(unit):
                if self._from.pop(unit.epc, None) != place:
                    self._moved[unit.epc] = (happened.now, place)
                    self._figures.moves += 1
            case Stolen(units=units):
                self._stolen.update(unit.epc for unit in units if self._has_tag(unit))

    def tick(self, now: int) -> None:
        """Look at what ours said and came to know since the last time."""
        for at, event in self._ours.events:
            self._hear(at, event)
        self._ours.events.clear()
        for epc, (since, place) in list(self._moved.items()):
            if self._ours.place(epc) == place:
                self._figures.delays.append((now - since) / 1000)
                del self._moved[epc]

    def minute(self, minute: Minute) -> None:
        """Compare published levels with the truth; one that says that it is stale is left out."""
        for gtin, (least, most) in minute.stock.items():
            on_hand = self._ours.on_hand(gtin)
            if on_hand is None:
                self._figures.stale += 1
                continue
            self._figures.levels += 1
            self._figures.exact += least <= on_hand <= most

    def end(self) -> None:
        """Count the items that were missed for nothing, and judge the alarms."""
        self._figures.false_departures = len(self._missed)
        self._figures.thefts = len(self._stolen)
        self._figures.alarms = len(self._alarms)
        self._figures.false_alarms = len(self._alarms - self._stolen)

    def _hear(self, now: int, event: Event) -> None:
        if not isinstance(event, ItemChanged):
            return
        if event.reason == THEFT:
            self._alarms.add(event.epc)
        if event.state in ("missing", "departed") and event.previous.state in THERE:
            fixtures = self._stream.world.stock.fixtures
            hidden = self._stream.hidden(now)
            if any(event.epc in fixtures[place] for place in hidden):
                self._missed.add(event.epc)

    def _has_tag(self, unit: Unit) -> bool:
        return unit.gtin not in self._stream.untagged
