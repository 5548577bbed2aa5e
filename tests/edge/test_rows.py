"""Rows that remember what changed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.rows import Rows

KEYS = st.integers(0, 4)
STEPS = st.one_of(
    st.tuples(st.just("put"), KEYS, st.integers()),
    st.tuples(st.just("drop"), KEYS, st.just(0)),
    st.tuples(st.just("save"), KEYS, st.just(0)),
)


def test_rows_that_were_there_are_not_saved_again() -> None:
    """What came from disk is known and is not collected."""
    rows = Rows([("a", 1), ("b", 2)])
    assert (rows.get("a"), rows["b"], rows.get("c"), "a" in rows, len(rows)) == (
        1,
        2,
        None,
        True,
        2,
    )
    assert rows.collect() == ([], [])


def test_a_row_may_be_dropped_while_going_through_them() -> None:
    """Going through the rows is safe from what is done on the way."""
    rows = Rows([(n, n) for n in range(10)])
    for row in rows:
        rows.drop(row)
        rows.put(row + 100, row)
    assert sorted(rows) == list(range(10))


def test_a_forgotten_row_is_saved_but_not_known() -> None:
    """Forgetting concerns memory only."""
    rows: Rows[str, int] = Rows()
    rows.put("a", 1)
    rows.forget("a")
    assert rows.get("a") is None
    assert rows.collect() == ([1], [])


@settings(deadline=None)
@given(st.lists(STEPS))
def test_what_is_collected_leads_the_disk_to_the_same_rows(
    steps: list[tuple[str, int, int]],
) -> None:
    """Whatever is put, dropped and saved in between, disk and memory agree after a save."""
    rows: Rows[int, tuple[int, int]] = Rows()
    disk: dict[int, tuple[int, int]] = {}
    for step, key, value in [*steps, ("save", 0, 0)]:
        if step == "put":
            rows.put(key, (key, value))
        elif step == "drop":
            rows.drop(key)
        else:
            put, dropped = rows.collect()
            disk.update({row[0]: row for row in put})
            for gone in dropped:
                disk.pop(gone, None)
    assert sorted(rows) == sorted(disk.values())
