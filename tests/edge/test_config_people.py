"""What store.toml says of people, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.config import Settings, load
from edge.errors import ConfigError
from edge.layouts import Layouts
from edge.people import traffic_rules

STORE = """
[store]
id = "s"
name = "S"
timezone = "Europe/Berlin"
currency = "EUR"
"""
ZONE = """
[[zones]]
id = "{}"
name = "{}"
kind = "sales"
polygon = [[{}, 0], [{}, 0], [{}, 5], [{}, 5]]
"""
COUNTER = """
[[devices]]
id = "counter-1"
kind = "camera"
topic = "counters/1"
"""
XOVIS = COUNTER + 'codec = "xovis"\n'
LINE = '[[devices.lines]]\ntheirs = "Line 0"\nname = "door"\n'
MAPPED = COUNTER + 'codec = "mapping"\n' + LINE + "[devices.mapping.crossings]\n"
STAFF = '[[people.staff]]\nfrom = "07:00"\n'


def read(folder: Path, text: str) -> Settings:
    """Load a store.toml of this text."""
    file = folder / "store.toml"
    file.write_text(STORE + text, "utf-8")
    return load(file)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('[people]\ncloses = "24:00"', "people.closes"),
        ("[people]\ncloses = 22:00:00", "people.closes"),
        ('[people]\nopens = "9:00"', "people.opens"),
        ('[people]\nopens = "09:00"\ncloses = "09:00"', "people.closes"),
        ("[people]\ncapacity = 0", "people.capacity"),
        ("[people]\nwarn_at = 1.0", "people.warn_at"),
        ("[people]\nerror_rate = 0.0", "people.error_rate"),
        (STAFF, "people.staff[0].until"),
        (STAFF + 'until = "07:00"', "people.staff[0].until"),
        (STAFF + 'until = "08:00"\ndays = ["monday"]', "people.staff[0].days[0]"),
        (STAFF + 'until = "08:00"\nstart = "06:00"', "people.staff[0].start"),
        (XOVIS, "devices[0].lines"),
        (XOVIS + LINE + 'direction = "both"', "devices[0].lines[0].direction"),
        (XOVIS + LINE + 'direction = "in"\nswapped = true', "devices[0].lines[0].swapped"),
        (
            XOVIS + LINE + 'mapping = { crossings = { entries = "$" } }',
            "devices[0].lines[0].mapping",
        ),
        (
            XOVIS + '[[devices.zones]]\ntheirs = "Zone 0"\nzone = "moon"',
            "devices[0].zones[0].zone",
        ),
        (COUNTER + 'codec = "axis"\n' + LINE, "devices[0].lines"),
        (COUNTER + 'codec = "impinj"\n', "devices[0].codec"),
        (COUNTER + 'codec = "mapping"\n' + LINE, "devices[0].mapping"),
        (MAPPED + 'entries = "$"\ntime = "t"', "devices[0].mapping.crossings.direction"),
        (
            MAPPED + 'entries = "a..b"\ntime = "t"\ncount_in = "n"',
            "devices[0].mapping.crossings.entries",
        ),
        (
            MAPPED + 'entries = "$"\ntime = "t"\ndirection = "d"\ncount_in = "n"',
            "devices[0].mapping.crossings.direction",
        ),
        (
            MAPPED + 'entries = "$"\ntime = "t"\ndirection = "d"\ncumulative = true',
            "devices[0].mapping.crossings.direction",
        ),
        (COUNTER.replace("topic", "#") + LINE, "devices[0].lines"),
    ],
)
def test_wrong_settings_are_told_by_their_path(tmp_path: Path, text: str, path: str) -> None:
    """What cannot be is a fault with its line and path."""
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, text)
    assert [fault.path for fault in refused.value.faults] == [path]


def test_the_shops_settings_become_rules(tmp_path: Path) -> None:
    """Entrances and queues of cameras and counters, the capacity, and zones that overlap."""
    zones = "".join(
        ZONE.format(name, name, x, x + 4, x + 4, x) for name, x in (("a", 0), ("b", 4), ("c", 5))
    )
    text = f"""
[people]
capacity = 120
closes = "22:00"
{STAFF}until = "09:00"
{zones}
{XOVIS}{LINE}
[[devices.lines]]
theirs = "Line 1"
name = "aisle"
entrance = false
[[devices.zones]]
theirs = "Zone 0"
zone = "a"
queue = true
"""
    settings = read(tmp_path, text)
    layouts = Layouts(settings)
    rules = traffic_rules(settings, layouts)
    assert (rules.entrances, rules.queues, layouts.watchers()) == (["door"], ["a"], ["counter-1"])
    assert rules.overlaps == {"a": {"a"}, "b": {"b", "c"}, "c": {"b", "c"}}
    assert rules.capacity is not None
    assert (rules.capacity.people, rules.capacity.warn_at) == (120, 0.9)
    again = json.loads(json.dumps(settings.model_dump(mode="json")))
    assert Settings.model_validate(again) == settings
