"""Figures for Prometheus: what came in, how fast it was on disk, what waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from edge.readings import Kind
from edge.views import SinkView
from edge.wire import LoggedEvent

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class Metrics:
    """The counters of one gateway."""

    def __init__(self) -> None:
        """Start at zero."""
        self._registry = CollectorRegistry()
        self._messages = Counter(
            "store_edge_messages",
            "Messages of devices that came to the door",
            ["kind"],
            registry=self._registry,
        )
        self._of_kind = {kind: self._messages.labels(kind) for kind in get_args(Kind)}
        self._rejected = Counter(
            "store_edge_dead_letters",
            "Messages that broke the contract",
            registry=self._registry,
        )
        self._events = Counter(
            "store_edge_events", "Events in the log", ["type"], registry=self._registry
        )
        self._seconds = Histogram(
            "store_edge_batch_seconds",
            "From the first rule of a batch to its commit",
            buckets=SECONDS,
            registry=self._registry,
        )
        self._sizes = Histogram(
            "store_edge_batch_size",
            "Messages and commands in a transaction",
            buckets=SIZES,
            registry=self._registry,
        )

    def message(self, kind: Kind) -> None:
        """Count a message that was understood."""
        self._of_kind[kind].inc()

    def rejected(self) -> None:
        """Count a dead letter."""
        self._rejected.inc()

    def committed(self, size: int, seconds: float) -> None:
        """Take a batch's size and how long it took."""
        self._sizes.observe(size)
        self._seconds.observe(seconds)

    def logged(self, events: Sequence[LoggedEvent]) -> None:
        """Count events by type."""
        for event in events:
            self._events.labels(event.type).inc()

    def watch(self, sinks: Callable[[], Iterable[SinkView]], waiting: Callable[[], int]) -> None:
        """Read these at each scrape: the consumers of the log, and the writer's queue."""
        self._registry.register(_Levels(sinks, waiting))

    def text(self) -> bytes:
        """Give everything in Prometheus' text format."""
        return generate_latest(self._registry)


class _Levels(Collector):
    def __init__(self, sinks: Callable[[], Iterable[SinkView]], waiting: Callable[[], int]) -> None:
        self._sinks = sinks
        self._waiting = waiting

    def describe(self) -> Iterable[Metric]:
        """Name nothing ahead: asking the sinks at registration would be too early."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Read the levels."""
        yield GaugeMetricFamily(
            "store_edge_writer_queue", "Work that waits for the writer", self._waiting()
        )
        backlog = GaugeMetricFamily("store_edge_sink_backlog", "Events behind", labels=["sink"])
        down = GaugeMetricFamily("store_edge_sink_down", "1 while down", labels=["sink"])
        delivered = GaugeMetricFamily("store_edge_sink_delivered", "Delivered", labels=["sink"])
        for sink in self._sinks():
            backlog.add_metric([sink.name], sink.backlog)
            down.add_metric([sink.name], sink.state == "down")
            delivered.add_metric([sink.name], sink.delivered)
        yield from (backlog, down, delivered)
