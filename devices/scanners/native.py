"""Native messages of scanners and scales."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from msgspec.json import Decoder

from devices.contract import Claims, EpochMs, Numbered, Word, read
from edge.readings import CodeScanned, WeightRead

# A QR code holds at most 7,089 digits (ISO/IEC 18004, table 7). NUL ends texts elsewhere.
_Code = Annotated[str, Meta(min_length=1, max_length=7089, pattern=r"\A[^\x00]*\Z")]
_Grams = Annotated[float, Meta(ge=-1e7, le=1e7)]


class _Scan(Numbered, frozen=True):
    t: EpochMs
    data: _Code
    symbology: Word


class _Weight(Numbered, frozen=True):
    t: EpochMs
    grams: _Grams
    stable: bool


_scan = Decoder(_Scan)
_weight = Decoder(_Weight)


def decode_scan(payload: bytes) -> Claims:
    """Decode `scan`: `{"t", "data": text with FNC1 as U+001D, "symbology"}`."""
    came = read(_scan, payload)
    return came.claims(CodeScanned(came.t, came.data, came.symbology))


def decode_weight(payload: bytes) -> Claims:
    """Decode `weight`: `{"t", "grams", "stable"}`; below zero where a tare was taken."""
    came = read(_weight, payload)
    return came.claims(WeightRead(came.t, came.grams, came.stable))
