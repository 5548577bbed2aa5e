"""What is wrong with a store.toml, in words: where, what was expected, what came."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from edge.errors import Fault
from edge.toml_lines import KeyPath, TomlLines

_SECRET_NAME = re.compile(r"secret|passw|token|credential|private|api_?key", re.IGNORECASE)
_PRIVATE_IN_ADDRESS = re.compile(r"(?<=://).*(?=@)|(?<=\?).*")
_LONGEST = 60

ELSEWHERE = '{ env = "NAME" } or { file = "PATH" }, so that the secret itself is not in this file'


def refusal(expected: str, came: str, key: str | None = None) -> PydanticCustomError:
    """Make the error that a validator raises; `key` is the key at fault below the one checked."""
    return PydanticCustomError("refused", "refused", {"want": expected, "came": came, "key": key})


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Give `"; did you mean ...?"` when a known name is close, else nothing."""
    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def shown(value: object) -> str:
    """Render a value in a few words: a table without its values, an address without its user."""
    match value:
        case dict():
            return "a table"
        case list() | tuple():
            return f"an array of {len(value)}"
        case bool():
            return str(value).lower()
        case str():
            text = repr(_PRIVATE_IN_ADDRESS.sub("...", value) if "://" in value else value)
        case _:
            text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 4]}...{text[-1]}"


def dotted(path: KeyPath) -> str:
    """Render a key path: `zones[0].polygon[2]`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).lstrip(".")


def schema_faults(
    file: Path, lines: TomlLines, model: type[BaseModel], error: ValidationError
) -> Iterator[Fault]:
    """Turn what pydantic found into faults, in words of the model's own schema."""
    for path, expected, came in explained(model, error):
        yield Fault(str(file), lines.line(path), dotted(path) or "file", expected, came)


def explained(
    model: type[BaseModel], error: ValidationError, whole: str = "the file"
) -> Iterator[tuple[KeyPath, str, str]]:
    """Give the path of each fault, what was expected and what came; `whole` names the model."""
    schema = model.model_json_schema()
    for detail in error.errors(include_url=False):
        yield _explained(schema, detail, whole)


def _explained(
    schema: dict[str, Any], detail: ErrorDetails, whole: str
) -> tuple[KeyPath, str, str]:
    path, kind, context = detail["loc"], detail["type"], detail.get("ctx", {})
    if kind == "refused":
        key = context["key"]
        return (*path, *([key] if key else [])), context["want"], context["came"]
    if kind == "extra_forbidden":
        return path, _known_keys(schema, path, whole), repr(path[-1])
    if path[-1:] == ("[key]",):
        return path[:-1], _describe(schema, _node(schema, path[:-2])), f"the key {path[-2]!r}"
    if kind == "model_type" and context.get("class_name") == "Secret":
        return path, ELSEWHERE, "a value in the file (not shown)"
    if kind == "finite_number":
        return path, "a finite number", shown(detail["input"])
    came = "nothing" if kind == "missing" else _kept(path, shown(detail["input"]))
    return path, _describe(schema, _node(schema, path)), came


def _kept(path: KeyPath, came: str) -> str:
    """Hide what came when its key looks like a secret's."""
    secret = any(isinstance(part, str) and _SECRET_NAME.search(part) for part in path)
    return "a value that is not shown" if secret else came


def _known_keys(schema: dict[str, Any], path: KeyPath, whole: str) -> str:
    known = _node(schema, path[:-1]).get("properties", {})
    names = [str(part) for part in path[:-1] if isinstance(part, str)]
    table = f"[{'.'.join(names)}]" if names else whole
    return f"a key of {table}: {', '.join(known)}{did_you_mean(str(path[-1]), known)}"


def _node(schema: dict[str, Any], path: KeyPath) -> dict[str, Any]:
    """Find the JSON schema of a key path; an empty one when the path leaves the schema."""
    node = schema
    for part in path:
        node = _child(_resolved(schema, node), part)
    return _resolved(schema, node)


def _child(node: dict[str, Any], part: str | int) -> dict[str, Any]:
    if isinstance(part, int):
        fixed = node.get("prefixItems", [])
        child = fixed[part] if part < len(fixed) else node.get("items", {})
    else:
        child = node.get("properties", {}).get(part, node.get("additionalProperties", {}))
    return child if isinstance(child, dict) else {}


def _resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference, and leave `null` out of a choice: TOML has none."""
    choices = [choice for choice in node.get("anyOf", []) if choice.get("type") != "null"]
    if choices:
        node = {**choices[0], **{k: v for k, v in node.items() if k == "description"}}
    if "$ref" in node:
        found: dict[str, Any] = schema["$defs"][node["$ref"].rpartition("/")[2]]
        return found
    return node


def _describe(schema: dict[str, Any], node: dict[str, Any]) -> str:
    """Say in words what a JSON schema node takes."""
    kind = node.get("type")
    if "enum" in node or "const" in node:
        choices = node.get("enum") or [node["const"]]
        return f"one of {', '.join(map(str, choices))}" if len(choices) > 1 else f"{choices[0]!r}"
    if kind == "object" and "properties" in node:
        return f"a table with {', '.join(node.get('required') or node['properties'])}"
    if "description" in node:
        return str(node["description"])
    if kind == "array":
        return _described_array(schema, node)
    if kind in ("integer", "number"):
        return f"{'an integer' if kind == 'integer' else 'a number'}{_described_range(node)}"
    return {"boolean": "true or false", "string": "text in quotes"}.get(str(kind), "a value")


def _described_array(schema: dict[str, Any], node: dict[str, Any]) -> str:
    items = node.get("prefixItems") or [node.get("items", {})]
    item = _describe(schema, _resolved(schema, items[0]))
    least, most = node.get("minItems"), node.get("maxItems")
    return f"an array{_described_size(least, most)}, each {item}"


def _described_size(least: int | None, most: int | None) -> str:
    if least == most:
        return f" of {most}" if most else ""
    if least and most:
        return f" of {least} to {most}"
    return f" of at least {least}" if least else f" of at most {most}"


def _described_range(node: dict[str, Any]) -> str:
    least, most = node.get("minimum"), node.get("maximum")
    above = node.get("exclusiveMinimum")
    lower = f" from {least:g}" if least is not None else ""
    lower = f" above {above:g}" if above is not None else lower
    if most is None:
        return f"{lower} up" if least is not None else lower
    return f"{lower} to {most:g}" if least is not None else f"{lower}, at most {most:g}"
