"""The event log for readers: pages, server-sent events, WebSocket; all resume from a position."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from typing import Annotated

import msgspec
from fastapi import APIRouter, Header, Query, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from edge.access import Role
from edge.api.desk import Bearer, Desk, DeskDep, viewer
from edge.api.shapes import LARGEST, Limit, Position
from edge.errors import ContractError, Refused, StoreEdgeError, Unauthorised
from edge.wire import LoggedEvent, encode_cloudevent, encode_cloudevents

router = APIRouter(tags=["events"])

HELLO_S = 10.0  # how long a WebSocket may take to say where it wants to begin
PARTING_S = 30.0  # how long a reader that stands still may take to hear that it was too slow
RECHECK_S = 1.0  # how often a follower's token is looked at again: it may have been revoked
QUIET_ROUNDS = 15  # a comment after so many of them keeps proxies from closing a quiet stream
# WebSocket close codes: 4000-4999 are an application's own (RFC 6455, 7.4.2).
CLOSE_BAD_HELLO, CLOSE_UNAUTHORISED, CLOSE_TOO_SLOW = 4400, 4401, 4408
REASON_BYTES = 120  # a close frame holds 123 (RFC 6455, 5.5)

Pattern = Annotated[str, msgspec.Meta(max_length=100)]
Types = Annotated[
    list[Annotated[str, Query(max_length=100)]] | None,
    Query(alias="type", description="patterns: store.stock.*", max_length=100),
]
_CONTENT = {
    "application/cloudevents-batch+json": {"schema": {"type": "array", "items": {}}},
    "text/event-stream": {"schema": {"type": "string"}},
}


class Hello(msgspec.Struct, frozen=True):
    """The first message of a WebSocket: where to begin, what to send, and the token."""

    after: Annotated[int, msgspec.Meta(ge=0, le=LARGEST)] | None = None
    types: Annotated[tuple[Pattern, ...], msgspec.Meta(max_length=100)] = ("*",)
    token: str | None = None


_hello = msgspec.json.Decoder(Hello)


@router.get(
    "/events",
    dependencies=[viewer],
    response_class=Response,
    responses={200: {"description": "CloudEvents", "content": _CONTENT}},
)
async def read_events(
    desk: DeskDep,
    request: Request,
    bearer: Bearer,
    after: Position | None = None,
    kinds: Types = None,
    limit: Limit = 100,
    last_event_id: Annotated[str | None, Header(pattern=r"^[0-9]{1,15}$")] = None,
) -> Response:
    """Give a page of CloudEvents, or follow them for ever with `Accept: text/event-stream`."""
    types = tuple(kinds or ("*",))
    if last_event_id is not None:
        after = int(last_event_id)
    start = await _position(desk, after)
    if bearer is not None and "text/event-stream" in request.headers.get("accept", ""):
        stream = _stream(desk, start, types, bearer.credentials)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)
    events = await run_in_threadpool(desk.log.page, after or 0, limit, types)
    body = encode_cloudevents(events, desk.settings.store.id)
    return Response(body, media_type="application/cloudevents-batch+json")


async def _position(desk: Desk, after: int | None) -> int:
    """Give where to begin; without a position, now.

    Raises Refused for a position that the log never had: its reader would wait for ever.
    """
    if after is None:
        return desk.feed.head
    head = desk.feed.head
    if after > head:  # a page may have told of events that the feed is about to hear of
        head = await run_in_threadpool(desk.log.head)
    if after > head:
        raise Refused(
            f"expected a position up to {head}, the newest event, came {after}: "
            "the log began anew, start from 0",
            "after",
        )
    return after


async def _portions(
    desk: Desk, after: int, types: tuple[str, ...], token: str
) -> AsyncGenerator[list[LoggedEvent], None]:
    """Follow the log; a quiet second gives an empty portion. Raises Unauthorised once revoked."""
    loop = asyncio.get_running_loop()
    follow = desk.feed.follow(after, types)
    waiting = asyncio.ensure_future(anext(follow))
    checked = loop.time()
    try:
        while True:
            done, _ = await asyncio.wait({waiting}, timeout=RECHECK_S)
            if loop.time() - checked >= RECHECK_S:
                await run_in_threadpool(desk.identify, token)
                checked = loop.time()
            if not done:
                yield []
                continue
            yield waiting.result()
            waiting = asyncio.ensure_future(anext(follow))
    finally:
        waiting.cancel()


async def _stream(
    desk: Desk, after: int, types: tuple[str, ...], token: str
) -> AsyncIterator[bytes]:
    quiet = 0
    async with aclosing(_portions(desk, after, types, token)) as portions:
        with suppress(Unauthorised):
            async for portion in portions:
                quiet = 0 if portion else quiet + 1
                if quiet and quiet % QUIET_ROUNDS == 0:
                    yield b": still here\n\n"
                for event in portion:
                    yield _sent(event, desk.settings.store.id)


def _sent(event: LoggedEvent, store: str) -> bytes:
    body = encode_cloudevent(event, store)
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.position, event.type.encode(), body)


@router.websocket("/live")
async def live(socket: WebSocket) -> None:
    """Follow the events: the first message says where to begin, each further one is an event."""
    desk: Desk = socket.app.state.desk
    await socket.accept()
    try:
        hello = await _greet(socket)
        token = await _let_in(desk, socket, hello)
        after = await _position(desk, hello.after)
        await _follow(desk, socket, _portions(desk, after, hello.types, token))
    except WebSocketDisconnect:
        return
    except Unauthorised as refusal:
        await _close(socket, CLOSE_UNAUTHORISED, str(refusal))
    except _TooSlow:
        await _close(socket, CLOSE_TOO_SLOW, "too slow: resume from the last sequence")
    except (StoreEdgeError, TimeoutError) as refusal:
        await _close(socket, CLOSE_BAD_HELLO, str(refusal) or "no first message came")


async def _greet(socket: WebSocket) -> Hello:
    async with asyncio.timeout(HELLO_S):
        message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message["code"])
    try:
        return _hello.decode(message.get("text") or message.get("bytes") or "")
    except msgspec.MsgspecError as fault:
        expected = '{"after": 12, "types": ["store.*"]}'
        raise ContractError("hello", expected, str(fault)) from fault


async def _let_in(desk: Desk, socket: WebSocket, hello: Hello) -> str:
    scheme, _, token = socket.headers.get("authorization", "").partition(" ")
    given = token if scheme.lower() == "bearer" else hello.token
    if not given:
        raise Unauthorised("expected a token in the Authorization header or the first message")
    (await run_in_threadpool(desk.identify, given)).require(Role.viewer)
    return given


async def _follow(
    desk: Desk, socket: WebSocket, portions: AsyncGenerator[list[LoggedEvent], None]
) -> None:
    telling = asyncio.create_task(_tell(desk, socket, portions), name="live telling")
    leaving = asyncio.create_task(_until_it_leaves(socket), name="live leaving")
    try:
        await asyncio.wait({telling, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if telling.done():
            telling.result()
    finally:
        telling.cancel()
        leaving.cancel()


async def _tell(
    desk: Desk, socket: WebSocket, portions: AsyncGenerator[list[LoggedEvent], None]
) -> None:
    async with aclosing(portions):
        async for portion in portions:
            for event in portion:
                text = encode_cloudevent(event, desk.settings.store.id).decode()
                try:
                    async with asyncio.timeout(desk.patience_s):
                        await socket.send_text(text)
                except TimeoutError as late:
                    raise _TooSlow from late


async def _until_it_leaves(socket: WebSocket) -> None:
    """Read on: a reader has nothing more to say, and what it says is ignored."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    """Say why; a reader that does not even take that is left to the server."""
    short = reason.encode()[:REASON_BYTES].decode(errors="ignore")
    with suppress(TimeoutError, WebSocketDisconnect):
        async with asyncio.timeout(PARTING_S):
            await socket.close(code, short)


class _TooSlow(StoreEdgeError):  # noqa: N818  (a state of the reader)
    """A reader did not take an event in time."""
