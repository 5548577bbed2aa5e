"""EPC schemes that divide a key behind its company prefix (TDS 2.3, 14.3, 14.4 and 14.6)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from devices.rfid.epc_tags import Giai, Grai, Read, Scheme, Sgln, Sgtin, Sscc, Tag, check_digit
from devices.rfid.epc_text import EpcError, legal, read_characters, write_characters
from edge.errors import ContractError

# A row of a partition table: digits of the company prefix; bits of what follows it; the masks of
# both; the limits of both; the limit of what follows without a digit that goes before the prefix.
Row = tuple[int, int, int, int, int, int, int]
Make = Callable[[str, str, int, str], Tag]

# Bits of a company prefix of 12 to 6 digits, the same in every partition table.
_PREFIX_BITS = (40, 37, 34, 30, 27, 24, 20)
_GIAI_CHARACTERS = 30
_NUMERAL = re.compile(r"0|[1-9][0-9]*")
# Looked up once: finding it on `int` takes longer than what it does.
_number = int.from_bytes


class Layout(NamedTuple):
    """Header (8 bits), filter (3), partition (3), key by its rows, and a tail."""

    name: str
    header: int
    key_bits: int
    rows: tuple[Row, ...]
    tail_bits: int
    text: bool

    @property
    def bits(self) -> int:
        """All of them."""
        return 14 + self.key_bits + self.tail_bits


def _rows(key_bits: int, key_digits: int | None, *, leading: bool = False) -> tuple[Row, ...]:
    """Divide a key of so many bits and digits; None: what follows the prefix may fill its bits.

    `leading`: of what follows the prefix, the first digit goes before it in the key.
    """
    rows = []
    for digits, prefix_bits in zip(range(12, 5, -1), _PREFIX_BITS, strict=True):
        bits = key_bits - prefix_bits
        ceiling = 1 << bits if key_digits is None else 10 ** (key_digits - digits)
        place = ceiling // 10 if leading else ceiling
        masks = (1 << prefix_bits) - 1, (1 << bits) - 1
        rows.append((digits, bits, *masks, 10**digits, ceiling, place))
    return tuple(rows)


_SGTIN = _rows(44, 13, leading=True)
_SSCC = _rows(58, 17, leading=True)
_SGLN = _rows(41, 12)
_GRAI = _rows(44, 12)
_GIAI_96 = _rows(82, None)
_GIAI_202 = _rows(188, None)


def _divide(head: int, key_bits: int, rows: tuple[Row, ...]) -> tuple[int, int, int, int, int]:
    """Read a code up to its key.

    Gives filter, digits of the company prefix, prefix, what follows it, and the key of both as a
    number without its check digit.
    """
    partition = head >> key_bits & 7
    if partition == len(rows):
        raise EpcError("partition", "partition 7 is not in use")
    digits, bits, prefix_mask, mask, limit, ceiling, place = rows[partition]
    company, reference = head >> bits & prefix_mask, head & mask
    if company >= limit or reference >= ceiling:
        reason = f"{company}.{reference} has more digits than partition {partition}"
        raise EpcError("overflow", reason)
    key = (reference // place * limit + company) * place + reference % place
    return head >> key_bits + 3 & 7, digits, company, reference, key


def _sgtin(epc: str, scheme: str, head: int, serial: str) -> Sgtin:
    filter_value, digits, _, _, key = _divide(head, 44, _SGTIN)
    gtin = str(key * 10 + check_digit(key)).zfill(14)
    return Sgtin(epc, scheme, filter_value, digits, gtin, serial)


def _sgln(epc: str, scheme: str, head: int, serial: str) -> Sgln:
    filter_value, digits, _, _, key = _divide(head, 41, _SGLN)
    gln = str(key * 10 + check_digit(key)).zfill(13)
    extension = None if serial == "0" else serial  # TDS 2.3, 7.5
    return Sgln(epc, scheme, filter_value, digits, gln, extension)


def _grai(epc: str, scheme: str, head: int, serial: str) -> Grai:
    filter_value, digits, _, _, key = _divide(head, 44, _GRAI)
    grai = str(key * 10 + check_digit(key)).zfill(13)
    return Grai(epc, scheme, filter_value, digits, grai, serial)


def _numbers(make: Make, layout: Layout) -> Read:
    """Read a numeric tail."""
    name, tail_bits, mask = layout.name, layout.tail_bits, (1 << layout.tail_bits) - 1

    def read(epc: str, raw: bytes) -> Tag:
        code = _number(raw)
        return make(epc, name, code >> tail_bits, str(code & mask))

    return read


def _letters(make: Make, layout: Layout) -> Read:
    """Read a tail of characters."""
    name, bits, tail_bits = layout.name, layout.bits, layout.tail_bits
    mask, count = (1 << tail_bits) - 1, tail_bits // 7

    def read(epc: str, raw: bytes) -> Tag:
        code = _unfilled(raw, bits)
        return make(epc, name, code >> tail_bits, read_characters(code & mask, count))

    return read


def _unfilled(raw: bytes, bits: int) -> int:
    """Drop what fills the last byte or word of memory."""
    code, filling = _number(raw), 8 * len(raw) - bits
    if code & (1 << filling) - 1:
        raise EpcError("padding", "bits behind the serial are set")
    return code >> filling


def _read_sscc96(epc: str, raw: bytes) -> Sscc:
    code = _number(raw)
    if code & 0xFFFFFF:
        raise EpcError("padding", "the 24 reserved bits behind the SSCC are set")
    filter_value, digits, _, _, key = _divide(code >> 24, 58, _SSCC)
    sscc = str(key * 10 + check_digit(key)).zfill(18)
    return Sscc(epc, "sscc-96", filter_value, digits, sscc)


def _read_giai96(epc: str, raw: bytes) -> Giai:
    filter_value, digits, company, reference, _ = _divide(_number(raw), 82, _GIAI_96)
    giai = f"{str(company).zfill(digits)}{reference}"
    return Giai(epc, "giai-96", filter_value, digits, giai)


def _read_giai202(epc: str, raw: bytes) -> Giai:
    code = _unfilled(raw, 202)
    filter_value, digits, company, reference, _ = _divide(code, 188, _GIAI_202)
    count, spare = divmod(_GIAI_202[12 - digits][1], 7)
    if reference & (1 << spare) - 1:
        raise EpcError("padding", "bits behind the asset reference are set")
    text = read_characters(reference >> spare, count)
    if len(text) > _GIAI_CHARACTERS - digits:
        raise EpcError("overflow", f"{text} has more characters than its partition")
    return Giai(epc, "giai-202", filter_value, digits, str(company).zfill(digits) + text)


def _write(layout: Layout, tag: Tag) -> str:
    digits = tag.prefix_digits
    if digits is None:
        raise ContractError("prefix_digits", f"6 to 12 for {layout.name}", "none")
    _, bits, *_ = layout.rows[12 - digits]
    company, reference, *tail = tag.parts(digits)
    code = (layout.header << 6 | tag.filter << 3 | 12 - digits) << layout.key_bits
    code |= int(company) << bits
    if isinstance(tag, Giai):
        code |= _bits(layout, "giai", reference, bits, _GIAI_CHARACTERS - digits)
    else:
        code |= int(reference or "0")
    code <<= layout.tail_bits
    if tail:
        blame = "extension" if isinstance(tag, Sgln) else "serial"
        code |= _bits(layout, blame, tail[0], layout.tail_bits, layout.tail_bits // 7)
    filling = -layout.bits % 16
    return f"{code << filling:0{(layout.bits + filling) // 4}X}"


def _bits(layout: Layout, blame: str, text: str, bits: int, most: int) -> int:
    """Write a number, or characters from the left."""
    if layout.text:
        return write_characters(legal(blame, text, most)) << bits - 7 * len(text)
    if not _NUMERAL.fullmatch(text) or int(text) >> bits:
        expected = f"0 to {(1 << bits) - 1} without leading zeros for {layout.name}"
        raise ContractError(blame, expected, repr(text))
    return int(text)


def _scheme(layout: Layout, kind: type[Tag], read: Read) -> Scheme:
    """Take codes cut behind the last bit, or behind its byte or word, as memory has them."""
    ends = {-(-layout.bits // unit) * unit // 4 for unit in (4, 8, 16)}
    name, header, *_ = layout
    return Scheme(name, header, kind, sorted(ends), read, partial(_write, layout), divides=True)


def _classic() -> tuple[Scheme, ...]:
    sgtin96 = Layout("sgtin-96", 0x30, 44, _SGTIN, 38, text=False)
    sgtin198 = Layout("sgtin-198", 0x36, 44, _SGTIN, 140, text=True)
    sscc96 = Layout("sscc-96", 0x31, 58, _SSCC, 24, text=False)
    sgln96 = Layout("sgln-96", 0x32, 41, _SGLN, 41, text=False)
    sgln195 = Layout("sgln-195", 0x39, 41, _SGLN, 140, text=True)
    grai96 = Layout("grai-96", 0x33, 44, _GRAI, 38, text=False)
    grai170 = Layout("grai-170", 0x37, 44, _GRAI, 112, text=True)
    giai96 = Layout("giai-96", 0x34, 82, _GIAI_96, 0, text=False)
    giai202 = Layout("giai-202", 0x38, 188, _GIAI_202, 0, text=True)
    return (
        _scheme(sgtin96, Sgtin, _numbers(_sgtin, sgtin96)),
        _scheme(sgtin198, Sgtin, _letters(_sgtin, sgtin198)),
        _scheme(sscc96, Sscc, _read_sscc96),
        _scheme(sgln96, Sgln, _numbers(_sgln, sgln96)),
        _scheme(sgln195, Sgln, _letters(_sgln, sgln195)),
        _scheme(grai96, Grai, _numbers(_grai, grai96)),
        _scheme(grai170, Grai, _letters(_grai, grai170)),
        _scheme(giai96, Giai, _read_giai96),
        _scheme(giai202, Giai, _read_giai202),
    )


CLASSIC = _classic()
