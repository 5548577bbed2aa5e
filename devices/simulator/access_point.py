"""An OpenEPaperLink access point with its labels, emulated behind a real HTTP server.

Beside the protocol it tells the truth: what is on the glass of each label, whatever the access
point believes. Not imitated: other content than pictures, dithering, rotation, preloaded slots,
and labels that roam between access points. While it is down it answers 500 instead of nothing.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Annotated, Any, Self

import msgspec
import uvicorn
from fastapi import FastAPI, Form, Request, Response, UploadFile, WebSocket, WebSocketDisconnect

from devices.simulator.access_point_air import Air, Habits

PAGE_BYTES = 5000
POSITIONS = 256  # `pos` is a byte
SYS_S = 5.0
BEAT_S = 0.01
PATTERN_BYTES = 12
RUNNING = 2
CLOSED = 1001
FLASH = bytes.fromhex("813c130ae4530a03a30a0200")  # thrice green, red and blue, ever slower
TAG_TYPE = {
    "name": "2.9 inches, black, white and red",
    "width": 296,
    "height": 128,
    "bpp": 2,
    "colortable": {"white": [255, 255, 255], "black": [0, 0, 0], "red": [255, 0, 0]},
}


class EmulatedAccessPoint:
    """One access point on loopback whose time passes `speed` times as fast as ours.

    `with` starts and stops the server. Durations are seconds of its own time.
    """

    def __init__(
        self, macs: Sequence[str], seed: int = 1, *, habits: Habits | None = None, speed: float = 1
    ) -> None:
        """Take the labels' MACs, 16 upper-case hex digits each."""
        self._air = Air(macs, seed, habits or Habits())
        self._lock = threading.Lock()
        self._speed = speed
        self._epoch, self._began = self._air.now, time.monotonic()
        self._failing = 0
        self.sockets: set[WebSocket] = set()
        self.closing = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        config = uvicorn.Config(
            _surface(self), ws="websockets-sansio", log_level="warning", access_log=False
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._listener]}, name="access point"
        )

    def __enter__(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()

    @contextmanager
    def air(self) -> Iterator[Air]:
        """Give what is behind the access point, as it stands now, to nobody else meanwhile."""
        with self._lock:
            self._air.advance(self._epoch + (time.monotonic() - self._began) * self._speed)
            yield self._air

    def glass(self, mac: str) -> bytes:
        """Give the truth: the pixels that a label shows, as `planes` packs them."""
        with self.air() as air:
            return air.labels[mac].glass

    def flashes(self, mac: str) -> list[bytes]:
        """Give the LED patterns that a label has played."""
        with self.air() as air:
            return list(air.labels[mac].flashes)

    def put_to_sleep(self, mac: str, seconds: float) -> None:
        """Let a label miss all check-ins for so long."""
        with self.air() as air:
            air.labels[mac].asleep_until = air.now + seconds

    def crash(self, down_s: float, *, saved: bool = False) -> None:
        """Restart; `saved` when its records were written first, as at a wanted reboot."""
        with self.air() as air:
            air.crash(down_s, saved=saved)
        self.drop_sockets()

    def drop_sockets(self) -> None:
        """Close all WebSockets."""
        self.closing = True

    def fail(self, calls: int) -> None:
        """Answer so many calls with 500."""
        self._failing = calls

    def fails(self) -> bool:
        """Say whether this call is to fail, and count it."""
        with self.air() as air:
            if self._failing:
                self._failing -= 1
                return True
            return not air.up

    def news(self, told: float) -> tuple[list[str], float]:
        """Give what there is to say, and when `sys` (due after `told`) was said last."""
        with self.air() as air:
            if air.now - told >= SYS_S:
                air.say(sys=_system(air))
                told = air.now
            said = list(air.outbox)
            air.outbox.clear()
            return (said if air.up else []), told


def page(air: Air, pos: int) -> bytes:
    """Give the records from `pos` on, which wraps at 256; `continu` is where the next page begins.

    A page ends with the record that makes it longer than 5,000 bytes.
    """
    records = list(air.records.values())
    told: dict[str, Any] = {"tags": []}
    for place in range(pos % POSITIONS, len(records)):
        told["tags"].append(records[place].told())
        if len(msgspec.json.encode(told)) > PAGE_BYTES:
            told["continu"] = place + 1
            break
    return msgspec.json.encode(told)


def _system(air: Air) -> dict[str, Any]:
    return {
        "currtime": int(air.now),
        "heap": 120_000,
        "recordcount": len(air.records),
        "dbsize": 1000 * len(air.records),
        "apstate": 1,
        "runstate": RUNNING if air.running else 0,
        "rssi": -50,
        "uptime": int(air.now - air.started),
    }


def _surface(point: EmulatedAccessPoint) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=_speaking(point))

    @app.middleware("http")
    async def _answer(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        return Response(status_code=500) if point.fails() else await call_next(request)

    _take(app, point)
    _obey(app, point)
    _tell(app, point)

    @app.websocket("/ws")
    async def _listen(websocket: WebSocket) -> None:
        await websocket.accept()
        point.sockets.add(websocket)
        try:
            while True:
                await websocket.receive_text()
        except WebSocketDisconnect:
            point.sockets.discard(websocket)

    return app


def _speaking(point: EmulatedAccessPoint) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        speaker = asyncio.create_task(_speak(point))
        yield
        speaker.cancel()

    return lifespan


async def _speak(point: EmulatedAccessPoint) -> None:
    told = 0.0
    while True:
        said, told = point.news(told)
        closing, point.closing = point.closing, False
        for websocket in list(point.sockets):
            # A listener that left in between is taken out by its own route.
            with suppress(WebSocketDisconnect, RuntimeError):
                for message in said:
                    await websocket.send_text(message)
                if closing:
                    await websocket.close(CLOSED)
        await asyncio.sleep(BEAT_S)


def _take(app: FastAPI, point: EmulatedAccessPoint) -> None:
    @app.post("/imgupload")
    async def _upload(
        mac: Annotated[str, Form()], file: UploadFile, contentmode: Annotated[int, Form()] = 24
    ) -> Response:
        jpeg = await file.read()
        with point.air() as air:
            if not air.running:
                return Response("Come back later", 409)
            if mac not in air.records:
                return Response("mac not found", 400)
            air.upload(mac, jpeg, contentmode)
        return Response("Ok, saved")


def _obey(app: FastAPI, point: EmulatedAccessPoint) -> None:
    @app.post("/tag_cmd")
    async def _command(mac: Annotated[str, Form()], cmd: Annotated[str, Form()]) -> Response:
        with point.air() as air:
            if mac not in air.records:
                return Response("Error: mac not found", 400)
            if cmd == "clear":
                air.clear(mac)
            elif cmd == "refresh":
                air.refresh(mac)
            elif cmd == "ledflash":
                air.flash(mac, FLASH)
            else:
                return Response(f"{cmd} is not imitated", 501)
        return Response("Ok, done")

    @app.get("/led_flash")
    async def _flash(mac: str, pattern: str) -> Response:
        try:
            asked = bytes.fromhex(pattern)
        except ValueError:
            asked = b""
        with point.air() as air:
            if mac not in air.records or len(asked) != PATTERN_BYTES:
                return Response("Error: expects a mac and 12 hex bytes in pattern", 400)
            air.flash(mac, asked)
        return Response("ok, request transmitted")

    @app.post("/reboot")
    async def _reboot() -> Response:
        point.crash(5.0, saved=True)
        return Response("OK Reboot")


def _tell(app: FastAPI, point: EmulatedAccessPoint) -> None:
    @app.get("/get_db")
    async def _records(mac: str | None = None, pos: int = 0) -> Response:
        with point.air() as air:
            if mac is None:
                body = page(air, pos)
            else:
                found = [air.records[mac].told()] if mac in air.records else []
                body = msgspec.json.encode({"tags": found})
        return Response(body, media_type="application/json")

    @app.get("/getdata")
    async def _data(mac: str, md5: str | None = None) -> Response:
        with point.air() as air:
            if mac not in air.records:
                return Response("No data available", 400)
            # Eight bytes are written last byte first, as in MACs.
            version = bytes.fromhex(md5 or "")[::-1]
            data = air.queued(mac, version) if md5 else air.records[mac].file
        return Response("File not found", 404) if data is None else Response(data)

    @app.get("/current/{name}")
    async def _current(name: str) -> Response:
        with point.air() as air:
            record = air.records.get(name.removesuffix(".raw"))
            data = record.current if record else None
        return Response(status_code=404) if data is None else Response(data)

    @app.get("/tagtypes/{name}")
    async def _tag_type(name: str) -> Response:
        known = name == "01.json"
        return Response(msgspec.json.encode(TAG_TYPE) if known else "", 200 if known else 404)

    @app.get("/sysinfo")
    async def _sysinfo() -> Response:
        body = msgspec.json.encode({"alias": "emulated", "env": "emulated", "hasH2": False})
        return Response(body, media_type="application/json")

    @app.get("/get_ap_config")
    async def _config() -> Response:
        config = {"channel": 11, "maxsleep": 10, "stopsleep": 1, "nightlyreboot": 1, "lock": 0}
        return Response(msgspec.json.encode(config), media_type="application/json")
