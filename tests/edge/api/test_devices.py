"""Devices over HTTP: the inbox, adoption, configuration with history, commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.edge.api.conftest import Shop


def device(shop: Shop, name: str) -> dict[str, Any]:
    """Give a device."""
    rows = shop.api().get("/devices").json()["items"]
    found: dict[str, Any] = next(row for row in rows if row["device"] == name)
    return found


def appear(shop: Shop, name: str) -> None:
    """Let a reader that nobody configured report itself."""
    status = {"online": True, "model": "R700", "fw": "8.1", "config_version": 3}
    shop.hear(f"rfid/{name}/status", status)


def events(shop: Shop, kind: str, subject: str) -> list[dict[str, Any]]:
    """Give the data of all events of a type about a subject."""
    page = shop.api().get("/events", params={"type": kind, "limit": 1000}).json()
    return [event["data"] for event in page if event["subject"] == subject]


def test_unknown_device_waits_in_the_inbox(shop: Shop) -> None:
    """A device that nobody configured is listed, not adopted, and changes no stock."""
    appear(shop, "stranger-1")
    found = device(shop, "stranger-1")
    assert (found["adopted"], found["online"], found["kind"]) == (False, True, "rfid")
    epc = shop.tag(shop.product(), 1)
    reads = [{"epc": epc, "ant": 1, "t": 1}]
    shop.hear("rfid/stranger-1/reads", {"reads": reads})
    assert shop.api().get(f"/items/{epc}").status_code == 404


def test_adopted_device_counts(shop: Shop) -> None:
    """Once adopted with places for its antennas, a reader's tags are stock; twice is 409."""
    appear(shop, "stranger-2")
    body = {"kind": "rfid", "antennas": {"1": "back"}}
    assert shop.api().post("/devices/stranger-2/adopt", json=body).status_code == 204
    epc = shop.tag(shop.product(), 1)
    shop.hear("rfid/stranger-2/reads", {"reads": [{"epc": epc, "ant": 1, "t": 1}]})
    assert shop.api().get(f"/items/{epc}").json()["zone"] == "back"
    assert device(shop, "stranger-2")["adopted"] is True
    again = shop.api().post("/devices/stranger-2/adopt", json=body)
    assert (again.status_code, again.json()["errors"][0]["path"]) == (409, "device")


