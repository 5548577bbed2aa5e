"""Pictures and overlays on their way to whoever waits: in memory, in time, and then gone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from edge import lookout as limits
from edge.access import Identity, Role
from edge.commands import Command, TakeSnapshot
from edge.errors import Forbidden, NotFound, Refused, TooSoon
from edge.events import DeviceAnswered
from edge.lookout import Lookout
from edge.readings import Figures, Overlay, Snapshot
from edge.wire import LoggedEvent, encode_event

TECHNICIAN = Identity("Kim", Role.technician)
ADMIN = Identity("Ada", Role.admin)


def picture(identity: str = "door-1", *, blurred: bool = True) -> Snapshot:
    """Give a picture as a camera sends it."""
    return Snapshot(identity, 1, 4, 3, blurred, b"\xff\xd8\xff jpeg \xff\xd9")


def refusal(identity: str, error: str) -> LoggedEvent:
    """Give the event that tells that a camera refused a command."""
    answered = DeviceAnswered(device="door", id=identity, ok=False, error=error)
    return LoggedEvent(1, "7.1", answered.type, "door", 1, encode_event(answered))


class Asked:
    """Takes commands as the gateway does; the camera answers with what a test lets it."""

    def __init__(self, answer: Callable[[Lookout, str], object]) -> None:
        """Let `answer` happen before the command returns: that fast a camera can be."""
        self.lookout = Lookout(self.execute)
        self.commands: list[Command] = []
        self._answer = answer

    def execute(self, command: Command) -> str:
        """Carry a command out."""
        self.commands.append(command)
        identity = f"door-{len(self.commands)}"
        self._answer(self.lookout, identity)
        return identity


def test_a_picture_comes_to_whoever_asked() -> None:
    """Even when the camera is faster than the answer to the command."""
    asked = Asked(lambda lookout, identity: lookout.take("door", picture(identity)))
    assert asked.lookout.snapshot("door", TECHNICIAN) == picture()
    assert asked.commands == [TakeSnapshot("door", "Kim", blur=True)]


def test_pictures_of_others_are_not_taken_for_it() -> None:
    """An id that nobody waits for, and another camera, are passed over."""

    def answer(lookout: Lookout, identity: str) -> None:
        lookout.take("door", picture("door-77"))
        lookout.take("back", picture(identity))
        lookout.take("door", picture(identity))

    assert Asked(answer).lookout.snapshot("door", TECHNICIAN).id == "door-1"


def test_a_camera_may_refuse_in_its_own_words() -> None:
    """What it says reaches whoever asked."""
    asked = Asked(lambda lookout, identity: lookout.logged([refusal(identity, "no picture yet")]))
    with pytest.raises(Refused, match="no picture yet"):
        asked.lookout.snapshot("door", TECHNICIAN)


def test_who_may_ask_for_what() -> None:
    """People unblurred are for admins, a picture at all for technicians; else nothing is asked."""
    asked = Asked(lambda lookout, identity: lookout.take("door", picture(identity, blurred=False)))
    with pytest.raises(Forbidden):
        asked.lookout.snapshot("door", Identity("Vi", Role.operator))
    with pytest.raises(Forbidden):
        asked.lookout.snapshot("door", TECHNICIAN, blur=False)
    assert asked.commands == []
    assert not asked.lookout.snapshot("door", ADMIN, blur=False).blurred


def test_a_picture_that_should_be_blurred_and_is_not_is_not_shown() -> None:
    """A camera that does not know how to blur shows nobody."""
    asked = Asked(lambda lookout, identity: lookout.take("door", picture(identity, blurred=False)))
    with pytest.raises(Refused, match="expected a blurred picture"):
        asked.lookout.snapshot("door", TECHNICIAN)


def test_pictures_are_asked_for_at_a_pace() -> None:
    """Too soon after another one of the same camera nothing is asked; another camera may be."""

    def answer(lookout: Lookout, identity: str) -> None:
        for camera in ("door", "back"):
            lookout.take(camera, picture(identity))

    asked = Asked(answer)
    asked.lookout.snapshot("door", TECHNICIAN)
    with pytest.raises(TooSoon, match="ask again in 2 s") as refused:
        asked.lookout.snapshot("door", ADMIN)
    assert 0 < refused.value.wait_s <= limits.PAUSE_S
    asked.lookout.snapshot("back", TECHNICIAN)
    assert len(asked.commands) == 2


def test_a_camera_that_is_not_there_is_not_remembered() -> None:
    """Asking for it again is answered the same; names are not collected."""

    def refuse(*_: object) -> None:
        raise NotFound("expected a camera")

    lookout = Asked(refuse).lookout
    for _ in range(3):
        with pytest.raises(NotFound):
            lookout.snapshot("nobody", TECHNICIAN)


def test_two_who_wait_get_each_their_own() -> None:
    """Of two cameras at once, and whatever the order of the answers."""
    started = threading.Barrier(3)
    lookout = Lookout(lambda command: f"{getattr(command, 'camera', '')}-1")

    def ask(camera: str) -> Snapshot:
        started.wait()
        return lookout.snapshot(camera, TECHNICIAN)

    with ThreadPoolExecutor(2) as pool:
        waiting: list[Future[Snapshot]] = [pool.submit(ask, name) for name in ("door", "back")]
        started.wait()
        while not all(future.done() for future in waiting):
            lookout.take("back", picture("back-1"))
            lookout.take("door", picture("door-1"))
    assert [future.result().id for future in waiting] == ["door-1", "back-1"]


def test_overlays_come_while_somebody_watches() -> None:
    """Each watcher has them until it leaves; without one they are gone."""
    lookout = Lookout(lambda _: None)
    seen: list[Overlay] = []
    overlay = Overlay(1, (), (), (), 9.5)
    lookout.take("door", overlay)
    leave = lookout.watch("door", seen.append)
    other = lookout.watch("door", seen.append)
    lookout.take("door", overlay)
    leave()
    lookout.take("door", overlay)
    other()
    lookout.take("door", overlay)
    assert seen == [overlay] * 3


def test_figures_are_those_of_the_newest_status() -> None:
    """How a camera does is known once it has told."""
    lookout = Lookout(lambda _: None)
    assert lookout.figures("door") is None
    lookout.take("door", Figures(fps=9.8))
    lookout.take("door", Figures(fps=4.1, brightness=0.5))
    assert lookout.figures("door") == Figures(fps=4.1, brightness=0.5)


def test_strangers_do_not_fill_the_memory() -> None:
    """Of a flood of names the first thousand are known."""
    lookout = Lookout(lambda _: None)
    for n in range(limits.MOST_CAMERAS + 5):
        lookout.take(f"c{n}", Figures(fps=1))
    known = sum(lookout.figures(f"c{n}") is not None for n in range(limits.MOST_CAMERAS + 5))
    assert known == limits.MOST_CAMERAS
