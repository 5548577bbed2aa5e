"""What stands where on a label."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from itertools import chain
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec
import numpy as np

from devices.labels.codes import code_text, ean13, is_ean13, qr
from devices.labels.elements import Element, chip, inked, struck, text
from devices.labels.figures import Figures, figures
from devices.labels.layout import Arrangement, Box, Template, template
from devices.labels.price import Price, home, price
from devices.labels.typeset import Weight
from edge.errors import RenderError

if TYPE_CHECKING:
    from devices.labels.png import Pixels
    from edge.events import LabelContent

_MARKS = {"in": "\u25cf", "few": "\u25d0", "none": "\u25cb"}  # a full, a half and an empty circle
_PART = 0.56  # of the price's room may be taken by what stands to its right
_GAP = 8  # pixels between two texts of a row


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """A label as it is meant: its elements on white, what its code says, and its price as set."""

    template: Template
    elements: tuple[Element, ...]
    code: str
    figures: Figures

    def pixels(self) -> Pixels:
        """Give the picture, height x width palette indices."""
        panel = self.template.panel
        picture = np.zeros((panel.height, panel.width), np.uint8)
        for element in self.elements:
            picture[element.box.area] = element.pixels
        return picture


@dataclass(frozen=True, slots=True)
class _Extras:
    """What stands beside the price: texts, empty where there are none."""

    promotion: str
    regular: str
    member: str

    def __bool__(self) -> bool:
        return bool(self.promotion or self.regular or self.member)


_Way: TypeAlias = Callable[[], tuple[Iterable[Element], Box]]


def draw(content: LabelContent, barcode: str | None, locale: str | None) -> Drawing:
    """Set everything that a label shows; raises RenderError where something does not fit.

    `barcode` and `locale` as for `render`.
    """
    look = template(content.template)
    code = barcode or code_text(content.gtin)
    place = look.panel.ean if is_ean13(code) else look.panel.qr
    locale = locale or home(content.currency)
    extras = _extras(content, locale)
    amount = price(content.amount, content.currency, locale)
    beside, room, tag = _offer(look, place, extras, amount)
    reduced = extras.promotion or extras.regular
    colour = look.palette.offer if reduced else look.palette.text
    elements = (
        *_names(look, content),
        *beside,
        inked("price", room, tag.ink, colour),
        *_foot(look, place, content, locale),
        _code(look, place, code),
    )
    return Drawing(look, elements, code, tag)


def _one_line(words: str) -> str:
    """Give a text in composed characters (Unicode NFC) with single spaces."""
    return " ".join(unicodedata.normalize("NFC", words).split())


@cache
def _languages() -> dict[str, dict[str, str]]:
    file = resources.files("devices.labels") / "words.toml"
    return msgspec.toml.decode(file.read_bytes(), type=dict[str, dict[str, str]])


def _words(locale: str) -> dict[str, str]:
    known = _languages()
    return known.get(locale) or known.get(locale.partition("_")[0]) or known["en"]


def _extras(content: LabelContent, locale: str) -> _Extras:
    """Write the further prices; raises RenderError where they are not what their names say."""
    amount, regular, member = content.amount, content.regular, content.member
    if regular is not None and regular <= amount:
        raise RenderError(f"regular: expected more than the price {amount}, came {regular}")
    if member is not None and member >= amount:
        raise RenderError(f"member: expected less than the price {amount}, came {member}")

    def write(minor: int | None) -> str:
        return "" if minor is None else price(minor, content.currency, locale).text

    promotion = _one_line(content.promotion or "")
    word = "" if member is None else f"{_words(locale)['member']} "
    return _Extras(promotion, write(regular), word + write(member))


def _split(box: Box, height: int) -> tuple[Box, Box]:
    """Cut a box into an upper one of a height and the rest."""
    middle = box.top + height
    return (
        Box(box.left, box.top, box.right, middle),
        Box(box.left, middle, box.right, box.bottom),
    )


def _names(look: Template, content: LabelContent) -> Iterator[Element]:
    """Draw the name, below it the first further language by its code, and a rule."""
    panel, ink = look.panel, look.palette.text
    name = _one_line(content.name)
    if not name:
        raise RenderError("name: expected a text, came none")
    box = panel.names
    others = (_one_line(content.names[language]) for language in sorted(content.names))
    if second := next((other for other in others if other and other != name), ""):
        box, below = _split(box, box.height - panel.second.height)
        yield text("names", second, below, panel.second, Weight.BOOK, ink)
    yield text("name", name, box, panel.name, Weight.BOLD, ink)
    yield inked("rule", panel.rule, np.ones((panel.rule.height, panel.rule.width), np.bool_), ink)


def _offer(
    look: Template, place: Arrangement, extras: _Extras, amount: Price
) -> tuple[tuple[Element, ...], Box, Figures]:
    """Arrange price and extras in the way that gives the tallest digits.

    Gives the extras, the price's room and the price. Raises RenderError when no way has room.
    """
    found, faults = [], []
    for way in _ways(look, place, extras):
        try:
            elements, room = way()
            tag = figures(amount, look.panel.price, (room.width, room.height))
        except RenderError as fault:
            faults.append(fault)
        else:
            found.append((elements, room, tag))
    for elements, room, tag in sorted(found, key=lambda way: -way[2].fonts[0].size):
        try:
            return tuple(elements), room, tag
        except RenderError as fault:
            faults.append(fault)
    raise faults[-1]


def _ways(look: Template, place: Arrangement, extras: _Extras) -> Iterator[_Way]:
    """Give the ways to arrange the extras: each gives them, and the room left to the price."""
    if extras and place.extras:
        stack = _stacked(look, place.extras, extras)
        yield lambda: (stack, place.offer)
        return
    yield partial(_around, look, place.offer, extras)
    if extras:
        yield partial(_right, look, place.offer, extras)


def _around(look: Template, room: Box, extras: _Extras) -> tuple[Iterable[Element], Box]:
    """Put the promotion above the price and further prices below it."""
    panel = look.panel
    above: Iterable[Element] = ()
    below: Iterable[Element] = ()
    if extras.promotion:
        row, room = _split(room, panel.promotion.height)
        above = _stacked(look, row, _Extras(extras.promotion, "", ""))
        room = _split(room, panel.promotion.height // 6)[1]
    if extras.regular or extras.member:
        room, row = _split(room, room.height - panel.aside.height)
        below = _in_a_row(look, row, extras)
        room = _split(room, room.height - panel.aside.height // 6)[0]
    return chain(above, below), room


def _right(look: Template, room: Box, extras: _Extras) -> tuple[Iterable[Element], Box]:
    """Put all extras to the right of the price, as narrow as they are."""
    left = room.right - int(room.width * _PART)
    stack = list(_stacked(look, Box(left, room.top, room.right, room.bottom), extras))
    spare = room.right - max(element.box.right for element in stack)
    price_ends = left + spare - look.panel.promotion.height // 3
    return (
        (element.moved(spare) for element in stack),
        Box(room.left, room.top, price_ends, room.bottom),
    )


def _stacked(look: Template, room: Box, extras: _Extras) -> Iterator[Element]:
    """Draw what there is from top to bottom."""
    panel, palette = look.panel, look.palette
    if extras.promotion:
        row, room = _split(room, panel.promotion.height)
        yield chip("promotion", extras.promotion, row, panel.promotion, palette.promotion)
        room = _split(room, panel.promotion.height // 6)[1]
    if extras.regular:
        row, room = _split(room, panel.aside.height)
        yield struck("regular", extras.regular, row, panel.aside, palette.text)
    if extras.member:
        row, _ = _split(room, panel.aside.height)
        yield chip("member", extras.member, row, panel.aside, palette.member)


def _in_a_row(look: Template, row: Box, extras: _Extras) -> Iterator[Element]:
    """Draw the regular price, and the member price to its right."""
    style, palette, left = look.panel.aside, look.palette, row.left
    if extras.regular:
        half = row.left + row.width * 2 // 5 if extras.member else row.right
        room = Box(row.left, row.top, half, row.bottom)
        was = struck("regular", extras.regular, room, style, palette.text)
        left = was.box.right + _GAP
        yield was
    if extras.member:
        room = Box(left, row.top, row.right, row.bottom)
        yield chip("member", extras.member, room, style, palette.member)


def _unit(content: LabelContent, locale: str) -> tuple[str, str]:
    """Write the unit price and what it is the price of; or what is told instead, and nothing."""
    if content.unit_price is None:
        return _one_line(content.unit), ""
    per = _one_line(content.per)
    if content.unit_price < 0 or not per:
        raise RenderError(
            "unit: expected a unit price of 0 or more and what it is for, such as kg, came "
            f"{content.unit_price} for {content.per!r}"
        )
    amount = price(content.unit_price, content.currency, locale).text
    return amount, f"/ {_words(locale)['piece'] if per == 'piece' else per}"


def _states(content: LabelContent, locale: str) -> tuple[str, ...]:
    """Give the ways to tell the stock state: in words, and by its mark alone."""
    if content.stock is None:
        return ("",)
    mark = _MARKS[content.stock]
    return f"{mark} {_words(locale)[content.stock]}", mark


def _foot(look: Template, place: Arrangement, content: LabelContent, locale: str) -> list[Element]:
    """Draw unit price and stock state in the first way that has room.

    Where the state's words have none, its mark stands alone; where a unit price has none in a row,
    it takes two.
    """
    box = place.foot
    unit, per = _unit(content, locale)
    states = _states(content, locale)
    ways = [partial(_feet, look, box, f"{unit} {per}".strip(), state) for state in states]
    if per and _has_two_rows(look, box):
        ways.append(partial(_in_two_rows, look, box, (unit, per), states[-1]))
    for way in ways[:-1]:
        with suppress(RenderError):
            return way()
    return ways[-1]()


def _feet(look: Template, box: Box, unit: str, stock: str) -> list[Element]:
    """Put two texts below one another, or at the two ends of a row; or one where one is empty."""
    if not (unit and stock):
        fields = (("unit", unit), ("stock", stock))
        return [_small(look, field, words, box) for field, words in fields if words]
    if _has_two_rows(look, box):
        upper, lower = _split(box, box.height // 2)
        return [_small(look, "unit", unit, upper), _small(look, "stock", stock, lower)]
    half = Box(box.left + box.width // 2, box.top, box.right, box.bottom)
    right = _small(look, "stock", stock, half, "right")
    rest = Box(box.left, box.top, right.box.left - _GAP, box.bottom)
    return [_small(look, "unit", unit, rest), right]


def _in_two_rows(look: Template, box: Box, unit: tuple[str, str], stock: str) -> list[Element]:
    """Put a unit price above what it is the price of, and the stock state beside that."""
    upper, lower = _split(box, box.height // 2)
    amount, per = unit
    return [_small(look, "unit", amount, upper), *_feet(look, lower, per, stock)]


def _has_two_rows(look: Template, box: Box) -> bool:
    return box.height >= 2 * look.panel.foot.height


def _small(
    look: Template, field: str, words: str, box: Box, align: Literal["left", "right"] = "left"
) -> Element:
    return text(field, words, box, look.panel.foot, Weight.BOOK, look.palette.text, align)


def _code(look: Template, place: Arrangement, code: str) -> Element:
    bars = is_ean13(code)
    mask = ean13(code, place.code, look.panel.digits) if bars else qr(code, place.code)
    return inked("barcode", place.code, mask, look.palette.text)
