"""What people and programs write for a thing, and the tag that it makes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec import Struct

from devices.gtin import gtin14
from devices.rfid.epc_tags import DATES, Giai, Grai, Sgln, Sgtin, Sscc, Tag, check_digit, is_date
from devices.rfid.epc_text import legal, unescape
from edge.errors import ContractError


class Named(Struct, frozen=True):
    """A thing's GS1 Application Identifiers, and what else a text said of its tag."""

    ai: dict[str, str]
    prefix_digits: int | None = None
    scheme: str | None = None
    filter: int | None = None


class _Urn(NamedTuple):
    """How a URN's components read, and how many digits the first two have together."""

    pattern: re.Pattern[str]
    digits: int
    ai: Callable[[str, str, str], dict[str, str]]


def _with_check_digit(body: str) -> str:
    return f"{body}{check_digit(int(body))}"


def _sgtin_ai(company: str, reference: str, serial: str) -> dict[str, str]:
    gtin = _with_check_digit(reference[0] + company + reference[1:])
    return {"01": gtin, "21": serial}


def _sscc_ai(company: str, reference: str, _: str) -> dict[str, str]:
    return {"00": _with_check_digit(reference[0] + company + reference[1:])}


def _sgln_ai(company: str, reference: str, extension: str) -> dict[str, str]:
    gln = {"414": _with_check_digit(company + reference)}
    return gln if extension == "0" else gln | {"254": extension}


def _grai_ai(company: str, reference: str, serial: str) -> dict[str, str]:
    return {"8003": f"0{_with_check_digit(company + reference)}{serial}"}


def _giai_ai(company: str, _: str, reference: str) -> dict[str, str]:
    return {"8004": company + reference}


_PADDED = re.compile(r"([0-9]{6,12})\.([0-9]*)\.(.+)")
_URNS = {
    "sgtin": _Urn(_PADDED, 13, _sgtin_ai),
    "sscc": _Urn(re.compile(r"([0-9]{6,12})\.([0-9]*)()"), 17, _sscc_ai),
    "sgln": _Urn(_PADDED, 12, _sgln_ai),
    "grai": _Urn(_PADDED, 12, _grai_ai),
    "giai": _Urn(re.compile(r"([0-9]{6,12})()\.(.+)"), 0, _giai_ai),
}
_TAG_URI = re.compile(r"urn:epc:tag:(([a-z]+)-[0-9]+):([0-7])\.(.+)")
_ID_URI = re.compile(r"urn:epc:id:([a-z]+):(.+)")
_ELEMENT = re.compile(r"\(([0-9]{2,4})\)")
_FORMS = (
    "urn:epc:id:..., urn:epc:tag:..., a GS1 Digital Link URI, or a GS1 element string such as "
    "(01)09506000134352(21)6789"
)


def named(text: str) -> Named:
    """Read an EPC Tag URI, a pure identity URI, a Digital Link URI or an element string.

    Values are taken as they stand; `tag_of` checks them. Raises ContractError for other texts.
    """
    if match := _TAG_URI.fullmatch(text):
        scheme, urn, filter_value, components = match.groups()
        return Named(*_of_urn(text, urn, components), scheme, int(filter_value))
    if match := _ID_URI.fullmatch(text):
        return Named(*_of_urn(text, *match.groups()))
    if text.lower().startswith(("https://", "http://")):
        return Named(_of_link(text))
    if _ELEMENT.match(text):
        _, *elements = _ELEMENT.split(text)
        return Named(_once(text, list(zip(elements[::2], elements[1::2], strict=True))))
    raise ContractError("text", _FORMS, repr(text))


def _of_urn(text: str, name: str, components: str) -> tuple[dict[str, str], int]:
    """Join what a URN divides, and add the check digit (TDS 2.3, 7.3 to 7.7)."""
    urn = _URNS.get(name)
    if urn is None:
        raise ContractError("text", f"one of {', '.join(_URNS)}", repr(text))
    match = urn.pattern.fullmatch(components)
    if not match or (urn.digits and len(match[1] + match[2]) != urn.digits):
        expected = f"a {name} with a company prefix of 6 to 12 digits"
        if urn.digits:
            expected += f", {urn.digits} digits with what follows it"
        raise ContractError("text", expected, repr(text))
    company, reference, serial = match.groups()
    told = unescape("text", serial) if serial else ""
    return urn.ai(company, reference, told), len(company)


