"""The door: a device's message becomes work for the writer, or a dead letter with its reason."""

from __future__ import annotations

from collections.abc import Callable

from edge.errors import ContractError
from edge.gateway import Arrival, Rejection, Retried, Work
from edge.metrics import Metrics
from edge.queries import DeadLetterRow
from edge.readings import Message
from edge.store import DeadLetter


class Door:
    """Decodes what comes in, and hands it over to the writer through `submit`.

    `decode` raises ContractError; `envelope` then gives device and number alone, if they can be
    read.
    """

    def __init__(
        self,
        decode: Callable[[str, bytes], Message],
        envelope: Callable[[str, bytes], Message | None],
        submit: Callable[[Work], None],
        metrics: Metrics,
        clock: Callable[[], int],
    ) -> None:
        """Stand between the broker and the writer."""
        self._decode = decode
        self._envelope = envelope
        self._submit = submit
        self._metrics = metrics
        self._clock = clock

    def take(self, topic: str, payload: bytes, done: Callable[[], None]) -> None:
        """Take a message; `done` is called once it, or its dead letter, is on disk."""
        try:
            message = self._decode(topic, payload)
        except ContractError as breach:
            self._metrics.rejected()
            letter = DeadLetter(self._clock(), topic, str(breach), payload)
            self._submit(Rejection(letter, done, self._envelope(topic, payload)))
            return
        self._metrics.message(message.kind)
        self._submit(Arrival(topic, payload, message, done))

    def retry(self, letter: DeadLetterRow) -> None:
        """Take a dead letter as if it came now; raises ContractError where it is still broken."""
        message = self._decode(letter.source, letter.payload)
        self._submit(Arrival(letter.source, letter.payload, message, lambda: None))
        self._submit(Retried(letter.id))
