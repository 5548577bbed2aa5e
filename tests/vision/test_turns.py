"""U-turns: who comes back soon has turned round."""

from __future__ import annotations

from vision.turns import RETURN_MS, TurnWatch


def test_out_and_back_is_one_turn() -> None:
    """The second crossing completes it; a third one begins anew."""
    watch = TurnWatch()
    assert not watch.look("door", 1, "in", 0)
    assert watch.look("door", 1, "out", 5000)
    assert not watch.look("door", 1, "in", 8000)


def test_a_visit_is_no_turn() -> None:
    """Who comes back after the limit has been inside."""
    watch = TurnWatch()
    watch.look("door", 1, "in", 0)
    assert not watch.look("door", 1, "out", RETURN_MS + 1)


def test_other_people_and_other_lines_are_no_turn() -> None:
    """Only the same track on the same line comes back."""
    watch = TurnWatch()
    watch.look("door", 1, "in", 0)
    assert not watch.look("door", 2, "out", 1000)
    assert not watch.look("gate", 1, "out", 1000)


def test_who_is_forgotten_never_returns() -> None:
    """An ended track leaves nothing behind."""
    watch = TurnWatch()
    watch.look("door", 1, "in", 0)
    watch.forget(1)
    assert not watch.look("door", 1, "out", 1000)
