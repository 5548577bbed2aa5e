"""What reaches the gateway from the simulated devices when something is wrong on the way."""

from __future__ import annotations

import pytest

from devices.simulator.faults import (
    AntennaOff,
    BrokerAway,
    ClockWrong,
    Delayed,
    Doubled,
    Fault,
    Overflow,
    ReaderOff,
    Reordered,
)
from devices.simulator.readers import Cycle, Sighting
from devices.simulator.wire import Arrived, Delivery, LinkChanged, Wire
from edge.readings import DeviceReported, Message, ProblemReported, TagsRead

EPOCH_MS = 1_795_222_800_000
EVER = 1000.0


def cycle(reader: str = "r1") -> Cycle:
    """Give a cycle with a read at each of two antennas, half a second old."""
    return Cycle(reader, (Sighting("AA", 1, -50.0, 0.5), Sighting("BB", 2, -60.0, 0.5)))


def play(
    *faults: Fault, seconds: int = 30, seed: int = 1, unnumbered: bool = False
) -> list[Delivery]:
    """Let two readers report once a second and give all that arrives."""
    quiet = frozenset({"r1"} if unnumbered else ())
    wire = Wire({"r1": "rfid", "r2": "rfid"}, faults, seed, epoch_ms=EPOCH_MS, unnumbered=quiet)
    arrived: list[Delivery] = []
    for t in range(1, seconds + 1):
        wire.cycle(t, cycle("r1"))
        wire.cycle(t, cycle("r2"))
        arrived += wire.due(t + 0.5)
    return [*arrived, *wire.due(EVER)]


def messages(deliveries: list[Delivery], device: str = "r1") -> list[tuple[float, Message]]:
    """Give a device's messages with the second at which each arrived."""
    return [
        ((d.now - EPOCH_MS) / 1000, d.message)
        for d in deliveries
        if isinstance(d, Arrived) and d.message.device == device
    ]


def reads(deliveries: list[Delivery], device: str = "r1") -> list[tuple[float, TagsRead]]:
    """Give what a reader read, with the second at which each message arrived."""
    return [
        (at, reading)
        for at, message in messages(deliveries, device)
        for reading in message.readings
        if isinstance(reading, TagsRead)
    ]


def problems(deliveries: list[Delivery]) -> list[tuple[float, str, bool]]:
    """Give the problems that the first reader tells of."""
    return [
        (at, reading.problem, reading.active)
        for at, message in messages(deliveries)
        for reading in message.readings
        if isinstance(reading, ProblemReported)
    ]


def reports(deliveries: list[Delivery]) -> list[tuple[float, bool]]:
    """Give when the first reader was told to be on or off."""
    return [
        (at, reading.online)
        for at, message in messages(deliveries)
        for reading in message.readings
        if isinstance(reading, DeviceReported)
    ]


def test_all_is_well_without_faults() -> None:
    """The link is up first, then devices say that they are there, then all messages in order."""
    arrived = play(seconds=3)
    assert arrived[0] == LinkChanged(EPOCH_MS, connected=True)
    assert reports(arrived) == [(0.0, True)]
    assert [at for at, _ in reads(arrived)] == [1.02, 2.02, 3.02]
    assert [m.seq for _, m in messages(arrived)] == [None, 1, 2, 3]
    first = reads(arrived)[0][1].reads[0]
    assert (first.epc, first.antenna, first.rssi, first.t) == ("AA", 1, -50.0, EPOCH_MS + 500)


def test_a_reader_that_is_off_says_nothing_and_its_will_tells() -> None:
    """It comes back with a new start, whose numbers begin at 1."""
    arrived = play(ReaderOff(start=10, end=20, reader="r1"))
    assert not [at for at, _ in reads(arrived) if 10 <= at < 20]
    assert reports(arrived) == [(0.0, True), (11.5, False), (20.0, True)]
    assert [m.seq for at, m in messages(arrived) if at > 20] == list(range(1, 12))
    assert len({m.boot for _, m in messages(arrived)} - {None}) == 2
    assert len(reads(arrived, "r2")) == 30


def test_a_reader_can_fall_silent_without_a_word() -> None:
    """No Will, no status: it just says nothing."""
    arrived = play(ReaderOff(start=10, end=20, reader="r1", will=False))
    assert len(reads(arrived)) == 20
    assert reports(arrived) == [(0.0, True)]


