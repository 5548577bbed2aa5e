"""Wires everything, once, by hand; the only module that knows all packages."""

from __future__ import annotations

import asyncio
import io
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
import uvicorn
import zxingcpp
from fastapi import FastAPI
from PIL import Image, UnidentifiedImageError

from cloud_bridge.sink import Sink
from cloud_bridge.webhook import Webhook
from devices.downlink import Downlink
from devices.labels.render import render
from devices.mqtt import Delivery, Link
from devices.topics import Topic, covers
from devices.uplink import Uplink
from edge.access import Doorkeeper
from edge.addresses import broker_address
from edge.api.desk import Desk
from edge.api.site import build
from edge.audit import Auditor
from edge.config import Settings
from edge.config import Sink as SinkSettings
from edge.database import open_database
from edge.door import Door
from edge.drawings import Drawings
from edge.errors import BrokerError, ContractError, NotFound, SinkDown
from edge.eventlog import EventLog
from edge.events import DeviceCommanded, DeviceConfigured, LabelChanged
from edge.explanations import Explanations
from edge.feed import Feed
from edge.flight import Flight
from edge.gateway import Gateway, Listening, Ports, Rejection
from edge.lookout import Lookout
from edge.metrics import Metrics
from edge.overview import Overview
from edge.pages.cameras import CameraParts
from edge.pages.site import mount
from edge.price_audit import PriceAuditor
from edge.price_queries import PriceQueries
from edge.queries import Queries
from edge.readings import Kind
from edge.recorder import MB, Recorder
from edge.relay import Consumer, Relay
from edge.shop import Shop
from edge.store import DeadLetter, Store
from edge.tags import tag_view
from edge.uplinks import CODES, uplink_of
from edge.views import ShopView, SinkView
from edge.wire import LoggedEvent, decode_event

DOWNLINK = "devices"  # the name of the consumer that speaks to the devices
DOWNLINK_BATCH = 50
PUBLISH_S = 10.0
SINK_S = 10.0

log = structlog.get_logger()


def clock() -> int:
    """Give epoch milliseconds UTC."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Parts:
    """The running parts of a gateway, in the order in which they start."""

    gateway: Gateway
    link: Link
    relays: tuple[Relay, ...]
    sinks: tuple[Sink, ...]
    feed: Feed
    desk: Desk
    flight: Flight


def assemble(settings: Settings) -> Parts:
    """Build a gateway from its settings; nothing runs yet."""
    engine = open_database(settings.database.url)
    store = Store(engine)
    log = EventLog(engine)
    queries = Queries(engine, settings, store.epoch)
    overview = Overview(engine, settings, queries)
    feed = Feed(log)
    metrics = Metrics()
    uplink = uplink_of(settings)
    flight = _flight(settings, store.epoch, uplink)
    relays: list[Relay] = []

    def revive(now: int) -> Shop:
        return Shop(settings, store.load(), CODES, epoch=store.epoch, now=now)

    def logged(events: list[LoggedEvent]) -> None:
        metrics.logged(events)
        feed.publish(events)
        lookout.logged(events)
        for relay in relays:
            relay.wake()

    def acknowledge(kind: Kind, device: str, boot: str, seq: int) -> None:
        topic = Topic(settings.store.id, kind, device, "ack")
        link.post(str(topic), b'{"boot":"%s","seq":%d}' % (boot.encode(), seq))

    def listening(connected: bool) -> None:  # noqa: FBT001  (the link's own callback)
        gateway.submit(Listening(connected))

    def set_aside(letter: DeadLetter) -> None:
        gateway.submit(Rejection(letter, lambda: None))

    def views() -> tuple[SinkView, ...]:
        return tuple(relay.view(feed.head) for relay in relays)

    def view() -> ShopView:
        return overview.look(feed.head, views, clock())

    ports = Ports(
        logged=logged,
        acknowledge=acknowledge,
        committed=metrics.committed,
        record=flight.record,
    )
    gateway = Gateway(store, revive, clock, ports, settings.database.keep_days)
    lookout = Lookout(gateway.execute)
    door = Door(uplink.decode, uplink.envelope, gateway.submit, metrics, clock)
    link = Link(
        broker_address(settings),
        f"store-edge-{settings.store.id}",
        subscriptions=(*uplink.subscriptions, *uplink.fleeting),
        on_message=_entrance(uplink, lookout, door),
        on_connected=listening,
    )
    sinks = tuple(_sink(sink, settings) for sink in settings.sinks)
    consumers = [_downlink_consumer(settings, link, gateway, queries)]
    consumers += [
        Consumer(s.name, configured.kind, configured.types, configured.batch, s.deliver)
        for s, configured in zip(sinks, settings.sinks, strict=True)
    ]
    cursors = store.cursors([consumer.name for consumer in consumers])
    relays += [
        Relay(
            consumer,
            log,
            cursors[consumer.name],
            gateway.submit,
            set_aside,
            clock,
            settings.store.id,
        )
        for consumer in consumers
    ]
    metrics.watch(views, lambda: gateway.waiting)
    desk = Desk(
        settings=settings,
        clock=clock,
        execute=gateway.execute,
        queries=queries,
        drawings=Drawings(engine, settings),
        lookout=lookout,
        prices=PriceQueries(engine),
        explanations=Explanations(engine, settings),
        auditor=Auditor(engine, settings, tag_view),
        price_auditor=PriceAuditor(engine, settings, gtin_on),
        tag=tag_view,
        scan=CODES.scan,
        draw=render,
        log=log,
        feed=feed,
        view=view,
        sinks=views,
        identify=Doorkeeper(queries.token, clock).identify,
        retry=door.retry,
        ready=lambda: {"broker": link.connected, "writer": gateway.alive},
        metrics=metrics.text,
    )
    return Parts(gateway, link, tuple(relays), sinks, feed, desk, flight)


def application(parts: Parts) -> FastAPI:
    """Give API and pages as one application that starts and stops the parts with itself."""
    app = build(parts.desk)
    mount(
        app,
        settings=parts.desk.settings,
        view=parts.desk.view,
        identify=parts.desk.identify,
        picture=parts.desk.queries.picture,
        secret=secrets.token_urlsafe(32),
        cameras=CameraParts(
            drawings=parts.desk.drawings,
            lookout=parts.desk.lookout,
            execute=parts.desk.execute,
            configs=parts.desk.queries.configs,
            heat=parts.desk.queries.heat,
        ),
    )
    around = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(inner: FastAPI) -> AsyncIterator[None]:
        parts.feed.attach(asyncio.get_running_loop())
        start(parts)
        try:
            async with around(inner):
                yield
        finally:
            await asyncio.to_thread(stop, parts)

    app.router.lifespan_context = lifespan
    return app


def start(parts: Parts) -> None:
    """Start the writer first: nothing may come in before there is somebody to write it."""
    parts.gateway.start()
    for relay in parts.relays:
        relay.start()
    parts.link.start()


def stop(parts: Parts) -> None:
    """Stop in the other direction: nobody new, then the consumers, then the writer's rest."""
    parts.link.stop()
    for relay in parts.relays:
        relay.stop()
    parts.gateway.stop()
    parts.flight.close()
    for sink in parts.sinks:
        sink.close()


