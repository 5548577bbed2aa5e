"""What a device of any kind says: its status (or its Will), and answers to commands."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct, field
from msgspec.json import Decoder

from devices.contract import Claims, Count, Word, read
from edge.errors import ContractError
from edge.readings import CommandAnswered, DeviceReported

MAX_LEVELS = 16


class _Status(Struct, frozen=True):
    online: bool
    model: Word | None = None
    fw: Word | None = None
    config_version: Count | None = None


class _Result(Struct, frozen=True):
    id: Word
    ok: bool
    error: Annotated[str, Meta(max_length=4096)] | None = None
    data: dict[str, Any] = field(default_factory=dict)


_status = Decoder(_Status)
_result = Decoder(_Result)


def decode_status(payload: bytes) -> Claims:
    """Decode `status`: `{"online", "model"?, "fw"?, "config_version"?}`."""
    came = read(_status, payload)
    return Claims((DeviceReported(came.online, came.model, came.fw, came.config_version),))


def decode_result(payload: bytes) -> Claims:
    """Decode `result`: `{"id", "ok", "error"?, "data"?}`; `data` nests at most 16 levels."""
    came = read(_result, payload)
    if _deeper(came.data, MAX_LEVELS):
        raise ContractError("data", f"at most {MAX_LEVELS} levels", "more")
    return Claims((CommandAnswered(came.id, came.ok, came.error, came.data),))


def _deeper(value: object, levels: int) -> bool:
    """Walk level by level: recursion would end where the attack wants it to."""
    layer = [value]
    for _ in range(levels):
        layer = [child for node in layer for child in _children(node)]
    return bool(layer)


def _children(node: object) -> list[object]:
    if isinstance(node, dict):
        return list(node.values())
    return list(node) if isinstance(node, list) else []
