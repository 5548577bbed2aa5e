"""Devices: signs of life, silence, faults, configurations and commands."""

from __future__ import annotations

import pytest

from edge.commands import AdoptDevice, CommandDevice, ConfigureDevice, RollBackDevice
from edge.errors import NotFound, Refused
from edge.events import (
    DeviceAnswered,
    DeviceChanged,
    DeviceCommanded,
    DeviceConfigured,
    Event,
)
from edge.health import INBOX_LIMIT, Device, Health
from edge.readings import CommandAnswered, DeviceReported, ProblemReported
from edge.rows import Rows

T0 = 1_800_000_000_000
SILENT_MS = 30_000


@pytest.fixture
def health() -> Health:
    """Know one reader, of which nothing was heard yet."""
    health = Health(devices=Rows(), configs=Rows())
    health.install([Device("reader", "rfid", adopted=True, places={1: "floor"})])
    return health


def news(events: list[Event]) -> list[tuple[bool, str | None]]:
    """Give whether the device is online, and its problems."""
    return [(e.online, e.problem) for e in events if isinstance(e, DeviceChanged)]


def test_a_sign_of_life_is_news_once(health: Health) -> None:
    """The second one only moves the time."""
    assert news(health.hear("reader", "rfid", T0)) == [(True, None)]
    assert health.hear("reader", "rfid", T0 + 5) == []
    assert health.devices["reader"].seen == T0 + 5


def test_a_device_that_says_nothing_is_silent_after_its_time(health: Health) -> None:
    """Once; its next word ends it."""
    health.hear("reader", "rfid", T0)
    assert health.advance(T0 + SILENT_MS) == []
    assert news(health.advance(T0 + SILENT_MS + 1)) == [(False, "silent")]
    assert health.advance(T0 + 2 * SILENT_MS) == []
    assert news(health.hear("reader", "rfid", T0 + 3 * SILENT_MS)) == [(True, None)]


def test_nobody_is_silent_before_they_could_be_heard(health: Health) -> None:
    """After a broker's outage every device has its whole time again."""
    health.hear("reader", "rfid", T0)
    health.resume(T0 + 10 * SILENT_MS)
    assert health.advance(T0 + 11 * SILENT_MS) == []
    assert news(health.advance(T0 + 11 * SILENT_MS + 1)) == [(False, "silent")]


def test_nobody_is_silent_while_nobody_can_be_heard(health: Health) -> None:
    """A broker's outage is nobody's silence."""
    health.hear("reader", "rfid", T0)
    health.deafen()
    assert health.advance(T0 + 100 * SILENT_MS) == []


def test_a_will_takes_a_device_offline_at_once(health: Health) -> None:
    """The broker speaks for it; there is no silence to wait for."""
    health.hear("reader", "rfid", T0)
    will = DeviceReported(online=False)
    assert news(health.report("reader", will, T0 + 1)) == [(False, None)]
    assert health.advance(T0 + 10 * SILENT_MS) == []


def test_what_a_device_reports_of_itself_is_kept(health: Health) -> None:
    """What it leaves out next time stays."""
    health.hear("reader", "rfid", T0)
    health.report(
        "reader", DeviceReported(online=True, model="R700", fw="8.1", config_version=3), T0
    )
    health.report("reader", DeviceReported(online=True), T0 + 1)
    reader = health.devices["reader"]
    assert (reader.model, reader.fw, reader.config_version) == ("R700", "8.1", 3)


def test_faults_come_and_go(health: Health) -> None:
    """Each is told once; several stand side by side; losses add up, or come as a total."""
    health.hear("reader", "rfid", T0)
    port = ProblemReported(T0, "antenna-1-disconnected", antenna=1)
    assert news(health.trouble("reader", port)) == [(True, "antenna-1-disconnected")]
    assert health.trouble("reader", port) == []
    lost = ProblemReported(T0, "reads-lost", lost=5)
    both = [(True, "antenna-1-disconnected, reads-lost")]
    assert news(health.trouble("reader", lost)) == both
    health.trouble("reader", lost)
    health.trouble("reader", ProblemReported(T0, "reads-lost", lost_in_all=7))
    assert health.devices["reader"].lost == 10
    health.trouble("reader", ProblemReported(T0, "reads-lost", lost_in_all=70))
    assert health.devices["reader"].lost == 70
    over = ProblemReported(T0, "antenna-1-disconnected", active=False)
    assert news(health.trouble("reader", over)) == [(True, "reads-lost")]


