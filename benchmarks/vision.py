"""How right people are counted, on real footage and variants of it, and at what price.

python -m benchmarks.vision
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterable
from functools import partial

import cv2

from benchmarks.vision_clips import (
    CLIPS,
    FOOTAGE,
    TABLE,
    VISITS,
    Film,
    Totals,
    counted,
    dwells,
    errors,
    film,
    visited,
)
from benchmarks.vision_variants import CHECKS, VARIANTS, Variant, changed, halved, scaled
from vision.capture import Recording
from vision.count import count_video

PERCENT = 100
RUNS = 3


def main() -> None:
    """Print all tables."""
    cv2.setNumThreads(1)
    for clip in (*CLIPS, VISITS):
        rate(clip)
    totals()
    visits()
    for name, variant in (VARIANTS | CHECKS).items():
        print(f"{name:28} {share(variant):6.1f} %", flush=True)


def totals() -> None:
    """Print what is counted on each line beside the truth, and the sum."""
    print(f"{'clip':22} {'line':8} {'true in/out':>12} {'counted':>9} {'error':>6}")
    films = [film(clip) for clip in CLIPS]
    seen, truth = _together(counted(f) for f in films), _together(f.truth() for f in films)
    for shown in films:
        for line in shown.lines:
            _row(shown.clip, line.name, seen, truth)
    wrong = errors(seen, truth)
    print(f"sum {wrong} of {truth.total()}: {PERCENT * wrong / truth.total():.1f} %", flush=True)


def _row(clip: str, line: str, seen: Totals, truth: Totals) -> None:
    ways = [(clip, line, way) for way in ("in", "out")]
    true, found = (f"{t[ways[0]]}/{t[ways[1]]}" for t in (truth, seen))
    error = sum(abs(seen[way] - truth[way]) for way in ways)
    print(f"{clip:22} {line:8} {true:>12} {found:>9} {error:6}")


def share(variant: Variant) -> float:
    """Give the errors on a variant of all clips, in % of the true crossings."""
    films = [variant(film(clip)) for clip in CLIPS]
    truth = _together(f.truth() for f in films)
    return PERCENT * errors(_together(counted(f) for f in films), truth) / truth.total()


def visits() -> None:
    """Print each visit's error of dwell, in %, also at half the rate and half the size."""
    whole = film(VISITS)
    shapes: dict[str, Film] = {
        "whole": whole,
        "half the rate": halved(whole),
        "half the size": changed(partial(scaled, 0.5), whole),
    }
    for name, shown in shapes.items():
        found = [(v.end - v.start) / 1000 for v in visited(shown.fps, shown.frames)]
        off = [f"{PERCENT * (a / b - 1):+.1f}" for a, b in zip(found, dwells(), strict=False)]
        print(f"visits, {name:14} {len(found)} of {len(dwells())}; dwell off by % {' '.join(off)}")


def rate(clip: str) -> None:
    """Print the rate of counting a file beside that of decoding it alone, and the peak memory."""
    path = str(FOOTAGE / clip)
    lines, areas = film(clip).lines, (TABLE,) if clip == VISITS else ()
    decoding = _spent(lambda: list(map(len, (frame.image for frame in Recording(path)))))
    counting = _spent(lambda: count_video(path, lines, areas))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cpu, wall = (PERCENT * a / b for a, b in zip(decoding, counting, strict=True))
    print(
        f"{clip:22} {cpu:5.1f} % of the decode-only rate by CPU time, {wall:5.1f} % by the clock; "
        f"peak {peak:.0f} MB",
        flush=True,
    )


def _spent(work: Callable[[], object]) -> tuple[float, float]:
    """Give the least CPU time and clock time of some runs: others use the machine too."""
    runs = []
    for _ in range(RUNS):
        cpu, clock = time.process_time(), time.perf_counter()
        work()
        runs.append((time.process_time() - cpu, time.perf_counter() - clock))
    return min(cpu for cpu, _ in runs), min(clock for _, clock in runs)


def _together(parts: Iterable[Totals]) -> Totals:
    return sum(parts, Totals())


if __name__ == "__main__":
    main()
