"""The database's schema: one table per row type of the rules, the event log, and what readers keep.

Times are epoch milliseconds UTC, amounts minor units. Lists and maps are JSON text.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypeDecorator,
)

from edge.airtime import Lag
from edge.answers import Answer
from edge.clocks import Clock
from edge.commands import DeliveryLine, PriceChange, Product
from edge.events import BasketLine, Cause, LabelContent
from edge.labels import Glass, Trip, Turn
from edge.readings import LineTotal, SoldLine
from edge.stocktakes import CountedUnits, Result
from edge.traces import Rival

metadata = MetaData()


class Json(TypeDecorator[Any]):
    """A typed value as JSON text; `shape` is what msgspec reads it back as."""

    impl = Text
    cache_ok = True

    def __init__(self, shape: Any) -> None:  # noqa: ANN401  (a type expression has no type)
        """Read back as `shape`."""
        super().__init__()
        self.shape = shape
        self._decoder = msgspec.json.Decoder(shape)

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:
        """Write as JSON."""
        del dialect
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> object:
        """Read JSON back."""
        del dialect
        return None if value is None else self._decoder.decode(value)


Serial = BigInteger().with_variant(Integer, "sqlite")

facts = Table(
    "facts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("level", Boolean, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("events_by_subject", "subject", "position"),
)

newest = Table(
    "newest",
    metadata,
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    PrimaryKeyConstraint("type", "subject"),
)

cursors = Table(
    "cursors",
    metadata,
    Column("consumer", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("delivered", BigInteger, nullable=False),
    Column("coalesced", BigInteger, nullable=False),
    Column("filtered", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("time", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

tokens = Table(
    "tokens",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("revoked", BigInteger),
)

items = Table(
    "items",
    metadata,
    Column("epc", Text, primary_key=True),
    Column("gtin", Text),
    Column("serial", Text),
    Column("state", Text, nullable=False),
    Column("zone", Text),
    Column("shelf", Text),
    Column("reason", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("sale", Text),
    Column("matched", Boolean, nullable=False),
    Index("items_by_gtin", "gtin"),
)

traces = Table(
    "traces",
    metadata,
    Column("epc", Text, primary_key=True),
    Column("seat", Integer, nullable=False),
    Column("home", Integer, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("looks", BigInteger, nullable=False),
    Column("gap", Float, nullable=False),
    Column("hits", Integer, nullable=False),
    Column("rssi", Float),
    Column("check", BigInteger, nullable=False),
    Column("doubt", Boolean, nullable=False),
    Column("rivals", Json(tuple[Rival, ...]), nullable=False),
)

readers = Table(
    "readers",
    metadata,
    Column("device", Text, primary_key=True),
    Column("clock", Json(Clock), nullable=False),
    Column("second", BigInteger, nullable=False),
    Column("silent", Boolean, nullable=False),
)

antennas = Table(
    "antennas",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("device", Text, nullable=False),
    Column("antenna", Integer, nullable=False),
    Column("zone", Text, nullable=False),
    Column("shelf", Text),
    Column("gate", Boolean, nullable=False),
    Column("looks", BigInteger, nullable=False),
    Column("heard", BigInteger, nullable=False),
    Column("fresh", BigInteger, nullable=False),
    Column("fresh_at", BigInteger, nullable=False),
    Column("judged", BigInteger, nullable=False),
    Column("rate", Float, nullable=False),
    Column("rssi", Float, nullable=False),
    Column("own", Float, nullable=False),
    Column("home", Integer, nullable=False),
    Column("strays", Integer, nullable=False),
    Column("marks", Integer, nullable=False),
    Column("volume", Float, nullable=False),
    Column("quiet", Integer, nullable=False),
    Column("short", Float, nullable=False),
    Column("long", Float, nullable=False),
    Column("off", Boolean, nullable=False),
    Column("deaf", Boolean, nullable=False),
    Column("sure", Boolean, nullable=False),
)

strays = Table(
    "strays",
    metadata,
    Column("seat", Integer, nullable=False),
    Column("heard_by", Integer, nullable=False),
    Column("reads", Float, nullable=False),
    Column("own", Float, nullable=False),
    Column("rssi", Float, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("read", Float, nullable=False),
    Column("absence", Float, nullable=False),
    Column("silence", Float, nullable=False),
    Column("home", Float, nullable=False),
    Column("nearer", Float, nullable=False),
    Column("farther", Float, nullable=False),
    PrimaryKeyConstraint("seat", "heard_by"),
)

counts = Table(
    "counts",
    metadata,
    Column("gtin", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("units", Integer, nullable=False),
    PrimaryKeyConstraint("gtin", "zone"),
)

levels = Table(
    "levels",
    metadata,
    Column("gtin", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("on_hand", Integer, nullable=False),
    Column("on_hand_low", Integer, nullable=False),
    Column("on_hand_high", Integer, nullable=False),
    Column("in_basket", Integer, nullable=False),
    Column("reserved", Integer, nullable=False),
    Column("safety", Integer, nullable=False),
    Column("available", Integer, nullable=False),
    Column("by_zone", Json(dict[str, int]), nullable=False),
    Column("stale", Boolean, nullable=False),
    Column("stale_zones", Json(tuple[str, ...]), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("owed", Integer, nullable=False),
    Column("causes", Json(tuple[Cause, ...]), nullable=False),
)

products = Table(
    "products",
    metadata,
    Column("gtin", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("product", Json(Product), nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("sscc", Text, primary_key=True),
    Column("zone", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("lines", Json(tuple[DeliveryLine, ...]), nullable=False),
    Column("state", Text, nullable=False),
    Column("announced", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("by", Text),
    Column("read", Json(dict[str, tuple[str, ...]]), nullable=False),
    Column("counted", Json(dict[str, int]), nullable=False),
)

stocktakes = Table(
    "stocktakes",
    metadata,
    Column("stocktake", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("device", Text, nullable=False),
    Column("zones", Json(tuple[str, ...]), nullable=False),
    Column("zone", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("began", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("heard", Json(tuple[str, ...]), nullable=False),
    Column("units", Json(tuple[CountedUnits, ...]), nullable=False),
    Column("result", Json(Result)),
    Column("reason", Text, nullable=False),
)

finds = Table(
    "finds",
    metadata,
    Column("stocktake", Text, nullable=False),
    Column("epc", Text, nullable=False),
    Column("gtin", Text),
    Column("zone", Text, nullable=False),
    Column("was", Text),
    Column("rssi", Float),
    PrimaryKeyConstraint("stocktake", "epc"),
)

answers = Table(
    "answers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("asked", Text, nullable=False),
    Column("answer", Json(Answer), nullable=False),
)

prices = Table(
    "prices",
    metadata,
    Column("gtin", Text, primary_key=True),
    Column("amount", BigInteger, nullable=False),
    Column("till", BigInteger, nullable=False),
    Column("till_member", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("promotion", Text),
    Column("member", BigInteger),
    Column("was", BigInteger),
    Column("effective", Boolean, nullable=False),
    Column("held_until", BigInteger, nullable=False),
    Column("told", BigInteger),
    Column("told_member", BigInteger),
)

book = Table(
    "book",
    metadata,
    Column("gtin", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("price_set", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("promotion", Text),
    Column("member", BigInteger),
    Column("was", BigInteger),
    Column("begun", Boolean, nullable=False),
    PrimaryKeyConstraint("gtin", "number"),
)

price_sets = Table(
    "price_sets",
    metadata,
    Column("price_set", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("changes", Json(tuple[PriceChange, ...]), nullable=False),
    Column("since", BigInteger, nullable=False),
)

prior_prices = Table(
    "prior_prices",
    metadata,
    Column("gtin", Text, nullable=False),
    Column("how", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    PrimaryKeyConstraint("gtin", "how", "amount"),
)

paces = Table(
    "paces",
    metadata,
    Column("device", Text, primary_key=True),
    Column("busy_ms", Float, nullable=False),
    Column("done", Float, nullable=False),
    Column("lag", Json(Lag), nullable=False),
    Column("alone_ms", Float, nullable=False),
    Column("nap", Json(Lag | None)),
    Column("busy_since", BigInteger),
    Column("words", BigInteger, nullable=False),
)

labels = Table(
    "labels",
    metadata,
    Column("label", Text, primary_key=True),
    Column("device", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("shelf", Text),
    Column("gtin", Text),
    Column("state", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("content", Json(LabelContent)),
    Column("image", Text),
    Column("glass", Json(tuple[Glass, ...]), nullable=False),
    Column("confirmed", Text),
    Column("sent_at", BigInteger, nullable=False),
    Column("show_at", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("way", Json(Turn | Trip | None)),
    Column("lag_ms", Integer, nullable=False),
    Column("battery_mv", Integer),
    Column("rssi", Float),
    Column("temp_c", Float),
    Column("seen", BigInteger, nullable=False),
    Column("installed", BigInteger, nullable=False),
    Column("problem", Text),
    Column("problems", Json(tuple[str, ...]), nullable=False),
)

pictures = Table(
    "pictures",
    metadata,
    Column("image", Text, primary_key=True),
    Column("png", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)

lanes = Table(
    "lanes",
    metadata,
    Column("lane", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("lines", Json(tuple[BasketLine, ...]), nullable=False),
    Column("warning", Text),
    Column("version", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
)

sales = Table(
    "sales",
    metadata,
    Column("sale", Text, primary_key=True),
    Column("lane", Text, nullable=False),
    Column("t", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("lines", Json(tuple[SoldLine, ...]), nullable=False),
    Column("member", Text),
    Index("sales_by_time", "t"),
)

minutes = Table(
    "minutes",
    metadata,
    Column("line", Text, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("heard", BigInteger, nullable=False),
    Column("in_", Integer, nullable=False),
    Column("out", Integer, nullable=False),
    Column("told", Boolean, nullable=False),
    Column("staff_in", Integer, nullable=False),
    Column("staff_out", Integer, nullable=False),
    PrimaryKeyConstraint("line", "start", "heard"),
    Index("minutes_by_start", "start"),
)

occupancy = Table(
    "occupancy",
    metadata,
    Column("zone", Text, primary_key=True),
    Column("people", Integer, nullable=False),
    Column("wait_s", Float, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("low", Integer, nullable=False),
    Column("high", Integer, nullable=False),
    Column("wait_mean_s", Float),
)

headcounts = Table(
    "headcounts",
    metadata,
    Column("zone", Text, primary_key=True),
    Column("people", Integer, nullable=False),
    Column("staff", Integer, nullable=False),
    Column("fewer", Float, nullable=False),
    Column("more", Float, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("sign", BigInteger, nullable=False),
    Column("turned", BigInteger, nullable=False),
    Column("capacity", Text, nullable=False),
    Column("alarms", BigInteger, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("device", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("totals", Json(tuple[LineTotal, ...]), nullable=False),
    Column("spans", Json(tuple[tuple[int, int], ...]), nullable=False),
    PrimaryKeyConstraint("device", "line"),
)

heat = Table(
    "heat",
    metadata,
    Column("camera", Text, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("cells", Json(tuple[float, ...]), nullable=False),
    PrimaryKeyConstraint("camera", "start"),
)

devices = Table(
    "devices",
    metadata,
    Column("device", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("adopted", Boolean, nullable=False),
    Column("places", Json(dict[int, str]), nullable=False),
    Column("lane", Text),
    Column("silent_after_ms", Integer, nullable=False),
    Column("online", Boolean, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("model", Text),
    Column("fw", Text),
    Column("config_version", Integer),
    Column("problems", Json(tuple[str, ...]), nullable=False),
    Column("lost", BigInteger, nullable=False),
    Column("commands", Integer, nullable=False),
)

configs = Table(
    "configs",
    metadata,
    Column("device", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("config", Json(dict[str, Any]), nullable=False),
    Column("by", Text, nullable=False),
    PrimaryKeyConstraint("device", "version"),
)

sequences = Table(
    "sequences",
    metadata,
    Column("device", Text, nullable=False),
    Column("boot", Text, nullable=False),
    Column("floor", BigInteger, nullable=False),
    Column("above", Json(tuple[int, ...]), nullable=False),
    Column("lost", BigInteger, nullable=False),
    Column("started", BigInteger, nullable=False),
    PrimaryKeyConstraint("device", "boot"),
)
