"""The store.toml that `store-edge init` writes: a small shop to change into one's own."""

from __future__ import annotations

from importlib.resources import files


def starter() -> str:
    """Give the text of a commented store.toml that loads without a fault."""
    return files("edge").joinpath("starter.toml").read_text("utf-8")
