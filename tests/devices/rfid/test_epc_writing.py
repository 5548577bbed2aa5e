"""Codes are written for things, and stand for the same things when they are read."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.gtin import check_digit
from devices.rfid.epc import (
    SCHEMES,
    Sgln,
    Sgtin,
    Tag,
    decode,
    encode,
    encode_sgtin96,
    encode_text,
    identify,
)
from edge.errors import ContractError

SERIAL_CHARACTERS = (
    "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
)
NAMES = {scheme.name: scheme for scheme in SCHEMES.values()}
CLASSIC = [name for name, scheme in NAMES.items() if scheme.divides]
PLUS = [name for name, scheme in NAMES.items() if not scheme.divides]
GTIN = "79521141123453"

digits = st.text("0123456789", min_size=40, max_size=40)
filters = st.integers(0, 7)


def serials(most: int, bits: int = 0) -> st.SearchStrategy[str]:
    """Make serials of characters, or numbers of so many bits."""
    if bits:
        return st.integers(0, 2**bits - 1).map(str)
    return st.text(SERIAL_CHARACTERS, min_size=1, max_size=most)


def keyed(body: str) -> str:
    """Add the check digit."""
    return body + check_digit(body)


def things(name: str, prefix: int) -> st.SearchStrategy[dict[str, str]]:
    """Make what tags of a scheme can hold, by Application Identifiers."""
    short = name.endswith("-96")
    if "sgtin" in name:
        dates = st.sampled_from(["11", "13", "15", "16", "17", "7006", "7007"])
        days = st.dates().map(lambda day: f"{day:%y%m%d}")
        date = st.dictionaries(dates, days, min_size=1, max_size=1)
        return st.builds(
            lambda body, serial, date: {"01": keyed(body[:13]), "21": serial} | date,
            digits,
            serials(20, 38 if short else 0),
            date if name == "dsgtin+" else st.just({}),
        )
    if "sscc" in name:
        return digits.map(lambda body: {"00": keyed(body[:17])})
    if "sgln" in name:
        extensions = serials(20, 41 if short else 0).map(
            lambda text: {} if text == "0" else {"254": text}
        )
        return st.builds(lambda body, more: {"414": keyed(body[:12])} | more, digits, extensions)
    if "grai" in name:
        return st.builds(
            lambda body, serial: {"8003": f"0{keyed(body[:12])}{serial}"},
            digits,
            serials(16, 38 if short else 0),
        )
    references = serials(
        30 - prefix, 82 - (40, 37, 34, 30, 27, 24, 20)[12 - prefix] if short else 0
    )
    return st.builds(lambda body, ref: {"8004": body[:prefix] + ref}, digits, references)


@pytest.mark.parametrize(("name", "prefix"), list(product(CLASSIC, range(6, 13))))
def test_round_trip_of_every_partition(name: str, prefix: int) -> None:
    """What was encoded decodes to the same, for every length of the company prefix."""

    @settings(max_examples=10)
    @given(things(name, prefix), filters)
    def round_trip(ai: dict[str, str], kind: int) -> None:
        tag = decode(encode(ai, name, prefix, kind))
        assert isinstance(tag, NAMES[name].kind)
        assert (tag.scheme, tag.ai, tag.prefix_digits, tag.filter) == (name, ai, prefix, kind)

    round_trip()


@pytest.mark.parametrize("name", PLUS)
def test_round_trip_of_plus_schemes(name: str) -> None:
    """What was encoded in a '+' scheme decodes to the same, without any company prefix."""

    @given(things(name, 7), filters)
    def round_trip(ai: dict[str, str], kind: int) -> None:
        tag = decode(encode(ai, name, filter_value=kind))
        assert isinstance(tag, NAMES[name].kind)
        assert (tag.scheme, tag.ai, tag.prefix_digits, tag.filter) == (name, ai, None, kind)
        assert not tag.aidc

    round_trip()


@given(digits, st.integers(6, 12), st.integers(0, 2**38 - 1), filters)
def test_sgtin96_round_trip(body: str, prefix: int, serial: int, kind: int) -> None:
    """A SGTIN-96 gives GTIN and serial back, in whatever case its code is written."""
    gtin = keyed(body[:13])
    epc = encode_sgtin96(gtin, prefix, serial, kind)
    tag = decode(epc.lower())
    assert tag == Sgtin(epc, "sgtin-96", kind, prefix, gtin, str(serial))
    assert identify(epc) == (gtin, str(serial))


@pytest.mark.parametrize(
    ("serial", "indicator"),
    [
        ("0123456789", 0),
        ("12AB", 1),
        ("12ab", 2),
        ("12aB", 3),
        ("AB-", 5),
        ("AB.", 5),
        ("AB.C", 4),
        ("ABCDEFGHIJKLMN.", 5),
        ("32a/b", 4),
    ],
)
def test_the_shortest_serial_encoding_is_written(serial: str, indicator: int) -> None:
    """A '+' scheme is written with the encoding that takes the fewest bits."""
    epc = encode({"01": GTIN, "21": serial}, "sgtin+")
    assert int(epc[17], 16) >> 1 == indicator
    assert identify(epc) == (GTIN, serial)


@pytest.mark.parametrize("name", ["sgln-96", "sgln-195"])
def test_places_without_extension(name: str) -> None:
    """A place may be named by its prefix alone, and an extension of 0 stands for none."""
    epc = encode({"414": "9526567890126"}, name, 12)
    tag = decode(epc)
    assert isinstance(tag, Sgln)
    # TDS 2.3, 7.2.2
    assert (tag.uri, tag.extension) == ("urn:epc:id:sgln:952656789012..0", None)
    assert tag.digital_link == "https://id.gs1.org/414/9526567890126"
    assert encode_text(tag.uri, name) == epc


@pytest.mark.parametrize(
    ("ai", "prefix", "scheme"),
    [
        ({"01": GTIN, "21": "6789"}, 7, "sgtin-96"),
        ({"01": GTIN, "21": "06789"}, 7, "sgtin-198"),
        ({"01": GTIN, "21": "274877906944"}, 7, "sgtin-198"),
        ({"01": GTIN, "21": "6789"}, None, "sgtin+"),
        ({"01": GTIN, "21": "6789", "17": "220630"}, None, "dsgtin+"),
        ({"01": GTIN, "21": "6789", "17": "220630"}, 7, "dsgtin+"),
        ({"00": "095201234567891235"}, 6, "sscc-96"),
        ({"00": "095201234567891235"}, None, "sscc+"),
        ({"414": "9521141123454"}, 7, "sgln-96"),
        ({"414": "9521141123454", "254": "32a/b"}, 7, "sgln-195"),
        ({"8003": "095211411234545678"}, 7, "grai-96"),
        ({"8003": "0952114112345432a/b"}, 7, "grai-170"),
        ({"8003": "0952114112345432a/b"}, None, "grai+"),
        ({"8004": "95211415678"}, 7, "giai-96"),
        ({"8004": "952114105678"}, 7, "giai-202"),
    ],
)
def test_the_shortest_scheme_is_chosen(ai: dict[str, str], prefix: int | None, scheme: str) -> None:
    """Without a scheme it is the shortest that holds the thing; an item for sale is the usual."""
    tag = decode(encode(ai, prefix_digits=prefix))
    assert isinstance(tag, Tag)
    assert (tag.scheme, tag.ai, tag.filter) == (scheme, ai, 1 if "01" in ai else 0)


@pytest.mark.parametrize(
    ("text", "epc"),
    [
        ("urn:epc:tag:sgtin-96:3.95060001343.05.123456789", "3066C4409047E140075BCD15"),
        ("urn:epc:id:sgtin:95060001343.05.123456789", "3026C4409047E140075BCD15"),
        (
            "urn:epc:tag:sgtin-198:3.95060001343.05.32a%2fb",
            "3666C4409047E159B2C2BF100000000000000000000000000000",
        ),
        ("urn:epc:tag:sscc-96:0.952012.03456789123", "311BA1B300CE0A6A83000000"),
        ("urn:epc:tag:sgln-96:3.9521141.12345.5678", "3276451FD46072000000162E"),
        ("urn:epc:tag:grai-96:3.9521141.12345.5678", "3376451FD40C0E400000162E"),
        ("urn:epc:tag:giai-96:3.9521141.5678", "3476451FD40000000000162E"),
        (
            "urn:epc:tag:giai-202:3.9521141.32a%2Fb",
            "3876451FD59B2C2BF10000000000000000000000000000000000",
        ),
        ("https://id.gs1.org/01/79521141123453/21/32a%2Fb", "F71795211411234538566CB0AFC4"),
        ("https://shop.example/de/01/79521141123453/21/32a%2Fb", "F71795211411234538566CB0AFC4"),
        ("HTTP://id.gs1.org/01/79521141123453/21/32a%2Fb/", "F71795211411234538566CB0AFC4"),
        (
            "https://id.gs1.org/01/79521141123453/21/32a%2Fb?17=220630&linkType=gs1:pip",
            "FB142CDE795211411234538566CB0AFC4000",
        ),
        ("https://id.gs1.org/00/095201234567891235", "F90095201234567891235000"),
        ("(01)79521141123453(21)32a/b", "F71795211411234538566CB0AFC4"),
        ("(8003)0952114112345432a/b", "F10095211411234548566CB0AFC4"),
    ],
)
def test_names_are_written(text: str, epc: str) -> None:
    """Each way to name a thing gives the code of its tag, with the scheme and filter it says."""
    assert encode_text(text) == epc


def test_what_is_given_beside_a_name_comes_first() -> None:
    """Scheme, prefix and filter that are given go before those of the name."""
    text = "urn:epc:tag:sgtin-96:3.95060001343.05.6789"
    assert decode(encode_text(text, "SGTIN-198", 7, 0)) == Sgtin(
        encode({"01": "09506000134352", "21": "6789"}, "sgtin-198", 7, 0),
        "sgtin-198",
        0,
        7,
        "09506000134352",
        "6789",
    )
    assert identify(encode_text(text, "sgtin+")) == ("09506000134352", "6789")


@pytest.mark.parametrize("name", CLASSIC)
def test_uris_lead_back(name: str) -> None:
    """Tag URI, pure identity URI and Digital Link URI of a tag all give its code again."""

    @settings(max_examples=30)
    @given(st.data(), st.integers(6, 12), filters)
    def lead_back(data: st.DataObject, prefix: int, kind: int) -> None:
        epc = encode(data.draw(things(name, prefix)), name, prefix, kind)
        tag = decode(epc)
        assert isinstance(tag, Tag)
        assert encode_text(tag.tag_uri or "") == epc
        assert encode_text(tag.uri, name, filter_value=kind) == epc
        assert encode_text(tag.digital_link, name, prefix, kind) == epc

    lead_back()


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("", "text", "element string"),
        ("3074257BF7194E4000001A85", "text", "element string"),
        ("urn:epc:raw:96.x0123456890ABCDEF01234567", "text", "element string"),
        ("urn:epc:tag:[att=x01]:sgtin-96:3.9521141.012345.4711", "text", "element string"),
        ("urn:epc:tag:sgtin-97:3.9521141.012345.4711", "scheme", "sgtin-96, sgtin-198"),
        ("urn:epc:tag:sgtin-96:8.9521141.012345.4711", "text", "element string"),
        ("urn:epc:tag:sgtin-96:3.9521141.012345.04711", "serial", "without leading zeros"),
        ("urn:epc:id:gid:9521141.012345.4711", "text", "one of sgtin"),
        ("urn:epc:id:sgtin:9521141.12345.4711", "text", "13 digits"),
        ("urn:epc:id:sgtin:95211.01234567.4711", "text", "6 to 12 digits"),
        ("urn:epc:id:sgtin:9521141.012345", "text", "a sgtin"),
        ("urn:epc:id:sgtin:9521141.012345.a/b", "text", "%XX"),
        ("urn:epc:id:sgtin:9521141.012345.a%2", "text", "%XX"),
        ("urn:epc:id:sgtin:9521141.012345.a%20b", "serial", "82 characters"),
        ("urn:epc:id:sscc:9521141.1234567890.1", "text", "a sscc"),
        ("urn:epc:id:giai:9521141", "text", "a giai"),
        ("https://id.gs1.org/", "text", "begins with one of"),
        ("https://id.gs1.org/01/79521141123453/21", "text", "keys and values"),
        ("https://id.gs1.org/01/79521141123453", "serial", "came none"),
        ("https://id.gs1.org/01/79521141123453/10/A/21/1", "ai", "came 10"),
        ("https://id.gs1.org/01/79521141123453/21/1?21=2", "text", "once"),
        ("https://[id.gs1.org/01/79521141123453/21/1", "text", "a URI"),
        ("https://id.gs1.org/414/9521141123454", "prefix_digits", "for a sgln"),
        ("(01)79521141123454(21)1", "gtin", "with their check digit"),
        ("(01)79521141123453(21)", "serial", "came none"),
        ("(01)79521141123453(21)1(17)220230", "date", "YYMMDD"),
        ("(01)79521141123453(21)1(17)2206", "date", "YYMMDD"),
        ("(01)79521141123453(21)1(17)220630(15)220630", "date", "one date"),
        ("(00)095201234567891234", "sscc", "18 digits"),
        ("(00)09520123456789123", "sscc", "18 digits"),
        ("(414)9521141123454(254)0", "extension", "stands for none"),
        ("(8003)9521141123454AB", "grai", "0, 13 digits"),
        ("(8003)09521141123454", "serial", "1 to 16"),
        ("(8004)AB", "giai", "company prefix"),
        ("(21)1", "ai", "one of 01"),
    ],
)
def test_wrong_names_are_told(text: str, path: str, expected: str) -> None:
    """A name that is none, or that no tag can hold, says what was expected where."""
    with pytest.raises(ContractError, match=path) as breach:
        encode_text(text)
    assert breach.value.path == path
    assert expected in str(breach.value)


starts = st.sampled_from(
    [
        "",
        "urn:epc:id:sgtin:9521141.",
        "urn:epc:id:giai:9521141.",
        "urn:epc:tag:sgln-195:3.9521141.12345.",
        "https://id.gs1.org/01/79521141123453/21/",
        "https://",
        "(01)79521141123453(21)",
    ]
)


@given(starts, st.text() | st.text(f"{SERIAL_CHARACTERS}[]#@\\"))
def test_any_name_is_written_or_told(start: str, rest: str) -> None:
    """Whatever is given for a name, it gives a code that can be read, or says what is wrong."""
    try:
        epc = encode_text(start + rest, prefix_digits=7)
    except ContractError:
        return
    assert isinstance(decode(epc), Tag)


@pytest.mark.parametrize(
    ("ai", "scheme", "prefix", "path"),
    [
        ({"01": GTIN, "21": "1"}, "sgtin-97", 7, "scheme"),
        ({"01": GTIN, "21": "1"}, "sscc-96", 7, "scheme"),
        ({"01": GTIN, "21": "1"}, "sgtin-96", None, "prefix_digits"),
        ({"01": GTIN, "21": "1"}, "dsgtin+", None, "date"),
        ({"01": GTIN, "21": "1", "17": "220630"}, "sgtin-96", 7, "date"),
        ({"01": GTIN, "21": "a"}, "sgtin-96", 7, "serial"),
        ({"01": GTIN, "21": "x" * 21}, "sgtin-198", 7, "serial"),
        ({"01": GTIN, "21": "\u00e9"}, "sgtin+", None, "serial"),
        ({"414": "9521141123454", "254": "2199023255552"}, "sgln-96", 7, "extension"),
        ({"8003": "0952114112345432a/b"}, "grai-96", 7, "serial"),
        ({"8003": "09521141123454" + "1" * 17}, "grai-170", 7, "serial"),
        ({"8004": "95211410"}, "giai-96", 9, "giai"),
        ({"8004": "952114105678"}, "giai-96", 7, "giai"),
        ({"8004": "9521141" + "1" * 24}, "giai-202", 7, "giai"),
    ],
)
def test_schemes_refuse_what_they_cannot_hold(
    ai: dict[str, str], scheme: str, prefix: int | None, path: str
) -> None:
    """A thing that does not fit into the scheme that was asked for is refused by name."""
    with pytest.raises(ContractError) as breach:
        encode(ai, scheme, prefix)
    assert breach.value.path == path


@pytest.mark.parametrize(
    ("gtin", "prefix", "serial", "filter_value", "path"),
    [
        ("80614141123459", 7, 1, 1, "gtin"),
        ("80614141123458", 5, 1, 1, "prefix_digits"),
        ("80614141123458", 13, 1, 1, "prefix_digits"),
        ("80614141123458", 7, 2**38, 1, "serial"),
        ("80614141123458", 7, -1, 1, "serial"),
        ("80614141123458", 7, 1, 8, "filter_value"),
    ],
)
def test_unencodable(gtin: str, prefix: int, serial: int, filter_value: int, path: str) -> None:
    """Values that a SGTIN-96 cannot hold are refused by name."""
    with pytest.raises(ContractError) as breach:
        encode_sgtin96(gtin, prefix, serial, filter_value)
    assert breach.value.path == path
