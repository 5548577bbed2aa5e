"""What a tag's code stands for."""

from __future__ import annotations

from typing import get_args
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.rfid.epc import (
    SCHEMES,
    Broken,
    Fault,
    Foreign,
    Giai,
    Grai,
    Sgln,
    Sgtin,
    Sscc,
    Tag,
    decode,
    encode,
    identify,
)

SERIAL_CHARACTERS = (
    "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
)
# TDS 2.3, E.3, which shows some Digital Link URIs with another host than that of the canonical
# ones, and the URI of its SGTIN-96 with a serial that is not that of its bits.
EXAMPLES = [
    (
        "3066C4409047E140075BCD15",
        "sgtin-96",
        3,
        "urn:epc:id:sgtin:95060001343.05.123456789",
        "https://id.gs1.org/01/09506000134352/21/123456789",
        {"01": "09506000134352", "21": "123456789"},
    ),
    (
        "3666C4409047E159B2C2BF100000000000000000000000000000",
        "sgtin-198",
        3,
        "urn:epc:id:sgtin:95060001343.05.32a%2Fb",
        "https://id.gs1.org/01/09506000134352/21/32a%2Fb",
        {"01": "09506000134352", "21": "32a/b"},
    ),
    (
        "F73795211411234538566CB0AFC4",
        "sgtin+",
        3,
        "https://id.gs1.org/01/79521141123453/21/32a%2Fb",
        "https://id.gs1.org/01/79521141123453/21/32a%2Fb",
        {"01": "79521141123453", "21": "32a/b"},
    ),
    (
        "FB342CDE795211411234538566CB0AFC4",
        "dsgtin+",
        3,
        "https://id.gs1.org/01/79521141123453/21/32a%2Fb",
        "https://id.gs1.org/01/79521141123453/21/32a%2Fb?17=220630",
        {"01": "79521141123453", "21": "32a/b", "17": "220630"},
    ),
    (
        "311BA1B300CE0A6A83000000",
        "sscc-96",
        0,
        "urn:epc:id:sscc:952012.03456789123",
        "https://id.gs1.org/00/095201234567891235",
        {"00": "095201234567891235"},
    ),
    (
        "F90095201234567891235",
        "sscc+",
        0,
        "https://id.gs1.org/00/095201234567891235",
        "https://id.gs1.org/00/095201234567891235",
        {"00": "095201234567891235"},
    ),
    (
        "3276451FD46072000000162E",
        "sgln-96",
        3,
        "urn:epc:id:sgln:9521141.12345.5678",
        "https://id.gs1.org/414/9521141123454/254/5678",
        {"414": "9521141123454", "254": "5678"},
    ),
    (
        "3976451FD46072CD9615F8800000000000000000000000000000",
        "sgln-195",
        3,
        "urn:epc:id:sgln:9521141.12345.32a%2Fb",
        "https://id.gs1.org/414/9521141123454/254/32a%2Fb",
        {"414": "9521141123454", "254": "32a/b"},
    ),
    (
        "3376451FD40C0E400000162E",
        "grai-96",
        3,
        "urn:epc:id:grai:9521141.12345.5678",
        "https://id.gs1.org/8003/095211411234545678",
        {"8003": "095211411234545678"},
    ),
    (
        "3776451FD40C0E59B2C2BF1000000000000000000000",
        "grai-170",
        3,
        "urn:epc:id:grai:9521141.12345.32a%2Fb",
        "https://id.gs1.org/8003/0952114112345432a%2Fb",
        {"8003": "0952114112345432a/b"},
    ),
    (
        "F13095211411234548566CB0AFC4",
        "grai+",
        3,
        "https://id.gs1.org/8003/0952114112345432a%2Fb",
        "https://id.gs1.org/8003/0952114112345432a%2Fb",
        {"8003": "0952114112345432a/b"},
    ),
    (
        "3476451FD40000000000162E",
        "giai-96",
        3,
        "urn:epc:id:giai:9521141.5678",
        "https://id.gs1.org/8004/95211415678",
        {"8004": "95211415678"},
    ),
    (
        "3876451FD59B2C2BF10000000000000000000000000000000000",
        "giai-202",
        3,
        "urn:epc:id:giai:9521141.32a%2Fb",
        "https://id.gs1.org/8004/952114132a%2Fb",
        {"8004": "952114132a/b"},
    ),
]
NAMES = {scheme.name: scheme for scheme in SCHEMES.values()}
GTIN = "79521141123453"


def code(*parts: str) -> str:
    """Write bits as hex digits, with zeros to the end of the last word."""
    bits = "".join(parts)
    bits += "0" * (-len(bits) % 16)
    return f"{int(bits, 2):0{len(bits) // 4}X}"


