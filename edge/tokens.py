"""Make and revoke tokens in the shop's database, also while the gateway runs."""

from __future__ import annotations

import time

from sqlalchemy.exc import OperationalError

from edge.access import new_token, token_hash
from edge.config import Settings
from edge.database import open_database
from edge.errors import Refused
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
    url = settings.database.url
    try:
        return Store(open_database(url))
    except OperationalError as fault:
        came = f"{fault.orig} at {url}"
        raise Refused(f"expected a database that opens, came {came}: see database.url") from fault


def _now() -> int:
    return time.time_ns() // 1_000_000
