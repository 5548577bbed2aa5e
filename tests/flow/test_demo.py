"""`store-edge demo`: one command runs the whole simulated shop and judges itself."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SECONDS = 25


@pytest.mark.timeout(240)
def test_demo_prints_the_truth_beside_the_result() -> None:
    """After some seconds of shop, what was made is recorded and delivered, and levels are right."""
    argv = [sys.executable, "-m", "edge", "demo", "--seconds", str(SECONDS), "--port", "0"]
    done = subprocess.run([*argv, "--json"], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["stock"]["exact"] == found["stock"]["products"] == 30
    assert found["sales"]["recorded"] == found["sales"]["delivered"] == found["sales"]["made"]
    assert found["labels"]["shown"] == found["labels"]["bound"] == 32
    events = found["events"]
    assert events["logged"] == events["delivered"] + events["coalesced"]
    assert found["dead_letters"] == 0
    traffic = found["traffic"]
    assert traffic["true_in"] > 0
    assert abs(traffic["counted_in"] - traffic["true_in"]) <= 1
    assert {"broker", "gateway", "web shop", "simulator"} <= set(found["processes"])
