"""The LED patterns of OpenEPaperLink labels: 12 bytes, as the wiki's page "Led control" has them.

    flashes | group 1 | group 2 | group 3 | repeats | 0

- flashes: how long each is (high nibble, about 0.7 ms and as much again each) and the mode (low
  nibble, 1 plays what follows, 0 stops).
- a group: its colour (3 bits red, 3 green, 2 blue), the time from flash to flash in 0.1 s (high
  nibble) and their number (low nibble), and the pause after them in 0.1 s.
- repeats: how often all of it is played, less one; 254 would be for ever.

A label plays whole rounds while it sleeps, and goes on with them after its next check-in.
"""

from __future__ import annotations

from math import ceil

COLOURS = {
    "red": 0b111_000_00,
    "green": 0b000_111_00,
    "blue": 0b000_000_11,
    "white": 0b111_111_11,
}
FLASH_AND_MODE = 0x21  # 2 ms: longer flashes are hardly better seen, and cost battery
APART, FLASHES = 2, 2
UNUSED = bytes(3)
MOST_ROUNDS = 250


def led_pattern(colour: str, seconds: int) -> bytes:
    """Give the pattern that flashes twice a round for so many seconds (1 to 600).

    A round is one second long, beyond 250 seconds two or three; the last is played to its end.
    """
    length = ceil(seconds / MOST_ROUNDS)
    pause = 10 * length - APART * FLASHES
    group = bytes((COLOURS[colour], APART << 4 | FLASHES, pause))
    rounds = ceil(seconds / length)
    return bytes((FLASH_AND_MODE, *group, *UNUSED, *UNUSED, rounds - 1, 0))
