"""Whether labels can show what changes would bring, asked by drawing it before anything changes.

Drawing takes milliseconds, and there may be thousands of labels. The parts of a label do not get
into each other's way, so a picture is not drawn again whose words (name, code) were drawn with
other figures, and whose figures (as many digits at the same places) were drawn with other words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from edge.api.csv_rows import RowFault
from edge.api.desk import Desk
from edge.errors import RenderError
from edge.events import LabelContent
from edge.price_sets import PriceEffect


class _Seen:
    """What labels can show, as far as it is known."""

    def __init__(self) -> None:
        self._words: set[bytes] = set()
        self._figures: set[bytes] = set()

    def add(self, content: LabelContent) -> None:
        self._words.add(_words(content))
        self._figures.add(_figures(content))

    def __contains__(self, content: LabelContent) -> bool:
        return _words(content) in self._words and _figures(content) in self._figures


def undrawable(desk: Desk, effects: Sequence[PriceEffect]) -> list[RowFault]:
    """Name the changes that one of their labels cannot show, and why."""
    seen = _Seen()
    for content in _drawn(desk, {name for effect in effects for name in effect.labels}):
        seen.add(content)
    found = [(n, _fault(desk, effect, seen)) for n, effect in enumerate(effects)]
    return [RowFault(n, "", fault) for n, fault in found if fault]


def _drawn(desk: Desk, names: set[str]) -> Iterable[LabelContent]:
    """Give what some of these labels were to show and could."""
    if not names:
        return ()
    labels = desk.queries.labels()
    drawn = (label for label in labels if label.state in ("sent", "shown"))
    return [label.content for label in drawn if label.content and label.label in names]


def _fault(desk: Desk, effect: PriceEffect, seen: _Seen) -> str:
    for label, content in zip(effect.labels, effect.contents, strict=True):
        if content in seen:
            continue
        try:
            desk.draw(content)
        except RenderError as fault:
            return f"label {label} cannot show it: {fault}"
        seen.add(content)
    return ""


def _words(content: LabelContent) -> bytes:
    return msgspec.json.encode([content.template, content.gtin, content.name, content.names])


def _figures(content: LabelContent) -> bytes:
    """Give what the rest of a label depends on, each amount by its number of digits.

    The first digit of a GTIN decides on the kind of its code, and so on the room of the rest.
    """
    return msgspec.json.encode(
        replace(
            content,
            gtin=content.gtin[:1],
            name="",
            names={},
            amount=len(str(content.amount)),
            regular=_digits(content.regular),
            member=_digits(content.member),
            unit_price=_digits(content.unit_price),
        )
    )


def _digits(amount: int | None) -> int | None:
    return None if amount is None else len(str(amount))
