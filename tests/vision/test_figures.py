"""How a worker does, in figures."""

from __future__ import annotations

from vision.figures import Figures


def test_ten_seconds_are_added_up() -> None:
    """Rate and slowest picture are of the last ten seconds; what was skipped is passed on."""
    figures = Figures(0)
    for n in range(1, 100):
        figures.add(100 * n, 30 if n == 50 else 20)
    assert figures.take(9999, 3, 0.5) is None
    assert figures.take(10_000, 3, 0.514) == {
        "fps": 9.9,
        "skipped": 3,
        "latency_ms": 30,
        "brightness": 0.51,
    }
    assert figures.take(20_000, 3, None) == {
        "fps": 0.0,
        "skipped": 3,
        "latency_ms": None,
        "brightness": None,
    }


def test_the_rate_of_late() -> None:
    """What is shown live follows the newest pictures."""
    figures = Figures(0)
    assert figures.fps() == 0.0
    for n in range(1, 30):
        figures.add(100 * n, 20)
    assert figures.fps() == 10.0
    for n in range(1, 30):
        figures.add(2900 + 50 * n, 20)
    assert 19 < figures.fps() < 20.5
