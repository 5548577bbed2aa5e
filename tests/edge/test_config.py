"""store.toml: what loads, what is refused, and how plainly a fault says where and why."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config import Camera, Line, Secret, Settings, load
from edge.errors import ConfigError, Fault
from edge.starter import starter

STORE = """[store]
id = "shop"
name = "Shop"
timezone = "Asia/Shanghai"
currency = "CNY"
"""


def settings_of(folder: Path, text: str) -> Settings:
    """Load a text as store.toml of a folder."""
    file = folder / "store.toml"
    file.write_text(text, "utf-8")
    return load(file)


def faults_of(folder: Path, text: str) -> tuple[Fault, ...]:
    """Load a text that must be refused, and give its faults."""
    with pytest.raises(ConfigError) as refused:
        settings_of(folder, text)
    return refused.value.faults


def fault_of(folder: Path, text: str) -> Fault:
    """Load a text that has exactly one fault, and give it."""
    (fault,) = faults_of(folder, text)
    return fault


def test_starter_loads(tmp_path: Path) -> None:
    """The file that init writes loads as it is."""
    settings = settings_of(tmp_path, starter())
    assert settings.store.id == "corner-shop"
    assert settings.devices[0].antennas == {1: "shelf-a", 2: "shelf-b", 3: "stockroom"}
    assert settings.zone_of("shelf-a") == "floor"
    assert settings.zone_of("tills") == "tills"


def test_starter_loads_with_all_options(tmp_path: Path) -> None:
    """Every optional part of the starting file loads once its # is taken away."""
    settings = settings_of(tmp_path, re.sub(r"(?m)^#(?=\S)", "", starter()))
    assert settings.cameras[0].areas[0].queue
    assert settings.devices[-1].codec == "impinj"
    assert settings.sinks[0].types == ("store.stock.*", "store.price.*", "store.product.*")
    assert settings.mqtt.tls


def test_starter_has_every_section() -> None:
    """The starting file shows every section that there is."""
    shown = set(re.findall(r"(?m)^#?\[{1,2}(\w+)\]", starter()))
    assert shown == set(Settings.model_fields)


def test_settings_become_json(tmp_path: Path) -> None:
    """Settings are plain JSON for other programs, and read back as the same settings."""
    settings = settings_of(tmp_path, re.sub(r"(?m)^#(?=\S)", "", starter()))
    dumped = json.loads(json.dumps(settings.model_dump(mode="json"), allow_nan=False))
    assert Settings.model_validate(dumped) == settings


def test_settings_are_frozen(tmp_path: Path) -> None:
    """Settings do not change once they are read."""
    settings = settings_of(tmp_path, STORE)
    with pytest.raises(ValueError, match="frozen"):
        settings.store.id = "other"


def test_paths_count_from_the_files_folder(tmp_path: Path) -> None:
    """Relative paths count from the folder of store.toml, absolute ones stay."""
    text = f"""{STORE}
[mqtt]
tls = true
ca_file = "tls/ca.pem"
username = "edge"
password = {{ file = "/run/secrets/mqtt" }}
[database]
url = "sqlite:///data/shop.db?timeout=5"
[[cameras]]
id = "c1"
source = "clips/door.mp4"
[[cameras]]
id = "c2"
source = "0"
[[cameras]]
id = "c3"
source = "rtsp://10.0.0.5/stream"
"""
    settings = settings_of(tmp_path, text)
    assert settings.mqtt.ca_file == tmp_path / "tls/ca.pem"
    assert settings.mqtt.password == Secret(file=Path("/run/secrets/mqtt"))
    assert settings.database.url == f"sqlite:///{tmp_path}/data/shop.db?timeout=5"
    sources = [camera.source for camera in settings.cameras]
    assert sources == [str(tmp_path / "clips/door.mp4"), "0", "rtsp://10.0.0.5/stream"]


def test_default_database_lies_beside_the_file(tmp_path: Path) -> None:
    """Without a [database] the data lies beside store.toml, wherever the service starts."""
    assert settings_of(tmp_path, STORE).database.url == f"sqlite:///{tmp_path}/store.db"


def test_missing_section(tmp_path: Path) -> None:
    """A missing section says what it must have."""
    fault = fault_of(tmp_path, "")
    assert str(fault).endswith(
        "store.toml:0: store: expected a table with id, name, timezone, currency, came nothing"
    )


