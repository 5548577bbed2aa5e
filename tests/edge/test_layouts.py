"""What cameras watch: what may be drawn, and what follows for entrances, queues and zones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.commands import ConfigureDevice, RollBackDevice
from edge.config import Settings, load
from edge.database import open_database
from edge.errors import Misfits, NotFound, Refused
from edge.events import Event, OccupancyChanged, QueueChanged
from edge.layouts import Layouts
from edge.queries import Queries
from edge.readings import Crossing, Message, PeopleCrossed, PeopleSeen, Reading, ZonePeople
from edge.recording import Asked, Heard, Line, Linked, encode
from edge.replaying import Portion, replay
from edge.shop import Codes, Shop
from edge.state import State
from edge.store import Store

T0 = 1_800_000_000_000
STORE = """
[store]
id = "s"
name = "S"
timezone = "Europe/Berlin"
currency = "EUR"

[[zones]]
id = "floor"
name = "Floor"
kind = "sales"
polygon = [[0, 0], [1, 0], [1, 1]]

[[zones]]
id = "tills"
name = "Tills"
kind = "checkout"
polygon = [[2, 0], [3, 0], [3, 1]]

[[devices]]
id = "counter"
kind = "camera"
codec = "xovis"
topic = "xovis/door"
lines = [{ theirs = "Line 0", name = "side-door" }]

[[cameras]]
id = "one"
source = "0"
body = 0.3
lines = [{ name = "door", start = [0, 0.5], end = [1, 0.5] }]
areas = [{ zone = "tills", polygon = [[0, 0], [1, 0], [1, 1]], queue = true }]

[[cameras]]
id = "two"
source = "1"
lines = [{ name = "aisle", start = [0, 0.5], end = [1, 0.5], entrance = false }]
"""

SQUARE = [[0.1, 0.1], [0.4, 0.1], [0.4, 0.4], [0.1, 0.4]]
BOW = [[0.1, 0.1], [0.4, 0.4], [0.4, 0.1], [0.1, 0.3]]
CODES = Codes(tag=lambda _: None, scan=lambda _: (None, None))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Give a shop with two cameras and a third-party counter."""
    file = tmp_path / "store.toml"
    file.write_text(STORE)
    return load(file)


def line(name: str = "gate", **more: Any) -> dict[str, Any]:
    """Give a counting line as it is drawn."""
    return {"name": name, "start": [0.2, 0.2], "end": [0.8, 0.2], **more}


def area(zone: str = "floor", **more: Any) -> dict[str, Any]:
    """Give an area as it is drawn."""
    return {"zone": zone, "polygon": SQUARE, **more}


@pytest.mark.parametrize(
    ("config", "path", "said"),
    [
        ({"shapes": []}, "shapes", "lines, areas, masks, body"),
        ({"lines": [line(colour="red")]}, "lines[0].colour", "name, start, end, entrance"),
        ({"lines": [line("A Door")]}, "lines[0].name", "an id of a-z"),
        ({"lines": [line("aisle")]}, "lines[0].name", "'aisle', which a line of two has"),
        ({"lines": [line("side-door")]}, "lines[0].name", "which a line of counter has"),
        ({"lines": [line(), line()]}, "lines[1].name", "which a line of one has"),
        ({"lines": [line(end=[0.2, 0.2])]}, "lines[0].end", "an end away from start"),
        ({"lines": [line(end=[0.2, 1.2])]}, "lines[0].end[1]", "from 0 to 1"),
        ({"lines": [line(entrance="yes")]}, "lines[0].entrance", "true or false"),
        ({"lines": "door"}, "lines", "an array of at most 100"),
        ({"lines": [{"name": "gate", "end": [0, 0]}]}, "lines[0].start", "came nothing"),
        ({"areas": [area("floors")]}, "areas[0].zone", "did you mean floor?"),
        ({"areas": [area(polygon=SQUARE[:2])]}, "areas[0].polygon", "an array of 3 to 100"),
        ({"areas": [area(polygon=BOW)]}, "areas[0].polygon", "does not cross"),
        ({"areas": [area(polygon=[*SQUARE, SQUARE[0]])]}, "areas[0].polygon", "touch itself"),
        ({"masks": [[[0, 0], [0.5, 0.5], [1, 1]]]}, "masks[0]", "span an area"),
        ({"masks": [[[n / 200, n / 200] for n in range(101)]]}, "masks[0]", "3 to 100"),
        ({"body": 0}, "body", "above 0"),
        ({"body": 1.5}, "body", "at most 1"),
        ({"body": "tall"}, "body", "a number"),
    ],
)
def test_what_cannot_be_watched_is_told_by_field(
    settings: Settings, config: dict[str, Any], path: str, said: str
) -> None:
    """Each fault has its path, what was expected, and what came."""
    with pytest.raises(Misfits) as refused:
        Layouts(settings).check("one", config)
    ((found, detail),) = refused.value.faults
    assert found == path
    assert detail.startswith("expected ")
    assert said in detail


