"""The whole shop: messages and commands go in, events come out. No clock, no disk, no network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edge import airtime, checkout, goods, health, inventory, traffic
from edge.answers import Answers
from edge.commands import (
    AdjustStock,
    AdoptDevice,
    AnnounceDelivery,
    ApplyPrices,
    BindLabel,
    CancelBasket,
    CancelDelivery,
    CancelPrices,
    CancelStocktake,
    Command,
    CommandDevice,
    ConfigureDevice,
    CountUnits,
    DraftPrices,
    EndStocktake,
    EnterZone,
    EstimateLabels,
    IdentifyLabel,
    KeepPicture,
    Operation,
    PayBasket,
    PreviewPrices,
    PutProducts,
    ReceiveDelivery,
    RemoveLabel,
    RollBackDevice,
    ScanAtLane,
    SetPrices,
    StartStocktake,
    TakeBack,
    TakeSnapshot,
    TransferStock,
    VoidLine,
    WriteOffItem,
    WriteOffUnits,
)
from edge.config import Settings
from edge.counters import Counters
from edge.deliveries import Deliveries
from edge.errors import Misfits, NoAnswer, NotFound, Refused
from edge.events import (
    Cause,
    DeviceChanged,
    DeviceConfigured,
    Event,
    ItemChanged,
    LaneChanged,
    PriceEffective,
    SaleCompleted,
    SnapshotTaken,
    StockChanged,
)
from edge.items import Place
from edge.labels import Label
from edge.layouts import Layouts
from edge.people import traffic_rules
from edge.prices import PriceRows, PriceRules, Prices
from edge.prior_prices import rule_of
from edge.readings import (
    CodeScanned,
    CommandAnswered,
    DeviceReported,
    LabelReported,
    LabelShown,
    LineCount,
    Message,
    PeopleCounted,
    PeopleCrossed,
    PeopleSeen,
    PresenceMapped,
    ProblemReported,
    SaleReported,
    TagsRead,
    TotalsRead,
)
from edge.sequences import Sequences
from edge.state import State
from edge.stocktakes import Stocktakes
from edge.unit_price import misfit


def _no_sscc(_: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Codes:
    """How codes are read: plain functions of the device side.

    `tag` gives GTIN and serial of an EPC in hex, `scan` those of a scanned text, `sscc` the SSCC of
    a logistic unit's EPC; None where the code is of another kind.
    """

    tag: Callable[[str], tuple[str, str] | None]
    scan: Callable[[str], tuple[str | None, str | None]]
    sscc: Callable[[str], str | None] = _no_sscc


SNAPSHOT = "snapshot"  # the command that makes a camera show its picture
READING_STOPPED = "not-reading"  # the fault of a reader that is well and does not read


class Shop:
    """The rules of all nouns, and what one noun's event means to another."""

    def __init__(
        self, settings: Settings, state: State, codes: Codes, *, epoch: int, now: int
    ) -> None:
        """Take up a state; `epoch` tells this database's life from an earlier, lost one."""
        self.state = state
        self._codes = codes
        self._zones = {zone.id for zone in settings.zones}
        self._floor = {zone.id for zone in settings.zones if zone.kind == "sales"}
        self._places = _places(settings)
        self._sequences = Sequences(state.sequences)
        self.inventory = inventory.Inventory(
            inventory.Ledger(
                items=state.items,
                traces=state.traces,
                readers=state.readers,
                antennas=state.antennas,
                strays=state.strays,
                counts=state.counts,
                levels=state.levels,
                products=state.products,
            ),
            identify=codes.tag,
            references={tag.epc: self._places[tag.place] for tag in settings.references},
            missing_after_ms=round(settings.presence.missing_after_s * 1000),
            epoch=epoch,
        )
        self.deliveries = Deliveries(state.deliveries, self.inventory, codes.sscc, self._check_zone)
        self.stocktakes = Stocktakes(
            state.stocktakes,
            state.finds,
            self.inventory,
            self._check_zone,
            [tag.epc for tag in settings.references],
            epoch,
        )
        self.goods = goods.Goods(self.inventory, self._check_zone)
        self._answers = Answers(state.answers)
        self.prices = Prices(
            _price_rows(state),
            _price_rules(settings),
            self.inventory.product,
            self._available,
            epoch=epoch,
            now=now,
        )
        self.checkout = checkout.Checkout(
            lanes=state.lanes,
            sales=state.sales,
            offer=self._offer,
            shelf=self.prices.pricing.shelf,
            currency=settings.store.currency,
            epoch=epoch,
        )
        self._connected = True
        self._counters = Counters(state.counters)
        self._layouts = _layouts(settings, state)
        self.traffic = traffic.Traffic(
            traffic.TrafficRows(state.minutes, state.occupancy, state.headcounts, state.heat),
            traffic_rules(settings, self._layouts),
            self._is_watched,
            epoch=epoch,
        )
        self.health = health.Health(
            devices=state.devices, configs=state.configs, check=self._check_config
        )
        self._baskets = self.checkout.in_baskets()
        self._begun: list[Event] = []
        self._install(settings, now)
        self._on_reading: dict[type[Any], Callable[[Message, Any, int], list[Event]]] = {
            TagsRead: self._tags_read,
            PeopleCrossed: self._people_crossed,
            PeopleSeen: self._people_seen,
            PeopleCounted: self._people_counted,
            TotalsRead: self._totals_read,
            PresenceMapped: self._presence_mapped,
            CodeScanned: self._code_scanned,
            SaleReported: self._sale_reported,
            LabelShown: self._label_shown,
            LabelReported: self._label_reported,
            DeviceReported: self._device_reported,
            ProblemReported: self._problem_reported,
            CommandAnswered: self._command_answered,
        }
        self._on_command: dict[type[Any], Callable[[Any, int], tuple[Any, list[Event]]]] = {
            PutProducts: self._put_products,
            AdjustStock: self._adjust_stock,
            AnnounceDelivery: self.deliveries.announce,
            ReceiveDelivery: self.deliveries.receive,
            CancelDelivery: self.deliveries.cancel,
            StartStocktake: self._start_stocktake,
            EnterZone: self.stocktakes.enter,
            CountUnits: self.stocktakes.count,
            EndStocktake: self.stocktakes.end,
            CancelStocktake: self.stocktakes.cancel,
            TransferStock: self.goods.transfer,
            WriteOffUnits: self.goods.write_off_units,
            WriteOffItem: self.goods.write_off_item,
            TakeBack: self.goods.take_back,
            SetPrices: self.prices.sets.set,
            PreviewPrices: self.prices.sets.preview,
            DraftPrices: self.prices.sets.draft,
            ApplyPrices: self.prices.sets.apply,
            CancelPrices: self.prices.sets.cancel,
            BindLabel: self.prices.pricing.bind,
            IdentifyLabel: self._identify_label,
            EstimateLabels: self.prices.pricing.estimate,
            KeepPicture: self.prices.pricing.keep,
            RemoveLabel: self.prices.pricing.remove,
            AdoptDevice: self._adopt_device,
            ConfigureDevice: self.health.configure,
            RollBackDevice: self.health.roll_back,
            CommandDevice: self._command_device,
            TakeSnapshot: self._take_snapshot,
            ScanAtLane: self.checkout.scan_code,
            VoidLine: self.checkout.void,
            PayBasket: self.checkout.pay,
            CancelBasket: self.checkout.cancel,
        }

    def accept(self, message: Message, now: int) -> list[Event]:
        """Take one message of a device; a repeat changes nothing."""
        will = any(isinstance(r, DeviceReported) and not r.online for r in message.readings)
        if self._is_unwelcome(message, will=will) or self._is_repeat(message, now):
            return []
        till = self._is_till(message)
        events = [] if will else self.health.hear(message.device, message.kind, now, known=till)
        device = self.state.devices.get(message.device)
        reads = any(isinstance(reading, TagsRead) for reading in message.readings)
        if message.kind == "rfid" and not will and not reads:
            self.inventory.spoke(message.device, now)
        trusted = till or (device is not None and device.adopted)
        for reading in message.readings:
            # What a stranger says of itself is shown in the inbox; the rest waits for a technician.
            if trusted or isinstance(reading, DeviceReported):
                rule = self._on_reading.get(type(reading))
                events += rule(message, reading, now) if rule else []
        return self._consequences(events, now)

    def execute(self, command: Command, now: int) -> tuple[Any, list[Event]]:
        """Carry a command out; answers with what it asked for, or raises Refused."""
        if isinstance(command, Operation) and (given := self._answers.repeat(command)) is not None:
            return given, []
        answer, events = self._on_command[type(command)](command, now)
        if isinstance(command, Operation):
            self._answers.keep(command, answer)
        return answer, self._consequences(events, now)

    def advance(self, now: int) -> list[Event]:
        """Let time pass: time-outs, minutes that are over, planned prices, levels that waited."""
        events, self._begun = self._begun, []
        events += self.health.advance(now)
        events += self.stocktakes.advance(now)
        events += self.checkout.advance(now)
        events += self.traffic.advance(now)
        events += self.prices.advance(now)
        events = self._consequences(events, now)
        return [*events, *self.inventory.advance(now), *self._troubles()]

    def settle(self, now: int) -> list[Event]:
        """Publish the stock levels that changed."""
        events = self.inventory.settle(self.checkout.in_baskets(), now)
        changed = [event.gtin for event in events if isinstance(event, StockChanged)]
        return [*events, *self.prices.stock_changed(changed, now)]

    def listen(self, *, connected: bool, now: int, since: int | None = None) -> None:
        """Know whether devices can be heard at all: a broker's outage is nobody's absence.

        `since` is when it began, if not just now.
        """
        self._connected = connected
        if connected:
            self.inventory.resume(now)
            self.health.resume(now)
        else:
            self.inventory.deafen(now if since is None else since, now)
            self.health.deafen()

    def acknowledged(self, device: str, boot: str) -> int:
        """Give the number up to which a device's messages of one start were taken."""
        return self._sequences.acknowledged(device, boot)

    def _install(self, settings: Settings, now: int) -> None:
        self.health.install(
            [
                health.Device(
                    device.id,
                    device.kind,
                    adopted=True,
                    places=device.antennas,
                    lane=device.lane,
                    silent_after_ms=round(device.silent_after_s * 1000),
                )
                for device in settings.devices
            ]
            + [health.Device(camera.id, "camera", adopted=True) for camera in settings.cameras]
        )
        self.checkout.install([lane.id for lane in settings.lanes])
        self.prices.pricing.install(
            [
                Label(label.id, label.device, label.template, label.shelf, label.gtin)
                for label in settings.labels
            ],
            now,
        )
        for device in self.state.devices:
            if device.kind == "rfid":
                self._begun += self._watch(device, now)

    def _is_repeat(self, message: Message, now: int) -> bool:
        if message.boot is None or message.seq is None:
            return False
        return not self._sequences.is_new(message.device, message.boot, message.seq, now)

    def _is_unwelcome(self, message: Message, *, will: bool) -> bool:
        """Tell whether nothing of a stranger is to be kept, not even its number."""
        devices = self.state.devices
        if message.device in devices or self._is_till(message):
            return False
        return will or len(devices) >= health.INBOX_LIMIT

    def _is_till(self, message: Message) -> bool:
        return message.kind == "checkout" and message.device in self.state.lanes

    # Readings

    def _watch(self, device: health.Device, now: int) -> list[Event]:
        """Let a reader's antennas look at their places."""
        if not device.adopted:
            return []
        known = {n: self._places.get(place) for n, place in device.places.items()}
        places = {n: place for n, place in known.items() if place is not None}
        return self.inventory.install(device.device, places, now)

    def _tags_read(self, message: Message, reading: TagsRead, now: int) -> list[Event]:
        events = self.deliveries.read([sighting.epc for sighting in reading.reads], now)
        if self.stocktakes.is_counting(message.device):
            events += self.stocktakes.read(message.device, reading.reads, now)
            return events + self.goods.recognise(events, now)
        device = self.state.devices[message.device]
        for antenna in sorted({sighting.antenna for sighting in reading.reads}):
            problem = f"antenna-{antenna}-has-no-place"
            if device.places.get(antenna) not in self._places and problem not in device.problems:
                fault = ProblemReported(now, problem, antenna=antenna)
                events += self.health.trouble(message.device, fault)
        events += self.inventory.read(message.device, reading.reads, now)
        return events + self.goods.recognise(events, now) + self._troubles()

    def _troubles(self) -> list[Event]:
        """Report the faults of readers that showed in their readings."""
        return [
            event
            for found in self.inventory.troubles()
            for event in self.health.trouble(
                found.device, ProblemReported(0, found.problem, found.active, antenna=found.antenna)
            )
        ]

    def _people_crossed(self, _: Message, reading: PeopleCrossed, now: int) -> list[Event]:
        events: list[Event] = []
        for crossing in reading.crossings:
            events += self.traffic.cross(crossing, now)
        return events

    def _people_seen(self, _: Message, reading: PeopleSeen, now: int) -> list[Event]:
        return self.traffic.see(reading, now)

    def _people_counted(self, message: Message, reading: PeopleCounted, now: int) -> list[Event]:
        return self._count(self._counters.count(message.device, reading), now)

    def _totals_read(self, message: Message, reading: TotalsRead, now: int) -> list[Event]:
        return self._count(self._counters.differ(message.device, reading), now)

    def _count(self, counts: list[LineCount], now: int) -> list[Event]:
        return [event for count in counts for event in self.traffic.count(count, now)]

    def _is_watched(self) -> bool:
        """Tell whether cameras see all the sales floor, and are at work: then nobody is nobody."""
        watchers = self._layouts.watchers()
        devices = [self.state.devices.get(name) for name in watchers]
        seen = self._connected and all(d is not None and d.online for d in devices)
        return seen and bool(self._floor) and self._floor <= {*self._layouts.zones()}

    def _presence_mapped(self, message: Message, reading: PresenceMapped, _: int) -> list[Event]:
        self.traffic.map(message.device, reading)
        return []

    def _code_scanned(self, message: Message, reading: CodeScanned, now: int) -> list[Event]:
        lane = self.state.devices[message.device].lane
        if lane is None or lane not in self.state.lanes:
            fault = ProblemReported(reading.t, "no-lane")
            return self.health.trouble(message.device, fault)
        return self.checkout.scan(lane, reading.data, now)

    def _sale_reported(self, message: Message, reading: SaleReported, _: int) -> list[Event]:
        return self.checkout.take(message.device, reading)

    def _label_shown(self, _: Message, reading: LabelShown, now: int) -> list[Event]:
        return self.prices.shown(reading, now)

    def _label_reported(self, _: Message, reading: LabelReported, now: int) -> list[Event]:
        return self.prices.reported(reading, now)

    def _device_reported(self, message: Message, reading: DeviceReported, now: int) -> list[Event]:
        events = self.health.report(message.device, reading, now)
        if message.kind == "label" and reading.online:
            events += self.prices.pricing.send_again(message.device, now)
        return events

    def _problem_reported(
        self, message: Message, reading: ProblemReported, now: int
    ) -> list[Event]:
        if reading.label is not None:
            return self.prices.health.tell(reading)
        if message.kind == "rfid":
            self._mistrust(message.device, reading, now)
        return self.health.trouble(message.device, reading)

    def _mistrust(self, reader: str, reading: ProblemReported, now: int) -> None:
        """Let a reader's own word say what its silence means."""
        before = self.state.devices[reader].lost
        if reading.lost or reading.lost_in_all > before:
            self.inventory.forgive(reader, now)
        if reading.problem == READING_STOPPED:
            if reading.active:
                self.inventory.silence(reader)
            else:
                self.inventory.hear(reader, now)
        elif reading.antenna is not None and reading.active:
            self.inventory.unplug(reader, reading.antenna)
        elif reading.antenna is not None:
            self.inventory.plug(reader, reading.antenna, now)

    def _command_answered(self, message: Message, reading: CommandAnswered, _: int) -> list[Event]:
        return self.health.answer(message.device, reading)

    # Commands that concern more than one noun

    def _adopt_device(self, command: AdoptDevice, now: int) -> tuple[None, list[Event]]:
        answer, events = self.health.adopt(command, now)
        if command.kind == "rfid":
            events += self._watch(self.state.devices[command.device], now)
        return answer, events

    def _adjust_stock(self, command: AdjustStock, _: int) -> tuple[None, list[Event]]:
        return None, self.inventory.adjust(command, self._zones)

    def _start_stocktake(self, command: StartStocktake, now: int) -> tuple[str, list[Event]]:
        """Begin a count; a fixed reader's silence would mean something while it counts."""
        device = self.state.devices.get(command.device)
        if device is None:
            raise NotFound(f"expected a known device, came {command.device!r}", "device")
        if device.kind != "rfid" or not device.adopted:
            came = f"{command.device} of kind {device.kind}"
            raise Refused(f"expected a reader in service, came {came}", "device")
        if device.places:
            raise Refused(
                f"{command.device} is a fixed reader of {', '.join(device.places.values())}: "
                "count with one whose antennas have no place",
                "device",
            )
        return self.stocktakes.start(command, now)

    def _check_zone(self, zone: str, path: str) -> None:
        if zone not in self._zones:
            raise NotFound(f"expected a zone of the shop, came {zone!r}", path)

    def _put_products(self, command: PutProducts, now: int) -> tuple[int, list[Event]]:
        misfits = [(n, misfit(product)) for n, product in enumerate(command.products)]
        faults = tuple((f"[{n}].pack", fault) for n, fault in misfits if fault)
        if faults:
            raise Misfits(faults)
        events = self.inventory.put_products(command)
        for product in command.products:
            events += self.prices.pricing.redraw(product.gtin, now)
        return len(command.products), events

    def _available(self, gtin: str) -> int | None:
        level = self.state.levels.get(gtin)
        return level.available if level and level.version else None

    def _identify_label(self, command: IdentifyLabel, now: int) -> tuple[str, list[Event]]:
        label = self.state.labels.get(command.label)
        if label is None:
            raise NotFound(f"expected a configured label, came {command.label!r}", "label")
        args = {
            "label": command.label,
            "colour": command.colour,
            "seconds": command.seconds,
        }
        flash = CommandDevice(label.device, "identify", args)
        return self.health.command(flash, now)

    def _check_config(self, device: health.Device, config: dict[str, Any]) -> None:
        if self._layouts.are_drawn(device.device, device.kind):
            self._layouts.check(device.device, config)

    def _command_device(self, command: CommandDevice, now: int) -> tuple[str, list[Event]]:
        device = self.state.devices.get(command.device)
        if command.name == SNAPSHOT and device is not None and device.kind == "camera":
            raise Refused(
                f"expected a command other than {SNAPSHOT}, whose picture nobody would get: ask "
                f"for it at /cameras/{command.device}/snapshot",
                "name",
            )
        return self.health.command(command, now)

    def _take_snapshot(self, command: TakeSnapshot, now: int) -> tuple[str, list[Event]]:
        """Ask for a picture; who asked is in the log before the camera has heard of it."""
        device = self.state.devices.get(command.camera)
        if device is None or device.kind != "camera":
            raise NotFound(f"expected a camera, came {command.camera!r}", "camera")
        if not device.adopted or not self._layouts.are_drawn(device.device, device.kind):
            raise Refused(f"{device.device} is no camera that gives pictures", "camera")
        if not device.online:
            raise NoAnswer(f"the camera {device.device} is offline: see that it has power and net")
        asked = CommandDevice(device.device, SNAPSHOT, {"blur": command.blur})
        identity, events = self.health.command(asked, now)
        taken = SnapshotTaken(
            camera=device.device, by=command.by, blurred=command.blur, id=identity
        )
        return identity, [*events, taken]

    def _offer(self, data: str) -> checkout.Offer | str:
        gtin, serial = self._codes.scan(data)
        product = self.inventory.product(gtin) if gtin else None
        if gtin is None or product is None:
            return f"unknown code {data[:40]}: ask a member of staff"
        price = self.prices.pricing.till(gtin)
        if price is None:
            return f"{product.name} has no price yet: ask a member of staff"
        epc = self.inventory.epc_of(gtin, serial) if serial else None
        return checkout.Offer(gtin, product.name, price, epc, self.prices.pricing.shelf(gtin))

    # What one noun's event means to another

    def _consequences(self, events: list[Event], now: int) -> list[Event]:
        followed: list[Event] = []
        for event in events:
            followed.append(event)
            if isinstance(event, SaleCompleted):
                followed += self.inventory.sell(event.sale, event.lines, now)
                self.prices.sold(event.lines, now)
                self.inventory.touch({line.gtin for line in event.lines if line.epc})
            elif isinstance(event, ItemChanged):
                self._item_changed(event, now)
            elif isinstance(event, LaneChanged):
                self._touch_baskets()
            elif isinstance(event, PriceEffective):
                shelf = self.prices.pricing.shelf(event.gtin)
                followed += self.checkout.lower(event.gtin, event.amount, shelf, now)
            elif isinstance(event, DeviceConfigured):
                followed += self._redraw(event, now)
            elif isinstance(event, DeviceChanged) and event.kind == "rfid":
                if event.online and READING_STOPPED not in (event.problem or ""):
                    self.inventory.hear(event.device, now)
                else:
                    self.inventory.silence(event.device)
        return followed

    def _redraw(self, event: DeviceConfigured, now: int) -> list[Event]:
        """Let a camera watch what was drawn."""
        if not self._layouts.are_drawn(event.device, event.kind):
            return []
        before = self._layouts.zones()
        self._layouts.take(event.device, event.config)
        return self.traffic.redraw(
            self._layouts.entrances(),
            self._layouts.queues(),
            set(before).difference(self._layouts.zones()),
            now,
        )

    def _item_changed(self, event: ItemChanged, now: int) -> None:
        if event.previous.state == "unknown" and event.reason != "delivered":
            self.deliveries.arrive(event, now)

    def _touch_baskets(self) -> None:
        """Look again at what is in a basket now, and at what was: it may be back on the shelf."""
        baskets = self.checkout.in_baskets()
        changed = [
            gtin for gtin in {**self._baskets, **baskets} if self._baskets[gtin] != baskets[gtin]
        ]
        self.inventory.touch(changed, Cause("basket"))
        self._baskets = baskets


