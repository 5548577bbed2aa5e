"""What cameras watch on their pictures: lines, areas and masks, as configured or drawn since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import Field, ValidationError

from edge.config import Area, Camera, Line, Settings
from edge.config_faults import did_you_mean, dotted, explained, shown
from edge.config_section import Section
from edge.config_values import PartOfPicture, PicturePolygon
from edge.errors import Misfits
from edge.readings import Kind

MOST = 100  # lines, areas or masks of one camera


class Layout(Section):
    """What one camera watches, in fractions of its picture, y down.

    Nobody is counted within `masks`; `body` is how much of the picture's height a standing person
    fills, where that is known.
    """

    lines: tuple[Line, ...] = Field(default=(), max_length=MOST)
    areas: tuple[Area, ...] = Field(default=(), max_length=MOST)
    masks: tuple[PicturePolygon, ...] = Field(default=(), max_length=MOST)
    body: PartOfPicture | None = None


class Layouts:
    """The layouts of all cameras: the newest configuration decides, or else store.toml.

    A key that a configuration lacks stays as store.toml says.
    """

    def __init__(self, settings: Settings) -> None:
        """Begin with store.toml; `take` adds what was drawn since."""
        self._zones = [zone.id for zone in settings.zones]
        self._counters = [
            device
            for device in settings.devices
            if device.kind == "camera" and device.codec != "native"
        ]
        self._configured = {camera.id: _configured(camera) for camera in settings.cameras}
        self._newest = dict(self._configured)
        # A line that was taken away keeps what it last was, for the days in which it counted.
        theirs = {line.name: line.entrance for c in self._counters for line in c.lines}
        self._leads_in = theirs | {line.name: line.entrance for line in self._lines()}

    def are_drawn(self, device: str, kind: Kind) -> bool:
        """Tell whether a device's configuration is a layout: that of a camera of ours."""
        return kind == "camera" and all(device != counter.id for counter in self._counters)

    def of(self, camera: str) -> Layout:
        """Give what a camera watches."""
        return self._newest.get(camera) or Layout()

    def check(self, camera: str, config: dict[str, Any]) -> None:
        """Refuse a configuration that is no layout of this shop; Misfits has all its faults."""
        try:
            drawn = Layout.model_validate(config)
        except ValidationError as error:
            found = explained(Layout, error, "a camera's configuration")
            faults = tuple((dotted(path), _said(want, came)) for path, want, came in found)
            raise Misfits(faults) from None
        faults = (*self._repeated(camera, drawn), *self._placeless(drawn))
        if faults:
            raise Misfits(faults)

    def read(self, camera: str, config: dict[str, Any]) -> Layout | None:
        """Give what a camera watches by one of its configurations.

        None for one from before there were layouts.
        """
        try:
            drawn = Layout.model_validate(config)
        except ValidationError:
            return None
        changed = {name: getattr(drawn, name) for name in drawn.model_fields_set}
        return self._configured.get(camera, Layout()).model_copy(update=changed)

    def take(self, camera: str, config: dict[str, Any]) -> None:
        """Let a camera watch what its next configuration says."""
        layout = self.read(camera, config)
        if layout is not None:
            self._newest[camera] = layout
            self._leads_in |= {line.name: line.entrance for line in layout.lines}

    def lines_elsewhere(self, camera: str) -> dict[str, str]:
        """Give the names of all other lines, and whose they are."""
        taken = {line.name: c.id for c in self._counters for line in c.lines}
        for other, layout in self._newest.items():
            if other != camera:
                taken |= {line.name: other for line in layout.lines}
        return taken

    def entrances(self) -> list[str]:
        """Give the lines that lead into the shop."""
        ours = [line.name for line in self._lines() if line.entrance]
        theirs = [line.name for c in self._counters for line in c.lines if line.entrance]
        return _once(ours, theirs)

    def past_entrances(self) -> list[str]:
        """Give the lines that lead into the shop, and those that did until they were taken away."""
        return [name for name, leads in self._leads_in.items() if leads]

    def queues(self) -> list[str]:
        """Give the zones whose people wait."""
        ours = [area.zone for area in self._areas() if area.queue]
        return _once(ours, [zone.zone for c in self._counters for zone in c.zones if zone.queue])

    def zones(self) -> list[str]:
        """Give the zones that somebody sees."""
        ours = [area.zone for area in self._areas()]
        return _once(ours, [zone.zone for c in self._counters for zone in c.zones])

    def watchers(self) -> list[str]:
        """Give the cameras and counters that see the people of zones."""
        ours = [camera for camera, layout in self._newest.items() if layout.areas]
        return [*ours, *(counter.id for counter in self._counters if counter.zones)]

    def _lines(self) -> Iterator[Line]:
        return (line for layout in self._newest.values() for line in layout.lines)

    def _areas(self) -> Iterator[Area]:
        return (area for layout in self._newest.values() for area in layout.areas)

    def _repeated(self, camera: str, drawn: Layout) -> Iterator[tuple[str, str]]:
        """Find lines whose name another line of the shop has: their counts would be mixed."""
        taken = self.lines_elsewhere(camera)
        for n, line in enumerate(drawn.lines):
            if line.name in taken:
                came = f"{line.name!r}, which a line of {taken[line.name]} has"
                yield f"lines[{n}].name", _said("a name that no other line of the shop has", came)
            taken.setdefault(line.name, camera)

    def _placeless(self, drawn: Layout) -> Iterator[tuple[str, str]]:
        choice = ", ".join(self._zones) or "none is configured"
        for n, area in enumerate(drawn.areas):
            if area.zone not in self._zones:
                guess = did_you_mean(area.zone, self._zones)
                expected = f"a zone of the shop ({choice}{guess})"
                yield f"areas[{n}].zone", _said(expected, shown(area.zone))


def _configured(camera: Camera) -> Layout:
    return Layout.model_validate(
        {name: getattr(camera, name) for name in Layout.model_fields if name in Camera.model_fields}
    )


def _once(*names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name for some in names for name in some))


def _said(expected: str, came: str) -> str:
    return f"expected {expected}, came {came}"
