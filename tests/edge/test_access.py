"""Tokens and roles."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from edge.access import REMEMBERED_MS, Doorkeeper, Identity, Role, new_token, token_hash
from edge.config import Settings
from edge.errors import Forbidden, Unauthorised
from edge.queries import Queries
from edge.store import Store

T0 = 1_800_000_000_000


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        """Begin at a fixed time."""
        self.now = T0

    def __call__(self) -> int:
        """Give the time."""
        return self.now


def doorkeeper_of(engine: Engine, settings: Settings, watch: Watch) -> Doorkeeper:
    """Let a doorkeeper look tokens up in a real database."""
    return Doorkeeper(Queries(engine, settings, 7).token, watch)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("asked", Role)
def test_a_role_may_do_all_that_the_ones_before_it_may(role: Role, asked: Role) -> None:
    """And no more; the refusal says which role is needed."""
    identity = Identity("somebody", role)
    if role >= asked:
        identity.require(asked)
    else:
        with pytest.raises(Forbidden, match=f"role {asked.name} or above, came {role.name}"):
            identity.require(asked)


def test_tokens_differ_and_only_their_hash_is_kept(engine: Engine) -> None:
    """The database never holds what would open the door."""
    token, other = new_token(), new_token()
    assert token != other
    assert token.startswith("se_")
    Store(engine).add_token(token_hash(token), "till", "viewer", T0)
    with engine.connect() as connection:
        dump = repr(connection.exec_driver_sql("SELECT * FROM tokens").all())
    assert token_hash(token) in dump
    assert token not in dump


def test_a_token_stands_for_its_name_and_role(engine: Engine, settings: Settings) -> None:
    """An unknown one stands for nobody."""
    token = new_token()
    Store(engine).add_token(token_hash(token), "till", "operator", T0)
    door = doorkeeper_of(engine, settings, Watch())
    assert door.identify(token) == Identity("till", Role.operator)
    for wrong in ("", token + "x", token_hash(token)):
        with pytest.raises(Unauthorised, match="unknown or revoked"):
            door.identify(wrong)


def test_a_revoked_token_is_shut_out_within_a_second(engine: Engine, settings: Settings) -> None:
    """All tokens of the name are, once, and nobody else's."""
    watch, store = Watch(), Store(engine)
    tokens = {new_token(): name for name in ("till", "till", "boss")}
    for token, name in tokens.items():
        store.add_token(token_hash(token), name, "admin", T0)
    door = doorkeeper_of(engine, settings, watch)
    for token in tokens:
        door.identify(token)
    assert (store.revoke_token("till", T0), store.revoke_token("till", T0)) == (2, 0)
    watch.now += REMEMBERED_MS
    for token, name in tokens.items():
        if name == "till":
            with pytest.raises(Unauthorised):
                door.identify(token)
        else:
            assert door.identify(token).name == "boss"


def test_a_clock_that_goes_back_keeps_no_revoked_token_alive(
    engine: Engine, settings: Settings
) -> None:
    """What was remembered in a later time is asked again."""
    watch, store, token = Watch(), Store(engine), new_token()
    store.add_token(token_hash(token), "till", "admin", T0)
    door = doorkeeper_of(engine, settings, watch)
    door.identify(token)
    store.revoke_token("till", T0)
    watch.now -= 3_600_000
    with pytest.raises(Unauthorised):
        door.identify(token)
