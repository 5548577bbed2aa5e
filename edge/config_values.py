"""The single values of store.toml: what each may be, and how to say so.

The descriptions are what a fault says after "expected".
"""

from __future__ import annotations

import re
from datetime import time
from itertools import combinations, pairwise
from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

from babel.numbers import is_currency
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    StrictFloat,
    StrictInt,
    ValidationInfo,
)

from edge.config_faults import did_you_mean, refusal, shown
from edge.events import EVENTS

SMALLEST_AREA_M2 = 1e-6
MOST_CORNERS = 100  # of an outline on a picture, each side of which is compared with all others


def _known_timezone(name: str) -> str:
    zones = available_timezones()
    if name not in zones:
        guess = did_you_mean(name, zones)
        raise refusal(f"an IANA time zone such as Asia/Shanghai{guess}", shown(name))
    return name


def _known_currency(code: str) -> str:
    if not is_currency(code):
        raise refusal("an ISO 4217 code such as CNY", shown(code))
    return code


# biip holds 17 MB of GS1 prefixes: only a file with GTINs or a GLN in it pays for them, for every
# camera's worker reads the file.
def _padded_gtin(digits: str) -> str:
    from biip import ParseError  # noqa: PLC0415  (the reason is above)
    from biip.gtin import Gtin  # noqa: PLC0415  (the same)

    try:
        return Gtin.parse(digits).as_gtin_14()
    except ParseError as fault:
        expected = "a GTIN of 8, 12, 13 or 14 digits with its check digit"
        raise refusal(expected, f"{digits!r} ({fault})") from None


def _checked_gln(digits: str) -> str:
    from biip import ParseError  # noqa: PLC0415  (the same)
    from biip.gln import Gln  # noqa: PLC0415  (the same)

    try:
        return Gln.parse(digits).as_gln()
    except ParseError as fault:
        expected = "a GLN: 13 digits, the last of them the check digit"
        raise refusal(expected, f"{digits!r} ({fault})") from None


def _not_the_whole_store(name: str) -> str:
    if name == "store":
        raise refusal("an id other than store, which stands for the whole shop", shown(name))
    return name


def _known_types(pattern: str) -> str:
    known = [event.type for event in EVENTS]
    stem = pattern.removesuffix("*")
    matched = pattern in known or (stem != pattern and any(k.startswith(stem) for k in known))
    if not matched:
        guess = did_you_mean(pattern, known)
        expected = f"an event type, or the start of one and * such as store.stock.*{guess}"
        raise refusal(expected, shown(pattern))
    return pattern


def _without_password(address: str) -> str:
    """Refuse a password in an address: it would stand in the file, in logs and in answers."""
    if re.search(r"://[^/]*:[^/]*@|[?&]password=", address):
        raise refusal("an address without a password in it", shown(address))
    return address


def _in_folder(name: str, info: ValidationInfo) -> str:
    """Let a relative path count from the folder of the file that is being read, if any is."""
    folder = info.context.get("folder") if info.context else None
    return str(folder / name) if folder else name


def _file_path(path: Path, info: ValidationInfo) -> Path:
    return Path(_in_folder(str(path), info))


def _database_url(url: str, info: ValidationInfo) -> str:
    if not re.match(r"sqlite:///(?!:memory:)[^?]|postgresql(\+psycopg)?://.", url):
        expected = "sqlite:///FILE or postgresql://USER@HOST/NAME"
        raise refusal(expected, shown(url))
    scheme, slashes, file = url.partition("sqlite:///")
    return slashes + _in_folder(file, info) if slashes else _without_password(scheme)


def _camera_source(source: str, info: ValidationInfo) -> str:
    if "://" in source and not re.match(r"(rtsps?|https?)://.", source):
        raise refusal("a file, an rtsp:// or http:// address, or a USB index", shown(source))
    if "://" in source:
        return _without_password(source)
    return source if source.isdecimal() else _in_folder(source, info)


def _spanning(polygon: tuple[Point, ...]) -> tuple[Point, ...]:
    """Refuse corners on one line; the shoelace formula gives twice the area."""
    closed = (*polygon, polygon[0])
    twice = sum(x * v - u * y for (x, y), (u, v) in pairwise(closed))
    if abs(twice) < 2 * SMALLEST_AREA_M2:
        raise refusal("corners that span an area", f"{len(polygon)} corners on one line")
    return polygon


def _simple(polygon: tuple[Point, ...]) -> tuple[Point, ...]:
    """Refuse an outline that meets itself: nobody can tell what is inside."""
    sides = list(pairwise((*polygon, polygon[0])))
    apart = (
        (one, other)
        for (m, one), (n, other) in combinations(enumerate(sides), 2)
        if 1 < n - m < len(sides) - 1
    )
    if any(_meet(*one, *other) for one, other in apart):
        raise refusal("an outline that does not cross or touch itself", "one that does")
    return polygon


def _meet(start: Point, end: Point, begin: Point, finish: Point) -> bool:
    """Tell whether two straight lines have a point in common."""
    turns = [
        _turn(start, end, begin),
        _turn(start, end, finish),
        _turn(begin, finish, start),
        _turn(begin, finish, end),
    ]
    if turns[0] * turns[1] < 0 and turns[2] * turns[3] < 0:
        return True
    ends = ((start, end, begin), (start, end, finish), (begin, finish, start), (begin, finish, end))
    return any(not turn and _is_within(*of) for turn, of in zip(turns, ends, strict=True))


