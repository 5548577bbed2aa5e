"""Who may do what: roles, and tokens of which only the hash is kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from enum import IntEnum

from msgspec import Struct

from edge.errors import Forbidden, Unauthorised

REMEMBERED_MS = 1000
REMEMBERED_TOKENS = 1000


class Role(IntEnum):
    """The four roles; each may do all that the ones before it may."""

    viewer = 1
    operator = 2
    technician = 3
    admin = 4


class Identity(Struct, frozen=True):
    """Who is asking."""

    name: str
    role: Role

    def require(self, role: Role) -> None:
        """Raise Forbidden unless this identity's role is at least `role`."""
        if self.role < role:
            raise Forbidden(
                f"expected a token of role {role.name} or above, came {self.role.name}: "
                f"ask an admin for one (store-edge token create --role {role.name})"
            )


def new_token() -> str:
    """Make a bearer token: 32 random bytes, recognisable by its prefix in leaked text."""
    return f"se_{secrets.token_urlsafe(32)}"


def token_hash(token: str) -> str:
    """Give what is kept of a token: it has 256 random bits, so a plain SHA-256 is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


class Doorkeeper:
    """Knows who a token stands for; asks the database at most once a second for each token."""

    def __init__(
        self,
        look_up: Callable[[str], tuple[str, str] | None],
        clock: Callable[[], int],
    ) -> None:
        """`look_up` gives name and role for a token's hash, None where it is not let in."""
        self._look_up = look_up
        self._clock = clock
        self._known: dict[str, tuple[int, Identity]] = {}

    def identify(self, token: str) -> Identity:
        """Give who the token stands for; raises Unauthorised within a second of its revocation."""
        hashed, now = token_hash(token), self._clock()
        known = self._known.get(hashed)
        if known and 0 <= now - known[0] < REMEMBERED_MS:
            return known[1]
        found = self._look_up(hashed)
        if found is None:
            self._known.pop(hashed, None)
            raise Unauthorised(
                "expected a valid token, came one that is unknown or revoked: "
                "make one with store-edge token create --role ROLE"
            )
        identity = Identity(found[0], Role[found[1]])
        if len(self._known) >= REMEMBERED_TOKENS:
            self._known.clear()
        self._known[hashed] = (now, identity)
        return identity
