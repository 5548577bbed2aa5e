"""Snapshots: what may be seen in them, and how often."""

from __future__ import annotations

from base64 import b64decode
from itertools import cycle
from typing import Any

import cv2
import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray

from edge.errors import Refused
from vision.capture import Frame
from vision.floor import Floor
from vision.snapshot import MOST_BYTES, Limit, Snapshots, blurred, encoded

Image = NDArray[np.uint8]

SIZE = (480, 640)
HEAD = 56
"""Pixels: somebody near the camera."""
dice = np.random.default_rng(11)


def floor_tiles() -> Image:
    """Give a shop's floor with tiles, in noise."""
    tiles = np.kron(np.indices((12, 16)).sum(axis=0) % 2, np.ones((40, 40)))
    grey = 110 + 40 * tiles[..., None] + dice.normal(0, 3, (*SIZE, 3))
    return np.clip(grey, 0, 255).astype(np.uint8)


FLOORS = cycle([floor_tiles() for _ in range(5)])


def scene() -> Image:
    """Give the next picture of an empty shop."""
    return next(FLOORS)


def face(text: str) -> Image:
    """Give a pattern of a face's size that a machine can read: if it can, so can an eye."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix)
    small = np.array(zxingcpp.write_barcode_to_image(code, scale=1, add_quiet_zones=True))
    return np.asarray(
        cv2.resize(small.squeeze(), (HEAD, HEAD), interpolation=cv2.INTER_NEAREST), np.uint8
    )


def with_person(image: Image, x: int, text: str = "somebody") -> Image:
    """Put somebody with a face into the picture, his feet at row 440."""
    seen = image.copy()
    seen[160:440, x - 45 : x + 45] = (70, 60, 90)
    seen[160 - HEAD : 160, x - HEAD // 2 : x + HEAD // 2] = face(text)[..., None]
    return seen


def read(image: Image) -> list[str]:
    """Read what faces say."""
    return [code.text for code in zxingcpp.read_barcodes(image)]


def decoded(snapshot: dict[str, Any]) -> Image:
    """Give the picture of a snapshot."""
    jpeg = np.frombuffer(b64decode(snapshot["jpeg"]), np.uint8)
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)


def learned(seconds: int = 25) -> Snapshots:
    """Give snapshots of a scene that was empty for so long."""
    snapshots = Snapshots()
    for t in range(seconds):
        snapshots.look(scene(), [], 1000 * t)
    return snapshots


def test_people_are_blurred_and_the_floor_is_not() -> None:
    """Who has come in cannot be made out, known to the tracker or not; the tiles can."""
    snapshots, picture = learned(), with_person(scene(), 400)
    snapshots.look(picture, [], 25_000)
    shown = snapshots.take(Frame(0, 0, picture), [], 41_000, blur=True)
    image = decoded(shown)
    assert (shown["width"], shown["height"], shown["blurred"]) == (640, 480, True)
    assert 0.5 < shown["clear"] < 0.9
    assert read(picture) == ["somebody"]
    assert read(image) == []
    assert np.abs(image[:, :250].astype(int) - picture[:, :250]).mean() < 6
    unblurred = decoded(snapshots.take(Frame(0, 0, picture), [], 51_000, blur=False))
    assert read(unblurred) == ["somebody"]


def test_no_detail_of_a_face_is_left() -> None:
    """Sixteen people cannot be told apart by what of their faces is finer than a third of one."""
    snapshots, image = learned(), scene()
    guessed = 0
    faces = [face(f"{n:03}-{n * 37:05}") for n in range(16)]
    for n in range(16):
        picture = with_person(image, 300 + 7 * n, f"{n:03}-{n * 37:05}")
        shown = snapshots.take(Frame(0, 0, picture), [], 100_000 * (n + 1), blur=True)
        left = 300 + 7 * n - HEAD // 2
        seen = decoded(shown)[160 - HEAD : 160, left : left + HEAD].mean(axis=2)
        assert fine(seen).std() < 0.1 * fine(faces[n].astype(float)).std()
        likeness = [np.corrcoef(fine(seen).ravel(), fine(f * 1.0).ravel())[0, 1] for f in faces]
        guessed += int(np.argmax(likeness)) == n
    assert guessed <= 4


def fine(grey: NDArray[Any]) -> NDArray[Any]:
    """Give the detail that is finer than a third of a head."""
    return np.asarray(grey - cv2.GaussianBlur(grey, (0, 0), HEAD / 3 / 2))


def test_those_whom_the_tracker_knows_are_blurred_where_they_stand() -> None:
    """Somebody who has stood there from the start is in a box, though he looks like furniture."""
    snapshots = Snapshots()
    picture = with_person(scene(), 200)
    for t in range(40):
        snapshots.look(picture, [], 1000 * t)
    box = (155 / 640, (160 - HEAD) / 480, 90 / 640, (280 + HEAD) / 480)
    assert read(decoded(snapshots.take(Frame(0, 0, picture), [box], 41_000, blur=True))) == []


def test_at_first_all_is_blurred() -> None:
    """Before the floor is known, nothing surely shows nobody."""
    snapshots, picture = learned(15), with_person(scene(), 200)
    shown = snapshots.take(Frame(0, 0, picture), [], 15_000, blur=True)
    assert shown["clear"] == 0.0
    assert read(decoded(shown)) == []
    assert decoded(shown).std() < 0.5 * picture.std()


def test_who_stands_still_does_not_become_floor() -> None:
    """A minute is not enough; and what was hidden by somebody is floor again at once."""
    floor, image = Floor(), scene()
    for t in range(100):
        floor.look(scene(), [], 1000 * t)
    assert not floor.hidden(image).any()
    for t in range(100, 170):
        floor.look(with_person(image, 300), [], 1000 * t)
    rows, columns = floor.hidden(image).shape
    hidden = floor.hidden(with_person(scene(), 300))
    assert hidden[rows // 2, round(columns * 300 / 640)]
    assert not floor.hidden(scene()).any()


def test_who_is_known_never_becomes_floor() -> None:
    """Where the tracker sees somebody nothing is learned, however long he stands there."""
    floor, picture = Floor(), with_person(scene(), 300)
    box = (255 / 640, (160 - HEAD) / 480, 90 / 640, (280 + HEAD) / 480)
    for t in range(60):
        floor.look(picture, [box], 1000 * t)
    rows, columns = floor.hidden(picture).shape
    assert floor.hidden(picture)[rows // 2, round(columns * 300 / 640)]


def test_a_busy_floor_is_learned() -> None:
    """Where somebody stands every third second, floor is what is there most of the time."""
    floor = Floor()
    for t in range(90):
        floor.look(with_person(scene(), 300) if t % 3 == 0 else scene(), [], 1000 * t)
    assert not floor.hidden(scene()).any()


def test_the_floor_is_known_in_another_light() -> None:
    """A lamp that flickers or dims by a quarter makes nobody."""
    floor = Floor()
    for t in range(40):
        floor.look(scene(), [], 1000 * t)
    dimmed = (scene() * np.float32(0.75)).astype(np.uint8)
    assert floor.hidden(dimmed).mean() < 0.02


def test_a_large_picture_is_made_smaller() -> None:
    """At most 960 pixels wide, and always small enough for a message."""
    large = np.kron(scene(), np.ones((3, 3, 1), np.uint8))
    shown = Snapshots().take(Frame(0, 0, large), [], 0, blur=False)
    assert (shown["width"], shown["height"]) == (960, 720)
    noise = dice.integers(0, 255, (720, 960, 3)).astype(np.uint8)
    assert len(encoded(noise)) < 2 * MOST_BYTES
    assert len(encoded(scene())) <= MOST_BYTES


def test_a_block_is_as_large_as_what_it_hides_demands() -> None:
    """Somebody who fills the picture is hidden by blocks that grow with him."""
    picture = dice.integers(0, 255, (*SIZE, 3)).astype(np.uint8)
    hidden = np.ones(SIZE, np.bool_)
    coarse, clear = blurred(picture, hidden, [])
    assert coarse.std() < 0.05 * picture.std()
    assert clear == 0.0
    same, clear = blurred(picture, ~hidden, [])
    assert np.array_equal(same, picture)
    assert clear == 1.0


def test_snapshots_are_rare() -> None:
    """One in two seconds and ten in a minute; a refusal says when to ask again."""
    limit = Limit()
    limit.take(0)
    with pytest.raises(Refused, match=r"came one more; ask again in 0\.5 s"):
        limit.take(1500)
    for n in range(1, 10):
        limit.take(2000 * n)
    with pytest.raises(Refused, match=r"ask again in 40\.0 s"):
        limit.take(20_000)
    limit.take(60_000)
