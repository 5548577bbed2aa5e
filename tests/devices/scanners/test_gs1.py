"""What a scanned code says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.gtin import check_digit
from devices.scanners.gs1 import NOTHING, ScannedItem, parse

GTIN = "09506000134352"
bodies = st.from_regex(r"[0-9]{13}", fullmatch=True)
serials = st.text("ABCabc0123456789-_", min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("data", "gtin"),
    [
        ("96385074", "00000096385074"),
        ("614141123452", "00614141123452"),
        ("9506000134352", GTIN),
        (GTIN, GTIN),
        ("]E09506000134352", GTIN),
        ("]E496385074", "00000096385074"),
        ("9506000134352\r\n", GTIN),
    ],
)
def test_plain_gtins(data: str, gtin: str) -> None:
    """GTINs of every length are found, with or without an AIM identifier."""
    assert parse(data) == ScannedItem(gtin)


@pytest.mark.parametrize(
    "data",
    [
        f"01{GTIN}21ABC",
        f"]C101{GTIN}21ABC\x1d10LOT",
        f"]d2\x1d01{GTIN}10LOT\x1d21ABC",
        f"]Q301{GTIN}1726123121ABC",
        f"https://id.gs1.org/01/{GTIN}/21/ABC",
        f"HTTP://shop.example/some/path/01/{GTIN}/10/LOT/21/ABC?17=261231&x=y",
        f"]Q1https://shop.example/01/{GTIN[1:]}/21/ABC",
    ],
)
def test_gtin_with_serial(data: str) -> None:
    """Element strings and Digital Links give GTIN and serial."""
    assert parse(data) == ScannedItem(GTIN, "ABC")


def test_upc_e() -> None:
    """A UPC-E expands to its GTIN, which its 8 digits alone would not give."""
    assert parse("04252614", "upce") == ScannedItem("00042100005264")


@pytest.mark.parametrize(
    "data",
    [
        "",
        "]",
        "hello",
        "9506000134353",
        "0109506000134353",
        "02095060001343523712",
        f"01{GTIN}0180614141123458",
        "https://shop.example/",
        "https://[",
        "https://id.gs1.org/01/09506000134353",
        "21ABC",
        "٩٥٠٦٠٠٠١٣٤٣٥٢",
    ],
)
def test_no_product(data: str) -> None:
    """Wrong check digits, contents of a pallet, two products and other texts name no product."""
    assert parse(data) == NOTHING


def test_wrong_upc_e() -> None:
    """A UPC-E with a wrong check digit names no product."""
    assert parse("04252615", "upce") == NOTHING


@given(
    bodies, serials, st.sampled_from(("01{}21{}", "]d201{}21{}", "https://x.example/01/{}/21/{}"))
)
def test_written_and_read(body: str, serial: str, shape: str) -> None:
    """What was written in any of the syntaxes reads back."""
    gtin = body + check_digit(body)
    assert parse(shape.format(gtin, serial)) == ScannedItem(gtin, serial)


@given(
    st.text(),
    st.sampled_from(
        ("", "]C1", "]d2", "01", "https://x/01/", "http://", f"01{GTIN}", "\x1d", "8003")
    ),
    st.sampled_from(("", "upce", "qr")),
)
def test_any_text_has_an_answer(text: str, start: str, symbology: str) -> None:
    """No text makes the parser raise."""
    assert isinstance(parse(start + text, symbology), ScannedItem)
