"""The OpenEPaperLink driver against an emulated access point: what it claims is on the glass."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, Self

import numpy as np
import pytest
from PIL import Image, ImageDraw

from devices.broker import ManagedBroker, wait_until_ready
from devices.labels.confirmation import Confirmation
from devices.labels.jpeg import exact_jpeg, nearest
from devices.labels.openepaperlink import WINDOW, OpenEPaperLink, drive
from devices.labels.openepaperlink_errand import Timing
from devices.labels.openepaperlink_led import led_pattern
from devices.labels.png import stamped
from devices.labels.render import image_hash, render
from devices.mqtt import BrokerAddress, Delivery, Link
from devices.simulator.access_point import EmulatedAccessPoint
from devices.simulator.access_point_air import Habits, planes
from edge.errors import RenderError
from edge.events import LabelContent
from edge.supervisor import Child, Supervisor

SPEED = 200.0
PATIENCE_S = 60.0
CALM = Habits(sleep_s=(40, 60))
ROUGH = Habits(sleep_s=(40, 90), lost=0.05, drawing_fails=0.05)
Eventually = Callable[..., Any]


def png(amount: int, revision: int = 0) -> bytes:
    """Draw a price in three colours, 96 x 32 pixels."""
    image = Image.new("P", (96, 32), 0)
    image.putpalette((255, 255, 255, 0, 0, 0, 255, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1"
    draw.text((2, 2), f"{amount / 100:.2f}", fill=2, font_size=20)
    draw.line((0, 31, 95, 31), fill=1)
    file = io.BytesIO()
    image.save(file, "PNG")
    return stamped(file.getvalue(), revision)


def on_glass(picture: bytes) -> bytes:
    """Give a picture's pixels as the emulator packs them; no JPEG is on this way."""
    with Image.open(io.BytesIO(picture)) as image:
        return planes(np.asarray(image).astype(np.intp))


def names(count: int) -> dict[str, str]:
    """Give ids and MACs of so many labels."""
    return {f"label-{n}": f"0000021A{n:08X}" for n in range(count)}


class Bench:
    """An access point, its driver, and a judge: each claim is compared with the glass at once."""

    def __init__(
        self,
        labels: int,
        habits: Habits = CALM,
        seed: int = 1,
        timing: Timing | None = None,
        speed: float = SPEED,
    ) -> None:
        """Prepare both; `with` starts them."""
        self.labels = names(labels)
        self.point = EmulatedAccessPoint(
            tuple(self.labels.values()), seed, habits=habits, speed=speed
        )
        self._timing = (timing or Timing()).faster(speed)
        self._pictures: dict[str, bytes] = {}
        self.wanted: dict[str, str] = {}
        self.claims: list[tuple[str, str]] = []
        self.lies: list[tuple[str, str]] = []
        self.reports: dict[str, Mapping[str, Any]] = {}
        self.problems: list[tuple[str, str | None, bool]] = []
        self.results: list[Mapping[str, Any]] = []
        self._revision = 0
        self._stack = ExitStack()
        self._stop = threading.Event()

    def __enter__(self) -> Self:
        """Start both."""
        self._stack.enter_context(self.point)
        self.start_driver()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop both."""
        self.stop_driver()
        self._stack.close()

    def start_driver(self) -> None:
        """Start a driver that knows nothing yet."""
        self._stop.clear()
        self.driver = OpenEPaperLink(
            self.point.url, self.labels, self._publish, self._answer, self._timing
        )
        self._thread = threading.Thread(target=self.driver.run, args=(self._stop,))
        self._thread.start()

    def stop_driver(self) -> None:
        """End the driver."""
        self._stop.set()
        self._thread.join()

    def show(self, label: str, amount: int) -> str:
        """Send a price to a label and give its picture's name."""
        self._revision += 1
        picture = png(amount, self._revision)
        image = image_hash(picture)
        self._pictures[image] = picture
        self.wanted[label] = image
        self.send(label, picture, self._revision)
        return image

    def send(self, label: str, picture: bytes, revision: int) -> None:
        """Send a picture as the gateway does."""
        told = {
            "label": label,
            "image": image_hash(picture),
            "format": "png",
            "revision": revision,
            "data": base64.b64encode(picture).decode(),
        }
        self.driver.hear("show", json.dumps(told).encode())

    def again(self, label: str) -> None:
        """Send the wanted picture of a label once more, as the gateway does until it is shown."""
        self.send(label, self._pictures[self.wanted[label]], self._revision)

    def shown(self) -> dict[str, str]:
        """Give what each label shows by the driver's word."""
        return dict(self.claims)

    def now(self) -> float:
        """Give the access point's time, in epoch seconds."""
        with self.point.air() as air:
            return air.now

    def all_shown(self) -> bool:
        """Say whether every label shows what it should, by the driver's word."""
        return self.shown() == self.wanted

    def in_truth(self) -> bool:
        """Say whether every label shows what it should."""
        return all(
            self.point.glass(self.labels[label]) == on_glass(self._pictures[image])
            for label, image in self.wanted.items()
        )

    def told(self, problem: str, label: str | None = None) -> list[bool]:
        """Give what the driver said of a problem, in order."""
        return [active for code, of, active in self.problems if (code, of) == (problem, label)]

    def faults(self) -> set[tuple[str, str | None]]:
        """Give all problems that there ever were."""
        return {(code, label) for code, label, active in self.problems if active}

    def _publish(self, leaf: str, payload: Mapping[str, Any]) -> None:
        if leaf == "shown":
            claim = (payload["label"], payload["image"])
            truth = self.point.glass(self.labels[payload["label"]])
            self.claims.append(claim)
            if truth != on_glass(self._pictures[payload["image"]]):
                self.lies.append(claim)
        elif leaf == "report":
            self.reports[payload["label"]] = payload
        else:
            self.problems.append((payload["problem"], payload.get("label"), payload["active"]))

    def _answer(self, leaf: str, payload: Mapping[str, Any]) -> None:
        assert leaf == "result"
        self.results.append(payload)


