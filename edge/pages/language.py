"""The languages of the pages: words from gettext catalogues, numbers, money and times by Babel."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, format_time, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import (
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
)
from babel.support import NullTranslations, Translations
from babel.units import format_unit
from msgspec import Struct

if TYPE_CHECKING:
    from edge.config import Store

Code = Literal["en", "zh"]
CODES: tuple[Code, ...] = ("en", "zh")
OWN_NAMES: dict[Code, str] = {"en": "English", "zh": "中文"}
HTML_LANG: dict[Code, Literal["en-US", "zh-CN"]] = {"en": "en-US", "zh": "zh-CN"}
LOCALE: dict[Code, str] = {"en": "en", "zh": "zh_Hans_CN"}
_CATALOGUE: dict[Code, str] = {"zh": "zh_Hans"}

JUST_NOW = timedelta(minutes=1)
COARSE_S = 10.0


class When(Struct, frozen=True):
    """A time as people say it, and the exact one for those who touch it."""

    ago: str
    exact: str


class Language:
    """One language in one shop: words, numbers, money and times as its people write them."""

    def __init__(self, code: Code, store: Store) -> None:
        """Take the words of `code`, and currency and time zone of the shop."""
        self.code: Code = code
        self.html_lang = HTML_LANG[code]
        self._locale = LOCALE[code]
        self._words = _catalogue(code)
        self._currency = store.currency
        self._zone = ZoneInfo(store.timezone)

    def gettext(self, message: str) -> str:
        """Give the sentence in this language; English is the key."""
        return self._words.gettext(message)

    def ngettext(self, one: str, many: str, count: int) -> str:
        """Give the sentence for `count`, which is put in where it says `{count}`."""
        return self._words.ngettext(one, many, count).format(count=self.number(count))

    def number(self, value: float) -> str:
        """Write a number with this language's separators."""
        return format_decimal(value, locale=self._locale)

    def percent(self, share: float) -> str:
        """Write a share of 1 as per cent, with one decimal place below ten per cent."""
        pattern = "#,##0.#%" if share < 0.1 else None  # noqa: PLR2004  (two digits say enough)
        return format_percent(share, pattern, locale=self._locale)

    def money(self, minor: int, *, whole: bool = False) -> str:
        """Write an amount in minor units of the shop's currency; `whole` leaves out the cents."""
        places = get_currency_precision(self._currency)
        amount = Decimal(minor).scaleb(-places)
        if not whole:
            return format_currency(amount, self._currency, locale=self._locale)
        amount = amount.quantize(Decimal(1))
        return format_currency(
            amount, self._currency, "¤#,##0", locale=self._locale, currency_digits=False
        )

    def duration(self, seconds: float) -> str:
        """Write how long something takes or lags: seconds, then minutes, then hours."""
        minute, hour = 60.0, 3600.0
        if seconds < minute:
            value = round(seconds, 1) if seconds < COARSE_S else round(seconds)
            return format_unit(value, "duration-second", "short", locale=self._locale)
        if seconds < hour:
            return format_unit(
                round(seconds / minute), "duration-minute", "short", locale=self._locale
            )
        return format_unit(round(seconds / hour, 1), "duration-hour", "short", locale=self._locale)

    def when(self, time: datetime, now: datetime) -> When:
        """Write a time as "2 min ago" and exactly, in the shop's time zone.

        The youngest minute is "just now": what moves all the time needs no new text every second.
        """
        passed = now - time
        if passed < JUST_NOW:
            ago = self.gettext("just now")
        else:
            ago = format_timedelta(-passed, add_direction=True, format="short", locale=self._locale)
        return When(ago=ago, exact=self.exact(time, now))

    def exact(self, time: datetime, now: datetime) -> str:
        """Write a time to the second, with its date unless that is today's."""
        local, today = time.astimezone(self._zone), now.astimezone(self._zone).date()
        if local.date() == today:
            return format_time(local, "medium", self._zone, self._locale)
        return format_datetime(local, "medium", self._zone, self._locale)


def is_code(text: str | None) -> bool:
    """Tell whether the pages speak the language of this code."""
    return text in CODES


def best_code(cookie: str | None, accept_language: str) -> Code:
    """Choose a language: the reader's own choice, or else the first that the browser names."""
    wanted = (cookie or "", *accept_language.replace(" ", "").lower().split(","))
    for name in wanted:
        for code in CODES:
            if name.split(";")[0].split("-")[0] == code:
                return code
    return CODES[0]


@cache
def _catalogue(code: Code) -> NullTranslations:
    folder = _CATALOGUE.get(code)
    if folder is None:
        return NullTranslations()
    source = files("edge.pages").joinpath("locale", folder, "LC_MESSAGES", "pages.po")
    compiled = BytesIO()
    write_mo(compiled, read_po(StringIO(source.read_text("utf-8")), locale=folder))
    compiled.seek(0)
    return Translations(compiled, domain="pages")
