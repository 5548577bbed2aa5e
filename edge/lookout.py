"""What cameras show at this moment: in memory only, handed to whoever waits for it, then gone."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from math import ceil
from queue import Empty, Full, Queue
from typing import Any

from edge.access import Identity, Role
from edge.commands import Command, TakeSnapshot
from edge.errors import NoAnswer, NotFound, Refused, TooSoon
from edge.events import DeviceAnswered
from edge.readings import Figures, Overlay, Snapshot
from edge.wire import LoggedEvent, decode_event

WAIT_S = 5.0
PAUSE_S = 2.0
MINUTE_S = 60.0
MOST_IN_A_MINUTE = 10
MOST_CAMERAS = 1000  # that tell how they do; a flood of strangers must not fill the memory
MOST_ANSWERS = 4  # that wait for one who asked, whose own is among the first

Sight = Snapshot | Overlay | Figures
Watcher = Callable[[Overlay], object]


class Lookout:
    """Asks cameras for pictures, and passes on what they show; nothing of it is kept.

    `execute` carries a command out. All methods may be called from any thread.
    """

    def __init__(self, execute: Callable[[Command], Any]) -> None:
        """Begin with nobody who waits."""
        self._execute = execute
        self._turn = threading.Lock()
        self._asked: dict[str, deque[float]] = {}
        self._places: dict[str, list[Queue[Snapshot | DeviceAnswered]]] = {}
        self._watchers: dict[str, list[Watcher]] = {}
        self._figures: dict[str, Figures] = {}

    def snapshot(self, camera: str, who: Identity, *, blur: bool = True) -> Snapshot:
        """Ask a camera for its picture and wait for it, people blurred unless not `blur`.

        A technician may ask, for one that is not blurred an admin. Raises Forbidden, NotFound,
        TooSoon (one in two seconds, ten in a minute), NoAnswer after five seconds or when the
        camera is offline, and Refused with the camera's own words.
        """
        who.require(Role.technician if blur else Role.admin)
        self._pace(camera)
        with self._place(camera) as answers:
            try:
                identity = self._execute(TakeSnapshot(camera, who.name, blur))
            except NotFound:
                self._asked.pop(camera, None)
                raise
            picture = _answer(answers, identity, camera)
            # The camera counts from when it took the picture, which was before this.
            self._asked[camera][-1] = time.monotonic()
        if blur and not picture.blurred:
            raise Refused(
                f"expected a blurred picture of {camera}, came one that is not: not shown"
            )
        return picture

    def watch(self, camera: str, watcher: Watcher) -> Callable[[], None]:
        """Let `watcher` have a camera's overlays, on another thread; gives what ends that."""
        with self._turn:
            self._watchers.setdefault(camera, []).append(watcher)

        def leave() -> None:
            with self._turn:
                _leave(self._watchers, camera, watcher)

        return leave

    def figures(self, camera: str) -> Figures | None:
        """Give how a camera does, None before it has told."""
        return self._figures.get(camera)

    def take(self, camera: str, sight: Sight) -> None:
        """Pass on what a camera shows; what nobody waits for is gone."""
        match sight:
            case Snapshot():
                self._hand_over(camera, sight)
            case Overlay():
                for watcher in tuple(self._watchers.get(camera, ())):
                    watcher(sight)
            case Figures():
                if camera in self._figures or len(self._figures) < MOST_CAMERAS:
                    self._figures[camera] = sight

    def logged(self, events: Sequence[LoggedEvent]) -> None:
        """Hear of commands that a camera refused."""
        for event in events:
            if event.type == DeviceAnswered.type and event.subject in self._places:
                answer = decode_event(event.type, event.data)
                if isinstance(answer, DeviceAnswered) and not answer.ok:
                    self._hand_over(event.subject, answer)

    def _pace(self, camera: str) -> None:
        """Refuse what comes too soon after what was asked before."""
        now = time.monotonic()
        with self._turn:
            asked = self._asked.setdefault(camera, deque(maxlen=MOST_IN_A_MINUTE))
            again = asked[-1] + PAUSE_S if asked else now
            if len(asked) == MOST_IN_A_MINUTE:
                again = max(again, asked[0] + MINUTE_S)
            if again > now:
                wait_s = again - now
                raise TooSoon(
                    f"expected one picture of {camera} in {PAUSE_S:g} s and {MOST_IN_A_MINUTE} in "
                    f"a minute, came one more: ask again in {ceil(wait_s)} s",
                    wait_s,
                )
            asked.append(now)

    @contextmanager
    def _place(self, camera: str) -> Iterator[Queue[Snapshot | DeviceAnswered]]:
        """Be there before the camera has heard of it: its answer may overtake the commit's."""
        answers: Queue[Snapshot | DeviceAnswered] = Queue(MOST_ANSWERS)
        with self._turn:
            self._places.setdefault(camera, []).append(answers)
        try:
            yield answers
        finally:
            with self._turn:
                _leave(self._places, camera, answers)

    def _hand_over(self, camera: str, answer: Snapshot | DeviceAnswered) -> None:
        for answers in tuple(self._places.get(camera, ())):
            with suppress(Full):
                answers.put_nowait(answer)


def _answer(answers: Queue[Snapshot | DeviceAnswered], identity: str, camera: str) -> Snapshot:
    deadline = time.monotonic() + WAIT_S
    while (left := deadline - time.monotonic()) > 0:
        with suppress(Empty):
            answer = answers.get(timeout=left)
            if answer.id != identity:
                continue
            if isinstance(answer, Snapshot):
                return answer
            raise Refused(f"the camera {camera} gives no picture: {answer.error or 'no reason'}")
    raise NoAnswer(
        f"expected a picture of {camera} within {WAIT_S:g} s, came none: look whether it is online"
    )


def _leave(places: dict[str, list[Any]], camera: str, who: object) -> None:
    places[camera] = [other for other in places[camera] if other is not who]
    if not places[camera]:
        del places[camera]
