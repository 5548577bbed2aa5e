"""`make soak`: the simulated shop for an hour while its gateway is killed again and again.

Ends with 1 when a sale was lost or doubled, an event was not delivered, or a level stayed wrong.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from edge.demo import Demo, compare
from edge.logs import to_stderr

PAUSE_S = (5.0, 40.0)  # between two kills


def main() -> None:
    """Run, print what was found, and judge it."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    to_stderr()
    with tempfile.TemporaryDirectory() as folder:
        found = soak(Demo(Path(folder), asked.seed, 0, pauses=(0.1, 0.1)), asked.minutes)
    print(found)
    faults = judge(found)
    print("\n".join(faults) or "nothing lost, nothing doubled")
    sys.exit(bool(faults))


def soak(demo: Demo, minutes: float) -> dict[str, Any]:
    """Kill the gateway at random moments for so long; gives the truth beside the result."""
    dice, kills = random.Random(1), 0
    with demo.supervisor:
        demo.wait_until_open()
        end = time.monotonic() + minutes * 60
        while time.monotonic() < end:
            time.sleep(dice.uniform(*PAUSE_S))
            pid = demo.supervisor.pids().get("gateway")
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
                kills += 1
        while not demo.is_ready():
            time.sleep(0.2)
        demo.freeze()
        demo.settle()
        found = {"kills": kills, **compare(demo)}
    demo.close()
    return found


def judge(found: dict[str, Any]) -> list[str]:
    """Say what is wrong, if anything."""
    sales, events, stock = found["sales"], found["events"], found["stock"]
    checks = {
        "a sale was lost on its way in": sales["recorded"] == sales["made"],
        "a sale was lost on its way out": sales["delivered"] == sales["made"],
        "a sale came from nowhere": sales["unexplained"] == 0,
        "events are missing": events["logged"] == events["delivered"] + events["coalesced"],
        "a message broke the contract": found["dead_letters"] == 0,
        "a stock level is wrong": stock["exact"] == stock["products"],
        "a label is not shown": found["labels"]["shown"] == found["labels"]["bound"],
    }
    return [fault for fault, good in checks.items() if not good]


if __name__ == "__main__":
    main()
