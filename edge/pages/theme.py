"""The colours of the pages: a light ground, the store's accent, and contrast by WCAG 2.2."""

from __future__ import annotations

from msgspec import Struct

TEXT_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3 (AA): text against what lies behind it."""

GRAPHIC_CONTRAST = 3.0
"""WCAG 2.2, 1.4.11 (AA): marks and controls against what lies beside them."""

WHITE, BLACK = "#ffffff", "#000000"
INK, MUTED = "#16202a", "#55616d"
GROUND, PANEL, LINE = "#f6f7f9", "#ffffff", "#e2e6ea"
STATUS = {
    "ok": ("#17703f", "#dff1e6"),
    "warn": ("#8a5300", "#fdeccb"),
    "bad": ("#b3261e", "#fbe3e1"),
    "idle": ("#55616d", "#eceff2"),
}
"""Status: strong colour for text and marks, soft colour for areas under them."""

HEAT = (0.05, 0.11, 0.19, 0.29)
"""How much accent a zone's ground takes as it fills with people."""


class Theme(Struct, frozen=True):
    """The accent in its four uses, all derived from the one colour in store.toml.

    `accent` fills; `on_accent` is text on it; `accent_text` is the accent as text or mark on any
    ground of the pages; `accent_soft` is an area under `accent_text`; `heat` are the grounds of
    a zone from few people to many, each under ink.
    """

    accent: str
    on_accent: str
    accent_text: str
    accent_soft: str
    heat: tuple[str, ...]

    def css(self) -> str:
        """Give all colours as CSS variables."""
        variables = {
            "accent": self.accent,
            "on-accent": self.on_accent,
            "accent-text": self.accent_text,
            "accent-soft": self.accent_soft,
            "ink": INK,
            "muted": MUTED,
            "ground": GROUND,
            "panel": PANEL,
            "line": LINE,
        }
        variables |= {f"heat-{step}": colour for step, colour in enumerate(self.heat, 1)}
        for name, (strong, soft) in STATUS.items():
            variables |= {name: strong, f"{name}-soft": soft}
        return ":root{" + ";".join(f"--{name}:{value}" for name, value in variables.items()) + "}"


def theme(accent: str) -> Theme:
    """Derive the colours from the store's accent, `#rrggbb`; every text on them reads."""
    soft = _mix(accent, WHITE, 0.1)
    text = accent
    while min(contrast(text, soft), contrast(text, GROUND)) < TEXT_CONTRAST:
        text = _mix(text, BLACK, 0.94)
    readable = (c for c in (WHITE, INK, BLACK) if contrast(c, accent) >= TEXT_CONTRAST)
    return Theme(
        accent=accent,
        on_accent=next(readable),
        accent_text=text,
        accent_soft=soft,
        heat=tuple(_mix(accent, WHITE, share) for share in HEAT),
    )


def contrast(one: str, other: str) -> float:
    """Give the contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _channels(colour: str) -> tuple[int, int, int]:
    value = bytes.fromhex(colour.removeprefix("#"))
    return value[0], value[1], value[2]


def _luminance(colour: str) -> float:
    def linear(channel: int) -> float:
        part = channel / 255
        return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004  (sRGB, IEC 61966-2-1)

    red, green, blue = (linear(channel) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mix(one: str, other: str, share: float) -> str:
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)
