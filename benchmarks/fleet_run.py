"""The phases of `benchmarks.fleet`: fill the shop, change prices, wait until the shelf is true."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.fleet_found import Asked, Found, Phase, Promise
from benchmarks.fleet_goods import Facing, plan
from benchmarks.fleet_panels import Panels
from benchmarks.fleet_prices import PriceSets, Progress
from benchmarks.fleet_seller import Judge, Shopper
from benchmarks.fleet_shop import Shop, shop
from benchmarks.fleet_store import LANES
from benchmarks.fleet_weather import Pulse, Weather
from devices.simulator.access_point import EmulatedAccessPoint

LOOK_S = 1.0
TELL_S = 5.0
PATIENCE_S = 2 * 3600.0  # of the access points' time, for each wait
PAGE = 1000
THREADS = 32
SHARES = (0.9, 0.99)

Say = Callable[[str], None]


def play(asked: Asked, folder: Path, say: Say) -> Found:
    """Play it all in `folder`; `say` gets a line now and then."""
    made = plan(asked.labels, asked.changes, asked.points, asked.dead, asked.seed)
    points = [
        EmulatedAccessPoint(
            [facing.mac for facing in made.facings if facing.point == n],
            asked.seed + n,
            habits=asked.habits,
            speed=asked.speed,
        )
        for n in range(asked.points)
    ]
    weather, pulse = Weather(points, asked.speed, asked.seed), Pulse(points)
    with shop(folder, made, points, asked.speed) as opened, _background([pulse.run]) as watch:
        run = Run(opened, weather, watch, say)
        initial = run.measure(run.fill)
        run.kill()
        shoppers = [Shopper(opened, lane, asked.seed, run.judge) for lane in LANES]
        with _background([shopper.run for shopper in shoppers]) as run.watch:
            with _background([weather.run]):
                change = run.measure(run.change)
            promise = run.promise()
            tills = run.tills()
        run.look()
        untrue = run.untrue()
        return Found(
            initial,
            change,
            tuple(untrue),
            tuple(tills),
            promise,
            run.judge,
            len(made.changed()),
            run.pictures_sent(),
            weather.crashes,
            tuple(pulse.late),
        )


class Run:
    """One run; `watch` raises what went wrong in the background."""

    def __init__(self, opened: Shop, weather: Weather, watch: Callable[[], None], say: Say) -> None:
        """Begin with a shop where nothing is on the shelf."""
        self._shop = opened
        self._weather = weather
        self.watch = watch
        self._say = say
        self._panels = Panels(opened)
        self.judge = Judge(self._panels)
        self._sets = PriceSets(opened)
        self._answering = opened.plan.facings
        self._wanted = opened.plan.wanted(changed=False)
        self._rows: dict[str, Mapping[str, Any]] = {}
        self._price_set = ""
        self._asked_at = time.monotonic()
        self._foreseen_s = 0.0
        self._estimate_s: float | None = None
        self._named: set[str] = set()
        self._late: dict[str, float] = {}
        self._position = 0
        self._reached: dict[float, float] = {}
        self._told_at = 0.0

    def measure(self, phase: Callable[[], None]) -> Phase:
        """Run a phase, and give what it took."""
        began, used, booked = time.monotonic(), self._shop.used(), self._weather.transfers()
        phase()
        now = self._shop.used()
        spent = {part: now[part] - used[part] for part in now}
        return Phase(
            time.monotonic() - began, spent, self._reached, self._weather.transfers() - booked
        )

    def fill(self) -> None:
        """Put products and prices, and wait until all labels show them."""
        plan = self._shop.plan
        products = [
            {"gtin": gtin, "name": name, "tracking": "count"} for gtin, name in plan.names.items()
        ]
        self._shop.api.put("/products", json=products).raise_for_status()
        changes = [{"gtin": gtin, "amount": amount} for gtin, amount in plan.amounts.items()]
        self._shop.post("/prices", {"changes": changes})
        if not self._wait("filling", lambda: not self.untrue()):
            raise TimeoutError(f"expected a full shop, came without {self.untrue()}")

    def kill(self) -> None:
        """Let the batteries of some labels give out; they hang on, with the price that they had."""
        dead = self._shop.plan.dead
        for facing in dead:
            with self._shop.points[facing.point].air() as air:
                air.kill(facing.mac)
        self._answering = tuple(f for f in self._shop.plan.facings if f not in dead)
        self.pictures_sent()
        self._say(f"dead: {', '.join(facing.label for facing in dead) or 'none'}")

    def change(self) -> None:
        """Change the prices, and wait until all labels that can show them do."""
        changes = self._shop.plan.changes
        self._foreseen_s = self._sets.preview(changes)
        self._asked_at, at = time.monotonic(), datetime.now(UTC)
        self._price_set = self._sets.change(changes)
        self._wanted = self._shop.plan.wanted(changed=True)
        by = self._progress().expected_by
        if by is not None:
            self._estimate_s = (by - at).total_seconds()
        self._wait("changing", lambda: not self.untrue())

    def promise(self) -> Promise:
        """Wait until the gateway names the dead labels, and no others."""
        dead = {facing.label for facing in self._shop.plan.dead}
        named = self._wait("naming", lambda: self._progress().stuck == dead)
        named_s = time.monotonic() - self._asked_at if named else None
        last = self._progress()
        return Promise(
            self._foreseen_s, self._estimate_s, named_s, frozenset(self._named - dead), last
        )

    def tills(self) -> list[str]:
        """Give what the till charges wrongly once all is shown, and grace has passed.

        A product of which a dead label shows the old price costs no more than that.
        """
        self._wait("grace", lambda: not self._charged_otherwise(), self._shop.grace_s + 10)
        return self._charged_otherwise()

    def look(self) -> None:
        """Ask the gateway for its labels, and judge the sales; raises what is not to happen."""
        self.watch()
        if fallen := self._shop.fallen():
            raise RuntimeError(f"expected all drivers to run, ended have {fallen}")
        rows = self._shop.labels()
        self._panels.learn(rows)
        self._rows = {row["label"]: row for row in rows}
        self._watch_late()
        self.judge.check()

    def _watch_late(self) -> None:
        """Send shoppers to products that are on their way, or were until a moment ago."""
        now = time.monotonic()
        late = {facing.gtin for facing in self._answering if not self._is_told(facing)}
        self._late |= dict.fromkeys(late, now)
        since = now - self._shop.grace_s - LOOK_S
        self.judge.late = tuple(gtin for gtin, at in self._late.items() if at > since)

    def untrue(self) -> list[str]:
        """Name labels that can answer, and do not show their price as far as is known.

        Raises Untrue where a label is said to show it, and its panel does not.
        """
        late = [facing.label for facing in self._answering if not self._is_told(facing)]
        told = [facing for facing in self._answering if self._is_told(facing)]
        return [*late, *self._panels.unread(told, self._wanted)]

    def pictures_sent(self) -> int:
        """Count the pictures that the gateway sent to labels since the last time it was asked."""
        sent = 0
        while True:
            events = self._shop.get(
                "/events", after=self._position, type="store.label.changed.v1", limit=PAGE
            )
            if not events:
                return sent
            self._position = int(events[-1]["sequence"])
            sent += sum(event["data"]["state"] == "sent" for event in events)

    def _progress(self) -> Progress:
        progress = self._sets.progress(self._price_set)
        self._named |= progress.stuck
        return progress

    def _is_told(self, facing: Facing) -> bool:
        row = self._rows.get(facing.label, {})
        wanted = (self._wanted[facing.label], "shown")
        return (row.get("amount"), row.get("state")) == wanted

    def _charged_otherwise(self) -> list[str]:
        plan = self._shop.plan
        silent = {facing.gtin for facing in plan.dead}
        found = []
        for change in plan.changes:
            old = plan.amounts[change.gtin]
            fair = min(old, change.amount) if change.gtin in silent else change.amount
            till = self._shop.get(f"/prices/{change.gtin}")["till"]
            if till != fair:
                found.append(f"{change.gtin}: expected {fair}, came {till}")
        return found

    def _wait(self, what: str, done: Callable[[], bool], patience_s: float | None = None) -> bool:
        """Look again until it is done, or patience (real seconds) is at an end."""
        began = time.monotonic()
        patience_s = patience_s or PATIENCE_S / self._shop.speed
        self._reached = {}
        while True:
            self.look()
            good, seconds = done(), time.monotonic() - began
            self._tell(what, seconds)
            if good or seconds > patience_s:
                return good
            time.sleep(LOOK_S)

    def _tell(self, what: str, seconds: float) -> None:
        told = sum(self._is_told(facing) for facing in self._answering)
        for share in SHARES:
            if told >= share * len(self._answering):
                self._reached.setdefault(share, seconds)
        if time.monotonic() - self._told_at < TELL_S:
            return
        self._told_at = time.monotonic()
        if self._price_set:
            self._progress()
        states = Counter(row["state"] for row in self._rows.values())
        by_state = ", ".join(f"{n} {state}" for state, n in sorted(states.items()))
        self._say(
            f"{what}: {seconds:.0f} s ({seconds * self._shop.speed / 60:.0f} min there), "
            f"{told} of {len(self._answering)} true ({by_state}), {self.judge.checked} sales"
        )


@contextmanager
def _background(
    tasks: Iterable[Callable[[threading.Event], None]],
) -> Iterator[Callable[[], None]]:
    """Run tasks on threads while the block lasts; calling what it gives raises their faults."""
    stop = threading.Event()
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        futures: list[Future[None]] = [pool.submit(task, stop) for task in tasks]

        def check() -> None:
            for future in futures:
                if future.done():
                    future.result()

        try:
            yield check
        finally:
            stop.set()
        for future in futures:
            future.result()