def settle(bench: Bench, eventually: Eventually, seconds: float = PATIENCE_S) -> None:
    """Wait until every label shows what it should; nothing that was claimed may be untrue."""
    eventually(bench.all_shown, bool, seconds)
    assert bench.lies == []
    assert bench.in_truth()


def until(bench: Bench, label: str, stages: Sequence[Confirmation], eventually: Eventually) -> None:
    """Wait until a label's picture is at one of these stages."""
    eventually(lambda: bench.driver.confirmation(label) in stages, bool, PATIENCE_S)


def answer(bench: Bench, eventually: Eventually, name: str, **args: object) -> Mapping[str, Any]:
    """Send a command and give what the driver answers."""
    before = len(bench.results)
    command = {"id": "c1", "name": name, "args": args}
    bench.driver.hear("command", json.dumps(command).encode())
    return eventually(lambda: bench.results[before:], bool)[0]  # type: ignore[no-any-return]


def test_a_picture_is_drawn(eventually: Eventually) -> None:
    """It is told as shown once, when it is on the glass."""
    with Bench(1) as bench:
        assert bench.driver.confirmation("label-0") is None
        image = bench.show("label-0", 849900)
        settle(bench, eventually)
        assert bench.claims == [("label-0", image)]
        assert bench.driver.confirmation("label-0") is Confirmation.DRAWN


def test_queued_and_transferred_are_not_shown(eventually: Eventually) -> None:
    """The weaker confirmations come first, are known as such, and claim nothing."""
    with Bench(1, speed=50) as bench:
        bench.point.put_to_sleep(bench.labels["label-0"], 90)
        bench.show("label-0", 100)
        stages: dict[Confirmation | None, int] = {}

        def look() -> Confirmation | None:
            claims = len(bench.claims)
            stage = bench.driver.confirmation("label-0")
            stages.setdefault(stage, claims)
            return stage

        eventually(lambda: look() is Confirmation.DRAWN, bool)
        assert list(stages) == [
            None,
            Confirmation.QUEUED,
            Confirmation.TRANSFERRED,
            Confirmation.DRAWN,
        ]
        assert [stages[weak] for weak in (Confirmation.QUEUED, Confirmation.TRANSFERRED)] == [0, 0]
        settle(bench, eventually)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_rough_shop(seed: int, eventually: Eventually) -> None:
    """Lost transfers and failed drawings cost time, never the truth."""
    rougher = replace(ROUGH, lost=0.2, drawing_fails=0.2)
    with Bench(20, rougher, seed) as bench:
        for n, label in enumerate(bench.labels):
            bench.show(label, 100 + n)
        settle(bench, eventually)


