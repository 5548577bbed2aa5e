"""The HTTP and WebSocket calls of an OpenEPaperLink access point, and what it answers.

It is a small machine without authentication: callers ask one thing after the other.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator

import httpx
import msgspec
import structlog
from msgspec import Struct, field
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from edge.errors import StoreEdgeError

TIMEOUT_S = 10.0
LISTEN_S = 0.2
FAREWELL_S = 1.0
VERSION_BYTES = 8
POSITIONS = 256  # the access point keeps `pos` in a byte: beyond it, pages begin anew
LEAST_RESET = 0xE0  # from here on, a wake-up reason is a kind of boot
LEAST_NAP_S = 120  # a label in use checks in about once a minute
CONTENT_MODE = 24
NO_DITHERING = 0

_log = structlog.get_logger(__name__)


class AccessPointAway(StoreEdgeError):  # noqa: N818  (nothing is wrong with what was asked)
    """The access point did not answer, or is not running yet: ask again later."""


class UnknownLabel(StoreEdgeError):  # noqa: N818  (the same)
    """The access point has not heard of this label; it does once the label checks in."""


class Record(Struct, frozen=True):
    """What the access point knows of a label; times are epoch seconds of its own clock.

    `hash` begins with the version that it believes to be on the label, in hex; `nextcheckin` is
    when it expects the label at the latest.
    """

    mac: str
    hash: str
    lastseen: int
    pending: int
    updatecount: int
    updatelast: int
    wakeup: int = field(name="wakeupReason", default=0)
    battery_mv: int = field(name="batteryMv", default=0)
    rssi: int = field(name="RSSI", default=0)
    temperature: int = 0
    nextcheckin: int = 0

    def has(self, version: str) -> bool:
        """Say whether this version was transferred, as far as the access point knows."""
        return self.hash.startswith(version)

    @property
    def naps(self) -> bool:
        """Say whether the label sleeps for minutes between its check-ins."""
        return self.nextcheckin - self.lastseen > LEAST_NAP_S

    @property
    def reset(self) -> bool:
        """Say whether the label's last check-in came from a boot: it may have failed to draw."""
        return self.wakeup >= LEAST_RESET


class _Page(Struct, frozen=True):
    tags: tuple[Record, ...] = ()
    continu: int | None = None


class _Said(Struct, frozen=True):
    tags: tuple[Record, ...] = ()
    error: str | None = field(name="errMsg", default=None)


_page = msgspec.json.Decoder(_Page)
_said = msgspec.json.Decoder(_Said)


