"""The simulated shop's configuration is one that the edge accepts."""

from __future__ import annotations

import tomllib
from pathlib import Path

from msgspec.structs import replace

from devices.rfid.epc import Sgtin, decode
from devices.simulator.goods import COMPANY_PREFIX, FACINGS, GOODS, epc_of
from devices.simulator.layout import CAMERA, LANES, READERS, SHELVES, ZONES
from devices.simulator.plan import Site, store_toml
from devices.simulator.references import REFERENCES
from edge.config import load

SITE = Site(
    broker="managed",
    mqtt_port=1883,
    api_port=8080,
    webhook_url="http://127.0.0.1:9/webhook",
    secret_env="SECRET",  # noqa: S106  (the name of a variable)
    camera_source="http://127.0.0.1:9/camera.mjpg",
    missing_after_s=12,
)


def test_store_toml_describes_the_layout(tmp_path: Path) -> None:
    """All zones, shelves, antennas, lanes, labels and the camera's line are there."""
    file = tmp_path / "store.toml"
    file.write_text(store_toml(SITE), "utf-8")
    settings = load(file)
    assert [zone.id for zone in settings.zones] == [zone.id for zone in ZONES]
    assert [shelf.id for shelf in settings.shelves] == [shelf.id for shelf in SHELVES]
    antennas = {d.id: tuple(d.antennas.values()) for d in settings.devices if d.kind == "rfid"}
    assert antennas == {reader.id: reader.places for reader in READERS}
    assert [lane.id for lane in settings.lanes] == [lane.id for lane in LANES]
    assert [label.id for label in settings.labels] == [facing.label for facing in FACINGS]
    (camera,) = settings.cameras
    assert camera.id == CAMERA
    assert camera.lines[0].entrance
    assert camera.areas[0].zone == "exit"


def test_tags_of_the_goods_are_sgtins() -> None:
    """Every product's tags decode to its GTIN and serial."""
    for good in GOODS:
        tag = decode(epc_of(good.gtin, 100_007))
        assert isinstance(tag, Sgtin)
        assert (tag.gtin, tag.serial) == (good.gtin, "100007")


def test_reference_tags_are_told_when_asked_for() -> None:
    """Each is an asset of the shop with a place of its own in the configuration."""
    told = tomllib.loads(store_toml(replace(SITE, references=True)))["references"]
    assert told == [{"epc": tag.epc, "place": tag.place} for tag in REFERENCES]
    assert len({tag.epc for tag in REFERENCES}) == len(REFERENCES)
    assert "references" not in tomllib.loads(store_toml(SITE))


def test_reference_tags_are_giais() -> None:
    """GIAI-96 (TDS 2.3, 14.6.5): header 0x34, partition 5, a prefix of 7 digits, the asset."""
    code = int(REFERENCES[0].epc, 16)
    assert code >> 88 == 0x34
    assert code >> 82 & 7 == 5
    assert str(code >> 58 & (1 << 24) - 1) == COMPANY_PREFIX
    assert code & (1 << 58) - 1 == 900_001
