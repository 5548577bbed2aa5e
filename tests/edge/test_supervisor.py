"""The supervisor: children come back, go in order, and never outlive it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil
import pytest

from edge.supervisor import Child, Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DEADLINE_S = 20.0
SLEEP = (sys.executable, "-c", "import time; time.sleep(600)")
STUBBORN = """
import os, pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
time.sleep(600)
"""
TELLING = """
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
told = open(sys.argv[1], "a", buffering=1)
told.write(f"{sys.argv[2]} up\\n")
signal.sigwait([signal.SIGTERM])
told.write(f"{sys.argv[2]} down\\n")
"""
SUPERVISING = """
import sys, threading
from edge.supervisor import Child, Supervisor
sleep = (sys.executable, "-c", "import time; time.sleep(600)")
Supervisor([Child("a", sleep), Child("b", sleep)]).run(threading.Event())
"""


def eventually(condition: Callable[[], object], what: str) -> None:
    """Wait until something is true; fail with `what` after the deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"still waiting until {what}"
        time.sleep(0.01)


def test_restarts_the_killed() -> None:
    """A killed child comes back as a new process; its neighbour is left alone."""
    with Supervisor([Child("a", SLEEP), Child("b", SLEEP)]) as supervisor:
        eventually(lambda: len(supervisor.pids()) == 2, "both run")
        before = supervisor.pids()
        os.kill(before["a"], signal.SIGKILL)
        eventually(
            lambda: supervisor.pids().get("a", before["a"]) != before["a"], "the child is back"
        )
        after = supervisor.pids()
    assert after["b"] == before["b"]
    assert not any(psutil.pid_exists(pid) for pid in after.values())
    assert supervisor.pids() == {}


def test_stops_in_reverse_order(tmp_path: Path) -> None:
    """The child that was started last is asked first, and has ended before the next is asked."""
    diary = tmp_path / "diary"
    diary.touch()
    children = [
        Child(name, (sys.executable, "-c", TELLING, str(diary), name)) for name in ("a", "b", "c")
    ]
    with Supervisor(children):
        eventually(lambda: diary.read_text().count("up") == 3, "all have started")
    assert diary.read_text().splitlines()[3:] == ["c down", "b down", "a down"]


def test_kills_the_stubborn(tmp_path: Path) -> None:
    """A child that ignores SIGTERM is killed when its time is up."""
    started = tmp_path / "started"
    child = Child("stubborn", (sys.executable, "-c", STUBBORN, str(started)))
    with Supervisor([child], grace=0.2) as supervisor:
        eventually(lambda: started.exists() and started.read_text(), "it ignores SIGTERM")
        pid = int(started.read_text())
        # It may run before the thread that started it has noted so.
        eventually(lambda: supervisor.pids() == {"stubborn": pid}, "the supervisor knows it")
    assert not psutil.pid_exists(pid)


def test_environment(tmp_path: Path) -> None:
    """A child gets our environment and its own additions."""
    told = tmp_path / "told"
    script = (
        "import os, sys; open(sys.argv[1], 'w').write(os.environ['EXTRA'] + os.environ['PATH'])"
    )
    child = Child("a", (sys.executable, "-c", script, str(told)), {"EXTRA": "more "})
    with Supervisor([child]):
        eventually(lambda: told.exists() and told.read_text(), "the child has told")
    assert told.read_text() == "more " + os.environ["PATH"]


def test_a_program_that_is_missing() -> None:
    """A child that cannot start does not keep the others from running."""
    children = [Child("none", ("/no/such/program",)), Child("b", SLEEP)]
    with Supervisor(children) as supervisor:
        eventually(lambda: set(supervisor.pids()) == {"b"}, "only the other runs")


def test_runs_until_told() -> None:
    """`run` returns, with every child gone, once its event is set."""
    stop = threading.Event()
    supervisor = Supervisor([Child("a", SLEEP)])
    runner = threading.Thread(target=supervisor.run, args=(stop,))
    runner.start()
    eventually(supervisor.pids, "the child runs")
    stop.set()
    runner.join(DEADLINE_S)
    assert not runner.is_alive()
    assert supervisor.pids() == {}


@contextmanager
def supervising() -> Iterator[tuple[subprocess.Popen[bytes], list[psutil.Process]]]:
    """Run a supervisor in a process of its own, and give it with its two children."""
    with subprocess.Popen([sys.executable, "-c", SUPERVISING]) as process:
        watched = psutil.Process(process.pid)
        try:
            # Past the tether: the programs themselves run.
            eventually(
                lambda: (
                    [child.cmdline()[1:] for child in watched.children()] == [list(SLEEP[1:])] * 2
                ),
                "both children run",
            )
            yield process, watched.children()
        finally:
            process.kill()


def test_children_die_with_a_killed_supervisor() -> None:
    """When the supervisor is killed, the kernel kills its children."""
    with supervising() as (process, children):
        process.kill()
        process.wait()
        _, alive = psutil.wait_procs(children, DEADLINE_S)
    assert alive == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_stop_the_children(number: signal.Signals) -> None:
    """A signal stops the children, and the supervisor returns."""
    with supervising() as (process, children):
        process.send_signal(number)
        assert process.wait(DEADLINE_S) == 0
        assert not any(child.is_running() for child in children)
