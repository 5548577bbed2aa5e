"""The price audit over HTTP: the shop as an inspector finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, select, update

from edge import tables
from edge.commands import BindLabel

if TYPE_CHECKING:
    from tests.edge.api.conftest import Shop


def audit(shop: Shop, **query: Any) -> dict[str, Any]:
    """Audit the prices."""
    answer = shop.api("viewer").get("/prices/audit", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def forge(shop: Shop, statement: Any) -> None:
    """Change the database behind the gateway's back: by its own rules nothing is ever wrong."""
    engine = create_engine(shop.settings.database.url)
    with engine.begin() as connection:
        connection.execute(statement)
    engine.dispose()


def charge(shop: Shop, gtin: str, till: int) -> None:
    """Let the till charge something else than it may."""
    prices = tables.prices
    forge(shop, update(prices).where(prices.c.gtin == gtin).values(till=till))


def test_empty_shop_has_nothing_to_audit(new_shop: Shop) -> None:
    """Where no label shows a price, there is no accuracy, and nothing is wrong."""
    new_shop.priced(100)
    found = audit(new_shop)
    assert (found["sampled"], found["accuracy"], found["passes"]) == (0, None, None)
    assert found["findings"] == []


def test_right_prices_pass(new_shop: Shop) -> None:
    """Where label and till agree and the picture is of the product, all is accurate."""
    new_shop.hang("label-1", new_shop.priced(1000, name="Jacket"))
    new_shop.hang("label-2", new_shop.priced(2000))
    found = audit(new_shop)
    counts = ("sampled", "accurate", "overcharges", "undercharges", "uncertain")
    assert [found[count] for count in counts] == [2, 2, 0, 0, 0]
    assert (found["accuracy"], found["passes"], found["findings"]) == (1.0, True, [])


@pytest.mark.parametrize(("till", "kind"), [(1200, "overcharge"), (900, "undercharge")])
def test_till_that_is_wrong_is_found(new_shop: Shop, till: int, kind: str) -> None:
    """A till that charges more or less than the label shows is found, each on its own side."""
    gtin = new_shop.priced(1000, name="Jacket")
    new_shop.hang("label-1", gtin)
    charge(new_shop, gtin, till)
    found = audit(new_shop)
    assert (found[f"{kind}s"], found["accuracy"], found["passes"]) == (1, 0.0, False)
    assert found["findings"][0] == {
        "gtin": gtin,
        "name": "Jacket",
        "label": "label-1",
        "shelf": [1000],
        "till": till,
        "channel": found["findings"][0]["channel"],
        "kind": kind,
    }


def test_label_under_way_is_uncertain(new_shop: Shop) -> None:
    """A label may show one of two prices: the lower one counts for overcharges, the other not."""
    gtin = new_shop.priced(1000)
    new_shop.hang("label-1", gtin)
    change = {"changes": [{"gtin": gtin, "amount": 1500}]}
    new_shop.api().post("/prices", json=change).raise_for_status()
    new_shop.draw("label-1")
    found = audit(new_shop)
    assert (found["uncertain"], found["overcharges"], found["undercharges"]) == (1, 0, 1)
    assert found["findings"][0]["shelf"] == [1000, 1500]
    charge(new_shop, gtin, 1500)
    found = audit(new_shop)
    assert (found["uncertain"], found["overcharges"], found["undercharges"]) == (1, 1, 0)


def test_same_price_on_its_way_is_only_uncertain(new_shop: Shop) -> None:
    """A label that gets a new picture with the old price is no fault, and named as uncertain."""
    gtin = new_shop.priced(1000, name="Old")
    new_shop.hang("label-1", gtin)
    new_shop.api().put("/products", json=[{"gtin": gtin, "name": "New"}]).raise_for_status()
    new_shop.draw("label-1")
    found = audit(new_shop)
    assert (found["accurate"], found["uncertain"]) == (1, 1)
    assert [finding["kind"] for finding in found["findings"]] == ["uncertain"]


def test_planned_picture_counts_as_it_may_be_seen(new_shop: Shop) -> None:
    """A raise that a label keeps for later is no undercharge; a price that is lower may be seen."""
    gtin = new_shop.priced(1000)
    new_shop.hang("label-1", gtin)
    change = {"changes": [{"gtin": gtin, "amount": 1500}]}
    new_shop.api().post("/prices", json=change).raise_for_status()
    new_shop.draw("label-1")
    labels = tables.labels
    in_an_hour = update(labels).where(labels.c.label == "label-1")
    forge(new_shop, in_an_hour.values(show_at=new_shop.clock() + 3_600_000))
    found = audit(new_shop)
    assert (found["accurate"], found["uncertain"], found["findings"]) == (1, 0, [])
    charge(new_shop, gtin, 1500)
    assert audit(new_shop)["overcharges"] == 1


