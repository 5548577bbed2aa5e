"""What a tag's code stands for."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.gtin import check_digit
from devices.rfid.epc import Foreign, Sgtin, decode, encode_sgtin96
from edge.errors import ContractError

SERIAL_CHARACTERS = (
    "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
)
gtins = st.from_regex(r"[0-9]{13}", fullmatch=True).map(lambda body: body + check_digit(body))
prefixes = st.integers(6, 12)
serials = st.integers(0, 2**38 - 1)


def sgtin198(serial: str, filling: int = 10) -> str:
    """Write serial characters of 7 bits behind the head of TDS 2.3's example."""
    code = int("3674257BF7194E4", 16) >> 2
    for character in serial.ljust(20, "\0"):
        code = code << 7 | ord(character)
    return f"{code << filling:0{(198 + filling) // 4}X}"


def test_sgtin96_of_the_standard() -> None:
    """The SGTIN-96 that the standard prints as its example decodes as it says."""
    assert decode("3074257bf7194e4000001a85") == Sgtin(
        "3074257BF7194E4000001A85",
        "sgtin-96",
        "80614141123458",
        "6789",
        3,
        "urn:epc:id:sgtin:0614141.812345.6789",
    )


@pytest.mark.parametrize("digits", [50, 52])
def test_sgtin198_of_the_standard(digits: int) -> None:
    """The standard's SGTIN-198 decodes with and without the filling of its last word."""
    tag = decode("3674257BF7194E59B2C2BF1000000000000000000000000000000000"[:digits])
    assert isinstance(tag, Sgtin)
    assert (tag.gtin, tag.serial, tag.filter) == ("80614141123458", "32a/b", 3)
    assert tag.uri == "urn:epc:id:sgtin:0614141.812345.32a%2Fb"


@given(gtins, prefixes, serials, st.integers(0, 7))
def test_sgtin96_round_trip(gtin: str, prefix: int, serial: int, filter_value: int) -> None:
    """What was encoded decodes to the same GTIN, serial and filter, for every partition."""
    epc = encode_sgtin96(gtin, prefix, serial, filter_value)
    tag = decode(epc)
    assert isinstance(tag, Sgtin)
    assert (tag.epc, tag.gtin, tag.serial, tag.filter) == (epc, gtin, str(serial), filter_value)
    assert decode(epc.lower()) == tag


@given(st.text(SERIAL_CHARACTERS, min_size=1, max_size=20), st.sampled_from((2, 10)))
def test_sgtin198_serials(serial: str, filling: int) -> None:
    """Every character that GS1 allows comes back, escaped in the URI and plain in the serial."""
    tag = decode(sgtin198(serial, filling))
    assert isinstance(tag, Sgtin)
    assert tag.serial == serial
    assert unquote(tag.uri) == f"urn:epc:id:sgtin:0614141.812345.{serial}"


@pytest.mark.parametrize(
    ("epc", "error"),
    [
        ("", "not hexadecimal"),
        ("30_74257BF7194E400001A85", "not hexadecimal"),
        ("E28011606000020A6681F23F", "header 0xE2"),
        ("3074257BF7194E4000001A", "24 hex digits, not 22"),
        ("307C257BF7194E4000001A85", "partition 7"),
        (f"{(0x30 << 6 | 1 << 3) << 82 | 10**12 << 42:024X}", "more digits"),
        (f"{(0x30 << 6 | 1 << 3) << 82 | 10 << 38:024X}", "more digits"),
        (sgtin198(""), "serial is empty"),
        (sgtin198("a\0b"), "characters"),
        (sgtin198("a b"), "characters"),
        (sgtin198("a")[:-1] + "1", "behind the serial"),
    ],
)
def test_foreign(epc: str, error: str) -> None:
    """A code that names no product says why, and has no GTIN."""
    tag = decode(epc)
    assert isinstance(tag, Foreign)
    assert error in tag.error


@given(st.text() | st.binary(min_size=12, max_size=12).map(lambda code: "30" + code.hex()[2:]))
def test_any_text_has_an_answer(epc: str) -> None:
    """No text makes the decoder raise, and every GTIN that it gives has 14 digits."""
    tag = decode(epc)
    assert isinstance(tag, Foreign) or (len(tag.gtin) == 14 and tag.gtin.isdecimal())


@pytest.mark.parametrize(
    ("gtin", "prefix", "serial", "filter_value", "path"),
    [
        ("80614141123459", 7, 1, 1, "gtin"),
        ("80614141123458", 5, 1, 1, "prefix_digits"),
        ("80614141123458", 13, 1, 1, "prefix_digits"),
        ("80614141123458", 7, 2**38, 1, "serial"),
        ("80614141123458", 7, -1, 1, "serial"),
        ("80614141123458", 7, 1, 8, "filter_value"),
    ],
)
def test_unencodable(gtin: str, prefix: int, serial: int, filter_value: int, path: str) -> None:
    """Values that a SGTIN-96 cannot hold are refused by name."""
    with pytest.raises(ContractError) as breach:
        encode_sgtin96(gtin, prefix, serial, filter_value)
    assert breach.value.path == path
