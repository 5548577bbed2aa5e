"""Who may do what: roles, and tokens of which only the hash is kept."""

from __future__ import annotations

import hashlib
import secrets
from enum import IntEnum

from msgspec import Struct

from edge.errors import Forbidden


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
