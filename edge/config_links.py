"""What the tables of a store.toml say about each other: ids used once, and ids that exist.

These checks read the raw tree, so that they also run on a file whose schema has faults; whatever
has the wrong shape is passed over, for the schema speaks about it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from edge.config_faults import did_you_mean, dotted, shown
from edge.errors import Fault
from edge.toml_lines import KeyPath, TomlLines

_Crossed = tuple[KeyPath, str, str]


class _Names(NamedTuple):
    """Names that may be given once only, by the paths where they are given."""

    paths: tuple[str, ...]
    noun: str


class _Reference(NamedTuple):
    """A key that names something given elsewhere."""

    path: str
    noun: str
    targets: tuple[str, ...]


_UNIQUE = (
    _Names(("zones.*.id", "shelves.*.id"), "an id that no other zone or shelf has"),
    _Names(("devices.*.id", "cameras.*.id"), "an id that no other device or camera has"),
    _Names(("devices.*.topic",), "a topic that no other device has"),
    _Names(("references.*.epc",), "an EPC that no other reference tag has"),
    _Names(("cameras.*.lines.*.name",), "a name that no other counting line has"),
    _Names(("lanes.*.id",), "an id that no other lane has"),
    _Names(("labels.*.id",), "an id that no other label has"),
    _Names(("labels.*.mac",), "an address that no other label has"),
    _Names(("sinks.*.name",), "a name that no other sink has"),
)

_REFERENCES = (
    _Reference("shelves.*.zone", "zone", ("zones.*.id",)),
    _Reference("lanes.*.zone", "zone", ("zones.*.id",)),
    _Reference("cameras.*.areas.*.zone", "zone", ("zones.*.id",)),
    _Reference("devices.*.zones.*.zone", "zone", ("zones.*.id",)),
    _Reference("devices.*.lane", "lane", ("lanes.*.id",)),
    _Reference("devices.*.antennas.*", "shelf or zone", ("shelves.*.id", "zones.*.id")),
    _Reference("references.*.place", "shelf or zone", ("shelves.*.id", "zones.*.id")),
    _Reference("labels.*.shelf", "shelf", ("shelves.*.id",)),
    _Reference("labels.*.device", "device of kind label", ("devices.*[label].id",)),
)


def crossed_faults(file: Path, lines: TomlLines, tree: dict[str, Any]) -> Iterator[Fault]:
    """Find names that are given twice, and names of things that the file does not have."""
    found = (
        *_duplicates(tree, lines),
        *_counted_twice(tree, lines),
        *_dangling(tree),
        *_without_address(tree),
    )
    for path, expected, came in found:
        yield Fault(str(file), lines.line(path), dotted(path), expected, came)


def _duplicates(tree: dict[str, Any], lines: TomlLines) -> Iterator[_Crossed]:
    for names in _UNIQUE:
        first: dict[str, KeyPath] = {}
        for place in names.paths:
            for path, name in _texts(tree, place):
                if name in first:
                    came = f"{shown(name)}, which line {lines.line(first[name])} has"
                    yield path, names.noun, came
                first.setdefault(name, path)


def _counted_twice(tree: dict[str, Any], lines: TomlLines) -> Iterator[_Crossed]:
    """Find lines of cameras that have the name of a counter's line, which may have its own twice.

    A counter tells of each direction apart.
    """
    theirs = {name: path for path, name in _texts(tree, "devices.*.lines.*.name")}
    for path, name in _texts(tree, "cameras.*.lines.*.name"):
        if name in theirs:
            came = f"{shown(name)}, which line {lines.line(theirs[name])} has"
            yield path, "a name that no line of a counter has", came


def _dangling(tree: dict[str, Any]) -> Iterator[_Crossed]:
    for reference in _REFERENCES:
        known = {name for target in reference.targets for _, name in _texts(tree, target)}
        choice = ", ".join(sorted(known)) or "none is configured"
        for path, name in _texts(tree, reference.path):
            if name not in known:
                expected = f"the id of a {reference.noun} ({choice}{did_you_mean(name, known)})"
                yield path, expected, shown(name)


def _without_address(tree: dict[str, Any]) -> Iterator[_Crossed]:
    """Find labels that a driver is to reach and that have no address by radio."""
    drivers = {path[:-1]: driver for path, driver in _texts(tree, "devices.*.driver")}
    driven = {name: drivers.get(path[:-1]) for path, name in _texts(tree, "devices.*.id")}
    known = {path[:-1] for path, _ in _texts(tree, "labels.*.mac")}
    for path, device in _texts(tree, "labels.*.device"):
        if driven.get(device) and path[:-1] not in known:
            yield path[:-1], f"a mac: {driven[device]} reaches labels by it", "a label without one"


def _texts(tree: dict[str, Any], pattern: str) -> Iterator[tuple[KeyPath, str]]:
    """Give the texts at a path such as `devices.*.id`.

    `*` is every element of an array or a table, `*[label]` only those of kind label.
    """
    found: list[tuple[KeyPath, object]] = [((), tree)]
    for part in pattern.split("."):
        found = [pair for path, value in found for pair in _step(path, value, part)]
    return ((path, value) for path, value in found if isinstance(value, str))


def _step(path: KeyPath, value: object, part: str) -> Iterator[tuple[KeyPath, object]]:
    star, _, kind = part.rstrip("]").partition("[")
    if star != "*":
        if isinstance(value, dict) and part in value:
            yield (*path, part), value[part]
        return
    members = value.items() if isinstance(value, dict) else enumerate(_array(value))
    for key, member in members:
        if not kind or (isinstance(member, dict) and member.get("kind") == kind):
            yield (*path, key), member


def _array(value: object) -> list[object]:
    return value if isinstance(value, list) else []
