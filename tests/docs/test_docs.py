"""The documentation: what it names exists, and what exists is named."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from edge.config import (
    Api,
    Area,
    Camera,
    Database,
    Detector,
    Device,
    Label,
    Lane,
    Line,
    Mqtt,
    Presence,
    Prices,
    Recording,
    Reference,
    Secret,
    Settings,
    Shelf,
    Sink,
    Store,
    Zone,
    load,
)
from edge.config_people import (
    CounterLine,
    CounterZone,
    MappedLines,
    MappedZones,
    Mapping,
    People,
    StaffTime,
)
from edge.events import EVENTS, Event

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "CHANGELOG.md"])

SECTIONS: dict[str, type[BaseModel]] = {
    "[store]": Store,
    "[mqtt]": Mqtt,
    "[database]": Database,
    "[recording]": Recording,
    "[api]": Api,
    "[presence]": Presence,
    "[prices]": Prices,
    "[people]": People,
    "people.staff": StaffTime,
    "[[zones]]": Zone,
    "[[shelves]]": Shelf,
    "[[devices]]": Device,
    "devices.lines": CounterLine,
    "devices.zones": CounterZone,
    "devices.mapping": Mapping,
    "devices.mapping.crossings": MappedLines,
    "devices.mapping.zones": MappedZones,
    "[[references]]": Reference,
    "[[cameras]]": Camera,
    "cameras.lines": Line,
    "cameras.areas": Area,
    "cameras.detector": Detector,
    "[[lanes]]": Lane,
    "[[labels]]": Label,
    "[[sinks]]": Sink,
    "Secrets": Secret,
}


def rows(page: str, heading: str) -> dict[str, list[str]]:
    """Give the table below a heading: the first cell of each row, and the other cells."""
    text = (DOCS / page).read_text("utf-8")
    below = re.split(rf"(?m)^#+ {re.escape(heading)}$", text)[1]
    section = re.split(r"(?m)^#+ ", below)[0]
    lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line in section.splitlines() if line[:1] == "|"]
    cells = [[cell.strip() for cell in line] for line in lines[2:]]
    return {first: rest for first, *rest in cells}


def default_of(model: type[BaseModel], key: str) -> str:
    """Write the default of a key as the documentation does."""
    default: Any = model.model_fields[key].default
    if default is PydanticUndefined:
        return "required"
    return "none" if default is None else f"`{json.dumps(default)}`"


@pytest.mark.parametrize("heading", SECTIONS)
def test_configuration_names_every_key(heading: str) -> None:
    """Each section's table has exactly the keys of the schema, with their defaults."""
    model = SECTIONS[heading]
    documented = {
        key.strip("`"): cells[1] for key, cells in rows("configuration.md", heading).items()
    }
    fields = model.model_fields.items()
    assert documented == {field.alias or key: default_of(model, key) for key, field in fields}


def test_configuration_names_every_section() -> None:
    """There is a heading for every section of the schema."""
    named = {heading.strip("[]") for heading in SECTIONS if heading.startswith("[")}
    assert named == set(Settings.model_fields)


def test_configuration_names_every_choice() -> None:
    """Where a key takes one of a few words, the documentation has them all."""
    for heading, model in SECTIONS.items():
        table = rows("configuration.md", heading)
        for key, node in model.model_json_schema()["properties"].items():
            for choice in node.get("enum", []):
                assert f"`{choice}`" in table[f"`{key}`"][2], (heading, key)


def test_configuration_examples_load(tmp_path: Path) -> None:
    """The smallest example loads alone, and all examples together make one shop."""
    text = (DOCS / "configuration.md").read_text("utf-8")
    examples = re.findall(r"(?s)```toml\n(.*?)```", text)
    file = tmp_path / "store.toml"
    file.write_text(examples[0], "utf-8")
    load(file)
    file.write_text("\n".join(examples), "utf-8")
    settings = load(file)
    assert settings.sinks
    assert settings.cameras


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_contract_names_every_event(event: type[Event]) -> None:
    """Each event is in the contract with its type, whether it is a level, and every field."""
    table = rows("contract.md", "Events to the online channel")
    subject_and_data = table[f"`{event.type}`{' (level)' if event.level else ''}"]
    named = set(re.findall(r"\w+", subject_and_data[1]))
    assert {field.encode_name for field in msgspec.structs.fields(event)} <= named


def test_contract_names_no_other_event() -> None:
    """The contract's table has no event that the shop does not speak."""
    table = rows("contract.md", "Events to the online channel")
    assert len(table) == len(EVENTS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """A link to another page finds its file, and its heading where it names one."""
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text("utf-8")):
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        assert file.is_file(), target
        headings = re.findall(r"(?m)^#+ (.+)$", file.read_text("utf-8"))
        slugs = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
        assert not anchor or anchor in slugs, target


@pytest.mark.parametrize("page", sorted((DOCS / "decisions").glob("*.md")), ids=lambda p: p.stem)
def test_decisions_have_one_form(page: Path) -> None:
    """A decision has a number, a status, and the three parts; it fits on a page."""
    text = page.read_text("utf-8")
    assert text.startswith(f"# {int(page.stem[:4])}. ")
    assert re.findall(r"(?m)^(?:## (\w+)|Status: \w+)$", text) == [
        "",
        "Context",
        "Decision",
        "Consequences",
    ]
    assert len(text.splitlines()) < 60


def test_licence_is_whole() -> None:
    """The licence is the full text of the one that the project names."""
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
