"""Counting a recording on the command line: options, pictures that are written, JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.counting import count_recording
from edge.errors import MediaError, Refused
from edge.scene_options import scene_options
from vision.lines import Line

FPS = 20
DOOR = "door:0.05,0.5,0.95,0.5"
HALL = "hall:0,0.5,1,0.5,1,1,0,1"
GROUND, COAT = (170, 170, 170), (60, 50, 70)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Write a clip, seen from above: somebody walks down through a room and stays."""
    path = tmp_path / "clip.avi"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (320, 240))
    rows = [None] * FPS + list(np.linspace(20, 190, 3 * FPS)) + [190.0] * (4 * FPS)
    for row in rows:
        picture = np.full((240, 320, 3), GROUND, np.uint8)
        if row is not None:
            cv2.ellipse(picture, (160, round(row)), (22, 16), 0, 0, 360, COAT, cv2.FILLED)
        video.write(picture)
    video.release()
    return path


def counted(
    capsys: pytest.CaptureFixture[str], clip: Path, *lines: str, **more: Any
) -> dict[str, Any]:
    """Count a clip and give what was printed."""
    options = scene_options(lines, [HALL], more.pop("masks", []), None, None)
    count_recording(clip, options, as_json=True, **more)
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_lines_have_names_and_zones_their_visits(
    capsys: pytest.CaptureFixture[str], clip: Path
) -> None:
    """A line without a name is called line; who stays in the zone is a visit."""
    told = counted(capsys, clip, DOOR, "0.05,0.7,0.95,0.7")
    assert told["lines"] == [
        {"line": "door", "in": 1, "out": 0},
        {"line": "line-2", "in": 1, "out": 0},
    ]
    (visit,) = told["visits"]
    assert visit["zone"] == "hall"
    assert visit["dwell_s"] == pytest.approx(5.5, abs=0.6)


def test_nothing_is_counted_under_a_mask(capsys: pytest.CaptureFixture[str], clip: Path) -> None:
    """A mask over the whole picture leaves nobody."""
    told = counted(capsys, clip, DOOR, masks=["0,0,1,0,1,1,0,1"])
    assert (told["in"], told["out"], told["visits"]) == (0, 0, [])


def test_an_overlay_and_a_heat_map_are_drawn(
    capsys: pytest.CaptureFixture[str], clip: Path, tmp_path: Path
) -> None:
    """The film plays as long as the recording; the map is bright where somebody stayed."""
    film, sheet = tmp_path / "out.mp4", tmp_path / "out.png"
    counted(capsys, clip, DOOR, overlay=film, heatmap=sheet)
    video = cv2.VideoCapture(str(film))
    length = video.get(cv2.CAP_PROP_FRAME_COUNT) / video.get(cv2.CAP_PROP_FPS)
    assert length == pytest.approx(8.0, abs=0.3)
    picture = cv2.imread(str(sheet))
    assert picture is not None
    stayed, never = picture[380, 320], picture[100, 60]
    assert stayed.max() > never.max() + 60
    assert np.ptp(never) == 0, "where nobody was the ground is grey"


@pytest.mark.parametrize(
    ("lines", "masks", "body", "told"),
    [
        (["1,2,3"], [], None, "--line: expected numbers from 0 to 1"),
        (["0.1,0.2,0.3"], [], None, "with two different points, came '0.1,0.2,0.3'"),
        (["0.5,0.5,0.5,0.5"], [], None, "with two different points"),
        (["a:0,0,1,1", "a:0,1,1,0"], [], None, "expected each name once, came a, a"),
        ([], ["0,0,1,1"], None, "--mask: expected three points"),
        ([], ["0,0,1,x,1,1"], None, "--mask: expected numbers"),
        ([], [], 1.5, "--body: expected a part of the picture's height"),
    ],
)
def test_an_option_that_cannot_be_is_refused(
    lines: list[str], masks: list[str], body: float | None, told: str
) -> None:
    """The message names the option, and says what was expected and what came."""
    with pytest.raises(Refused) as refused:
        scene_options(lines, [], masks, body, None)
    assert told in str(refused.value)


def test_a_name_may_hold_colons() -> None:
    """The numbers follow the last one."""
    (line,) = scene_options(["door:left:0,0,1,1"], [], [], None, None).lines
    assert line == Line("door:left", (0.0, 0.0), (1.0, 1.0))


def test_files_of_other_kinds_are_refused(clip: Path, tmp_path: Path) -> None:
    """An overlay is an MP4, a heat map a PNG, a model an ONNX file; nothing is counted before."""
    options = scene_options([DOOR], [], [], None, None)
    with pytest.raises(Refused, match=r"--overlay: expected a file name that ends in \.mp4"):
        count_recording(clip, options, tmp_path / "out.gif", as_json=True)
    with pytest.raises(Refused, match=r"--heatmap: expected a file name that ends in \.png"):
        count_recording(clip, options, None, tmp_path / "out.jpg", as_json=True)
    missing = scene_options([DOOR], [], [], None, tmp_path / "none.onnx")
    with pytest.raises(MediaError, match="no such file"):
        count_recording(clip, missing, as_json=True)