def test_a_superseded_price_does_not_come_back(eventually: Eventually) -> None:
    """A second price while the first is queued, on the air, or drawn: the last one stays."""
    with Bench(12) as bench:
        for n, label in enumerate(bench.labels):
            bench.show(label, 100 + n)
        stages = tuple(Confirmation)
        for n, label in enumerate(bench.labels):
            until(bench, label, stages[n % 3 :], eventually)
            bench.show(label, 200 + n)
        settle(bench, eventually)


def test_the_end_of_an_old_transfer_proves_nothing(eventually: Eventually) -> None:
    """The second price comes while the first is on the air, whose "complete" names no version."""
    with Bench(1, speed=20) as bench:
        mac = bench.labels["label-0"]

        def on_the_air() -> bool:
            # A machine too busy to look in these 3 seconds (150 ms of ours) sees it thereafter.
            with bench.point.air() as air:
                record = air.records[mac]
                return bool(record.updatecount) or 0 <= air.now - record.lastseen < 3

        bench.show("label-0", 100)
        until(bench, "label-0", (Confirmation.QUEUED,), eventually)
        eventually(on_the_air, bool, PATIENCE_S)
        bench.show("label-0", 200)
        settle(bench, eventually)
        with bench.point.air() as air:
            assert air.records[mac].updatecount == 2


def test_an_overtaken_price_is_not_sent(eventually: Eventually) -> None:
    """A repeat of an earlier revision that comes late is ignored."""
    with Bench(1) as bench:
        bench.show("label-0", 100)
        bench.show("label-0", 200)
        bench.send("label-0", png(100, 1), 1)
        settle(bench, eventually)
        assert len(bench.claims) == 1


def test_a_repeated_picture_is_confirmed_again(eventually: Eventually) -> None:
    """Also the same price in a later revision, which is on the glass already."""
    with Bench(1) as bench:
        bench.show("label-0", 100)
        settle(bench, eventually)
        bench.again("label-0")
        eventually(lambda: len(bench.claims) == 2, bool)
        bench.show("label-0", 100)
        settle(bench, eventually)
        with bench.point.air() as air:
            assert air.records[bench.labels["label-0"]].updatecount == 1


def test_a_driver_that_starts_anew_proves_the_picture_again(eventually: Eventually) -> None:
    """It believes no record from before; the access point would not send an equal picture."""
    with Bench(1) as bench:
        bench.show("label-0", 100)
        settle(bench, eventually)
        bench.stop_driver()
        bench.start_driver()
        bench.show("label-0", 100)
        settle(bench, eventually)
        with bench.point.air() as air:
            assert air.records[bench.labels["label-0"]].updatecount >= 2


def test_after_a_crash_all_is_sent_again(eventually: Eventually) -> None:
    """The queue is gone and `pending` 0 proves nothing."""
    with Bench(6) as bench:
        for n, label in enumerate(bench.labels):
            bench.point.put_to_sleep(bench.labels[label], 200)
            bench.show(label, 100 + n)
        for label in bench.labels:
            until(bench, label, (Confirmation.QUEUED,), eventually)
        bench.point.crash(20)
        settle(bench, eventually)


def test_an_expired_queue_is_filled_again(eventually: Eventually) -> None:
    """A label that sleeps for half an hour is named, and gets its picture when it wakes."""
    timing = replace(Timing(), silent_s=600)
    with Bench(2, timing=timing, speed=400) as bench:
        mac = bench.labels["label-0"]
        bench.point.put_to_sleep(mac, 1800)
        bench.show("label-0", 100)
        bench.show("label-1", 200)
        eventually(lambda: bench.told("silent", "label-0") == [True], bool)
        settle(bench, eventually)
        eventually(lambda: bench.told("silent", "label-0") == [True, False], bool)
        assert bench.faults() == {("silent", "label-0")}


