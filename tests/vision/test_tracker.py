"""The tracker: everybody keeps one number, through crossings and gaps, until they are gone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vision.blobs import Body
from vision.sizes import Size
from vision.track import SURE_AFTER, Track
from vision.tracker import COAST_S, Tracker

SIZE = Size(20, 40)
SHAPE = (240, 320)
FPS = 10.0


def body(x: float, y: float) -> Body:
    """Give a body of the scene's size around a point."""
    return Body(x - 10, y - 20, 20, 40, 600)


def follow(tracker: Tracker, pictures: list[list[Body]]) -> list[Track]:
    """Show pictures to a tracker; gives the tracks that ended."""
    return [track for found in pictures for track in tracker.look(found, None, SIZE, SHAPE)]


def sure(tracker: Tracker) -> dict[int, tuple[float, float]]:
    """Give those who count as people: number and place."""
    return {t.number: (t.x, t.y) for t in tracker.tracks if t.sure}


@given(st.floats(3, 9), st.floats(-2, 2), st.booleans())
def test_people_who_cross_paths_keep_their_numbers(
    speed: float,
    drift: float,
    swap: bool,  # noqa: FBT001  (hypothesis fills it in)
) -> None:
    """Two people who walk past each other are the same two afterwards."""
    tracker = Tracker(FPS)
    for n in range(41):
        pair = [
            body(160 + speed * (n - 20), 116 + drift * n / 10),
            body(160 - speed * (n - 20), 124),
        ]
        follow(tracker, [pair[::-1] if swap else pair])
        if n == SURE_AFTER:
            (left, _), (right, _) = sorted(sure(tracker).items(), key=lambda item: item[1])
    places = sure(tracker)
    assert set(places) == {left, right}
    assert places[left][0] > 160 > places[right][0]


@given(st.integers(1, 8), st.floats(-8, 8))
def test_a_gap_is_bridged(gap: int, speed: float) -> None:
    """Somebody who is hidden for less than a second keeps the number."""
    tracker = Tracker(FPS)
    way = [[body(160 + speed * n, 100)] for n in range(-10, 20)]
    way[10 : 10 + gap] = [[] for _ in range(gap)]
    assert follow(tracker, way) == []
    assert list(sure(tracker)) == [1]


def test_a_track_ends_when_nobody_is_found_for_long() -> None:
    """After the time to coast the track is given back as ended, once."""
    tracker = Tracker(FPS)
    follow(tracker, [[body(100, 100)]] * 10)
    empty: list[list[Body]] = [[]] * round(COAST_S * FPS)
    assert follow(tracker, empty) == []
    assert [track.number for track in follow(tracker, [[], [], []])] == [1]
    assert tracker.tracks == []


def test_a_flash_is_nobody() -> None:
    """What is seen for fewer pictures than a person never counts, and ends at once."""
    tracker = Tracker(FPS)
    ended = follow(tracker, [[body(100, 100)]] * (SURE_AFTER - 1) + [[], []])
    assert [track.sure for track in ended] == [False]
    assert tracker.tracks == []


def test_a_jump_is_somebody_else() -> None:
    """Nobody moves by many bodies between two pictures: that is a new number."""
    tracker = Tracker(FPS)
    follow(tracker, [[body(60, 100)]] * 10 + [[body(260, 100)]] * 10)
    assert 1 not in [number for number, (x, _) in sure(tracker).items() if x > 200]


def test_numbers_are_never_given_twice() -> None:
    """A number belongs to one person for as long as the tracker lives."""
    tracker = Tracker(FPS)
    numbers = []
    for x in (60, 160, 260):
        follow(tracker, [[body(x, 100)]] * 10)
        numbers += list(sure(tracker))
        follow(tracker, [[]] * 20)
    assert numbers == [1, 2, 3]


def test_the_box_holds_the_body() -> None:
    """The box around a track never begins outside the picture."""
    tracker = Tracker(FPS)
    follow(tracker, [[body(5, 10)]] * 6)
    left, top, right, bottom = tracker.tracks[0].box()
    assert (left, top) == (0, 0)
    assert right >= 15
    assert bottom >= 30