def test_a_stranger_waits_in_the_inbox_until_it_is_adopted(health: Health) -> None:
    """It is seen, never silent, and taken once."""
    (met,) = health.hear("new", "scanner", T0)
    assert isinstance(met, DeviceChanged)
    assert not met.adopted
    assert health.advance(T0 + 10 * SILENT_MS) == []
    (adopted,) = health.adopt(AdoptDevice("new", "scanner", lane="a"), T0)[1]
    assert isinstance(adopted, DeviceChanged)
    assert adopted.adopted
    assert health.devices["new"].lane == "a"
    with pytest.raises(Refused, match="in service already") as refusal:
        health.adopt(AdoptDevice("new", "scanner"), T0)
    assert refusal.value.path == "device"


def test_a_flood_of_strangers_does_not_fill_the_inbox(health: Health) -> None:
    """Those who came first stay; known devices are heard all the same."""
    for n in range(INBOX_LIMIT + 50):
        health.hear(f"stranger-{n}", "rfid", T0)
    assert len(health.devices) == INBOX_LIMIT
    assert news(health.hear("reader", "rfid", T0)) == [(True, None)]


def test_a_configuration_is_a_new_version_also_when_it_is_an_old_one(health: Health) -> None:
    """Versions only grow, so that a device never takes an old one for a new one."""
    first = ConfigureDevice("reader", {"power": 20})
    version, (event,) = health.configure(first, T0)
    assert isinstance(event, DeviceConfigured)
    assert (version, event.version, event.config) == (1, 1, {"power": 20})
    assert health.configure(ConfigureDevice("reader", {"power": 30}), T0)[0] == 2
    version, (event,) = health.roll_back(RollBackDevice("reader", 1), T0)
    assert isinstance(event, DeviceConfigured)
    assert (version, event.config) == (3, {"power": 20})
    with pytest.raises(NotFound, match="expected a version of 1, 2, 3, came 9") as refusal:
        health.roll_back(RollBackDevice("reader", 9), T0)
    assert refusal.value.path == "version"


def test_a_command_has_an_id_by_which_it_is_answered(health: Health) -> None:
    """Each has its own."""
    command = CommandDevice("reader", "reboot", {"delay": 1})
    name, (event,) = health.command(command, T0)
    assert event == DeviceCommanded(
        device="reader", kind="rfid", id=name, name="reboot", args={"delay": 1}
    )
    assert health.command(command, T0)[0] != name
    (answered,) = health.answer("reader", CommandAnswered(name, ok=False, error="busy"))
    assert answered == DeviceAnswered(device="reader", id=name, ok=False, error="busy")


def test_a_device_that_nobody_knows_is_not_found(health: Health) -> None:
    """For every command."""
    for ask in (
        lambda: health.adopt(AdoptDevice("x", "rfid"), T0),
        lambda: health.configure(ConfigureDevice("x", {}), T0),
        lambda: health.roll_back(RollBackDevice("x", 1), T0),
        lambda: health.command(CommandDevice("x", "reboot"), T0),
    ):
        with pytest.raises(NotFound):
            ask()


def test_settings_that_changed_reach_a_known_device(health: Health) -> None:
    """What is known of it is kept."""
    health.hear("reader", "rfid", T0)
    health.install([Device("reader", "rfid", adopted=True, places={1: "back"}, silent_after_ms=5)])
    reader = health.devices["reader"]
    assert (reader.places, reader.silent_after_ms, reader.online) == ({1: "back"}, 5, True)
