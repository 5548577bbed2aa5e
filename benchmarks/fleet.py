"""`python -m benchmarks.fleet`: thousands of labels behind access points, in real processes.

Prices of a full shop change while radios lose, access points crash and labels have died; shoppers
compare what they are charged with what the emulated panels truly show. Ends with 1 when somebody
was overcharged, or when a label that can answer did not come to show its price.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.fleet_found import Asked, Found, Phase, Promise
from benchmarks.fleet_run import play
from benchmarks.stand import quantile
from devices.simulator.access_point_air import AIRTIME_S, Habits

LOST, DRAWING_FAILS = 0.05, 0.01
ESTIMATE = (0.5, 2.0)  # of the truth
LATE_S = 10.0  # of the access points' time; less than a drawing takes at most
BUSY = 0.9  # beyond it, the access points' times say more of this machine than of radios


def main() -> None:
    """Play, print what was found, and judge it."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--labels", type=int, default=2000)
    parser.add_argument("--changes", type=int, default=500)
    parser.add_argument("--points", type=int, default=5)
    parser.add_argument("--dead", type=int, default=6)
    parser.add_argument("--naps", type=float, default=0.05)
    parser.add_argument("--speed", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    told = vars(parser.parse_args())
    habits = Habits(lost=LOST, drawing_fails=DRAWING_FAILS, naps=told.pop("naps"))
    asked = Asked(**told, habits=habits)
    with tempfile.TemporaryDirectory() as folder:
        found = play(asked, Path(folder), lambda line: print(line, flush=True))
    print("\n".join(report(asked, found)))
    faults = [*judge(found), *misjudged(found)]
    print("\n".join(faults) or "every panel is true, nobody was overcharged")
    sys.exit(bool(faults))


def judge(found: Found) -> list[str]:
    """Say what is wrong, if anything."""
    promise, sales = found.promise, found.judge
    checks = {
        f"labels do not show what they should: {found.untrue}": not found.untrue,
        f"the till is wrong: {found.tills}": not found.tills,
        "nothing was sold": sales.checked > 0,
        "a panel showed what nobody drew": not sales.sold,
        f"other labels are named stuck than have died: {promise.last}": promise.named_s is not None,
    }
    return [fault for fault, good in checks.items() if not good]


def misjudged(found: Found) -> list[str]:
    """Say how far off the estimate was, if it was; a small shop teaches too little for one."""
    estimate, took = found.promise.estimate_s, found.change.seconds
    least, most = ESTIMATE
    if estimate is not None and least <= estimate / took <= most:
        return []
    return [f"expected an estimate of {took:.0f} s, within a factor of {most:g}, came {estimate}"]


def report(asked: Asked, found: Found) -> list[str]:
    """Give the figures, a line each."""
    sales = found.judge
    return [
        *_phase("filling", asked, found.initial, asked.labels),
        *_phase("changing", asked, found.change, found.changed),
        f"pictures sent for each changed label: {found.sent / found.changed:.2f}",
        f"access points crashed {found.crashes} times",
        f"{sales.checked} sales, none overcharged; {sales.prompt} within the time of grace",
        *_promise(found.promise, found.change.seconds),
        _clock(asked, found),
    ]


def _phase(name: str, asked: Asked, phase: Phase, labels: int) -> list[str]:
    there = phase.seconds * asked.speed
    reached = "".join(
        f", {share:.0%} after {seconds:.0f} s" for share, seconds in phase.reached.items()
    )
    busy = phase.transfers * AIRTIME_S / (there * asked.points)
    used = ", ".join(f"{part} {spent / phase.seconds:.2f}" for part, spent in phase.used.items())
    return [
        f"{name}: {phase.seconds:.0f} s ({there / 60:.1f} min there){reached}",
        f"  {phase.transfers / labels:.2f} transfers a label, radios busy {busy:.0%}",
        f"  processors: {used} of {os.cpu_count()}",
    ]


def _clock(asked: Asked, found: Found) -> str:
    late = [asked.speed * seconds for seconds in found.late]
    usual, most = quantile(late, 0.99), max(late)
    used = max(sum(phase.used.values()) / phase.seconds for phase in (found.initial, found.change))
    busy = used / (os.cpu_count() or 1)
    good = usual < LATE_S and busy < BUSY
    verdict = "kept up" if good else "did NOT keep up: choose a lower --speed, or an idle machine"
    late_by = f"clocks late by {usual:.1f} s there (99 %), by {most:.1f} s at most"
    return f"the machine {verdict}; it was {busy:.0%} busy, {late_by}"


def _promise(promise: Promise, took: float) -> list[str]:
    estimate = promise.estimate_s
    ratio = "never said" if estimate is None else f"{estimate:.0f} s: {estimate / took:.2f}"
    named = "never" if promise.named_s is None else f"after {promise.named_s:.0f} s"
    return [
        f"estimate before {promise.foreseen_s:.0f} s: {promise.foreseen_s / took:.2f} of the truth",
        f"estimate at once {ratio} of the truth",
        f"the dead labels were named {named}, others for a while: {len(promise.doubted)}",
    ]


if __name__ == "__main__":
    main()