def test_all_faults_are_told_at_once(settings: Settings) -> None:
    """A technician mends them in one go."""
    config = {"lines": [line("aisle")], "areas": [area("moon"), area("sun")]}
    with pytest.raises(Misfits) as refused:
        Layouts(settings).check("one", config)
    assert [path for path, _ in refused.value.faults] == [
        "lines[0].name",
        "areas[0].zone",
        "areas[1].zone",
    ]


def test_a_key_that_is_missing_stays_as_configured(settings: Settings) -> None:
    """What is drawn goes before store.toml, key by key."""
    layouts = Layouts(settings)
    layouts.take("one", {"lines": [], "body": None})
    drawn = layouts.of("one")
    assert (drawn.lines, drawn.body) == ((), None)
    assert [area.zone for area in drawn.areas] == ["tills"]


def test_a_camera_may_keep_the_names_of_its_own_lines(settings: Settings) -> None:
    """A line that is moved keeps its name; the one it had in store.toml is free again."""
    layouts = Layouts(settings)
    layouts.check("one", {"lines": [line("door")]})
    layouts.take("one", {"lines": [line("gate")]})
    layouts.check("two", {"lines": [line("door")]})
    with pytest.raises(Misfits, match="which a line of one has"):
        layouts.check("two", {"lines": [line("gate")]})


def test_a_line_that_was_taken_away_keeps_what_it_was(settings: Settings) -> None:
    """Its counts of the days before stay those of an entrance."""
    layouts = Layouts(settings)
    layouts.take("one", {"lines": [line("gate"), line("till-line", entrance=False)]})
    layouts.take("one", {"lines": [line("till-line")]})
    assert layouts.entrances() == ["till-line", "side-door"]
    assert sorted(layouts.past_entrances()) == ["door", "gate", "side-door", "till-line"]


def test_settings_of_another_kind_say_nothing(settings: Settings) -> None:
    """A configuration from before there were layouts leaves all as it was."""
    layouts = Layouts(settings)
    layouts.take("one", {"exposure": 3})
    assert layouts.of("one").lines[0].name == "door"
    assert layouts.read("one", {"exposure": 3}) is None


class Day:
    """A shop of cameras; keeps all events."""

    def __init__(self, settings: Settings, state: State | None = None) -> None:
        """Open it."""
        self.settings = settings
        self.state = state or State()
        self.shop = Shop(settings, self.state, CODES, epoch=7, now=T0)
        self.events: list[Event] = []
        self.now = T0

    def hear(self, camera: str, *readings: Reading) -> None:
        """Let a camera say something."""
        self.events += self.shop.accept(Message(camera, "camera", readings), self.now)

    def draw(self, camera: str, **config: Any) -> None:
        """Let a technician draw."""
        self.events += self.shop.execute(ConfigureDevice(camera, config, "Kim"), self.now)[1]

    def come(self, camera: str, name: str) -> int:
        """Let somebody in across a line; gives the visitors inside."""
        self.now += 1000
        self.hear(camera, PeopleCrossed((Crossing(name, "in", self.now),)))
        told = [e.people for e in self.events if isinstance(e, OccupancyChanged)]
        return told[-1] if told else 0

    def stand(self, camera: str, zone: str, people: int) -> None:
        """Let people stand in a zone."""
        self.now += 1000
        self.hear(camera, PeopleSeen(self.now, (ZonePeople(zone, people, 5.0),)))

    def zones(self) -> list[tuple[str, int]]:
        """Give the people of zones, as they were told."""
        changed = [e for e in self.events if isinstance(e, OccupancyChanged)]
        return [(e.zone, e.people) for e in changed if e.zone != "store"]

    def queues(self) -> list[tuple[str, int]]:
        """Give the queues, as they were told."""
        return [(e.zone, e.people) for e in self.events if isinstance(e, QueueChanged)]


def test_a_drawn_entrance_counts_who_is_inside(settings: Settings) -> None:
    """From the moment it is drawn, and the line that went counts nobody more."""
    day = Day(settings)
    assert day.come("two", "gate") == 0
    day.draw("two", lines=[line("gate")])
    assert day.come("two", "gate") == 1
    day.draw("one", lines=[])
    assert day.come("one", "door") == 1


def test_a_drawn_queue_tells_who_waits(settings: Settings) -> None:
    """An area with `queue` makes its zone a queue; without, it ends empty."""
    day = Day(settings)
    day.stand("two", "floor", 2)
    assert day.queues() == []
    day.draw("two", areas=[area(queue=True)])
    day.stand("two", "floor", 3)
    day.draw("two", areas=[area()])
    day.stand("two", "floor", 4)
    assert day.queues() == [("floor", 3), ("floor", 0)]
    assert day.zones() == [("floor", 2), ("floor", 3), ("floor", 4)]


