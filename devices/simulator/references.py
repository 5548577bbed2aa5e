"""Reference tags: fixed tags on shelves and racks that tell how well each antenna hears."""

from __future__ import annotations

from msgspec import Struct

from devices.simulator.goods import COMPANY_PREFIX
from devices.simulator.layout import RACKS, SHELVES
from devices.simulator.stock import BACKROOM

EACH = 3
"""Reference tags in the field of each antenna."""
_FIRST_ASSET = 900_001
"""The shop's asset numbers from here on are reference tags."""


class Reference(Struct, frozen=True):
    """A fixed tag: its GIAI-96 in upper-case hex, and the shelf or zone where it hangs.

    `rack` counts the racks of the backroom from 1; it is 0 on a shelf.
    """

    epc: str
    place: str
    rack: int = 0


def _giai96(asset: int) -> str:
    """Encode an asset of the shop (TDS 2.3, 14.6.5): filter 0, a prefix of 7 digits."""
    partition = 5
    head = 0x34 << 6 | partition
    return f"{(head << 24 | int(COMPANY_PREFIX)) << 58 | asset:024X}"


_SPOTS = (
    *((shelf.id, 0) for shelf in SHELVES),
    *((BACKROOM, rack) for rack in range(1, len(RACKS) + 1)),
)
REFERENCES = tuple(
    Reference(_giai96(_FIRST_ASSET + EACH * number + n), place, rack)
    for number, (place, rack) in enumerate(_SPOTS)
    for n in range(EACH)
)
