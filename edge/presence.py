"""Presence: from single reads to where an item is, and when it is gone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from edge.contest import (
    AT_HOME,
    BELIED,
    MOST_STEADY,
    STEADY,
    glimpse,
    hold,
    lacking,
    weigh,
)
from edge.events import Event, Evidence
from edge.hearing import LOOK_MS, Antenna, Hearing
from edge.items import INSIDE, SEATED, Item, Items, Place, Sight
from edge.levels import Levels
from edge.readings import TagRead
from edge.rows import Rows
from edge.strays import Strays
from edge.traces import DOUBT, ENOUGH, RSSI_WEIGHT, WEIGHTS, Rival, Trace

OWN_WEIGHT = 0.02  # of a read in an antenna's mean strength
LATE_MS = 2_000  # what is older than the antenna's newest look by this comes late
GATE_READS = 2  # one may be an echo
GATE_MS = 120_000  # how long reads at the gate count
BACK_MS = 120_000  # a sold item that is read inside is on its way out for so long
SETTLED_MS = 60_000  # a returned item that stands still for so long is stock again
SHADE_LOOKS = 3  # after which one looks again whether an antenna is shaded still
UNREAD_NOW = 3.0  # what silence may say of a tag that is being read
RECENT_MS = 3_600_000  # a sale by barcode may have been of an item that went missing since then
_FIXED = -1  # the check of a reference tag: it is never judged


class Presence:
    """Moves items by what readers see and do not see.

    `references` maps the EPCs of reference tags to their places; `levels` keep what was sold by
    barcode and has not left yet; `waver` is told of items that come into doubt (1) or out of it
    (-1).
    """

    def __init__(
        self,
        *,
        items: Items,
        traces: Rows[str, Trace],
        hearing: Hearing,
        strays: Strays,
        references: Mapping[str, Place],
        missing_after_ms: int,
        levels: Levels,
        waver: Callable[[Item, int], None],
    ) -> None:
        """Judge these items; a taken one that nobody reads for `missing_after_ms` is missing."""
        self._items = items
        self._traces = traces
        self._hearing = hearing
        self._strays = strays
        self._references = references
        self._missing_after = missing_after_ms
        self._levels = levels
        self._waver = waver
        self._moving: set[str] = set()
        self._due: dict[int, dict[int, list[str]]] = {}
        for trace in traces:
            self._take_up(trace)

    def _take_up(self, trace: Trace) -> None:
        item = self._items.all().get(trace.epc)
        if item is not None and item.state == "moving":
            self._moving.add(trace.epc)
        seat = self._hearing.antenna(trace.seat)
        if seat is None or trace.check == _FIXED:
            return
        self._hearing.seat(seat, 1)
        self._plan(trace, seat, trace.check)

    # Reads

    def read(  # noqa: C901  (see below)
        self, device: str, sightings: Sequence[TagRead], now: int
    ) -> list[Event]:
        """Take a reader's sightings; those of antennas without a place say nothing.

        A shop's readers read thousands of tags a second, nearly all of them where they stand:
        that case stays in this loop, and does nothing that can be done once a message.
        """
        at = self._begin(device, sightings, now)
        if at is None:
            return self._read_late(device, sightings)
        events: list[Event] = []
        get_trace, changed = self._traces.get, self._traces.changed
        antennas = self._hearing.of(device)
        number, antenna, seat, looks, fresh = -1, None, 0, 0, 0
        for sighting in sightings:
            if sighting.antenna != number:
                number = sighting.antenna
                antenna = antennas.get(number)
                if antenna is not None:
                    self._listen(antenna, at)
                    seat, looks, fresh = antenna.id, antenna.looks, antenna.fresh
            if antenna is None:
                continue
            epc = sighting.epc
            trace = get_trace(epc)
            if trace is None or trace.seat != seat:
                events += self._elsewhere(trace, antenna, sighting, at, now)
                continue
            since = trace.looks
            if since < fresh:  # noqa: PLR1730
                since = fresh
            if looks > since:  # its first read in this look
                hits = trace.hits
                trace.gap += (looks - since - trace.gap) * WEIGHTS[hits]
                if hits < ENOUGH:
                    trace.hits = hits + 1
                trace.looks = looks
                antenna.home += 1
                if trace.rivals or trace.doubt or trace.check == _FIXED:
                    self._confirm(trace, antenna)
                rssi = sighting.rssi
                if rssi is not None:
                    own = trace.rssi
                    trace.rssi = rssi if own is None else own + (rssi - own) * RSSI_WEIGHT
                    antenna.rssi += (rssi - antenna.rssi) * OWN_WEIGHT
            trace.seen = at
            changed[epc] = trace
        return events

    def _begin(self, device: str, sightings: Sequence[TagRead], now: int) -> int | None:
        """Take the message as a sign of life; gives its time on our clock, None when it is late."""
        if not sightings:
            self._hearing.look(device, now)
            return now
        newest = max([sighting.t for sighting in sightings])
        at = min(now, newest + self._hearing.correct(device, newest, now))
        if at + LATE_MS < self._hearing.heard(device) <= now + LATE_MS:
            return None
        self._hearing.regain(device, at)
        self._hearing.look(device, at)
        return at

    def _listen(self, antenna: Antenna, at: int) -> None:
        """Note that an antenna reads something."""
        if antenna.off:
            self._hearing.revive(antenna, at)
        self._hearing.keep(antenna)

    def _confirm(self, trace: Trace, seat: Antenna) -> None:
        """Let a read at its place speak against what spoke for its having left."""
        if trace.check == _FIXED:
            seat.marks += 1
        elif trace.doubt:
            self._settle_doubt(trace)
        for rival in trace.rivals:
            if rival.lead or rival.alone:
                antenna = self._hearing.antennas()[rival.antenna]
                hold(rival, self._strays.odds(seat, antenna))

    def _hold_others(self, item: Item, trace: Trace, seat: Antenna) -> None:
        """Let a read by another antenna of the item's place speak against other places."""
        for rival in trace.rivals:
            antenna = self._hearing.antennas()[rival.antenna]
            if not antenna.watches(item.zone, item.shelf):
                hold(rival, self._strays.odds(seat, antenna))

    def _read_late(self, device: str, sightings: Sequence[TagRead]) -> list[Event]:
        """Take reads of the past: they tell that a tag was there then, and no more."""
        offset = self._hearing.offset(device)
        for sighting in sightings:
            antenna = self._hearing.of(device).get(sighting.antenna)
            trace = self._traces.get(sighting.epc)
            t = sighting.t + offset
            if antenna and trace and trace.seat == antenna.id and t > trace.seen:
                trace.seen = t
                trace.looks = max(trace.looks, antenna.looks - (antenna.heard - t) // LOOK_MS)
                self._traces.put(trace.epc, trace)
        return []

    def _elsewhere(
        self, trace: Trace | None, antenna: Antenna, sighting: TagRead, at: int, now: int
    ) -> list[Event]:
        """Take a read of a tag that has no place, or its place elsewhere."""
        epc = sighting.epc
        mark = self._references.get(epc)
        if mark is not None:
            self._hear_reference(trace or Trace(epc, check=_FIXED), antenna, sighting, mark)
            return []
        item = self._items.get(epc, now)
        if trace is None:
            trace = Trace(epc)
        self._traces.put(epc, trace)
        if item.state == "unknown" and not antenna.gate:
            return self._enter(item, "read", trace, antenna, sighting.rssi, at, now)
        t = min(now, sighting.t + self._hearing.offset(antenna.device))
        rival = glimpse(trace, antenna, sighting.rssi, t)
        if rival is None:
            return []
        if trace.seat:
            return self._contest(item, trace, rival, antenna, sighting.rssi, now)
        rival.looks = antenna.looks
        if antenna.gate:
            return self._leave(item, trace, now) if _passes(rival) else []
        return self._find(item, trace, rival, antenna, at, now)

    def _hear_reference(
        self, trace: Trace, antenna: Antenna, sighting: TagRead, mark: Place
    ) -> None:
        """Learn from a tag whose place is known, at that place or by straying from it."""
        if antenna.place == mark:
            trace.seat, trace.looks, trace.check = antenna.id, antenna.looks, _FIXED
            antenna.marks += 1
            antenna.home += 1
            self._traces.put(trace.epc, trace)
            return
        antenna.strays += 1
        if (seat := self._hearing.antenna(trace.seat)) is not None:
            self._strays.learn(seat, antenna, sighting.rssi)
        self._traces.put(trace.epc, trace)

    def _contest(
        self,
        item: Item,
        trace: Trace,
        rival: Rival,
        antenna: Antenna,
        rssi: float | None,
        now: int,
    ) -> list[Event]:
        """Weigh another place against the one where the item is believed to stand."""
        seat = self._hearing.antennas()[trace.seat]
        if self._unread(trace, seat) <= 1 and self._hearing.hears(seat):
            self._strays.learn(seat, antenna, rssi)
        weigh(trace, rival, seat, antenna, rssi, self._strays.odds(seat, antenna))
        if antenna.watches(item.zone, item.shelf):
            trace.looks = seat.looks
            self._hold_others(item, trace, seat)
        if antenna.gate:
            return self._approach(item, trace, rival, now) if _passes(rival) else []
        if rival.steady < STEADY or lacking(trace, rival, seat, antenna) > 0.0:
            return []
        return self._enter(item, "read", trace, antenna, rival.rssi, rival.seen, now)

    def _find(
        self, item: Item, trace: Trace, rival: Rival, antenna: Antenna, t: int, now: int
    ) -> list[Event]:
        """See an item that has no place: taken, missing, sold or gone."""
        if item.state in ("moving", "missing") and antenna.id == trace.home:
            if rival.steady >= STEADY - AT_HOME:
                return self._enter(item, "home", trace, antenna, rival.rssi, t, now)
        elif rival.steady >= STEADY:
            return self._stand(item, trace, rival, antenna, t, now)
        if item.state == "missing":
            return self._go(item, "glimpsed", trace, now, place=Place(antenna.zone))
        return []

    def _stand(
        self, item: Item, trace: Trace, rival: Rival, antenna: Antenna, t: int, now: int
    ) -> list[Event]:
        """Let an item without a place stand where it is read again and again."""
        if item.reason == "written_off":
            return []
        if item.matched:
            return self._reopen(item, trace, antenna, rival.rssi, t, now)
        gone = item.state in ("sold", "departed")
        if gone and (now - item.since < BACK_MS or rival.steady < MOST_STEADY):
            return []
        return self._enter(item, "read", trace, antenna, rival.rssi, t, now)

    def _reopen(
        self, item: Item, trace: Trace, antenna: Antenna, rssi: float | None, t: int, now: int
    ) -> list[Event]:
        """Take back that this item was the one sold by barcode: another one left."""
        sale, gtin = item.sale, item.gtin
        events = self._items.move(item, "reopened", now)
        back = self._items.get(item.epc, now)
        events += self._enter(back, "read", trace, antenna, rssi, t, now)
        return events + (self.sell(gtin, 1, sale, now) if gtin else [])

    # Places

    def _enter(
        self,
        item: Item,
        sight: Sight,
        trace: Trace,
        antenna: Antenna,
        rssi: float | None,
        t: int,
        now: int,
    ) -> list[Event]:
        """Let an item have its place at an antenna."""
        if self._items.step(item, sight) is None:
            return []
        evidence = self._evidence(trace)
        same = item.state in SEATED and antenna.watches(item.zone, item.shelf)
        self._unseat(trace)
        trace.seat = trace.home = antenna.id
        trace.looks, trace.seen, trace.rssi = antenna.looks, max(trace.seen, t), rssi
        trace.gap, trace.hits = max(1.0, 1.0 / antenna.rate), 0
        trace.rivals = ()
        self._hearing.seat(antenna, 1)
        self._plan(trace, antenna, antenna.looks + _next(trace.need(), 0))
        self._traces.put(trace.epc, trace)
        self._moving.discard(trace.epc)
        if same:
            return []
        return self._items.move(item, sight, now, place=antenna.place, evidence=evidence)

    def _go(
        self,
        item: Item,
        sight: Sight,
        trace: Trace,
        now: int,
        *,
        place: Place | None = None,
        sale: str | None = None,
        matched: bool = False,
    ) -> list[Event]:
        """Let an item leave its place, if it may."""
        evidence = self._evidence(trace)
        events = self._items.move(
            item, sight, now, place=place, sale=sale, matched=matched, evidence=evidence
        )
        if events:
            state = self._items.get(item.epc, now).state
            if state not in SEATED:
                self._unseat(trace)
            (self._moving.add if state == "moving" else self._moving.discard)(item.epc)
            self._traces.put(trace.epc, trace)
        return events

    def _unseat(self, trace: Trace) -> None:
        seat = self._hearing.antenna(trace.seat)
        if seat is not None:
            self._hearing.seat(seat, -1)
        if trace.doubt:
            self._settle_doubt(trace)
        trace.seat = 0

    def _settle_doubt(self, trace: Trace) -> None:
        trace.doubt = False
        self._waver(self._items.all()[trace.epc], -1)

    def _evidence(self, trace: Trace) -> Evidence | None:
        """Give what is known of a tag before it takes a step."""
        seat = self._hearing.antenna(trace.seat or trace.home)
        if seat is None:
            return None
        unread = self._unread(trace, seat)
        rival = trace.rival
        heard_by = self._hearing.antenna(rival.antenna) if rival else None
        return Evidence(
            rate=round(min(1.0, 1.0 / trace.gap), 3),
            unread=unread,
            probability=round(trace.probability(unread, seat.clarity) if trace.seat else 0.0, 4),
            heard_by=heard_by.device if heard_by else None,
            antenna=heard_by.antenna if heard_by else 0,
            reads=rival.reads if rival else 0,
            rssi=round(rival.rssi, 1) if rival and rival.rssi is not None else None,
        )

    # The gate

    def _approach(self, item: Item, trace: Trace, rival: Rival, now: int) -> list[Event]:
        """Let an item leave that the gate reads, once its place has not read it for long enough."""
        seat = self._hearing.antennas()[trace.seat]
        wanting = lacking(trace, rival, seat, self._hearing.antennas()[rival.antenna])
        if wanting <= 0.0:
            return self._leave(item, trace, now)
        looks = math.ceil(wanting / trace.silence(seat.clarity))
        self._plan(trace, seat, seat.looks + _patience(looks, seat))
        return []

    def _leave(self, item: Item, trace: Trace, now: int) -> list[Event]:
        """Let an item leave the shop."""
        events = self._claim_sale(item, trace, now) if item.state in INSIDE else []
        return events + self._go(self._items.get(item.epc, now), "gate", trace, now)

    def _claim_sale(self, item: Item, trace: Trace, now: int) -> list[Event]:
        """Lay a sale by barcode at the door of an item that leaves: here is the one it was of."""
        if item.gtin is None:
            return []
        if self._levels.owed(item.gtin):
            self._levels.owe(item.gtin, -1)
            return self._go(item, "sold", trace, now)
        guessed = [
            other
            for other in self._items.of(item.gtin)
            if other.state == "sold" and other.matched and now - other.since < RECENT_MS
        ]
        if not guessed:
            return []
        other = min(guessed, key=lambda other: (other.since, other.epc))
        events = self._items.move(other, "reopened", now)
        return events + self._go(item, "sold", trace, now, sale=other.sale)

    def _at_gate(self, trace: Trace) -> Rival | None:
        """Give the gate that has read a tag of late, if one has."""
        for rival in trace.rivals:
            gate = self._hearing.antennas()[rival.antenna]
            if gate.gate and _passes(rival) and gate.heard - rival.seen < GATE_MS:
                return rival
        return None

    # Silence

    def advance(self, now: int) -> list[Event]:
        """Judge the items whose time has come."""
        events: list[Event] = []
        for antenna in self._hearing.antennas():
            if antenna.judged < antenna.looks:
                self._hearing.keep(antenna)
            while antenna.judged < antenna.looks:
                antenna.judged += 1
                for epc in sorted(self._due.get(antenna.id, {}).pop(antenna.judged, ())):
                    events += self._judge(epc, antenna, now)
        for epc in sorted(self._moving):
            events += self._miss(epc, now)
        return events

    def _plan(self, trace: Trace, seat: Antenna, look: int) -> None:
        trace.check = max(look, seat.judged + 1)
        self._due.setdefault(seat.id, {}).setdefault(trace.check, []).append(trace.epc)

    def _judge(self, epc: str, seat: Antenna, now: int) -> list[Event]:
        trace = self._traces.get(epc)
        if trace is None or trace.seat != seat.id or trace.check != seat.judged:
            return []
        unread, item = self._unread(trace, seat), self._items.get(epc, now)
        need, gate = trace.need(seat.clarity), self._at_gate(trace)
        if unread >= need:
            passed = gate is not None and gate.reads - gate.alone < BELIED
            return self._leave(item, trace, now) if passed else self._go(item, "taken", trace, now)
        if gate is not None:
            return self._approach(item, trace, gate, now)
        if unread >= round(need * DOUBT) and not trace.doubt:
            trace.doubt = True
            self._waver(item, 1)
        self._plan(trace, seat, seat.judged + _patience(_next(need, unread), seat))
        self._traces.put(epc, trace)
        if item.state == "returned" and now - item.since >= SETTLED_MS:
            return self._items.move(item, "settled", now)
        return []

    def _miss(self, epc: str, now: int) -> list[Event]:
        """Let a taken item go missing that nobody reads; one that was owed to a sale is sold."""
        trace, item = self._traces[epc], self._items.get(epc, now)
        home = self._hearing.antenna(trace.home)
        if home is None or not self._hearing.hears(home):
            return []
        if home.heard - max(trace.seen, home.fresh_at) < self._missing_after:
            return []
        if self._levels.owed(item.gtin):
            self._levels.owe(item.gtin, -1)
            return self._go(item, "sold", trace, now, matched=True)
        return self._go(item, "unseen", trace, now)

    @staticmethod
    def _unread(trace: Trace, seat: Antenna) -> int:
        return seat.looks - max(trace.looks, seat.fresh)

    # Sales and other words of people

    def sell(self, gtin: str, units: int, sale: str | None, now: int) -> list[Event]:
        """Lay a sale by barcode at the door of those that went missing, the last seen first.

        What none of them explains is owed: by one that nobody has missed yet.
        """
        missing = [
            item
            for item in self._items.of(gtin)
            if item.state == "missing" and now - item.since < RECENT_MS
        ]
        missing.sort(key=lambda item: (item.since, item.epc), reverse=True)
        self._levels.owe(gtin, units - len(missing[:units]))
        return [
            event
            for item in missing[:units]
            for event in self.tell(item.epc, "sold", now, sale=sale, matched=True)
        ]

    def tell(
        self,
        epc: str,
        sight: Sight,
        now: int,
        *,
        place: Place | None = None,
        sale: str | None = None,
        matched: bool = False,
    ) -> list[Event]:
        """Take what a person or a till says of an item; it has the place that is named."""
        item = self._items.get(epc, now)
        trace = self._traces.get(epc)
        if trace is None:
            trace = Trace(epc)
        if place is not None and item.state in SEATED and (item.zone == place.zone):
            place = Place(place.zone, item.shelf)
        events = self._go(item, sight, trace, now, place=place, sale=sale, matched=matched)
        if events and place is not None and trace.seat:
            item, seat = self._items.get(epc, now), self.reader_of(epc)
            if seat is None or not seat.watches(item.zone, item.shelf):
                self._unseat(trace)
        return events

    def reader_of(self, epc: str) -> Antenna | None:
        """Give the antenna that reads an item at its place these seconds."""
        trace = self._traces.get(epc)
        seat = self._hearing.antenna(trace.seat) if trace else None
        if trace is None or seat is None or not self._hearing.hears(seat):
            return None
        silence = (seat.looks - trace.looks) * trace.silence(seat.clarity)
        return seat if silence < UNREAD_NOW and trace.seen >= seat.fresh_at else None

    def seated(self, antenna: Antenna) -> Iterator[str]:
        """Name the items whose place is at an antenna."""
        for epcs in self._due.get(antenna.id, {}).values():
            for epc in epcs:
                trace = self._traces.get(epc)
                if trace is not None and trace.seat == antenna.id:
                    yield epc

    def replace_antenna(self, antenna: Antenna, now: int) -> list[Event]:
        """Let go what stood at an antenna that looks elsewhere now."""
        events: list[Event] = []
        for trace in list(self._traces):
            if trace.seat == antenna.id and trace.check != _FIXED:
                events += self._go(self._items.get(trace.epc, now), "taken", trace, now)
        return events


def _passes(rival: Rival) -> bool:
    """Tell whether a gate that reads a tag reads more than an echo."""
    return rival.steady >= STEADY and rival.reads >= GATE_READS


def _patience(looks: int, seat: Antenna) -> int:
    """Give the looks until a tag is to be judged again: whoever stands before it may walk on."""
    return looks if seat.clarity == 1.0 else min(looks, SHADE_LOOKS)


def _next(need: int, unread: int) -> int:
    """Give the looks until a tag that stays unread is to be judged again."""
    doubtful = round(need * DOUBT)
    return max(1, (doubtful if unread < doubtful else need) - unread)
