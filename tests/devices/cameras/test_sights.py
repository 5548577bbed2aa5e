"""What cameras show for a moment: pictures, overlays, figures; each checked as readings are."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.cameras.native import MAX_PICTURE
from devices.uplink import Uplink
from edge.errors import ContractError
from edge.readings import Figures, Overlay, SeenLine, SeenPerson, SeenZone, Snapshot

UPLINK = Uplink("s1")
T = 1_777_629_600_000
JPEG = b"\xff\xd8\xff\xe0 pixels \xff\xd9"
SNAPSHOT: dict[str, Any] = {
    "id": "door-1",
    "t": T,
    "width": 640,
    "height": 480,
    "blurred": True,
    "jpeg": b64encode(JPEG).decode(),
}
OVERLAY: dict[str, Any] = {
    "t": T,
    "people": [{"number": 3, "box": [0.1, -0.05, 0.2, 0.4], "point": [0.2, 0.35]}],
    "lines": [{"line": "door", "in": 4, "out": 2}],
    "zones": [{"zone": "tills", "people": 1}],
    "fps": 9.5,
}


def sight(leaf: str, body: object) -> object:
    """Decode what the camera `door` shows."""
    return UPLINK.sight(f"store/s1/camera/door/{leaf}", json.dumps(body).encode())


def test_a_picture_has_its_bytes() -> None:
    """Base64 goes in, the JPEG comes out; what a newer worker adds is passed over."""
    told = sight("snapshot", {**SNAPSHOT, "clear": 0.7, "lens": "wide"})
    assert told == ("door", Snapshot("door-1", T, 640, 480, True, JPEG, 0.7))  # noqa: FBT003


def test_an_overlay_has_boxes_and_counts() -> None:
    """A box may reach beyond the picture."""
    person = SeenPerson(3, (0.1, -0.05, 0.2, 0.4), (0.2, 0.35))
    lines, zones = (SeenLine("door", 4, 2),), (SeenZone("tills", 1),)
    assert sight("overlay", OVERLAY) == ("door", Overlay(T, (person,), lines, zones, 9.5))


def test_a_status_tells_how_the_camera_does() -> None:
    """What it leaves out is not known."""
    told = sight("status", {"online": True, "fps": 9.8, "skipped": 4, "source": None})
    assert told == ("door", Figures(fps=9.8, skipped=4))


@pytest.mark.parametrize(
    "topic",
    ["store/s1/label/door/status", "store/s2/camera/door/snapshot", "store/s1/camera/door/zones"],
)
def test_other_topics_show_nothing(topic: str) -> None:
    """Another kind's status, another store's picture, a camera's reading."""
    assert UPLINK.sight(topic, b"{}") is None


@pytest.mark.parametrize(
    ("leaf", "change", "path"),
    [
        ("snapshot", {"jpeg": b64encode(b"<svg onload=alert(1)>").decode()}, "jpeg"),
        ("snapshot", {"jpeg": "no base64!"}, "jpeg"),
        ("snapshot", {"width": 0}, "width"),
        ("snapshot", {"blurred": None}, "blurred"),
        ("snapshot", {"clear": 1.1}, "clear"),
        ("snapshot", {"id": ""}, "id"),
        ("snapshot", {"jpeg": "A" * MAX_PICTURE}, "payload"),
        (
            "overlay",
            {"people": [{"number": 1, "box": [0, 0, 1], "point": [0, 0]}]},
            "people[0].box",
        ),
        ("overlay", {"people": OVERLAY["people"] * 1001}, "people"),
        ("overlay", {"lines": [{"line": "door", "in": -1, "out": 0}]}, "lines[0].in"),
        ("overlay", {"fps": "fast"}, "fps"),
    ],
)
def test_what_breaks_the_contract_is_refused(leaf: str, change: dict[str, Any], path: str) -> None:
    """With the path of the field; what is no JPEG is not taken for one."""
    body = {**(SNAPSHOT if leaf == "snapshot" else OVERLAY), **change}
    with pytest.raises(ContractError) as breach:
        sight(leaf, body)
    assert breach.value.path == path


@given(st.sampled_from(["snapshot", "overlay", "status"]), st.binary())
def test_any_bytes(leaf: str, payload: bytes) -> None:
    """Any bytes show something or break the contract, never another error."""
    try:
        assert UPLINK.sight(f"store/s1/camera/door/{leaf}", payload) is not None
    except ContractError as breach:
        assert breach.path  # noqa: PT017  (either way out is right, no third)
