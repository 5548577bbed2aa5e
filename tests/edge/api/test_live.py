"""The live feed over WebSocket: where it begins, what it tells, and whom it leaves behind."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from websockets.asyncio.client import connect as connect_later
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from edge.tokens import create, revoke

if TYPE_CHECKING:
    from tests.edge.api.conftest import Shop

READERS = 20
EVENTS = 5_000
LANGUAGES = [f"l{n}" for n in range(20)]


def hello(shop: Shop, token: str = "", **more: Any) -> Connection:
    """Connect, say where to begin, and give the connection."""
    live = connect(shop.live())
    live.send(json.dumps({"token": token or shop.tokens["viewer"], **more}))
    return live


def products(shop: Shop, count: int, **more: Any) -> list[str]:
    """Put products in requests of 500 and give their GTINs."""
    gtins = [shop.gtin() for _ in range(count)]
    for start in range(0, count, 500):
        rows = [{"gtin": gtin, "name": "P", **more} for gtin in gtins[start : start + 500]]
        shop.api().put("/products", json=rows).raise_for_status()
    return gtins


def take(live: Connection, count: int) -> list[dict[str, Any]]:
    """Take so many events."""
    return [msgspec.json.decode(live.recv(timeout=20)) for _ in range(count)]


def test_feed_resumes_from_a_position(new_shop: Shop) -> None:
    """Everything after a position comes first, in order, then what happens."""
    gtins = products(new_shop, 10)
    with hello(new_shop, after=0, types=["store.product.*"]) as live:
        first = take(live, 6)
    with hello(new_shop, after=int(first[-1]["sequence"]), types=["store.product.*"]) as live:
        rest = take(live, 4)
        more = products(new_shop, 2)
        rest += take(live, 2)
    assert [event["subject"] for event in first + rest] == gtins + more
    assert first[0]["source"] == "/store/test"


def test_feed_begins_now_without_a_position(new_shop: Shop) -> None:
    """A reader that names no position is told of what happens from now on."""
    products(new_shop, 3)
    with hello(new_shop, types=["store.product.*"]) as live:
        live.ping().wait(20)
        (later,) = products(new_shop, 1)
        assert take(live, 1)[0]["subject"] == later


def test_patterns_choose_the_events(new_shop: Shop) -> None:
    """Only events of the wanted types come."""
    gtin = new_shop.priced(100)
    with hello(new_shop, after=0, types=["store.price.eff*"]) as live:
        (event,) = take(live, 1)
    assert (event["type"], event["subject"]) == ("store.price.effective.v1", gtin)


def test_token_may_come_in_the_header(new_shop: Shop) -> None:
    """A program sends its token in the Authorization header."""
    products(new_shop, 1)
    headers = {"Authorization": f"Bearer {new_shop.tokens['viewer']}"}
    with connect(new_shop.live(), additional_headers=headers) as live:
        live.send('{"after":0}')
        assert take(live, 1)


def test_what_a_reader_says_later_is_ignored(new_shop: Shop) -> None:
    """The contract grows: a further message of a reader does not end the feed."""
    with hello(new_shop, after=0, types=["store.product.*"]) as live:
        live.send("thank you")
        live.send(b"\x00\x01")
        products(new_shop, 1)
        assert take(live, 1)


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ("", 4400),
        ("[", 4400),
        ("[]", 4400),
        ('"\\ud800"', 4400),
        (b"\xff\x00", 4400),
        ('{"after":"12"}', 4400),
        ('{"after":-1}', 4400),
        (json.dumps({"after": 10**30}), 4400),
        ('{"types":"store.*"}', 4400),
        (json.dumps({"types": ["*"] * 200}), 4400),
        (json.dumps({"types": ["x" * 200]}), 4400),
        ("{" * 10_000, 4400),
        ("{}", 4401),
        ('{"after":0,"token":""}', 4401),
        ('{"after":0,"token":"se_unknown"}', 4401),
    ],
)
def test_wrong_hello_is_closed_with_a_reason(shop: Shop, first: str | bytes, code: int) -> None:
    """A first message that is not as the contract says, or has no valid token, ends the talk."""
    with connect(shop.live()) as live:
        live.send(first)
        with pytest.raises(ConnectionClosed) as closed:
            live.recv(timeout=20)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, bool(closed.value.rcvd.reason)) == (code, True)


def test_position_that_the_log_never_had_is_refused(shop: Shop) -> None:
    """A position beyond the newest event would wait for ever: the reader is told so."""
    with hello(shop, after=10**9) as live, pytest.raises(ConnectionClosed) as closed:
        live.recv(timeout=20)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4400
    assert "expected a position up to" in closed.value.rcvd.reason


def test_revoked_token_is_shut_out(new_shop: Shop) -> None:
    """A feed is closed soon after its token was revoked."""
    token = create(new_shop.settings, "leaver", "viewer")
    products(new_shop, 1)
    with hello(new_shop, token, after=0, types=["store.product.*"]) as live:
        take(live, 1)
        revoke(new_shop.settings, "leaver")
        with pytest.raises(ConnectionClosed) as closed:
            live.recv(timeout=20)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


def test_reader_that_leaves_before_its_hello_harms_nobody(shop: Shop) -> None:
    """Who connects and leaves without a word is forgotten."""
    for _ in range(3):
        connect(shop.live()).close()
    products(shop, 1)
    with hello(shop, after=0) as live:
        assert take(live, 1)


def test_reader_that_does_not_read_is_closed_and_others_go_on(new_shop: Shop) -> None:
    """One reader stands still: it is told so and closed, while another one gets everything."""
    idle = _silent_reader(new_shop)
    gtins: list[str] = []
    with hello(new_shop, after=0, types=["store.product.*"]) as live:
        # 2 MB at a time, more than the kernel keeps for a connection that nobody reads, and for
        # longer than the shop has patience.
        patience = time.monotonic() + 4 * new_shop.desk.patience_s
        while len(gtins) < 3000 or time.monotonic() < patience:
            gtins += products(new_shop, 500, names=dict.fromkeys(LANGUAGES, "N" * 200))
            events = take(live, 500)
            assert [event["subject"] for event in events] == gtins[-500:]
    tail = _read_up_to(idle, b"too slow")
    assert (4408).to_bytes(2, "big") + b"too slow" in tail


def _silent_reader(shop: Shop) -> socket.socket:
    """Greet the feed by hand, without compression, and read nothing from then on."""
    idle = socket.socket()
    idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    idle.settimeout(20)
    idle.connect(("127.0.0.1", shop.port))
    key = base64.b64encode(os.urandom(16)).decode()
    idle.sendall(
        f"GET /api/v1/live HTTP/1.1\r\nHost: shop\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
        f"Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += idle.recv(1)
    body = json.dumps({"after": 0, "token": shop.tokens["viewer"]}).encode()
    mask = bytes(4)  # a mask of zeros leaves the text as it is (RFC 6455, 5.3)
    idle.sendall(bytes([0x81, 0x80 | 126]) + len(body).to_bytes(2, "big") + mask + body)
    return idle


def _read_up_to(idle: socket.socket, text: bytes) -> bytes:
    """Read what is left up to a text, or to the end, and give the last of it."""
    tail = b""
    while text not in tail and (more := idle.recv(1 << 20)):
        tail = (tail + more)[-4096:]
    idle.close()
    return tail


def test_twenty_readers_get_everything_in_order(new_shop: Shop) -> None:
    """While thousands of events are written, each of many readers gets all of them in order."""
    written: list[str] = []
    writer = threading.Thread(target=lambda: written.extend(products(new_shop, EVENTS)))
    writer.start()
    seen = asyncio.run(_listen(new_shop))
    writer.join()
    assert len(written) == EVENTS
    for subjects in seen:
        assert subjects == written


async def _listen(shop: Shop) -> list[list[str]]:
    return list(await asyncio.gather(*(_reader(shop) for _ in range(READERS))))


async def _reader(shop: Shop) -> list[str]:
    first = {"after": 0, "types": ["store.product.*"], "token": shop.tokens["viewer"]}
    subjects: list[str] = []
    async with connect_later(shop.live()) as live:
        await live.send(json.dumps(first))
        while len(subjects) < EVENTS:
            subjects.append(msgspec.json.decode(await live.recv())["subject"])
    return subjects
