"""The whole shop in one look, as the pages ask for it through the desk."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.edge.api.conftest import Shop, WatchedShop


def now() -> int:
    """Give epoch milliseconds."""
    return time.time_ns() // 1_000_000


def test_a_new_shop_is_empty(new_shop: Shop, eventually: Callable[..., Any]) -> None:
    """Nothing is counted before anything came; what is configured is there."""
    view = eventually(new_shop.desk.view, lambda view: view.labels)
    assert (view.people, view.came_today, view.sales_today, view.turnover_today) == (0, 0, 0, 0)
    assert [shelf.shelf for shelf in view.shelves] == ["shelf-a"]
    assert [lane.lane for lane in view.lanes] == ["lane-1", "lane-2"]
    assert [label.label for label in view.labels] == ["label-1", "label-2"]
    assert {device.device for device in view.devices} == {"camera-1", "labels-1", "reader-1"}


def test_shelf_shows_its_units_and_when_its_reader_is_silent(
    watched: WatchedShop, eventually: Callable[..., Any]
) -> None:
    """Units on a shelf are counted by product; while the reader cannot be heard they are stale."""
    gtin = watched.product(name="Tea", names={"zh": "茶"})
    there = {("reader-1", 1): [watched.tag(gtin, n) for n in range(3)]}
    watched.watch(20, there)
    view = eventually(watched.desk.view, lambda view: view.shelves[0].units)
    assert (view.shelves[0].units, view.shelves[0].stale) == ({gtin: 3}, False)
    assert view.names[gtin] == {"": "Tea", "zh": "茶"}
    watched.hear("rfid/reader-1/status", {"online": False})
    eventually(watched.desk.view, lambda view: view.shelves[0].stale)
    watched.hear("rfid/reader-1/status", {"online": True})
    watched.watch(20, there)
    eventually(watched.desk.view, lambda view: not view.shelves[0].stale)


def test_shelf_that_was_never_read_is_stale(
    watched: WatchedShop, eventually: Callable[..., Any]
) -> None:
    """Before a reader has looked for some seconds, nobody knows what its shelf holds."""
    watched.watch(3, {("reader-1", 1): []})
    view = eventually(watched.desk.view, lambda view: view.shelves[0].stale)
    assert view.shelves[0].units == {}
    watched.watch(20, {("reader-1", 1): []})
    eventually(watched.desk.view, lambda view: not view.shelves[0].stale)


def test_returned_units_stand_on_their_shelf(
    watched: WatchedShop, eventually: Callable[..., Any]
) -> None:
    """A unit that came back after its sale is on the shelf, though not yet for sale."""
    gtin = watched.product()
    epc, other = watched.tag(gtin, 1), watched.tag(gtin, 2)
    line = {"gtin": gtin, "qty": 1, "amount": 1, "epc": epc}
    sale = {"t": watched.now, "sale": "s", "currency": "EUR", "lines": [line], "total": 1}
    watched.watch(10, {("reader-2", 1): [epc, other]})
    watched.hear("checkout/lane-1/sale", sale)
    watched.watch(130, {("reader-2", 1): [other]})
    watched.watch(20, {("reader-2", 1): [epc, other]})
    assert watched.api().get(f"/items/{epc}").json()["state"] == "returned"
    shelves = eventually(watched.desk.view, lambda view: view.position).shelves
    assert {shelf.shelf: shelf.units for shelf in shelves} == {"shelf-a": {}, "shelf-b": {gtin: 2}}


def test_people_and_sales_of_today_are_counted(
    new_shop: Shop, eventually: Callable[..., Any]
) -> None:
    """Who came through an entrance today, who is inside, and what was sold add up."""
    crossings = [{"line": "entrance", "dir": "in", "t": now()} for _ in range(3)]
    crossings += [{"line": "entrance", "dir": "out", "t": now()}]
    crossings += [{"line": "aisle", "dir": "in", "t": now()}]
    crossings += [{"line": "entrance", "dir": "in", "t": now() - 3 * 86_400_000}]
    new_shop.hear("camera/camera-1/crossings", {"crossings": crossings})
    gtin = new_shop.priced(250)
    lane = new_shop.api().post("/lanes/lane-1/scan", json={"data": gtin}).json()
    new_shop.api().post("/lanes/lane-1/pay", json={"basket": lane["basket"]}).raise_for_status()
    view = eventually(new_shop.desk.view, lambda view: view.sales_today)
    assert (view.came_today, view.people, view.turnover_today) == (3, 3, 250)
    assert view.lanes[0].state == "paid"


def test_sink_that_is_down_makes_the_shop_lag(
    new_shop: Shop, eventually: Callable[..., Any]
) -> None:
    """The lag is the age of the oldest event that a sink has not taken."""
    new_shop.product()
    eventually(new_shop.desk.view, lambda view: view.lag_s > 0 and view.sinks[0].backlog > 0)
