"""The store.toml of `benchmarks.fleet`."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.fleet_goods import Plan

GRACE_S = 120.0
"""How long a higher price is held after all labels show it, in the access points' time.

Longer than it takes from the drawing to the word of it: else no shopper could tell the difference.
"""

LANES = tuple(f"lane-{n}" for n in range(1, 25))
STORE_ID = "fleet"
STORE = """
[store]
id = "{store}"
name = "Fleet"
timezone = "Europe/Berlin"
currency = "EUR"
[mqtt]
broker = "managed"
port = {mqtt}
[api]
port = {api}
[prices]
grace_s = {grace}
[[zones]]
id = "floor"
name = "Floor"
kind = "sales"
polygon = [[0, 0], [20, 0], [20, 10], [0, 10]]
[[zones]]
id = "tills"
name = "Tills"
kind = "checkout"
polygon = [[0, 10], [20, 10], [20, 12], [0, 12]]
"""
LANE = """
[[lanes]]
id = "{lane}"
name = "Till"
zone = "tills"
"""
DEVICE = """
[[devices]]
id = "{device}"
kind = "label"
driver = "openepaperlink"
address = "{url}"
"""
LABEL = """
[[labels]]
id = "{label}"
device = "{device}"
mac = "{mac}"
gtin = "{gtin}"
"""


def store_toml(plan: Plan, urls: Sequence[str], *, mqtt: int, api: int, grace_s: float) -> str:
    """Configure a shop with an access point at each of `urls`."""
    parts = [STORE.format(store=STORE_ID, mqtt=mqtt, api=api, grace=grace_s)]
    parts += [LANE.format(lane=lane) for lane in LANES]
    parts += [DEVICE.format(device=device_of(n), url=url) for n, url in enumerate(urls)]
    parts += [
        LABEL.format(
            label=facing.label,
            device=device_of(facing.point),
            mac=facing.mac,
            gtin=facing.gtin,
        )
        for facing in plan.facings
    ]
    return "".join(parts)


def device_of(point: int) -> str:
    """Name an access point, counted from 0, as the gateway does."""
    return f"point-{point + 1}"
