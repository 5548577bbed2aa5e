"""The emulated OpenEPaperLink access point: its protocol, its traps, and the truth beside them.

And the simulated native access point, whose labels report and flash.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from PIL import Image
from websockets.sync.client import connect

from devices.broker import ManagedBroker, wait_until_ready
from devices.labels.native import Identify
from devices.mqtt import BrokerAddress, Delivery, Link
from devices.simulator.access_point import EmulatedAccessPoint, page
from devices.simulator.access_point_air import Air, Habits, converted
from devices.simulator.labels import AccessPoint
from devices.simulator.layout import ACCESS_POINT
from edge.supervisor import Child, Supervisor

MAC = "0000021A2B3C4D01"
QUICK = Habits(sleep_s=(40, 41))
A_WAKE, A_DRAWING = 42, 20


def jpeg(bar: int) -> bytes:
    """Make a picture with a red bar on white, 64 x 32."""
    image = Image.new("RGB", (64, 32), "white")
    image.paste((255, 0, 0), (bar, 4, bar + 6, 28))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90, subsampling=0)
    return file.getvalue()


def version(picture: bytes) -> str:
    """Give the version that the access point makes of a picture."""
    return hashlib.md5(converted(picture), usedforsecurity=False).hexdigest()[:16]


def air(habits: Habits = QUICK, seed: int = 1) -> Air:
    """Give one label's air, of which nothing has happened yet."""
    return Air([MAC], seed, habits)


def pass_time(world: Air, seconds: float) -> None:
    """Let seconds pass."""
    world.advance(world.now + seconds)


def errors(world: Air) -> list[str]:
    """Give what the access point complained of."""
    said = [json.loads(message) for message in world.outbox]
    return [message["errMsg"] for message in said if "errMsg" in message]


def until_transferred(world: Air, count: int = 1) -> None:
    """Go on in steps of half a second until so many transfers are on record."""
    for _ in range(4000):
        if world.records[MAC].updatecount >= count:
            return
        pass_time(world, 0.5)
    pytest.fail(f"never {count} transfers: {world.records[MAC]}")


def test_the_label_says_complete_before_it_has_drawn() -> None:
    """The record has the new version while the glass still shows the old picture."""
    world = air()
    world.upload(MAC, jpeg(5), 24)
    until_transferred(world)
    assert world.records[MAC].hash.startswith(version(jpeg(5)))
    assert world.labels[MAC].glass == b""
    pass_time(world, A_DRAWING)
    assert world.labels[MAC].glass == converted(jpeg(5))


def test_a_failed_drawing_resets_the_label() -> None:
    """The old picture stays, and at the next check-in the access point forgets the version."""
    world = air(Habits(sleep_s=(40, 41), drawing_fails=1))
    world.upload(MAC, jpeg(5), 24)
    until_transferred(world)
    pass_time(world, A_DRAWING)
    record = world.records[MAC]
    assert (world.labels[MAC].glass, record.wakeup, record.hash) == (b"", 0xFE, "0" * 32)


def test_stale_pictures_are_drawn_first() -> None:
    """A second picture queues behind the first and does not replace it."""
    world = air()
    world.upload(MAC, jpeg(5), 24)
    pass_time(world, 2)
    world.upload(MAC, jpeg(20), 24)
    until_transferred(world)
    assert world.records[MAC].hash.startswith(version(jpeg(5)))
    until_transferred(world, 2)
    pass_time(world, A_DRAWING)
    assert world.labels[MAC].glass == converted(jpeg(20))


def test_the_end_of_an_old_transfer_is_booked_on_the_new_picture() -> None:
    """A picture that is queued while the old one is on the air counts as transferred wrongly."""
    world = air()
    world.upload(MAC, jpeg(5), 24)
    pass_time(world, 2)
    world.outbox.clear()
    while world.records[MAC].lastseen < world.now - 1:  # until it wakes, and its transfer begins
        pass_time(world, 0.5)
    world.clear(MAC)
    world.upload(MAC, jpeg(20), 24)
    until_transferred(world)
    assert world.records[MAC].hash.startswith(version(jpeg(20)))
    pass_time(world, A_DRAWING)
    assert world.labels[MAC].glass == converted(jpeg(5))


