"""`store-edge epcis` on the database of a real shop, as a person and a script use it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from sqlalchemy import Engine

from edge.events import Event
from edge.readings import Kind, Message, Reading, SaleReported, SoldLine, TagRead, TagsRead
from edge.shop import Shop
from edge.state import State
from edge.store import Store

MILK, TEA = "04006381333931", "06901234567892"
FOREIGN = "E28011606000020D"
UNITS = 1000  # with the rest more than the log gives in one page
T0 = 1_800_000_000_000  # 2027-01-15T16:00:00+08:00
DAY = ("--from", "2027-01-15T00:00:00+08:00", "--to", "2027-01-16T00:00:00+08:00")
AFTERNOON = ("--from", "2027-01-15T16:00:30+08:00", "--to", "2027-01-15T12:00:00Z")
STORE = """
[store]
id = "shop"
name = "Shop"
timezone = "Asia/Shanghai"
currency = "CNY"
{}
[[zones]]
id = "floor"
name = "Floor"
kind = "sales"
polygon = [[0, 0], [4, 0], [4, 3]]
[[zones]]
id = "tills"
name = "Tills"
kind = "checkout"
polygon = [[0, 0], [4, 0], [4, 3]]
[[lanes]]
id = "lane-1"
name = "Lane 1"
zone = "tills"
"""
SCHEMA = Path(__file__).parents[2] / "cloud_bridge" / "EPCIS-JSON-Schema.json"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `store-edge epcis` in the folder of the shop's database."""
    (tmp_path / "store.toml").write_text(STORE.format(""), "utf-8")

    def start(*words: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "edge", "epcis", *words]
        return subprocess.run(
            argv, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )

    return start


@pytest.fixture
def database(
    engine: Engine,
    tmp_path: Path,
    open_shop: Callable[[State, int], Shop],
    tag: Callable[[str, int], str],
) -> Path:
    """Fill a database: goods arrive on a shelf, and a minute later two products are sold."""
    store = Store(engine)
    shop = open_shop(store.load(), T0)

    def hear(now: int, device: str, kind: Kind, reading: Reading) -> None:
        events: list[Event] = shop.accept(Message(device, kind, (reading,)), now)
        store.commit(shop.state, [*events, *shop.settle(now)], now)

    epcs = [tag(MILK, n) for n in range(UNITS)]
    for now in range(T0, T0 + 5000, 1000):
        reads = tuple(TagRead(epc, 1, -50.0, now) for epc in (*epcs, FOREIGN))
        hear(now, "reader-1", "rfid", TagsRead(reads))
    lines = (SoldLine(MILK, 1, 300, epcs[7]), SoldLine(TEA, 2, 1800))
    sold = SaleReported(T0 + 60_000, "s-1", "CNY", lines, 2100)
    hear(T0 + 60_000, "lane-1", "checkout", sold)
    return tmp_path / "store.db"


def read(text: str) -> list[dict[str, Any]]:
    """Expect a valid document, and give its events."""
    schema = json.loads(SCHEMA.read_text("utf-8"))
    told = json.loads(text)
    checker = Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)
    assert [fault.message for fault in checker.iter_errors(told)] == []
    events: list[dict[str, Any]] = told["epcisBody"]["eventList"]
    return events


