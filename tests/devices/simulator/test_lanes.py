"""What the simulated scanner reads."""

from __future__ import annotations

import pytest

from devices.scanners.gs1 import parse
from devices.simulator.goods import GOODS, epc_of
from devices.simulator.happenings import Unit
from devices.simulator.lanes import code_of


@pytest.mark.parametrize("serial", [100_001, 100_002])
def test_codes_say_what_is_sold(serial: int) -> None:
    """Bars tell the product; a QR code tells the very unit too."""
    gtin = GOODS[0].gtin
    data, symbology = code_of(Unit(epc_of(gtin, serial), gtin, serial))
    item = parse(data, symbology)
    assert item.gtin == gtin
    assert item.serial == (None if symbology == "ean13" else str(serial))
