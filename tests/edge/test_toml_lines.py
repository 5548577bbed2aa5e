"""The lines of the keys of a TOML text."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.toml_lines import KeyPath, TomlLines

TEXT = dedent(
    '''\
    # [store] in a comment is none
    top = 1
    [store]
    name = "a # b [c] = {d}"
    site.city = "Wuhan"
    "quoted key" = 2
    long = """
    [[devices]]
    id = "not a key" \\"""
    """""
    after = 3

    [[devices]]
    id = "one"
    antennas = { 1 = "a", 2 = "b" }
    [[devices]]
    id = "two"
    [devices.radio]
    power = 27.5
    [[devices.ports]]
    n = 1
    [[devices.ports]]
    n = 2
    [a.b.c]
    x = [
      { y = 1 },
      # a comment, with a comma
      { y = [1, 2], "z" = 3 },
    ]
    when = 2026-11-21 09:00:00
    raw = \'\'\'
    [nothing]\'\'\'
    last = 'its # own'
    '''
)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("store",), 3),
        (("store", "name"), 4),
        (("store", "site"), 5),
        (("store", "site", "city"), 5),
        (("store", "quoted key"), 6),
        (("store", "long"), 7),
        (("store", "after"), 11),
        (("devices",), 13),
        (("devices", 0), 13),
        (("devices", 0, "id"), 14),
        (("devices", 0, "antennas", "2"), 15),
        (("devices", 1), 16),
        (("devices", 1, "id"), 17),
        (("devices", 1, "radio"), 18),
        (("devices", 1, "radio", "power"), 19),
        (("devices", 1, "ports", 0, "n"), 21),
        (("devices", 1, "ports", 1), 22),
        (("devices", 1, "ports", 1, "n"), 23),
        (("a",), 24),
        (("a", "b", "c"), 24),
        (("a", "b", "c", "x"), 25),
        (("a", "b", "c", "x", 0, "y"), 26),
        (("a", "b", "c", "x", 1), 28),
        (("a", "b", "c", "x", 1, "y", 1), 28),
        (("a", "b", "c", "x", 1, "z"), 28),
        (("a", "b", "c", "when"), 30),
        (("a", "b", "c", "raw"), 31),
        (("a", "b", "c", "last"), 33),
    ],
)
def test_line_of_a_key(path: KeyPath, line: int) -> None:
    """A key has the line on which it stands, whatever stands around it."""
    assert tomllib.loads(TEXT)
    assert TomlLines(TEXT).line(path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("store", "currency"), 3),
        (("devices", 1, "kind"), 16),
        (("devices", 0, "antennas", "9"), 15),
        (("devices", 7, "kind"), 13),
        (("a", "b", "c", "x", 0, "missing", "deep"), 26),
        (("absent", "key"), 0),
        ((), 0),
    ],
)
def test_line_of_a_missing_key(path: KeyPath, line: int) -> None:
    """A missing key has the line of the nearest table around it; 0 is the whole file."""
    assert TomlLines(TEXT).line(path) == line


def test_table_named_before_it_is_opened() -> None:
    """A table has the line of its own header, even when a header below it came first."""
    lines = TomlLines("[a.b]\nx = 1\n[a]\ny = 2\n")
    assert lines.line(("a",)) == 3
    assert lines.line(("a", "b", "x")) == 2


@dataclass
class Written:
    """A TOML text being written, and where each of its keys went."""

    lines: list[str] = field(default_factory=list)
    places: dict[KeyPath, int] = field(default_factory=dict)

    def put(self, path: KeyPath, text: str) -> None:
        """Write a text that begins with the key of a path."""
        self.places[path] = len(self.lines) + 1
        self.lines += text.split("\n")


names = st.sampled_from(
    ["id", "zone", "a-b", '"sp ace"', '"q\\"[#"', "'lit#'", "1", "é".join('""')]
)
plain = st.sampled_from(
    ["1", "-2.5", "true", '"x"', '"a#b=[{,"', "'}]'", '"\\""', "1979-05-27T07:32:00Z", "inf"]
)
blocks = st.sampled_from(
    ['"""\n[x]\na = 1"""', "'''\n# no\n[[y]]\n'''", '"""q"" \\"""\n"""""', "[\n1,\n# ]\n[2],\n]"]
)
tables = st.lists(plain, max_size=3).map(
    lambda values: "{" + ", ".join(f"k{n} = {value}" for n, value in enumerate(values)) + "}"
)
pairs = st.dictionaries(names, plain | blocks | tables, max_size=4)
layouts = st.lists(
    st.tuples(st.sampled_from(["[t{}]", "[[list]]", "[list.sub{}]"]), pairs, st.booleans()),
    max_size=8,
)


def bare(name: str) -> str:
    """Give the key that a name in TOML stands for."""
    (key,) = tomllib.loads(f"{name} = 1")
    return key


@given(layouts)
def test_lines_of_known_layout(layout: list[tuple[str, dict[str, str], bool]]) -> None:
    """Every key of a text whose layout is known is found on its line."""
    written, elements = Written(), 0
    for number, (form, keys, commented) in enumerate(layout):
        if commented:
            written.lines.append('# [[list]] = "')
        header = form.format(number)
        table: KeyPath = (f"t{number}",)
        if header == "[[list]]":
            table, elements = ("list", elements), elements + 1
        elif header.startswith("[list"):
            if not elements:
                continue
            table = ("list", elements - 1, f"sub{number}")
        written.put(table, header)
        for name, value in keys.items():
            written.put((*table, bare(name)), f"{name} = {value}")
    text = "\n".join(written.lines)
    tomllib.loads(text)
    lines = TomlLines(text)
    assert {path: lines.line(path) for path in written.places} == written.places


@given(st.text(st.sampled_from("a1.\"'\\[]{},=#\n\r\t é"), max_size=60))
def test_any_text_is_read(text: str) -> None:
    """A text that is no TOML at all still gives lines that lie in it, and no error."""
    line = TomlLines(text).line(("a", 1, "a"))
    assert 0 <= line <= text.count("\n") + 1
