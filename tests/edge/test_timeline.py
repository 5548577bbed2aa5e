"""The order of a recording: one, whatever way its lines came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.commands import AdjustStock, BindLabel, Command, PayBasket, PutProducts, SetPrices
from edge.errors import ContractError
from edge.readings import (
    CommandAnswered,
    Crossing,
    DeviceReported,
    LabelShown,
    Message,
    PeopleCrossed,
    PresenceMapped,
    Reading,
    TagRead,
    TagsRead,
)
from edge.recording import Asked, Founded, Heard, Line, Linked
from edge.timeline import BUFFER_MS, CLOCK_MS, DISORDER_MS, Entry, Spot, Timeline

T0 = 1_795_500_000_000


def decode(topic: str, payload: bytes) -> Message:
    """Read a test's message: `TIME[,SEQ]` on the topic of its device; `?` breaks the contract."""
    if payload.startswith(b"?"):
        raise ContractError("payload", "a number", repr(payload))
    t, _, seq = payload.decode().partition(",")
    reading: Reading = LabelShown(int(t), "l", "i") if t else DeviceReported(online=True)
    return Message(topic, "label", (reading,), "boot" if seq else None, int(seq) if seq else None)


def envelope(topic: str, payload: bytes) -> Message | None:
    """Read the number of a message that breaks the contract, if it has one: `?SEQ`."""
    seq = payload[1:].decode()
    return Message(topic, "label", (), "boot", int(seq)) if seq else None


def timeline(after: Spot = Spot()) -> Timeline:  # noqa: B008  (frozen)
    """Give a timeline of such messages."""
    return Timeline(decode, envelope, after)


def order(lines: Iterable[Line]) -> list[Entry]:
    """Put lines into their order."""
    return list(timeline().order(lines))


def heard(at: int, device: str = "a", t: int | None = None, seq: int | None = None) -> Heard:
    """Give a message of a device, recorded and taken so many ms after the beginning."""
    text = "" if t is None else str(T0 + t)
    return Heard(T0 + at, device, f"{text},{seq}".encode() if seq else text.encode())


def shown(entries: Iterable[Entry]) -> list[tuple[int, str]]:
    """Give when entries happened, and what each is."""
    return [(entry.spot.time - T0, name(entry)) for entry in entries]


def name(entry: Entry) -> str:
    """Tell an entry in a word."""
    match entry.line:
        case Heard(_, topic):
            return topic
        case Asked(_, command):
            return type(command).__name__
        case Linked(_, connected):
            return "link up" if connected else "link down"


# When things happened


@pytest.mark.parametrize(
    ("t", "time"),
    [
        (99_500, 99_500),
        (100_000, 100_000),
        (100_000 - CLOCK_MS, 100_000 - CLOCK_MS),
        (100_000 - CLOCK_MS - 1, 100_000),
        (100_001, 100_000),
        (3_700_000, 100_000),
        (None, 100_000),
    ],
)
def test_a_message_happened_when_its_device_says_so_if_that_can_be(
    t: int | None, time: int
) -> None:
    """Up to a minute before it was recorded; no reading was taken after it came."""
    assert shown(order([heard(100_000, t=t)])) == [(time, "a")]


@pytest.mark.parametrize(
    "readings",
    [
        (TagsRead((TagRead("30", 1, None, T0 + 5), TagRead("31", 1, None, T0 + 3))),),
        (PeopleCrossed((Crossing("l", "in", T0 + 1), Crossing("l", "in", T0 + 5))),),
        (PresenceMapped(T0 - 60_000, T0 + 5, 1, 1, (1.0,)),),
        (TagsRead(()), LabelShown(T0 + 5, "l", "i"), CommandAnswered("1", ok=True)),
    ],
)
def test_the_newest_reading_counts(readings: tuple[Reading, ...]) -> None:
    """Of all readings of a message, whatever they are."""
    message = Message("a", "label", readings)
    whole = Timeline(lambda *_: message, envelope)
    assert [e.spot.time for e in whole.order([Heard(T0 + 100, "a", b"")])] == [T0 + 5]


def test_of_one_moment_messages_come_first_then_what_people_asked() -> None:
    """Messages by device and number, the rest by its number."""
    pay = PayBasket("lane-1", "b")
    lines: list[Line] = [
        Linked(T0, connected=True, n=3),
        Asked(T0, AdjustStock("1", "floor", "x", delta=1), 2),
        Asked(T0, pay, 1),
        heard(0, "b"),
        heard(0, "a", 0, 10),
        heard(0, "a", 0, 9),
    ]
    entries = order(lines)
    assert [name(e) for e in entries] == ["a", "a", "b", "PayBasket", "AdjustStock", "link up"]
    assert [e.message.seq for e in entries[:2] if e.message] == [9, 10]
    assert [e.spot.number for e in entries] == [1, 2, 3, 4, 5, 6]


def test_commands_without_numbers_come_in_an_order_that_can_work() -> None:
    """A product is put before it has a price, and has one before a label shows it."""
    commands: list[Command] = [BindLabel("l", "1"), SetPrices(()), PutProducts(())]
    entries = order(Asked(T0, command) for command in commands)
    assert [name(entry) for entry in entries] == ["PutProducts", "SetPrices", "BindLabel"]


