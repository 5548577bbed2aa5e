"""What truly happened, as a person writes it down in a spreadsheet."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import Refused
from edge.truth import TrueCrossing, read_truth
from vision.lines import Line
from vision.zones import Visit

FPS = 10.0


def written(tmp_path: Path, text: str) -> Path:
    """Write a file, as a spreadsheet does: with a byte order mark."""
    path = tmp_path / "truth.csv"
    path.write_text(text, "utf-8-sig")
    return path


def test_crossings_have_pictures_or_seconds_and_lines_their_ends(tmp_path: Path) -> None:
    """Rows of other recordings are left out; the rest comes in order of time."""
    path = written(
        tmp_path,
        "clip,line,x1,y1,x2,y2,frame,t_s,direction\n"
        "door.mp4,door,0,0.5,1,0.5,42,,out\n"
        "other.mp4,door,0,0,1,1,3,,in\n"
        ",door,,,,,,1.5,in\n",
    )
    truth = read_truth(path, "door.mp4", FPS)
    assert truth.crossings == (TrueCrossing("door", "in", 1.5), TrueCrossing("door", "out", 4.2))
    assert truth.lines == (Line("door", (0.0, 0.5), (1.0, 0.5)),)


def test_the_given_footage_is_read(shared_data: Path) -> None:
    """Both files of the footage: 81 crossings in all, and six visits."""
    folder = shared_data / "footage"
    clips = ("overhead-shadows.mp4", "square-oblique.avi")
    found = [read_truth(folder / "crossings.csv", clip, FPS).crossings for clip in clips]
    assert [len(crossings) for crossings in found] == [4, 77]
    visits = read_truth(folder / "visits.csv", "table-visits.mp4", FPS).visits
    assert (len(visits), visits[0]) == (6, Visit("table", 6600, 19000))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "came nothing"),
        ("when,who\n1,me\n", "came when, who"),
        ("frame,direction\n1,up\n", "row 2, direction: expected in or out, came 'up'"),
        ("frame,direction\n1,in\n,in\n", "row 3, t_s: expected a number from 0, came ''"),
        ("t_s,direction\n-1,in\n", "row 2, t_s: expected a number from 0, came '-1'"),
        ("t_s,direction\nnan,in\n", "row 2, t_s: expected a number from 0, came 'nan'"),
        ("zone,first_frame,last_frame\nbar,9,9\n", "expected an end after the beginning"),
        ("zone,first_s,last_s\n,1,2\n", "row 2, zone: expected the name of a --zone"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_row(tmp_path: Path, text: str, told: str) -> None:
    """The message says what was expected and what came."""
    with pytest.raises(Refused) as refused:
        read_truth(written(tmp_path, text), "door.mp4", FPS)
    assert told in str(refused.value)


def test_a_picture_is_no_truth(tmp_path: Path) -> None:
    """Bytes that are no text are refused too."""
    path = tmp_path / "truth.csv"
    path.write_bytes(b"\x89PNG\xff\x00")
    with pytest.raises(Refused, match="expected a CSV file"):
        read_truth(path, "door.mp4", FPS)
