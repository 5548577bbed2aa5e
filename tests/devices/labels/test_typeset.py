"""Text on a label: a line that is joined from columns has the pixels of its glyphs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.labels.layout import Type
from devices.labels.typeset import Font, Mask, Setting, Weight, faces, fit, put, written
from edge.errors import RenderError

CHARACTERS = "fijJKrTVvWyYA\u00c5\u00c9gQ|_0147.,%/\u20ac\u00a5\u25cf \u9c9c\u725b\u5976"


def laid(line: str, font: Font, mask: Mask, baseline: int) -> Mask:
    """Add a line glyph by glyph, the ink of the first at the left."""
    pen = -font.glyph(line[0]).left
    for glyph in font.glyphs(line):
        put(mask, glyph, pen, baseline, "name")
        pen += glyph.advance
    return mask


@settings(deadline=None)
@given(
    line=st.text(CHARACTERS, min_size=1, max_size=12).map(str.strip).filter(bool),
    size=st.integers(8, 40),
    weight=st.sampled_from(Weight),
)
def test_a_line_has_the_pixels_of_its_glyphs(line: str, size: int, weight: Weight) -> None:
    """Also characters that reach over their neighbours are whole."""
    font = faces(weight)[-1].at(size)
    setting = fit(line, Type(size, size), (2000, 200), weight, "name")
    mask = written(setting, 200, "name")
    expected = np.zeros_like(mask)
    baseline = (200 - setting.font.glyph("0").top) // 2
    assert setting.font.size == font.size
    assert np.array_equal(mask, laid(line, setting.font, expected, baseline))


@pytest.mark.parametrize("line", ["Milk", "jj", "WW"])
@pytest.mark.parametrize("less", [(1, 0), (0, 1)])
def test_ink_is_never_cut(line: str, less: tuple[int, int]) -> None:
    """A mask that is a pixel too low or too narrow refuses the text."""
    set_ = fit(line, Type(20, 20), (200, 40), Weight.BOOK, "name")
    height, width = set_.bottom - set_.top - less[0], set_.width - less[1]
    tight = Setting(set_.lines, set_.font, set_.leading, width, set_.top, set_.bottom)
    with pytest.raises(RenderError, match=r"^name: a character would be cut"):
        written(tight, height, "name")


def test_the_largest_size_that_fits_is_taken() -> None:
    """A pixel more of width never makes a text smaller, and one size more would be too wide."""
    style, sizes = Type(30, 8), []
    for width in range(60, 200, 7):
        set_ = fit("Green Tea", style, (width, 40), Weight.BOOK, "name")
        sizes.append(set_.font.size)
        assert set_.width <= width
        if set_.font.size < style.largest:
            larger = Type(set_.font.size + 1, set_.font.size + 1)
            with pytest.raises(RenderError, match="does not fit"):
                fit("Green Tea", larger, (width, 40), Weight.BOOK, "name")
    assert sizes == sorted(sizes)
