"""The event log for readers: pages, server-sent events, WebSocket; all resume from a position."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from fastapi import APIRouter, Header, Query, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from edge.access import Role
from edge.api.desk import Desk, DeskDep, viewer
from edge.api.shapes import Limit
from edge.errors import ContractError, StoreEdgeError, Unauthorised
from edge.wire import encode_cloudevent, encode_cloudevents

router = APIRouter(tags=["events"])

HELLO_S = 10.0  # how long a WebSocket may take to say where it wants to begin
SLOW_S = 10.0  # how long one send may take before the reader counts as too slow
IDLE_S = 15.0  # a comment keeps proxies from closing a quiet stream
# WebSocket close codes: 4000-4999 are an application's own (RFC 6455, 7.4.2).
CLOSE_BAD_HELLO, CLOSE_UNAUTHORISED, CLOSE_TOO_SLOW = 4400, 4401, 4408

Types = Annotated[list[str] | None, Query(alias="type", description="patterns: store.stock.*")]


class Hello(msgspec.Struct, frozen=True):
    """The first message of a WebSocket: where to begin, what to send, and the token."""

    after: int | None = None
    types: tuple[str, ...] = ("*",)
    token: str | None = None


_hello = msgspec.json.Decoder(Hello)


@router.get("/events", dependencies=[viewer])
async def read_events(
    desk: DeskDep,
    request: Request,
    after: int | None = None,
    kinds: Types = None,
    limit: Limit = 100,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Give a page of CloudEvents, or follow them for ever with `Accept: text/event-stream`."""
    types = tuple(kinds or ("*",))
    if "text/event-stream" in request.headers.get("accept", ""):
        if last_event_id is not None and last_event_id.isdecimal():
            after = int(last_event_id)
        stream = _stream(desk, desk.feed.head if after is None else after, types)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)
    events = await run_in_threadpool(desk.log.page, after or 0, limit, types)
    body = encode_cloudevents(events, desk.settings.store.id)
    return Response(body, media_type="application/cloudevents-batch+json")


async def _stream(desk: Desk, after: int, types: tuple[str, ...]) -> AsyncIterator[bytes]:
    follow = desk.feed.follow(after, types)
    waiting = asyncio.ensure_future(anext(follow))
    try:
        while True:
            done, _ = await asyncio.wait({waiting}, timeout=IDLE_S)
            if not done:
                yield b": still here\n\n"
                continue
            for event in waiting.result():
                body = encode_cloudevent(event, desk.settings.store.id)
                yield b"id: %d\nevent: %s\ndata: %s\n\n" % (
                    event.position,
                    event.type.encode(),
                    body,
                )
            waiting = asyncio.ensure_future(anext(follow))
    finally:
        waiting.cancel()


@router.websocket("/live")
async def live(socket: WebSocket) -> None:
    """Follow the events: the first message says where to begin, each further one is an event."""
    desk: Desk = socket.app.state.desk
    await socket.accept()
    try:
        hello = await _greet(socket)
        _let_in(desk, socket, hello)
    except Unauthorised as refusal:
        await socket.close(CLOSE_UNAUTHORISED, str(refusal)[:120])
        return
    except (StoreEdgeError, TimeoutError) as refusal:
        await socket.close(CLOSE_BAD_HELLO, str(refusal)[:120])
        return
    after = desk.feed.head if hello.after is None else hello.after
    await _follow(desk, socket, after, hello.types)


async def _greet(socket: WebSocket) -> Hello:
    text = await asyncio.wait_for(socket.receive_text(), HELLO_S)
    try:
        return _hello.decode(text)
    except msgspec.MsgspecError as fault:
        expected = '{"after": position, "types": ["store.stock.*"], "token": "..."}'
        raise ContractError("message", expected, str(fault)) from fault


def _let_in(desk: Desk, socket: WebSocket, hello: Hello) -> None:
    scheme, _, token = socket.headers.get("authorization", "").partition(" ")
    given = token if scheme.lower() == "bearer" else hello.token
    if not given:
        raise Unauthorised("expected a token in the Authorization header or the first message")
    desk.identify(given).require(Role.viewer)


async def _follow(desk: Desk, socket: WebSocket, after: int, types: tuple[str, ...]) -> None:
    closed = asyncio.ensure_future(socket.receive())  # a reader says nothing more until it leaves
    follow = desk.feed.follow(after, types)
    waiting = asyncio.ensure_future(anext(follow))
    try:
        while True:
            await asyncio.wait({waiting, closed}, return_when=asyncio.FIRST_COMPLETED)
            if closed.done():
                return
            for event in waiting.result():
                text = encode_cloudevent(event, desk.settings.store.id).decode()
                await asyncio.wait_for(socket.send_text(text), SLOW_S)
            waiting = asyncio.ensure_future(anext(follow))
    except TimeoutError:
        await socket.close(CLOSE_TOO_SLOW, "too slow: resume from the last sequence")
    except WebSocketDisconnect:
        return
    finally:
        waiting.cancel()
        closed.cancel()
