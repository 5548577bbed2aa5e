"""The background: light and shadows are floor, and people stay people however long they stand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from vision.background import Background
from vision.scene import Person, Scene

Image = NDArray[np.uint8]
Point = tuple[float, float]

FPS = 10
SHAPE = (180, 320)
COAT, HAIR = (70, 50, 40), (30, 35, 50)


class Floor:
    """A tiled floor as a camera with a little noise sees it."""

    def __init__(self) -> None:
        """Lay the tiles; the same noise every time."""
        self._chance = np.random.default_rng(5)
        self.t = 0
        tone = np.full((*SHAPE, 3), (150, 160, 165), np.float32)
        tone[::30, :] *= 0.85
        tone[:, ::40] *= 0.85
        self._tone = tone

    def picture(
        self,
        light: float = 1.0,
        person: tuple[float, float] | None = None,
        shadow: tuple[float, float] | None = None,
    ) -> Image:
        """Give a picture; a person stands 16 by 40 pixels on the point of its feet."""
        shown = self._tone.copy()
        if shadow is not None:
            shown *= _soft(shadow)[..., None]
        if person is not None:
            _draw(shown, person)
        noise = self._chance.normal(0, 2, (*SHAPE, 1))
        return np.clip(shown * light + noise, 0, 255).astype(np.uint8)


def _soft(at: tuple[float, float]) -> NDArray[np.float32]:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
    far = ((columns - at[0]) / 14) ** 2 + ((rows - at[1]) / 22) ** 2
    return np.asarray(1 - 0.4 * np.exp(-far), np.float32)


def _draw(shown: NDArray[np.float32], feet: tuple[float, float]) -> None:
    x, y = round(feet[0]), round(feet[1])
    cv2.rectangle(shown, (x - 8, y - 32), (x + 7, y), COAT, cv2.FILLED)
    cv2.ellipse(shown, (x, y - 35), (5, 6), 0, 0, 360, HAIR, cv2.FILLED)


def look(
    scene: Scene,
    floor: Floor,
    light: float = 1.0,
    person: Point | None = None,
    shadow: Point | None = None,
) -> list[Person]:
    """Show a scene the next picture of a floor; gives who is there."""
    floor.t += 1000 // FPS
    return scene.look(floor.picture(light, person, shadow), floor.t)[0]


def learned(floor: Floor, scene: Scene) -> None:
    """Show a scene its empty floor for three seconds."""
    for _ in range(3 * FPS):
        look(scene, floor)


@pytest.mark.parametrize("light", [0.75, 1.3])
def test_a_change_of_exposure_is_nobody(light: float) -> None:
    """The whole picture gets darker or brighter, slowly or at once: nobody came."""
    floor, scene = Floor(), Scene(FPS)
    learned(floor, scene)
    lights = [*np.linspace(1, light, 2 * FPS), *[light] * FPS, *[1.0] * FPS]
    assert not any(look(scene, floor, light=float(now)) for now in lights)


def test_a_soft_shadow_is_nobody() -> None:
    """A shadow that moves over the floor without a body is not counted."""
    floor, scene = Floor(), Scene(FPS)
    learned(floor, scene)
    for x in np.linspace(20, 300, 5 * FPS):
        people = look(scene, floor, shadow=(float(x), 90))
        assert people == []


def test_a_person_with_a_shadow_is_one() -> None:
    """The body is found without the shadow beside it."""
    floor, background = Floor(), Background(FPS)
    for _ in range(3 * FPS):
        background.look(floor.picture(), list)
    mask = background.look(floor.picture(person=(150, 120), shadow=(172, 110)), list)
    columns = np.nonzero(mask.any(axis=0))[0]
    assert columns.min() == pytest.approx(142, abs=3)
    assert columns.max() == pytest.approx(157, abs=4)


def test_a_person_who_waits_does_not_dissolve() -> None:
    """Somebody walks in, stands for a minute and leaves: one number the whole time."""
    floor, scene = Floor(), Scene(FPS)
    learned(floor, scene)
    way = [float(x) for x in np.linspace(-10, 160, 4 * FPS)]
    seen = [look(scene, floor, person=(x, 120)) for x in way]
    (waiting,) = seen[-1]
    for _ in range(60 * FPS):
        people = look(scene, floor, person=(160, 120))
        assert [person.number for person in people] == [waiting.number]
    for x in way[::-1]:
        people = look(scene, floor, person=(x, 120))
    for _ in range(3 * FPS):
        people = look(scene, floor)
    assert people == []


def test_the_exposure_at_the_start_is_nobody() -> None:
    """A camera that sets its exposure in its first second sees nobody in it."""
    floor, scene = Floor(), Scene(FPS)
    lights = [*np.linspace(0.2, 1, FPS), *[1.0] * 2 * FPS]
    seen = [look(scene, floor, light=float(light)) for light in lights]
    assert not any(seen)
