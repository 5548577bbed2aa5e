"""The emulated OpenEPaperLink access point: its protocol, its traps, and the truth beside them."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator

import httpx
import pytest
from PIL import Image
from websockets.sync.client import connect

from devices.simulator.access_point import EmulatedAccessPoint, page
from devices.simulator.access_point_air import Air, Habits, converted

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
    """Give a running access point with one label, at 100-fold speed."""
    with EmulatedAccessPoint([MAC], habits=QUICK, speed=100) as made:
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
