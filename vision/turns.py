"""U-turns: somebody who crosses a line and comes back."""

from __future__ import annotations

from dataclasses import dataclass, field

from vision.lines import Direction

RETURN_MS = 15_000
"""Who comes back so soon has not visited the shop."""


@dataclass(slots=True)
class TurnWatch:
    """Remembers the last crossing of each track on each line."""

    _last: dict[tuple[str, int], tuple[Direction, int]] = field(default_factory=dict)

    def look(self, line: str, track: int, direction: Direction, t: int) -> bool:
        """Take a crossing at `t` ms; tells whether it completes a turn, each crossing once."""
        before = self._last.pop((line, track), None)
        if before is not None and before[0] != direction and t - before[1] <= RETURN_MS:
            return True
        self._last[line, track] = direction, t
        return False

    def forget(self, track: int) -> None:
        """Let go of a track that has ended."""
        for key in [key for key in self._last if key[1] == track]:
            del self._last[key]
