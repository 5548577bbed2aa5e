"""What the home page shows of a ShopView, in one language: words, numbers, levels of alarm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.pages.addresses import picture_address
from edge.pages.problems import problem_words
from edge.pages.values import (
    Count,
    DeviceValue,
    Figure,
    LabelValue,
    LaneValue,
    LineValue,
    ShelfValue,
    SinkValue,
    ZoneValue,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from edge.config import Settings, Shelf
    from edge.events import BasketLine
    from edge.pages.history import Sample
    from edge.pages.language import Language
    from edge.pages.values import Board, Level, Stock, Value
    from edge.views import DeviceView, LabelView, LaneView, ShelfView, ShopView, SinkView

LOW_SHARE = 1 / 3
"""A shelf with at most this part of its full units is low."""

SLOW_S, STUCK_S = 2.0, 60.0
"""The online channel is promised the truth within a second: from here on it shows."""

HEAT_PER_M2 = (0.0, 0.05, 0.12, 0.25)
"""People per square metre above which a zone takes the next step of heat."""


def board(
    view: ShopView,
    samples: tuple[Sample, ...],
    settings: Settings,
    language: Language,
    now: datetime,
) -> Board:
    """Put a view into words and numbers; keys are `figure/people`, `shelf/{id}` and so on."""
    writer = _Writer(view, settings, language, now)
    return dict(writer.values(samples))


class _Writer:
    def __init__(
        self, view: ShopView, settings: Settings, language: Language, now: datetime
    ) -> None:
        self.view, self.settings, self.language, self.now = view, settings, language, now

    def values(self, samples: tuple[Sample, ...]) -> Iterator[tuple[str, Value]]:
        view = self.view
        for name, figure in self.figures(samples):
            yield f"figure/{name}", figure
        for zone in self.settings.zones:
            yield f"zone/{zone.id}", self.zone(zone.id, _area(zone.polygon))
        shelves = {shelf.id: shelf for shelf in self.settings.shelves}
        for found in view.shelves:
            if found.shelf in shelves:
                yield f"shelf/{found.shelf}", self.shelf(found, shelves[found.shelf])
        for label in view.labels:
            yield f"label/{label.label}", self.label(label)
        for lane in view.lanes:
            yield f"lane/{lane.lane}", self.lane(lane)
        for device in view.devices:
            yield f"device/{device.device}", self.device(device)
        for sink in view.sinks:
            yield f"sink/{sink.name}", self.sink(sink)

    def figures(self, samples: tuple[Sample, ...]) -> Iterator[tuple[str, Figure]]:
        view, say = self.view, self.language
        now = samples[-1]
        yield "people", self.figure(say.number(view.people), [s.people for s in samples])
        yield "came", self.figure(say.number(view.came_today), [s.came for s in samples])
        sales = say.ngettext("{count} sale", "{count} sales", view.sales_today)
        sold = self.figure(
            say.money(view.turnover_today, whole=True), [s.turnover for s in samples], sales
        )
        yield "sold", sold
        conversion = "–" if now.conversion is None else say.percent(now.conversion)  # noqa: RUF001  (a dash for "no figure")
        yield "conversion", self.figure(conversion, [s.conversion for s in samples])
        gaps = self.figure(
            say.number(view.stock_gaps),
            [s.gaps for s in samples],
            say.gettext("to refill") if view.stock_gaps else "",
            "warn" if view.stock_gaps else "ok",
        )
        yield "gaps", gaps
        lag = self.figure(
            say.duration(view.lag_s), [s.lag_s for s in samples], self.waiting(), self.lag_level()
        )
        yield "lag", lag

    def figure(
        self,
        value: str,
        points: list[int] | list[float] | list[float | None],
        note: str = "",
        level: Level = "ok",
    ) -> Figure:
        return Figure(value=value, note=note, level=level, points=tuple(points))

    def waiting(self) -> str:
        backlog = sum(sink.backlog for sink in self.view.sinks)
        return (
            self.language.ngettext("{count} waiting", "{count} waiting", backlog) if backlog else ""
        )

    def lag_level(self) -> Level:
        if self.view.lag_s > STUCK_S or any(sink.state == "down" for sink in self.view.sinks):
            return "bad"
        return "warn" if self.view.lag_s > SLOW_S else "ok"

    def zone(self, zone: str, area: float) -> ZoneValue:
        people = self.view.people_by_zone.get(zone)
        if people is None:
            said = self.language.gettext("No camera counts here")
            return ZoneValue(people="–", said=said, heat=0)  # noqa: RUF001  (a dash, as in tables)
        heat = sum(people / area > step for step in HEAT_PER_M2) if area else 0
        said = self.language.ngettext("{count} person", "{count} people", people)
        return ZoneValue(people=self.language.number(people), said=said, heat=heat)

    def shelf(self, found: ShelfView, shelf: Shelf) -> ShelfValue:
        products = tuple(sorted(self.products(found), key=lambda c: (not c.missing, c.name)))
        units = sum(found.units.values())
        stock = _stock(found, units, shelf.full, missing=any(c.missing for c in products))
        words: dict[Stock, str] = {
            "full": self.language.gettext("Well stocked"),
            "low": self.language.gettext("Low"),
            "gap": self.language.gettext("Gap"),
            "stale": self.language.gettext("Not seen now"),
        }
        levels: dict[Stock, Level] = {"full": "ok", "low": "warn", "gap": "bad", "stale": "idle"}
        of_full = self.language.gettext("{units} of {full}").format(
            units=self.language.number(units), full=self.language.number(shelf.full)
        )
        share = round(min(units / shelf.full, 1.0), 3)
        return ShelfValue(
            stock=stock,
            level=levels[stock],
            word=words[stock],
            units=self.language.number(units),
            of_full=of_full,
            share=share,
            products=products,
        )

    def products(self, found: ShelfView) -> Iterator[Count]:
        for gtin, units in found.units.items():
            yield Count(gtin, self.name(gtin), self.language.number(units), missing=not units)
        labelled = {label.gtin: label for label in self.view.labels if label.shelf == found.shelf}
        for wanted, label in labelled.items():
            if wanted is not None and wanted not in found.units:
                name = self.name(wanted, label.name)
                yield Count(wanted, name, self.language.number(0), missing=True)

    def label(self, label: LabelView) -> LabelValue:
        states: dict[str, tuple[Level, str]] = {
            "unbound": ("idle", self.language.gettext("No product yet")),
            "waiting": ("warn", self.language.gettext("Waiting for its turn")),
            "due": ("warn", self.language.gettext("New picture due")),
            "sent": ("warn", self.language.gettext("Picture on its way")),
            "shown": ("ok", self.language.gettext("Shown")),
            "failed": ("bad", self.language.gettext("Failed")),
            "removed": ("idle", self.language.gettext("Taken down")),
        }
        level, word = states.get(label.state, ("warn", label.state))
        battery = None if label.battery_mv is None else f"{label.battery_mv / 1000:.2f} V"
        return LabelValue(
            shelf=label.shelf,
            name=self.name(label.gtin, label.name) if label.gtin else label.name,
            gtin=label.gtin,
            price=None if label.amount is None else self.language.money(label.amount),
            level="warn" if label.problem and level == "ok" else level,
            word=word,
            picture=picture_address(label.image) if label.image else None,
            device=label.device,
            battery=battery,
            problem=label.problem,
        )

    def lane(self, lane: LaneView) -> LaneValue:
        states: dict[str, str] = {
            "idle": self.language.gettext("Free"),
            "scanning": self.language.gettext("Scanning"),
            "paid": self.language.gettext("Paid"),
        }
        units = sum(line.qty for line in lane.lines)
        return LaneValue(
            level="warn" if lane.warning else "idle" if lane.state == "idle" else "ok",
            word=states.get(lane.state, lane.state),
            count=self.language.ngettext("{count} item", "{count} items", units) if units else "",
            total=self.language.money(lane.total),
            lines=tuple(self.line(line) for line in lane.lines),
            warning=lane.warning,
        )

    def line(self, line: BasketLine) -> LineValue:
        return LineValue(
            name=self.name(line.gtin, line.name),
            qty=self.language.number(line.qty),
            amount=self.language.money(line.amount),
        )

    def device(self, device: DeviceView) -> DeviceValue:
        level, word = self.device_state(device)
        return DeviceValue(
            kind=device.kind,
            kind_word=self.kind_word(device.kind),
            level=level,
            word=word,
            problem=problem_words(device.problem, self.language),
            model=device.model,
            fw=device.fw,
            config=None if device.config_version is None else str(device.config_version),
            seen=None
            if device.last_seen is None
            else self.language.when(device.last_seen, self.now),
        )

    def device_state(self, device: DeviceView) -> tuple[Level, str]:
        if not device.adopted:
            return "warn", self.language.gettext("Waits for adoption")
        if not device.online:
            return "bad", self.language.gettext("Offline")
        if device.problem:
            return "warn", self.language.gettext("Needs a look")
        return "ok", self.language.gettext("Online")

    def kind_word(self, kind: str) -> str:
        words = {
            "rfid": self.language.gettext("RFID reader"),
            "camera": self.language.gettext("Camera"),
            "scanner": self.language.gettext("Scanner"),
            "scale": self.language.gettext("Scale"),
            "checkout": self.language.gettext("Till"),
            "label": self.language.gettext("Label access point"),
        }
        return words.get(kind, kind)

    def sink(self, sink: SinkView) -> SinkValue:
        states: dict[str, tuple[Level, str]] = {
            "ok": ("ok", self.language.gettext("In step")),
            "behind": ("warn", self.language.gettext("Behind")),
            "down": ("bad", self.language.gettext("Cannot deliver")),
        }
        level, word = states.get(sink.state, ("warn", sink.state))
        return SinkValue(
            kind=sink.kind,
            level=level,
            word=word,
            backlog=self.language.number(sink.backlog),
            lag=self.language.duration(self.view.lag_s if sink.backlog else 0.0),
            delivered=self.language.number(sink.delivered),
            refused=self.language.number(sink.refused),
            error=sink.error,
            retry=None if sink.retry_at is None else self.language.exact(sink.retry_at, self.now),
        )

    def name(self, gtin: str, fallback: str = "") -> str:
        names = self.view.names.get(gtin, {})
        code = self.language.code
        own = next((name for tag, name in names.items() if tag.split("-")[0] == code), "")
        return own or names.get("") or fallback or next(iter(names.values()), gtin)


def _stock(found: ShelfView, units: int, full: int, *, missing: bool) -> Stock:
    if found.stale:
        return "stale"
    if missing or units == 0:
        return "gap"
    return "low" if units <= full * LOW_SHARE else "full"


def _area(polygon: tuple[tuple[float, float], ...]) -> float:
    # The shoelace formula, in square metres.
    pairs = zip(polygon, polygon[1:] + polygon[:1], strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2