def test_a_queue_that_nobody_collects_expires() -> None:
    """After 20 minutes all is gone; `pending` still says 1, and only an errMsg tells."""
    world = air()
    world.labels[MAC].asleep_until = world.now + 2000
    world.upload(MAC, jpeg(5), 24)
    pass_time(world, 1190)
    assert not errors(world)
    pass_time(world, 15)
    assert [MAC in error for error in errors(world)] == [True]
    assert world.records[MAC].pending == 1
    assert world.queued(MAC, bytes.fromhex(version(jpeg(5)))) is None


def test_a_crash_forgets_the_queue_and_goes_back_to_what_was_saved() -> None:
    """Transfers since then are not on record, though the glass shows the picture."""
    world = air()
    world.upload(MAC, jpeg(5), 24)
    until_transferred(world)
    pass_time(world, A_DRAWING)
    world.upload(MAC, jpeg(20), 24)
    pass_time(world, 2)
    world.crash(10)
    assert not world.up
    record = world.records[MAC]
    assert (record.pending, record.updatecount, record.hash) == (0, 0, "0" * 32)
    assert world.labels[MAC].glass == converted(jpeg(5))
    pass_time(world, 12)
    assert (world.up, world.running) == (True, False)
    pass_time(world, 200)
    assert world.records[MAC].updatecount == 0


def test_a_picture_equal_to_the_recorded_one_is_not_queued() -> None:
    """Unless the record was told to forget it; the label then has it already."""
    world = air()
    world.upload(MAC, jpeg(5), 24)
    until_transferred(world)
    world.upload(MAC, jpeg(5), 24)
    pass_time(world, 2)
    assert world.records[MAC].pending == 0
    world.refresh(MAC)
    world.upload(MAC, jpeg(5), 24)
    pass_time(world, 2)
    assert world.records[MAC].pending == 1


def test_lost_transfers_come_again() -> None:
    """A label takes what is still queued when it wakes next."""
    world = air(Habits(sleep_s=(40, 41), lost=0.9))
    world.upload(MAC, jpeg(5), 24)
    until_transferred(world)
    pass_time(world, A_DRAWING)
    assert world.labels[MAC].glass == converted(jpeg(5))
    assert world.now - world.started > 2 * 41  # it took two check-ins at least


def test_one_label_transfers_at_a_time() -> None:
    """Twenty labels that all wake within a second need twenty times 3.9 seconds of radio."""
    macs = [f"{n:016X}" for n in range(20)]
    world = Air(macs, 1, QUICK)
    for mac in macs:
        world.upload(mac, jpeg(5), 24)
    pass_time(world, A_WAKE)
    done = sum(record.updatecount for record in world.records.values())
    assert done <= A_WAKE / 3.9
    pass_time(world, 20 * 3.9 + 2 * A_WAKE)
    assert all(record.updatecount == 1 for record in world.records.values())


def test_an_led_pattern_is_played_and_changes_the_hash() -> None:
    """A command is acknowledged as a picture is."""
    world = air()
    world.flash(MAC, bytes(range(12)))
    until_transferred(world)
    assert world.labels[MAC].flashes == [bytes(range(12))]
    assert world.records[MAC].hash.startswith("0001020304050607")


def test_the_same_seed_gives_the_same_labels() -> None:
    """Wake-ups, losses and failures repeat."""

    def course(seed: int) -> list[str]:
        world = air(Habits(lost=0.3, drawing_fails=0.3), seed)
        world.upload(MAC, jpeg(5), 24)
        pass_time(world, 900)
        return list(world.outbox)

    assert course(1) == course(1)
    assert course(1) != course(2)


def check_ins(habits: Habits, seconds: int) -> dict[str, list[tuple[int, int]]]:
    """Give the check-ins of 200 labels: when each was, and by when the next one was promised."""
    world = Air([f"{n:016X}" for n in range(200)], 1, habits)
    seen: dict[str, list[tuple[int, int]]] = {mac: [] for mac in world.records}
    for _ in range(seconds):
        pass_time(world, 1)
        for message in map(json.loads, world.outbox):
            for record in message.get("tags", ()):
                seen[record["mac"]].append((record["lastseen"], record["nextcheckin"]))
        world.outbox.clear()
    return seen


