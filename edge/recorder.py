"""Writes a recording: files of a limited size, the oldest deleted, and never in anybody's way."""

from __future__ import annotations

import gzip
import os
import shutil
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

import structlog
from msgspec.structs import replace

from edge.errors import RecordingError
from edge.recording import PLAIN, Asked, Founded, Line, Linked, encode, read

MB = 2**20
RETRY_S = 1.0  # how often a disk that refused is asked again
_NAMES = "recording-*"
_TIME = "recording-%Y%m%dT%H%M%S.%fZ"

log = structlog.get_logger()


class Recorder:
    """Keeps lines in `folder`: at most `max_bytes` in all, in files of `file_bytes` or a quarter.

    A disk that refuses is told of once; lines are let go until it takes them again. Where some may
    be missing, after that and after each start, the link is recorded as away: what nobody recorded
    is no device's silence. A gateway's recording tells its `epoch`. `durable` waits for the disk.
    One owner, one thread.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int,
        file_bytes: int,
        epoch: int | None = None,
        durable: bool = False,
    ) -> None:
        """Prepare; the folder is made, and looked at, with the first line."""
        self._folder = folder
        self._max_bytes = max_bytes
        self._file_bytes = min(file_bytes, max_bytes // 4)
        self._epoch = epoch
        self._durable = durable
        self._file: FileIO | None = None
        self._path: Path | None = None
        self._size = 0
        self._bare = 0  # the size of a file that holds nothing but its head
        self._named: int | None = None  # the time in the newest file's name
        self._last: int | None = None  # the time of the newest line on disk
        self._whole = False  # whether nothing is missing after that line
        self._connected: bool | None = None
        self._number = 0
        self._missed = 0
        self._refused: float | None = None
        self._packer: threading.Thread | None = None

    def write(self, lines: Sequence[Line]) -> bool:
        """Write lines, in order of time; False when the disk did not take all of them."""
        if self._refused is not None and time.monotonic() - self._refused < RETRY_S:
            self._miss(lines)
            return False
        try:
            self._write(lines)
        except OSError as fault:
            self._give_up(fault)
            self._miss(lines)
            return False
        if self._refused is not None:
            with suppress(OSError):  # the log may be on the same disk
                log.info("recording goes on", folder=str(self._folder), missed=self._missed)
            self._refused, self._missed = None, 0
        return True

    def close(self) -> None:
        """End the file; raises nothing when the disk refuses even that."""
        with suppress(OSError):
            self._end()
        if self._packer is not None:
            self._packer.join()

    def _write(self, lines: Sequence[Line]) -> None:
        waiting, last = bytearray(), self._last
        for line in lines:
            if self._file is None:
                self._begin(line.at)
            text = encode(self._numbered(line))
            size = self._size + len(waiting)
            if size > self._bare and size + len(text) > self._file_bytes:
                self._put(waiting)
                self._last = last
                self._begin(line.at)
                text = encode(self._numbered(line))  # after the head, in number too
            waiting += text
            last = line.at
            if isinstance(line, Linked):
                self._connected = line.connected
        self._put(waiting)
        self._last = last

    def _numbered(self, line: Line) -> Line:
        if not isinstance(line, Asked | Linked):
            return line
        self._number += 1
        return replace(line, n=self._number)

    def _put(self, waiting: bytearray) -> None:
        """Write all that waits, or nothing of it."""
        if self._file is None or not waiting:
            return
        try:
            left = memoryview(bytes(waiting))
            while left:
                left = left[self._file.write(left) :]
            if self._durable:
                os.fsync(self._file.fileno())
        except OSError:
            with suppress(OSError):
                self._file.truncate(self._size)
            raise
        self._size += len(waiting)
        waiting.clear()

    def _begin(self, at: int) -> None:
        """Go over to a new file; it begins with what one must know to read it alone."""
        self._end()
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._named is None:
            self._named, self._last = _newest(self._folder)
        self._make_room()
        self._named = max(at, self._named + 1)  # the names sort, whatever the clock does
        path = self._folder / _name(self._named)
        self._file = path.open("xb", buffering=0)
        self._path, self._size, self._bare = path, 0, 0
        self._put(bytearray(b"".join(encode(self._numbered(line)) for line in self._head(at))))
        self._bare = self._size
        self._whole = True
        self._pack()

    def _head(self, at: int) -> list[Line]:
        head: list[Line] = []
        if not self._whole and self._last is not None:
            head.append(Linked(min(self._last + 1, at), connected=False))
        if self._epoch is not None:
            head.append(Founded(at, self._epoch))
        if self._connected is not None:
            head.append(Linked(at, self._connected))
        return head

    def _end(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _make_room(self) -> None:
        """Delete the oldest files until one more would be within the limit."""
        files = sorted(self._folder.glob(_NAMES))
        sizes = [_size(file) for file in files]
        total = sum(sizes) + self._file_bytes
        for file, size in zip(files, sizes, strict=True):
            if total <= self._max_bytes:
                return
            for now in _both(file):
                now.unlink(missing_ok=True)
            total -= size

    def _pack(self) -> None:
        """Have finished files packed beside the work; those that come meanwhile wait their turn."""
        if self._packer is None or not self._packer.is_alive():
            finished = [f for f in sorted(self._folder.glob(_NAMES + PLAIN)) if f != self._path]
            self._packer = threading.Thread(target=_pack, args=(finished,), name="recording")
            self._packer.start()

    def _give_up(self, fault: OSError) -> None:
        with suppress(OSError):
            self._end()
        if self._path is not None and self._size == self._bare:
            with suppress(OSError):
                self._path.unlink()
            self._path = None
        self._whole = False
        if self._refused is None:
            with suppress(OSError):
                log.warning(
                    "recording stopped until the disk takes it again",
                    folder=str(self._folder),
                    fault=str(fault),
                )
        self._refused = time.monotonic()

    def _miss(self, lines: Sequence[Line]) -> None:
        self._missed += len(lines)
        for line in lines:
            if isinstance(line, Linked):
                self._connected = line.connected


def _name(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC).strftime(_TIME)[:-4]}Z{PLAIN}"


def _newest(folder: Path) -> tuple[int, int | None]:
    """Give the time in the newest file's name, and that of its last line; -1 and None if none."""
    named: dict[int, Path] = {}
    for file in sorted(folder.glob(_NAMES)):
        with suppress(ValueError):
            named[_named(file)] = file
    if not named:
        return -1, None
    newest = max(named)
    last = newest
    try:
        for line in read(named[newest]):
            last = line.at
    except RecordingError as fault:
        log.warning("an earlier recording cannot be read", fault=str(fault))
    return newest, last


def _named(file: Path) -> int:
    stem = file.name.removesuffix(".gz").removesuffix(PLAIN)
    return round(datetime.strptime(stem, _TIME).replace(tzinfo=UTC).timestamp() * 1000)


def _size(file: Path) -> int:
    for now in _both(file):
        with suppress(FileNotFoundError):
            return now.stat().st_size
    return 0


def _both(file: Path) -> tuple[Path, Path]:
    """Give a file, and what it is called once it was packed: that may just have happened."""
    return file, file.with_name(file.name + ".gz")


def _pack(files: Sequence[Path]) -> None:
    for file in files:
        packed = file.with_name(file.name + ".gz")
        part = packed.with_name(packed.name + ".part")
        try:
            with file.open("rb") as plain, part.open("wb") as target:
                with gzip.open(target, "wb") as packing:
                    shutil.copyfileobj(plain, packing)
                os.fsync(target.fileno())
            part.rename(packed)
            file.unlink()
        except FileNotFoundError:  # it was the oldest meanwhile, and went
            packed.unlink(missing_ok=True)
        except OSError as fault:
            log.warning("a recording was not packed", file=str(file), fault=str(fault))
        with suppress(OSError):
            part.unlink(missing_ok=True)
