"""The flight recorder: what the writer took, as lines of a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from edge.gateway import Arrival, Listening, Order, Rejection, Taken
from edge.recorder import Recorder
from edge.recording import Asked, Heard, Line, Linked


class Flight:
    """Keeps what was taken, where there is a `recorder`; `hears` tells a device's topic."""

    def __init__(self, recorder: Recorder | None, hears: Callable[[str], bool]) -> None:
        """Prepare; nothing is written before the first batch."""
        self._recorder = recorder
        self._hears = hears

    def record(self, taken: Sequence[Taken], now: int) -> None:
        """Keep what the writer took at `now` (epoch ms)."""
        if self._recorder is not None:
            self._recorder.write([line for item in taken for line in self._lines(item, now)])

    def close(self) -> None:
        """End the recording."""
        if self._recorder is not None:
            self._recorder.close()

    def _lines(self, item: Taken, now: int) -> Iterator[Line]:
        match item:
            case Arrival(topic, payload):
                yield Heard(now, topic, payload)
            # A dead letter of a device was a message; one of a sink, or of a command, was not.
            case Rejection(letter) if self._hears(letter.source):
                yield Heard(now, letter.source, letter.payload)
            case Order(command):
                yield Asked(now, command)
            case Listening(connected):
                yield Linked(now, connected)
