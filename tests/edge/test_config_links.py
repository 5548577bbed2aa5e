"""What the tables of store.toml say about each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config import Settings, load
from edge.errors import ConfigError, Fault

STORE = """[store]
id = "shop"
name = "Shop"
timezone = "Asia/Shanghai"
currency = "CNY"
"""

ZONE = """[[zones]]
id = "floor"
name = "Floor"
kind = "sales"
polygon = [[0, 0], [4, 0], [4, 3]]
"""


def settings_of(folder: Path, text: str) -> Settings:
    """Load a text as store.toml of a folder."""
    file = folder / "store.toml"
    file.write_text(text, "utf-8")
    return load(file)


def faults_of(folder: Path, text: str) -> tuple[Fault, ...]:
    """Load a text that must be refused, and give its faults."""
    with pytest.raises(ConfigError) as refused:
        settings_of(folder, text)
    return refused.value.faults


def fault_of(folder: Path, text: str) -> Fault:
    """Load a text that has exactly one fault, and give it."""
    (fault,) = faults_of(folder, text)
    return fault


def test_all_faults_come_at_once_in_order(tmp_path: Path) -> None:
    """Faults of shape and of reference come together, in the order of the file."""
    text = f"""{STORE.replace("CNY", "yuan")}
{ZONE}
[[zones]]
id = "floor"
name = ""
kind = "sales"
polygon = [[0, 0], [4, 0], [4, 3]]
[[shelves]]
id = "a"
name = "A"
zone = "flor"
corner = [1]
size = [1, 1]
"""
    faults = faults_of(tmp_path, text)
    assert [(fault.line, fault.path) for fault in faults] == [
        (5, "store.currency"),
        (14, "zones[1].id"),
        (15, "zones[1].name"),
        (21, "shelves[0].zone"),
        (22, "shelves[0].corner[1]"),
    ]
    assert faults[1].came == "'floor', which line 8 has"
    assert faults[3].expected == "the id of a zone (floor; did you mean floor?)"


SHELF = "[[shelves]]\nid='{}'\nname='A'\nzone='floor'\ncorner=[0,0]\nsize=[1,1]\n"
CAMERA = "[[cameras]]\nid='{}'\nsource='0'\n"
COUNTER = CAMERA + "lines=[{{name='door', start=[0,0], end=[1,1]}}]\n"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (SHELF.format("floor"), "shelves[0].id"),
        (SHELF.format("a") * 2, "shelves[1].id"),
        ("[[devices]]\nid='d'\nkind='rfid'\n" + CAMERA.format("d"), "cameras[0].id"),
        ("[[lanes]]\nid='l'\nname='L'\nzone='floor'\n" * 2, "lanes[1].id"),
        (COUNTER.format("c1") + COUNTER.format("c2"), "cameras[1].lines[0].name"),
        (
            "".join(
                f"[[devices]]\nid='d{n}'\nkind='rfid'\ncodec='zebra'\ntopic='z'\n" for n in (1, 2)
            ),
            "devices[1].topic",
        ),
        (
            "[[sinks]]\nname='s'\nkind='webhook'\nurl='http://a'\nsecret={env='A'}\n" * 2,
            "sinks[1].name",
        ),
    ],
)
def test_names_are_given_once(tmp_path: Path, text: str, path: str) -> None:
    """A name that something else of its kind has is refused."""
    fault = fault_of(tmp_path, STORE + ZONE + text)
    assert fault.path == path
    assert "which line" in fault.came


@pytest.mark.parametrize(
    ("text", "path", "noun"),
    [
        (SHELF.format("a").replace("floor", "x"), "shelves[0].zone", "zone"),
        ("[[lanes]]\nid='l'\nname='L'\nzone='x'\n", "lanes[0].zone", "zone"),
        ("[[devices]]\nid='d'\nkind='scanner'\nlane='x'\n", "devices[0].lane", "lane"),
        (
            "[[devices]]\nid='d'\nkind='rfid'\nantennas={1='floor', 2='x'}\n",
            "devices[0].antennas.2",
            "shelf or zone",
        ),
        (
            CAMERA.format("c") + "areas=[{zone='x', polygon=[[0,0],[1,0],[1,1]]}]\n",
            "cameras[0].areas[0].zone",
            "zone",
        ),
        (
            "[[devices]]\nid='d'\nkind='rfid'\n[[labels]]\nid='l'\ndevice='d'\n",
            "labels[0].device",
            "device of kind label",
        ),
        (
            "[[devices]]\nid='d'\nkind='label'\n[[labels]]\nid='l'\ndevice='d'\nshelf='floor'\n",
            "labels[0].shelf",
            "shelf",
        ),
    ],
)
def test_names_exist(tmp_path: Path, text: str, path: str, noun: str) -> None:
    """A name of something that the file does not have is refused."""
    fault = fault_of(tmp_path, STORE + ZONE + text)
    assert fault.path == path
    assert fault.expected.startswith(f"the id of a {noun} (")


def test_a_label_that_a_driver_reaches_needs_its_address(tmp_path: Path) -> None:
    """Without a mac the driver could never show anything on it."""
    text = f"""{STORE}
[[devices]]
id = "ap"
kind = "label"
driver = "openepaperlink"
address = "http://10.0.0.9"
[[labels]]
id = "a"
device = "ap"
mac = "0000021A00000001"
[[labels]]
id = "b"
device = "ap"
"""
    fault = fault_of(tmp_path, text)
    assert (fault.path, fault.expected) == (
        "labels[1]",
        "a mac: openepaperlink reaches labels by it",
    )


def test_a_line_counts_for_a_camera_or_for_a_counter(tmp_path: Path) -> None:
    """A counter may tell of one line under two names of its own; a camera has no part in it."""
    counter = """[[devices]]
id = "counter"
kind = "camera"
codec = "axis"
topic = "axis/#"
lines = [
  { theirs = "A", name = "door", direction = "in" },
  { theirs = "B", name = "door", direction = "out" },
]
"""
    settings_of(tmp_path, STORE + counter)
    fault = fault_of(tmp_path, STORE + counter + COUNTER.format("c"))
    assert fault.path == "cameras[0].lines[0].name"
    assert fault.expected == "a name that no line of a counter has"
