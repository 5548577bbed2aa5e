"""A store.toml that cannot be read as TOML: where it stops, and what belongs there."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config import load
from edge.errors import ConfigError

STORE = """[store]
id = "shop"
name = "Shop"
timezone = "Asia/Shanghai"
currency = "CNY"
"""


def test_byte_order_mark_and_windows_lines(tmp_path: Path) -> None:
    """A file saved by a Windows editor loads, and its faults have the right lines."""
    file = tmp_path / "store.toml"
    file.write_bytes(b"\xef\xbb\xbf" + STORE.replace("\n", "\r\n").encode())
    assert load(file).store.name == "Shop"
    file.write_bytes(STORE.replace("CNY", "XYZ").replace("\n", "\r\n").encode())
    with pytest.raises(ConfigError) as refused:
        load(file)
    assert [fault.line for fault in refused.value.faults] == [5]


def test_missing_file(tmp_path: Path) -> None:
    """A missing file says how to make one."""
    with pytest.raises(ConfigError, match=r"store-edge init.*no such file"):
        load(tmp_path / "absent.toml")


def test_folder_instead_of_a_file(tmp_path: Path) -> None:
    """A folder is refused like any file that cannot be read."""
    with pytest.raises(ConfigError, match="is a directory"):
        load(tmp_path)


def test_file_that_is_not_utf8(tmp_path: Path) -> None:
    """A file in another encoding is refused with the line of its first odd byte."""
    file = tmp_path / "store.toml"
    file.write_bytes(b'[store]\nname = "Caf\xe9"\n')
    with pytest.raises(ConfigError) as refused:
        load(file)
    (fault,) = refused.value.faults
    assert (fault.line, fault.expected, fault.came) == (2, "text in UTF-8", "the byte 0xe9")


@pytest.mark.parametrize(
    ("text", "line", "path", "expected"),
    [
        ("a = 1\nb 2\n", 2, "column 3", "'=' after a key"),
        ("a = yes\n", 1, "column 5", "a value"),
        ("a = 1\na = 2\n\n", 2, "syntax", "each key and table once"),
        ("[a]\n[b]\n[a]\n", 3, "syntax", "each key and table once"),
        ("a = 1 2\n", 1, "column 7", "nothing more"),
        ("a = 1\nb = [1,\n", 2, "syntax", "a value"),
        ("b = [1\n", 1, "syntax", "']'"),
        ("a = 'x\n", 1, "syntax", "a quote at the end"),
        ("= 1\n", 1, "column 1", "a key"),
        ("a = " + "[" * 3000, 0, "syntax", "TOML"),
        ("a = " + "9" * 5000, 0, "syntax", "TOML"),
    ],
)
def test_text_that_is_not_toml(
    tmp_path: Path, text: str, line: int, path: str, expected: str
) -> None:
    """A text that is not TOML is refused with its line, its column and what belongs there."""
    file = tmp_path / "store.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as refused:
        load(file)
    (fault,) = refused.value.faults
    assert (fault.line, fault.path) == (line, path)
    assert fault.expected.startswith(expected)


def test_syntax_fault_shows_no_secret(tmp_path: Path) -> None:
    """A password without its quotes does not get into the fault."""
    file = tmp_path / "store.toml"
    file.write_text("[mqtt]\npassword = hunter2\n")
    with pytest.raises(ConfigError) as refused:
        load(file)
    assert "unter" not in str(refused.value)