def bcd(text: str) -> str:
    """Write four bits a digit."""
    return "".join(f"{int(digit):04b}" for digit in text)


def sgtin198(serial: str, filling: int = 10) -> str:
    """Write serial characters of 7 bits behind the head of an example of TDS 1."""
    bits = "".join(f"{ord(character):07b}" for character in serial.ljust(20, "\0"))
    head = f"{int('3674257BF7194E4', 16) >> 2:058b}"
    return f"{int(head + bits + '0' * filling, 2):0{(198 + filling) // 4}X}"


def sgtin_plus(*serial: str, gtin: str = GTIN) -> str:
    """Write a SGTIN+ with the bits of its serial."""
    return code("11110111", "0011", bcd(gtin), *serial)


@pytest.mark.parametrize(("epc", "scheme", "kind", "uri", "link", "ai"), EXAMPLES)
def test_examples_of_the_standard(
    epc: str, scheme: str, kind: int, uri: str, link: str, ai: dict[str, str]
) -> None:
    """What the standard prints for each scheme decodes as it says."""
    tag = decode(epc.lower())
    assert isinstance(tag, Tag)
    assert (tag.epc, tag.scheme, tag.filter) == (epc, scheme, kind)
    assert (tag.uri, tag.digital_link, tag.ai) == (uri, link, ai)
    body = uri.rpartition(":")[2]
    assert tag.tag_uri == (f"urn:epc:tag:{scheme}:{kind}.{body}" if uri[0] == "u" else None)


@pytest.mark.parametrize("epc", [example[0] for example in EXAMPLES])
def test_examples_are_written_as_the_standard_does(epc: str) -> None:
    """What the examples stand for encodes to their bits, filled to whole words of memory."""
    tag = decode(epc)
    assert isinstance(tag, Tag)
    written = encode(tag.ai, tag.scheme, tag.prefix_digits, tag.filter)
    assert written == epc + "0" * (-len(epc) % 4)


def test_every_scheme_has_an_example() -> None:
    """No scheme is left out of the examples."""
    assert sorted(example[1] for example in EXAMPLES) == sorted(NAMES)


def test_values_of_each_key() -> None:
    """Each GS1 key has its own type, with the key as GS1 writes it; only one is a product."""
    seen = {type(tag): tag for tag in (decode(example[0]) for example in EXAMPLES)}
    assert seen.keys() == {Sgtin, Sscc, Sgln, Grai, Giai}
    sgln, grai = decode(EXAMPLES[7][0]), decode(EXAMPLES[9][0])
    assert isinstance(sgln, Sgln)
    assert (sgln.gln, sgln.extension, sgln.prefix_digits) == ("9521141123454", "32a/b", 7)
    assert isinstance(grai, Grai)
    assert (grai.grai, grai.serial) == ("9521141123454", "32a/b")
    assert identify(grai.epc) is None


@given(st.text(SERIAL_CHARACTERS, min_size=1, max_size=20), st.sampled_from((2, 10)))
def test_sgtin198_serials(serial: str, filling: int) -> None:
    """Every character that GS1 allows comes back, escaped in the URI and plain in the serial."""
    tag = decode(sgtin198(serial, filling))
    assert isinstance(tag, Sgtin)
    assert tag.serial == serial
    assert unquote(tag.uri) == f"urn:epc:id:sgtin:0614141.812345.{serial}"


@pytest.mark.parametrize(
    ("epc", "lengths"),
    [
        (EXAMPLES[1][0], (50, 52)),
        (EXAMPLES[7][0], (49, 50, 52)),
        (EXAMPLES[9][0], (43, 44)),
        (EXAMPLES[12][0], (51, 52)),
        (EXAMPLES[3][0] + "000", (33, 34, 35, 36)),
        (EXAMPLES[5][0] + "000", (21, 22, 23, 24)),
    ],
)
def test_codes_end_with_their_bits_or_their_word(epc: str, lengths: tuple[int, ...]) -> None:
    """A code may be cut behind its last bit, or have the filling that memory has behind it."""
    whole = decode(epc)
    assert isinstance(whole, Tag)
    for length in range(2, len(epc) + 5):
        tag = decode((epc + "0000")[:length])
        if length in lengths:
            assert isinstance(tag, Tag)
            assert (tag.uri, tag.ai) == (whole.uri, whole.ai)
        else:
            assert isinstance(tag, Broken)
            assert tag.fault == "length"


