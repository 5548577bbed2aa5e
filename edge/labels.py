"""Shelf labels as the rules know them: what may be on their glass, and how they do."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from edge.errors import NotFound
from edge.events import LabelChanged, LabelContent, LabelHealthChanged, moment

LabelState = Literal["unbound", "waiting", "due", "sent", "shown", "failed", "removed"]

NOT_CONFIRMED, NOT_DRAWN = "not-confirmed", "not-drawn"
LOST, LOW_BATTERY = "lost", "low-battery"
SILENT, UNKNOWN, PICTURE = "silent", "unknown", "picture"  # what devices say of their labels


class Glass(Struct, frozen=True):
    """A picture that may be on a label's glass: product and prices on it, and when it was kept.

    `pixels` is the hash of what it looks like, whatever its revision.
    """

    image: str
    gtin: str
    amount: int
    at: int = 0
    member: int | None = None
    pixels: str = ""

    @property
    def to_members(self) -> int:
        """What the picture asks of members of the shop."""
        return self.amount if self.member is None else min(self.member, self.amount)


class Turn(Struct, frozen=True, order=True, tag=True):
    """A label's place among those that wait: urgency, who naps (0), who came first."""

    urgency: int
    nap: int
    number: int
    label: str


class Trip(Struct, frozen=True, tag=True):
    """A picture on its way since its turn came, with `ahead` before it; in time until `due`."""

    since: int
    ahead: int
    due: int


class Label(Struct, frozen=True):
    """A shelf label; `glass` holds every picture that it may be showing, the newest last.

    `image` is the picture that it is to show, not before `show_at` if that is later than `sent_at`;
    `confirmed` is the one that it said last it shows. In state `waiting` its picture waits for its
    turn; `way` is its place there, or its trip. Times are epoch ms; `lag_ms` is how long it may
    take to confirm, `seen` when it was heard of last. `problem` says why drawing was refused,
    `problems` are its faults. One that was `removed` hangs on no shelf: what it shows binds nobody
    until it is bound again.
    """

    label: str
    device: str
    template: str
    shelf: str | None
    gtin: str | None = None
    state: LabelState = "unbound"
    revision: int = 0
    content: LabelContent | None = None
    image: str | None = None
    glass: tuple[Glass, ...] = ()
    confirmed: str | None = None
    sent_at: int = 0
    show_at: int = 0
    tries: int = 0
    way: Turn | Trip | None = None
    lag_ms: int = 0
    battery_mv: int | None = None
    rssi: float | None = None
    temp_c: float | None = None
    seen: int = 0
    installed: int = 0
    problem: str | None = None
    problems: tuple[str, ...] = ()

    @property
    def gtins(self) -> set[str]:
        """The products that it is to show, or may be showing still."""
        return {glass.gtin for glass in self.glass} | ({self.gtin} if self.gtin else set())

    @property
    def preloads(self) -> bool:
        """Whether it is to keep its next picture until a later time."""
        return self.show_at > self.sent_at

    @property
    def certain(self) -> bool:
        """Whether its own word tells exactly which picture is on its glass."""
        return len(self.glass) == 1 and self.glass[0].image == self.confirmed


class Picture(Struct, frozen=True):
    """A drawn label picture; `image` is its name, `png` its bytes."""

    image: str
    png: bytes
    at: int


def with_problem(label: Label, code: str, *, active: bool) -> Label:
    """Give the label with a fault that began or ended."""
    if active == (code in label.problems):
        return label
    others = tuple(known for known in label.problems if known != code)
    return replace(label, problems=(*others, code) if active else others)


def without_problems(label: Label, *codes: str) -> Label:
    """Give the label without some faults."""
    for code in codes:
        label = with_problem(label, code, active=False)
    return label


def label_changed(label: Label) -> LabelChanged:
    """Tell how far a label is; raises NotFound for one that has nothing to show."""
    if label.content is None:
        raise NotFound(f"label {label.label} has nothing to show")
    return LabelChanged(
        label=label.label,
        device=label.device,
        gtin=label.content.gtin,
        state=label.state,
        revision=label.revision,
        content=label.content,
        image=label.image,
        problem=label.problem,
        at=moment(label.show_at) if label.preloads else None,
    )


def health_changed(label: Label) -> LabelHealthChanged:
    """Tell which faults a label has."""
    return LabelHealthChanged(
        label=label.label,
        device=label.device,
        gtin=label.gtin,
        shelf=label.shelf,
        problems=label.problems,
        battery_mv=label.battery_mv,
        rssi=label.rssi,
        temp_c=label.temp_c,
        last_seen=moment(label.seen) if label.seen else None,
    )
