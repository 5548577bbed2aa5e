"""Label pictures: right colours, whole text, a barcode that reads, or no picture at all."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
import zxingcpp
from msgspec.structs import replace
from PIL import Image

from devices.gtin import check_digit
from devices.labels.codes import digital_link
from devices.labels.layout import template
from devices.labels.price import price
from devices.labels.render import image_hash, render
from edge.errors import RenderError
from edge.events import LabelContent

MILK = LabelContent("04006381333931", "Organic Whole Milk 3.5 %", 249, "EUR", "296x128-bwr", "1 L")
WATER = LabelContent(
    "06901234567892",
    "农夫山泉饮用天然水",
    300,
    "CNY",
    "296x128-bwr",
    "550 ml / 瓶",
    {"en": "Nongfu Spring Natural Water"},
    "会员价 第二件半价",
)
CASE = replace(MILK, gtin="10614141000415")
COLOURS = {(255, 255, 255), (0, 0, 0), (255, 0, 0)}


def pixels(png: bytes) -> np.ndarray:
    """Give a picture as 128x296x3."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def colours(png: bytes) -> set[tuple[int, ...]]:
    """Give the colours that a picture uses."""
    return {
        tuple(int(n) for n in colour) for colour in np.unique(pixels(png).reshape(-1, 3), axis=0)
    }


def codes(png: bytes) -> list[tuple[str, str]]:
    """Read the codes of a picture."""
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(png)).convert("L"))
    return [(code.format.name, code.text) for code in found]


@pytest.mark.parametrize("content", [MILK, WATER, CASE])
def test_a_label_has_the_panels_size_and_exact_colours(content: LabelContent) -> None:
    """The picture is a palette image with nothing between white, black and red."""
    png = render(content)
    assert Image.open(io.BytesIO(png)).mode == "P"
    assert pixels(png).shape == (128, 296, 3)
    assert colours(png) <= COLOURS


def test_red_is_for_promotions() -> None:
    """A plain price is black; a promotion and its price are red."""
    assert (255, 0, 0) not in colours(render(MILK))
    assert (255, 0, 0) in colours(render(replace(MILK, promotion="SAVE 20 %")))


def test_a_gtin_13_is_an_ean_13() -> None:
    """A GTIN with a leading zero is a barcode that every till reads."""
    assert codes(render(MILK)) == [("EAN13", "4006381333931")]
    assert codes(render(WATER)) == [("EAN13", "6901234567892")]


@pytest.mark.parametrize("first", "0123456789")
def test_every_first_digit_reads(first: str) -> None:
    """The first digit of an EAN-13 has no bars of its own, and is read from those of the others."""
    body = f"{first}12345678906"[:12]
    code = body + check_digit(body)
    assert codes(render(replace(MILK, gtin=f"0{code}"))) == [("EAN13", code)]


def test_a_gtin_14_is_a_digital_link() -> None:
    """What no EAN-13 can hold is a GS1 Digital Link QR code."""
    assert codes(render(CASE)) == [("QRCode", "https://id.gs1.org/01/10614141000415")]


def test_a_barcode_of_ones_own_replaces_the_gtin() -> None:
    """The shop may put its own Digital Link on the label."""
    link = "https://shop.example/01/04006381333931"
    assert codes(render(MILK, link)) == [("QRCode", link)]


def test_the_same_content_gives_the_same_bytes() -> None:
    """A picture's hash depends on its content alone."""
    first, again, other = render(WATER), render(WATER), render(replace(WATER, amount=301))
    assert first == again
    assert image_hash(first) == hashlib.sha256(first).hexdigest()[:16]
    assert image_hash(first) != image_hash(other)


def test_every_amount_shows_on_the_picture() -> None:
    """Labels whose prices differ in one digit differ in their pixels."""
    amounts = (499, 849900, 49900, 199, 198, 188)
    assert len({render(replace(MILK, amount=amount)) for amount in amounts}) == len(amounts)


@pytest.mark.parametrize(
    ("currency", "amount", "per", "text"),
    [
        ("EUR", 249, "kg", "2,49 € / kg"),
        ("CNY", 3980, "kg", "¥39.80 / kg"),
        ("CNY", 123456, " 100  g", "¥1,234.56 / 100 g"),
        ("GBP", 5, "m²", "£0.05 / m²"),
        ("USD", 0, "piece", "$0.00 / piece"),
        ("EUR", 99, "piece", "0,99 € / Stück"),
        ("CNY", 150, "piece", "¥1.50 / 件"),
    ],
)
def test_a_unit_price_is_written_as_a_price(
    currency: str, amount: int, per: str, text: str
) -> None:
    """The unit price stands where the unit would, in the currency's style and language."""
    written = replace(MILK, currency=currency, unit=text, stock="few")
    priced = replace(written, unit="not shown", unit_price=amount, per=per)
    assert np.array_equal(pixels(render(priced)), pixels(render(written)))


