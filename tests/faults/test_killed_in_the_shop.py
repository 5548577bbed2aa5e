"""The gateway is killed again and again while the simulated shop is open."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from edge.demo import Demo, compare

KILLS = 10


@pytest.mark.timeout(400)
def test_no_sale_is_lost_or_doubled_when_the_gateway_is_killed(tmp_path: Path) -> None:
    """Ten times SIGKILL at any moment: every sale made is at the web shop, once."""
    demo = Demo(tmp_path, seed=7, port=0, pauses=(0.1, 0.1))
    assert demo.settings.mqtt.broker == "managed"
    with demo.supervisor:
        demo.wait_until_open()
        wait_for_sales(demo, 1)
        for _ in range(KILLS):
            killed = demo.supervisor.pids()["gateway"]
            os.kill(killed, signal.SIGKILL)
            wait_for_gateway(demo, killed)
        wait_for_sales(demo, 4)
        demo.freeze()
        demo.settle()
        found, shop = compare(demo), demo.web_shop()
    demo.close()

    sales = found["sales"]
    assert sales["made"] >= 4
    assert sales["recorded"] == sales["delivered"] == sales["made"]
    assert sales["unexplained"] == 0
    assert shop["counts"]["store.sale.completed.v1"] == sales["made"]
    assert len(shop["sales"]) == len(set(shop["sales"]))
    assert found["dead_letters"] == 0
    assert found["labels"]["shown"] == found["labels"]["bound"]


def wait_for_sales(demo: Demo, number: int) -> None:
    """Let the shop go on until it has made so many sales."""
    deadline = time.monotonic() + 150
    while len(demo.truth()["sales"]) < number:
        assert time.monotonic() < deadline, "the simulated shop sells nothing"
        time.sleep(0.2)


def wait_for_gateway(demo: Demo, killed: int) -> None:
    """Wait until another gateway answers, and let it work for a moment of the shop's life."""
    deadline = time.monotonic() + 60
    while demo.supervisor.pids().get("gateway", killed) == killed or not demo.is_ready():
        assert time.monotonic() < deadline, "the gateway did not come back"
        time.sleep(0.1)
    until: Any = demo.truth()["t"] + 1.5
    while demo.truth()["t"] < until:
        time.sleep(0.1)
