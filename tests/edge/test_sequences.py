"""Numbered messages: each is taken once, whatever the network does to them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.rows import Rows
from edge.sequences import BOOTS, WINDOW, Sequence, Sequences


def floor_of(taken: set[int]) -> int:
    """Give the number up to which nothing is missing."""
    floor = 0
    while floor + 1 in taken:
        floor += 1
    return floor


@settings(deadline=None)
@given(st.lists(st.integers(1, 40), max_size=120))
def test_each_number_is_new_once_and_the_floor_has_no_gap(numbers: list[int]) -> None:
    """In any order and with any repeats; a fresh start from the rows changes nothing."""
    sequences = Sequences(Rows())
    taken: set[int] = set()
    for number in numbers:
        assert sequences.is_new("d", "b", number, 0) == (number not in taken)
        taken.add(number)
        assert sequences.acknowledged("d", "b") == floor_of(taken)
        row = sequences.rows["d", "b"]
        assert (set(range(1, row.floor + 1)) | set(row.above), row.lost) == (taken, 0)
        sequences = Sequences(Rows([(("d", "b"), row)]))


def test_a_gap_that_outlives_the_window_is_counted_as_lost() -> None:
    """The acknowledgement goes on behind a hole, and the hole is known."""
    sequences = Sequences(Rows())
    sequences.is_new("d", "b", 1, 0)
    for number in range(4, 4 + WINDOW):
        sequences.is_new("d", "b", number, 0)
    assert sequences.acknowledged("d", "b") == 1
    sequences.is_new("d", "b", 4 + WINDOW, 0)
    assert sequences.acknowledged("d", "b") == 4 + WINDOW
    row = sequences.rows["d", "b"]
    assert (row.lost, row.above) == (2, ())
    assert not sequences.is_new("d", "b", 2, 0)


def test_starts_and_devices_are_counted_apart() -> None:
    """The same number of another start or device is another message."""
    sequences = Sequences(Rows())
    assert all(sequences.is_new(device, boot, 1, 0) for device in "de" for boot in "bc")
    assert not any(sequences.is_new(device, boot, 1, 0) for device in "de" for boot in "bc")


def test_only_the_last_starts_are_remembered() -> None:
    """A device that restarts for ever does not fill the disk, also over our own restarts."""
    sequences = Sequences(Rows())
    for start in range(BOOTS + 3):
        sequences.is_new("d", f"b{start}", 1, now=start)
        sequences = Sequences(sequences.rows)
    assert [row.boot for row in sequences.rows] == [f"b{n}" for n in range(3, BOOTS + 3)]


def test_a_start_that_is_forgotten_acknowledges_nothing() -> None:
    """A message of an old start is answered with 0: the device keeps what it has."""
    sequences = Sequences(Rows())
    for start in range(BOOTS + 1):
        sequences.is_new("d", f"b{start}", 1, now=start)
    assert sequences.acknowledged("d", "b0") == 0
    assert sequences.acknowledged("stranger", "b") == 0


def test_what_is_on_disk_is_taken_up() -> None:
    """Rows of an earlier run count."""
    row = Sequence("d", "b", floor=7, above=(9,), lost=0, started=0)
    sequences = Sequences(Rows([(("d", "b"), row)]))
    assert [sequences.is_new("d", "b", n, 0) for n in (7, 9, 8)] == [False, False, True]
    assert sequences.acknowledged("d", "b") == 9