def test_a_unit_price_may_take_two_rows() -> None:
    """Where a row is too narrow, what the price is for stands below it, beside the stock mark."""
    content = replace(MILK, template="152x152-bw", unit_price=123456, per="100 g", stock="in")
    look = template(content.template)
    foot = look.panel.qr.foot
    ink = pixels(render(content, digital_link(content.gtin)))[foot.area].any(axis=2) == 0
    upper, lower = ink[: foot.height // 2], ink[foot.height // 2 :]
    assert np.flatnonzero(upper.any(axis=0)).max() > foot.width * 2 // 3
    gap = slice(foot.width * 2 // 3, foot.width - look.panel.foot.largest)
    assert lower[:, : foot.width // 2].any()
    assert not lower[:, gap].any()
    assert lower[:, gap.stop :].any()


@pytest.mark.parametrize(
    ("why", "amount", "per"),
    [
        ("expected a unit price of 0 or more", -1, "kg"),
        ("expected a unit price of 0 or more and what it is for", 249, " "),
        ("no font draws", 249, "\U0001f95b"),
        (".* needs shaping", 249, "كغ"),
        (".* does not fit", 249, "crate of 24 returnable bottles"),
        (".* does not fit", 10**20, "kg"),
    ],
)
def test_a_unit_price_that_misleads_is_refused(why: str, amount: int, per: str) -> None:
    """A unit price below zero, for nothing, with a missing glyph or too long gives no picture."""
    with pytest.raises(RenderError, match=f"^unit: {why}"):
        render(replace(MILK, unit_price=amount, per=per, stock="in"))


def test_a_missing_glyph_refuses_the_label() -> None:
    """A character that no font draws is named, instead of an empty box on the shelf."""
    with pytest.raises(RenderError, match=r"name: no font draws .* \(U\+1F95B\)"):
        render(replace(MILK, name="Milk \U0001f95b"))


@pytest.mark.parametrize(
    ("field", "content"),
    [
        ("name", replace(MILK, name="A very long name of a product " * 6)),
        ("name", replace(MILK, name="Donaudampfschifffahrtsgesellschaftskapitän")),
        ("names", replace(MILK, names={"zh": "很长的名字" * 12})),
        ("promotion", replace(MILK, promotion="two for the price of one until Sunday")),
        ("unit", replace(MILK, unit="24 bottles of 0.33 litres in a returnable crate")),
        ("price", replace(MILK, amount=10**14)),
    ],
)
def test_text_that_does_not_fit_refuses_the_label(field: str, content: LabelContent) -> None:
    """Nothing is ever cut: the field that is too long is named."""
    with pytest.raises(RenderError, match=rf"^{field}: .* does not fit"):
        render(content)


def test_a_long_name_takes_two_smaller_lines() -> None:
    """Text shrinks and wraps before it is refused, and stays above the line below the name."""
    name = "Extra Virgin Olive Oil, cold pressed, first harvest, glass bottle"
    panel = template("296x128-bwr").panel
    ink = pixels(render(replace(MILK, name=name)))[: panel.rule.top].any(axis=2) == 0
    assert ink.any()
    assert not ink[:, panel.width - 4 :].any()
    assert not ink[panel.rule.top - 1].any()


@pytest.mark.parametrize(
    "content",
    [replace(MILK, name="x" * 8, unit="piece"), replace(MILK, name="Ångström gjpqy", unit="gjpqy")],
)
def test_fields_do_not_touch(content: LabelContent) -> None:
    """Name, price and barcode keep white between them, descenders included."""
    panel = template("296x128-bwr").panel
    ink = (pixels(render(content)) != 255).any(axis=2)
    assert not ink[panel.rule.bottom].any()
    assert not ink[panel.rule.top - 1].any()
    assert not ink[panel.rule.bottom :, panel.ean.offer.right : panel.ean.code.left].any()


def test_a_wrong_check_digit_refuses_the_label() -> None:
    """A GTIN with a typing error never becomes bars."""
    with pytest.raises(RenderError, match="barcode: '4006381333932'"):
        render(replace(MILK, gtin="04006381333932"))


def test_a_link_that_is_too_long_refuses_the_label() -> None:
    """A QR code whose modules a phone could not read is refused."""
    with pytest.raises(RenderError, match="pixels as a QR code"):
        render(MILK, "https://shop.example/01/04006381333931?" + "17=291231&" * 12)


def test_an_unknown_panel_names_the_known_ones() -> None:
    """A template that does not exist is refused with those that do."""
    with pytest.raises(RenderError, match=r"expected one of .*296x128-bwr.*, came '999x1'"):
        render(replace(MILK, template="999x1"))


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "parts"),
    [
        (1290, "CNY", None, (("¥", False), ("12", True), (".90", False))),
        (249, "EUR", None, (("2", True), (",49", False), (" €", False))),
        (249, "EUR", "en_IE", (("€", False), ("2", True), (".49", False))),
        (123499, "USD", None, (("$", False), ("1,234", True), (".99", False))),
        (158, "JPY", None, (("￥", False), ("158", True))),
        (5, "GBP", None, (("£", False), ("0", True), (".05", False))),
    ],
)
def test_prices_are_written_as_in_the_country(
    amount: int, currency: str, locale: str | None, parts: tuple[tuple[str, bool], ...]
) -> None:
    """Whole units stand tall; symbol and decimals stand where the country puts them."""
    assert price(amount, currency, locale).parts == parts


@pytest.mark.parametrize(
    ("amount", "currency", "locale"), [(-1, "EUR", None), (1, "XXZ", None), (1, "EUR", "q")]
)
def test_a_price_that_makes_no_sense_is_refused(
    amount: int, currency: str, locale: str | None
) -> None:
    """Amounts below zero, unknown currencies and unknown locales give no picture."""
    with pytest.raises(RenderError, match=r"^price: expected"):
        price(amount, currency, locale)