@pytest.mark.parametrize(
    ("serial", "text"),
    [
        ("000 00100 01011000101110", "5678"),  # of the GDTI+ of TDS 2.3, E.3
        ("000 00110 00000001011000101110", "005678"),
        ("001 00011 1010 0000 1111", "A0F"),
        ("010 00011 1010 0000 1111", "a0f"),
        ("011 00110 101011 100010 011111 111101 111100 110101", "rif981"),  # of the ITIP+
        ("100 00101 0110011 0110010 1100001 0101111 1100010", "32a/b"),
        ("101 00100 0000011010010100 1011101110000001", "ABC0"),
    ],
)
def test_serial_encodings(serial: str, text: str) -> None:
    """Every way to write a serial that the standard has is read (TDS 2.3, table E)."""
    tag = decode(sgtin_plus(serial.replace(" ", "")))
    assert isinstance(tag, Sgtin)
    assert (tag.gtin, tag.serial) == (GTIN, text)


@pytest.mark.parametrize("kind", range(7))
def test_dates(kind: int) -> None:
    """Each kind of date comes back with its Application Identifier, a day 00 too."""
    ai = ("11", "13", "15", "16", "17", "7006", "7007")[kind]
    date = f"{kind:04b}", f"{26:07b}{2:04b}{0:05b}"
    tag = decode(code("11111011", "0001", *date, bcd(GTIN), "00000001", "0111"))
    assert isinstance(tag, Sgtin)
    assert (tag.date, tag.serial) == ((ai, "260200"), "7")
    assert tag.digital_link == f"https://id.gs1.org/01/{GTIN}/21/7?{ai}=260200"


def test_data_behind_the_epc_are_let_be() -> None:
    """A '+' tag may tell that other data follow: they are not read, and do no harm."""
    batch = bcd("10") + "000" + "00001" + "0101"
    tag = decode(code("11110111", "1011", bcd(GTIN), "00000001", "0111", batch, "1" * 40))
    assert isinstance(tag, Sgtin)
    assert (tag.serial, tag.filter, tag.aidc) == ("7", 3, True)


BROKEN = [
    ("", "not-hex", "not hexadecimal"),
    ("30_74257BF7194E400001A85", "not-hex", "not hexadecimal"),
    ("30 74257BF7194E400001A85", "not-hex", "not hexadecimal"),
    ("3074257BF7194E400001A8\u0665", "not-hex", "not hexadecimal"),
    ("E28011606000020A6681F23F", "foreign", "a TID"),
    ("000000000000000000000000", "foreign", "never programmed"),
    ("3500E86F8000A9E000000586", "foreign", "header 0x35 is gid-96, none of sgtin-96"),
    ("FD3795211411234538566CB0", "foreign", "sgtin++"),
    ("FF3795211411234538566CB0", "foreign", "header 0xFF is none of"),
    ("3074257BF7194E4000001A", "length", "24 hex digits, not 22"),
    ("3074257BF7194E4000001A850000", "length", "24 hex digits, not 28"),
    (EXAMPLES[1][0][:-1], "length", "50 or 52 hex digits, not 51"),
    ("F73795211411234538", "length", "20 to 124 hex digits, not 18"),
    (EXAMPLES[2][0][:-1], "length", "before the 5 characters"),
    (EXAMPLES[2][0] + "0", "length", "more than the words"),
    ("307C257BF7194E4000001A85", "partition", "partition 7"),
    ("387C257BF7194E4000001A85".ljust(52, "0"), "partition", "partition 7"),
    (f"{(0x30 << 6 | 1 << 3) << 82 | 10**12 << 42:024X}", "overflow", "more digits"),
    (f"{(0x30 << 6 | 1 << 3) << 82 | 10 << 38:024X}", "overflow", "more digits"),
    (f"{(0x32 << 6) << 82 | 1 << 41:024X}", "overflow", "more digits"),
    (
        code(f"{0x38:08b}", "000", "000", "0" * 40, "1000001" * 19, "0" * 15),
        "overflow",
        "more characters",
    ),
    (sgtin_plus("000", "00001", "1010"), "overflow", "more than 1 digits"),
    (sgtin_plus("0" * 12).replace("7952", "7A52"), "digits", "7A521141123453"),
    (sgtin_plus("000", "00001", "0001", gtin="79521141123454"), "check-digit", "wrong check digit"),
    ("F90095201234567891236", "check-digit", "wrong check digit"),
    (code("11111011", "0000", "0111", "0" * 16, bcd(GTIN), "0" * 12), "date", "reserved"),
    (code("11111011", "0000", "0100", f"{26:07b}{2:04b}{30:05b}", bcd(GTIN)), "length", "25"),
    (
        code("11111011", "0000", "0100", f"{26:07b}{2:04b}{30:05b}", bcd(GTIN), "0" * 12),
        "date",
        "month 2, day 30",
    ),
    (
        code("11111011", "0000", "0100", f"{100:07b}{2:04b}{1:05b}", bcd(GTIN), "0" * 12),
        "date",
        "year 100",
    ),
    (sgtin_plus("110", "00001", "0001"), "encoding", "encoding 6 is reserved"),
    (sgtin_plus("111", "00001", "0001"), "encoding", "encoding 7 is reserved"),
    (sgtin_plus("000", "00000", "0000"), "serial", "0 characters, not 1 to 20"),
    (sgtin_plus("000", "10101", "0" * 70), "serial", "21 characters, not 1 to 20"),
    (code("11110001", "0000", bcd("09521141123454"), "000", "10001", "0" * 57), "serial", "16"),
    (sgtin_plus("100", "00010", "1100001", "0000000"), "serial", "after 1 of 2 characters"),
    (sgtin_plus("100", "00010", "1100001", "0100011"), "serial", "characters that GS1"),
    (sgtin_plus("101", "00011", "0" * 16), "serial", "URN Code 40"),
    (sgtin_plus("101", "00011", f"{64001:016b}"), "serial", "URN Code 40"),
    (sgtin_plus("101", "00010", f"{1600 + 40 + 1 + 1:016b}"), "serial", "not the 2 characters"),
    (sgtin_plus("101", "00011", f"{1600 + 40 + 1:016b}"), "serial", "not the 3 characters"),
    (sgtin198(""), "serial", "serial is empty"),
    (sgtin198("a\0b"), "serial", "characters"),
    (sgtin198("a b"), "serial", "characters"),
    (sgtin198("a")[:-1] + "1", "padding", "behind the serial"),
    ("311BA1B300CE0A6A83000001", "padding", "24 reserved bits"),
    (EXAMPLES[12][0][:-1] + "1", "padding", "behind the serial"),
    (code(f"{0x38:08b}", "000", "000", "0" * 40, "1000001" + "0" * 140, "1"), "padding", "asset"),
    (EXAMPLES[3][0] + "001", "padding", "no data are told"),
    (EXAMPLES[5][0] + "100", "padding", "no data are told"),
    (code("11110001", "0000", bcd("79521141123453"), "00000001", "0001"), "padding", "is 7, not 0"),
]


