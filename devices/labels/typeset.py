"""Text on a label: fonts of the system, glyph coverage, and the largest size that fits.

A glyph is drawn once for each font and size and kept; a text is put together from glyphs. There is
no shaping, so text that needs it (Arabic, Hindi, combining marks) is refused.

Most characters stay within their advance: as bytes, column after column, they are joined to a line.
Those that reach over their neighbours are laid over it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from enum import Enum
from functools import cache, lru_cache
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

from edge.errors import RenderError

if TYPE_CHECKING:
    from devices.labels.layout import Type

Mask: TypeAlias = NDArray[np.bool_]

_NOTO_CJK_SIMPLIFIED = 2  # face of the collection: JP, KR, SC, TC, HK
_NOTO_FOLDERS = ("/usr/share/fonts/opentype/noto", "/usr/share/fonts/noto-cjk")
_DEJAVU = "/usr/share/fonts/truetype/dejavu"
_NO_CHARACTER = "\U0010ffff"
_WORTH_A_LINE = 0.7  # of its size a text gives up to stand on a line less
_PROBE_SIZE = 24  # pixels; enough for two glyphs to differ
_RIGHT_TO_LEFT = {"R", "AL", "AN"}  # bidirectional classes (Unicode Standard Annex 9)
_NEEDS_SHAPING = {"Mn", "Mc", "Me", "Cf", "Cc"}  # marks and controls, by general category
_WORD = re.compile(
    r"[^\s\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef]+|"
    r"\S[\u3001\u3002\uff0c\uff01\uff1f\uff1b\uff1a\uff09\u300b\u201d]*|\s+"
)


class Weight(Enum):
    """How heavy text is set; the fonts of a weight are tried in order, files that are there."""

    BOOK = (f"{_DEJAVU}/DejaVuSans.ttf", *(f"{f}/NotoSansCJK-Regular.ttc" for f in _NOTO_FOLDERS))
    BOLD = (f"{_DEJAVU}/DejaVuSans-Bold.ttf", *(f"{f}/NotoSansCJK-Bold.ttc" for f in _NOTO_FOLDERS))
    # Narrow digits are taller digits.
    NARROW = (
        *(f"{f}/NotoSansCJK-Bold.ttc" for f in _NOTO_FOLDERS),
        f"{_DEJAVU}/DejaVuSans-Bold.ttf",
    )


@dataclass(frozen=True, slots=True, eq=False)
class Glyph:
    """A character's ink, True where there is some, cropped to it.

    `left` and `top` are where it starts from the pen on the baseline, `advance` is how far it moves
    the pen, in pixels.
    """

    ink: Mask
    left: int
    top: int
    width: int
    height: int
    advance: int


@dataclass(frozen=True, slots=True, eq=False)
class Font:
    """A font file at a size in pixels; there is one object for each, so that it keys caches."""

    size: int
    file: ImageFont.FreeTypeFont

    def glyph(self, character: str) -> Glyph:
        """Draw a character."""
        return _glyph(self, character)

    def glyphs(self, text: str) -> list[Glyph]:
        """Draw the characters of a text."""
        return [*map(_glyph, repeat(self), text)]

    def length(self, text: str) -> int:
        """Give how far a text moves the pen, in pixels; nothing is drawn for that."""
        return sum(map(_advance, repeat(self), text))


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A font file, one object for each; of a collection, the face for simplified Chinese.

    `known` are the characters that it was found to draw.
    """

    path: str
    known: set[str] = field(default_factory=set)

    def at(self, size: int) -> Font:
        """Give the font at a size in pixels."""
        return _font(self, size)

    def draws(self, character: str) -> bool:
        """Say whether the font has a glyph of its own for a character."""
        return _draws(self, character)

    def sets(self, text: str) -> bool:
        """Say whether the font draws all of a text, one glyph after the other."""
        if self.known.issuperset(text):
            return True
        if not all(_settable(character) and _draws(self, character) for character in text):
            return False
        self.known.update(text)
        return True


@dataclass(frozen=True, slots=True)
class Setting:
    """A text that fits: its lines, its font and the distance from line to line in pixels.

    `width` is that of the widest line's ink; `top` and `bottom` are where all ink begins and ends,
    from the first baseline.
    """

    lines: tuple[str, ...]
    font: Font
    leading: int
    width: int
    top: int
    bottom: int


@dataclass(frozen=True, slots=True, eq=False)
class Writing:
    """A text as it was drawn: its ink (height x width, never changed), and its font's size."""

    ink: Mask
    size: int


@cache
def _face(path: str) -> Face:
    return Face(path)


@lru_cache(maxsize=512)
def _font(face: Face, size: int) -> Font:
    index = _NOTO_CJK_SIMPLIFIED if face.path.endswith(".ttc") else 0
    basic = ImageFont.Layout.BASIC
    return Font(size, ImageFont.truetype(face.path, size, index=index, layout_engine=basic))


