"""The set-up of cameras in a real browser, over a real broker, with the real worker."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from edge.processes import command
from edge.tokens import create

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page

    from tests.browser.conftest import Noise

FPS = 20
SIZE = (320, 240)
CAMERA = """
[[cameras]]
id = "camera-1"
source = "{source}"
loop = true
lines = [{{ name = "old", start = [0, 0.9], end = [1, 0.9], entrance = false }}]

[[cameras]]
id = "camera-2"
source = "0"
lines = [{{ name = "side", start = [0, 0.9], end = [1, 0.9], entrance = false }}]
"""


def write_clip(path: Path) -> None:
    """Write a clip, seen from above: people walk down the picture, one after another."""
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, SIZE)
    empty = np.full((SIZE[1], SIZE[0], 3), 170, np.uint8)
    for _ in range(FPS):
        video.write(empty)
    for row in np.linspace(-20, 260, 2 * FPS):
        picture = empty.copy()
        cv2.ellipse(picture, (160, round(row)), (22, 16), 0, 0, 360, (60, 50, 70), cv2.FILLED)
        video.write(picture)
    video.release()


@pytest.fixture(scope="module")
def camera_shop(
    new_box: Callable[[Path], AbstractContextManager[Any]], tmp_path_factory: Any
) -> Iterator[Any]:
    """Give a running shop with two cameras, whose workers do not run; the tests share it."""
    folder = tmp_path_factory.mktemp("shop")
    clip = folder / "clip.avi"
    write_clip(clip)
    with new_box(folder) as box:
        box.configure(CAMERA.format(source=clip))
        box.start_broker()
        box.start_gateway()
        yield box


@contextmanager
def worker(box: Any) -> Iterator[None]:
    """Run the camera's own worker."""
    with subprocess.Popen([*command("camera", box.config), "camera-1"]) as process:
        try:
            yield
        finally:
            process.terminate()


SignedIn = Callable[..., "Page"]


@pytest.fixture
def opened(browser: Browser, camera_shop: Any, noise: Noise) -> Iterator[SignedIn]:
    """Give the way to a page of a role, in a browser with fingers: `opened(role, path)`."""
    contexts: list[BrowserContext] = []

    def enter(role: str, path: str, **more: Any) -> Page:
        token = create(camera_shop.settings, f"{role} of the test", role)
        root = str(camera_shop.api.base_url).removesuffix("/api/v1/")
        settings = {"locale": "en-GB", "viewport": {"width": 1280, "height": 900}} | more
        context = browser.new_context(base_url=root, has_touch=True, **settings)
        context.set_default_timeout(10_000)
        noise.listen(context)
        contexts.append(context)
        page = context.new_page()
        page.goto(path)
        page.locator("input[name=token]").fill(token)
        page.locator("button[type=submit]").click()
        return page

    yield enter
    for context in contexts:
        context.close()


def watched(box: Any, camera: str) -> dict[str, Any]:
    """Give what a camera watches, as the API has it."""
    rows = box.api.get("/cameras").json()["items"]
    found: dict[str, Any] = next(row for row in rows if row["camera"] == camera)
    return found


