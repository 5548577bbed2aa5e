"""Rows of state that remember which of them changed since they were last saved."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Rows(Generic[K, V]):
    """Frozen rows by key; the rules put and drop, the store collects what changed.

    One owner, one thread: the gateway's writer.
    """

    def __init__(self, rows: Iterable[tuple[K, V]] = ()) -> None:
        """Start with rows that are already on disk."""
        self._rows: dict[K, V] = dict(rows)
        self.changed: dict[K, V] = {}
        """What is to be saved; a row that was changed in place is put here by who did it."""
        self._dropped: set[K] = set()
        # A reader's every read looks a row up: without a call in between, in half the time.
        self.get: Callable[[K], V | None] = self._rows.get
        """Give the row of a key, None where there is none."""

    def __getitem__(self, key: K) -> V:
        """Give the row of a key; KeyError where there is none."""
        return self._rows[key]

    def __contains__(self, key: object) -> bool:
        """Tell whether there is a row."""
        return key in self._rows

    def __len__(self) -> int:
        """Count the rows."""
        return len(self._rows)

    def __iter__(self) -> Iterator[V]:
        """Go through a copy of the rows, so that a rule may put and drop on its way."""
        return iter(list(self._rows.values()))

    def pairs(self) -> Iterator[tuple[K, V]]:
        """Go through a copy of keys and rows."""
        return iter(list(self._rows.items()))

    def put(self, key: K, row: V) -> None:
        """Add or replace a row."""
        self._rows[key] = row
        self.changed[key] = row
        if self._dropped:
            self._dropped.discard(key)

    def drop(self, key: K) -> None:
        """Delete a row, here and on disk."""
        self._rows.pop(key, None)
        self.changed.pop(key, None)
        self._dropped.add(key)

    def forget(self, key: K) -> None:
        """Let a row go from memory; what was put stays to be saved, and on disk."""
        self._rows.pop(key, None)

    def collect(self) -> tuple[list[V], list[K]]:
        """Hand over what was put and what was dropped since the last call."""
        put, dropped = list(self.changed.values()), list(self._dropped)
        self.changed.clear()
        self._dropped.clear()
        return put, dropped
