"""The stock engine alone: reads a second through decode and rules, memory, and a restart.

Each size runs in a process of its own, so that memory is that size's.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from benchmarks.stand import SHELF, STORE
from devices.gtin import check_digit
from devices.rfid.epc import encode_sgtin96, identify
from devices.rfid.native import decode_reads
from edge.config import Settings, load
from edge.database import open_database
from edge.readings import Message
from edge.shop import Codes, Shop
from edge.state import State
from edge.store import Store

SIZES = (1_000, 10_000, 100_000)
BATCH = 100  # reads in a message
ANTENNAS = 20
UNITS = 50  # of a product
READS = 300_000  # that are timed, at least
START = 1_800_000_000_000
CODES = Codes(tag=identify, scan=lambda _: (None, None))

Second = tuple[int, list[tuple[str, bytes]]]
"""A time (epoch ms), and what each reader sends then."""


def main() -> None:
    """Run and print."""
    print(f"stock engine, one core, messages of {BATCH} reads: JSON decode and all rules")
    for size in SIZES:
        argv = [sys.executable, "-m", "benchmarks.engine", "--tags", str(size)]
        told = subprocess.run(argv, check=True, capture_output=True, text=True)  # noqa: S603
        found = json.loads(told.stdout)
        print(
            f"  {size:>7} tags: {found['rate']:>7.0f} reads/s ({found['us']:.2f} us a read, "
            f"{found['decode_us']:.2f} of them decoding), {found['mb']:.0f} MB, "
            f"restart {found['restart_s']:.2f} s"
        )


def measure(tags: int) -> dict[str, float]:
    """Give the figures of a shop with so many tags, each read once in each second of its time."""
    settings = _settings()
    shop = Shop(settings, State(), CODES, epoch=1, now=START)
    seconds = _seconds(_shelves(tags))
    for _ in range(3):  # all arrive
        _play(shop, [next(seconds)])
    gc.collect()
    memory = psutil.Process().memory_info().rss / 2**20
    timed = [next(seconds) for _ in range(-(-READS // tags))]
    reads = sum(len(payloads) for _, payloads in timed) * BATCH
    decoding, spent = _decode(timed), _play(shop, timed)
    return {
        "rate": reads / spent,
        "us": spent / reads * 1e6,
        "decode_us": decoding / reads * 1e6,
        "mb": memory,
        "restart_s": _restart(settings, shop),
    }


def _play(shop: Shop, seconds: list[Second]) -> float:
    """Let the shop live through these seconds; gives how long that took."""
    start = time.process_time()
    for now, payloads in seconds:
        for device, payload in payloads:
            claims = decode_reads(payload)
            shop.accept(Message(device, "rfid", claims.readings, claims.boot, claims.seq), now)
        for half in (0, 500):
            shop.advance(now + half)
            shop.settle(now + half)
        _save(shop)
    return time.process_time() - start


def _decode(seconds: list[Second]) -> float:
    start = time.process_time()
    for _, payloads in seconds:
        for _, payload in payloads:
            decode_reads(payload)
    return time.process_time() - start


def _save(shop: Shop) -> None:
    """Let go what waits for the database, as a commit does."""
    for name in shop.state.__slots__:
        getattr(shop.state, name).collect()


def _restart(settings: Settings, shop: Shop) -> float:
    """Save the shop, and time how long it takes from the database to one that is ready."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'store.db'}"
        engine = open_database(url)
        for name in shop.state.__slots__:
            rows = getattr(shop.state, name)
            for key, row in rows.pairs():
                rows.put(key, row)
        Store(engine).commit(shop.state, [], START)
        engine.dispose()
        start = time.process_time()
        engine = open_database(url)
        Shop(settings, Store(engine).load(), CODES, epoch=1, now=START)
        spent = time.process_time() - start
        engine.dispose()
    return spent


def _shelves(tags: int) -> list[list[str]]:
    """Give the EPCs that stand before each antenna."""
    bodies = [f"0690123{n:06d}" for n in range(-(-tags // UNITS))]
    gtins = [body + check_digit(body) for body in bodies]
    epcs = [encode_sgtin96(gtins[n // UNITS], 7, n) for n in range(tags)]
    return [epcs[n::ANTENNAS] for n in range(ANTENNAS)]


def _seconds(shelves: list[list[str]]) -> Iterator[Second]:
    """Give second after second: all antennas read all their tags and some of their neighbours'."""
    dice, seq = random.Random(1), 0
    for second in itertools.count():
        now, payloads = START + second * 1000, []
        for n, epcs in enumerate(shelves):
            overheard = shelves[n - 1][: len(epcs) // 20]
            reads = [(epc, -60.0) for epc in epcs] + [(epc, -72.0) for epc in overheard]
            dice.shuffle(reads)
            for batch in (reads[i : i + BATCH] for i in range(0, len(reads), BATCH)):
                seq += 1
                payloads.append((f"reader-{n + 1}", _payload(batch, now, seq)))
        yield now, payloads


def _payload(batch: Sequence[tuple[str, float]], now: int, seq: int) -> bytes:
    reads = [{"epc": epc, "ant": 1, "rssi": rssi, "t": now} for epc, rssi in batch]
    return json.dumps({"boot": "boot", "seq": seq, "reads": reads}).encode()


def _settings() -> Settings:
    shelves = (SHELF.format(n=n) for n in range(1, ANTENNAS + 1))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "store.toml"
        file.write_text(STORE.format(mqtt=1883, api=8080) + "".join(shelves), "utf-8")
        return load(file)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--tags", type=int)
    asked = parser.parse_args()
    if asked.tags:
        print(json.dumps(measure(asked.tags)))
    else:
        main()