@pytest.mark.parametrize(
    ("body", "status", "path"),
    [
        ({"kind": "toaster"}, 422, "kind"),
        ({}, 422, "kind"),
        ({"kind": "rfid", "antennas": {"0": "back"}}, 422, "antennas.0.[key]"),
        ({"kind": "rfid", "antennas": {"x": "back"}}, 422, "antennas.x.[key]"),
        ({"kind": "rfid", "antennas": {"1": "moon"}}, 404, "antennas.1"),
        ({"kind": "scanner", "lane": "lane-9"}, 404, "lane"),
    ],
)
def test_wrong_adoptions_are_told_by_field(
    shop: Shop, body: dict[str, Any], status: int, path: str
) -> None:
    """A device is adopted only for places and lanes that the shop has."""
    appear(shop, "stranger-3")
    answer = shop.api().post("/devices/stranger-3/adopt", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (status, path)
    assert device(shop, "stranger-3")["adopted"] is False


def test_configurations_have_versions_and_a_way_back(shop: Shop) -> None:
    """Each configuration is a version; a rollback makes the earlier one the next version."""
    appear(shop, "reader-9")
    first, second = {"power_dbm": 20}, {"power_dbm": 30, "note": "<script>alert(1)</script>"}
    put = [shop.api().put("/devices/reader-9/config", json=body) for body in (first, second)]
    assert [answer.json() for answer in put] == [{"version": 1}, {"version": 2}]
    back = shop.api().post("/devices/reader-9/config/rollback", json={"version": 1})
    assert back.json() == {"version": 3}
    history = shop.api().get("/devices/reader-9/config/history").json()["items"]
    assert [(row["version"], row["config"]) for row in history] == [
        (1, first),
        (2, second),
        (3, first),
    ]
    told = events(shop, "store.device.configured.v1", "reader-9")
    assert [(event["version"], event["config"]) for event in told][-1] == (3, first)


def test_configuration_is_confirmed_by_the_device(shop: Shop) -> None:
    """The device's status says which version it runs, and its model and firmware."""
    appear(shop, "reader-1")
    found = device(shop, "reader-1")
    assert (found["config_version"], found["model"], found["fw"]) == (3, "R700", "8.1")


def test_command_has_an_id_that_the_answer_carries(shop: Shop) -> None:
    """A command is an event with an id; the device's answer is an event with the same id."""
    appear(shop, "reader-7")
    body = {"name": "reboot", "args": {"after_s": 1}}
    answer = shop.api().post("/devices/reader-7/command", json=body)
    assert answer.status_code == 202
    number = answer.json()["id"]
    (told,) = events(shop, "store.device.commanded.v1", "reader-7")
    assert (told["id"], told["name"], told["args"]) == (number, "reboot", {"after_s": 1})
    adopt = {"kind": "rfid"}
    shop.api().post("/devices/reader-7/adopt", json=adopt).raise_for_status()
    shop.hear("rfid/reader-7/result", {"id": number, "ok": False, "error": "no"})
    assert events(shop, "store.device.answered.v1", "reader-7") == [
        {"device": "reader-7", "id": number, "ok": False, "error": "no"}
    ]


def test_dead_device_is_offline(shop: Shop) -> None:
    """A device whose Will the broker sent is offline."""
    shop.hear("label/labels-1/status", {"online": True})
    assert device(shop, "labels-1")["online"] is True
    shop.hear("label/labels-1/status", {"online": False})
    assert device(shop, "labels-1")["online"] is False


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("adopt", {"kind": "rfid"}),
        ("config", {}),
        ("config/rollback", {"version": 1}),
        ("config/history", None),
        ("command", {"name": "reboot"}),
    ],
)
def test_unknown_device_is_not_found(shop: Shop, path: str, body: dict[str, Any] | None) -> None:
    """What concerns a device that never was is 404."""
    method = {"config": "PUT", "config/history": "GET"}.get(path, "POST")
    answer = shop.api().request(method, f"/devices/nobody/{path}", json=body)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("PUT", "config", b"[]", "body"),
        ("PUT", "config", b'{"half":"\\ud800"}', "body"),
        ("PUT", "config", b'{"a":' * 300 + b"1" + b"}" * 300, "body"),
        ("PUT", "config", b'{"a":"%s"}' % (b"x" * 70_000), "body"),
        ("POST", "command", b'{"name":"Reboot now"}', "name"),
        ("POST", "command", b'{"name":"reboot","args":[]}', "args"),
        ("POST", "config/rollback", b'{"version":0}', "version"),
        ("POST", "config/rollback", b'{"version":1e99}', "version"),
        ("POST", "config/rollback", b'{"version":"1"}', "version"),
    ],
)
def test_wrong_settings_are_told_by_field(
    shop: Shop, method: str, path: str, body: bytes, field: str
) -> None:
    """What JSON cannot carry to a device is refused at the door, not by the writer."""
    headers = {"Content-Type": "application/json"}
    url = f"/devices/reader-1/{path}"
    answer = shop.api().request(method, url, content=body, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, field)
    assert shop.api().get("/dead-letters").json()["items"] == []


def test_unknown_version_is_not_found(shop: Shop) -> None:
    """A rollback to a version that never was names those that were."""
    appear(shop, "reader-5")
    shop.api().put("/devices/reader-5/config", json={}).raise_for_status()
    answer = shop.api().post("/devices/reader-5/config/rollback", json={"version": 7})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (404, "version")
    assert "expected a version of 1, came 7" in answer.json()["detail"]