class Drawing:
    """The picture of a set-up page, and what a hand does on it."""

    def __init__(self, page: Page) -> None:
        """Wait until it is there."""
        self.page = page
        self.sheet = page.locator(".se-sight")
        self.sheet.scroll_into_view_if_needed()

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Give a place of the page by fractions of the picture."""
        box = self.sheet.bounding_box()
        assert box is not None
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag with the mouse."""
        self.page.mouse.move(*self.at(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.at((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
        self.page.mouse.move(*self.at(*end))
        self.page.mouse.up()

    def tap(self, *points: tuple[float, float]) -> None:
        """Tap with a finger, one place after another."""
        for point in points:
            self.page.touchscreen.tap(*self.at(*point))

    def choose(self, tool: str) -> None:
        """Take a tool."""
        self.page.locator(f"[data-tool={tool}]").click()

    def act(self, name: str) -> None:
        """Press one of the buttons."""
        self.page.locator(f"[data-act={name}]").click()

    def shape(self, key: str) -> Locator:
        """Give a shape on the picture."""
        return self.page.locator(f'[data-shape="{key}"]')


def test_a_line_and_a_zone_are_drawn_saved_counted_and_taken_back(
    camera_shop: Any, opened: SignedIn, noise: Noise
) -> None:
    """Snapshot, mouse, finger, save, confirmation by the worker, live counts, roll back."""
    with worker(camera_shop):
        page = opened("technician", "/cameras/camera-1")
        drawing = Drawing(page)
        expect(page.locator(".se-setup-head")).to_contain_text("Online", timeout=20_000)

        drawing.act("picture")
        # A camera that has just begun does not know yet what is floor and what is not.
        blurred = re.compile("people blurred|all of it is blurred")
        expect(page.locator(".se-note")).to_contain_text(blurred)
        canvas = page.locator("canvas").first
        assert canvas.evaluate("c => [c.width, c.height]") == [320, 240]
        expect(page.get_by_label("Who asked for a picture")).to_contain_text("technician of the")

        drawing.choose("line")
        drawing.drag((0.1, 0.5), (0.9, 0.5))
        page.get_by_label("Name").fill("gate")
        drawing.choose("zone")
        drawing.tap((0.1, 0.55), (0.9, 0.55), (0.9, 0.95), (0.1, 0.95), (0.1, 0.55))
        changes = page.locator(".se-save .se-changes li")
        expect(changes).to_have_text(["New: Line gate", "New: Zone Floor"])
        drawing.act("save")
        expect(page.locator("[data-settings]")).to_have_text(re.compile("Version 1, confirmed"))

        drawing.act("live")
        expect(drawing.shape("lines/1")).to_contain_text(re.compile("in [1-9]"), timeout=20_000)
        row = watched(camera_shop, "camera-1")
        assert [line["name"] for line in row["lines"]] == ["old", "gate"]
        assert row["lines"][1]["start"] == pytest.approx([0.1, 0.5], abs=0.01)
        assert row["areas"][0]["zone"] == "floor"
        assert len(row["areas"][0]["polygon"]) == 4
        assert (row["version"], row["config_version"]) == (1, 1)
        inside = camera_shop.api.get("/occupancy").json()["items"]
        assert next(one["people"] for one in inside if one["zone"] == "store") >= 1

        page.locator('[data-row="areas/0"]').click()
        page.get_by_role("button", name="Remove").click()
        drawing.act("save")
        expect(page.locator("[data-settings]")).to_have_text(re.compile("Version 2, confirmed"))
        first = page.locator('[data-version="1"]')
        first.get_by_role("button", name="Go back to it").click()
        expect(first.get_by_role("alertdialog")).to_contain_text("New: Zone Floor")
        first.get_by_role("button", name="Go back", exact=True).click()
        expect(page.locator("[data-settings]")).to_have_text(re.compile("Version 3, confirmed"))
        expect(drawing.shape("areas/0")).to_contain_text("Floor")
        drawing.act("live")
    history = camera_shop.api.get("/devices/camera-1/config/history").json()["items"]
    assert [row["by"] for row in history] == ["technician of the test"] * 3
    assert noise.errors == []


def test_a_camera_is_set_up_by_keys_and_a_wrong_drawing_is_told(
    camera_shop: Any, opened: SignedIn
) -> None:
    """Tools, points and names work without a pointer; what cannot be saved says why."""
    page = opened("technician", "/cameras/camera-2")
    drawing = Drawing(page)
    page.locator("[data-tool=line]").press("Enter")
    shape = drawing.shape("lines/1")
    expect(shape).to_be_visible()
    page.locator(".se-handle").first.focus()
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("ArrowRight")
    page.get_by_label("Name").fill("old")
    expect(page.locator("#shape-fault")).to_contain_text("A line of camera-1 has this name")
    page.get_by_label("Name").fill("side")
    expect(page.locator("#shape-fault")).to_contain_text("Another line of this camera")
    expect(page.locator("[data-act=save]")).to_be_disabled()
    page.get_by_label("Name").fill("line-7")
    drawing.act("save")
    expect(page.locator("[data-settings]")).to_have_text(re.compile("Version 1, not confirmed"))
    row = watched(camera_shop, "camera-2")
    assert row["lines"][1] == {
        "name": "line-7",
        "start": [0.255, 0.501],
        "end": [0.75, 0.5],
        "entrance": True,
    }
    page.locator("[data-tool=mask]").press("Enter")
    expect(drawing.shape("masks/0")).to_be_visible()
    drawing.sheet.locator("svg").press("Delete")
    expect(drawing.shape("masks/0")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(drawing.shape("masks/0")).to_be_visible()
    drawing.act("picture")
    expect(page.get_by_role("alert")).to_contain_text("does not answer")


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_it_fits_a_phone(opened: SignedIn, locale: str) -> None:
    """Nothing is wider than the screen or too small for a finger, in both languages."""
    phone = {"viewport": {"width": 360, "height": 740}, "locale": locale}
    page = opened("admin", "/cameras", **phone)
    page.locator("[data-camera=camera-2] a").click()
    page.locator('[data-row="lines/0"]').click()
    page.locator("[data-tool=zone]").press("Enter")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    small = page.evaluate(
        """[...document.querySelectorAll('.se-frame :is(a, button, .se-check)')]
            .map(e => [e.className, e.getBoundingClientRect()])
            .filter(([, box]) => box.width && (box.width < 43.9 || box.height < 43.9))
            .map(([name, box]) => `${name} ${box.width}x${box.height}`)"""
    )
    assert small == []


def test_a_viewer_sees_how_cameras_do_and_no_picture(camera_shop: Any, opened: SignedIn) -> None:
    """The list has no way to the set-up, whose address and picture are for technicians."""
    page = opened("viewer", "/cameras")
    row = page.locator("[data-camera=camera-2]")
    expect(row).to_contain_text("Offline")
    expect(row).to_contain_text("side")
    expect(row.get_by_role("link")).to_have_count(0)
    page.goto("/cameras/camera-2")
    expect(page.locator(".se-empty")).to_contain_text("for technician and above")
    own = {"origin": page.url.removesuffix("/cameras/camera-2")}
    picture = page.request.post("/cameras/camera-2/picture", headers=own)
    assert picture.status == 403
    assert page.request.post("/cameras/camera-2/picture").status == 401
    assert page.request.get("/cameras/camera-2/heat.png").status == 401
    assert camera_shop.api.get("/cameras/camera-2/snapshots").json()["items"] == []


def test_a_camera_that_is_not_there_is_told(opened: SignedIn) -> None:
    """An address of a camera that nobody has is 404."""
    page = opened("technician", "/cameras/nobody")
    expect(page.locator(".se-empty")).to_contain_text("no camera of this name")