@pytest.mark.parametrize(("epc", "fault", "error"), BROKEN)
def test_codes_that_are_no_tag(epc: str, fault: str, error: str) -> None:
    """Each fault has its word for programs and its sentence for people."""
    tag = decode(epc)
    assert isinstance(tag, Broken | Foreign)
    assert (tag.epc, tag.fault) == (epc.upper(), fault)
    assert error in tag.error
    assert isinstance(tag, Foreign) == (fault in ("not-hex", "foreign"))
    assert isinstance(tag, Foreign) or tag.error.startswith(tag.scheme)
    assert identify(epc) is None


def test_every_fault_is_tried() -> None:
    """No kind of fault is left out of those codes."""
    assert {fault for _, fault, _ in BROKEN} == set(get_args(Fault))


codes = st.builds(
    lambda header, rest: f"{header:02X}{rest.hex()}",
    st.sampled_from(sorted(SCHEMES)),
    st.binary(max_size=40),
)


@given(st.text() | st.text("0123456789abcdefABCDEF \n_x") | codes)
def test_any_text_has_an_answer(epc: str) -> None:
    """No text makes the decoder raise, and every tag has its URIs and a way back."""
    tag = decode(epc)
    assert isinstance(tag, Tag | Broken | Foreign)
    if isinstance(tag, Tag):
        again = decode(encode(tag.ai, tag.scheme, tag.prefix_digits, tag.filter))
        assert isinstance(again, Tag)
        assert (again.uri, again.tag_uri, again.digital_link, again.ai) == (
            tag.uri,
            tag.tag_uri,
            tag.digital_link,
            tag.ai,
        )


@given(st.sampled_from(EXAMPLES).map(lambda example: example[0]), st.data())
def test_one_wrong_bit_is_another_tag_or_a_fault(epc: str, data: st.DataObject) -> None:
    """A flipped bit is told as a fault, or reads as another tag that is written with that bit."""
    bit = data.draw(st.integers(0, 4 * len(epc) - 1))
    wrong = f"{int(epc, 16) ^ 1 << bit:0{len(epc)}X}"
    tag = decode(wrong)
    if isinstance(tag, Tag) and not tag.aidc:
        written = encode(tag.ai, tag.scheme, tag.prefix_digits, tag.filter)
        again = decode(written)
        assert isinstance(again, Tag)
        assert again.ai == tag.ai
        if tag.prefix_digits:
            assert written == wrong + "0" * (-len(wrong) % 4)
