"""The command line as a person and a script use it: output, JSON, exit codes, errors."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.access import Doorkeeper, Role
from edge.config import load
from edge.database import open_database
from edge.queries import Queries
from edge.starter import starter

Run = Callable[..., "subprocess.CompletedProcess[str]"]

SGTIN = "3034257BF7194E4000001A85"  # the example of the Tag Data Standard


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `store-edge` in an empty folder."""

    def start(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "edge", *words]
        return subprocess.run(
            argv, cwd=tmp_path, input=given, capture_output=True, text=True, timeout=60, check=False
        )

    return start


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Write the store.toml that `init` writes into that folder."""
    file = tmp_path / "store.toml"
    file.write_text(starter(), "utf-8")
    return file


def failed(result: subprocess.CompletedProcess[str], code: int) -> str:
    """Expect an exit code, no output and a message without a stack; give the message."""
    assert (result.returncode, result.stdout) == (code, "")
    assert "Traceback" not in result.stderr
    assert result.stderr
    return result.stderr


def who(config: Path, token: str) -> tuple[str, Role]:
    """Look a token up as the gateway does."""
    settings = load(config)
    engine = open_database(settings.database.url)
    identity = Doorkeeper(Queries(engine, settings, 1).token, lambda: 0).identify(token)
    engine.dispose()
    return identity.name, identity.role


def test_init_writes_a_file_that_check_finds_right(run: Run) -> None:
    """What `init` writes is right, and `check` sums it up."""
    assert run("init").stdout == "store.toml written: edit it, then store-edge check\n"
    checked = run("check")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.startswith("store.toml is right: shop corner-shop, 4 zones")


def test_init_keeps_a_file_that_is_there(run: Run, tmp_path: Path) -> None:
    """`init` never writes over a file, and says what to do."""
    (tmp_path / "store.toml").write_text("mine")
    assert "exists already: move it away" in failed(run("init"), 2)
    assert (tmp_path / "store.toml").read_text() == "mine"


def test_init_tells_of_a_folder_that_is_not_there(run: Run) -> None:
    """A path that cannot be written is a message."""
    assert "nowhere/store.toml" in failed(run("init", "nowhere/store.toml"), 2)


def test_check_prints_settings_as_json(run: Run) -> None:
    """`check --json` gives the settings as programs read them."""
    assert json.loads(run("init", "shop.toml", "--json").stdout) == {"file": "shop.toml"}
    told = json.loads(run("check", "shop.toml", "--json").stdout)
    assert told["ok"] is True
    assert told["settings"]["store"]["id"] == "corner-shop"


def test_check_tells_every_fault_with_its_line(run: Run, tmp_path: Path) -> None:
    """All faults come at once, with file and line, as text and as JSON; the exit code is 1."""
    text = '[store]\nid = "A b"\nname = "Shop"\ntimezone = "Mars/Base"\ncurrency = "EUR"\n'
    (tmp_path / "store.toml").write_text(text)
    plain = run("check")
    assert plain.returncode == 1
    assert [line.split(": ")[:2] for line in plain.stdout.splitlines()] == [
        ["store.toml:2", "store.id"],
        ["store.toml:4", "store.timezone"],
    ]
    told = run("check", "--json")
    assert told.returncode == 1
    assert [(fault["line"], fault["path"]) for fault in json.loads(told.stdout)["faults"]] == [
        (2, "store.id"),
        (4, "store.timezone"),
    ]


def test_check_tells_of_a_missing_file(run: Run) -> None:
    """A file that is not there is a fault like another."""
    result = run("check", "nothing.toml")
    assert result.returncode == 1
    assert "store-edge init writes one" in result.stdout
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("role", list(Role))
def test_token_lets_its_role_in(run: Run, config: Path, role: Role) -> None:
    """A created token is printed alone, and stands for its name and role."""
    token = run("token", "create", "--role", role.name, "--name", "Ann").stdout.strip()
    assert token.startswith("se_")
    assert who(config, token) == ("Ann", role)


def test_token_is_not_in_the_database(run: Run, config: Path) -> None:
    """Only a token's hash is kept."""
    told = json.loads(run("token", "create", "--role", "admin", "--json").stdout)
    assert (told["role"], told["name"]) == ("admin", "token")
    kept = b"".join(file.read_bytes() for file in config.parent.glob("store.db*"))
    assert told["token"].encode() not in kept


