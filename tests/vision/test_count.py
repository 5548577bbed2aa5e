"""Counting real recordings and simulated ones: how far from the truth it may be."""

from __future__ import annotations

import csv
from collections import Counter as Tally
from pathlib import Path

import cv2
import numpy as np
import pytest

from devices.simulator import camera as entrance
from devices.simulator.world import World
from edge.errors import MediaError
from vision.capture import Frame
from vision.count import Counter, CountResult, count_video
from vision.lines import Line
from vision.zones import Area

TABLE = Area("table", ((0.45, 0.1), (0.75, 0.1), (0.75, 0.98), (0.45, 0.98)))
DOOR = Line("door", (0.02, 0.5), (0.98, 0.5))
SLACK_FRAMES = 15


def truth_of(shared: Path, clip: str) -> tuple[list[Line], Tally[tuple[str, str]]]:
    """Give a clip's lines, and the true crossings of each in each direction."""
    with (shared / "footage" / "crossings.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["clip"] == clip]
    lines = {
        row["line"]: Line(
            row["line"],
            (float(row["x1"]), float(row["y1"])),
            (float(row["x2"]), float(row["y2"])),
        )
        for row in rows
    }
    return list(lines.values()), Tally((row["line"], row["direction"]) for row in rows)


def counted(result: CountResult) -> Tally[tuple[str, str]]:
    """Give the crossings of each line in each direction."""
    return Tally((crossing.line, crossing.direction) for crossing in result.crossings)


def test_a_ceiling_camera_with_shadows_counts_exactly(shared_data: Path) -> None:
    """One person walks through four times among moving shadows and a reflection."""
    clip = "overhead-shadows.mp4"
    lines, truth = truth_of(shared_data, clip)
    result = count_video(str(shared_data / "footage" / clip), lines)
    assert counted(result) == truth
    with (shared_data / "footage" / "crossings.csv").open() as file:
        frames = [int(row["frame"]) for row in csv.DictReader(file) if row["clip"] == clip]
    seen = [crossing.frame for crossing in result.crossings]
    assert seen == pytest.approx(frames, abs=SLACK_FRAMES)


def test_a_square_with_crowds_is_counted_within_its_bound(shared_data: Path) -> None:
    """People meet, stand and pass behind a post: the errors stay below 8 % of all crossings."""
    clip = "square-oblique.avi"
    lines, truth = truth_of(shared_data, clip)
    result = count_video(str(shared_data / "footage" / clip), lines)
    seen = counted(result)
    errors = sum(abs(seen[key] - truth[key]) for key in truth | seen)
    assert errors <= 0.08 * truth.total(), f"{seen} instead of {truth}"
    assert [crossing.frame for crossing in result.crossings] == sorted(
        crossing.frame for crossing in result.crossings
    )


def test_visits_to_a_table_are_counted_exactly(shared_data: Path) -> None:
    """Six people stand almost still for 12 to 27 s, one after another: six visits."""
    seen: list[tuple[int, int]] = []
    result = count_video(
        str(shared_data / "footage" / "table-visits.mp4"),
        [],
        [TABLE],
        progress=lambda done, total: seen.append((done, total)),
    )
    with (shared_data / "footage" / "visits.csv").open() as file:
        truth = [(int(r["first_frame"]), int(r["last_frame"])) for r in csv.DictReader(file)]
    per_frame = result.fps / 1000
    visits = [(visit.start * per_frame, visit.end * per_frame) for visit in result.visits]
    assert len(visits) == len(truth)
    for visit, true in zip(visits, truth, strict=True):
        assert visit == pytest.approx(true, abs=SLACK_FRAMES)
    assert seen[-1] == (result.frames, result.frames)


def test_masks_a_watcher_and_the_way_back_are_there_for_a_whole_recording(tmp_path: Path) -> None:
    """Of pictures that come fast every second one is looked at, and progress tells of all."""
    seen: list[int] = []
    done: list[tuple[int, int]] = []
    clip = str(_walk(tmp_path / "walk.avi", fps=20))
    result = count_video(
        clip,
        [DOOR],
        progress=lambda now, total: done.append((now, total)),
        watch=lambda frame, counter: seen.append(frame.number + 0 * len(counter.people)),
    )
    assert seen == list(range(0, 80, 2))
    assert done[-1] == (80, 80)
    assert (result.frames, result.fps) == (80, 20)
    assert [crossing.direction for crossing in result.crossings] == ["in"]
    masked = count_video(clip, [DOOR], masks=[((0, 0), (1, 0), (1, 1), (0, 1))])
    assert masked.crossings == ()


def _walk(path: Path, fps: int) -> Path:
    """Write a clip of four seconds in which somebody, seen from above, walks down from the top."""
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (320, 240))
    for number in range(4 * fps):
        picture = np.full((240, 320, 3), 170, np.uint8)
        row = round(-30 + 320 * max(0, number - fps) / (3 * fps))
        cv2.ellipse(picture, (160, row), (22, 16), 0, 0, 360, (60, 50, 70), cv2.FILLED)
        video.write(picture)
    video.release()
    return path


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_simulated_door_is_counted_exactly(seed: int) -> None:
    """Sixty seconds of the simulated shop: as many came and left as truly did."""
    world, counter = World(seed), Counter(entrance.FPS, [DOOR], [])
    crossed: Tally[str] = Tally()
    for number in range(60 * entrance.FPS):
        world.step(1 / entrance.FPS)
        picture = entrance.render(world.people(), number)
        found, _ = counter.look(Frame(number, number * 1000 // entrance.FPS, picture))
        crossed.update(direction for _, direction in found)
    truth = world.truth()
    assert truth.came > 5
    assert (crossed["in"], crossed["out"]) == (truth.came, truth.left)


def test_a_file_that_is_no_video_is_refused(tmp_path: Path) -> None:
    """Counting text raises MediaError and says which file."""
    file = tmp_path / "notes.txt"
    file.write_text("no video")
    with pytest.raises(MediaError, match=r"notes\.txt"):
        count_video(str(file), [DOOR])
