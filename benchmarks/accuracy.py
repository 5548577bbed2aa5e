"""`python -m benchmarks.accuracy`: how true the stock is, against windows and EdgeX's rule."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import msgspec

from benchmarks.accuracy_baselines import EdgeX, Method, Window
from benchmarks.accuracy_ours import Ours
from benchmarks.accuracy_scenarios import EPOCH_MS, MINUTES, SCENARIOS, Scenario
from benchmarks.accuracy_scores import Figures, Watch
from benchmarks.accuracy_stream import Happened, Minute, Stream, Tick
from benchmarks.accuracy_table import EDGEX, HEAD, OURS, WINDOWS, row, summary
from devices.simulator.happenings import Delivered
from devices.simulator.wire import Arrived, LinkChanged


def main() -> None:
    """Play scenarios and print the figures."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--scenario", action="append", choices=[s.name for s in SCENARIOS])
    parser.add_argument("--seed", type=int, nargs="+", default=[1])
    parser.add_argument("--minutes", type=int, default=MINUTES)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    chosen = [s for s in SCENARIOS if not asked.scenario or s.name in asked.scenario]
    found = (over(scenario, asked.seed, asked.minutes) for scenario in chosen)
    if asked.json:
        print(msgspec.json.encode([summary(figures) for figures in found]).decode())
    else:
        show(found)


def show(found: Iterable[Figures]) -> None:
    """Print a row for each scenario when it is done, and one for all of them."""
    start, total = time.process_time(), Figures("sum")
    print(HEAD)
    for figures in found:
        print(row(figures), flush=True)
        total.add(figures)
    print(row(total))
    print(f"{time.process_time() - start:.0f} s of computing")


def over(scenario: Scenario, seeds: Iterable[int], minutes: int = MINUTES) -> Figures:
    """Run a scenario with each seed; gives the sums."""
    figures = Figures(scenario.name)
    for seed in seeds:
        figures.add(run(scenario, seed, minutes))
    return figures


def run(scenario: Scenario, seed: int, minutes: int = MINUTES) -> Figures:
    """Let all methods hear one run of a scenario, and compare them with the truth each minute."""
    return _Run(scenario, seed, minutes).play()


class _Run:
    """One stream, all methods, and what they are worth."""

    def __init__(self, scenario: Scenario, seed: int, minutes: int) -> None:
        self._stream = Stream(scenario, seed, minutes)
        self._ours = Ours(self._stream.untagged, EPOCH_MS)
        self._methods: dict[str, Method] = {
            OURS: self._ours,
            **{name: Window(seconds) for name, seconds in WINDOWS.items()},
            EDGEX: EdgeX(),
        }
        self._figures = Figures(scenario.name, minutes=minutes)
        self._watch = Watch(self._figures, self._stream, self._ours)

    def play(self) -> Figures:
        start = time.process_time_ns()
        self._ours.count(self._stream.world.stock.fixtures, EPOCH_MS)
        for step in self._stream:
            match step:
                case Arrived():
                    self._take(step)
                case LinkChanged():
                    self._ours.listen(step)
                case Happened():
                    self._see(step)
                case Tick(now=now):
                    self._tick(now)
                case Minute():
                    self._score(step)
        self._watch.end()
        spent = self._figures.spent_ns
        spent["simulation"] = time.process_time_ns() - start - spent.total()
        return self._figures

    def _take(self, arrived: Arrived) -> None:
        for name, method in self._methods.items():
            with self._timed(name):
                method.take(arrived)

    def _see(self, happened: Happened) -> None:
        if isinstance(happened.happening, Delivered):
            self._ours.receive(happened.happening.units, happened.now)
        self._watch.see(happened)

    def _tick(self, now: int) -> None:
        for name, method in self._methods.items():
            with self._timed(name):
                method.tick(now)
        self._watch.tick(now)

    def _score(self, minute: Minute) -> None:
        self._figures.scored += len(minute.places)
        for name, method in self._methods.items():
            with self._timed(name):
                places = method.places(minute.now)
            wrong = sum(places.get(epc) != place for epc, place in minute.places.items())
            self._figures.wrong[name] += wrong
        self._watch.minute(minute)

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        start = time.process_time_ns()
        yield
        self._figures.spent_ns[name] += time.process_time_ns() - start


if __name__ == "__main__":
    main()
