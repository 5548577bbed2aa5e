"""A TOML file: its text and its tree, or a fault that says where it stops being TOML."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from edge.errors import ConfigError, Fault

_TWICE = ("Cannot", "Duplicate")

# tomllib's messages, and what its user should have written instead.
_SYNTAX = {
    "Invalid statement": "a key, a [table] or a # comment",
    "Invalid value": 'a value: "text", a number, true, false, [an array] or { a = "table" }',
    "Expected '='": "'=' after a key",
    'Expected "': "a quote at the end of a text",
    "Expected newline": "nothing more on the line after a value",
    "Unclosed array": "']' at the end of an array",
    "Unclosed inline table": "'}' at the end of an inline table, on the line where it began",
    "Unterminated string": "a quote at the end of a text",
    "Illegal character": "text on one line, without control characters",
    "Unescaped": r"'\\' for a backslash, or text in single quotes",
    "Invalid initial character for a key part": "a key of letters, digits, - and _",
}


def read_toml(file: Path) -> tuple[str, dict[str, Any]]:
    """Give the text and the tree of a TOML file; raises ConfigError with the place of a fault."""
    text = _read(file)
    try:
        return text, tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError((_syntax_fault(file, text, error),)) from error


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError((_encoding_fault(file, error),)) from error
    except OSError as error:
        came = (error.strerror or str(error)).lower()
        expected = "a configuration that can be read (store-edge init writes one)"
        raise ConfigError((Fault(str(file), 0, "file", expected, came),)) from error


def _encoding_fault(file: Path, error: UnicodeDecodeError) -> Fault:
    """Explain a file that is not UTF-8."""
    line = error.object.count(b"\n", 0, error.start) + 1
    came = f"the byte 0x{error.object[error.start]:02x}"
    return Fault(str(file), line, "encoding", "text in UTF-8", came)


def _syntax_fault(file: Path, text: str, error: Exception) -> Fault:
    """Explain a text that is not TOML; tomllib tells the place only in its message."""
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", str(error))
    if found is None:
        return Fault(str(file), 0, "syntax", "TOML", str(error))
    reason, line, column = found.groups()
    last = text.rstrip().count("\n") + 1
    if reason.startswith(_TWICE):
        return Fault(str(file), int(line or last), "syntax", "each key and table once", reason)
    expected = next((want for start, want in _SYNTAX.items() if reason.startswith(start)), "TOML")
    if line is None:
        return Fault(str(file), last, "syntax", expected, f"the end of the file ({reason})")
    came = f"{_character(text, int(line), int(column))} ({reason})"
    return Fault(str(file), int(line), f"column {column}", expected, came)


def _character(text: str, line: int, column: int) -> str:
    """Show one character and no more: a secret without its quotes may stand there."""
    character = text.split("\n")[line - 1][column - 1 : column].strip("\r")
    return repr(character) if character else "the end of the line"