def serve(settings: Settings) -> None:
    """Run the gateway until SIGTERM or SIGINT."""
    parts = assemble(settings)
    uvicorn.run(
        application(parts),
        host=settings.api.host,
        port=settings.api.port,
        ws="websockets-sansio",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=3,
    )


def gtin_on(picture: bytes) -> str | None:
    """Give the GTIN that the one code on a label's picture names; None where there is none."""
    try:
        with Image.open(io.BytesIO(picture)) as image:
            codes = zxingcpp.read_barcodes(image.convert("L"))
    except (UnidentifiedImageError, OSError, SyntaxError):  # Pillow's, for what is no picture
        return None
    return CODES.scan(codes[0].text)[0] if len(codes) == 1 else None


def _entrance(uplink: Uplink, lookout: Lookout, door: Door) -> Callable[[Delivery], None]:
    def take(delivery: Delivery) -> None:
        _look(uplink, lookout, delivery)
        if uplink.is_fleeting(delivery.topic):
            delivery.acknowledge()
        else:
            door.take(delivery.topic, delivery.payload, delivery.acknowledge)

    return take


def _look(uplink: Uplink, lookout: Lookout, delivery: Delivery) -> None:
    """Pass on what a camera shows; what breaks the contract is told of without a word of it."""
    if delivery.retain and uplink.is_fleeting(delivery.topic):
        return  # whoever let the broker keep it is no camera of ours
    try:
        sight = uplink.sight(delivery.topic, delivery.payload)
    except ContractError as breach:
        log.warning("a camera's sight was not taken", topic=delivery.topic, field=breach.path)
        return
    if sight is not None:
        lookout.take(*sight)


def _flight(settings: Settings, epoch: int, uplink: Uplink) -> Flight:
    def hears(topic: str) -> bool:
        return any(covers(wanted, topic) for wanted in uplink.subscriptions)

    wanted = settings.recording
    if wanted is None:
        return Flight(None, hears)
    size, most = wanted.file_mb * MB, wanted.max_mb * MB
    recorder = Recorder(wanted.folder, max_bytes=most, file_bytes=size, epoch=epoch)
    return Flight(recorder, hears)


def _sink(sink: SinkSettings, settings: Settings) -> Sink:
    return Webhook(sink.name, sink.url, sink.secret.read(), settings.store.id, SINK_S)


def _downlink_consumer(
    settings: Settings, link: Link, gateway: Gateway, queries: Queries
) -> Consumer:
    def publish(topic: str, payload: bytes, retain: bool) -> None:  # noqa: FBT001
        link.publish(topic, payload, retain=retain, timeout=PUBLISH_S)

    def picture(image: str) -> bytes:
        png = queries.picture(image)
        if png is None:
            raise NotFound(f"no picture {image} is kept")
        return png

    downlink = Downlink(settings.store.id, publish, gateway.execute, picture, render)

    def deliver(events: Sequence[LoggedEvent]) -> None:
        for event in events:
            try:
                downlink.handle(decode_event(event.type, event.data))
            except (BrokerError, TimeoutError) as fault:
                raise SinkDown(str(fault)) from fault

    types = (LabelChanged.type, DeviceConfigured.type, DeviceCommanded.type)
    return Consumer(DOWNLINK, "mqtt", types, DOWNLINK_BATCH, deliver)
