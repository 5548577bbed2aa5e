"""Counts against the truth: what is an error, and which crossings it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.errors import Refused
from edge.scene_options import scene_options
from edge.truth import TrueCrossing, Truth
from edge.validating import compared, validate_recording
from vision.count import Crossed
from vision.lines import Direction
from vision.zones import Visit

WITHIN = 1.5


def crossed(direction: Direction, t_s: float) -> Crossed:
    """Give a counted crossing of the door."""
    return Crossed("door", direction, round(10 * t_s), t_s)


def test_sums_that_are_right_may_hide_what_was_missed() -> None:
    """The error is that of the sums; the times tell that one was missed and another made up."""
    truth = Truth((TrueCrossing("door", "in", 1.0), TrueCrossing("door", "in", 5.0)))
    report = compared(truth, [crossed("in", 1.4), crossed("in", 9.0)], [], WITHIN)
    enters = next(line for line in report.lines if line.dir == "in")
    assert (report.error_percent, enters.true, enters.counted) == (0.0, 2, 2)
    assert (enters.missed, enters.extra) == ((5.0,), (9.0,))


def test_errors_of_both_directions_add_up() -> None:
    """One too few in and one too many out of four are 50 percent."""
    truth = Truth(tuple(TrueCrossing("door", "in", t) for t in (1.0, 2.0, 3.0, 4.0)))
    seen = [crossed("in", t) for t in (1.0, 2.0, 3.0)] + [crossed("out", 4.0)]
    report = compared(truth, seen, [], WITHIN)
    assert (report.error_percent, report.true) == (50.0, 4)


def test_neighbours_in_time_are_paired_before_others() -> None:
    """The counted crossing goes to the nearest true one, not to the first."""
    truth = Truth((TrueCrossing("door", "in", 1.0), TrueCrossing("door", "in", 2.0)))
    report = compared(truth, [crossed("in", 2.1)], [], WITHIN)
    assert next(line for line in report.lines if line.dir == "in").missed == (1.0,)


def test_a_visit_is_right_missed_or_none() -> None:
    """Dwells are compared in percent; a missed visit and one that was none are errors."""
    truth = Truth(visits=(Visit("bar", 0, 10_000), Visit("bar", 20_000, 30_000)))
    seen = [Visit("bar", 1000, 10_000), Visit("bar", 50_000, 55_000), Visit("hall", 0, 9000)]
    report = compared(truth, [], seen, WITHIN)
    assert [(v.true_s, v.counted_s, v.error_percent) for v in report.visits] == [
        (10.0, 9.0, -10.0),
        (10.0, None, None),
        (None, 5.0, None),
    ]
    assert report.error_percent == 100.0


def test_the_given_footage_validates(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The ceiling camera is counted without an error; its line comes from the truth."""
    folder = shared_data / "footage"
    options = scene_options([], [], [], None, None)
    error = validate_recording(
        folder / "overhead-shadows.mp4", folder / "crossings.csv", options, WITHIN, as_json=True
    )
    told = json.loads(capsys.readouterr().out)
    assert (error, told["error_percent"], told["true"]) == (0.0, 0.0, 4)
    assert [(line["true"], line["missed"]) for line in told["lines"]] == [(2, []), (2, [])]


def test_a_zone_that_nobody_drew_is_asked_for(shared_data: Path) -> None:
    """The truth of visits names a zone; where it is has to be told."""
    folder = shared_data / "footage"
    options = scene_options([], [], [], None, None)
    with pytest.raises(Refused, match="give --zone table:"):
        validate_recording(
            folder / "table-visits.mp4", folder / "visits.csv", options, WITHIN, as_json=True
        )


def test_a_truth_of_another_recording_is_refused(shared_data: Path) -> None:
    """No row of this recording would be an error of nought."""
    folder = shared_data / "footage"
    options = scene_options(["0,0.5,1,0.5"], [], [], None, None)
    with pytest.raises(Refused, match="at least one row"):
        validate_recording(
            folder / "table-visits.mp4", folder / "crossings.csv", options, WITHIN, as_json=True
        )
