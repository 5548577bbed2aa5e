"""A shop is recorded over a real broker, and its recording replayed."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edge.processes import command
from edge.recording import Heard, Line, Linked, read

GTIN = "06901815908304"
EPC = "30320E911780CF8027072ABE"
READS = "store/test/rfid/reader-1/reads"


@contextmanager
def recording(box: Any, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run `store-edge record`, and end it as systemd would."""
    argv = [*command("record", box.config), "--out", str(folder)]
    with subprocess.Popen(argv, cwd=folder.parent) as process:
        try:
            yield process
        finally:
            process.terminate()
            assert process.wait(20) == 0


def recorded(folder: Path) -> list[Line]:
    """Give what is on disk by now."""
    return list(read(folder)) if list(folder.glob("*")) else []


def payloads(folder: Path) -> list[bytes]:
    """Give the messages on disk by now."""
    return [line.payload for line in recorded(folder) if isinstance(line, Heard)]


def reads(first: int, last: int) -> list[tuple[str, bytes]]:
    """Give numbered messages of a reader."""
    now = time.time_ns() // 1_000_000
    read = {"epc": EPC, "ant": 1, "rssi": -50, "t": now}
    return [
        (READS, json.dumps({"boot": "b", "seq": seq, "reads": [read]}).encode())
        for seq in range(first, last)
    ]


def replayed(box: Any, folder: Path) -> list[dict[str, Any]]:
    """Replay a recording, and give the events."""
    argv = [*command("replay", box.config), str(folder)]
    done = subprocess.run(argv, stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_what_devices_say_is_recorded_and_replays(
    box: Any, eventually: Callable[..., Any], tmp_path: Path
) -> None:
    """All that the door would hear, broken or not, and that the broker died meanwhile."""
    box.start_broker()
    folder = tmp_path / "recordings"
    foreign = ("elsewhere/tags", b"not for the door")
    with recording(box, folder):
        eventually(lambda: recorded(folder), bool)
        first = [*reads(1, 300), (READS, b"\xff\x00"), ("impinj/tags", b"[]")]
        box.publish([*first, foreign])
        eventually(lambda: payloads(folder), lambda found: len(found) >= len(first))
        box.kill("broker")
        eventually(lambda: recorded(folder), lambda lines: isinstance(lines[-1], Linked))
        box.start_broker()
        eventually(lambda: recorded(folder)[-1], lambda line: getattr(line, "connected", False))
        box.publish(reads(300, 320))
        eventually(lambda: payloads(folder), lambda found: len(found) >= len(first) + 20)
    lines = recorded(folder)
    assert [line.connected for line in lines if isinstance(line, Linked)] == [
        True,
        False,
        True,
        False,
    ]
    sent = [payload for _, payload in [*first, *reads(300, 320)]]
    assert [payload[:25] for payload in payloads(folder)] == [payload[:25] for payload in sent]
    arrived = [event for event in replayed(box, folder) if event["type"] == "store.item.changed.v1"]
    assert [event["subject"] for event in arrived] == [EPC]


def test_what_comes_while_the_disk_is_full_is_written_later(
    box: Any, eventually: Callable[..., Any], tmp_path: Path
) -> None:
    """It waits unacknowledged, and nothing of it is missing or torn."""
    box.start_broker()
    folder = tmp_path / "recordings"
    with recording(box, folder) as process:
        eventually(lambda: recorded(folder), bool)
        box.publish(reads(1, 4))
        eventually(lambda: payloads(folder), lambda found: len(found) == 3)
        unlimited = resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (100, -1))
        box.publish(reads(4, 40))
        time.sleep(2.5)
        assert len(payloads(folder)) == 3
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, unlimited)
        eventually(lambda: payloads(folder), lambda found: len(found) == 39)
    assert [json.loads(payload)["seq"] for payload in payloads(folder)] == list(range(1, 40))


def test_a_gateway_records_its_flight_and_the_replay_sells_the_same(
    box: Any, eventually: Callable[..., Any], tmp_path: Path
) -> None:
    """Also over a SIGKILL: the same sales under the same ids, and the same stock at the end."""
    folder = tmp_path / "flight"
    box.configure('\n[recording]\nfolder = "flight"\n')
    box.start_broker()
    box.start_gateway()
    product = {"gtin": GTIN, "name": "Denim jacket", "tracking": "count"}
    box.api.put("/products", json=[product]).raise_for_status()
    box.api.post("/prices", json={"changes": [{"gtin": GTIN, "amount": 1250}]}).raise_for_status()
    adjust = {"gtin": GTIN, "zone": "floor", "count": 9, "reason": "counted"}
    box.api.post("/stock/adjustments", json=adjust).raise_for_status()
    sales = [sell(box, eventually, 1)]
    box.kill("gateway", signal.SIGKILL)
    box.start_gateway()
    sales.append(sell(box, eventually, 2))
    level = eventually(lambda: box.api.get(f"/stock/{GTIN}").json(), lambda x: x["on_hand"] == 7)
    box.kill("gateway", signal.SIGTERM)

    told = replayed(box, folder)
    assert [e["subject"] for e in told if e["type"] == "store.sale.completed.v1"] == sales
    last = [e["data"] for e in told if e["type"] == "store.stock.changed.v1"][-1]
    assert (last["on_hand"], last["epoch"]) == (7, level["epoch"])
    links = [line.connected for line in read(folder) if isinstance(line, Linked)]
    assert links[0]
    assert not links[-1]
    assert links.count(False) == 2


def sell(box: Any, eventually: Callable[..., Any], seq: int) -> str:
    """Let somebody scan one and pay; gives the sale's id."""
    now = time.time_ns() // 1_000_000
    scan = {"boot": "b", "seq": seq, "t": now, "data": GTIN[1:], "symbology": "ean13"}
    box.publish([("store/test/scanner/scanner-1/scan", json.dumps(scan).encode())])
    lane = eventually(
        lambda: box.api.get("/lanes/lane-1").json(), lambda x: x["state"] == "scanning"
    )
    pay = {"basket": lane["basket"], "method": "card"}
    return str(box.api.post("/lanes/lane-1/pay", json=pay).json()["sale"])
