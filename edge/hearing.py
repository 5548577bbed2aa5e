"""Who can be heard: what each antenna could have read, for silence is not absence.

Time is counted in looks: an antenna looks once in each second in which its reader spoke. A reader,
an antenna or a broker that is away does not look, and what does not look misses nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from edge.clocks import Clock
from edge.items import Place
from edge.rows import Rows
from edge.traces import SUREST

LOOK_MS = 1000
QUIET_MS = 5_000
AHEAD_S = 10  # looks that lie further ahead than this: it is our own clock that was set back
FIRST_RATE = 0.5  # the share of looks in which an antenna reads a tag, before that is learned
FIRST_RSSI = -60.0  # dBm of an antenna's own tags, before that is learned
VOLUME_WEIGHT = 0.1
DEAF_READS = 6.0  # nothing in looks that should have brought so many reads: once in 400 such looks
DEAF_LOOKS = 3  # and at least in so many
DEAF_TAGS = 3  # so many tags do not leave in the same moment
LEAST_CLARITY = 0.2
SHADED = 0.6  # reference tags are read this much less than usual: somebody stands before them
SHORT, LONG = 0.25, 0.005  # weights of the short and the long mean of reference reads
LEARNED_LOOKS = 100  # from here on the long mean means something
SETTLED = 6.0  # -ln of the share of tags that an antenna may still have to read when it is sure
MOST_LOOKS = 60  # that this takes


class Reader(Struct):
    """A reader, its clock, the second of its newest look, and whether it is `silent`."""

    device: str
    clock: Clock
    second: int = 0
    silent: bool = False


class Antenna(Struct):
    """An antenna: where it looks, how often it did, and how well it reads.

    `looks` counts the seconds in which it could have read; `heard` is when the newest ended, and
    from look `fresh` (at `fresh_at`) on its silence means something; times are epoch ms. `rate` is
    the share of looks in which it reads a tag of its own place, `rssi` the mean strength of such
    reads (dBm), `own` how many there were. In the look that runs, `home` tags of its own place and
    `strays` of others were read, and `marks` reference tags; `volume` are all on average; `quiet`
    counts looks without any; `short` and `long` are mean shares of its reference tags read. It is
    `off` while it is unplugged, or `deaf`: it hears nothing although it should. It is `sure` when
    it has looked for long enough to have read what stands there. Its tags were judged up to look
    `judged`.
    """

    id: int
    device: str
    antenna: int
    zone: str
    shelf: str | None
    gate: bool = False
    looks: int = 0
    heard: int = 0
    fresh: int = 0
    fresh_at: int = 0
    judged: int = 0
    rate: float = FIRST_RATE
    rssi: float = FIRST_RSSI
    own: float = 0.0
    home: int = 0
    strays: int = 0
    marks: int = 0
    volume: float = 0.0
    quiet: int = 0
    short: float = 0.0
    long: float = 0.0
    off: bool = False
    deaf: bool = False
    sure: bool = False

    @property
    def clarity(self) -> float:
        """How well it reads now against usual: below 1 when somebody stands before it."""
        if self.looks < LEARNED_LOOKS or self.short >= SHADED * self.long:
            return 1.0
        return max(LEAST_CLARITY, self.short / self.long)

    @property
    def settled(self) -> bool:
        """Whether it has looked for long enough since `fresh` to be sure."""
        needed = SETTLED / -math.log1p(-min(SUREST, self.rate))
        return self.looks - self.fresh >= min(MOST_LOOKS, needed)

    @property
    def place(self) -> Place:
        """Where it looks."""
        return Place(self.zone, self.shelf, self.gate)

    def watches(self, zone: str | None, shelf: str | None) -> bool:
        """Tell whether it looks at this place."""
        return zone == self.zone and shelf == self.shelf


class Trouble(Struct, frozen=True):
    """A fault of a device that hearing found, or its end."""

    device: str
    problem: str
    active: bool
    antenna: int | None = None


class Hearing:
    """The readers and antennas of a shop.

    `marks` counts the reference tags at each place. `changed` is told of an antenna that becomes
    sure of what stands there, or ceases to be.
    """

    def __init__(
        self,
        readers: Rows[str, Reader],
        antennas: Rows[int, Antenna],
        marks: Mapping[tuple[str, str | None], int],
        changed: Callable[[Antenna], None],
    ) -> None:
        """Take up the rows that are on disk."""
        self._readers = readers
        self._antennas = antennas
        self._marks = marks
        self._changed = changed
        self._away_since: int | None = None
        self._troubles: list[Trouble] = []
        self._tags: dict[int, int] = {}
        self._of: dict[str, dict[int, Antenna]] = {}
        self._unsure: set[int] = set()
        for antenna in antennas:
            self._of.setdefault(antenna.device, {})[antenna.antenna] = antenna
            if not antenna.sure:
                self._unsure.add(antenna.id)

    # What there is

    def install(self, device: str, places: Mapping[int, Place]) -> Iterator[Antenna]:
        """Tie a reader's antennas to their places; gives those whose place has changed."""
        known = self._of.setdefault(device, {})
        if device not in self._readers:
            self._readers.put(device, Reader(device, Clock()))
        for number, place in sorted(places.items()):
            antenna = known.get(number)
            if antenna is None:
                name = len(self._antennas) + 1
                antenna = Antenna(name, device, number, place.zone, place.shelf, place.gate)
                known[number] = antenna
            elif antenna.place != place:
                antenna.zone, antenna.shelf, antenna.gate = place.zone, place.shelf, place.gate
                antenna.fresh = antenna.looks
                yield antenna
            else:
                continue
            self._antennas.put(antenna.id, antenna)
            self._unsettle(antenna)

    def of(self, device: str) -> dict[int, Antenna]:
        """Give a reader's antennas by their numbers."""
        return self._of.get(device, {})

    def antenna(self, name: int) -> Antenna | None:
        """Give an antenna by its id."""
        return self._antennas.get(name)

    def antennas(self) -> Rows[int, Antenna]:
        """Give all antennas."""
        return self._antennas

    def seat(self, antenna: Antenna, tags: int) -> None:
        """Note that so many tags more (or fewer, below zero) have their place at this antenna."""
        self._tags[antenna.id] = self._tags.get(antenna.id, 0) + tags

    def keep(self, antenna: Antenna) -> None:
        """Have what an antenna learned saved."""
        self._antennas.put(antenna.id, antenna)

    def troubles(self) -> list[Trouble]:
        """Hand over the faults that were found since the last call."""
        found, self._troubles = self._troubles, []
        return found

    # Signs of life

    def correct(self, device: str, newest: int, now: int) -> int:
        """Give the ms to add to a reader's times, judged by its newest reading (epoch ms)."""
        reader = self._readers[device]
        clock = reader.clock
        was_wrong = clock.is_wrong
        if clock.set_by(newest, now) and clock.is_wrong != was_wrong:
            self._troubles.append(Trouble(device, "clock-wrong", clock.is_wrong))
        self._readers.put(device, reader)
        return clock.offset

    def offset(self, device: str) -> int:
        """Give the ms that are added to a reader's times."""
        return self._readers[device].clock.offset

    def heard(self, device: str) -> int:
        """Give the beginning of a reader's newest look (epoch ms)."""
        return self._readers[device].second * LOOK_MS

    def spoke(self, device: str, now: int) -> None:
        """Take a word of a reader that is not about tags: a look, if it tells of none for long.

        Some readers say nothing while they read nothing.
        """
        reader = self._readers.get(device)
        if reader is not None and now - reader.second * LOOK_MS >= QUIET_MS:
            self.look(device, now)

    def look(self, device: str, at: int) -> None:
        """Take a reader's sign of life of `at` (epoch ms): one look in each second.

        One that is older than the newest look adds nothing: it was counted, or comes late.
        """
        reader, second = self._readers.get(device), at // LOOK_MS
        if reader is None or second <= reader.second <= second + AHEAD_S:
            return
        reader.second = second
        self._readers.put(device, reader)
        for antenna in self._of[device].values():
            if not antenna.off and not reader.silent:
                self._turn(antenna, at)

    def _turn(self, antenna: Antenna, at: int) -> None:
        """End an antenna's look; it counts when what stands there could have been read."""
        self._antennas.put(antenna.id, antenna)
        hears = self._listens(antenna)
        self._learn_shade(antenna)
        self._learn_rate(antenna)
        antenna.home = antenna.strays = antenna.marks = 0
        if hears:
            antenna.looks += 1
            antenna.heard = at
            if not antenna.sure and antenna.settled:
                antenna.sure = True
                self._unsure.discard(antenna.id)
                self._changed(antenna)

    def _listens(self, antenna: Antenna) -> bool:
        """Tell whether an antenna that reads nothing has nothing to read."""
        if count := antenna.home + antenna.strays:
            antenna.quiet = 0
            antenna.volume += (count - antenna.volume) * VOLUME_WEIGHT
            return True
        antenna.quiet += 1
        expected = antenna.quiet * antenna.volume
        if expected <= DEAF_READS or antenna.quiet < DEAF_LOOKS:
            return True
        if self._tags_of(antenna) < DEAF_TAGS:
            return True
        antenna.off = antenna.deaf = True
        self._troubles.append(_deafness(antenna))
        self._unsettle(antenna)
        return False

    def _tags_of(self, antenna: Antenna) -> int:
        return self._tags.get(antenna.id, 0) + self._marks_of(antenna)

    def _marks_of(self, antenna: Antenna) -> int:
        return self._marks.get((antenna.zone, antenna.shelf), 0)

    def _learn_rate(self, antenna: Antenna) -> None:
        """Learn from the look that ends how well the tags of its own place are read."""
        if not antenna.home:
            return
        share = min(1.0, antenna.home / max(1, self._tags.get(antenna.id, 0)))
        antenna.own += antenna.home
        antenna.rate += (share - antenna.rate) * max(LONG, 1.0 / (antenna.looks + 1.0))

    def _learn_shade(self, antenna: Antenna) -> None:
        """Learn from the look that ends how well reference tags are read."""
        marks = self._marks_of(antenna)
        if marks:
            share = min(1.0, antenna.marks / marks)
            antenna.long += (share - antenna.long) * max(LONG, 1.0 / (antenna.looks + 1.0))
            antenna.short += (share - antenna.short) * SHORT

    # Silence

    @property
    def any_unsure(self) -> bool:
        """Whether any antenna is not sure of what stands there."""
        return bool(self._unsure)

    def _unsettle(self, antenna: Antenna) -> None:
        """Let an antenna not be sure of what stands there, until it has looked again."""
        if antenna.sure or antenna.id not in self._unsure:
            antenna.sure = False
            self._unsure.add(antenna.id)
            self._antennas.put(antenna.id, antenna)
            self._changed(antenna)

    def hears(self, antenna: Antenna) -> bool:
        """Tell whether an antenna's silence means something."""
        return not antenna.off and not self._readers[antenna.device].silent

    def is_away(self, now: int, patience_ms: int) -> bool:
        """Tell whether the broker has been away for longer than this."""
        return self._away_since is not None and now - self._away_since > patience_ms

    def lose(self, device: str) -> None:
        """Count nothing that this reader does not say."""
        reader = self._readers.get(device)
        if reader is None or reader.silent:
            return
        reader.silent = True
        self._readers.put(device, reader)
        for antenna in self.of(device).values():
            self._unsettle(antenna)

    def regain(self, device: str, now: int) -> None:
        """Listen to this reader again: its silence means something from now on."""
        reader = self._readers.get(device)
        if reader is None or not reader.silent:
            return
        reader.silent = False
        self._readers.put(device, reader)
        for antenna in self.of(device).values():
            self._refresh(antenna, now)

    def forgive(self, device: str, now: int) -> None:
        """Forget what a reader did not read until now: readings were lost.

        Once is nothing; when it happens again and again, nobody knows what stands there.
        """
        for antenna in self.of(device).values():
            if not antenna.settled:
                self._unsettle(antenna)
            self._refresh(antenna, now)

    def unplug(self, device: str, number: int) -> None:
        """Count nothing that this antenna does not say."""
        antenna = self.of(device).get(number)
        if antenna is not None and not antenna.off:
            antenna.off = True
            self._antennas.put(antenna.id, antenna)
            self._unsettle(antenna)

    def plug(self, device: str, number: int, now: int) -> None:
        """Listen to this antenna again."""
        antenna = self.of(device).get(number)
        if antenna is not None and antenna.off:
            self.revive(antenna, now)

    def revive(self, antenna: Antenna, now: int) -> None:
        """Listen again to an antenna that has read something."""
        was_deaf, antenna.off, antenna.deaf = antenna.deaf, False, False
        if was_deaf:
            self._troubles.append(_deafness(antenna))
        self._refresh(antenna, now)

    def deafen(self, since: int) -> None:
        """Hear nobody: the broker is away."""
        if self._away_since is None:
            self._away_since = since

    def resume(self, now: int, patience_ms: int) -> None:
        """Listen to all again, from now on; who was away for longer is not sure of anything."""
        was_away = self.is_away(now, patience_ms)
        self._away_since = None
        for antenna in self._antennas:
            self._refresh(antenna, now)
            if was_away:
                self._unsettle(antenna)

    def _refresh(self, antenna: Antenna, now: int) -> None:
        antenna.fresh, antenna.fresh_at, antenna.quiet = antenna.looks, now, 0
        self._antennas.put(antenna.id, antenna)


def _deafness(antenna: Antenna) -> Trouble:
    problem = f"antenna-{antenna.antenna}-hears-nothing"
    return Trouble(antenna.device, problem, active=antenna.deaf, antenna=antenna.antenna)
