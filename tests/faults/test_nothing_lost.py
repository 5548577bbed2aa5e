"""Cut off, kill, bring back: nothing is lost and nothing happens twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

GTIN = "06901815908304"
TOPIC = "store/test/checkout/lane-1/sale"


def sale(number: int) -> tuple[str, bytes]:
    """One sale of a third-party till, numbered as a device would."""
    line = {"gtin": GTIN, "qty": 1, "amount": 100}
    body = {"boot": "till", "seq": number, "t": number, "sale": f"S{number}", "currency": "EUR"}
    return TOPIC, json.dumps({**body, "lines": [line], "total": 100}).encode()


def on_hand(box: Any) -> Callable[[], int]:
    """Give a look at how many the shop has."""
    return lambda: box.api.get(f"/stock/{GTIN}").json().get("on_hand", -1)


def test_receiver_that_was_down_gets_every_fact_and_only_newest_levels(
    box: Any, eventually: Callable[..., Any]
) -> None:
    """After its absence the shop has all sales, and one stock level: the last."""
    box.start_broker()
    box.start_gateway()
    product = {"gtin": GTIN, "name": "Denim jacket", "tracking": "count"}
    box.api.put("/products", json=[product]).raise_for_status()
    for count in range(5, 0, -1):
        adjust = {"gtin": GTIN, "zone": "floor", "count": count, "reason": "counted"}
        box.api.post("/stock/adjustments", json=adjust).raise_for_status()
        eventually(on_hand(box), count.__eq__)
    box.publish([sale(n) for n in range(1, 31)])
    eventually(box.sink, lambda sink: sink["state"] == "down")

    box.start_shop()
    sink = eventually(box.sink, lambda s: s["backlog"] == 0 and s["state"] == "ok", 90)
    state = box.shop_state()
    assert sorted(state["sales"]) == sorted(f"S{n}" for n in range(1, 31))
    assert state["counts"]["store.stock.changed.v1"] == 1
    assert state["counts"]["store.stock.adjusted.v1"] == 5
    assert sink["delivered"] + sink["coalesced"] == sink["head"]
    assert sink["delivered"] == state["distinct"]


def test_broker_that_dies_and_returns_is_survived(
    running: Any, eventually: Callable[..., Any]
) -> None:
    """Sales before, during the death, and after it are all delivered once."""
    running.publish([sale(n) for n in range(1, 11)])
    running.kill("broker")
    running.start_broker()
    running.publish([sale(n) for n in range(5, 21)])
    state = eventually(running.shop_state, lambda s: len(s["sales"]) >= 20, 60)
    assert sorted(state["sales"]) == sorted(f"S{n}" for n in range(1, 21))
    assert state["counts"]["store.sale.completed.v1"] == 20


def test_gateway_killed_between_messages_takes_up_where_it_was(
    running: Any, eventually: Callable[..., Any]
) -> None:
    """The broker keeps what comes while the gateway is dead; nothing is taken twice."""
    for start in (1, 11, 21):
        running.publish([sale(n) for n in range(start, start + 6)])
        running.kill("gateway")
        running.publish([sale(n) for n in range(start + 4, start + 10)])
        running.start_gateway()
    state = eventually(running.shop_state, lambda s: len(s["sales"]) >= 30, 60)
    assert sorted(state["sales"]) == sorted(f"S{n}" for n in range(1, 31))
    assert state["counts"]["store.sale.completed.v1"] == 30
