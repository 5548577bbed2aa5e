"""Starts the processes of the box, restarts those that die, and stops them in reverse order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HEALTHY_S = 60.0
PAUSES_S = (1.0, 30.0)
"""Before a dead child comes back: at first, and at the most."""
GRACE_S = 8.0
LOOK_S = 0.2

_TETHER = Path(__file__).with_name("tether.py")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep running; `env` is added to our own environment."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Life:
    """One child's process, when it began, and when it may begin again (monotonic seconds)."""

    child: Child
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    due: float = 0.0
    pause: float = 0.0


class Supervisor:
    """Keeps children alive until it is told to stop; their output goes where ours goes.

    A child that dies comes back after 1, 2, 4 ... 30 s, and after 1 s again once it has lived for
    a minute. SIGINT and SIGTERM stop the children in reverse order, `grace` seconds each before
    SIGKILL. Each is in a session of its own, so Ctrl-C reaches it only in that order; when the
    supervisor itself is killed, the kernel kills the children (see tether.py).
    """

    def __init__(
        self,
        children: Sequence[Child],
        *,
        grace: float = GRACE_S,
        pauses: tuple[float, float] = PAUSES_S,
    ) -> None:
        """Take the children in the order of their start."""
        self._lives = [_Life(child) for child in children]
        self._grace = grace
        self._pauses = pauses
        self._signalled = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.run, args=(self._stop,), name="supervisor")

    def run(self, stop: threading.Event) -> None:
        """Keep the children running until `stop` is set or a signal comes, then stop them.

        The thread that calls this must stay until it returns: the children are bound to it.
        """
        with self._signals():
            try:
                while not (stop.is_set() or self._signalled):
                    self._look()
                    stop.wait(LOOK_S)
            finally:
                self._end()

    def pids(self) -> dict[str, int]:
        """Give the process id of every child that runs now."""
        processes = {life.child.name: life.process for life in self._lives}
        return {
            name: process.pid
            for name, process in processes.items()
            if process is not None and process.returncode is None
        }

    def __enter__(self) -> Self:
        """Run on a thread of its own."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the children and wait for their end."""
        self._stop.set()
        self._thread.join()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = [signal.signal(number, self._hear) for number in numbers]
        try:
            yield
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)

    def _hear(self, *_: object) -> None:
        # Not stop.set(): the handler interrupts stop.wait(), which may hold the event's lock.
        self._signalled = True

    def _look(self) -> None:
        now = time.monotonic()
        for life in self._lives:
            if life.process is not None and life.process.poll() is not None:
                self._bury(life, now)
            if life.process is None and now >= life.due:
                self._begin(life, now)

    def _begin(self, life: _Life, now: float) -> None:
        tether = [sys.executable, "-I", "-S", str(_TETHER), str(os.getpid())]
        life.began = now
        life.process = subprocess.Popen(  # noqa: S603  (our own children)
            [*tether, *life.child.argv],
            env={**os.environ, **life.child.env},
            start_new_session=True,
        )
        _log.info("child started", child=life.child.name, pid=life.process.pid)

    def _bury(self, life: _Life, now: float) -> None:
        if now - life.began >= HEALTHY_S:
            life.pause = 0.0
        code = life.process.returncode if life.process else None
        first, longest = self._pauses
        life.pause = min(max(first, 2 * life.pause), longest)
        _log.warning("child died", child=life.child.name, code=code, again_in_s=life.pause)
        life.process, life.due = None, now + life.pause

    def _end(self) -> None:
        for life in reversed(self._lives):
            if life.process is not None:
                _put_down(life.process, self._grace)
                _log.info("child stopped", child=life.child.name, code=life.process.returncode)
                life.process = None


def _put_down(process: subprocess.Popen[bytes], grace: float) -> None:
    process.terminate()
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        _log.warning("child killed, it did not stop in time", pid=process.pid, grace_s=grace)
    # Its whole session, so that what it started itself goes too.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
