"""Make and revoke tokens in the shop's database, also while the gateway runs."""

from __future__ import annotations

import time

from edge.access import new_token, token_hash
from edge.config import Settings
from edge.database import open_database
from edge.store import Store


def create(settings: Settings, name: str, role: str) -> str:
    """Let a new token in and give it; nobody can read it again."""
    token = new_token()
    _store(settings).add_token(token_hash(token), name, role, _now())
    return token


def revoke(settings: Settings, name: str) -> int:
    """Shut out all tokens of a name; gives how many they were."""
    return _store(settings).revoke_token(name, _now())


def _store(settings: Settings) -> Store:
    return Store(open_database(settings.database.url))


def _now() -> int:
    return time.time_ns() // 1_000_000
