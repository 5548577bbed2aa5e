"""Speaks to devices: what the event log says becomes messages to labels, readers and the rest."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import msgspec

from devices.labels.png import stamped
from devices.labels.render import image_hash
from devices.topics import Topic
from edge.commands import Command, KeepPicture
from edge.errors import RenderError
from edge.events import DeviceCommanded, DeviceConfigured, Event, LabelChanged, LabelContent
from edge.readings import Kind


class Downlink:
    """A consumer of the event log; an event comes again until its message is with the broker.

    `publish` returns once the broker has acknowledged and raises BrokerError otherwise; `execute`
    carries a command out; `picture` gives a kept PNG by its hash; `render` draws content.
    """

    def __init__(
        self,
        store: str,
        publish: Callable[[str, bytes, bool], None],
        execute: Callable[[Command], object],
        picture: Callable[[str], bytes],
        render: Callable[[LabelContent], bytes],
    ) -> None:
        """Speak for the store of this id."""
        self._store = store
        self._publish = publish
        self._execute = execute
        self._picture = picture
        self._render = render
        self._on: dict[type[Event], Callable[[Any], None]] = {
            LabelChanged: self._label_changed,
            DeviceConfigured: self._device_configured,
            DeviceCommanded: self._device_commanded,
        }

    def handle(self, event: Event) -> None:
        """Do what an event asks of the devices; other events ask nothing."""
        speak = self._on.get(type(event))
        if speak is not None:
            speak(event)

    def _label_changed(self, event: LabelChanged) -> None:
        if event.state == "due":
            self._execute(self._drawn(event))
        elif event.state == "sent" and event.image is not None:
            show = {
                "label": event.label,
                "image": event.image,
                "format": "png",
                "revision": event.revision,
                "data": base64.b64encode(self._picture(event.image)).decode(),
            }
            if event.at is not None:
                show["at"] = round(event.at.timestamp() * 1000)
            self._say("label", event.device, "show", show)

    def _drawn(self, event: LabelChanged) -> KeepPicture:
        try:
            drawn = self._render(event.content)
        except RenderError as fault:
            return KeepPicture(event.label, event.revision, error=str(fault))
        png = stamped(drawn, event.revision)
        return KeepPicture(
            event.label, event.revision, image_hash(png), png, pixels=image_hash(drawn)
        )

    def _device_configured(self, event: DeviceConfigured) -> None:
        config = {"version": event.version, "config": event.config}
        self._say(event.kind, event.device, "config", config, retain=True)

    def _device_commanded(self, event: DeviceCommanded) -> None:
        command = {"id": event.id, "name": event.name, "args": event.args}
        self._say(event.kind, event.device, "command", command)

    def _say(
        self, kind: Kind, device: str, leaf: str, payload: dict[str, Any], *, retain: bool = False
    ) -> None:
        topic = str(Topic(self._store, kind, device, leaf))
        self._publish(topic, msgspec.json.encode(payload), retain)
