"""Cameras over HTTP: what they watch, their pictures, and who asked for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from edge.readings import Figures, Snapshot

if TYPE_CHECKING:
    from tests.edge.api.conftest import Shop

JPEG = b"\xff\xd8\xff a picture \xff\xd9"
T = 1_777_629_600_000  # 2026-05-01T10:00:00Z
LINE = {"name": "gate", "start": [0.1, 0.2], "end": [0.9, 0.2], "entrance": True}


class Camera:
    """Asks for pictures of the shop's camera, and lets it answer what a test wants."""

    def __init__(
        self, shop: Shop, pool: ThreadPoolExecutor, eventually: Callable[..., Any]
    ) -> None:
        """Bring the camera online."""
        self.shop = shop
        self._pool = pool
        self._eventually = eventually
        shop.hear("camera/camera-1/status", {"online": True})

    def commands(self) -> list[dict[str, Any]]:
        """Give the commands that the camera was sent."""
        query = {"type": "store.device.commanded.v1", "limit": "1000"}
        page = self.shop.api().get("/events", params=query).json()
        return [event["data"] for event in page if event["subject"] == "camera-1"]

    def ask(self, role: str = "technician", **body: bool) -> Future[httpx.Response]:
        """Ask for a picture; gives the answer to come, once the command is on its way."""
        known = len(self.commands())
        client = self.shop.api(role)
        answer = self._pool.submit(client.post, "/cameras/camera-1/snapshot", json=body)
        self._eventually(lambda: answer.done() or len(self.commands()) > known, bool)
        return answer

    def shoot(self, *, blurred: bool = True) -> None:
        """Let the camera send the picture that was asked for last."""
        identity = self.commands()[-1]["id"]
        self.shop.lookout.take("camera-1", Snapshot(identity, T, 640, 480, blurred, JPEG))


@pytest.fixture
def camera(new_shop: Shop, eventually: Callable[..., Any]) -> Iterator[Camera]:
    """Give a camera that is online."""
    with ThreadPoolExecutor(2) as pool:
        yield Camera(new_shop, pool, eventually)


def asked(shop: Shop) -> list[tuple[str, bool]]:
    """Give who asked for the camera's picture, and whether people were blurred."""
    page = shop.api("technician").get("/cameras/camera-1/snapshots").json()
    return [(row["by"], row["blurred"]) for row in page["items"]]


def test_a_technician_gets_a_picture(camera: Camera) -> None:
    """As a JPEG that nobody may keep, with its time, its size and whether people are blurred."""
    answer = camera.ask()
    camera.shoot()
    picture = answer.result()
    assert (picture.status_code, picture.content) == (200, JPEG)
    told = {name: picture.headers[name] for name in ("content-type", "cache-control")}
    assert told == {"content-type": "image/jpeg", "cache-control": "no-store"}
    assert picture.headers["snapshot-time"] == "2026-05-01T10:00:00+00:00"
    assert (picture.headers["snapshot-size"], picture.headers["snapshot-blurred"]) == (
        "640x480",
        "true",
    )
    assert camera.commands()[-1]["args"] == {"blur": True}


def test_who_asked_is_in_the_log(camera: Camera) -> None:
    """By the name of the token, blurred or not; in the events and in a list of its own."""
    answer = camera.ask("admin", blur=False)
    camera.shoot(blurred=False)
    assert answer.result().headers["snapshot-blurred"] == "false"
    assert asked(camera.shop) == [("admin", False)]
    query = {"type": "store.snapshot.taken.v1"}
    (event,) = camera.shop.api().get("/events", params=query).json()
    identity = camera.commands()[-1]["id"]
    assert event["data"] == {
        "camera": "camera-1",
        "by": "admin",
        "blurred": False,
        "id": identity,
    }


@pytest.mark.parametrize(
    ("role", "body"), [("viewer", {}), ("operator", {}), ("technician", {"blur": False})]
)
def test_others_get_none(camera: Camera, role: str, body: dict[str, bool]) -> None:
    """Without the role the camera is not even asked."""
    answer = camera.shop.api(role).post("/cameras/camera-1/snapshot", json=body)
    assert answer.status_code == 403
    assert (camera.commands(), asked(camera.shop)) == ([], [])


def test_too_many_pictures_are_refused(camera: Camera) -> None:
    """The second within two seconds is told when to come again, and is not in the log."""
    first = camera.ask()
    camera.shoot()
    assert first.result().status_code == 200
    second = camera.shop.api("admin").post("/cameras/camera-1/snapshot", json={})
    assert second.status_code == 429
    assert second.headers["retry-after"] in {"1", "2"}
    assert second.headers["content-type"] == "application/problem+json"
    assert len(asked(camera.shop)) == 1


