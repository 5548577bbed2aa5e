"""Which numbered messages of a device were taken: repeats are dropped, acknowledgements add up."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from edge.rows import Rows

WINDOW = 1024  # messages that may come before an earlier one; beyond it the gap counts as lost
BOOTS = 4  # starts of a device that are remembered


class Sequence(Struct, frozen=True):
    """What one start of a device has sent.

    All up to `floor` was taken or is lost for good; `above` are those taken beyond it.
    """

    device: str
    boot: str
    floor: int = 0
    above: tuple[int, ...] = ()
    lost: int = 0
    started: int = 0


class Sequences:
    """Drops repeats of `(device, boot, seq)` and knows the cumulative acknowledgement."""

    def __init__(self, rows: Rows[tuple[str, str], Sequence]) -> None:
        """Take up the rows that are on disk."""
        self.rows = rows
        self._boots: dict[str, list[str]] = {}
        for row in sorted(rows, key=lambda row: row.started):
            self._boots.setdefault(row.device, []).append(row.boot)

    def is_new(self, device: str, boot: str, seq: int, now: int) -> bool:
        """Take a message's number; False when it came before."""
        row = self.rows.get((device, boot)) or self._begin(device, boot, now)
        if seq <= row.floor or seq in row.above:
            return False
        self.rows.put((device, boot), _taken(row, seq))
        return True

    def acknowledged(self, device: str, boot: str) -> int:
        """Give the number up to which everything was taken; 0 for a start that is forgotten."""
        row = self.rows.get((device, boot))
        return row.floor if row else 0

    def _begin(self, device: str, boot: str, now: int) -> Sequence:
        boots = self._boots.setdefault(device, [])
        boots.append(boot)
        if len(boots) > BOOTS:
            self.rows.drop((device, boots.pop(0)))
        return Sequence(device, boot, started=now)


def _taken(row: Sequence, seq: int) -> Sequence:
    if seq == row.floor + 1 and not row.above:
        return replace(row, floor=seq)
    above = sorted((*row.above, seq))
    floor, lost = row.floor, row.lost
    while above and (above[0] == floor + 1 or len(above) > WINDOW):
        lost += above[0] - floor - 1
        floor = above.pop(0)
    return replace(row, floor=floor, above=tuple(above), lost=lost)
