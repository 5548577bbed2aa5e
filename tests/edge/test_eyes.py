"""A camera's worker: whose it is, and what it is told by store.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config import load
from edge.errors import NotFound
from edge.eyes import watch

SHOP = """
[store]
id = "test"
name = "Test"
timezone = "Europe/Berlin"
currency = "EUR"

[[cameras]]
id = "door"
source = "door.mp4"
"""


def test_a_camera_that_nobody_configured_is_named(tmp_path: Path) -> None:
    """Who asks for an unknown camera hears which ones there are."""
    file = tmp_path / "store.toml"
    file.write_text(SHOP)
    with pytest.raises(NotFound, match=r"expected a camera of store\.toml \(door\), came 'dor'"):
        watch(load(file), "dor")