def test_some_labels_nap() -> None:
    """About their share, each as long as promised; the others check in as they always did."""
    usual = check_ins(QUICK, 1500)
    mixed = check_ins(replace(QUICK, naps=0.3, nap_s=(300, 600)), 1500)
    nappers = {mac for mac, times in mixed.items() if times[0][1] - times[0][0] == 600}
    assert 40 < len(nappers) < 80
    assert {mac: usual[mac] for mac in usual if mac not in nappers} == {
        mac: times for mac, times in mixed.items() if mac not in nappers
    }
    for mac, times in mixed.items():
        gaps = [later - before for (before, _), (later, _) in pairwise(times)]
        assert min(gaps) >= (299 if mac in nappers else 39)
        assert all(later <= by for (_, by), (later, _) in pairwise(times))


def test_a_dead_label_is_heard_no_more_until_it_lives_again() -> None:
    """A transfer that was on the air is lost; then a boot is its first word, and it takes it."""
    world = air()
    world.upload(MAC, jpeg(5), 24)
    pass_time(world, 2)
    while world.records[MAC].lastseen < world.now - 1:  # until it wakes, and its transfer begins
        pass_time(world, 0.5)
    world.kill(MAC)
    last = world.records[MAC].lastseen
    pass_time(world, 600)
    assert (world.records[MAC].lastseen, world.records[MAC].updatecount) == (last, 0)
    world.revive(MAC)
    pass_time(world, A_WAKE)
    until_transferred(world)
    pass_time(world, A_DRAWING)
    assert world.labels[MAC].glass == converted(jpeg(5))


def test_a_label_that_lives_again_comes_from_a_boot() -> None:
    """Its first check-in says so, and the access point forgets what it had."""
    world = air()
    world.upload(MAC, jpeg(5), 24)
    until_transferred(world)
    pass_time(world, A_DRAWING)
    world.kill(MAC)
    world.revive(MAC)
    pass_time(world, A_WAKE)
    record = world.records[MAC]
    assert (record.wakeup, record.hash) == (0xFE, "0" * 32)
    assert world.labels[MAC].glass == converted(jpeg(5))


def test_pages_wrap_after_255() -> None:
    """A page has about 5 kB, and position 256 is position 0 again."""
    world = Air([f"{n:016X}" for n in range(300)], 1, QUICK)
    first = json.loads(page(world, 0))
    assert 5000 < len(page(world, 0)) < 6000
    assert first["continu"] == len(first["tags"])
    assert page(world, 256) == page(world, 0)
    last = json.loads(page(world, 255))
    assert last["tags"][0]["mac"] == f"{255:016X}"


@pytest.fixture
def point() -> Iterator[EmulatedAccessPoint]:
    """Give a running access point with one label, at 20-fold speed."""
    with EmulatedAccessPoint([MAC], habits=QUICK, speed=20) as made:
        yield made


def test_a_picture_over_http(point: EmulatedAccessPoint) -> None:
    """Upload, converted file, record by WebSocket, and the file of what was transferred."""
    with httpx.Client(base_url=point.url) as client, connect(f"ws{point.url[4:]}/ws") as socket:
        form = {"mac": MAC, "dither": "0", "contentmode": "24"}
        files = {"file": ("a.jpg", jpeg(5), "image/jpeg")}
        assert client.post("/imgupload", data=form, files=files).status_code == 200
        seen: set[str] = set()
        while True:
            said = json.loads(socket.recv(10))
            seen |= said.keys()
            if "tags" in said and said["tags"][0]["pending"] == 1:
                break
        data = client.get("/getdata", params={"mac": MAC}).content
        assert data == converted(jpeg(5))
        last_first = bytes.fromhex(version(jpeg(5)))[::-1].hex()
        by_version = client.get("/getdata", params={"mac": MAC, "md5": last_first})
        assert by_version.content == data
        while said.get("tags", [{}])[0].get("updatecount", 0) == 0 or "sys" not in seen:
            said = json.loads(socket.recv(10))
            seen |= said.keys()
        record = client.get("/get_db", params={"mac": MAC}).json()["tags"][0]
        assert record["hash"] == version(jpeg(5)) + "0" * 16
        assert record["updatecount"] == 1
        assert client.get(f"/current/{MAC}.raw").content == data
        assert client.get("/getdata", params={"mac": MAC, "md5": last_first}).status_code == 404