def _price_rows(state: State) -> PriceRows:
    return PriceRows(
        prices=state.prices,
        book=state.book,
        price_sets=state.price_sets,
        prior_prices=state.prior_prices,
        paces=state.paces,
        labels=state.labels,
        pictures=state.pictures,
    )


def _price_rules(settings: Settings) -> PriceRules:
    prices = settings.prices
    return PriceRules(
        currency=settings.store.currency,
        former_price=prices.former_price or rule_of(settings.store.country),
        grace_ms=round(prices.grace_s * 1000),
        low_battery_mv=prices.low_battery_mv,
        lost_after_ms=round(prices.lost_after_s * 1000),
        few=prices.few if prices.show_stock else None,
        radios={d.id: airtime.RADIOS[d.driver] for d in settings.devices if d.driver},
        preloading=frozenset(device.id for device in settings.devices if device.preload),
        preload_ms=round(prices.preload_s * 1000),
    )


def _layouts(settings: Settings, state: State) -> Layouts:
    """Let every camera watch what was drawn for it last."""
    layouts = Layouts(settings)
    for row in sorted(state.configs, key=lambda row: row.version):
        device = state.devices.get(row.device)
        if device is not None and layouts.are_drawn(row.device, device.kind):
            layouts.take(row.device, row.config)
    return layouts


def _places(settings: Settings) -> dict[str, Place]:
    gates = {zone.id for zone in settings.zones if zone.kind == "exit"}
    places = {zone.id: Place(zone.id, gate=zone.id in gates) for zone in settings.zones}
    for shelf in settings.shelves:
        places[shelf.id] = Place(shelf.zone, shelf.id, gate=shelf.zone in gates)
    return places