def test_picture_of_another_product_is_wrong(new_shop: Shop) -> None:
    """The code on the picture is read: a label that shows other goods is found."""
    one, two = new_shop.priced(1000), new_shop.priced(1000)
    new_shop.hang("label-1", one)
    new_shop.hang("label-2", two)
    images = {
        name: row.confirmed
        for name in ("label-1", "label-2")
        if (row := new_shop.desk.queries.label(name))
    }
    pictures = tables.pictures
    other = select(pictures.c.png).where(pictures.c.image == images["label-2"]).scalar_subquery()
    of_one = update(pictures).where(pictures.c.image == images["label-1"])
    forge(new_shop, of_one.values(png=other))
    found = audit(new_shop)
    (finding,) = found["findings"]
    assert (finding["kind"], finding["label"], finding["gtin"]) == ("wrong-picture", "label-1", one)
    assert (found["accurate"], found["sampled"]) == (1, 2)


def test_label_that_moved_shows_the_old_product_still(new_shop: Shop) -> None:
    """Until it has confirmed, a label that was bound to other goods is audited as what it shows."""
    old, new = new_shop.priced(1000), new_shop.priced(3000)
    new_shop.hang("label-1", old)
    new_shop.execute(BindLabel("label-1", new))
    assert audit(new_shop)["sampled"] == 1
    charge(new_shop, old, 1100)
    assert audit(new_shop)["findings"][0]["gtin"] == old
    new_shop.api().post("/labels/label-1/remove").raise_for_status()
    assert audit(new_shop)["sampled"] == 0


def test_channel_is_compared_as_far_as_its_sinks_are(new_shop: Shop) -> None:
    """What the online channel has is the newest price that its sink has taken, not the log's."""
    gtin = new_shop.priced(1000)
    new_shop.hang("label-1", gtin)
    nothing = {"compared": 0, "accurate": 0, "over": 0, "under": 0}
    assert audit(new_shop)["channel"] == nothing  # its sink is down
    log = tables.events
    told = select(log.c.position).where(log.c.type == "store.price.effective.v1")
    engine = create_engine(new_shop.settings.database.url)
    with engine.begin() as connection:
        row = {"consumer": "online", "delivered": 1, "coalesced": 0, "filtered": 0, "refused": 0}
        position = connection.scalar(told.order_by(log.c.position))
        connection.execute(tables.cursors.insert(), {**row, "position": position})
    engine.dispose()
    assert audit(new_shop)["channel"] == {**nothing, "compared": 1, "accurate": 1}
    lower = {"changes": [{"gtin": gtin, "amount": 800}]}
    new_shop.api().post("/prices", json=lower).raise_for_status()
    new_shop.show("label-1")
    found = audit(new_shop)
    assert found["channel"] == {**nothing, "compared": 1, "over": 1}
    (finding,) = found["findings"]
    assert (finding["kind"], finding["till"], finding["channel"]) == ("channel", 800, 1000)


def test_sales_are_compared_with_the_shelf(new_shop: Shop) -> None:
    """Each sold line is compared with the least price that a label may have been showing then."""
    gtin = new_shop.priced(1000)
    new_shop.hang("label-1", gtin)
    for n, amount in enumerate((2000, 2400, 1800)):
        line = {"gtin": gtin, "qty": 2, "amount": amount}
        body = {"t": new_shop.clock(), "sale": f"s{n}", "currency": "EUR"}
        new_shop.hear("checkout/lane-1/sale", {**body, "lines": [line], "total": amount})
    sales = audit(new_shop)["sales"]
    assert (sales["lines"], sales["above_shelf"], sales["below_shelf"]) == (3, 1, 1)
    lines = [sale["lines"][0] for sale in new_shop.api().get("/sales").json()["items"]]
    assert [line["shelf"] for line in lines] == [1000, 1000, 1000]
    lowest = new_shop.api().get(f"/prices/{gtin}").json()["lowest_sold_7_days"]
    assert lowest == 900


def test_basket_tells_what_the_shelf_shows(new_shop: Shop) -> None:
    """A line of a basket carries the least price that a label may be showing."""
    gtin = new_shop.priced(1000)
    new_shop.hang("label-1", gtin)
    lane = new_shop.api().post("/lanes/lane-1/scan", json={"data": gtin}).json()
    assert (lane["lines"][0]["price"], lane["lines"][0]["shelf"]) == (1000, 1000)


def test_same_seed_samples_the_same(new_shop: Shop) -> None:
    """`size` bounds the sample, and a seed makes it repeatable."""
    for name in ("label-1", "label-2"):
        gtin = new_shop.priced(1000)
        new_shop.hang(name, gtin)
        charge(new_shop, gtin, 1100)
    found = [audit(new_shop, size=1, seed=seed)["findings"] for seed in (1, 1, 2, 3, 4, 5)]
    assert all(len(findings) == 1 for findings in found)
    assert found[0] == found[1]
    assert len({findings[0]["gtin"] for findings in found}) == 2


@pytest.mark.parametrize("query", [{"size": 0}, {"size": 1001}, {"seed": "x"}, {"seed": -1}])
def test_wrong_sample_is_refused(shop: Shop, query: dict[str, Any]) -> None:
    """A sample has 1 to 1000 products and a whole number as its seed."""
    assert shop.api().get("/prices/audit", params=query).status_code == 422
