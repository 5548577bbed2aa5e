"""Chance that repeats: the same words give the same numbers, on every machine and run."""

from __future__ import annotations

from random import Random


def dice(*words: object) -> Random:
    """Make a generator whose whole sequence follows from `words` (seeded by their SHA-512)."""
    return Random("/".join(str(word) for word in words))  # noqa: S311  (a world, not a secret)