@pytest.mark.usefixtures("config")
def test_revoked_tokens_are_counted(run: Run) -> None:
    """All tokens of a name are revoked; a name that has none is an error, not a success."""
    for _ in range(2):
        run("token", "create", "--role", "viewer", "--name", "Ann")
    revoked = run("token", "revoke", "Ann", "--json")
    assert json.loads(revoked.stdout) == {"name": "Ann", "revoked": 2}
    assert "no token of 'Ann'" in failed(run("token", "revoke", "Ann"), 2)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("token", "create"), "--role"),
        (("token", "create", "--role", "boss"), "boss"),
        (("token", "create", "--role", "viewer"), "store-edge init writes one"),
        (("gateway", "--config", "nothing.toml"), "nothing.toml"),
        (("nonsense",), "nonsense"),
    ],
)
def test_mistakes_are_messages(run: Run, words: tuple[str, ...], told: str) -> None:
    """A wrong call ends with code 2 and says on stderr what was wrong."""
    assert told in failed(run(*words), 2)


def test_database_that_cannot_be_opened_is_a_message(run: Run, config: Path) -> None:
    """A database in a folder that is not there is told with the setting's name."""
    config.write_text(starter().replace("sqlite:///store.db", "sqlite:///no/folder/a.db"))
    assert "see database.url" in failed(run("token", "create", "--role", "viewer"), 2)


def test_tags_are_decoded(run: Run) -> None:
    """A tag's hex becomes its URI, GTIN and serial, in whatever case it is written."""
    assert run("epc", "decode", SGTIN.lower()).stdout == (
        f"{SGTIN}: urn:epc:id:sgtin:0614141.812345.6789\n"
    )
    told = json.loads(run("epc", "decode", SGTIN, "--json").stdout)
    assert (told["gtin"], told["serial"], told["error"]) == ("80614141123458", "6789", None)


def test_tags_come_from_standard_input(run: Run) -> None:
    """Without arguments the tags are read from stdin, each word one tag."""
    result = run("epc", "decode", given=f"{SGTIN} {SGTIN}\n\n{SGTIN}\n")
    assert (result.returncode, len(result.stdout.splitlines())) == (0, 3)


def test_tag_that_is_none_is_told_and_the_others_are_decoded(run: Run) -> None:
    """One wrong tag has its reason in its line, the others are decoded, and the exit code is 1."""
    result = run("epc", "decode", "zz", SGTIN, "30", "--json")
    rows: list[dict[str, Any]] = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.returncode == 1
    assert [row["gtin"] for row in rows] == [None, "80614141123458", None]
    assert rows[0]["error"] == "not hexadecimal"


MILK_LABEL = ("label", "render", "--gtin", "4006381333931", "--name", "Milk", "--amount", "249")


def test_a_label_is_drawn_with_all_that_it_can_show(run: Run, tmp_path: Path) -> None:
    """Every field of a label has an option, and the picture is a PNG."""
    words = "--template 400x300-bwry --unit 2,49/l --second-name Lait --promotion -20%"
    more = "--regular 299 --member 199 --stock few --link https://id.gs1.org --locale fr_FR"
    result = run(*MILK_LABEL, *words.split(), *more.split(), "-o", "label.png")
    assert (result.returncode, result.stdout) == (0, "label.png written\n")
    assert (tmp_path / "label.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--template", "9x9-bw"), "template: expected one of 152x152-bw,"),
        (("--regular", "100"), "regular: expected more than the price 249, came 100"),
        (("--promotion", "\U0001f95b"), "promotion: no font draws"),
    ],
)
def test_a_label_that_would_be_wrong_is_refused(
    run: Run, tmp_path: Path, words: tuple[str, str], why: str
) -> None:
    """The reason is told in a line, the exit code is 2, and no file is written."""
    assert why in failed(run(*MILK_LABEL, *words, "-o", "label.png"), 2)
    assert not (tmp_path / "label.png").exists()


def test_help_names_every_command(run: Run) -> None:
    """`--help` is there for the program and its groups."""
    told = run("--help").stdout
    first, then = ("run", "init", "check", "demo"), ("scan", "count", "validate", "epc", "label")
    for command in (*first, *then, "token"):
        assert command in told
    assert "create" in run("token", "--help").stdout
