"""On which line of a TOML file a key stands: tomllib gives the values but not their places."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

KeyPath = tuple[str | int, ...]

# TOML 1.0: a multi-line string may end in up to two quotes of its own before the closing three.
_TOKEN = re.compile(
    r"""
    (?P<text>
        \"{3}(?:\\.|[^\\])*?\"{3,5}
      | '{3}.*?'{3,5}
      | "(?:\\.|[^"\\\n])*"
      | '[^'\n]*'
    )
  | (?P<comment>\#[^\n]*)
  | (?P<bare>[A-Za-z0-9_-]+)
  | (?P<mark>[\n\[\]{},=])
    """,
    re.VERBOSE | re.DOTALL,
)


class _Token(NamedTuple):
    """A piece of TOML: `mark` is the punctuation, or empty for a key part or a value."""

    mark: str
    text: str
    line: int


class _Open(NamedTuple):
    """An array or inline table that is not closed yet; `element` is the one being read."""

    path: KeyPath
    element: int | None


class TomlLines:
    """The lines of all keys of one TOML text; a text that is not TOML gives what can be found."""

    def __init__(self, text: str) -> None:
        """Read the text once."""
        self._lines: dict[KeyPath, int] = {}
        self._counts: dict[KeyPath, int] = {}
        self._table: KeyPath = ()
        self._open: list[_Open] = []
        self._key: list[str] = []
        self._value_path: KeyPath = ()
        self._brackets = 0
        self._in_value = False
        for token in _tokens(text):
            self._take(token)

    def line(self, path: Sequence[str | int]) -> int:
        """Give the line (from 1) of a key path such as `("devices", 0, "antennas", "1")`.

        A key that is missing has the line of the nearest table around it; 0 is the whole file.
        """
        for length in range(len(path), 0, -1):
            found = self._lines.get(tuple(path[:length]))
            if found is not None:
                return found
        return 0

    def _take(self, token: _Token) -> None:
        if self._brackets:
            self._take_header(token)
        elif self._in_value:
            self._take_value(token)
        else:
            self._take_key(token)

    def _take_header(self, token: _Token) -> None:
        if token.mark == "[":
            self._brackets += 1
        elif not token.mark:
            self._key.append(token.text)
        elif token.mark in "]\n":
            self._enter_table(token.line)

    def _enter_table(self, line: int) -> None:
        if self._key:
            *parents, last = self._key
            path = (*self._resolved(parents, line), last)
            if self._brackets > 1:
                self._lines.setdefault(path, line)
                self._counts[path] = self._counts.get(path, 0) + 1
                path = (*path, self._counts[path] - 1)
            self._lines[path] = line
            self._table = path
        self._key = []
        self._brackets = 0

    def _resolved(self, parents: list[str], line: int) -> KeyPath:
        """Walk down a header's parents; an array of tables means its newest element."""
        path: KeyPath = ()
        for parent in parents:
            path = (*path, parent)
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
            self._lines.setdefault(path, line)
        return path

    def _take_key(self, token: _Token) -> None:
        if not token.mark:
            self._key.append(token.text)
        elif token.mark == "=":
            self._record_key(token.line)
        elif token.mark == "[" and not self._open and not self._key:
            self._brackets = 1
        elif token.mark == "}":
            self._close()
        else:
            self._key = []

    def _record_key(self, line: int) -> None:
        path = self._open[-1].path if self._open else self._table
        for part in self._key:
            path = (*path, part)
            self._lines.setdefault(path, line)
        self._value_path = path
        self._key = []
        self._in_value = True

    def _take_value(self, token: _Token) -> None:
        if token.mark == "\n":
            self._in_value = bool(self._open)
        elif token.mark == ",":
            self._next_element()
        elif token.mark in ("]", "}"):
            self._close()
        else:
            self._enter_value(token)

    def _enter_value(self, token: _Token) -> None:
        path = self._value_path
        if self._open and self._open[-1].element is not None:
            path = (*self._open[-1].path, self._open[-1].element)
            self._lines.setdefault(path, token.line)
        if token.mark in ("[", "{"):
            self._open.append(_Open(path, 0 if token.mark == "[" else None))
            self._in_value = token.mark == "["

    def _next_element(self) -> None:
        if not self._open:
            return
        path, element = self._open[-1]
        if element is None:
            self._in_value = False
        else:
            self._open[-1] = _Open(path, element + 1)

    def _close(self) -> None:
        if self._open:
            self._open.pop()
        self._key = []
        self._in_value = True


def _tokens(text: str) -> Iterator[_Token]:
    line, end = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", end, match.start())
        found = match.group()
        if match.lastgroup == "mark":
            yield _Token(found, "", line)
        elif match.lastgroup == "text":
            yield _Token("", _unquoted(found), line)
        elif match.lastgroup == "bare":
            yield _Token("", found, line)
        line += found.count("\n")
        end = match.end()


def _unquoted(text: str) -> str:
    try:
        return str(tomllib.loads(f"key = {text}")["key"])
    except tomllib.TOMLDecodeError:
        return text
