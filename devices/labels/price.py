"""A price in words of its currency's country: which parts of it are drawn tall."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, getcontext
from functools import cache, lru_cache

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency, get_currency_precision, is_currency

from edge.errors import RenderError

# A currency of one country is written as there. The euro has no country: as in Germany.
_HOME = {
    "AUD": "en_AU",
    "BRL": "pt_BR",
    "CAD": "en_CA",
    "CHF": "de_CH",
    "CNY": "zh_CN",
    "CZK": "cs_CZ",
    "DKK": "da_DK",
    "EUR": "de_DE",
    "GBP": "en_GB",
    "HKD": "zh_HK",
    "HUF": "hu_HU",
    "IDR": "id_ID",
    "INR": "en_IN",
    "JPY": "ja_JP",
    "KRW": "ko_KR",
    "MXN": "es_MX",
    "MYR": "ms_MY",
    "NOK": "nb_NO",
    "NZD": "en_NZ",
    "PHP": "en_PH",
    "PLN": "pl_PL",
    "SEK": "sv_SE",
    "SGD": "en_SG",
    "THB": "th_TH",
    "TRY": "tr_TR",
    "TWD": "zh_TW",
    "USD": "en_US",
    "VND": "vi_VN",
    "ZAR": "en_ZA",
}
_PARTS = re.compile(r"(?P<before>\D*)(?P<whole>\d(?:.*\d)?)(?P<after>\D*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Price:
    """A price as text, and the same text in parts: each with whether it is drawn tall."""

    text: str
    parts: tuple[tuple[str, bool], ...]


def home(currency: str) -> str:
    """Give the locale that a currency is written in, such as `zh_CN`; English where unknown."""
    return _HOME.get(currency, "en")


def price(amount: int, currency: str, locale: str | None = None) -> Price:
    """Write an amount in minor units; `locale` such as `zh_CN`, None for the currency's own.

    Raises RenderError when the currency or locale is unknown, the amount is below zero, or the
    digits that were written are not those of the amount.
    """
    places = _places(currency)
    if amount < 0 or places is None:
        raise RenderError(
            f"price: expected an amount of 0 or more in an ISO 4217 currency, came {amount} "
            f"{currency!r}"
        )
    digits = str(amount).zfill(places + 1)
    text = _pattern(len(digits), places, currency, locale or home(currency)) % tuple(digits)
    return Price(text, _parts(text, places))


@lru_cache(maxsize=256)
def _places(currency: str) -> int | None:
    """Give how many digits the fraction of a currency has, None where there is no such currency."""
    return get_currency_precision(currency) if is_currency(currency) else None


@lru_cache(maxsize=1024)
def _pattern(digits: int, places: int, currency: str, locale: str) -> str:
    """Give how an amount of so many digits is written, `%s` for each of them."""
    most = getcontext().prec
    if digits > most:
        raise RenderError(f"price: expected at most {most} digits, came {digits}")
    text = _written(Decimal("1" * digits).scaleb(-places), currency, locale)
    if re.sub(r"\D", "", text) != "1" * digits:
        raise RenderError(f"price: {digits} digits of {currency} would be written as {text!r}")
    return re.sub(r"\d", "%s", text.replace("%", "%%"))


def _written(value: Decimal, currency: str, locale: str) -> str:
    try:
        text = format_currency(value, currency, locale=_locale(locale), numbering_system="latn")
    except (UnknownLocaleError, ValueError) as fault:
        raise RenderError(f"price: expected a locale such as zh_CN, came {locale!r}") from fault
    return re.sub(r"\s", " ", text)


@cache
def _locale(name: str) -> Locale:
    return Locale.parse(name)


def _parts(text: str, places: int) -> tuple[tuple[str, bool], ...]:
    """Split into symbol, whole units (tall), decimal sign with fraction, and symbol."""
    match = _PARTS.fullmatch(text)
    if match is None:
        raise RenderError(f"price: {text!r} has no digits")
    before, number, after = match["before"], match["whole"], match["after"]
    split = len(number) - places - 1 if places else len(number)
    parts = ((before, False), (number[:split], True), (number[split:], False), (after, False))
    return tuple((part, tall) for part, tall in parts if part)
