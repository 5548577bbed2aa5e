"""The frame budget."""

from __future__ import annotations

import pytest

from vision.pace import Pace


@pytest.mark.parametrize(
    ("source_ms", "fps", "passed"),
    [(40, 10, 10), (40, 25, 25), (40, 15, 15), (20, 15, 15), (100, 25, 10), (33.3, 10, 10)],
)
def test_as_many_pass_as_are_wanted(source_ms: float, fps: float, passed: int) -> None:
    """Of ten seconds of pictures as many a second pass as were asked for, or as there are."""
    pace = Pace(fps)
    pictures = [n * source_ms for n in range(round(10_000 / source_ms))]
    assert sum(map(pace.is_due, pictures)) == pytest.approx(10 * passed, abs=2)


def test_who_was_late_does_not_catch_up() -> None:
    """After a pause of a second one picture passes, and the next one a period later."""
    pace = Pace(10)
    assert [pace.is_due(t) for t in (0, 1000, 1020, 1080, 1110)] == [True, True, False, False, True]


def test_clocks_may_waver() -> None:
    """Pictures that come a little early or late at the very pace all pass."""
    pace = Pace(10)
    assert all(pace.is_due(100 * n + (7 if n % 2 else -7)) for n in range(50))
