"""The port through which a shop's events leave for the online channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.wire import LoggedEvent


@runtime_checkable
class Sink(Protocol):
    """One receiver of events; a file of this package per provider.

    A sink keeps no queue and no cursor: the event log is the outbox, and whoever reads it calls
    `deliver` from one thread, repeats a batch that was not taken, and moves its cursor only when
    `deliver` returned. A receiver may therefore see an event more than once, never a later one
    before an earlier one was answered.
    """

    name: str

    def deliver(self, events: Sequence[LoggedEvent]) -> None:
        """Hand over a batch; return only when the receiver has taken all of it.

        An empty batch is taken without asking anybody. Raises SinkDown when the same batch is
        to be tried again later, SinkRefused when it will never be taken as it is.
        """

    def close(self) -> None:
        """Let go of connections; closing twice is harmless."""
