"""What the devices of a shop say, decoded as its settings have it."""

from __future__ import annotations

from devices.cameras.axis import axis_codec
from devices.cameras.mapping import LineFields, ZoneFields, mapping_codec
from devices.cameras.names import LineName, Names
from devices.cameras.xovis import xovis_codec
from devices.contract import Codec
from devices.rfid.epc import Sgtin, Sscc
from devices.rfid.epc import decode as decode_epc
from devices.scanners.gs1 import parse as parse_code
from devices.uplink import Uplink, Vendor, VendorDevice
from edge.config import Device, Settings
from edge.config_people import MappedLines, MappedZones
from edge.shop import Codes

_SSCC_HEADERS = ("31", "F9")  # SSCC-96, SSCC+: TDS 2.3, table 14-1


def uplink_of(settings: Settings) -> Uplink:
    """Give the decoder of all that the devices of this shop publish."""
    vendors = [
        VendorDevice(device.id, device.kind, codec, device.topic)
        for device in settings.devices
        if (codec := _codec(device)) is not None and device.topic is not None
    ]
    return Uplink(settings.store.id, vendors)


def _codec(device: Device) -> Vendor | Codec | None:
    match device.codec:
        case "native":
            return None
        case "impinj" | "zebra":
            return device.codec
        case "xovis":
            return xovis_codec(_names(device))
        case "axis":
            return axis_codec(_names(device))
        case "mapping":
            return _mapping(device)


def _names(device: Device) -> Names:
    return Names(
        {line.theirs: LineName(line.name, line.direction, line.swapped) for line in device.lines},
        {zone.theirs: zone.zone for zone in device.zones},
    )


def _mapping(device: Device) -> Codec:
    mapping = device.mapping
    lines = mapping.crossings if mapping else None
    zones = mapping.zones if mapping else None
    return mapping_codec(
        _names(device),
        _line_fields(lines) if lines else None,
        _zone_fields(zones) if zones else None,
    )


def _line_fields(lines: MappedLines) -> LineFields:
    return LineFields(**lines.model_dump())


def _zone_fields(zones: MappedZones) -> ZoneFields:
    return ZoneFields(**zones.model_dump())


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
