"""The commands `store-edge epc` as a person and a script use them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]

# Examples of the Tag Data Standard.
SGTIN = "3066C4409047E140075BCD15"
SGTIN_PLUS = "F73795211411234538566CB0AFC4"
GRAI = "3376451FD40C0E400000162E"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `store-edge epc` in an empty folder."""

    def start(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "edge", "epc", *words]
        return subprocess.run(
            argv, cwd=tmp_path, input=given, capture_output=True, text=True, timeout=60, check=False
        )

    return start


def test_decode_tells_all_of_a_tag(run: Run) -> None:
    """A tag's row has its URIs, its key's Application Identifiers, and no fault."""
    result = run("decode", SGTIN, "--json")
    assert (result.returncode, json.loads(result.stdout)) == (
        0,
        {
            "hex": SGTIN,
            "scheme": "sgtin-96",
            "uri": "urn:epc:id:sgtin:95060001343.05.123456789",
            "tag_uri": "urn:epc:tag:sgtin-96:3.95060001343.05.123456789",
            "digital_link": "https://id.gs1.org/01/09506000134352/21/123456789",
            "gtin": "09506000134352",
            "serial": "123456789",
            "filter": 3,
            "ai": {"01": "09506000134352", "21": "123456789"},
            "fault": None,
            "error": None,
        },
    )


def test_decode_tells_tags_of_other_things(run: Run) -> None:
    """A '+' tag has no tag URI, a crate no GTIN; a line each, also without --json."""
    assert run("decode", SGTIN_PLUS, GRAI).stdout == (
        f"{SGTIN_PLUS}: https://id.gs1.org/01/79521141123453/21/32a%2Fb\n"
        f"{GRAI}: urn:epc:id:grai:9521141.12345.5678\n"
    )
    plus, grai = map(json.loads, run("decode", SGTIN_PLUS, GRAI, "--json").stdout.splitlines())
    assert (plus["gtin"], plus["serial"], plus["tag_uri"]) == ("79521141123453", "32a/b", None)
    assert (grai["gtin"], grai["serial"], grai["ai"]) == (
        None,
        "5678",
        {"8003": "095211411234545678"},
    )


def test_decode_tells_wrongly_encoded_tags_from_foreign_ones(run: Run) -> None:
    """What a scheme's header promises and breaks is told with scheme and fault; exit code 1."""
    result = run("decode", "--json", given=f"307C257BF7194E4000001A85\nE280116060\n{SGTIN}\nzz\n")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.returncode == 1
    assert [(row["scheme"], row["fault"]) for row in rows] == [
        ("sgtin-96", "partition"),
        (None, "foreign"),
        ("sgtin-96", None),
        (None, "not-hex"),
    ]
    assert rows[0]["error"] == "sgtin-96: partition 7 is not in use"
    assert (rows[0]["uri"], rows[0]["ai"], rows[1]["gtin"]) == (None, None, None)


def test_encode_writes_a_product(run: Run) -> None:
    """GTIN and serial become a code, in the scheme that was asked for or the shortest."""
    product = ("--gtin", "09506000134352", "--serial", "123456789")
    scheme = ("--scheme", "sgtin-96", "--prefix-digits", "11", "--filter", "3")
    assert run("encode", *product, *scheme).stdout == f"{SGTIN}\n"
    assert run("encode", *product, "--prefix-digits", "11").stdout == "3026C4409047E140075BCD15\n"
    told = json.loads(run("encode", *product, "--json").stdout)
    assert (told["scheme"], told["gtin"], told["filter"]) == ("sgtin+", "09506000134352", 1)


def test_encode_writes_what_decode_prints(run: Run) -> None:
    """Tag URIs and Digital Link URIs of tags are encoded again, also from stdin."""
    tag_uri = json.loads(run("decode", SGTIN, "--json").stdout)["tag_uri"]
    assert run("encode", tag_uri).stdout == f"{SGTIN}\n"
    link = "https://id.gs1.org/01/79521141123453/21/32a%2Fb"
    assert run("encode", "--filter", "3", given=f"{link}\n{link} {link}\n").stdout == (
        f"{SGTIN_PLUS}\n" * 3
    )


def test_encode_tells_names_that_are_none_and_writes_the_others(run: Run) -> None:
    """A wrong name is told on stderr, the others are written, and the exit code is 1."""
    result = run("encode", "urn:epc:id:sgtin:95060001343.05.6789", "milk")
    assert (result.returncode, result.stdout) == (1, "3026C4409047E14000001A85\n")
    assert result.stderr.startswith("milk: text: expected urn:epc:id:..., ")
    rows = [
        json.loads(line)
        for line in run("encode", "milk", "(01)79521141123453(21)1", "--json").stdout.splitlines()
    ]
    assert (rows[0]["name"], rows[0]["hex"], rows[0]["path"]) == ("milk", None, "text")
    assert (rows[1]["name"], rows[1]["gtin"]) == ("(01)79521141123453(21)1", "79521141123453")
    assert rows[1]["error"] is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--gtin", "09506000134353", "--serial", "1"), "gtin: expected 8, 12, 13 or 14 digits"),
        (("--gtin", "09506000134352"), "serial: expected 1 to 20"),
        (("--serial", "1"), "gtin: expected"),
        (("--gtin", "09506000134352", "--serial", "1", "--scheme", "x"), "scheme: expected one"),
        (("--gtin", "09506000134352", "--serial", "1", "urn:epc:id:x:1"), "came both"),
        (("--gtin", "1", "--serial", "1", "--filter", "9"), "filter_value: expected 0 to 7"),
    ],
)
def test_encode_tells_what_is_wrong(run: Run, words: tuple[str, ...], told: str) -> None:
    """A product that cannot be written ends with code 2, and names the value at fault."""
    result = run("encode", *words)
    assert (result.returncode, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    assert told in result.stderr
