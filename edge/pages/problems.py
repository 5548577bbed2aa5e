"""The faults that devices report by a short code, in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.pages.language import Language

_ANTENNA = re.compile(r"antenna-(\d+)-disconnected")


def problem_words(codes: str | None, language: Language) -> str | None:
    """Put codes that are joined with ", " into words; one that nobody knows stays as it is."""
    if not codes:
        return None
    return language.gettext(", ").join(_words(code, language) for code in codes.split(", "))


def _words(code: str, language: Language) -> str:
    antenna = _ANTENNA.fullmatch(code)
    if antenna is not None:
        return language.gettext("Antenna {antenna} is disconnected").format(antenna=antenna[1])
    known = {
        "silent": language.gettext("No sign of life"),
        "reads-lost": language.gettext("Readings were lost"),
        "radio-disconnected": language.gettext("The radio is disconnected"),
        "not-reading": language.gettext("It does not read tags"),
        "no-lane": language.gettext("No lane is set for it"),
        **_of_cameras(language),
    }
    return known.get(code, code)


def _of_cameras(language: Language) -> dict[str, str]:
    return {
        "no-signal": language.gettext("No picture comes in"),
        "dark": language.gettext("The picture is too dark"),
        "frozen": language.gettext("The picture stands still"),
        "covered": language.gettext("Something covers the lens"),
        "blurred": language.gettext("The picture is out of focus"),
        "moved": language.gettext("The camera was moved"),
        "config-refused": language.gettext("It cannot read its settings"),
    }
