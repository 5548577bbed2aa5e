"""The simulated shop's store.toml, as a technician would have written it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from msgspec import Struct

from devices.simulator.camera import HEIGHT, WIDTH, picture_point
from devices.simulator.goods import FACINGS
from devices.simulator.layout import (
    ACCESS_POINT,
    CAMERA,
    DOOR_Y,
    LANES,
    LINE,
    READERS,
    SCANNER,
    SEEN,
    SHELVES,
    ZONES,
)
from devices.simulator.references import REFERENCES

STORE = "demo"
GRACE_S = 2.0  # a demo is short


class Site(Struct, frozen=True, kw_only=True):
    """Where the parts of one simulated shop listen and keep what they keep.

    `broker` is `embedded` or `managed`; `secret_env` names the variable with the webhook's secret.
    `references` tells the edge of the reference tags.
    """

    broker: str
    mqtt_port: int
    api_port: int
    webhook_url: str
    secret_env: str
    camera_source: str
    missing_after_s: float
    references: bool = False


def store_toml(site: Site) -> str:
    """Give the whole configuration as text."""
    return "\n".join(
        [
            *_head(site),
            *_zones(),
            *_shelves(),
            *_readers(),
            *(_references() if site.references else ()),
            *_other_devices(),
            *_camera(site),
            *_lanes(),
            *_labels(),
            *_sink(site),
        ]
    )


def _head(site: Site) -> Iterator[str]:
    yield "# A simulated shop. Written anew by each demo."
    yield from _table(
        "[store]",
        id=STORE,
        name="Nanjing Road",
        timezone="Asia/Shanghai",
        currency="CNY",
    )
    yield from _table("[mqtt]", broker=site.broker, port=site.mqtt_port)
    yield from _table("[database]", url="sqlite:///store.db")
    yield from _table("[api]", port=site.api_port)
    yield from _table("[presence]", missing_after_s=site.missing_after_s)
    yield from _table("[prices]", grace_s=GRACE_S)


def _zones() -> Iterator[str]:
    for zone in ZONES:
        yield from _table(
            "[[zones]]", id=zone.id, name=zone.name, kind=zone.kind, polygon=zone.polygon
        )


def _shelves() -> Iterator[str]:
    for shelf in SHELVES:
        full = sum(facing.full for facing in FACINGS if facing.shelf == shelf.id)
        yield from _table(
            "[[shelves]]",
            id=shelf.id,
            name=shelf.name,
            zone="sales",
            corner=shelf.corner,
            size=shelf.size,
            full=full,
        )


def _readers() -> Iterator[str]:
    for reader in READERS:
        yield from _table("[[devices]]", id=reader.id, kind="rfid", at=reader.at)
        places = ", ".join(f'{n} = "{place}"' for n, place in enumerate(reader.places, start=1))
        yield f"antennas = {{ {places} }}"


def _references() -> Iterator[str]:
    for tag in REFERENCES:
        yield from _table("[[references]]", epc=tag.epc, place=tag.place)


def _other_devices() -> Iterator[str]:
    lane = LANES[0]
    yield from _table("[[devices]]", id=SCANNER, kind="scanner", lane=lane.id, at=lane.at)
    yield from _table("[[devices]]", id=ACCESS_POINT, kind="label", preload=True, at=(9.0, 6.7))


def _camera(site: Site) -> Iterator[str]:
    yield from _table(
        "[[cameras]]",
        id=CAMERA,
        source=site.camera_source,
        fps=10,
        at=((SEEN[0] + SEEN[2]) / 2, 11.6),
    )
    y = picture_point((SEEN[0], DOOR_Y))[1] / HEIGHT
    yield from _table("[[cameras.lines]]", name=LINE, start=(0.02, y), end=(0.98, y), entrance=True)
    inside = [(SEEN[0], DOOR_Y), (SEEN[2], DOOR_Y), (SEEN[2], SEEN[1]), (SEEN[0], SEEN[1])]
    corners = [picture_point(corner) for corner in inside]
    polygon = [(round(x / WIDTH, 3), round(y / HEIGHT, 3)) for x, y in corners]
    yield from _table("[[cameras.areas]]", zone="exit", polygon=polygon)


def _lanes() -> Iterator[str]:
    for lane in LANES:
        yield from _table("[[lanes]]", id=lane.id, name=lane.name, zone="checkout", at=lane.at)


def _labels() -> Iterator[str]:
    for facing in FACINGS:
        yield from _table("[[labels]]", id=facing.label, device=ACCESS_POINT, shelf=facing.shelf)


def _sink(site: Site) -> Iterator[str]:
    yield from _table("[[sinks]]", name="web-shop", kind="webhook", url=site.webhook_url)
    yield f'secret = {{ env = "{site.secret_env}" }}'


def _table(header: str, **values: object) -> Iterator[str]:
    yield ""
    yield header
    for key, value in values.items():
        # JSON's strings, numbers, booleans and lists are TOML's as well.
        yield f"{key} = {json.dumps(value, ensure_ascii=False)}"