def test_a_label_that_was_silent_reports_when_it_is_heard(eventually: Eventually) -> None:
    """A crash that brings back its old record is no sign of life, its next check-in is."""
    timing = replace(Timing(), silent_s=600, report_s=1e9)
    with Bench(2, timing=timing) as bench:
        eventually(lambda: len(bench.reports) == 2, bool)
        first = bench.reports["label-0"]
        with bench.point.air() as air:
            air.kill(bench.labels["label-0"])
        eventually(lambda: bench.told("silent", "label-0")[-1:] == [True], bool)
        bench.point.crash(5)
        later = bench.now() + 2 * timing.sweep_s
        eventually(lambda: bench.now() > later, bool)
        assert bench.told("silent", "label-0")[-1]
        with bench.point.air() as air:
            air.revive(bench.labels["label-0"])
        eventually(lambda: not bench.told("silent", "label-0")[-1], bool)
        report = eventually(lambda: bench.reports["label-0"], lambda told: told != first)
        assert 1000 * int(later) <= report["t"] <= 1000 * bench.now()
        assert bench.faults() <= {("silent", "label-0"), ("access-point-away", None)}


def test_a_driver_that_starts_anew_reports_who_is_heard(eventually: Eventually) -> None:
    """A label that comes back between two runs is not silent for ever: its word ends that."""
    timing = replace(Timing(), silent_s=600)
    with Bench(1, timing=timing) as bench:
        with bench.point.air() as air:
            air.kill(bench.labels["label-0"])
        eventually(lambda: bench.told("silent", "label-0") == [True], bool)
        bench.stop_driver()
        before = bench.now()
        with bench.point.air() as air:
            air.revive(bench.labels["label-0"])
        bench.start_driver()
        eventually(lambda: bench.reports["label-0"]["t"] > 1000 * before, bool)
        settle(bench, eventually)


def test_a_dead_label_is_named_though_the_access_point_crashes_often(
    eventually: Eventually,
) -> None:
    """The time that the access point is away counts for nobody, and no other time is forgiven."""
    timing = replace(Timing(), silent_s=900, sweep_s=60)
    with Bench(2, timing=timing) as bench:
        with bench.point.air() as air:
            air.kill(bench.labels["label-0"])
        due = bench.now()

        def named() -> bool:
            nonlocal due
            if bench.now() > due:
                bench.point.crash(5)
                due = bench.now() + 300
            return bench.told("silent", "label-0") == [True]

        eventually(named, bool)
        assert not bench.told("silent", "label-1")


def test_labels_that_nap_let_others_go_first(eventually: Eventually) -> None:
    """More of them wait at the access point than there are slots, which others can use."""
    naps = Habits(naps=1, nap_s=(500, 600))
    with Bench(3 * WINDOW, naps, timing=replace(Timing(), slot_s=1e9), speed=100) as bench:
        for n, (label, mac) in enumerate(bench.labels.items()):
            bench.point.put_to_sleep(mac, 800)
            bench.show(label, 100 + n)
        for label in bench.labels:
            until(bench, label, (Confirmation.QUEUED,), eventually)


def test_more_labels_than_a_byte_counts(eventually: Eventually) -> None:
    """All 300 are found, and those beyond 255 get their pictures."""
    with Bench(300) as bench:
        for n in (0, 254, 255, 256, 299):
            bench.show(f"label-{n}", 100 + n)
        eventually(lambda: len(bench.reports) == 300, bool)
        settle(bench, eventually)
        report = bench.reports["label-299"]
        assert 2500 <= report["battery_mv"] <= 3050
        assert -90 <= report["rssi"] <= -40
        assert report["temp_c"] == 21