def version_of(data: bytes) -> str:
    """Give the version of a picture: the first 8 bytes of the MD5 of the converted file, in hex."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()[: 2 * VERSION_BYTES]


class AccessPoint:
    """One access point at `address` (`http://host`).

    Every call raises AccessPointAway when there is no proper answer, and UnknownLabel when the
    access point does not know the MAC.
    """

    def __init__(self, address: str) -> None:
        """Prepare; nothing is sent yet."""
        self._client = httpx.Client(base_url=address, timeout=TIMEOUT_S)

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def record(self, mac: str) -> Record:
        """Give a label's record as it stands now."""
        found = self._page(mac=mac).tags
        if not found:
            raise UnknownLabel(f"expected a record of {mac}, came none: let the label check in")
        return found[0]

    def records(self, macs: Iterable[str]) -> Iterator[Record]:
        """Give the records of these labels, one call each time that more are asked for.

        Pages reach the first 256 records only; whoever is not on them is asked for by its MAC.
        """
        left = dict.fromkeys(macs)
        pos: int | None = 0
        while pos is not None and pos < POSITIONS:
            page = self._page(pos=str(pos))
            for record in page.tags:
                if record.mac in left:
                    del left[record.mac]
                    yield record
            pos = page.continu if page.continu and page.continu > pos else None
        for mac in left:
            yield from self._page(mac=mac).tags

    def clear(self, mac: str) -> None:
        """Empty a label's queue; a transfer that has begun goes on."""
        self._post("/tag_cmd", {"mac": mac, "cmd": "clear"})

    def forget(self, mac: str) -> None:
        """Let the access point forget which picture a label has, so that it sends it again."""
        self._post("/tag_cmd", {"mac": mac, "cmd": "refresh"})

    def upload(self, mac: str, jpeg: bytes) -> None:
        """Hand a picture over; it is converted and queued some time later, or never."""
        form = {"mac": mac, "dither": str(NO_DITHERING), "contentmode": str(CONTENT_MODE)}
        self._post("/imgupload", form, {"file": (f"{mac}.jpg", jpeg, "image/jpeg")})

    def converted(self, mac: str) -> bytes | None:
        """Give the file of the picture that was queued last; None when there is none."""
        answer = self._call("GET", "/getdata", params={"mac": mac}, may_lack=True)
        return None if answer.status_code == httpx.codes.NOT_FOUND else answer.content

    def flash(self, mac: str, pattern: bytes) -> None:
        """Queue an LED pattern of 12 bytes."""
        self._call("GET", "/led_flash", params={"mac": mac, "pattern": pattern.hex()})

    def _page(self, **params: str) -> _Page:
        answer = self._call("GET", "/get_db", params=params)
        try:
            return _page.decode(answer.content)
        except msgspec.MsgspecError as fault:
            raise AccessPointAway(f"/get_db: expected records, came {fault}") from fault

    def _post(
        self,
        path: str,
        form: dict[str, str],
        files: dict[str, tuple[str, bytes, str]] | None = None,
    ) -> None:
        self._call("POST", path, data=form, files=files)

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        data: dict[str, str] | None = None,
        files: dict[str, tuple[str, bytes, str]] | None = None,
        may_lack: bool = False,
    ) -> httpx.Response:
        try:
            answer = self._client.request(method, path, params=params, data=data, files=files)
        except httpx.TransportError as fault:
            raise AccessPointAway(f"{path}: expected an answer, came {fault!r}") from fault
        if answer.status_code == httpx.codes.BAD_REQUEST:
            raise UnknownLabel(f"{path}: {answer.text}")
        lacks = may_lack and answer.status_code == httpx.codes.NOT_FOUND
        if not (answer.is_success or lacks):
            raise AccessPointAway(f"{path}: expected 200, came {answer.status_code}")
        return answer


class Ear:
    """Listens to the WebSocket on a thread of its own, and connects again for as long as it runs.

    What it hears is only a hint to look: it may be late, and what was said while it was away is
    lost. `on_record` gets records, `on_error` the text of an `errMsg`.
    """

    def __init__(
        self,
        address: str,
        on_record: Callable[[Record], None],
        on_error: Callable[[str], None],
        pauses: tuple[float, float],
    ) -> None:
        """Prepare; the `pauses` before a new connection double from the first to the last."""
        self._url = f"{address.replace('http', 'ws', 1)}/ws"
        self._on_record = on_record
        self._on_error = on_error
        self._pauses = pauses
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="access point's news")

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no longer."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        first, longest = self._pauses
        pause = first
        while not self._stop.is_set():
            try:
                with self._connected() as socket:
                    pause = first
                    while not self._stop.is_set():
                        self._listen(socket.recv)
            except (OSError, WebSocketException) as fault:
                _log.info("the access point says nothing", url=self._url, why=str(fault))
            self._stop.wait(pause)
            pause = min(2 * pause, longest)

    def _connected(self) -> ClientConnection:
        return connect(
            self._url, open_timeout=TIMEOUT_S, close_timeout=FAREWELL_S, compression=None
        )

    def _listen(self, receive: Callable[[float], str | bytes]) -> None:
        try:
            said = _said.decode(receive(LISTEN_S))
        except TimeoutError:
            return
        except msgspec.MsgspecError as fault:
            _log.warning("the access point said what nobody can read", why=str(fault))
            return
        for record in said.tags:
            self._on_record(record)
        if said.error is not None:
            self._on_error(said.error)
