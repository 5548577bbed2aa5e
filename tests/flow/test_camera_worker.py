"""A camera's worker and a real broker: what it does when asked, and what it keeps to itself."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil

FLEETING = {"snapshot", "overlay"}


def sharpness(snapshot: dict[str, Any]) -> float:
    """Give how sharp a snapshot is."""
    jpeg = np.frombuffer(b64decode(snapshot["jpeg"]), np.uint8)
    grey = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE), np.uint8)
    return float(cv2.Laplacian(grey, cv2.CV_64F).std())


def test_a_technician_looks_and_nothing_stays(eyes: Any, walk: Path) -> None:
    """Snapshots are blurred unless asked for otherwise, rare, and on nobody's disk."""
    eyes.start(str(walk))
    eyes.eventually(lambda: eyes.ear.status().get("source"), lambda said: said == "ok", 30)

    ear = type(eyes.ear)
    with ear(eyes.box.address, "away").link as away:
        eyes.eventually(lambda: away.connected, bool)

    answer = eyes.ask("snapshot")
    assert answer == {"id": answer["id"], "ok": True}
    (blurred,) = eyes.eventually(lambda: eyes.ear.of("snapshot"), bool)
    assert (blurred["id"], blurred["blurred"]) == (answer["id"], True)
    assert (blurred["width"], blurred["height"]) == (320, 240)

    refused = eyes.ask("snapshot")
    assert not refused["ok"]
    assert "expected one snapshot in 2 s and 10 in a minute" in refused["error"]
    assert "ask again in" in refused["error"]
    clear = eyes.eventually(lambda: eyes.ask("snapshot", blur=False), lambda said: said["ok"])
    shown = eyes.eventually(lambda: eyes.ear.of("snapshot"), lambda all_: len(all_) == 2)[1]
    assert (shown["id"], shown["blurred"]) == (clear["id"], False)
    assert sharpness(blurred) < 0.2 * sharpness(shown)

    unknown = eyes.ask("reboot")
    assert (unknown["ok"], unknown["error"]) == (
        False,
        "name: expected snapshot or overlay, came 'reboot'",
    )
    assert not eyes.ask("overlay", seconds=600)["ok"]

    later = ear(eyes.box.address, "away")
    with later.link:
        eyes.eventually(lambda: len(later.of("result")), lambda told: told >= 4)
        eyes.eventually(lambda: [one for one in later.heard if one[2]], bool)
    assert not FLEETING & {leaf for leaf, _, _ in later.heard}
    worker = psutil.Process(eyes.process.pid)
    assert {file.path for file in worker.open_files()} <= {str(walk), "/dev/null"}
    assert list(eyes.folder.iterdir()) == []


def test_an_overlay_shows_numbers_and_ends_by_itself(eyes: Any, walk: Path) -> None:
    """Boxes and counts come for as long as asked, at most five times a second, without pixels."""
    eyes.start(str(walk))
    eyes.eventually(eyes.ear.lines, bool, 30)
    assert eyes.ask("overlay", seconds=1)["ok"]
    assert eyes.ask("overlay", seconds=4)["ok"]
    eyes.eventually(
        lambda: [one for one in eyes.ear.of("overlay") if one["people"] and one["fps"] > 5], bool
    )
    shown = eyes.ear.of("overlay")
    seen = next(one for one in shown if one["people"])
    assert set(seen) == {"t", "people", "lines", "zones", "fps"}
    left, top, width, height = seen["people"][0]["box"]
    assert 0 < width < 0.4
    assert 0 < height < 0.5
    assert left < 0.5 < left + width
    assert top <= seen["people"][0]["point"][1] <= top + height + 0.02
    assert seen["lines"][0]["line"] == "door"
    assert seen["lines"][0]["in"] >= 1
    assert seen["lines"][0]["out"] == 0
    first = shown[0]["t"]
    # A round takes 3.5 s: after two more of them the overlay is over.
    rounds = len(eyes.ear.lines())
    eyes.eventually(eyes.ear.lines, lambda lines: len(lines) >= rounds + 2, 30)
    times = [one["t"] for one in eyes.ear.of("overlay")]
    assert times[-1] - first <= 4600
    assert len(times) <= 5 * 5


def test_what_is_drawn_counts_without_a_restart(eyes: Any, walk: Path) -> None:
    """Another line by MQTT counts from then on; one that nobody can read changes nothing."""
    gate = {"name": "gate", "start": [0.05, 0.6], "end": [0.95, 0.6], "entrance": True}
    eyes.start(str(walk))
    eyes.eventually(eyes.ear.lines, lambda lines: "door" in lines, 30)
    eyes.configure(7, {"lines": [gate], "masks": [[[0, 0], [0.1, 0], [0.1, 0.1]]]})
    eyes.eventually(eyes.ear.status, lambda said: said.get("config_version") == 7)
    eyes.eventually(eyes.ear.lines, lambda lines: lines[-1] == "gate")
    assert "floor" in {zone["zone"] for one in eyes.ear.of("zones") for zone in one["zones"]}

    eyes.configure(8, {"lines": [{**gate, "end": gate["start"]}]})
    eyes.eventually(lambda: eyes.ear.problems("config-refused"), lambda told: told[-1:] == [True])
    assert eyes.ear.status()["config_version"] == 7
    assert eyes.ear.status()["config_problem"] == (
        "config.lines[0].end: expected an end away from start, came [0.05, 0.6]"
    )
    before = len(eyes.ear.lines())
    eyes.eventually(eyes.ear.lines, lambda lines: set(lines[before:]) == {"gate"})

    eyes.configure(9, {})
    eyes.eventually(eyes.ear.status, lambda said: said.get("config_version") == 9)
    eyes.eventually(lambda: eyes.ear.problems("config-refused"), lambda told: not told[-1])
    eyes.eventually(eyes.ear.lines, lambda lines: lines[-1] == "door")
    assert eyes.ask("overlay")["ok"]
    (door,) = eyes.eventually(lambda: eyes.ear.of("overlay"), bool)[-1]["lines"]
    assert (door["line"], door["in"]) == ("door", eyes.ear.lines().count("door"))
    assert eyes.process.poll() is None
