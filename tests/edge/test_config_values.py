"""Values of store.toml that have the right type: which make sense, and which do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config import Settings, load
from edge.errors import ConfigError, Fault

STORE = """[store]
id = "shop"
name = "Shop"
timezone = "Asia/Shanghai"
currency = "CNY"
"""

ZONE = """[[zones]]
id = "floor"
name = "Floor"
kind = "sales"
polygon = [[0, 0], [4, 0], [4, 3]]
"""


def settings_of(folder: Path, text: str) -> Settings:
    """Load a text as store.toml of a folder."""
    file = folder / "store.toml"
    file.write_text(text, "utf-8")
    return load(file)


def faults_of(folder: Path, text: str) -> tuple[Fault, ...]:
    """Load a text that must be refused, and give its faults."""
    with pytest.raises(ConfigError) as refused:
        settings_of(folder, text)
    return refused.value.faults


def fault_of(folder: Path, text: str) -> Fault:
    """Load a text that has exactly one fault, and give it."""
    (fault,) = faults_of(folder, text)
    return fault


CAMERA = "[[cameras]]\nid='{}'\nsource='0'\n"
RFID = "[[devices]]\nid='d'\nkind='rfid'\n"
LABEL = "[[devices]]\nid='d'\nkind='label'\n[[labels]]\nid='l'\ndevice='d'\n"
SINK = "[[sinks]]\nname='s'\nkind='webhook'\nurl='http://a'\nsecret={env='A'}\n"
LINE = CAMERA.format("c") + "lines=[{{name='door', start={}, end={}}}]\n"
DRAWN = CAMERA.format("c") + "areas=[{{zone='floor', polygon={}}}]\n"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("[mqtt]\nbroker='embedded'\nhost='0.0.0.0'", "mqtt.host"),
        ("[mqtt]\nca_file='ca.pem'", "mqtt.tls"),
        ("[mqtt]\npassword={env='A'}", "mqtt.username"),
        ("[database]\nurl='mysql://db/shop'", "database.url"),
        ("[database]\nurl='sqlite://'", "database.url"),
        ("[database]\nurl='sqlite:///:memory:'", "database.url"),
        (ZONE.replace("floor", "store"), "zones[1].id"),
        (ZONE.replace("floor", "x").replace("[4, 3]", "[8, 0]"), "zones[1].polygon"),
        (ZONE.replace("floor", "x").replace(", [4, 3]", ""), "zones[1].polygon"),
        (RFID + "codec='impinj'", "devices[0].topic"),
        (RFID + "topic='a/b'", "devices[0].topic"),
        (RFID + "codec='zebra'\ntopic='a/#/b'", "devices[0].topic"),
        (RFID + "codec='zebra'\ntopic='a/b+'", "devices[0].topic"),
        (RFID + "codec='zebra'\ntopic=''", "devices[0].topic"),
        (RFID + "antennas={x='floor'}", "devices[0].antennas.x"),
        (RFID + "antennas={0='floor'}", "devices[0].antennas.0"),
        (RFID.replace("rfid", "scale") + "antennas={1='floor'}", "devices[0].antennas"),
        (RFID.replace("rfid", "scale") + "codec='zebra'\ntopic='a'", "devices[0].codec"),
        (RFID.replace("'d'", "'D 1'"), "devices[0].id"),
        (CAMERA.format("c").replace("'0'", "'file:///etc/passwd'"), "cameras[0].source"),
        (CAMERA.format("c") + "password={env='A'}", "cameras[0].source"),
        (LINE.format("[0.5, 0.5]", "[0.5, 0.5]"), "cameras[0].lines[0].end"),
        (LINE.format("[0.5, 0.5]", "[0.5, 1.5]"), "cameras[0].lines[0].end[1]"),
        (DRAWN.format("[[0, 0], [0.5, 0.5], [1, 1]]"), "cameras[0].areas[0].polygon"),
        (LABEL + "gtin='4006381333932'", "labels[0].gtin"),
        (LABEL + "gtin='123'", "labels[0].gtin"),
        (LABEL + "gtin=4006381333931", "labels[0].gtin"),
        (SINK + "types=['store.stok.*']", "sinks[0].types[0]"),
        (SINK + "types=['store.*', 'store.stock.changed.v9']", "sinks[0].types[1]"),
        (SINK + "batch=0", "sinks[0].batch"),
        (SINK.replace("http:", "ftp:"), "sinks[0].url"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, text: str, path: str) -> None:
    """A value that has the right type but makes no sense is refused at its own key."""
    fault = fault_of(tmp_path, f"{STORE}{ZONE}{text}\n")
    assert fault.path == path
    assert fault.line > 0


@pytest.mark.parametrize(
    "text",
    [
        "[mqtt]\nbroker='external'\nhost='broker.lan'",
        "[mqtt]\nbroker='external'\nhost='::1'\nusername='edge'",
        "[database]\nurl='postgresql+psycopg://edge@db:5432/shop'",
        "[[lanes]]\nid='l'\nname='L'\nzone='floor'",
        RFID + "antennas={1='floor', 2='floor'}",
        RFID + "codec='zebra'\ntopic='zebra/+/tags/#'",
        LINE.format("[0, 0.5]", "[1, 0.5]"),
        SINK + "types=['*', 'store.stock.changed.v1', 'store.item.*']",
        LABEL + "gtin='4006381333931'",
    ],
)
def test_what_is_fine(tmp_path: Path, text: str) -> None:
    """What a shop may well have loads."""
    settings_of(tmp_path, f"{STORE}{ZONE}{text}\n")


def test_label_gtin_has_14_digits(tmp_path: Path) -> None:
    """A shorter GTIN is padded to 14 digits, as everywhere inside."""
    settings = settings_of(tmp_path, STORE + LABEL + "gtin='4006381333931'\n")
    assert settings.labels[0].gtin == "04006381333931"
