"""The entrance camera's picture, and its stream over HTTP."""

from __future__ import annotations

import threading

import cv2
import httpx
import numpy as np

from devices.simulator.camera import HEIGHT, WIDTH, picture_point, render
from devices.simulator.layout import INSIDE_Y, STREET_Y
from devices.simulator.window import Stream, Window
from devices.simulator.world import World


def test_a_frame_follows_from_people_and_number() -> None:
    """The same people in the same frame are the same pixels."""
    world = World(1)
    for _ in range(60):
        world.step(0.1)
    frame = render(world.people(), 60)
    assert frame.shape == (HEIGHT, WIDTH, 3)
    assert frame.dtype == np.uint8
    assert np.array_equal(frame, render(world.people(), 60))
    assert not np.array_equal(frame, render((), 60))


def test_who_comes_in_walks_downwards() -> None:
    """The street is above on the picture."""
    assert picture_point((4.0, STREET_Y))[1] < picture_point((4.0, INSIDE_Y))[1]


def test_the_stream_can_be_watched_and_ends() -> None:
    """OpenCV reads frames from the window; truth and freeze answer; stopping ends the stream."""
    frozen = threading.Event()
    stream = Stream()
    window = Window(0, stream, lambda: {"t": 1.5}, frozen.set)
    window.start()
    fed = threading.Event()

    def feed() -> None:
        number = 0
        while not fed.wait(0.02):
            stream.put(render((), number))
            number += 1

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        video = cv2.VideoCapture(f"http://127.0.0.1:{window.port}/camera.mjpg", cv2.CAP_FFMPEG)
        good, image = video.read()
        assert good
        assert image.shape == (HEIGHT, WIDTH, 3)
        video.release()
        assert httpx.get(f"http://127.0.0.1:{window.port}/truth").json() == {"t": 1.5}
        httpx.post(f"http://127.0.0.1:{window.port}/freeze").raise_for_status()
        assert frozen.is_set()
    finally:
        fed.set()
        feeder.join()
        window.stop()
    assert stream.next(0) is None
