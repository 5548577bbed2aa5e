"""Air time: who gets a picture first, and when all have theirs."""

from __future__ import annotations

import pytest

from devices.simulator.dice import dice
from edge.airtime import (
    LAST,
    LOOK,
    OPENEPAPERLINK,
    PRICE,
    PROMOTION,
    RAISE,
    RESEND_AFTER_MS,
    RESEND_AT_MOST_MS,
    Airtime,
    Radio,
)
from edge.labels import Label
from edge.rows import Rows

T0 = 1_800_000_000_000
ONE_AT_A_TIME = Radio(1, 1000.0, 5_000.0, 100.0)


def label(name: str, lag_ms: int = 0, tries: int = 0, sent_at: int = 0) -> Label:
    """Make a label of the device `ap`."""
    return Label(name, "ap", "296x128-bw", None, lag_ms=lag_ms, tries=tries, sent_at=sent_at)


def air(radio: Radio = ONE_AT_A_TIME) -> Airtime:
    """Open the air of the device `ap`."""
    return Airtime(Rows(), {"ap": radio})


def turns(sky: Airtime, now: int) -> list[str]:
    """Give the labels whose turn it is."""
    return [name for name, _ in sky.turns(now)]


def test_what_the_till_waits_for_goes_first() -> None:
    """Then promotions, other prices and looks; labels of which nothing is heard go last."""
    sky = air()
    for urgency in (LAST, LOOK, PRICE, PROMOTION, RAISE):
        sky.wait(label(f"label-{urgency}"), urgency)
    order = []
    for _ in range(5):
        order += (taken := turns(sky, T0))
        assert len(taken) == 1
        sky.landed(label(taken[0]), T0)
    assert order == ["label-0", "label-1", "label-2", "label-3", "label-4"]


def test_labels_that_nap_go_before_their_like() -> None:
    """They take longest; of the others, who came first goes first."""
    sky = air(Radio(3, 1000.0, 5_000.0, 100.0))
    for name, lag in (("a", 0), ("b", 14_000), ("nap", 600_000)):
        sky.wait(label(name, lag), PRICE)
    assert turns(sky, T0) == ["nap", "a", "b"]


def test_a_label_waits_once_with_its_newest_urgency() -> None:
    """What was replaced while it waited is never sent."""
    sky = air()
    sky.wait(label("a"), LOOK)
    sky.wait(label("b"), PRICE)
    sky.wait(label("a"), RAISE)
    assert turns(sky, T0) == ["a"]
    sky.leave("a")
    assert turns(sky, T0) == ["b"]
    sky.leave("b")
    assert turns(sky, T0) == []


def test_a_label_that_does_not_answer_makes_room() -> None:
    """It is asked again ever less often, and takes no slot for it."""
    sky = air()
    sky.wait(label("dead"), RAISE)
    sky.wait(label("b"), PRICE)
    assert turns(sky, T0) == ["dead"]
    sky.fly(label("dead", tries=1, sent_at=T0))
    assert (turns(sky, T0), sky.overdue(T0 + RESEND_AFTER_MS - 1)) == ([], [])
    asked, pauses = T0, []
    for tries in range(2, 12):
        now = asked
        while not sky.overdue(now):
            now += 1000
        pauses.append(now - asked)
        asked = now
        sky.fly(label("dead", tries=tries, sent_at=now))
    assert turns(sky, asked) == ["b"]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (RESEND_AFTER_MS, RESEND_AT_MOST_MS)
    assert sky.done_by([label("dead")], asked) is None


def test_a_label_that_is_known_to_be_slow_is_late_later() -> None:
    """Nobody is called silent who only naps."""
    sky = air(Radio(2, 1000.0, 5_000.0, 100.0))
    for name, lag in (("a", 0), ("nap", 600_000)):
        sky.wait(label(name, lag), PRICE)
    for name in turns(sky, T0):
        slow = label(name, 600_000 if name == "nap" else 0, 1, T0)
        sky.fly(slow)
    assert sky.overdue(T0 + 600_000) == ["a"]


def test_the_time_of_a_label_alone_is_its_lag() -> None:
    """Before anything was learned, the driver's typical times hold."""
    sky = air(OPENEPAPERLINK)
    assert sky.done_by([label("a")], T0) is None
    sky.wait(label("a"), PRICE)
    expected = T0 + OPENEPAPERLINK.lag_ms
    assert sky.done_by([label("a")], T0) == pytest.approx(expected, abs=1)
    sky.turns(T0)
    assert sky.done_by([label("a")], T0) == pytest.approx(expected, abs=1)
    assert sky.done_by([label("other")], T0) is None


class Shop:
    """Labels that wake on clocks of their own behind one radio, which serves one at a time."""

    def __init__(self, sky: Airtime, seed: int, *, airtime_ms: int, sleep_ms: int) -> None:
        """Let them sleep."""
        self.sky = sky
        self.dice = dice(seed, "labels")
        self.airtime_ms = airtime_ms
        self.sleep_ms = sleep_ms
        self.radio_free = T0

    def bring(self, names: list[str], now: int) -> int:
        """Bring pictures to all of these labels; gives when the last one has confirmed."""
        flying: list[tuple[int, str]] = []
        for name in names:
            self.sky.wait(label(name), PRICE)
        left = len(names)
        while left:
            for name in turns(self.sky, now):
                self.sky.fly(label(name, tries=1, sent_at=now))
                wakes = now + self.dice.randrange(self.sleep_ms)
                if self.dice.random() < 1 / 20:  # lost: once more at the next waking
                    wakes += self.sleep_ms
                begins = max(wakes, self.radio_free)
                self.radio_free = max(self.radio_free, now) + self.airtime_ms
                flying.append((begins + self.airtime_ms + self.sleep_ms, name))
            flying.sort()
            now, name = flying.pop(0)
            self.sky.landed(label(name), now)
            left -= 1
        return now


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("labels", [1, 30, 120, 400])
def test_the_estimate_is_learned_from_what_labels_say(seed: int, labels: int) -> None:
    """After a first round the next one is foreseen, of few labels and of many.

    The last of many may be lost on its way, or not: a few labels leave more to chance.
    """
    sky = air(Radio(40, 8_000.0, 30_000.0, 10_000.0))
    shop = Shop(sky, seed, airtime_ms=3_900, sleep_ms=45_000)
    now = shop.bring([f"first-{n}" for n in range(300)], T0)
    names = [f"label-{n}" for n in range(labels)]
    foreseen = sky.takes(map(label, names))
    took = shop.bring(names, now) - now
    slack = 0.2 * took + (60_000 if labels < 100 else 0)
    assert foreseen == pytest.approx(took, abs=slack)
