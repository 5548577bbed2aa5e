"""The door: an MQTT topic and its payload become one frozen Message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.json import Decoder

from devices.cameras.native import (
    decode_crossings,
    decode_figures,
    decode_heatmap,
    decode_overlay,
    decode_snapshot,
    decode_zones,
)
from devices.checkout.native import decode_sale
from devices.contract import Claims, Codec, Numbered, read
from devices.labels.native import decode_problem, decode_report, decode_shown
from devices.rfid import impinj, zebra
from devices.rfid.native import decode_reads
from devices.scanners.native import decode_scan, decode_weight
from devices.status import decode_result, decode_status
from devices.topics import Fleeting, Topic, covers, is_filter
from edge.errors import ConfigError, ContractError, Fault
from edge.readings import Figures, Kind, Message, Overlay, Snapshot

Vendor = Literal["impinj", "zebra"]

VENDORS: dict[Vendor, Codec] = {"impinj": impinj.decode, "zebra": zebra.decode}
NATIVE: dict[tuple[Kind, str], Codec] = {
    ("rfid", "reads"): decode_reads,
    ("camera", "crossings"): decode_crossings,
    ("camera", "zones"): decode_zones,
    ("camera", "heatmap"): decode_heatmap,
    ("camera", "problem"): decode_problem,
    ("scanner", "scan"): decode_scan,
    ("scale", "weight"): decode_weight,
    ("checkout", "sale"): decode_sale,
    ("label", "shown"): decode_shown,
    ("label", "report"): decode_report,
    ("label", "problem"): decode_problem,
}
EVERY_KIND: dict[str, Codec] = {"status": decode_status, "result": decode_result}
Sight = Snapshot | Overlay | Figures
SIGHTS: dict[str, Callable[[bytes], Sight]] = {
    "snapshot": decode_snapshot,
    "overlay": decode_overlay,
    "status": decode_figures,
}
FLEETING = ("snapshot", "overlay")
"""What cameras show for a moment: no readings, and on nobody's disk."""


class VendorDevice(Struct, frozen=True):
    """A device that speaks its vendor's payloads on a topic of its own.

    `codec` is a vendor's name, or a codec where it depends on the device's settings. `topic` is an
    MQTT filter which covers all that this device publishes, its Will too.
    """

    device: str
    kind: Kind
    codec: Vendor | Codec
    topic: str

    def decode(self, payload: bytes) -> Claims:
        """Decode one of its payloads."""
        codec = VENDORS[self.codec] if isinstance(self.codec, str) else self.codec
        return codec(payload)


class Uplink:
    """Decodes what devices of one store publish.

    Of vendor devices whose filters overlap, the first one that covers a topic owns it; a vendor's
    filter goes before the native topics.
    """

    def __init__(self, store: str, vendors: Sequence[VendorDevice] = ()) -> None:
        """Take the store's id and its vendor devices; raises ConfigError for a wrong filter."""
        self._store = store
        self._vendors = tuple(vendors)
        faults = [_wrong_filter(vendor) for vendor in vendors if not is_filter(vendor.topic)]
        if faults:
            raise ConfigError(tuple(faults))
        native = [f"store/{store}/{kind}/+/{leaf}" for kind, leaf in NATIVE]
        every = [f"store/{store}/+/+/{leaf}" for leaf in EVERY_KIND]
        topics = (*native, *every, *(vendor.topic for vendor in vendors))
        self.subscriptions: tuple[str, ...] = tuple(dict.fromkeys(topics))
        self.fleeting = tuple(Fleeting(f"store/{store}/camera/+/{leaf}") for leaf in FLEETING)

    def is_fleeting(self, topic: str) -> bool:
        """Tell whether a topic carries what must not be kept, whoever else subscribes to it."""
        return any(covers(wanted, topic) for wanted in self.fleeting)

    def sight(self, topic: str, payload: bytes) -> tuple[str, Sight] | None:
        """Decode what a camera shows for a moment, with its name; None for all other topics.

        Raises ContractError for a wrong payload.
        """
        show = SIGHTS.get(topic.rpartition("/")[2])
        if show is None or not covers(f"store/{self._store}/camera/+/+", topic):
            return None
        return Topic.parse(topic).device, show(payload)

    def decode(self, topic: str, payload: bytes) -> Message:
        """Decode one publication; raises ContractError for a wrong topic or payload."""
        for vendor in self._vendors:
            if covers(vendor.topic, topic):
                return _message(vendor.device, vendor.kind, vendor.decode(payload))
        address = Topic.parse(topic)
        if address.store != self._store:
            raise ContractError("topic.store", repr(self._store), repr(address.store))
        return _message(address.device, address.kind, _native(address)(payload))

    def envelope(self, topic: str, payload: bytes) -> Message | None:
        """Give a native message's device and number without its readings, if they can be read.

        For a message that breaks the contract elsewhere: its number is taken all the same.
        """
        try:
            address = Topic.parse(topic)
            number = read(_numbers, payload)
        except ContractError:
            return None
        if address.store != self._store or number.boot is None or number.seq is None:
            return None
        return Message(address.device, address.kind, (), number.boot, number.seq)


_numbers = Decoder(Numbered)


def _native(address: Topic) -> Codec:
    codec = NATIVE.get((address.kind, address.leaf)) or EVERY_KIND.get(address.leaf)
    if codec is None:
        known = [leaf for kind, leaf in NATIVE if kind == address.kind]
        expected = f"one of {', '.join((*known, *EVERY_KIND))}"
        raise ContractError("topic.leaf", expected, repr(address.leaf))
    return codec


def _message(device: str, kind: Kind, claims: Claims) -> Message:
    return Message(device, kind, claims.readings, claims.boot, claims.seq)


def _wrong_filter(vendor: VendorDevice) -> Fault:
    path = f"devices.{vendor.device}.topic"
    return Fault("store.toml", 0, path, "an MQTT topic filter", repr(vendor.topic))
