"""Payloads of vendors' readers, kept beside this file, decode as they should."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from devices.rfid import impinj, zebra
from devices.rfid.epc import Sgtin, decode
from edge.readings import ProblemReported, Reading, TagRead, TagsRead

RECORDINGS = Path(__file__).parent / "recordings"
CODECS = {"impinj.jsonl": impinj.decode, "zebra.jsonl": zebra.decode}


def rows() -> list[dict[str, str]]:
    """Read what each line must decode to."""
    with (RECORDINGS / "expected.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def told(file: str, line: int) -> tuple[Reading, ...]:
    """Decode one line (from 1) of a recording."""
    payload = (RECORDINGS / file).read_bytes().splitlines()[line - 1]
    return CODECS[file](payload).readings


@pytest.mark.parametrize("file", CODECS)
def test_reads(file: str) -> None:
    """Every line with tags gives exactly the reads of its rows."""
    wanted: defaultdict[int, list[TagRead]] = defaultdict(list)
    for row in rows():
        if row["file"] == file:
            rssi = float(row["rssi_dbm"]) if row["rssi_dbm"] else None
            seen = TagRead(row["epc"], int(row["antenna"]), rssi, int(row["t_ms"]))
            wanted[int(row["line"])].append(seen)
    for line, reads in wanted.items():
        assert told(file, line) == (TagsRead(tuple(reads)),)


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row['file']}-{row['epc']}")
def test_products(row: dict[str, str]) -> None:
    """Every tag of the recordings names its product and serial, or none."""
    tag = decode(row["epc"])
    named = (tag.gtin, tag.serial) if isinstance(tag, Sgtin) else ("", "")
    assert named == (row["gtin"], row["serial"])


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (13, ProblemReported(1795251603000, "not-reading", active=False)),
        (14, ProblemReported(1795251603100, "reads-lost", lost=37)),
        (15, ProblemReported(1795251603200, "antenna-3-disconnected", antenna=3)),
    ],
)
def test_impinj_problems(line: int, problem: ProblemReported) -> None:
    """Inventory state, overflow and a lost antenna are told as problems."""
    assert told("impinj.jsonl", line) == (problem,)


def test_zebra_heartbeat() -> None:
    """A heartbeat tells of dropped messages, the radio and each antenna, good or bad."""
    t = 1795251602000
    antennas = [
        ProblemReported(t, f"antenna-{n}-disconnected", active=n == 3, antenna=n)
        for n in range(1, 5)
    ]
    assert told("zebra.jsonl", 10) == (
        ProblemReported(t, "reads-lost", lost_in_all=5),
        ProblemReported(t, "radio-disconnected", active=False),
        ProblemReported(t, "not-reading", active=False),
        *antennas,
    )