def test_what_cannot_be_decoded_has_its_place_too() -> None:
    """With the reason, and its number where that can be read."""
    entries = order([Heard(T0 + 2, "a", b"?7"), Heard(T0 + 1, "a", b"?")])
    assert [entry.message and entry.message.seq for entry in entries] == [None, 7]
    assert all("expected a number" in (entry.breach or "") for entry in entries)


# Repeats


def test_exact_repeats_are_left_out() -> None:
    """Messages, commands and link lines; of a message also when it was recorded later again."""
    lines: list[Line] = [
        heard(100, t=50),
        Asked(T0 + 200, SetPrices(()), 1),
        Linked(T0 + 300, connected=False, n=2),
        heard(5000),
    ]
    whole = timeline()
    assert list(whole.order([*lines, *lines, heard(4000, t=50)])) == order(lines)
    assert whole.repeats == 5


def test_a_device_may_say_the_same_again() -> None:
    """A sign of life without a time, and a status that was another one in between, are news."""
    assert shown(order([heard(0), heard(10), heard(20)])) == [(0, "a"), (10, "a"), (20, "a")]


# Streaming


def test_no_more_is_held_than_two_minutes() -> None:
    """What can have no predecessor any more comes out, long before the end."""
    taken = 0

    def lines() -> Iterator[Line]:
        nonlocal taken
        for n in range(100_000):
            taken += 1
            yield heard(n * 100, "a")

    entries = timeline().order(lines())
    for n, entry in zip(range(50_000), entries, strict=False):
        assert entry.spot.time == T0 + n * 100
        assert taken <= n + BUFFER_MS / 100 + 2


def test_a_line_far_behind_the_others_counts_as_later() -> None:
    """After a clock was set back by an hour, nothing is lost and time does not run backwards."""
    lines = [heard(3_600_000 + n * 1000, "a") for n in range(300)]
    lines += [heard(n * 1000, "b") for n in range(300)]
    entries = order(lines)
    behind = [entry for entry in entries if name(entry) == "b"]
    assert [entry.line.at for entry in behind] == [T0 + n * 1000 for n in range(300)]
    times = [entry.spot.time for entry in entries]
    assert times == sorted(times)
    assert {entry.spot.time for entry in behind} == {max(times) - DISORDER_MS}


LINES = st.lists(
    st.one_of(
        st.builds(
            heard,
            st.integers(0, 400_000),
            st.sampled_from("ab"),
            st.none() | st.integers(-100_000, 500_000),
            st.none() | st.integers(1, 9),
        ),
        st.builds(
            Asked,
            st.integers(T0, T0 + 400_000),
            st.sampled_from([PutProducts(()), PayBasket("l", "b")]),
            st.integers(0, 3),
        ),
        st.builds(Linked, st.integers(T0, T0 + 400_000), st.booleans(), st.integers(0, 3)),
    ),
    max_size=40,
)


@given(lines=LINES, dice=st.randoms(use_true_random=False))
def test_doubled_and_shuffled_lines_have_the_same_order(lines: list[Line], dice: Random) -> None:
    """Whichever are doubled, and wherever in ten seconds each stands."""
    lines = sorted(lines, key=lambda line: line.at)
    doubled = [*lines, *(line for line in lines if dice.random() < 0.3)]
    mixed = sorted(doubled, key=lambda line: line.at + dice.uniform(0, 10_000))
    whole, other = timeline(), timeline()
    entries = list(whole.order(lines))
    assert list(other.order(mixed)) == entries
    assert other.epoch == whole.epoch
    times = [entry.spot for entry in entries]
    assert times == sorted(times)


@given(lines=LINES, cut=st.integers(0, 40))
def test_it_goes_on_after_any_entry(lines: list[Line], cut: int) -> None:
    """What lies up to a place is passed over, and no more."""
    lines = sorted(lines, key=lambda line: line.at)
    entries = order(lines)
    spot = entries[min(cut, len(entries) - 1)].spot if entries else Spot()
    assert list(timeline(spot).order(lines)) == [e for e in entries if spot < e.spot]


# The epoch


def test_the_epoch_is_that_of_the_recording() -> None:
    """Recorded by a gateway, or else the first second, wherever that line stands."""
    lines: list[Line] = [heard(2500), heard(1500), heard(9000)]
    whole = timeline()
    list(whole.order(lines))
    assert whole.epoch == T0 // 1000 + 1
    list((founded := timeline()).order([*lines, Founded(T0 + 60_000, 9), Founded(T0 + 2, 7)]))
    assert founded.epoch == 7


def test_the_epoch_is_settled_before_the_first_entry_comes_out() -> None:
    """It is that of the first two minutes, also for a replay that goes on later."""
    lines: list[Line] = [heard(n * 1000) for n in range(1000)]
    lines.insert(600, Founded(T0 + 600_000, 9))
    for after in (Spot(), Spot(T0 + 700_000, 1)):
        whole = timeline(after)
        next(whole.order(lines))
        assert whole.epoch == T0 // 1000
