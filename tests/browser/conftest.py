"""A shop whose pages a real browser opens, and whose values a test sets."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from msgspec.structs import replace
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from edge.access import Identity, Role
from edge.config import Settings, load
from edge.errors import Unauthorised
from edge.events import BasketLine
from edge.pages import site
from edge.readings import Kind
from edge.views import DeviceView, LabelView, LaneView, ShelfView, ShopView, SinkView

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

NEW_NAME = "<b>New</b> & fresh"
NAMES = {
    "06901234567892": {"en": "Longjing green tea 100 g", "zh": "龙井绿茶 100克"},
    "06901234567908": {"en": "Jasmine tea 100 g", "zh": "茉莉花茶 100克"},
    "06901234567915": {"en": "Beef noodles", "zh": "红烧牛肉面"},
    "06901234567922": {"en": "Rice crackers", "zh": "雪米饼"},
    "06901234567939": {"en": "Whole milk 1 l", "zh": "全脂牛奶 1升"},
    "06901234567946": {"en": "Espresso beans 250 g", "zh": "意式咖啡豆 250克"},
}
GREEN, JASMINE, NOODLES, CRACKERS, MILK, COFFEE = NAMES


def label_picture(image: str) -> bytes:
    """Draw what a label would show, in its three colours."""
    picture = Image.new("RGB", (296, 128), "white")
    pen = ImageDraw.Draw(picture)
    pen.text((12, 8), image, fill="black", font_size=22)
    pen.text((12, 44), "28.00", fill=(200, 20, 20), font_size=56)
    pen.line((12, 112, 284, 112), fill="black", width=2)
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()


def shelves() -> tuple[ShelfView, ...]:
    """Give one shelf in each state, and some that are full."""
    return (
        ShelfView("tea", {GREEN: 12, JASMINE: 9}, stale=False),
        ShelfView("noodles", {NOODLES: 8}, stale=False),
        ShelfView("snacks", {CRACKERS: 33}, stale=False),
        ShelfView("sweets", {CRACKERS: 22}, stale=False),
        ShelfView("coffee", {}, stale=False),
        ShelfView("care", {GREEN: 13}, stale=False),
        ShelfView("milk", {MILK: 5}, stale=True),
        ShelfView("deli", {MILK: 15}, stale=False),
    )


def labels() -> tuple[LabelView, ...]:
    """Give labels in every state."""

    def label(
        name: str, shelf: str, gtin: str, state: str = "shown", problem: str | None = None
    ) -> LabelView:
        shown = NAMES[gtin]["en"]
        return LabelView(
            name, "labels-1", shelf, gtin, shown, 2800, state, f"{name}-a1", 2950, problem
        )

    return (
        label("label-1", "tea", GREEN),
        label("label-2", "tea", JASMINE, "sent"),
        label("label-3", "noodles", NOODLES),
        label("label-4", "snacks", CRACKERS),
        label("label-5", "coffee", COFFEE, "failed", "name is too long for the panel"),
        label("label-6", "milk", MILK),
        LabelView("label-7", "labels-1", "sweets", None, "", None, "unbound", None),
    )


def devices(now: datetime) -> tuple[DeviceView, ...]:
    """Give a healthy, a silent, a troubled and a new device."""

    def device(name: str, kind: Kind, age_s: float, **more: object) -> DeviceView:
        well = DeviceView(
            device=name,
            kind=kind,
            online=True,
            adopted=True,
            problem=None,
            model="E710",
            fw="4.2.1",
            config_version=3,
            last_seen=now - timedelta(seconds=age_s),
        )
        return replace(well, **more)

    return (
        device("reader-1", "rfid", 1),
        device("reader-2", "rfid", 460, online=False, problem="silent"),
        device("scanner-1", "scanner", 12),
        device("labels-1", "label", 3),
        device("camera-door", "camera", 2, problem="picture too dark"),
        device("reader-9", "rfid", 40, adopted=False),
    )


def quiet_shop(now: datetime) -> ShopView:
    """Give a shop in the middle of an ordinary day."""
    basket = (
        BasketLine(GREEN, "Longjing green tea 100 g", 1, 2800, 2800),
        BasketLine(NOODLES, "Beef noodles", 3, 550, 1650),
    )
    return ShopView(
        position=100,
        as_of=now,
        people=14,
        people_by_zone={"floor": 7, "cold": 2, "tills": 4, "door": 1},
        came_today=312,
        sales_today=86,
        turnover_today=1234560,
        stock_gaps=2,
        lag_s=0.4,
        shelves=shelves(),
        labels=labels(),
        lanes=(
            LaneView("lane-1", "scanning", "b-1", basket, 4450, "CNY", None),
            LaneView("lane-2", "idle", None, (), 0, "CNY", None),
        ),
        devices=devices(now),
        sinks=(
            SinkView("web-shop", "webhook", 100, 100, 0, 5120, 40, 0, 0, "ok", None, None),
            SinkView(
                "delivery",
                "webhook",
                72,
                100,
                28,
                880,
                12,
                0,
                1,
                "down",
                "connection refused by 127.0.0.1:9",
                now + timedelta(seconds=20),
            ),
        ),
        names=NAMES,
    )


@dataclass
class Shop:
    """The shop behind the pages; a test moves it with `change`."""

    view: ShopView = field(default_factory=lambda: quiet_shop(datetime.now(UTC)))
    tokens: dict[str, Identity] = field(default_factory=dict)
    looks: int = 0
    address: str = ""

    def look(self) -> ShopView:
        """Give the view, as the service would."""
        self.looks += 1
        return self.view

    def change(self, **values: object) -> None:
        """Move the shop on by one event."""
        now = datetime.now(UTC)
        self.view = replace(self.view, position=self.view.position + 1, as_of=now, **values)

    def identify(self, token: str) -> Identity:
        """Say who a token is."""
        if token not in self.tokens:
            raise Unauthorised("expected a known token, came another one: ask an admin")
        return self.tokens[token]

    def picture(self, image: str) -> bytes | None:
        """Find a label's picture."""
        return label_picture(image) if image.startswith("label-") else None


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Give the settings of the shop, from its store.toml."""
    return load(Path(__file__).parent / "store.toml")


@pytest.fixture(scope="module")
def served(settings: Settings) -> Iterator[Shop]:
    """Serve the pages of a shop on loopback; once per module, for NiceGUI knows one at a time."""
    shop = Shop()
    with serving(pages_of(shop, settings)) as shop.address:
        yield shop


@pytest.fixture(scope="module")
def served_bare() -> Iterator[Shop]:
    """Serve the pages of a shop of which nothing is configured but its name."""
    store = {"id": "n", "name": NEW_NAME, "timezone": "Europe/Berlin", "currency": "EUR"}
    shop = Shop(tokens={"token-admin": Identity("Kim", Role.admin)})
    shop.change(shelves=(), labels=(), lanes=(), devices=(), sinks=(), people_by_zone={})
    with serving(pages_of(shop, Settings.model_validate({"store": store}))) as shop.address:
        yield shop


def pages_of(shop: Shop, settings: Settings) -> FastAPI:
    """Make an application with nothing but the shop's pages."""
    app = FastAPI()
    site.mount(
        app,
        settings=settings,
        view=shop.look,
        identify=shop.identify,
        picture=shop.picture,
        secret="a secret of this test",  # noqa: S106  (signs the cookies of this test only)
    )
    return app


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Run a real uvicorn in a thread, on a free port of loopback; gives its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="websockets-sansio"))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start in time"
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(20)


