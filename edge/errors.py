"""One tree of errors: each says what was expected, what came, and what to do."""

from __future__ import annotations

from dataclasses import dataclass


class StoreEdgeError(Exception):
    """Anything that this project raises on purpose."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake in a configuration file.

    `line` counts from 1; 0 means that the whole file is meant.
    """

    file: str
    line: int
    path: str
    expected: str
    came: str

    def __str__(self) -> str:
        """Render as `file:line: path: expected ..., came ...`, which editors can jump to."""
        return f"{self.file}:{self.line}: {self.path}: expected {self.expected}, came {self.came}"


class ConfigError(StoreEdgeError):
    """The configuration cannot be used; `faults` holds every mistake, not just the first."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        """Keep all faults, in the order of the file."""
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


class ContractError(StoreEdgeError):
    """A message breaks the public contract; it goes to the dead letters with this reason."""

    def __init__(self, path: str, expected: str, came: str) -> None:
        """Name the field (`reads[2].epc`), the shape that was expected, and what came."""
        super().__init__(f"{path}: expected {expected}, came {came}")
        self.path = path


class Refused(StoreEdgeError):  # noqa: N818  (a command is refused; nothing went wrong)
    """A command cannot be carried out as the shop stands; nothing was changed."""

    def __init__(self, reason: str, path: str = "") -> None:
        """Say why, and name the field that is at fault where there is one."""
        super().__init__(reason)
        self.path = path


class Misfits(Refused):
    """Some of many rows cannot be taken, so none was; `faults` holds path and reason of each."""

    def __init__(self, faults: tuple[tuple[str, str], ...]) -> None:
        """Keep all faults, in the order of the rows."""
        super().__init__("; ".join(f"{path}: {reason}" for path, reason in faults))
        self.faults = faults


class NotFound(Refused):
    """The thing that a command or a question names does not exist."""


class IllegalMove(Refused):
    """The state table has no such step from where the thing stands."""


class TooSoon(Refused):
    """It was asked for too often; after `wait_s` seconds it may be asked for again."""

    def __init__(self, reason: str, wait_s: float) -> None:
        """Say why, and how long to wait."""
        super().__init__(reason)
        self.wait_s = wait_s


class NoAnswer(Refused):
    """A device that was asked does not answer."""


class Unauthorised(StoreEdgeError):  # noqa: N818  (the HTTP term)
    """No token came, or one that is not known or was revoked."""


class Forbidden(StoreEdgeError):  # noqa: N818  (the HTTP term)
    """The token's role may not do this."""


class BrokerError(StoreEdgeError):
    """The MQTT broker cannot be started or reached."""


class DatabaseError(StoreEdgeError):
    """The database cannot be opened, or was written by a newer version."""


class RecordingError(StoreEdgeError):
    """A recording cannot be read."""

    def __init__(self, file: str, line: int, expected: str, came: str) -> None:
        """Name the file and the line (from 1; 0 means the whole), what was expected, what came."""
        place = f"{file}:{line}" if line else file
        super().__init__(f"{place}: expected {expected}, came {came}")
        self.file = file
        self.line = line


class MediaError(StoreEdgeError):
    """A picture or a video cannot be opened or decoded."""


class RenderError(StoreEdgeError):
    """A label picture would be wrong (text cut, glyph missing, barcode unreadable): not sent."""


class SinkDown(StoreEdgeError):  # noqa: N818  (a state of the sink)
    """The sink did not take the batch now; the same batch is tried again later."""


class SinkRefused(StoreEdgeError):  # noqa: N818  (the sink's answer)
    """The sink answered that it will never take this batch as it is."""
