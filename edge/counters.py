"""Third-party counters: what they tell again counts once, and totals become differences."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from edge.readings import LineCount, LineTotal, PeopleCounted, TotalsRead
from edge.rows import Rows

MOST_SPANS = 64  # that are remembered apart; the time between older ones counts as told

Span = tuple[int, int]


class Counter(Struct, frozen=True):
    """What a device told of a line: its newest totals, and the spans of time that are counted."""

    device: str
    line: str
    totals: tuple[LineTotal, ...] = ()
    spans: tuple[Span, ...] = ()


class Counters:
    """Knows what of a counter's word is new."""

    def __init__(self, rows: Rows[tuple[str, str], Counter]) -> None:
        """Take up the rows that are on disk."""
        self.rows = rows

    def count(self, device: str, reading: PeopleCounted) -> list[LineCount]:
        """Give the counts of times that were not counted yet."""
        new: list[LineCount] = []
        for count in reading.counts:
            row = self._row(device, count.line)
            span = (count.start, count.end)
            if not count.in_ and not count.out:
                continue
            if not any(_overlap(known, span) for known in row.spans):
                self._keep(replace(row, spans=_with(row.spans, span)))
                new.append(count)
        return new

    def differ(self, device: str, reading: TotalsRead) -> list[LineCount]:
        """Give how many people each total tells of beyond the one before.

        The first total of a line says nothing: nobody knows when those people came.
        """
        new: list[LineCount] = []
        for total in reading.totals:
            row = self._row(device, total.line)
            last = next((t for t in row.totals if t.direction == total.direction), None)
            if last is not None and not _is_newer(total, last):
                continue
            others = [t for t in row.totals if t.direction != total.direction]
            self._keep(replace(row, totals=(*others, total)))
            people = 0 if last is None else _beyond(total, last)
            if people:
                new.append(_counted(total, people))
        return new

    def _row(self, device: str, line: str) -> Counter:
        return self.rows.get((device, line)) or Counter(device, line)

    def _keep(self, row: Counter) -> None:
        self.rows.put((row.device, row.line), row)


def _is_newer(total: LineTotal, last: LineTotal) -> bool:
    """Tell a new total from one that comes late or again, also while the device's clock is wrong.

    Within one count a total never falls: a smaller one is older, or the counter began anew.
    """
    if total.since != last.since and total.since is not None and last.since is not None:
        return total.since > last.since
    return total.total > last.total or (total.total < last.total and total.t > last.t)


def _beyond(total: LineTotal, last: LineTotal) -> int:
    """Give the people since the last total; all of them when the counter began anew."""
    began = None not in (total.since, last.since) and total.since != last.since
    return total.total if began or total.total < last.total else total.total - last.total


def _counted(total: LineTotal, people: int) -> LineCount:
    in_, out = (people, 0) if total.direction == "in" else (0, people)
    return LineCount(total.line, total.t, total.t, in_, out)


def _overlap(known: Span, span: Span) -> bool:
    within = known[0] <= span[0] and span[1] <= known[1]
    return within or (known[0] < span[1] and span[0] < known[1])


def _with(spans: tuple[Span, ...], span: Span) -> tuple[Span, ...]:
    """Add a span; spans that touch become one, and the oldest two when there are too many."""
    merged: list[Span] = []
    for start, end in sorted((*spans, span)):
        if merged and start == merged[-1][1]:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    while len(merged) > MOST_SPANS:
        merged[:2] = [(merged[0][0], merged[1][1])]
    return tuple(merged)