@pytest.fixture
def shop(served: Shop) -> Shop:
    """Give the shop as on an ordinary day, with one token for each role."""
    served.tokens = {
        f"token-{role.name}": Identity(f"{role.name.title()} Li", role) for role in Role
    }
    served.view = replace(quiet_shop(datetime.now(UTC)), position=served.view.position + 1)
    return served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the browser; once per module, for its event loop would be in the way of others'."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@dataclass
class Noise:
    """What a page said on its console, and where it went for its parts."""

    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def listen(self, context: BrowserContext) -> None:
        """Note everything from all pages of a browser context."""
        context.on("console", self._hear)
        context.on("weberror", lambda fault: self.errors.append(str(fault.error)))
        context.on("request", lambda request: self.requests.append(request.url))

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"}:
            self.errors.append(said.text)


@pytest.fixture
def noise() -> Noise:
    """Give the noise of the test's own browser context."""
    return Noise()


@pytest.fixture
def context(browser: Browser, shop: Shop, noise: Noise) -> Iterator[BrowserContext]:
    """Give a fresh browser profile that speaks English."""
    opened = browser.new_context(
        base_url=shop.address, locale="en-GB", viewport={"width": 1440, "height": 900}
    )
    opened.set_default_timeout(10_000)
    noise.listen(opened)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Give a page that is not signed in."""
    return context.new_page()


@pytest.fixture(scope="module")
def serve() -> Callable[[FastAPI], AbstractContextManager[str]]:
    """Give what serves an application that a test has put together."""
    return serving


SignIn = Callable[[Page, str], None]


@pytest.fixture
def sign_in() -> SignIn:
    """Give the way in, as a person takes it."""

    def enter(page: Page, token: str) -> None:
        page.goto("/")
        page.get_by_label("Access token").fill(token)
        page.get_by_role("button", name="Sign in").click()
        page.locator("[data-figure=people]").wait_for()

    return enter


@pytest.fixture
def home(page: Page, sign_in: SignIn) -> Page:
    """Give the home page, signed in as a viewer."""
    sign_in(page, "token-viewer")
    return page
