"""What the devices of a shop say, decoded as its settings have it."""

from __future__ import annotations

from devices.rfid.epc import Sgtin, Sscc
from devices.rfid.epc import decode as decode_epc
from devices.scanners.gs1 import parse as parse_code
from devices.uplink import Uplink, VendorDevice
from edge.config import Settings
from edge.shop import Codes

_SSCC_HEADERS = ("31", "F9")  # SSCC-96, SSCC+: TDS 2.3, table 14-1


def uplink_of(settings: Settings) -> Uplink:
    """Give the decoder of all that the devices of this shop publish."""
    vendors = [
        VendorDevice(device.id, device.kind, device.codec, device.topic)
        for device in settings.devices
        if device.codec != "native" and device.topic is not None
    ]
    return Uplink(settings.store.id, vendors)


def _tag(epc: str) -> tuple[str, str] | None:
    decoded = decode_epc(epc)
    return (decoded.gtin, decoded.serial) if isinstance(decoded, Sgtin) else None


def _scan(data: str) -> tuple[str | None, str | None]:
    item = parse_code(data)
    return item.gtin, item.serial


def _sscc(epc: str) -> str | None:
    if not epc.startswith(_SSCC_HEADERS):  # nearly every read is of a product
        return None
    decoded = decode_epc(epc)
    return decoded.sscc if isinstance(decoded, Sscc) else None


CODES = Codes(tag=_tag, scan=_scan, sscc=_sscc)
