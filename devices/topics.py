"""MQTT topics of the contract: `store/{store}/{kind}/{device}/{leaf}`, and topic filters."""

from __future__ import annotations

import re
from typing import cast, get_args

from msgspec import Struct

from edge.errors import ContractError
from edge.readings import Kind

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_KINDS = frozenset(get_args(Kind))
_LEVELS = 5


class Topic(Struct, frozen=True):
    """One topic of the contract; raises ContractError when a part of it is not allowed.

    `store`, `device` and `leaf` are ids: lower-case letters, digits, `_` and `-`, at most 63.
    """

    store: str
    kind: Kind
    device: str
    leaf: str

    def __post_init__(self) -> None:
        """Refuse what could not travel as a topic, or would name something else."""
        if self.kind not in _KINDS:
            raise ContractError(
                "topic.kind", f"one of {', '.join(sorted(_KINDS))}", repr(self.kind)
            )
        for part in ("store", "device", "leaf"):
            if not _ID.fullmatch(came := getattr(self, part)):
                raise ContractError(f"topic.{part}", f"an id ({_ID.pattern})", repr(came))

    @classmethod
    def parse(cls, text: str) -> Topic:
        """Read a topic; raises ContractError when it is not one of the contract."""
        levels = text.split("/")
        if len(levels) != _LEVELS or levels[0] != "store":
            raise ContractError("topic", "store/{store}/{kind}/{device}/{leaf}", repr(text))
        _, store, kind, device, leaf = levels
        return cls(store, cast("Kind", kind), device, leaf)

    def __str__(self) -> str:
        """Give the topic as it travels."""
        return f"store/{self.store}/{self.kind}/{self.device}/{self.leaf}"


class Fleeting(str):
    """A topic filter of what nobody keeps: at QoS 0 a broker holds nothing for who is away."""

    __slots__ = ()


def is_filter(text: str) -> bool:
    """Say whether a text is a topic filter (MQTT 5.0, 4.7.1): `#` last, `+` alone in its level."""
    levels = text.split("/")
    return (
        bool(text)
        and "\0" not in text
        and all(level == "+" or "+" not in level for level in levels)
        and all("#" not in level for level in levels[:-1])
        and (levels[-1] == "#" or "#" not in levels[-1])
    )


def covers(pattern: str, topic: str) -> bool:
    """Say whether a topic filter matches a topic (MQTT 5.0, 4.7).

    `a/#` matches `a` too; a wildcard in front does not match the broker's own `$` topics.
    """
    if topic.startswith("$") and pattern[:1] in {"+", "#"}:
        return False
    wanted, levels = pattern.split("/"), topic.split("/")
    if wanted[-1] == "#":
        wanted = wanted[:-1]
        levels = levels[: len(wanted)]
    return len(wanted) == len(levels) and all(
        want in {"+", level} for want, level in zip(wanted, levels, strict=True)
    )
