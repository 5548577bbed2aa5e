"""Air time: which label gets its picture next, and when all will have theirs.

The labels of a device share its radio, which serves one after the other. Pictures wait here, and
not at the device, so that what is urgent overtakes, and what was replaced while it waited is never
sent. As many are on their way as keep the radio busy; a label that does not answer in its time
makes room for others.

How long all of it takes is learned from the confirmations. A label's word comes after those of the
labels that were on their way before it, one at each `pace`, and after a `lag` that it has to itself
(it sleeps, and draws). A label that naps for minutes gets its turn first.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from edge.labels import Label, Trip, Turn
from edge.rows import Rows

RESEND_AFTER_MS = 15_000  # at the earliest
RESEND_AT_MOST_MS = 600_000  # at the latest, unless the label itself takes longer
FADING = 1 / 64  # the weight of the newest confirmation, once there were many
FEW = 4  # labels ahead: hardly anybody
TYPICAL = 8  # confirmations that what is typical of a driver is worth
PATIENCE = 6  # spreads beyond the mean after which a label is late
RARE = 4  # of so many labels and one, hardly one takes nearly the longest time
FORGETTING = 1 / 128  # of the longest lag, with each word
NAPS = 3.0  # a label that takes so many times as long as one alone

RAISE, PROMOTION, PRICE, LOOK, LAST = range(5)
"""How urgent a picture is: the till waits for a higher price, nobody for a label that is silent."""


class Radio(Struct, frozen=True):
    """What is typical of a driver: labels on their way at once, and their times in ms."""

    window: int
    pace_ms: float
    lag_ms: float
    spread_ms: float


NATIVE = Radio(200, 20.0, 1_500.0, 500.0)
OPENEPAPERLINK = Radio(56, 4_200.0, 90_000.0, 25_000.0)
RADIOS = {"openepaperlink": OPENEPAPERLINK}


class Lag(Struct, frozen=True):
    """How long labels take beyond those ahead of them, in ms.

    The mean, the mean absolute deviation, and the longest of late: a picture that is lost on its
    way comes with the label's next waking.
    """

    mean_ms: float
    spread_ms: float
    longest_ms: float

    def last(self, many: int) -> float:
        """Estimate the longest of so many."""
        return self.mean_ms + (self.longest_ms - self.mean_ms) * (many - 1) / (many + RARE)

    def learned(self, ms: float, weight: float) -> Lag:
        """Give it with one more."""
        off = ms - self.mean_ms
        mean_ms = self.mean_ms + weight * off
        spread_ms = self.spread_ms + weight * (abs(off) - self.spread_ms)
        faded = self.longest_ms - FORGETTING * (self.longest_ms - mean_ms)
        return Lag(mean_ms, spread_ms, max(ms, faded))


class Pace(Struct, frozen=True):
    """How fast a device's labels take their pictures, learned from `words` confirmations.

    `busy_ms` for `done` labels, while others waited, fade with time. `lag` is of labels that wake
    often, `nap` of those that nap, `alone_ms` the mean time of a label that has hardly anybody
    ahead. Labels have waited since the last word, which came at `busy_since` (epoch ms).
    """

    device: str
    busy_ms: float
    done: float
    lag: Lag
    alone_ms: float
    nap: Lag | None = None
    busy_since: int | None = None
    words: int = 0

    @property
    def each_ms(self) -> float:
        """The time that one label takes while others wait."""
        return self.busy_ms / self.done

    def naps(self, lag_ms: float) -> bool:
        """Tell whether a label that takes so long naps for minutes."""
        return lag_ms > NAPS * self.alone_ms


class Begin(Struct, frozen=True):
    """When the radio comes to a label (ms), which may be one that `naps`."""

    pace: Pace
    naps: bool
    at: float

    def end(self, many: int) -> float:
        """Estimate when the last of so many labels like this has confirmed."""
        pace = self.pace
        if self.naps:
            return self.at + (pace.nap or pace.lag).last(many)
        return self.at + max(pace.lag.last(many), pace.alone_ms if many <= FEW else 0)


class _Line:
    """The labels of one device that wait, those on their way, and those that are late."""

    def __init__(self, radio: Radio) -> None:
        self.radio = radio
        self.turns: list[Turn] = []
        self.waiting: dict[str, Turn] = {}
        self.flying: dict[str, Trip] = {}
        self.late: dict[str, Trip] = {}

    def put(self, turn: Turn) -> None:
        self.waiting[turn.label] = turn
        heapq.heappush(self.turns, turn)

    def drop(self, label: str) -> None:
        for place in (self.waiting, self.flying, self.late):
            place.pop(label, None)

    def trip(self, label: str) -> Trip | None:
        return self.flying.get(label) or self.late.get(label)

    def take(self) -> str | None:
        """Hand over whose turn it is; None when nobody waits or all slots are taken."""
        while self.waiting and len(self.flying) < self.radio.window:
            turn = heapq.heappop(self.turns)
            if self.waiting.get(turn.label) == turn:
                del self.waiting[turn.label]
                return turn.label
        return None


class Airtime:
    """The air time of all devices; `radios` holds those that are not native.

    Where a label is on its way is told to be kept in its row, so that a restart changes nothing.
    """

    def __init__(self, paces: Rows[str, Pace], radios: Mapping[str, Radio]) -> None:
        """Take up what was learned; nobody waits yet."""
        self._paces = paces
        self._radios = radios
        self._lines: dict[str, _Line] = {}
        self._device: dict[str, str] = {}
        self._number = 0

    def resume(self, label: Label) -> None:
        """Take up a label as its row says."""
        if label.way is None:
            return
        line = self._line(label.device)
        self._device[label.label] = label.device
        if isinstance(label.way, Turn):
            self._number = max(self._number, label.way.number)
            line.put(label.way)
        else:
            _place(line, label)[label.label] = label.way

    def wait(self, label: Label, urgency: int) -> Turn:
        """Let a label wait for its turn."""
        self.leave(label.label)
        self._number += 1
        naps = self._pace(label.device).naps(label.lag_ms)
        turn = Turn(urgency, 0 if naps else 1, self._number, label.label)
        self._device[label.label] = label.device
        self._line(label.device).put(turn)
        return turn

    def leave(self, label: str) -> None:
        """Forget a label: nothing is to be brought to it."""
        device = self._device.pop(label, None)
        if device is not None:
            self._line(device).drop(label)
            self._rest(device)

    def turns(self, now: int) -> list[tuple[str, Trip]]:
        """Hand over the labels whose turn it is; their pictures are on their way from now on."""
        taken = []
        for device, line in sorted(self._lines.items()):
            while (label := line.take()) is not None:
                trip = Trip(now, len(line.flying), now + self._usual(device, len(line.flying)))
                line.flying[label] = trip
                taken.append((label, trip))
            self._rest(device)
        return taken

    def fly(self, label: Label) -> Trip:
        """Note that a picture was sent, for the first time or again, at the label's `sent_at`.

        One that was sent again, or that the label is to keep until later, has no share of the
        radio: others need it more.
        """
        line = self._line(label.device)
        known = line.trip(label.label) or Trip(label.sent_at, len(line.flying), 0)
        line.drop(label.label)
        self._device[label.label] = label.device
        begins = max(label.sent_at, label.show_at)
        trip = Trip(known.since, known.ahead, begins + self._patience(label, known.ahead))
        _place(line, label)[label.label] = trip
        return trip

    def landed(self, label: Label, now: int) -> int | None:
        """Learn from a label's word that it shows its picture; gives the lag of its own, in ms."""
        line, pace = self._line(label.device), self._pace(label.device)
        trip = None if label.preloads else line.trip(label.label)
        lag = None if trip is None else max(0.0, now - trip.since - trip.ahead * pace.each_ms)
        if pace.busy_since is not None:
            pace = _with_busy(pace, now - pace.busy_since)
        if trip is not None and lag is not None:
            pace = _with_lag(pace, lag, naps=pace.naps(label.lag_ms), alone=trip.ahead < FEW)
        busy_since = now if line.waiting else None
        self._paces.put(label.device, replace(pace, busy_since=busy_since))
        self.leave(label.label)
        return None if lag is None else round(lag)

    def overdue(self, now: int) -> list[str]:
        """Hand over the labels that have not answered in time: each is to be asked again."""
        asked: list[tuple[int, str]] = []
        for line in self._lines.values():
            for trips in (line.flying, line.late):
                asked += [(trip.due, label) for label, trip in trips.items() if trip.due <= now]
        return [label for _, label in sorted(asked)]

    def done_by(self, labels: Iterable[Label], now: int) -> int | None:
        """Estimate when these labels will have confirmed (epoch ms); None if none of them is to.

        Those that are late already are left out: nobody knows when a silent label answers.
        """
        begins: list[Begin] = []
        for device, wanted in _by_device(labels).items():
            begins += self._begins(device, wanted, now)
        last = _end(begins)
        return None if last is None else max(round(last), now)

    def takes(self, labels: Iterable[Label]) -> int:
        """Estimate how long (ms) it would take to bring pictures to these labels, from now."""
        begins: list[Begin] = []
        for device, wanted in _by_device(labels).items():
            line, pace = self._line(device), self._pace(device)
            before = len(line.waiting) + len(line.flying)
            nappers_first = sorted(wanted.values(), key=lambda label: not pace.naps(label.lag_ms))
            for n, label in enumerate(nappers_first, before):
                begins.append(Begin(pace, pace.naps(label.lag_ms), n * pace.each_ms))
        return round(_end(begins) or 0)

    def _begins(self, device: str, wanted: Mapping[str, Label], now: int) -> Iterator[Begin]:
        """Give when the pictures of labels that are waiting or on their way begin."""
        line, pace = self._line(device), self._pace(device)
        for name, trip in line.flying.items():
            if name in wanted:
                naps = pace.naps(wanted[name].lag_ms)
                yield Begin(pace, naps, trip.since + trip.ahead * pace.each_ms)
        for place, turn in enumerate(sorted(line.waiting.values()), len(line.flying)):
            if turn.label in wanted:
                naps = pace.naps(wanted[turn.label].lag_ms)
                yield Begin(pace, naps, now + place * pace.each_ms)

    def _rest(self, device: str) -> None:
        """Note that nobody waits at a device any more."""
        known = self._paces.get(device)
        if known and known.busy_since is not None and not self._line(device).waiting:
            self._paces.put(device, replace(known, busy_since=None))

    def _line(self, device: str) -> _Line:
        line = self._lines.get(device)
        if line is None:
            line = self._lines[device] = _Line(self._radios.get(device, NATIVE))
        return line

    def _pace(self, device: str) -> Pace:
        known = self._paces.get(device)
        if known is not None:
            return known
        radio = self._line(device).radio
        lag = Lag(radio.lag_ms, radio.spread_ms, radio.lag_ms + 3 * radio.spread_ms)
        return Pace(device, radio.pace_ms * TYPICAL, float(TYPICAL), lag, radio.lag_ms)

    def _usual(self, device: str, ahead: int = 0, own_ms: float = 0) -> int:
        """Give the time (ms) within which a label of a device answers, if it does."""
        pace = self._pace(device)
        lag = pace.nap if pace.nap and pace.naps(own_ms) else pace.lag
        most = max(lag.mean_ms + PATIENCE * lag.spread_ms, 2 * pace.alone_ms, 1.5 * own_ms)
        return round(max(RESEND_AFTER_MS, ahead * pace.each_ms + most))

    def _patience(self, label: Label, ahead: int) -> int:
        usual = self._usual(label.device, ahead, label.lag_ms)
        doubled = usual << min(20, max(0, label.tries - 1))
        return min(doubled, max(RESEND_AT_MOST_MS, usual))