@pytest.mark.parametrize("told", [True, False])
def test_a_disconnected_antenna_reads_nothing(told: bool) -> None:  # noqa: FBT001  (a case)
    """The reader tells when it goes and when it is back, if it notices at all."""
    arrived = play(AntennaOff(start=10, end=20, reader="r1", antenna=2, told=told))
    found = {at: [read.antenna for read in reading.reads] for at, reading in reads(arrived)}
    assert found[9.02] == [1, 2]
    assert found[10.02] == found[19.02] == [1]
    assert found[20.02] == [1, 2]
    name = "antenna-2-disconnected"
    assert problems(arrived) == ([(10.02, name, True), (20.02, name, False)] if told else [])


def test_an_overflow_loses_reads_and_says_how_many() -> None:
    """What is lost and what is left are all that was read."""
    arrived = play(Overflow(start=10, end=20, reader="r1", kept=0.5))
    lost = sum(
        reading.lost
        for _, message in messages(arrived)
        for reading in message.readings
        if isinstance(reading, ProblemReported)
    )
    assert 0 < lost < 20
    assert sum(len(reading.reads) for _, reading in reads(arrived)) == 60 - lost
    assert problems(arrived)[-1] == (20.02, "reads-lost", False)


def test_what_waits_for_the_broker_comes_at_once() -> None:
    """The gateway loses the link; then link, statuses and all that was kept arrive in order."""
    arrived = play(BrokerAway(start=10, end=20))
    links = [d for d in arrived if isinstance(d, LinkChanged)]
    assert [((d.now - EPOCH_MS) / 1000, d.connected) for d in links] == [
        (0.0, True),
        (10.0, False),
        (20.0, True),
    ]
    late = [message for at, message in messages(arrived) if at == 20.0]
    assert late[0].readings == (DeviceReported(online=True),)
    assert [message.seq for message in late[1:]] == list(range(10, 20))
    assert not [at for at, _ in messages(arrived) if 10 <= at < 20]
    assert len(reads(arrived)) == 30


def test_a_wrong_clock_is_off_drifts_and_comes_right() -> None:
    """Times of the device's own are wrong, arrivals are not."""
    wrong = ClockWrong(start=10, end=20, devices=("r1",), offset_ms=-3_600_000, drift_ppm=100)
    arrived = play(wrong)
    off = {
        at: reading.reads[0].t - (EPOCH_MS + round((at - 0.52) * 1000))
        for at, reading in reads(arrived)
    }
    assert off[9.02] == off[20.02] == 0
    assert off[10.02] == -3_600_000
    assert off[19.02] == -3_600_000 + 1
    assert [at for at, _ in reads(arrived)] == [at for at, _ in reads(arrived, "r2")]


@pytest.mark.parametrize("unnumbered", [False, True])
def test_doubled_messages_are_the_same_messages(unnumbered: bool) -> None:  # noqa: FBT001  (a case)
    """A repeat carries the number of the first, where the device numbers at all."""
    arrived = play(Doubled(start=0, end=EVER, share=0.5), unnumbered=unnumbered)
    seqs = [message.seq for at, message in messages(arrived) if at]
    assert len(seqs) > 35
    assert set(seqs) == ({None} if unnumbered else set(range(1, 31)))


def test_messages_overtake_one_another() -> None:
    """Everything comes, later by ten seconds at most, not in order."""
    arrived = play(Reordered(start=0, end=EVER, share=0.5))
    came = [(at, message.seq) for at, message in messages(arrived) if message.seq]
    seqs = [seq for _, seq in came]
    assert seqs != sorted(seqs)
    assert sorted(seqs) == list(range(1, 31))
    assert all(seq <= at < seq + 10.1 for at, seq in came)


def test_delayed_messages_come_later() -> None:
    """Only those of the device that is named."""
    arrived = play(Delayed(start=0, end=EVER, devices=("r1",), by_s=45))
    assert reads(arrived)[0][0] == pytest.approx(46.02)
    assert reads(arrived, "r2")[0][0] == pytest.approx(1.02)


def test_the_same_seed_goes_wrong_in_the_same_way() -> None:
    """Chance on the way repeats too."""
    faults = (
        Doubled(start=0, end=EVER, share=0.3),
        Reordered(start=0, end=EVER, share=0.3),
        Overflow(start=5, end=15, reader="r1"),
    )
    assert play(*faults) == play(*faults)
    assert play(*faults) != play(*faults, seed=2)