def test_an_access_point_that_fails_is_told_of_and_comes_back(eventually: Eventually) -> None:
    """Errors and a lost WebSocket: first a problem, then its end, then the picture."""
    with Bench(1) as bench:
        bench.point.fail(12)
        bench.point.drop_sockets()
        bench.show("label-0", 100)
        settle(bench, eventually)
        assert bench.told("access-point-away")[-2:] == [True, False]
        assert bench.faults() == {("access-point-away", None)}


def test_a_label_that_the_access_point_does_not_know(eventually: Eventually) -> None:
    """It is named, and the others do not wait."""
    with Bench(2) as bench:
        with bench.point.air() as air:
            for table in (air.records, air.labels):
                table.pop(bench.labels["label-0"])
        bench.send("label-0", png(100), 1)
        bench.show("label-1", 200)
        settle(bench, eventually)
        assert bench.faults() == {("unknown", "label-0")}


def test_a_label_flashes(eventually: Eventually) -> None:
    """Identify plays the pattern of its colour and its time, green for 10 s by default."""
    with Bench(1) as bench:
        plain = answer(bench, eventually, "identify", label="label-0")
        assert plain == {"id": "c1", "ok": True}
        assert answer(bench, eventually, "identify", label="label-0", colour="red", seconds=60)[
            "ok"
        ]
        patterns = [led_pattern("green", 10), led_pattern("red", 60)]
        eventually(lambda: bench.point.flashes(bench.labels["label-0"]) == patterns, bool)


def test_a_command_that_cannot_be_done_is_answered_so(eventually: Eventually) -> None:
    """The error says what was expected and what came."""
    with Bench(1) as bench:
        stranger = answer(bench, eventually, "identify", label="label-9")
        pink = answer(bench, eventually, "identify", label="label-0", colour="pink")
        reboot = answer(bench, eventually, "reboot", label="label-0")
    assert [(told["ok"], told["error"]) for told in (stranger, pink, reboot)] == [
        (False, "label: expected one of this access point, came 'label-9'"),
        (False, "colour: expected one of red, green, blue, white, came 'pink'"),
        (False, "name: expected identify, came 'reboot'"),
    ]


def test_the_bytes_of_an_led_pattern() -> None:
    """Flash length and mode, one group (colour, speed and count, pause), rounds less one."""
    assert led_pattern("green", 10).hex() == "211c2206" + 6 * "00" + "0900"
    assert led_pattern("red", 1).hex() == "21e02206" + 6 * "00" + "0000"
    assert led_pattern("blue", 251).hex() == "21032210" + 6 * "00" + "7d00"
    assert led_pattern("white", 600).hex() == "21ff221a" + 6 * "00" + "c700"


def test_a_pattern_lasts_as_long_as_it_should() -> None:
    """By the label's own sum, up to three seconds longer, and never for ever."""
    for seconds in range(1, 601):
        _, _, group, pause, *_, repeats, _ = led_pattern("white", seconds)
        tenths = (group >> 4) * (group & 0x0F) + pause
        assert seconds <= (repeats + 1) * tenths / 10 < seconds + 3
        assert repeats < 254


def test_what_cannot_be_sent_is_told(eventually: Eventually) -> None:
    """A picture that is none is a problem until one comes that can be sent."""
    with Bench(1) as bench:
        bench.send("label-0", b"no picture", 0)
        bench.driver.hear("show", b"{")
        bench.driver.hear("command", b"{")
        bench.send("label-7", png(1), 0)
        bench.show("label-0", 100)
        settle(bench, eventually)
        assert bench.told("picture", "label-0") == [True, False]
        assert bench.faults() == {("picture", "label-0")}


