"""Everything that the shop knows, table by table."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.airtime import Pace
from edge.answers import Given
from edge.checkout import Lane, Sale
from edge.counters import Counter
from edge.deliveries import Delivery
from edge.health import Device, DeviceConfig
from edge.hearing import Antenna, Reader
from edge.inventory import Count, ProductRow
from edge.items import Item
from edge.labels import Label, Picture
from edge.levels import Level
from edge.occupancy import Headcount
from edge.price_sets import PriceSet
from edge.pricebook import Entry
from edge.pricing import Price
from edge.prior_prices import PriorPrice
from edge.rows import Rows
from edge.sequences import Sequence
from edge.stocktakes import Find, Stocktake
from edge.strays import Stray
from edge.traces import Trace
from edge.traffic import HeatMap, LineMinute, Occupancy


@dataclass(frozen=True, slots=True)
class State:
    """Everything that the shop knows, table by table, as it is on disk."""

    items: Rows[str, Item] = field(default_factory=Rows)
    traces: Rows[str, Trace] = field(default_factory=Rows)
    readers: Rows[str, Reader] = field(default_factory=Rows)
    antennas: Rows[int, Antenna] = field(default_factory=Rows)
    strays: Rows[tuple[int, int], Stray] = field(default_factory=Rows)
    counts: Rows[tuple[str, str], Count] = field(default_factory=Rows)
    levels: Rows[str, Level] = field(default_factory=Rows)
    products: Rows[str, ProductRow] = field(default_factory=Rows)
    deliveries: Rows[str, Delivery] = field(default_factory=Rows)
    stocktakes: Rows[str, Stocktake] = field(default_factory=Rows)
    finds: Rows[tuple[str, str], Find] = field(default_factory=Rows)
    answers: Rows[str, Given] = field(default_factory=Rows)
    prices: Rows[str, Price] = field(default_factory=Rows)
    book: Rows[tuple[str, int], Entry] = field(default_factory=Rows)
    price_sets: Rows[str, PriceSet] = field(default_factory=Rows)
    prior_prices: Rows[tuple[str, str, int], PriorPrice] = field(default_factory=Rows)
    paces: Rows[str, Pace] = field(default_factory=Rows)
    labels: Rows[str, Label] = field(default_factory=Rows)
    pictures: Rows[str, Picture] = field(default_factory=Rows)
    lanes: Rows[str, Lane] = field(default_factory=Rows)
    sales: Rows[str, Sale] = field(default_factory=Rows)
    minutes: Rows[tuple[str, int, int], LineMinute] = field(default_factory=Rows)
    occupancy: Rows[str, Occupancy] = field(default_factory=Rows)
    headcounts: Rows[str, Headcount] = field(default_factory=Rows)
    counters: Rows[tuple[str, str], Counter] = field(default_factory=Rows)
    heat: Rows[tuple[str, int], HeatMap] = field(default_factory=Rows)
    devices: Rows[str, Device] = field(default_factory=Rows)
    configs: Rows[tuple[str, int], DeviceConfig] = field(default_factory=Rows)
    sequences: Rows[tuple[str, str], Sequence] = field(default_factory=Rows)
