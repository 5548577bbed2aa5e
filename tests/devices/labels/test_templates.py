"""Every panel with every kind of content: it renders, its code reads, its colours are exact."""

from __future__ import annotations

import io
from contextlib import suppress

import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import Image

from devices.gtin import check_digit
from devices.labels.codes import digital_link
from devices.labels.drawing import draw
from devices.labels.layout import template, templates
from devices.labels.render import render
from edge.errors import RenderError
from edge.events import LabelContent

TEA = LabelContent("04006381333931", "Green Tea", 249, "EUR", "", "100 g = 1,66 €")
OFFER = replace(TEA, promotion="-30 %", regular=349, member=199)
CONTENTS = {
    "plain": TEA,
    "bare": replace(TEA, unit=""),
    "dear": replace(TEA, amount=129900),
    "stock": replace(TEA, stock="none"),
    "stock alone": replace(TEA, unit="", stock="few"),
    "promotion": replace(TEA, promotion="SAVE 1 €"),
    "regular": replace(TEA, regular=349),
    "member": replace(TEA, member=199),
    "unit price": replace(TEA, unit="", unit_price=166, per="100 g"),
    "dear unit": replace(TEA, currency="CNY", unit_price=123456, per="100 g", stock="few"),
    "piece": replace(TEA, unit_price=1249, per="piece", stock="in"),
    "everything": replace(OFFER, names={"zh": "绿茶"}, stock="in"),
    "bilingual": LabelContent(
        "06901234567892",
        "绿茶",
        1290,
        "CNY",
        "",
        "8.60 元/100 克",
        {"en": "Green Tea"},
        "第二件半价",
    ),
}
LINK = digital_link(TEA.gtin)


def picture(png: bytes) -> Image.Image:
    """Decode a label."""
    return Image.open(io.BytesIO(png))


def codes(label: Image.Image) -> list[str]:
    """Read all codes of a label that hangs upright, in the grey that a camera sees."""
    found = zxingcpp.read_barcodes(
        np.asarray(label.convert("L")), try_rotate=False, try_downscale=False, try_invert=False
    )
    return [code.text for code in found]


@pytest.mark.parametrize("name", templates())
@pytest.mark.parametrize("kind", CONTENTS)
def test_every_content_stands_on_every_panel(name: str, kind: str) -> None:
    """Size, colours and code are right, as EAN-13 and as Digital Link, read from the whole."""
    content = replace(CONTENTS[kind], template=name)
    look = template(name)
    for barcode, expected in ((None, content.gtin[1:]), (LINK, LINK)):
        label = picture(render(content, barcode))
        assert label.size == (look.panel.width, look.panel.height)
        drawn = {colour for _, colour in label.convert("RGB").getcolors() or ()}
        assert set() < drawn <= set(look.palette.colours)
        assert codes(label) == [expected]


def test_there_is_a_template_for_every_size_and_palette() -> None:
    """Five panels, each black and white, with red, and with red and yellow."""
    sizes = ("152x152", "212x104", "296x128", "400x300", "648x480")
    assert set(templates()) == {
        f"{size}-{palette}" for size in sizes for palette in ("bw", "bwr", "bwry")
    }


@pytest.mark.parametrize("kind", CONTENTS)
def test_nothing_moves_between_palettes(kind: str) -> None:
    """The same panel in other colours has its ink at the same places."""
    drawn = [
        draw(replace(CONTENTS[kind], template=f"296x128-{palette}"), None, None).elements
        for palette in ("bw", "bwr", "bwry")
    ]
    for elements in drawn[1:]:
        assert [(e.field, e.box) for e in elements] == [(e.field, e.box) for e in drawn[0]]


def test_what_is_given_changes_the_picture() -> None:
    """Each further field shows: no two contents look the same."""
    contents = [replace(content, template="400x300-bwry") for content in CONTENTS.values()]
    assert len({render(content) for content in contents}) == len(contents)


@pytest.mark.parametrize(
    ("field", "content"),
    [
        ("regular", replace(TEA, regular=249)),
        ("regular", replace(TEA, regular=1)),
        ("member", replace(TEA, member=249)),
        ("price", replace(TEA, member=-1)),
        ("name", replace(TEA, name="  ")),
    ],
)
def test_a_price_that_misleads_is_refused(field: str, content: LabelContent) -> None:
    """A regular price below the price, a member price above it or no name give no picture."""
    with pytest.raises(RenderError, match=rf"^{field}: expected"):
        render(replace(content, template="296x128-bwr"))


@pytest.mark.parametrize("name", templates())
def test_a_name_of_200_characters_is_refused_or_whole(name: str) -> None:
    """What is drawn of a long name is all of it; otherwise the name is refused, with why."""
    with pytest.raises(RenderError, match=r"^name: .* does not fit"):
        render(replace(TEA, name="Olive oil " * 20, template=name))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Milk \U0001f95b", r"no font draws '\U0001f95b'"),
        ("حليب", "needs shaping"),
        ("दूध", "needs shaping"),
        ("Milk\u200d", "needs shaping"),
    ],
)
def test_what_cannot_be_drawn_right_is_refused(name: str, why: str) -> None:
    """Emoji without a glyph, text from right to left and marks are refused with the reason."""
    with pytest.raises(RenderError, match=f"^name: .*{why}"):
        render(replace(TEA, name=name, template="296x128-bwr"))


def test_composed_and_decomposed_letters_look_the_same() -> None:
    """An accent of its own is joined with its letter (Unicode NFC)."""
    names = ("Cr\u00e8me", "Cre\u0300me")
    labels = {render(replace(TEA, name=name, template="296x128-bwr")) for name in names}
    assert len(labels) == 1


@settings(deadline=None, max_examples=60)
@given(
    name=st.text(max_size=80),
    amount=st.integers(0, 10**7),
    cheaper=st.integers(1, 10**4),
    currency=st.sampled_from(("EUR", "CNY", "USD", "JPY", "GBP", "SEK", "CHF")),
    size=st.sampled_from(templates()),
    body=st.from_regex(r"0[0-9]{12}", fullmatch=True),
)
def test_whatever_comes_is_drawn_right_or_refused(
    name: str, amount: int, cheaper: int, currency: str, size: str, body: str
) -> None:
    """A label has passed its proof, or there is none and a reason."""
    gtin = body + check_digit(body)
    regular = amount + cheaper
    content = LabelContent(gtin, name, amount, currency, size, promotion="-", regular=regular)
    with suppress(RenderError):
        label = picture(render(content))
        assert codes(label) == [gtin[1:]]