@pytest.mark.parametrize("seed", [11, 12])
def test_whatever_happens_the_claims_are_true(seed: int, eventually: Eventually) -> None:
    """Prices, crashes, sleep, lost sockets, errors and flashes in any order."""
    chance = Random(seed)  # noqa: S311  (made-up trouble)
    with Bench(8, ROUGH, seed) as bench:
        labels: Sequence[str] = tuple(bench.labels)
        for turn in range(40):
            label = chance.choice(labels)
            what = chance.choices(
                ("show", "again", "sleep", "crash", "drop", "fail", "flash"),
                (12, 4, 2, 1, 1, 1, 2),
            )[0]
            if what == "show":
                bench.show(label, chance.choice((100, 200, 300 + turn)))
            elif what == "again" and label in bench.wanted:
                bench.again(label)
            elif what == "sleep":
                bench.point.put_to_sleep(bench.labels[label], chance.uniform(60, 600))
            elif what == "crash":
                bench.point.crash(chance.uniform(1, 20), saved=chance.random() < 1 / 2)
            elif what == "drop":
                bench.point.drop_sockets()
            elif what == "fail":
                bench.point.fail(chance.randint(1, 3))
            elif what == "flash":
                command = {"id": str(turn), "name": "identify", "args": {"label": label}}
                bench.driver.hear("command", json.dumps(command).encode())
            threading.Event().wait(chance.uniform(0, 60) / SPEED)
        settle(bench, eventually)


@pytest.fixture
def broker(free_port: int, tmp_path: Path) -> Iterator[BrokerAddress]:
    """Give a running broker."""
    made = ManagedBroker(BrokerAddress(port=free_port), tmp_path)
    made.prepare()
    with Supervisor([Child("broker", tuple(made.command()))]):
        wait_until_ready(made.address, PATIENCE_S)
        yield made.address


def test_over_mqtt(broker: BrokerAddress, eventually: Eventually) -> None:
    """A rendered label goes in as `show` and comes back as `shown`, under the driver's number."""
    content = LabelContent("04006381333931", "Tea", 349, "EUR", "296x128-bwr", "100 g")
    picture = stamped(render(content), 7)
    came: list[dict[str, Any]] = []

    def take(delivery: Delivery) -> None:
        came.append(json.loads(delivery.payload))
        delivery.acknowledge()

    labels, stop = names(1), threading.Event()
    root = "store/s1/label/ap-1"
    with (
        EmulatedAccessPoint(tuple(labels.values()), habits=CALM, speed=SPEED) as point,
        Link(broker, "gateway", on_message=take, subscriptions=(f"{root}/shown",)) as link,
    ):
        timing = Timing().faster(SPEED)
        driver = threading.Thread(
            target=drive, args=(broker, "s1", "ap-1", point.url, labels, stop, timing)
        )
        driver.start()
        show = {"label": "label-0", "data": base64.b64encode(picture).decode(), "revision": 7}

        def shown() -> bool:
            # Nobody knows when the agent has subscribed; a gateway repeats itself too.
            if not came:
                link.publish(f"{root}/show", json.dumps(show).encode(), timeout=PATIENCE_S)
            return bool(came)

        eventually(shown, bool, PATIENCE_S)
        assert (came[0]["seq"] >= 1, came[0]["image"]) == (True, image_hash(picture))
        assert point.glass(labels["label-0"]) == on_glass(picture)
        stop.set()
        driver.join()


def test_every_pixel_survives_the_jpeg() -> None:
    """A rendered label in its own colours, read back by nearest colours, is the same."""
    content = LabelContent("04006381333931", "Tea", 349, "EUR", "296x128-bwr", "100 g")
    picture = render(content)
    with Image.open(io.BytesIO(picture)) as image:
        pixels = np.asarray(image)
        colours = np.array(image.getpalette(), np.uint8).reshape(-1, 3)[:3]
    assert np.array_equal(nearest(exact_jpeg(picture), colours), pixels)


def test_a_picture_with_near_colours_is_refused() -> None:
    """Colours that a JPEG cannot keep apart would show something else."""
    image = Image.fromarray(np.indices((32, 32)).sum(axis=0).astype(np.uint8) % 2)
    image.putpalette((100, 100, 100, 101, 100, 100))
    file = io.BytesIO()
    image.save(file, "PNG")
    with pytest.raises(RenderError, match="colours"):
        exact_jpeg(file.getvalue())
    plain = io.BytesIO()
    image.convert("RGB").save(plain, "PNG")
    with pytest.raises(RenderError, match="palette"):
        exact_jpeg(plain.getvalue())