@lru_cache(maxsize=65536)
def _advance(font: Font, character: str) -> int:
    return round(font.file.getlength(character, mode="1"))


@lru_cache(maxsize=16384)
def _glyph(font: Font, character: str) -> Glyph:
    drawn, (left, top) = font.file.getmask2(character, mode="1", anchor="ls")
    width, height = drawn.size
    ink = np.frombuffer(bytes(drawn), np.uint8).reshape(height, width) != 0
    advance = _advance(font, character)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return Glyph(ink[:0, :0], 0, 0, 0, 0, advance)
    cropped = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()
    height, width = cropped.shape
    return Glyph(cropped, int(left + columns[0]), int(top + rows[0]), width, height, advance)


def _above(size: int) -> int:
    """Give how many rows of a line stand above the baseline: enough for nearly all characters."""
    return size * 9 // 8


def _rows(size: int) -> int:
    """Give how many rows a line has."""
    return size * 3 // 2


@lru_cache(maxsize=8192)
def _cell(font: Font, character: str) -> tuple[bytes, bool]:
    """Give a character's ink column by column, as far as its advance, and whether that is all.

    The columns of one that reaches out of its rows or its advance are blank.
    """
    glyph, rows = _glyph(font, character), _rows(font.size)
    top = _above(font.size) + glyph.top
    right, bottom = glyph.left + glyph.width, top + glyph.height
    whole = top >= 0 and bottom <= rows and glyph.left >= 0 and right <= glyph.advance
    cell = np.zeros((rows, glyph.advance), np.bool_)
    if whole:
        cell[top:bottom, glyph.left : right] = glyph.ink
    return cell.tobytes("F"), whole


@lru_cache(maxsize=16384)
def _draws(face: Face, character: str) -> bool:
    """Compare with what the font draws for no character: the glyph `.notdef`."""
    font = face.at(_PROBE_SIZE)
    glyph, missing = font.glyph(character), font.glyph(_NO_CHARACTER)
    return not np.array_equal(glyph.ink, missing.ink)


@cache
def faces(weight: Weight) -> tuple[Face, ...]:
    """Give the fonts of this machine, best first; raises RenderError when there is none."""
    found = tuple(_face(path) for path in weight.value if Path(path).is_file())
    if not found:
        raise RenderError(
            f"expected a font in one of {', '.join(weight.value)}, found none: install the "
            "package fonts-noto-cjk (Chinese and Latin) or fonts-dejavu-core (Latin)"
        )
    return found


def face_for(text: str, weight: Weight, field: str) -> Face:
    """Give the first font that draws all of a text.

    Raises RenderError with the character that no font draws, that no font draws together with
    the rest of the text, or that cannot be drawn one glyph after the other.
    """
    for face in faces(weight):
        if face.sets(text):
            return face
    shaped = next((character for character in text if not _settable(character)), None)
    if shaped is not None:
        raise RenderError(
            f"{field}: U+{ord(shaped):04X} of {text!r} needs shaping (combining marks, controls "
            "and text from right to left are not drawn): take it out"
        )
    gaps = [next(mark for mark in text if not face.draws(mark)) for face in faces(weight)]
    nowhere = (mark for mark in text if not any(face.draws(mark) for face in faces(weight)))
    gap = next(nowhere, gaps[-1])
    raise RenderError(
        f"{field}: no font draws {gap!r} (U+{ord(gap):04X}) of {text!r}: take it out, or install "
        "a font that has it (fonts-noto-cjk for Chinese, Japanese and Korean)"
    )


@lru_cache(maxsize=16384)
def _settable(character: str) -> bool:
    return (
        unicodedata.category(character) not in _NEEDS_SHAPING
        and unicodedata.bidirectional(character) not in _RIGHT_TO_LEFT
    )


def fit(text: str, style: Type, room: tuple[int, int], weight: Weight, field: str) -> Setting:
    """Set a text as large as a room of (width, height) pixels allows, in up to `style.lines` lines.

    Raises RenderError when it does not fit at the smallest size: a cut text could mislead.
    """
    face = face_for(text, weight, field)
    found: Setting | None = None
    for size in range(_start(text, face, style, room), style.smallest - 1, -1):
        if found and size < found.font.size * _WORTH_A_LINE:
            break
        most_lines = len(found.lines) - 1 if found else style.lines
        if setting := _set(text, face.at(size), most_lines, room):
            found = setting
            if len(setting.lines) == 1:
                break
    if found:
        return found
    raise RenderError(
        f"{field}: {text!r} does not fit into {room[0]}x{room[1]} pixels at font size "
        f"{style.smallest}: shorten it"
    )


