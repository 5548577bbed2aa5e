"""Who can be heard: silence is not absence."""

from __future__ import annotations


class Hearing:
    """Which readers speak, and since when each could have seen what it watches."""

    def __init__(self, started: int) -> None:
        """Begin to listen at `started`."""
        self._started: int | None = started
        self._silent: set[str] = set()
        self._since: dict[str, int] = {}
        self._spoke: dict[str, int] = {}

    def speak(self, device: str, now: int) -> None:
        """Take a reader's sign of life: what it has not read by now, it could have read."""
        self._spoke[device] = now

    def lose(self, device: str) -> None:
        """Count nothing that this reader does not say."""
        self._silent.add(device)

    def regain(self, device: str, now: int) -> None:
        """Listen to this reader again, from now on."""
        self._silent.discard(device)
        self._since[device] = now

    def deafen(self) -> None:
        """Hear nobody: the broker is away."""
        self._started = None

    def resume(self, now: int) -> None:
        """Listen to all again, from now on."""
        self._started = now
        self._since.clear()

    @property
    def any_silent(self) -> bool:
        """Whether any reader is silent."""
        return bool(self._silent)

    def is_silent(self, device: str | None) -> bool:
        """Tell whether a reader is silent."""
        return device in self._silent

    def would_have_told(self, device: str | None, since: int, time_out: int, now: int) -> bool:
        """Tell whether a reader could have seen something for a whole time-out after `since`."""
        if self._started is None or device in self._silent:
            return False
        reader = device or ""
        listening = self._since.get(reader, self._started) < now - time_out
        return listening and since < self._spoke.get(reader, 0) - time_out
