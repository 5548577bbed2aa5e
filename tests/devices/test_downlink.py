"""The downlink: what the event log says becomes commands and messages to devices."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field

import pytest

from devices.downlink import Downlink
from devices.labels.png import stamped
from devices.labels.render import image_hash, render
from edge.commands import Command, KeepPicture
from edge.errors import BrokerError
from edge.events import (
    DeviceAnswered,
    DeviceCommanded,
    DeviceConfigured,
    Event,
    LabelChanged,
    LabelContent,
)

MILK = LabelContent("04006381333931", "Whole Milk", 249, "EUR", "296x128-bwr", "1 L")


@dataclass
class Counterparts:
    """The broker and the gateway that the downlink speaks to, as lists of what they got."""

    published: list[tuple[str, bytes, bool]] = field(default_factory=list)
    executed: list[Command] = field(default_factory=list)
    kept: dict[str, bytes] = field(default_factory=dict)
    broker_down: bool = False

    def publish(self, topic: str, payload: bytes, retain: bool) -> None:  # noqa: FBT001  (the port)
        """Take a message, or refuse as a broker that is away."""
        if self.broker_down:
            raise BrokerError("the broker is away")
        self.published.append((topic, payload, retain))

    def execute(self, command: Command) -> None:
        """Take a command; a picture is kept for later."""
        self.executed.append(command)
        if isinstance(command, KeepPicture):
            self.kept[command.image] = command.png

    def downlink(self) -> Downlink:
        """Build a downlink that draws real pictures."""
        return Downlink("s1", self.publish, self.execute, self.kept.__getitem__, render)


def label(state: str, content: LabelContent = MILK, image: str | None = None) -> LabelChanged:
    """Give a label's event."""
    return LabelChanged(
        label="l-1",
        device="ap-1",
        gtin=content.gtin,
        state=state,
        revision=7,
        content=content,
        image=image,
    )


def test_a_due_label_is_drawn_and_kept() -> None:
    """Content that is due becomes a picture, which the gateway keeps; nothing is sent yet."""
    shop = Counterparts()
    shop.downlink().handle(label("due"))
    (kept,) = shop.executed
    assert isinstance(kept, KeepPicture)
    assert (kept.label, kept.revision, kept.error) == ("l-1", 7, "")
    assert kept.png == stamped(render(MILK), 7)
    assert kept.image == image_hash(kept.png)
    assert shop.published == []


def test_a_label_that_cannot_be_drawn_is_reported() -> None:
    """A refused picture comes back as the reason, without pixels."""
    shop = Counterparts()
    broken = LabelContent("04006381333931", "Milk \U0001f9ff", 249, "EUR", "296x128-bwr")
    shop.downlink().handle(label("due", broken))
    (kept,) = shop.executed
    assert isinstance(kept, KeepPicture)
    assert (kept.image, kept.png) == ("", b"")
    assert "U+1F9FF" in kept.error


def test_a_sent_label_gets_its_kept_picture() -> None:
    """A journalled picture goes to the access point in the shape of the contract."""
    shop = Counterparts()
    downlink = shop.downlink()
    downlink.handle(label("due"))
    (image,) = shop.kept
    downlink.handle(label("sent", image=image))
    ((topic, payload, retain),) = shop.published
    show = json.loads(payload)
    assert (topic, retain) == ("store/s1/label/ap-1/show", False)
    assert base64.b64decode(show.pop("data")) == shop.kept[image]
    assert show == {"label": "l-1", "image": image, "format": "png", "revision": 7}


def test_a_configuration_is_retained() -> None:
    """A device that is away finds its newest configuration when it returns."""
    shop = Counterparts()
    shop.downlink().handle(
        DeviceConfigured(device="r-1", kind="rfid", version=7, config={"power": 30})
    )
    ((topic, payload, retain),) = shop.published
    assert (topic, retain) == ("store/s1/rfid/r-1/config", True)
    assert json.loads(payload) == {"version": 7, "config": {"power": 30}}


def test_a_command_is_sent_once_and_not_retained() -> None:
    """A command must not reach a device again when it reconnects."""
    shop = Counterparts()
    shop.downlink().handle(
        DeviceCommanded(device="c-1", kind="camera", id="42", name="reboot", args={"in": 5})
    )
    ((topic, payload, retain),) = shop.published
    assert (topic, retain) == ("store/s1/camera/c-1/command", False)
    assert json.loads(payload) == {"id": "42", "name": "reboot", "args": {"in": 5}}


@pytest.mark.parametrize(
    "event",
    [label("shown", image="0" * 16), label("failed"), DeviceAnswered(device="d", id="1", ok=True)],
)
def test_other_events_ask_nothing_of_devices(event: Event) -> None:
    """What is no order to a device passes by."""
    shop = Counterparts()
    shop.downlink().handle(event)
    assert (shop.published, shop.executed) == ([], [])


def test_a_broker_that_is_away_is_not_swallowed() -> None:
    """The error reaches the loop that tries the event again."""
    shop = Counterparts(broker_down=True)
    event = DeviceCommanded(device="c-1", kind="camera", id="42", name="reboot", args={})
    with pytest.raises(BrokerError):
        shop.downlink().handle(event)
