"""EPC schemes of TDS 2.0 and later, '+': decimal digits and as short a serial as can be (14.5).

A code is header (8 bits), whether other data follow (1), filter (3), for DSGTIN+ a date (20), the
key in hex digits from 0 to 9, and where it has one a serial: encoding (3), length (5), characters.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from devices.rfid.epc_tags import DATES, Grai, Read, Scheme, Sgtin, Sscc, Tag, check_digit, is_date
from devices.rfid.epc_text import EpcError, read_characters, write_characters

# Characters of a serial; those of a GRAI have fewer.
_LONGEST = 20
_YEARS = tuple(f"{year:02d}" for year in range(100))
# For month and day as nine bits: as four digits, or empty where they are no date.
_DAYS = tuple(
    f"{month:02d}{day:02d}" if is_date(month, day) else ""
    for month in range(16)
    for day in range(32)
)
_FILE_SAFE = bytes.maketrans(b"+/", b"-_")
_CODE_40 = "\0ABCDEFGHIJKLMNOPQRSTUVWXYZ-.:0123456789"


class Coding(NamedTuple):
    """One way to write a serial: `sizes` gives bits for each length, from 0 on."""

    fits: re.Pattern[str]
    sizes: tuple[int, ...]
    read: Callable[[int, int], str]
    write: Callable[[str], int]


def _read_integer(code: int, length: int) -> str:
    text = str(code).zfill(length)
    if len(text) > length:
        raise EpcError("overflow", f"the serial {code} has more than {length} digits")
    return text


def _read_upper(code: int, length: int) -> str:
    return f"{code:0{length}X}"


def _read_lower(code: int, length: int) -> str:
    return f"{code:0{length}x}"


def _read_base64(code: int, length: int) -> str:
    count = -(-6 * length // 8)
    whole = (code << 8 * count - 6 * length).to_bytes(count)
    return b2a_base64(whole)[:length].translate(_FILE_SAFE).decode()


def _write_base64(text: str) -> int:
    whole = urlsafe_b64decode(text + "A" * (-len(text) % 4))
    return int.from_bytes(whole) >> 6 * (-len(text) % 4)


def _read_ascii(code: int, length: int) -> str:
    text = read_characters(code, length)
    if len(text) < length:
        raise EpcError("serial", f"the serial ends after {len(text)} of {length} characters")
    return text


def _read_code40(code: int, length: int) -> str:
    """Read three characters from each 16 bits (TDS 2.3, 14.5.6.5)."""
    text = ""
    for shift in range(16 * (-(-length // 3) - 1), -1, -16):
        group = (code >> shift & 0xFFFF) - 1
        if not 0 <= group < len(_CODE_40) ** 3:
            raise EpcError("serial", "the serial has a group that URN Code 40 does not know")
        text += _CODE_40[group // 1600] + _CODE_40[group // 40 % 40] + _CODE_40[group % 40]
    if "\0" in text[:length] or text[length:].strip("\0"):
        raise EpcError("serial", f"the serial has not the {length} characters that it tells")
    return text[:length]


def _write_code40(text: str) -> int:
    code = 0
    for start in range(0, len(text), 3):
        first, second, third = map(_CODE_40.index, text[start : start + 3].ljust(3, "\0"))
        code = code << 16 | 1600 * first + 40 * second + third + 1
    return code


def _coding(
    characters: str,
    size: Callable[[int], int],
    read: Callable[[int, int], str],
    write: Callable[[str], int],
) -> Coding:
    return Coding(
        re.compile(f"[{characters}]+"), tuple(map(size, range(_LONGEST + 1))), read, write
    )


# Each at the place of its indicator; 6 and 7 are reserved (TDS 2.3, tables B and E).
_CODINGS = (
    _coding("0-9", lambda length: (10**length - 1).bit_length(), _read_integer, int),
    _coding("0-9A-F", lambda length: 4 * length, _read_upper, partial(int, base=16)),
    _coding("0-9a-f", lambda length: 4 * length, _read_lower, partial(int, base=16)),
    _coding("0-9A-Za-z_-", lambda length: 6 * length, _read_base64, _write_base64),
    _coding("!-z", lambda length: 7 * length, _read_ascii, write_characters),
    _coding("0-9A-Z.:-", lambda length: 16 * -(-length // 3), _read_code40, _write_code40),
)


def _serial(about: int) -> tuple[int, int, Callable[[int, int], str]]:
    indicator, length = divmod(about, 32)
    if indicator >= len(_CODINGS) or length > _LONGEST:
        return 0, 0, _read_integer
    coding = _CODINGS[indicator]
    return coding.sizes[length], length, coding.read


# For encoding and length as eight bits: bits, length and reader; a length of 0 is no serial.
_SERIALS = tuple(map(_serial, range(256)))


def _read_sgtin(epc: str, raw: bytes) -> Sgtin:
    gtin = _key(epc, 3, 14)
    return Sgtin(epc, "sgtin+", raw[1] >> 4 & 7, None, gtin, _read_serial(epc, 17, 20))


def _read_dsgtin(epc: str, raw: bytes) -> Sgtin:
    date, gtin = _date(int(epc[3:8], 16)), _key(epc, 8, 14)
    return Sgtin(epc, "dsgtin+", raw[1] >> 4 & 7, None, gtin, _read_serial(epc, 22, 20), date)


def _read_sscc(epc: str, raw: bytes) -> Sscc:
    sscc, rest = _key(epc, 3, 18), epc[21:]
    _end(epc, int(rest or "0", 16), 4 * len(rest))
    return Sscc(epc, "sscc+", raw[1] >> 4 & 7, None, sscc)


def _read_grai(epc: str, raw: bytes) -> Grai:
    key = _key(epc, 3, 14)
    if key[0] != "0":
        raise EpcError("padding", f"the digit before the GRAI is {key[0]}, not 0")
    return Grai(epc, "grai+", raw[1] >> 4 & 7, None, key[1:], _read_serial(epc, 17, 16))


def _key(epc: str, start: int, digits: int) -> str:
    key = epc[start : start + digits]
    try:
        number = int(key)
    except ValueError:
        raise EpcError("digits", f"the key {key} has other than decimal digits") from None
    if check_digit(number // 10) != number % 10:
        raise EpcError("check-digit", f"the key {key} has a wrong check digit")
    return key


def _date(code: int) -> tuple[str, str]:
    """Read the kind of date (4 bits), year (7), month (4) and day (5)."""
    kind, year, day = code >> 16, code >> 9 & 0x7F, _DAYS[code & 0x1FF]
    if kind >= len(DATES):
        raise EpcError("date", f"{kind} is reserved for kinds of dates to come")
    if year >= len(_YEARS) or not day:
        raise EpcError("date", f"year {year}, month {code >> 5 & 15}, day {code & 31} is no date")
    return DATES[kind], _YEARS[year] + day


def _read_serial(epc: str, start: int, most: int) -> str:
    """Read the serial whose encoding begins with that hex digit; nothing may follow it."""
    code, behind = int(epc[start:], 16), 4 * (len(epc) - start) - 8
    about = code >> behind
    size, length, read = _SERIALS[about]
    if not 0 < length <= most:
        raise _no_serial(about, most)
    behind -= size
    if behind < 0:
        raise EpcError("length", f"the code ends before the {length} characters of its serial")
    serial = code >> behind
    if behind:
        _end(epc, code ^ serial << behind, behind)
    return read(serial ^ about << size, length)


def _no_serial(about: int, most: int) -> EpcError:
    indicator, length = divmod(about, 32)
    if indicator >= len(_CODINGS):
        return EpcError("encoding", f"encoding {indicator} is reserved for encodings to come")
    return EpcError("serial", f"the serial has {length} characters, not 1 to {most}")


def _end(epc: str, rest: int, bits: int) -> None:
    """See that the last bits are zero and fill no more than one word, or are told to be data."""
    if epc[2] > "7":
        return
    if bits > (4 * len(epc) - 1) % 16:
        raise EpcError("length", f"{len(epc)} hex digits are more than the words of its EPC")
    if rest:
        raise EpcError("padding", "bits behind the EPC are set, but no data are told to be there")


def _write_sgtin(tag: Tag) -> str:
    ai = tag.ai
    return _write(0xF7, tag.filter, ai["01"], ai["21"])


def _write_dsgtin(tag: Tag) -> str:
    ai = tag.ai
    kind, date = next((kind, ai[name]) for kind, name in enumerate(DATES) if name in ai)
    code = kind << 16 | int(date[:2]) << 9 | int(date[2:4]) << 5 | int(date[4:])
    return _write(0xFB, tag.filter, f"{code:05X}{ai['01']}", ai["21"])


def _write_sscc(tag: Tag) -> str:
    return _write(0xF9, tag.filter, tag.ai["00"])


def _write_grai(tag: Tag) -> str:
    whole = tag.ai["8003"]
    return _write(0xF1, tag.filter, whole[:14], whole[14:])


def _write(header: int, filter_value: int, digits: str, serial: str = "") -> str:
    """Put the parts together, and fill the last word with zeros."""
    head = f"{header:02X}{filter_value}{digits}"
    code, size = int(head, 16), 4 * len(head)
    if serial:
        bits, indicator = min(
            (coding.sizes[len(serial)], indicator)
            for indicator, coding in enumerate(_CODINGS)
            if coding.fits.fullmatch(serial)
        )
        about = indicator << 5 | len(serial)
        code = (code << 8 | about) << bits | _CODINGS[indicator].write(serial)
        size += 8 + bits
    words = -(-size // 16)
    return f"{code << 16 * words - size:0{4 * words}X}"


def _scheme(
    name: str,
    header: int,
    kind: type[Tag],
    shortest: int,
    read: Read,
    write: Callable[[Tag], str],
) -> Scheme:
    """Take codes up to what tags hold: they count words in 5 bits (TDS 2.3, 9.3)."""
    lengths = range(shortest, 4 * 31 + 1)
    return Scheme(name, header, kind, lengths, read, write, divides=False)


PLUS = (
    _scheme("sgtin+", 0xF7, Sgtin, 20, _read_sgtin, _write_sgtin),
    _scheme("dsgtin+", 0xFB, Sgtin, 25, _read_dsgtin, _write_dsgtin),
    _scheme("sscc+", 0xF9, Sscc, 21, _read_sscc, _write_sscc),
    _scheme("grai+", 0xF1, Grai, 20, _read_grai, _write_grai),
)
