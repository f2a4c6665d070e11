"""Started in place of a command, on Linux: sees that the command ends when the dev server dies, and becomes it.

A dev server that is killed outright can end nothing. The kernel can: a process may ask for a signal when its parent
dies, and keeps that when it becomes another program. This runs by itself, as a file, because between fork and exec a
process with threads must not run Python.

    python tether.py <process id of the dev server> <command> <arguments>
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: str, *command: str) -> None:
    """Become the command. It begins with what a shell would give it: Python has ignored two signals since its start."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    if os.getppid() != int(parent):
        sys.exit(signal.SIGTERM)  # it died before it could be asked about
    try:
        os.execvp(command[0], command)  # noqa: S606 - that is what the user gave
    except OSError as error:
        sys.exit(f'"{command[0]}" cannot be started: {error.strerror or error}')


if __name__ == "__main__":
    main(*sys.argv[1:])
