"""Native reads of RFID readers."""

from __future__ import annotations

from binascii import unhexlify
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.json import Decoder

from devices.contract import (
    MAX_READS,
    Antenna,
    Claims,
    Dbm,
    EpcHex,
    EpochMs,
    Numbered,
    epc_of,
    read,
)
from edge.readings import TagRead, TagsRead


class _Read(Struct, frozen=True, gc=False):
    epc: EpcHex
    ant: Antenna
    t: EpochMs
    rssi: Dbm | None = None


class _Reads(Numbered, frozen=True):
    reads: Annotated[tuple[_Read, ...], Meta(max_length=MAX_READS)]


_reads = Decoder(_Reads)


def decode_reads(payload: bytes) -> Claims:
    """Decode `reads`: `{"reads": [{"epc", "ant", "rssi"?, "t"}]}`."""
    came = read(_reads, payload)
    _check_epcs(came.reads)
    reads = tuple([TagRead(r.epc.upper(), r.ant, r.rssi, r.t) for r in came.reads])
    return came.claims(TagsRead(reads))


def _check_epcs(reads: tuple[_Read, ...]) -> None:
    """Check all at once, for speed; only a breach looks for its place."""
    epcs = [read.epc for read in reads]
    if any(length & 1 for length in set(map(len, epcs))) or not _is_hex("".join(epcs)):
        for n, epc in enumerate(epcs):
            epc_of(epc, f"reads[{n}].epc")


def _is_hex(text: str) -> bool:
    try:
        unhexlify(text)
    except ValueError:
        return False
    return True
