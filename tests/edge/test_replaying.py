"""Replay: one recording gives the same bytes, whatever happens to it or to the replay."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from devices.simulator.dice import dice
from devices.simulator.goods import FACINGS, GOODS
from devices.simulator.happenings import Crossed, Happening, Paid, Scanned
from devices.simulator.lanes import code_of
from devices.simulator.layout import ACCESS_POINT, CAMERA, LINE, SCANNER
from devices.simulator.plan import STORE, Site, store_toml
from devices.simulator.readers import Cycle, readers
from devices.simulator.world import World
from edge.commands import (
    BindLabel,
    Command,
    KeepPicture,
    PayBasket,
    PriceChange,
    Product,
    PutProducts,
    SetPrices,
)
from edge.config import Settings, load
from edge.database import open_database
from edge.errors import RecordingError, Refused
from edge.recording import Asked, Founded, Heard, Line, Linked, encode
from edge.replay import FACT
from edge.replaying import Portion, replay
from edge.store import Store, fact_of

T0 = 1_795_500_000_000
EPOCH = T0 // 1000
MINUTES = 10
STEP_MS = 100
HOUR_MS = 3_600_000
AWAY = range(T0 + 400_000, T0 + 440_000)  # the link
LATE = "gate-1"  # this one comes back a minute after the link
UNPLUGGED = range(T0 + 200_000, T0 + 290_000)  # the network of shelf-2, which keeps what it reads
WRONG = "shelf-3"  # its clock is an hour ahead
PRICE = {good.gtin: good.price for good in GOODS}


class Morning:
    """The simulated shop's first minutes as a gateway would have recorded them."""

    def __init__(self, seed: int) -> None:
        """Open the shop."""
        self.lines: list[Line] = []
        self._chance = dice(seed, "recording")
        self._sent: Counter[str] = Counter()
        self._asked = 0
        self._scanned_by: int | None = None
        self._baskets = 0
        self._open()
        world, devices = World(seed), readers(seed)
        for step in range(MINUTES * 60_000 // STEP_MS):
            now = T0 + 1000 + step * STEP_MS
            for happening in world.step(STEP_MS / 1000):
                self._tell(happening, now)
            people = world.people()
            for reader in devices:
                cycle = reader.step(STEP_MS / 1000, world.stock, people)
                if cycle is not None:
                    self._report(cycle, now)
        self._break_the_contract()
        self.lines.sort(key=lambda line: line.at)

    def _open(self) -> None:
        products = tuple(Product(good.gtin, good.name, good.brand) for good in GOODS)
        self._ask(T0, PutProducts(products))
        self._ask(T0, SetPrices(tuple(PriceChange(gtin, price) for gtin, price in PRICE.items())))
        self.lines.append(Linked(T0, connected=True, n=self._asked))
        for n, facing in enumerate(FACINGS):
            image = f"{n:016x}"
            self._ask(T0 + 10 * n, BindLabel(facing.label, facing.gtin))
            self._ask(T0 + 10 * n + 500, KeepPicture(facing.label, 1, image, b"png"))
            shown = {"t": T0 + 10 * n + 900, "label": facing.label, "image": image}
            self._say("label", ACCESS_POINT, "shown", T0 + 10 * n + 900, shown)
        for at, connected in ((AWAY.start, False), (AWAY.stop, True)):
            self._asked += 1
            self.lines.append(Linked(at, connected, self._asked))
        for reader in readers(0):
            self._status(reader.plan.id, T0 + 700, online=True)
            if reader.plan.id != LATE:
                self._status(reader.plan.id, AWAY.stop, online=True)
        self._status("shelf-2", UNPLUGGED.start + 45_000, online=False)
        self._status("shelf-2", UNPLUGGED.stop, online=True)

    def _ask(self, at: int, command: Command) -> None:
        self._asked += 1
        self.lines.append(Asked(at, command, self._asked))

    def _status(self, device: str, at: int, *, online: bool) -> None:
        topic = f"store/{STORE}/rfid/{device}/status"
        self.lines.append(Heard(at, topic, b'{"online":%s}' % str(online).lower().encode()))

    def _say(self, kind: str, device: str, leaf: str, now: int, body: dict[str, Any]) -> int:
        """Send a message; gives when it came."""
        self._sent[device] += 1
        payload = json.dumps({"boot": "b", "seq": self._sent[device], **body}).encode()
        at = now + self._chance.randint(1, 80)
        if device == "shelf-2" and now in UNPLUGGED:
            at = UNPLUGGED.stop + self._chance.randint(1, 50)
        if at in AWAY:
            at = AWAY.stop + self._chance.randint(1, 500)
        self.lines.append(Heard(at, f"store/{STORE}/{kind}/{device}/{leaf}", payload))
        return at

    def _tell(self, happening: Happening, now: int) -> None:
        match happening:
            case Crossed():
                crossing = {"line": LINE, "dir": happening.direction, "t": now}
                self._say("camera", CAMERA, "crossings", now, {"crossings": [crossing]})
            case Scanned(lane="lane-1") if now not in AWAY:
                data, symbology = code_of(happening.unit)
                scan = {"t": now, "data": data, "symbology": symbology}
                self._scanned_by = self._say("scanner", SCANNER, "scan", now, scan)
            case Paid(lane="lane-1") if self._scanned_by is not None:
                self._baskets += 1
                pay = PayBasket("lane-1", f"{EPOCH}-lane-1-{self._baskets}", "card")
                self._ask(max(now, self._scanned_by + 300), pay)
                self._scanned_by = None
            case Paid(lane="lane-2"):
                self._sell(happening, now)
            case _:
                pass

    def _sell(self, paid: Paid, now: int) -> None:
        lines = [
            {"gtin": unit.gtin, "qty": 1, "amount": PRICE[unit.gtin], "epc": unit.epc}
            for unit in paid.units
        ]
        sale = {"t": now, "sale": f"till-{paid.checkout}", "currency": "CNY"}
        total = sum(PRICE[unit.gtin] for unit in paid.units)
        self._say("checkout", "lane-2", "sale", now, {**sale, "lines": lines, "total": total})

    def _report(self, cycle: Cycle, now: int) -> None:
        if cycle.reader == LATE and AWAY.start <= now < AWAY.stop + 60_000:
            return
        clock = now + (HOUR_MS if cycle.reader == WRONG else 0)
        reads = [
            {"epc": r.epc, "ant": r.antenna, "rssi": r.rssi, "t": clock - round(r.ago * 1000)}
            for r in cycle.reads
        ]
        self._say("rfid", cycle.reader, "reads", now, {"reads": reads})

    def _break_the_contract(self) -> None:
        topic = f"store/{STORE}/rfid/shelf-1/reads"
        micros = (T0 + 80_000) * 1000
        crossing = {"crossings": [{"line": LINE, "dir": "in", "t": micros}]}
        self.lines += [
            Heard(T0 + 50_000, topic, b"\xff\x00"),
            Heard(T0 + 60_000, topic, b'{"reads":[{"epc":"zz","ant":1,"t":1}]}'),
            Heard(T0 + 70_000, "elsewhere", b"{}"),
            Heard(
                T0 + 80_000,
                f"store/{STORE}/camera/{CAMERA}/crossings",
                json.dumps(crossing).encode(),
            ),
        ]


def written(file: Path, lines: list[Line]) -> Path:
    """Write a recording."""
    file.write_bytes(b"".join(map(encode, lines)))
    return file


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the simulated shop's store.toml."""
    site = Site(
        broker="managed",
        mqtt_port=1883,
        api_port=8080,
        webhook_url="http://127.0.0.1:1/webhook",
        secret_env="UNUSED",  # noqa: S106  (a variable's name)
        camera_source="0",
        missing_after_s=12.0,
    )
    file = tmp_path_factory.mktemp("shop") / "store.toml"
    file.write_text(store_toml(site), "utf-8")
    return file


@pytest.fixture(scope="module")
def settings(shop: Path) -> Settings:
    """Give the settings of the simulated shop."""
    return load(shop)


@pytest.fixture(scope="module")
def morning() -> list[Line]:
    """Give ten minutes of a shop, with all that goes wrong in it."""
    return Morning(seed=3).lines


@pytest.fixture(scope="module")
def log(morning: list[Line], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give that as a file."""
    return written(tmp_path_factory.mktemp("log") / "log.jsonl", morning)


@pytest.fixture(scope="module")
def whole(settings: Settings, log: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Give what comes out of a replay that nothing happens to."""
    return run(settings, log, tmp_path_factory.mktemp("whole"))


def run(
    settings: Settings,
    log: Path,
    folder: Path,
    database: Path | None = None,
    **portion: int,
) -> bytes:
    """Replay, and give what came out."""
    out = folder / "out.jsonl"
    replay(settings, log, out, database, Portion(**portion))
    return out.read_bytes()


def events(out: bytes, kind: str = "") -> list[dict[str, Any]]:
    """Give the events of a type."""
    found = [json.loads(line) for line in out.splitlines()]
    return [event for event in found if kind in event["type"]]


def mixed(lines: list[Line], seed: int) -> list[Line]:
    """Double one line in twenty, and shuffle all within ten seconds."""
    chance = dice(seed, "mixed")
    doubled = [*lines, *chance.sample(lines, len(lines) // 20)]
    return sorted(doubled, key=lambda line: line.at + chance.uniform(0, 10_000))


# What comes out


def test_a_replay_tells_what_happened_in_the_shop(
    whole: bytes, morning: list[Line], settings: Settings
) -> None:
    """All sales, people, prices on labels, and where the goods are, as CloudEvents in order."""
    told = events(whole)
    assert [int(event["sequence"]) for event in told] == list(range(1, len(told) + 1))
    assert {event["source"] for event in told} == {f"/store/{STORE}"}
    paid = [
        line.command.basket
        for line in morning
        if isinstance(line, Asked) and isinstance(line.command, PayBasket)
    ]
    till = [line for line in morning if isinstance(line, Heard) and line.topic.endswith("/sale")]
    sales = [event["subject"] for event in events(whole, "sale")]
    assert len(paid) > 10
    assert {sale for sale in sales if sale.startswith(str(EPOCH))} == set(paid)
    assert len(sales) == len(paid) + len(till)
    assert {event["subject"] for event in events(whole, "price.effective")} == set(PRICE)
    reasons = Counter(event["data"]["reason"] for event in events(whole, "item"))
    assert reasons["arrived"] > 400
    assert reasons["sold"] > 20
    assert len(settings.labels) == sum(
        e["data"]["state"] == "shown" for e in events(whole, "label")
    )


def test_events_carry_the_time_of_what_happened(whole: bytes) -> None:
    """Not of the replay; and it never runs backwards."""
    times = [datetime.fromisoformat(event["time"]) for event in events(whole)]
    assert times == sorted(times)
    assert times[0] == datetime.fromtimestamp(T0 / 1000, UTC)
    assert timedelta(minutes=MINUTES) < times[-1] - times[0] < timedelta(minutes=MINUTES, seconds=3)


def test_broken_messages_are_dead_letters_and_are_counted(
    settings: Settings, log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also one that no rule can take; the summary goes to stderr."""
    run(settings, log, tmp_path)
    told = capsys.readouterr().err
    assert "0 repeats dropped, 4 dead letters" in told
    assert "(0 refused)" in told
    assert "times as fast" in told


# The same bytes


def test_another_process_gives_the_same_bytes(shop: Path, log: Path, whole: bytes) -> None:
    """On stdout too, and whatever the order of its sets."""
    argv = [sys.executable, "-m", "edge", "replay", str(log), "--config", str(shop)]
    env = {**os.environ, "PYTHONHASHSEED": "1"}
    assert subprocess.run(argv, env=env, capture_output=True, check=True).stdout == whole


def test_doubled_and_shuffled_lines_give_the_same_bytes(
    settings: Settings, morning: list[Line], whole: bytes, tmp_path: Path
) -> None:
    """Five in a hundred twice, all within ten seconds of their place."""
    log = written(tmp_path / "mixed.jsonl", mixed(morning, seed=1))
    assert run(settings, log, tmp_path) == whole


@pytest.mark.parametrize("every", [251, 1000])
def test_restarts_on_the_way_give_the_same_bytes(
    settings: Settings, log: Path, whole: bytes, tmp_path: Path, every: int
) -> None:
    """Shop and database are closed, and opened again from disk."""
    assert run(settings, log, tmp_path, restart_every=every) == whole


def first_minutes(lines: list[Line], minutes: float) -> list[Line]:
    """Give the beginning of a recording."""
    return [line for line in lines if line.at < T0 + minutes * 60_000]


@pytest.fixture(scope="module")
def short(morning: list[Line]) -> list[Line]:
    """Give the first minute and a half."""
    return first_minutes(morning, 1.5)


@pytest.fixture(scope="module")
def short_whole(
    settings: Settings, short: list[Line], tmp_path_factory: pytest.TempPathFactory
) -> bytes:
    """Give what comes out of it."""
    folder = tmp_path_factory.mktemp("short")
    return run(settings, written(folder / "log.jsonl", short), folder)


@hypothesis_settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10**6), every=st.integers(25, 900), stop=st.integers(1, 900))
def test_all_of_it_at_once_gives_the_same_bytes(
    settings: Settings,
    short: list[Line],
    short_whole: bytes,
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    every: int,
    stop: int,
) -> None:
    """Doubled, shuffled, restarted, stopped anywhere, and gone on with from the database."""
    folder = tmp_path_factory.mktemp("short")
    log = written(folder / "log.jsonl", mixed(short, seed))
    database = folder / "replay.db"
    begun = run(settings, log, folder, database, restart_every=every, stop_after=stop)
    assert short_whole.startswith(begun)
    assert run(settings, log, folder, database, restart_every=every) == short_whole


# Going on


def command(shop: Path, log: Path, database: Path, *more: str) -> list[str]:
    """Give the argv of a replay that can go on."""
    words = ["replay", str(log), "--config", str(shop), "--database", str(database), *more]
    return [sys.executable, "-m", "edge", *words]


def test_what_was_stopped_goes_on_where_it_was(
    shop: Path, log: Path, whole: bytes, tmp_path: Path
) -> None:
    """On stdout each part is what the others have not told; after the end there is nothing new."""
    parts = []
    for _ in range(4):
        argv = command(shop, log, tmp_path / "replay.db", "--stop-after", "2000")
        parts.append(subprocess.run(argv, capture_output=True, check=True).stdout)
    assert b"".join(parts) == whole
    assert all(parts[:3])
    assert parts[3] == b""


def test_what_was_killed_goes_on_where_it_was(
    shop: Path, log: Path, whole: bytes, tmp_path: Path
) -> None:
    """SIGKILL on the way, again and again: in the end the file has the same bytes."""
    out = tmp_path / "out.jsonl"
    argv = command(shop, log, tmp_path / "replay.db", "-o", str(out), "--restart-every", "150")
    for share in (0.1, 0.3, 0.5, 0.7):
        with subprocess.Popen(argv, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and size(out) < share * len(whole):
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
    subprocess.run(argv, check=True)
    assert out.read_bytes() == whole


def size(file: Path) -> int:
    """Give a file's size, 0 while there is none."""
    return file.stat().st_size if file.exists() else 0


def test_a_replay_does_not_touch_the_database_of_a_shop(
    settings: Settings, log: Path, tmp_path: Path
) -> None:
    """A mistyped name must not cost the shop its truth."""
    database = tmp_path / "store.db"
    engine = open_database(f"sqlite:///{database}")
    epoch = Store(engine).epoch
    with pytest.raises(Refused, match="came one of a shop that runs"):
        run(settings, log, tmp_path, database)
    assert Store(engine).epoch == epoch
    assert fact_of(engine, FACT) is None
    engine.dispose()


def test_another_recording_does_not_go_on_with_this_one(
    settings: Settings, short: list[Line], tmp_path: Path
) -> None:
    """Nor does one that has grown since it was done to its end."""
    database = tmp_path / "replay.db"
    begun = run(settings, written(tmp_path / "log.jsonl", short), tmp_path, database, stop_after=9)
    later = [line for line in short if line.at > T0 + 5000]
    with pytest.raises(Refused, match="of the same recording"):
        run(settings, written(tmp_path / "later.jsonl", later), tmp_path, database)
    done = run(settings, tmp_path / "log.jsonl", tmp_path, database)
    assert done.startswith(begun)
    assert run(settings, tmp_path / "log.jsonl", tmp_path, database) == done
    grown = written(tmp_path / "grown.jsonl", [*short, Linked(T0 + 500_000, connected=False)])
    with pytest.raises(Refused, match="name a database that does not exist yet"):
        run(settings, grown, tmp_path, database)


# Single rules of a replay


def put(*commands: Command, at: int = T0) -> list[Line]:
    """Give commands of one moment."""
    return [Asked(at, command, n) for n, command in enumerate(commands, start=1)]


def play(settings: Settings, lines: list[Line], folder: Path) -> bytes:
    """Replay a few lines."""
    return run(settings, written(folder / "log.jsonl", lines), folder)


GTIN = GOODS[0].gtin


def test_time_passes_on_a_grid(settings: Settings, tmp_path: Path) -> None:
    """What is due begins at the next multiple of half a second, though nobody says anything."""
    planned = SetPrices((PriceChange(GTIN, 500, start=T0 + 61_234),))
    lines = put(PutProducts((Product(GTIN, "Jeans"),)), planned)
    out = play(settings, [*lines, Linked(T0 + 90_000, connected=True)], tmp_path)
    (effective,) = events(out, "price.effective")
    assert effective["time"] == "2026-11-24T06:01:01.500000Z"


def test_a_level_that_waits_at_the_end_is_told(settings: Settings, tmp_path: Path) -> None:
    """A second after the last line, so that the last level is how things stand."""
    product = Product(GTIN, "Jeans")
    safe = Product(GTIN, "Jeans", safety=3)
    lines = [*put(PutProducts((product,))), *put(PutProducts((safe,)), at=T0 + 700)]
    levels = events(play(settings, lines, tmp_path), "stock")
    assert [level["data"]["safety"] for level in levels] == [0, 3]


def test_a_command_that_is_refused_now_is_counted(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A recording that begins in the middle asks for what the replay cannot know."""
    assert play(settings, put(PayBasket("lane-1", "1-lane-1-7")), tmp_path) == b""
    assert "1 commands (1 refused)" in capsys.readouterr().err


def test_baskets_have_the_ids_that_they_had(settings: Settings, tmp_path: Path) -> None:
    """They begin with the epoch of the recording gateway's database, not with the replay's."""
    scan = {"t": T0 + 5000, "data": GTIN[1:], "symbology": "ean13"}
    lines: list[Line] = [
        Founded(T0, 12345),
        *put(PutProducts((Product(GTIN, "Jeans"),)), SetPrices((PriceChange(GTIN, 500),))),
        Heard(T0 + 5100, f"store/{STORE}/scanner/{SCANNER}/scan", json.dumps(scan).encode()),
        *put(PayBasket("lane-1", "12345-lane-1-1"), at=T0 + 9000),
    ]
    out = play(settings, lines, tmp_path)
    assert [sale["subject"] for sale in events(out, "sale")] == ["12345-lane-1-1"]
    assert events(out)[0]["id"] == "12345.1"


def test_a_link_line_that_says_nothing_new_changes_nothing(
    settings: Settings, short: list[Line], short_whole: bytes, tmp_path: Path
) -> None:
    """Every file of a recording tells the link again."""
    again = [Linked(T0 + n * 10_007, connected=True, n=900 + n) for n in range(1, 9)]
    lines = sorted([*short, *again], key=lambda line: line.at)
    assert play(settings, lines, tmp_path) == short_whole


def test_a_recording_without_lines_is_an_error(settings: Settings, tmp_path: Path) -> None:
    """There is nothing to replay."""
    with pytest.raises(RecordingError, match="expected a line at least"):
        play(settings, [], tmp_path)


def test_a_log_that_is_not_there_costs_nobody_a_file(settings: Settings, tmp_path: Path) -> None:
    """What an earlier replay has written is kept."""
    out = tmp_path / "out.jsonl"
    out.write_text("earlier")
    with pytest.raises(RecordingError, match="came nothing there"):
        run(settings, tmp_path / "nowhere.jsonl", tmp_path)
    assert out.read_text() == "earlier"