def test_nobody_is_left_in_a_zone_that_nobody_watches(settings: Settings) -> None:
    """When its last area goes, a zone and its queue are empty."""
    day = Day(settings)
    day.stand("one", "tills", 3)
    day.draw("two", areas=[area("tills")])
    day.draw("one", areas=[])
    assert day.zones() == [("tills", 3)]
    day.draw("two", areas=[])
    assert day.zones() == [("tills", 3), ("tills", 0)]
    assert day.queues() == [("tills", 3), ("tills", 0)]


def test_a_rollback_is_checked_as_what_is_drawn(settings: Settings) -> None:
    """A name that another camera has taken meanwhile cannot come back."""
    day = Day(settings)
    day.draw("one", lines=[line("gate")])
    day.draw("one", lines=[])
    day.draw("two", lines=[line("gate")])
    with pytest.raises(Misfits, match="which a line of two has"):
        day.shop.execute(RollBackDevice("one", 1), T0)
    day.draw("two", lines=[])
    day.shop.execute(RollBackDevice("one", 1), T0)
    assert day.come("one", "gate") == 1
    with pytest.raises(NotFound, match="came 9"):
        day.shop.execute(RollBackDevice("one", 9), T0)


def test_settings_of_other_devices_are_free(settings: Settings) -> None:
    """A third-party counter fetches what its maker lets it understand."""
    day = Day(settings)
    day.draw("counter", height=3)
    assert day.state.configs["counter", 1].config == {"height": 3}


def test_a_refused_drawing_changes_nothing(settings: Settings) -> None:
    """Neither history nor counting."""
    day = Day(settings)
    with pytest.raises(Refused):
        day.draw("one", lines=[], body=7)
    assert list(day.state.configs) == []
    assert day.come("one", "door") == 1


@pytest.fixture
def reopened(settings: Settings, tmp_path: Path) -> Callable[[], tuple[Day, Queries]]:
    """Open the shop's database anew, with what was committed to it."""

    def reopen() -> tuple[Day, Queries]:
        engine = open_database(f"sqlite:///{tmp_path / 'store.db'}")
        store = Store(engine, epoch=7)
        day = Day(settings, store.load())
        store.commit(day.state, day.events, T0)
        return day, Queries(engine, settings, 7)

    return reopen


def test_what_was_drawn_holds_after_a_restart(
    settings: Settings, tmp_path: Path, reopened: Callable[[], tuple[Day, Queries]]
) -> None:
    """The newest configuration of each camera decides again, in rules and reads."""
    engine = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    store, day = Store(engine, epoch=7), Day(settings)
    day.draw("one", lines=[line("gate")])
    day.draw("one", lines=[line("porch")])
    store.commit(day.state, day.events, T0)
    engine.dispose()
    again, queries = reopened()
    assert again.come("one", "gate") == 0
    assert again.come("one", "porch") == 1
    assert queries.entrances() == {"door", "gate", "porch", "side-door"}
    assert [row.by for row in queries.configs("one")] == ["Kim", "Kim"]


def test_a_replay_follows_what_was_drawn(settings: Settings, tmp_path: Path) -> None:
    """A recording with drawings in it gives the same people again, also across restarts."""

    def crossed(seq: int) -> Heard:
        crossings = [{"line": "gate", "dir": "in", "t": T0 + 1000 * seq}]
        body = json.dumps({"boot": "b", "seq": seq, "crossings": crossings}).encode()
        return Heard(T0 + 1000 * seq, "store/s/camera/two/crossings", body)

    recording: list[Line] = [
        Linked(T0, connected=True, n=1),
        crossed(1),
        Asked(T0 + 1500, ConfigureDevice("two", {"lines": [line("gate")]}), n=2),
        crossed(2),
        crossed(3),
        Asked(T0 + 3500, ConfigureDevice("two", {"lines": []}), n=3),
        crossed(4),
        Asked(T0 + 4500, RollBackDevice("two", 1), n=4),
        crossed(5),
    ]
    (tmp_path / "shop.jsonl").write_bytes(b"".join(encode(entry) for entry in recording))
    told = []
    for name, portion in (("whole", Portion()), ("torn", Portion(restart_every=1))):
        out = tmp_path / f"{name}.out"
        replay(settings, tmp_path / "shop.jsonl", out, tmp_path / f"{name}.db", portion)
        told.append(out.read_bytes())
    events = [json.loads(row) for row in told[0].splitlines()]
    inside = [e["data"]["people"] for e in events if e["type"] == OccupancyChanged.type]
    assert inside == [1, 2, 3]
    assert told[1] == told[0]