def test_refusals_over_http(point: EmulatedAccessPoint) -> None:
    """Unknown labels, wrong patterns, uploads while it does not run, and a crash."""
    files = {"file": ("a.jpg", jpeg(5), "image/jpeg")}
    with httpx.Client(base_url=point.url) as client:
        other = {"mac": "F" * 16}
        assert client.post("/imgupload", data=other, files=files).status_code == 400
        assert client.post("/tag_cmd", data={**other, "cmd": "clear"}).status_code == 400
        assert client.get("/get_db", params=other).json() == {"tags": []}
        short = {"mac": MAC, "pattern": "00"}
        assert client.get("/led_flash", params=short).status_code == 400
        assert client.get("/tagtypes/01.json").json()["width"] == 296
        assert client.get("/tagtypes/02.json").status_code == 404
        assert client.get("/get_ap_config").json()["maxsleep"] == 10
        assert client.get("/sysinfo").status_code == 200
        assert client.post("/reboot").status_code == 200
        while (told := client.get("/get_db", params={"mac": MAC})).status_code == 500:
            pass
        assert told.json()["tags"][0]["pending"] == 0
        assert client.post("/imgupload", data={"mac": MAC}, files=files).status_code == 409


@pytest.fixture
def broker(free_port: int, tmp_path: Path) -> Iterator[BrokerAddress]:
    """Give a running broker."""
    made = ManagedBroker(BrokerAddress(port=free_port), tmp_path)
    made.prepare()
    with Supervisor([Child("broker", tuple(made.command()))]):
        wait_until_ready(made.address, 60)
        yield made.address


class Gateway:
    """The gateway's end of a simulated native access point; it keeps each message once."""

    def __init__(self, broker: BrokerAddress, report_s: float) -> None:
        """Prepare both; `with` starts them."""
        self.point = AccessPoint(broker, "s1", 7, report_s)
        self.results: list[dict[str, Any]] = []
        self._root = f"store/s1/label/{ACCESS_POINT}"
        self._numbered: dict[int, tuple[str, dict[str, Any]]] = {}
        self._here = threading.Event()
        self._link = Link(
            broker, "gateway", on_message=self._hear, subscriptions=(f"{self._root}/+",)
        )

    def __enter__(self) -> Self:
        """Connect both."""
        self._link.start()
        self.point.start()
        assert self._here.wait(20)  # it subscribes before it says that it is here
        return self

    def __exit__(self, *_: object) -> None:
        """End both."""
        self.point.stop()
        self._link.stop()

    def show(self, labels: int) -> None:
        """Send a picture to each of so many labels."""
        for n in range(labels):
            self.bring(f"l{n}", 1)

    def bring(self, label: str, revision: int, at: int | None = None) -> str:
        """Send a picture to a label, to be kept until a time (epoch ms); gives its name."""
        file = io.BytesIO()
        Image.new("1", (8, 8 + revision)).save(file, "PNG")
        data = base64.b64encode(file.getvalue()).decode()
        later = {} if at is None else {"at": at}
        self.tell(
            "show", label=label, image="", format="png", data=data, revision=revision, **later
        )
        return hashlib.sha256(file.getvalue()).hexdigest()[:16]

    def shown(self) -> list[tuple[str, int]]:
        """Give the pictures that labels have drawn, and when."""
        told = [told for leaf, told in self._numbered.values() if leaf == "shown"]
        return [(each["image"], each["t"]) for each in told]

    def tell(self, leaf: str, **told: object) -> None:
        """Send a downlink."""
        self._link.publish(f"{self._root}/{leaf}", json.dumps(told).encode(), timeout=20)

    def reports(self, label: str | None = None) -> list[dict[str, Any]]:
        """Give the reports of one label, or of all, in the order in which they were made."""
        all_told = [told for _, (leaf, told) in sorted(self._numbered.items()) if leaf == "report"]
        return [told for told in all_told if label in (None, told["label"])]

    def _hear(self, delivery: Delivery) -> None:
        leaf, told = delivery.topic.rpartition("/")[2], json.loads(delivery.payload)
        if leaf == "status":
            self._here.set()
        elif leaf == "result":
            self.results.append(told)
        elif "seq" in told:
            self._numbered[told["seq"]] = leaf, told
        delivery.acknowledge()