def _turn(start: Point, end: Point, point: Point) -> float:
    """Give on which side of a line a point is: 0 on it."""
    (x, y), (u, v), (p, q) = start, end, point
    return (u - x) * (q - y) - (v - y) * (p - x)


def _is_within(start: Point, end: Point, point: Point) -> bool:
    return all(min(a, b) <= c <= max(a, b) for a, b, c in zip(start, end, point, strict=True))


def _topic_filter(topic: str) -> str:
    """Check an MQTT filter: + fills a level, # fills the last one (MQTT 3.1.1, 4.7.1)."""
    *levels, last = topic.split("/")
    mixed = any(len(level) > 1 and {"+", "#"} & set(level) for level in (*levels, last))
    if mixed or "#" in levels or "\0" in topic:
        raise refusal("an MQTT topic filter such as reader-1/tags or +/tags", shown(topic))
    return topic


def _clock_time(text: object) -> time:
    if not isinstance(text, str) or not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise refusal("a time of day in quotes, from 00:00 to 23:59", shown(text))
    return time.fromisoformat(text)


_ID = "an id of a-z, 0-9, - and _ (at most 63, a letter or digit first)"
Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", description=_ID)]
PlaceId = Annotated[Id, AfterValidator(_not_the_whole_store)]
Name = Annotated[str, Field(min_length=1, description="text that is not empty")]
Host = Annotated[str, Field(pattern=r"^[^\s/@]+$", description="a host name or an IP address")]
Port = Annotated[StrictInt, Field(ge=1, le=65535)]
Count = Annotated[StrictInt, Field(ge=1)]
Number = StrictFloat
Positive = Annotated[StrictFloat, Field(gt=0)]
Seconds = Positive
Pause = Annotated[StrictFloat, Field(ge=0)]
FramesPerSecond = Annotated[StrictFloat, Field(gt=0, le=60)]
PartOfPicture = Annotated[StrictFloat, Field(gt=0, le=1)]
BatchSize = Annotated[StrictInt, Field(ge=1, le=1000)]
Fraction = Annotated[StrictFloat, Field(ge=0, le=1)]
Share = Annotated[StrictFloat, Field(gt=0, lt=1)]
ClockTime = Annotated[
    time,
    BeforeValidator(_clock_time),
    PlainSerializer(lambda at: f"{at:%H:%M}", when_used="json"),
    Field(description="a time of day in quotes, from 00:00 to 23:59"),
]
FieldPath = Annotated[
    str,
    Field(
        pattern=r"^(\$|(\$\.)?[^.\s]+(\.[^.\s]+)*)$",
        description="a path of fields such as data.lines, $ for the whole message, $.sent from it",
    ),
]
Point = tuple[Number, Number]
PicturePoint = tuple[Fraction, Fraction]
Polygon = Annotated[tuple[Point, ...], Field(min_length=3), AfterValidator(_spanning)]
PicturePolygon = Annotated[
    tuple[PicturePoint, ...],
    Field(min_length=3, max_length=MOST_CORNERS),
    AfterValidator(_simple),
    AfterValidator(_spanning),
]
Timezone = Annotated[str, AfterValidator(_known_timezone)]
Currency = Annotated[str, AfterValidator(_known_currency)]
Country = Annotated[
    str, Field(pattern=r"^[A-Z]{2}$", description="a country of two letters (ISO 3166-1), as CN")
]
Mac = Annotated[
    str, Field(pattern=r"^[0-9A-Fa-f]{16}$", description="a label's address of 16 hex digits")
]
TemplateName = Annotated[
    str,
    Field(
        pattern=r"^(152x152|212x104|296x128|400x300|648x480)-(bw|bwr|bwry)$",
        description="a panel of 152x152, 212x104, 296x128, 400x300 or 648x480 pixels, and -bw, "
        "-bwr or -bwry for its colours",
    ),
]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$", description="a colour such as #0f5fa6")]
GtinText = Annotated[
    str,
    Field(pattern=r"^[0-9]*$", description="a GTIN: 8, 12, 13 or 14 digits in quotes"),
    AfterValidator(_padded_gtin),
]
GlnText = Annotated[
    str,
    Field(pattern=r"^[0-9]*$", description="a GLN: 13 digits in quotes"),
    AfterValidator(_checked_gln),
]
Epc = Annotated[
    str,
    Field(
        pattern=r"^(?:[0-9A-Fa-f]{2}){4,32}$",
        description="an EPC: 8 to 64 hexadecimal digits, an even number",
    ),
    AfterValidator(str.upper),
]
TopicFilter = Annotated[
    str,
    Field(min_length=1, description="an MQTT topic filter that is not empty"),
    AfterValidator(_topic_filter),
]
TypePattern = Annotated[str, AfterValidator(_known_types)]
FilePath = Annotated[Path, Field(description="a path in quotes"), AfterValidator(_file_path)]
DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
CameraSource = Annotated[
    str,
    Field(min_length=1, description="a file, an address, or a USB index in quotes"),
    AfterValidator(_camera_source),
]
WebAddress = Annotated[
    str,
    Field(pattern=r"^https?://[^/\s]", description="an http:// or https:// address"),
    AfterValidator(_without_password),
]
Antennas = Annotated[
    dict[Annotated[int, Field(ge=1)], Id],
    Field(description="a table of antenna numbers from 1 and the shelf or zone of each"),
]