def _place(line: _Line, label: Label) -> dict[str, Trip]:
    return line.late if label.tries > 1 or label.preloads else line.flying


def _with_busy(pace: Pace, busy: int) -> Pace:
    keep = 1 - FADING
    return replace(pace, busy_ms=pace.busy_ms * keep + max(0, busy), done=pace.done * keep + 1)


def _with_lag(pace: Pace, ms: float, *, naps: bool, alone: bool) -> Pace:
    words = pace.words + 1
    if naps or pace.naps(ms):
        nap = pace.nap or Lag(ms, ms / 4, ms)
        return replace(pace, nap=nap.learned(ms, 1 / TYPICAL), words=words)
    lag = pace.lag.learned(ms, max(FADING, 1 / (TYPICAL + words)))
    weight = 0.5 if words < TYPICAL else 1 / TYPICAL
    alone_ms = pace.alone_ms + weight * (ms - pace.alone_ms) if alone else pace.alone_ms
    return replace(pace, lag=lag, alone_ms=alone_ms, words=words)


def _end(begins: Sequence[Begin]) -> float | None:
    """Estimate when the last of some labels has confirmed; None where there are none."""
    asleep = sum(begin.naps for begin in begins)
    return max(
        (begin.end(asleep if begin.naps else len(begins) - asleep) for begin in begins),
        default=None,
    )


def _by_device(labels: Iterable[Label]) -> dict[str, dict[str, Label]]:
    devices: dict[str, dict[str, Label]] = {}
    for label in labels:
        devices.setdefault(label.device, {})[label.label] = label
    return devices
