"""What a camera is told: a layout and two commands, and what is refused with its path."""

from __future__ import annotations

import msgspec
import pytest
from msgspec import UNSET

from devices.cameras.orders import Show, Snapshot, WatchedLine, read_command, read_config
from edge.errors import ContractError

LINE = {"name": "door", "start": [0.1, 0.5], "end": [0.9, 0.5], "entrance": True}
ROOM = [[0.0, 0.5], [1.0, 0.5], [1.0, 1.0]]


def config(**watched: object) -> bytes:
    """Give a configuration as it comes."""
    return msgspec.json.encode({"version": 7, "config": watched})


def test_a_layout_is_read() -> None:
    """Lines, areas, masks and body are taken; null is no body, and what is missing is UNSET."""
    came = read_config(config(lines=[LINE], areas=[{"zone": "floor", "polygon": ROOM}], body=None))
    assert came.version == 7
    assert came.config.lines == (WatchedLine("door", (0.1, 0.5), (0.9, 0.5)),)
    assert came.config.areas
    assert came.config.areas[0].loiter_s is None
    assert came.config.body is None
    assert came.config.masks is UNSET
    assert read_config(config()).config.lines is UNSET


@pytest.mark.parametrize(
    ("watched", "fault"),
    [
        ({"lines": [LINE, LINE]}, "config.lines[1].name: expected a name that no other line has"),
        ({"lines": [{**LINE, "end": LINE["start"]}]}, "config.lines[0].end: expected an end away"),
        ({"lines": [{**LINE, "end": [2, 0]}]}, "config.lines[0].end[0]: expected float <= 1.0"),
        ({"masks": [[[0, 0], [0.5, 0.5], [1, 1]]]}, "config.masks[0]: expected corners that span"),
        ({"areas": [{"polygon": ROOM}]}, "config.areas[0].zone: expected a value, came nothing"),
        ({"areas": [{"zone": "a", "polygon": ROOM[:2]}]}, "config.areas[0].polygon: expected"),
        ({"body": 0}, "config.body: expected float > 0.0"),
    ],
)
def test_a_layout_that_cannot_be_watched_is_refused(watched: dict[str, object], fault: str) -> None:
    """The refusal names the field, what was expected and what came."""
    with pytest.raises(ContractError) as refused:
        read_config(config(**watched))
    assert str(refused.value).startswith(fault)


def test_the_commands_are_read() -> None:
    """A snapshot is blurred and an overlay lasts half a minute unless told otherwise."""
    assert read_command(b'{"id":"a","name":"snapshot"}').wish() == Snapshot(blur=True)
    assert read_command(b'{"id":"a","name":"snapshot","args":{"blur":false}}').wish() == Snapshot(
        blur=False
    )
    assert read_command(b'{"id":"a","name":"overlay","args":{}}').wish() == Show(30)


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        (b'{"id":"a","name":"identify"}', "name: expected snapshot or overlay, came 'identify'"),
        (b'{"id":"a","name":"overlay","args":{"seconds":61}}', "seconds: expected float <= 60.0"),
        (b'{"id":"a","name":"snapshot","args":{"blur":1}}', "blur: expected bool"),
    ],
)
def test_other_commands_are_refused(command: bytes, fault: str) -> None:
    """The refusal says what is known."""
    with pytest.raises(ContractError) as refused:
        read_command(command).wish()
    assert str(refused.value).startswith(fault)