@pytest.mark.parametrize(
    ("text", "line", "path", "expected", "came"),
    [
        ("[mqtt]\nport = 0", 7, "mqtt.port", "an integer from 1 to 65535", "0"),
        ("[mqtt]\nport = '80'", 7, "mqtt.port", "an integer from 1 to 65535", "'80'"),
        ("[mqtt]\ntls = 'yes'", 7, "mqtt.tls", "true or false", "'yes'"),
        (
            "[mqtt]\nbroker = 'x'",
            7,
            "mqtt.broker",
            "one of embedded, managed, external",
            "'x'",
        ),
        ("[mqtt]\nhost = ''", 7, "mqtt.host", "a host name or an IP address", "''"),
        (
            "mqtt.host = 1",
            6,
            "store.mqtt",
            "a key of [store]: id, name, timezone, currency, gln, country",
            "'mqtt'",
        ),
        ("[api]\naccent = 'blue'", 7, "api.accent", "a colour such as #0f5fa6", "'blue'"),
        ("[presence]\nmissing_after_s = 0", 7, "presence.missing_after_s", "a number above 0", "0"),
        (
            "[presence]\nmissing_after_s = inf",
            7,
            "presence.missing_after_s",
            "a finite number",
            "inf",
        ),
        ("[[presence]]", 6, "presence", "a table with missing_after_s", "an array of 1"),
        ("[zones]", 6, "zones", "an array, each a table with id, name, kind, polygon", "a table"),
        (
            "[[cameras]]\nid = 'c'\nsource = '0'\nfps = 99",
            9,
            "cameras[0].fps",
            "a number above 0, at most 60",
            "99",
        ),
    ],
)
def test_value_out_of_range(
    tmp_path: Path, text: str, line: int, path: str, expected: str, came: str
) -> None:
    """A value that a key does not take is refused in words: the place, the range, what came."""
    fault = fault_of(tmp_path, STORE + text)
    assert (fault.line, fault.path, fault.came) == (line, path, came)
    assert fault.expected == expected


def test_a_gln_is_kept_with_its_check_digit(tmp_path: Path) -> None:
    """A shop has a Global Location Number or none."""
    assert settings_of(tmp_path, STORE).store.gln is None
    assert settings_of(tmp_path, f"{STORE}gln = '4006381000000'\n").store.gln == "4006381000000"


@pytest.mark.parametrize(
    "gln", ["'4006381000001'", "'400638100000'", "'04006381000000'", "'400638100000x'", "''"]
)
def test_a_wrong_gln_is_refused(tmp_path: Path, gln: str) -> None:
    """A wrong check digit, too few digits, too many, or something else than digits."""
    fault = fault_of(tmp_path, f"{STORE}gln = {gln}\n")
    assert (fault.line, fault.path) == (6, "store.gln")
    assert fault.expected.startswith("a GLN: 13 digits")


def test_unknown_key_names_the_known_ones(tmp_path: Path) -> None:
    """A misspelt key is met with the keys that there are and the likeliest of them."""
    fault = fault_of(tmp_path, f"{STORE}[mqtt]\nhots = 'broker'\n")
    assert fault.expected == (
        "a key of [mqtt]: broker, host, port, tls, ca_file, username, password; did you mean host?"
    )
    assert fault.came == "'hots'"
    fault = fault_of(tmp_path, f"{STORE}[zone]\n")
    assert fault.expected.endswith("did you mean zones?")


def test_misspelt_time_zone(tmp_path: Path) -> None:
    """A misspelt time zone is met with the likeliest one."""
    fault = fault_of(tmp_path, STORE.replace("Shanghai", "Shangai"))
    assert fault.expected.endswith("did you mean Asia/Shanghai?")


