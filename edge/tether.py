"""Become another program that dies with its parent: `python -IS tether.py PARENT PROGRAM ARG...`.

Linux kills a process whose parent thread ends when it asked for that (prctl(2),
PR_SET_PDEATHSIG), and the wish survives exec. It has to be uttered in the child: here, in a
program of its own, and not between fork and exec of a parent with threads, where Python code may
deadlock. Run by path, so it imports the standard library only.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Bind to the parent, then become the program."""
    parent, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the parent ended before its child began")
    try:
        os.execvp(program[0], program)  # noqa: S606  (the program is the supervisor's own)
    except OSError as fault:
        sys.exit(f"{program[0]}: {fault.strerror}")


if __name__ == "__main__":
    main()