def test_every_native_label_reports_in_its_turn(
    broker: BrokerAddress, eventually: Callable[..., Any]
) -> None:
    """Batteries fall slowly, and the n-th report of a label is the same in every run."""
    runs = []
    for _ in range(2):
        with Gateway(broker, report_s=0.2) as gateway:
            gateway.show(3)
            eventually(lambda told=gateway: len(told.reports("l2")), lambda n: n > 21)
            runs.append([[_health(told) for told in gateway.reports(f"l{n}")] for n in range(3)])
            last = [told["label"] for told in gateway.reports()[-6:]]
            assert len(set(last[:3])) == 3
            assert last[:3] == last[3:]
    for one, other in zip(*runs, strict=True):
        assert all(a == b for a, b in zip(one, other, strict=False))
        volts = [battery for battery, _, _ in one]
        assert all(0 <= before - after <= 1 for before, after in pairwise(volts))
        assert volts[0] > volts[-1]


def test_a_native_label_keeps_a_picture_until_its_time(
    broker: BrokerAddress, eventually: Callable[..., Any]
) -> None:
    """One that was replaced meanwhile is never shown."""
    with Gateway(broker, report_s=60) as gateway:
        at = time.time_ns() // 1_000_000 + 1_500
        kept, replaced = gateway.bring("l0", 1, at), gateway.bring("l1", 2, at)
        newer = gateway.bring("l1", 3)
        shown = dict(eventually(gateway.shown, lambda drawn: kept in dict(drawn)))
        assert shown[kept] >= at
        later = gateway.bring("l1", 4, at)  # its time has come by now
        shown = dict(eventually(gateway.shown, lambda drawn: later in dict(drawn)))
        assert newer in shown
        assert replaced not in shown


def _health(told: dict[str, Any]) -> tuple[int, int, float]:
    return told["battery_mv"], told["rssi"], told["temp_c"]


def test_many_native_labels_do_not_flood_the_gateway(
    broker: BrokerAddress, eventually: Callable[..., Any]
) -> None:
    """Reports are 50 ms apart at the least, however many labels there are."""
    with Gateway(broker, report_s=0.1) as gateway:
        gateway.show(30)
        eventually(lambda: {told["label"] for told in gateway.reports()}, lambda of: len(of) == 30)
        times = [told["t"] for told in gateway.reports()]
    assert min(later - before for before, later in pairwise(times)) >= 49


def test_a_native_label_flashes(broker: BrokerAddress, eventually: Callable[..., Any]) -> None:
    """What can be done is done and kept, what cannot is answered with what was expected."""
    with Gateway(broker, report_s=60) as gateway:
        for number, args in enumerate(
            [
                {"label": "l1"},
                {"label": "l2", "colour": "white", "seconds": 600},
                {"label": "l2", "colour": "pink"},
                {"label": "l2", "seconds": 0},
            ]
        ):
            gateway.tell("command", id=str(number), name="identify", args=args)
        gateway.tell("command", nonsense=True)
        gateway.tell("command", id="4", name="reboot")
        eventually(lambda: len(gateway.results) == 5, bool)
        assert gateway.point.flashed == (Identify("l1"), Identify("l2", "white", 600))
    assert [(told["id"], told["ok"], told.get("error")) for told in gateway.results] == [
        ("0", True, None),
        ("1", True, None),
        ("2", False, "colour: expected one of red, green, blue, white, came 'pink'"),
        ("3", False, "seconds: expected int >= 1, came 0"),
        ("4", False, "name: expected identify, came 'reboot'"),
    ]
