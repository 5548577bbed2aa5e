"""What store.toml says about people: hours, staff, capacity, and third-party counters."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import ConfigDict, Field, StrictBool, model_validator

from edge.config_faults import refusal
from edge.config_section import Section
from edge.config_values import ClockTime, Count, FieldPath, Id, Name, Share
from edge.readings import Direction

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Unit = Literal["ms", "s", "rfc3339"]

DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class StaffTime(Section):
    """A time in which only staff comes and goes; past midnight when it ends before it begins."""

    model_config = ConfigDict(serialize_by_alias=True)

    start: ClockTime = Field(alias="from")
    until: ClockTime
    days: tuple[Day, ...] = DAYS

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.start == self.until:
            raise refusal("a time other than from", repr(f"{self.until:%H:%M}"), "until")
        return self


class People(Section):
    """When visitors are in the shop, how many it may hold, and how well they are counted.

    `error_rate` is the share of crossings that are counted wrongly; with `warn_at` of `capacity`
    the shop is near it.
    """

    opens: ClockTime | None = None
    closes: ClockTime | None = None
    capacity: Count | None = None
    warn_at: Share = 0.9
    error_rate: Share = 0.03
    staff: tuple[StaffTime, ...] = ()

    @model_validator(mode="after")
    def _day(self) -> Self:
        if self.opens is not None and self.opens == self.closes:
            raise refusal("a time other than opens", repr(f"{self.closes:%H:%M}"), "closes")
        return self


class CounterLine(Section):
    """A line of a third-party counter: what it is called there (`theirs`) and here.

    A line that counts one way only has a `direction`; where their "in" is our "out", it is
    `swapped`.
    """

    theirs: Name
    name: Id
    direction: Direction | None = None
    swapped: StrictBool = False
    entrance: StrictBool = True

    @model_validator(mode="after")
    def _one_way_or_two(self) -> Self:
        if self.direction and self.swapped:
            raise refusal("no swapped beside direction", "true", "swapped")
        return self


class CounterZone(Section):
    """A zone of a third-party counter: what it is called there (`theirs`), and ours."""

    theirs: Name
    zone: Id
    queue: StrictBool = False


class MappedLines(Section):
    """Where a payload tells of lines: the path of the entries, and of the fields in each.

    With `direction` each entry is one crossing; with `count_in` and `count_out` it counts from
    `start` to `time`, or, when `cumulative`, all since `start`.
    """

    entries: FieldPath
    line: FieldPath | None = None
    time: FieldPath
    unit: Unit = "ms"
    direction: FieldPath | None = None
    inwards: tuple[Name, ...] = ("in",)
    outwards: tuple[Name, ...] = ("out",)
    count_in: FieldPath | None = None
    count_out: FieldPath | None = None
    start: FieldPath | None = None
    cumulative: StrictBool = False

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        counts = self.count_in or self.count_out
        if self.direction and counts:
            raise refusal("direction, or count_in and count_out", "both", "direction")
        if not self.direction and not counts:
            raise refusal("direction, or count_in and count_out", "neither", "direction")
        if self.direction and (self.start or self.cumulative):
            raise refusal("start and cumulative beside counts only", "direction", "direction")
        return self


class MappedZones(Section):
    """Where a payload tells of zones: the path of the entries, and of the fields in each."""

    entries: FieldPath
    zone: FieldPath | None = None
    time: FieldPath
    unit: Unit = "ms"
    people: FieldPath
    dwell_s: FieldPath | None = None
    wait_mean_s: FieldPath | None = None


class Mapping(Section):
    """How to read a counter's JSON that no codec knows."""

    crossings: MappedLines | None = None
    zones: MappedZones | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.crossings is None and self.zones is None:
            raise refusal("crossings, zones or both", "neither")
        return self
