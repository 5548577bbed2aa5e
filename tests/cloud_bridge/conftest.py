"""Real servers on loopback: the web shop itself, and a receiver that misbehaves as it is told."""

from __future__ import annotations

import secrets
import socket
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
import uvicorn

from cloud_bridge.webhook import Webhook
from cloud_bridge.webshop import web_shop
from edge.events import Event
from edge.wire import LoggedEvent, encode_event

T0 = 1_800_000_000_000
PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Request:
    """What came to the receiver; header names are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """Someone's HTTP endpoint; `behaviour` is a status to answer with, "hang" or "close"."""

    behaviour: int | str = 204
    headers: dict[str, str] = field(default_factory=dict)
    text: bytes = b""
    requests: list[Request] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def url(self) -> str:
        """Where events go."""
        return f"http://127.0.0.1:{self.port}/webhook"


class _Server(ThreadingHTTPServer):
    """The HTTP server of one receiver."""

    def __init__(self, receiver: Receiver) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.receiver = receiver


class _Answers(BaseHTTPRequestHandler):
    """Answers as the receiver was told."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        """Note the request, then answer, say nothing, or hang up."""
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        receiver.requests.append(Request(self.path, headers, body))
        if receiver.behaviour == "hang":
            receiver.released.wait(PATIENCE_S)
        if isinstance(receiver.behaviour, str):
            self.close_connection = True
        else:
            self._answer(receiver, receiver.behaviour)

    def _answer(self, receiver: Receiver, status: int) -> None:
        self.send_response(status)
        for name, value in receiver.headers.items():
            self.send_header(name, value)
        if status != httpx.codes.NO_CONTENT:
            self.send_header("content-length", str(len(receiver.text)))
        self.end_headers()
        self.wfile.write(receiver.text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the library's name)
        """Keep the test's output clean."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Give a receiver that takes everything until it is told otherwise."""
    made = Receiver()
    with _Server(made) as server:
        made.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield made
        made.released.set()
        server.shutdown()
        thread.join(PATIENCE_S)


@pytest.fixture
def secret() -> str:
    """Give a new webhook secret."""
    return "whsec_" + b64encode(secrets.token_bytes(24)).decode()


@pytest.fixture
def shop_url(secret: str) -> Iterator[str]:
    """Give the address of a web shop that runs in a real server."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(web_shop(secret, "Corner <shop>"), ws="none", log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    # The socket listens already, so the first request waits until the server takes it.
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(PATIENCE_S)
    listener.close()


@pytest.fixture
def client(shop_url: str) -> Iterator[httpx.Client]:
    """Give a browser's connection to the web shop."""
    with httpx.Client(base_url=shop_url, timeout=PATIENCE_S) as made:
        yield made


@pytest.fixture
def state(client: httpx.Client) -> Callable[[], dict[str, Any]]:
    """Ask the web shop for all that it has taken."""

    def look() -> dict[str, Any]:
        found: dict[str, Any] = client.get("/state").json()
        return found

    return look


@pytest.fixture
def webhook(secret: str) -> Iterator[Callable[..., Webhook]]:
    """Make a webhook for an address, with the right secret unless another is given."""
    made: list[Webhook] = []

    def make(url: str, *, key: str = secret, timeout: float = PATIENCE_S) -> Webhook:
        made.append(Webhook("shop", url, key, "test", timeout))
        return made[-1]

    yield make
    for sink in made:
        sink.close()


@pytest.fixture
def logged() -> Callable[..., LoggedEvent]:
    """Put an event into a log's form; its id is made from its position unless one is given."""

    def make(event: Event, position: int = 1, event_id: str = "") -> LoggedEvent:
        name = event_id or f"event-{position}"
        data = encode_event(event)
        return LoggedEvent(position, name, event.type, event.subject, T0, data)

    return make