def failed(result: subprocess.CompletedProcess[str]) -> str:
    """Expect exit code 2, no output and a message without a stack; give the message."""
    assert (result.returncode, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    return result.stderr


@pytest.mark.usefixtures("database")
def test_a_day_of_the_shop_is_a_valid_document(run: Run, tag: Callable[[str, int], str]) -> None:
    """Each tag has arrived once, the sale is there; the shop may be open meanwhile."""
    result = run(*DAY)
    assert (result.returncode, result.stderr) == (0, "")
    *arrivals, sale = read(result.stdout)
    assert {event["bizStep"] for event in arrivals} == {"receiving"}
    names = [name for event in arrivals for name in event["epcList"]]
    links = [f"https://id.gs1.org/01/{MILK}/21/{n}" for n in range(UNITS)]
    assert sorted(names) == sorted([*links, f"urn:store-edge:shop:tag:{FOREIGN}"])
    assert sale["eventTime"] == "2027-01-15T08:01:00Z"
    assert sale["action"] == "DELETE"
    assert sale["epcList"] == [links[7]]
    assert sale["quantityList"] == [{"epcClass": f"https://id.gs1.org/01/{TEA}", "quantity": 2}]
    assert sale["readPoint"] == {"id": "urn:store-edge:shop:tills"}
    assert tag(MILK, 7) not in result.stdout


@pytest.mark.usefixtures("database")
def test_a_span_is_written_to_a_file_and_only_what_is_in_it(run: Run, tmp_path: Path) -> None:
    """The times may have different offsets; what is printed is where it went and how much."""
    told = run(*AFTERNOON, "-o", "out.json", "--json")
    assert json.loads(told.stdout) == {"file": "out.json", "events": 1}
    (sale,) = read((tmp_path / "out.json").read_text("utf-8"))
    assert sale["bizTransactionList"] == [{"bizTransaction": "urn:store-edge:shop:sale:s-1"}]
    assert run(*AFTERNOON, "-o", "out.json").stdout == "out.json written: 1 events\n"


@pytest.mark.usefixtures("database")
def test_the_same_span_again_repeats_the_names_of_its_events(run: Run) -> None:
    """A repository that was given a span twice has each event once."""
    assert read(run(*AFTERNOON).stdout) == read(run(*AFTERNOON).stdout)


@pytest.mark.usefixtures("database")
def test_a_gln_names_the_shops_places(run: Run, tmp_path: Path) -> None:
    """With `gln` in store.toml places and sales have names of GS1."""
    (tmp_path / "store.toml").write_text(STORE.format('gln = "4006381000000"'), "utf-8")
    (sale,) = read(run(*AFTERNOON).stdout)
    assert sale["readPoint"] == {"id": "https://id.gs1.org/414/4006381000000/254/tills"}


def test_the_database_stays_as_it_was(run: Run, engine: Engine, database: Path) -> None:
    """It is only read, also when no gateway has it open."""
    engine.dispose()
    before = database.read_bytes()
    assert len(read(run(*AFTERNOON).stdout)) == 1
    assert database.read_bytes() == before


def test_a_database_that_is_not_there_is_a_message_and_is_not_made(
    run: Run, tmp_path: Path
) -> None:
    """Nothing is created: no database, and no empty document."""
    assert "see database.url" in failed(run(*DAY, "-o", "out.json"))
    assert [file.name for file in tmp_path.iterdir()] == ["store.toml"]
    (tmp_path / "store.db").touch()
    assert "no such table" in failed(run(*DAY, "-o", "out.json"))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["store.db", "store.toml"]


@pytest.mark.parametrize(
    "time",
    [
        "yesterday",
        "2027-01-15",
        "2027-01-15T09:00:00",
        "2027-01-15T09:00Z",
        "2027-02-30T09:00:00Z",
        "2027-W02-5T09:00:00Z",
        "2027-01-15T09:00:00+0800",
    ],
)
def test_a_time_without_its_offset_is_refused(run: Run, time: str) -> None:
    """Only a whole RFC 3339 time names a moment; the message names the option and an example."""
    told = failed(run("--from", time, "--to", "2027-01-16T00:00:00Z"))
    assert told == (
        "--from: expected an RFC 3339 time with its offset such as 2026-03-01T09:00:00+08:00, "
        f"came {time!r}\n"
    )


def test_a_span_ends_after_it_begins(run: Run) -> None:
    """The order is that of the moments, not of the digits."""
    times = ("--from", "2027-01-15T01:00:00Z", "--to", "2027-01-15T09:00:00+08:00")
    assert "expected --from before --to" in failed(run(*times))
    assert "--to: expected" in failed(run(*times[:3], "tomorrow"))


@pytest.mark.parametrize("times", [(), DAY[:2], DAY[2:]])
def test_both_times_are_asked_for(run: Run, times: tuple[str, ...]) -> None:
    """A document of everything is asked for by its span too."""
    assert "Missing option" in failed(run(*times))
