"""Text on a label: fonts of the system, glyph coverage, and the largest size that fits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import ImageFont

from edge.errors import RenderError

if TYPE_CHECKING:
    from devices.labels.layout import TextArea

_NOTO_CJK_SIMPLIFIED = 2  # face of the collection: JP, KR, SC, TC, HK
_FACES = (
    ("/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf", 0),
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc", _NOTO_CJK_SIMPLIFIED),
    ("/usr/share/fonts/noto-cjk/NotoSansCJK-Bold.ttc", _NOTO_CJK_SIMPLIFIED),
    ("/usr/share/fonts/truetype/noto/NotoSans-Bold.ttf", 0),
)
_NO_CHARACTER = "\U0010ffff"
_PROBE_SIZE = 24  # pixels; enough for two glyphs to differ
_WORD = re.compile(
    r"[^\s\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef]+|"
    r"\S[\u3001\u3002\uff0c\uff01\uff1f\uff1b\uff1a\uff09\u300b\u201d]*|\s+"
)


@dataclass(frozen=True, slots=True)
class Face:
    """A font file and the face within it."""

    path: str
    index: int

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        """Give the font at a size in pixels."""
        return _font(self, size)

    def draws(self, character: str) -> bool:
        """Say whether the font has a glyph of its own for a character."""
        return _draws(self, character)


@dataclass(frozen=True, slots=True)
class Setting:
    """A text that fits: its lines, its font and the distance from line to line in pixels."""

    lines: tuple[str, ...]
    font: ImageFont.FreeTypeFont
    leading: int


@lru_cache(maxsize=256)
def _font(face: Face, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(face.path, size, index=face.index)


@lru_cache(maxsize=16384)
def _draws(face: Face, character: str) -> bool:
    """Compare with what the font draws for no character: the glyph `.notdef`."""
    font = face.at(_PROBE_SIZE)
    glyph, missing = (font.getmask(text, "1") for text in (character, _NO_CHARACTER))
    return (glyph.size, bytes(glyph)) != (missing.size, bytes(missing))


@cache
def faces() -> tuple[Face, ...]:
    """Give the fonts of this machine, best first; raises RenderError when there is none."""
    found = tuple(Face(path, index) for path, index in _FACES if Path(path).is_file())
    if not found:
        raise RenderError(
            f"expected a font in one of {', '.join(path for path, _ in _FACES)}, found none: "
            "install the package fonts-noto-cjk (Chinese and Latin) or fonts-dejavu-core (Latin)"
        )
    return found


def face_for(text: str, field: str) -> Face:
    """Give the first font that draws all of a text.

    Raises RenderError with the character that no font draws, or that no font draws together with
    the rest of the text.
    """
    gaps = []
    for face in faces():
        gap = next((character for character in text if not face.draws(character)), None)
        if gap is None:
            return face
        gaps.append(gap)
    gap = next((mark for mark in text if not any(f.draws(mark) for f in faces())), gaps[-1])
    raise RenderError(
        f"{field}: no font draws {gap!r} (U+{ord(gap):04X}) of {text!r}: take it out, or install "
        "a font that has it (fonts-noto-cjk for Chinese, Japanese and Korean)"
    )


def fit(text: str, area: TextArea, field: str) -> Setting:
    """Set a text as large as its area allows.

    Raises RenderError when it does not fit at the smallest size: a cut text could mislead.
    """
    face = face_for(text, field)
    for size in range(area.largest, area.smallest - 1, -1):
        font = face.at(size)
        lines = _wrap(text, font, area.box.width)
        leading = sum(font.getmetrics()) if len(lines) > 1 else _ink_height(font)
        if lines and len(lines) <= area.lines and leading * len(lines) <= area.box.height:
            return Setting(lines, font, leading)
    raise RenderError(
        f"{field}: {text!r} does not fit into {area.box.width}x{area.box.height} pixels at font "
        f"size {area.smallest}: shorten it"
    )


def _ink_height(font: ImageFont.FreeTypeFont) -> int:
    _, top, _, bottom = font.getbbox("Ågj", anchor="ls")
    return int(bottom - top)


def _wrap(text: str, font: ImageFont.FreeTypeFont, width: int) -> tuple[str, ...]:
    """Break a text between words, or between Chinese characters; empty when one word is wider."""
    lines = [""]
    for word in _WORD.findall(text):
        if font.getlength((lines[-1] + word).rstrip()) <= width:
            lines[-1] += word
        elif font.getlength(word) <= width:
            lines.append(word.lstrip())
        else:
            return ()
    return tuple(line.strip() for line in lines)
