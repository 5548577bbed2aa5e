"""The door: topics and payloads become messages, or a breach of the contract."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.uplink import NATIVE, Uplink, VendorDevice
from edge.errors import ConfigError, ContractError
from edge.readings import DeviceReported, Message, TagRead, TagsRead

UPLINK = Uplink(
    "s1",
    [
        VendorDevice("gate", "rfid", "impinj", "impinj/gate/#"),
        VendorDevice("back", "rfid", "zebra", "readers/+/back"),
    ],
)
TOPICS = (
    *(f"store/s1/{kind}/d1/{leaf}" for kind, leaf in NATIVE),
    "store/s1/label/d1/status",
    "store/s1/scale/d1/result",
    "impinj/gate/events",
    "readers/data/back",
)
READ = b'{"boot":"b1","seq":7,"reads":[{"epc":"aabbccdd","ant":2,"rssi":-60,"t":5}]}'
IMPINJ = (
    b'{"timestamp":"1970-01-01T00:00:00.005Z","eventType":"tagInventory",'
    b'"tagInventoryEvent":{"epcHex":"AABBCCDD","antennaPort":2}}'
)


def test_native() -> None:
    """A native message has the device and kind of its topic, and its own number."""
    reading = TagsRead((TagRead("AABBCCDD", 2, -60.0, 5),))
    message = UPLINK.decode("store/s1/rfid/r1/reads", READ)
    assert message == Message("r1", "rfid", (reading,), "b1", 7)


def test_vendor() -> None:
    """A vendor's message has the device of its filter, and no number."""
    reading = TagsRead((TagRead("AABBCCDD", 2, None, 5),))
    assert UPLINK.decode("impinj/gate/events", IMPINJ) == Message("gate", "rfid", (reading,))


def test_vendor_will() -> None:
    """A vendor's Will arrives as the device's status."""
    message = UPLINK.decode("impinj/gate/will", b"connection lost")
    assert message == Message("gate", "rfid", (DeviceReported(online=False),))


def test_subscriptions() -> None:
    """Only what devices send is subscribed to: never our own commands, nor another store."""
    assert "store/s1/rfid/+/reads" in UPLINK.subscriptions
    assert "store/s1/+/+/status" in UPLINK.subscriptions
    assert UPLINK.subscriptions[-2:] == ("impinj/gate/#", "readers/+/back")
    leaves = {topic.rpartition("/")[2] for topic in UPLINK.subscriptions}
    assert not leaves & {"ack", "config", "command", "show", "+"}
    assert len(set(UPLINK.subscriptions)) == len(UPLINK.subscriptions)


def test_what_cameras_show_is_no_reading() -> None:
    """Pictures and overlays are subscribed to apart, and never decoded into a message."""
    topics = [f"store/s1/camera/c1/{leaf}" for leaf in ("snapshot", "overlay")]
    assert list(UPLINK.fleeting) == [topic.replace("c1", "+") for topic in topics]
    assert not set(UPLINK.fleeting) & set(UPLINK.subscriptions)
    for topic in topics:
        assert UPLINK.is_fleeting(topic)
        with pytest.raises(ContractError, match=r"topic\.leaf"):
            UPLINK.decode(topic, b"{}")


@pytest.mark.parametrize(
    ("topic", "path"),
    [
        ("store/s2/rfid/r1/reads", "topic.store"),
        ("store/s1/rfid/r1/scan", "topic.leaf"),
        ("store/s1/rfid/r1/config", "topic.leaf"),
        ("elsewhere", "topic"),
    ],
)
def test_wrong_topics(topic: str, path: str) -> None:
    """Another store's topics, another kind's leaves and our own downlink are refused."""
    with pytest.raises(ContractError) as breach:
        UPLINK.decode(topic, READ)
    assert breach.value.path == path


def test_wrong_filter() -> None:
    """A vendor's filter that no broker would take is a fault of the configuration."""
    with pytest.raises(ConfigError, match=r"devices\.r1\.topic"):
        Uplink("s1", [VendorDevice("r1", "rfid", "zebra", "a/#/b")])


def decodes_or_refuses(topic: str, payload: bytes) -> None:
    """Decode, and let nothing but ContractError be raised."""
    try:
        assert isinstance(UPLINK.decode(topic, payload), Message)
    except ContractError as breach:
        assert breach.path  # noqa: PT017  (either way out is right, no third)


@given(st.sampled_from(TOPICS), st.binary())
def test_any_bytes(topic: str, payload: bytes) -> None:
    """Any bytes give a message or a breach, never another error."""
    decodes_or_refuses(topic, payload)


@given(st.text(), st.binary(max_size=8))
def test_any_topic(topic: str, payload: bytes) -> None:
    """Any topic gives a message or a breach, never another error."""
    decodes_or_refuses(topic, payload)


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b"null",
        b'{"reads":NaN}',
        b"[" * 250_000,
        b'{"a":' * 40_000,
        b'{"id":"1","ok":true,"data":' + b'{"a":' * 900 + b"1" + b"}" * 901,
        b'{"seq":' + b"9" * 5000 + b"}",
        b'{"data":"\\ud800"}',
        b" " * 262_145,
    ],
    ids=lambda payload: payload[:12].hex(),
)
def test_hostile_payloads(topic: str, payload: bytes) -> None:
    """Bad UTF-8, NaN, deep nesting, endless numbers and floods are refused everywhere."""
    with pytest.raises(ContractError):
        UPLINK.decode(topic, payload)