def test_a_camera_may_give_its_reasons(camera: Camera) -> None:
    """What it refuses with is the problem's sentence."""
    answer = camera.ask()
    told = {"id": camera.commands()[-1]["id"], "ok": False, "error": "no picture yet"}
    camera.shop.hear("camera/camera-1/result", told)
    assert answer.result().status_code == 409
    assert "no picture yet" in answer.result().json()["detail"]


def test_a_camera_that_is_away_is_told_as_such(camera: Camera) -> None:
    """Offline at once, silent after five seconds; who asked a silent one is in the log."""
    silent = camera.ask()
    assert silent.result().status_code == 504
    assert "within 5 s" in silent.result().json()["detail"]
    camera.shop.hear("camera/camera-1/status", {"online": False})
    offline = camera.shop.api("technician").post("/cameras/camera-1/snapshot", json={})
    assert (offline.status_code, "offline" in offline.json()["detail"]) == (504, True)
    assert asked(camera.shop) == [("technician", True)]


@pytest.mark.parametrize("name", ["nobody", "reader-1", "..%2F..%2Fetc%2Fpasswd"])
def test_what_is_no_camera_has_no_picture(shop: Shop, name: str) -> None:
    """A reader and a name that nobody has are 404."""
    for answer in (
        shop.api().post(f"/cameras/{name}/snapshot", json={}),
        shop.api().get(f"/cameras/{name}/snapshots"),
    ):
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_picture_cannot_be_ordered_by_the_way(shop: Shop) -> None:
    """The command alone would leave nobody's name in the log, and reach whoever listens."""
    body = {"name": "snapshot", "args": {"blur": False}}
    answer = shop.api("technician").post("/devices/camera-1/command", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (409, "name")


def test_cameras_are_listed_with_what_they_watch(new_shop: Shop) -> None:
    """For everybody with a token: layout, versions, and how the camera does."""
    put = new_shop.api("technician").put(
        "/devices/camera-1/config", json={"lines": [LINE], "body": 0.4}
    )
    assert put.json() == {"version": 1}
    new_shop.hear("camera/camera-1/status", {"online": True, "config_version": 1})
    new_shop.lookout.take("camera-1", Figures(fps=9.5, skipped=2))
    (row,) = new_shop.api("viewer").get("/cameras").json()["items"]
    assert row.pop("last_seen") is not None
    assert row == {
        "camera": "camera-1",
        "online": True,
        "adopted": True,
        "problem": None,
        "lines": [LINE],
        "areas": [
            {
                "zone": "tills",
                "polygon": [[0, 0], [1, 0], [1, 1]],
                "queue": True,
                "loiter_s": None,
            }
        ],
        "masks": [],
        "body": 0.4,
        "version": 1,
        "config_version": 1,
        "figures": {"fps": 9.5, "skipped": 2, "latency_ms": None, "brightness": None},
    }


def test_the_history_tells_who_drew(new_shop: Shop) -> None:
    """Whose token gave each version, a rollback too."""
    path = "/devices/camera-1/config"
    new_shop.api("technician").put(path, json={"lines": [LINE]})
    new_shop.api("admin").put(path, json={"lines": []})
    new_shop.api("technician").post(f"{path}/rollback", json={"version": 1})
    rows = new_shop.api().get(f"{path}/history").json()["items"]
    assert [(row["version"], row["by"]) for row in rows] == [
        (1, "technician"),
        (2, "admin"),
        (3, "technician"),
    ]
    query = {"type": "store.device.configured.v1"}
    told = [event["data"]["by"] for event in new_shop.api().get("/events", params=query).json()]
    assert told == ["technician", "admin", "technician"]


def test_a_wrong_layout_is_told_by_field(shop: Shop) -> None:
    """All faults at once, as 422; nothing is kept."""
    body = {"lines": [{**LINE, "name": "No Id"}], "areas": [{"zone": "moon", "polygon": [[0, 0]]}]}
    answer = shop.api().put("/devices/camera-1/config", json=body)
    assert answer.status_code == 422
    paths = [error["path"] for error in answer.json()["errors"]]
    assert paths == ["lines[0].name", "areas[0].polygon"]
    assert shop.api().get("/devices/camera-1/config/history").json() == {"items": []}


def test_a_drawn_entrance_counts_in_conversion(new_shop: Shop) -> None:
    """From now on its crossings are visitors, also after the line has gone."""
    path, at = "/devices/camera-1/config", new_shop.clock()
    new_shop.api().put(path, json={"lines": [LINE]}).raise_for_status()
    crossing = {"line": "gate", "dir": "in", "t": at}
    new_shop.hear("camera/camera-1/crossings", {"crossings": [crossing]})
    new_shop.api().put(path, json={"lines": []}).raise_for_status()
    rows = new_shop.api().get("/traffic/conversion", params={"bucket": "day"}).json()["items"]
    assert [row["entries"] for row in rows] == [1]
