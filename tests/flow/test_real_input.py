"""Real footage, real readers' payloads, real photographs: `store-edge run` as a shop would."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CAMERA = """
[[cameras]]
id = "{name}"
source = "{source}"
fps = {fps}
loop = true
[[cameras.lines]]
name = "{name}-line"
start = {start}
end = {end}
"""


@pytest.mark.timeout(180)
def test_footage_and_payloads_become_traffic_and_stock(
    box: Any, eventually: Callable[..., Any], shared_data: Path
) -> None:
    """Two cameras on recordings and two vendors' readers give traffic and stock over the API."""
    clips = {
        "above": ("overhead-shadows.mp4", 25, [0.15, 0.5], [0.95, 0.5]),
        "square": ("square-oblique.avi", 10, [0.5, 0.05], [0.5, 0.98]),
    }
    for name, (clip, fps, start, end) in clips.items():
        source = shared_data / "footage" / clip
        box.configure(CAMERA.format(name=name, source=source, fps=fps, start=start, end=end))
    box.start_shop()
    box.start_all()
    for vendor in ("impinj", "zebra"):
        for line in (shared_data / "readers" / f"{vendor}.jsonl").read_text().splitlines():
            port = str(box.settings.mqtt.port)
            argv = ["mosquitto_pub", "-p", port, "-q", "1", "-t", f"{vendor}/tags", "-m", line]
            subprocess.run(argv, check=True)

    levels = eventually(
        lambda: box.api.get("/stock").json()["items"],
        lambda rows: [row["on_hand"] for row in rows] == [2] * 12,
    )
    assert all(level["by_zone"]["floor"] == 2 for level in levels)
    rows = eventually(
        lambda: box.api.get("/traffic?bucket=day").json()["items"],
        lambda rows: all(
            any(row["line"] == f"{name}-line" and row["in"] and row["out"] for row in rows)
            for name in clips
        ),
        90,
    )
    assert {row["line"] for row in rows} == {"above-line", "square-line"}
    state = eventually(box.shop_state, lambda s: s["counts"].get("store.occupancy.changed.v1"))
    assert state["counts"]["store.stock.changed.v1"] >= 12


def test_photographs_are_read(shared_data: Path) -> None:
    """`store-edge scan` prints a JSON line for each picture, with what the code says in GS1."""
    pictures = sorted((shared_data / "barcodes" / "img").glob("EAN13__*"))[:12]
    argv = [sys.executable, "-m", "edge", "scan", "--json", *map(str, pictures)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["file"] for row in rows] == [str(picture) for picture in pictures]
    read = [code for row in rows for code in row["codes"]]
    assert len(read) >= len(pictures) // 2
    assert all(len(code["gs1"]["gtin"]) == 14 for code in read if code["symbology"] == "ean13")