@pytest.mark.parametrize(
    "text",
    [
        "[mqtt]\nusername = 'edge'\npassword = 'hunter2'",
        "[mqtt]\nusername = 'edge'\npassword = { env = 'A', value = 'hunter2' }",
        "[mqtt]\nusername = 'edge'\npassword = ['hunter2']",
        "[mqtt]\npasword = 'hunter2'",
        "[api]\ntoken = 'hunter2'",
        "[database]\nurl = 'postgresql://edge:hunter2@db/shop'",
        "[database]\nurl = 'postgresql://db/shop?user=edge&password=hunter2'",
        "[database]\nurl = 'mysql://edge:hunter2@db/shop'",
        "[[cameras]]\nid = 'c'\nsource = 'rtsp://viewer:hunter2@10.0.0.5/1'",
        "[[cameras]]\nid = 'c'\nsource = 'ftp://viewer:hunter2@10.0.0.5/1'",
        "[[sinks]]\nname='s'\nkind='webhook'\nurl='https://a:hunter2@b/c'\nsecret={env='A'}",
        "[[sinks]]\nname = 's'\nkind = 'webhook'\nurl = 'https://b/c'\nsecret = 'hunter2'",
    ],
)
def test_plain_secret_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    """A secret in the file is refused, and no fault repeats it."""
    for fault in faults_of(tmp_path, STORE + text):
        assert "hunter2" not in str(fault)


def test_plain_secret_is_told_where_to_go(tmp_path: Path) -> None:
    """A plain password is met with the two places where it belongs."""
    fault = fault_of(tmp_path, f"{STORE}[mqtt]\nusername = 'edge'\npassword = 'hunter2'\n")
    assert (fault.line, fault.path) == (8, "mqtt.password")
    assert '{ env = "NAME" } or { file = "PATH" }' in fault.expected
    assert fault.came == "a value in the file (not shown)"


@pytest.mark.parametrize(("value", "came"), [("{}", "neither"), ("{env='A',file='b'}", "both")])
def test_secret_has_one_place(tmp_path: Path, value: str, came: str) -> None:
    """A secret is in an environment variable or in a file, not in both."""
    fault = fault_of(tmp_path, f"{STORE}[mqtt]\nusername = 'edge'\npassword = {value}\n")
    assert (fault.path, fault.came) == ("mqtt.password", came)


def test_secret_is_read_from_a_file(tmp_path: Path) -> None:
    """A secret file gives its text without the line's end; a missing one is a ConfigError."""
    file = tmp_path / "secret"
    file.write_text("hunter2\n")
    assert Secret(file=file).read() == "hunter2"
    with pytest.raises(ConfigError, match=r"absent: expected a secret there, came nothing"):
        Secret(file=tmp_path / "absent").read()


def test_secret_is_read_from_the_environment() -> None:
    """A secret's variable gives its value; an unset one is a ConfigError that names it."""
    assert Secret(env="PATH").read() == os.environ["PATH"]
    with pytest.raises(ConfigError, match="STORE_EDGE_TEST_ABSENT"):
        Secret(env="STORE_EDGE_TEST_ABSENT").read()


def test_camera_password_goes_into_its_address(tmp_path: Path) -> None:
    """A camera's password is put into its address only when it is opened, and escaped."""
    (tmp_path / "secret").write_text("p@ss/word")
    text = "[[cameras]]\nid='c'\nsource='rtsp://viewer@10.0.0.5/1'\npassword={file='secret'}\n"
    (camera,) = settings_of(tmp_path, STORE + text).cameras
    assert camera.address() == "rtsp://viewer:p%40ss%2Fword@10.0.0.5/1"
    assert Camera(id="c", source="0").address() == "0"


def test_settings_can_be_built_in_code() -> None:
    """A part of the settings built by a program is checked like one from a file."""
    with pytest.raises(ValueError, match="refused"):
        Line(name="door", start=(0, 0), end=(0, 0))


toml_values = st.recursive(
    st.integers(-5, 70000) | st.booleans() | st.text("ab1:/@#*{}-", max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "zone", "env", "1"]), inner, max_size=3)
    ),
    max_leaves=6,
)
sections = st.sampled_from(sorted(Settings.model_fields))


def inline(value: object) -> str:
    """Write a value as TOML on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {inline(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return json.dumps(value)


@given(tree=st.dictionaries(sections, toml_values, max_size=6))
def test_any_toml_gives_settings_or_faults(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, object]
) -> None:
    """Whatever the values are, loading ends in settings or in faults that lie in the file."""
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_text("".join(f"{key} = {inline(value)}\n" for key, value in tree.items()))
    try:
        load(file)
    except ConfigError as refused:
        lines = [fault.line for fault in refused.faults]
        assert lines == sorted(lines)
        assert 0 <= lines[-1] <= len(tree)