def _set(text: str, font: Font, most_lines: int, room: tuple[int, int]) -> Setting | None:
    lines = _wrap(text, font, room[0], most_lines)
    if not 1 <= len(lines) <= most_lines:
        return None
    top, bottom = _extent(lines[0], font)
    leading = round(font.size * 1.16)
    if len(lines) > 1:
        bottom = _extent(lines[-1], font)[1] + leading * (len(lines) - 1)
    width = max([_width(line, font) for line in lines])
    if width > room[0] or bottom - top > room[1]:
        return None
    return Setting(lines, font, leading, width, top, bottom)


def _start(text: str, face: Face, style: Type, room: tuple[int, int]) -> int:
    """Give a size that is large enough: text grows with the size, and digits are 0.7 of it high."""
    width, height = room
    length = face.at(style.largest).length(text)
    by_width = style.largest * width * style.lines // max(length, 1) + 3
    return max(min(style.largest, by_width, height * 10 // 7), style.smallest)


def _extent(line: str, font: Font) -> tuple[int, int]:
    """Give where the ink of a line begins and ends above and below the baseline, in pixels."""
    glyphs = font.glyphs(line)
    return min([glyph.top for glyph in glyphs]), max([glyph.top + glyph.height for glyph in glyphs])


def _width(line: str, font: Font) -> int:
    """Give the width of a line from its first ink to its last, in pixels."""
    first, last = _glyph(font, line[0]), _glyph(font, line[-1])
    return font.length(line) - last.advance - first.left + last.left + last.width


def _wrap(text: str, font: Font, width: int, most_lines: int) -> tuple[str, ...]:
    """Break a text between words, or between Chinese characters.

    Gives nothing when one word is wider, or the text is and may have one line only.
    """
    if font.length(text) <= width:
        return (text.strip(),)
    if most_lines == 1:
        return ()
    lines, length = [""], 0
    for word in _WORD.findall(text):
        step = font.length(word)
        if length + step <= width or word.isspace():
            lines[-1] += word
            length += step
        elif step <= width:
            lines.append(word)
            length = step
        else:
            return ()
    return tuple(line.strip() for line in lines)


@lru_cache(maxsize=256)  # words that stand on many labels
def write(text: str, style: Type, room: tuple[int, int], weight: Weight, field: str) -> Writing:
    """Draw a text as large as a room of (width, height) pixels allows, as high as the room.

    Raises RenderError when it does not fit at the smallest size.
    """
    setting = fit(text, style, room, weight, field)
    ink = written(setting, room[1], field)
    ink.flags.writeable = False
    return Writing(ink, setting.font.size)


def written(setting: Setting, height: int, field: str) -> Mask:
    """Draw lines from the left, as wide as they are, centred in a height in pixels.

    Gives height x width, True where there is ink. Raises RenderError when ink would be cut.
    """
    font, lines = setting.font, setting.lines
    mask = np.zeros((height, setting.width), np.bool_)
    # Centred by digits, not by ink: what stands side by side shares a baseline.
    below = setting.leading * (len(lines) - 1)
    baseline = (height - _glyph(font, "0").top - below) // 2
    baseline = max(min(baseline, height - setting.bottom), -setting.top)
    for n, line in enumerate(lines):
        _write(mask, line, font, baseline + n * setting.leading, field)
    return mask


def _write(mask: Mask, line: str, font: Font, baseline: int, field: str) -> None:
    """Add a line to a mask; the ink of its first character starts at the left."""
    cells, whole = zip(*map(_cell, repeat(font), line), strict=True)
    columns = np.frombuffer(b"".join(cells), np.bool_).reshape(-1, _rows(font.size))
    pen = -_glyph(font, line[0]).left
    lay(mask, columns.T, baseline - _above(font.size), pen, field)
    if not all(whole):
        for n in np.flatnonzero(np.logical_not(whole)):
            put(mask, _glyph(font, line[n]), pen + font.length(line[:n]), baseline, field)


def put(mask: Mask, glyph: Glyph, pen: int, baseline: int, field: str) -> None:
    """Add a glyph's ink to a mask; raises RenderError where some of it would be cut."""
    lay(mask, glyph.ink, baseline + glyph.top, pen + glyph.left, field)


def lay(mask: Mask, ink: Mask, top: int, left: int, field: str) -> None:
    """Add ink to a mask; raises RenderError where some of it, not only white, would be cut."""
    bottom, right = max(top + ink.shape[0], 0), max(left + ink.shape[1], 0)
    room = mask[max(top, 0) : bottom, max(left, 0) : right]
    part = ink[max(-top, 0) :, max(-left, 0) :][: room.shape[0], : room.shape[1]]
    if part.shape != ink.shape and np.count_nonzero(part) != np.count_nonzero(ink):
        raise RenderError(f"{field}: a character would be cut at the edge: shorten it")
    np.bitwise_or(room, part, out=room)