def _of_link(text: str) -> dict[str, str]:
    """Take the path from its key on, and the query's Application Identifiers."""
    try:
        link = urlsplit(text)
    except ValueError:
        raise ContractError("text", "a URI", repr(text)) from None
    steps = link.path.strip("/").split("/")
    start = next((at for at, step in enumerate(steps) if step in _KINDS), len(steps))
    if start == len(steps) or (len(steps) - start) % 2:
        expected = f"a path of keys and values that begins with one of {', '.join(_KINDS)}"
        raise ContractError("text", expected, repr(text))
    path = zip(steps[start::2], map(unquote, steps[start + 1 :: 2]), strict=True)
    query = parse_qsl(link.query.replace(";", "&"), keep_blank_values=True)
    return _once(text, [*path, *((ai, value) for ai, value in query if ai.isdecimal())])


def _once(text: str, pairs: list[tuple[str, str]]) -> dict[str, str]:
    ai = dict(pairs)
    if len(ai) < len(pairs):
        raise ContractError("text", "each Application Identifier once", repr(text))
    return ai


def tag_of(ai: Mapping[str, str], filter_value: int, prefix_digits: int | None) -> Tag:
    """Make a tag that has no code and no scheme yet; raises ContractError."""
    key = next(filter(ai.__contains__, _KINDS), None)
    if key is None:
        raise ContractError("ai", f"one of {', '.join(_KINDS)}", ", ".join(ai) or "none")
    make, known = _KINDS[key]
    if not ai.keys() <= known:
        expected = f"nothing but {', '.join(sorted(known))}"
        raise ContractError("ai", expected, ", ".join(sorted(ai.keys() - known)))
    return make(ai, filter_value, prefix_digits)


def _sgtin(ai: Mapping[str, str], filter_value: int, digits: int | None) -> Sgtin:
    gtin, serial = gtin14(ai["01"]), legal("serial", ai.get("21"), 20)
    if gtin is None:
        expected = "8, 12, 13 or 14 digits with their check digit"
        raise ContractError("gtin", expected, repr(ai["01"]))
    dates = [(name, _date(date)) for name, date in ai.items() if name in DATES]
    if len(dates) > 1:
        raise ContractError("date", "one date", " and ".join(name for name, _ in dates))
    return Sgtin("", "", filter_value, digits, gtin, serial, *dates)


def _sscc(ai: Mapping[str, str], filter_value: int, digits: int | None) -> Sscc:
    return Sscc("", "", filter_value, digits, _checked("sscc", ai["00"], 18))


def _sgln(ai: Mapping[str, str], filter_value: int, digits: int | None) -> Sgln:
    extension = legal("extension", ai["254"], 20) if "254" in ai else None
    if extension == "0":
        raise ContractError("extension", "another than 0, which stands for none", "'0'")
    return Sgln("", "", filter_value, digits, _checked("gln", ai["414"], 13), extension)


def _grai(ai: Mapping[str, str], filter_value: int, digits: int | None) -> Grai:
    whole = ai["8003"]
    if whole[:1] != "0":
        raise ContractError("grai", "0, 13 digits and a serial", repr(whole))
    grai, serial = _checked("grai", whole[1:14], 13), legal("serial", whole[14:], 16)
    return Grai("", "", filter_value, digits, grai, serial)


def _giai(ai: Mapping[str, str], filter_value: int, digits: int | None) -> Giai:
    giai = legal("giai", ai["8004"], 30)
    if not re.match(f"[0-9]{{{digits or 6}}}.", giai):
        expected = f"{digits or '6 to 12'} digits of company prefix and a reference"
        raise ContractError("giai", expected, repr(giai))
    return Giai("", "", filter_value, digits, giai)


def _date(text: str) -> str:
    match = re.fullmatch(r"[0-9]{2}([0-9]{2})([0-9]{2})", text)
    if not match or not is_date(int(match[1]), int(match[2])):
        raise ContractError("date", "YYMMDD", repr(text))
    return text


def _checked(name: str, digits: str, count: int) -> str:
    known = re.fullmatch(f"[0-9]{{{count}}}", digits)
    if not known or _with_check_digit(digits[:-1]) != digits:
        raise ContractError(name, f"{count} digits with their check digit", repr(digits))
    return digits


# By the key's Application Identifier: what makes the tag, and all that it takes.
_KINDS: dict[str, tuple[Callable[[Mapping[str, str], int, int | None], Tag], frozenset[str]]] = {
    "01": (_sgtin, frozenset(("01", "21", *DATES))),
    "00": (_sscc, frozenset(("00",))),
    "414": (_sgln, frozenset(("414", "254"))),
    "8003": (_grai, frozenset(("8003",))),
    "8004": (_giai, frozenset(("8004",))),
}
