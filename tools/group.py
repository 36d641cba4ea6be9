"""Run a command in a session of its own, whose processes end with the block: whatever ends us ends them, too."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

from tools.stopping import signals_held

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path


@contextlib.contextmanager
def started(
    command: Sequence[str | Path], end: Callable[[subprocess.Popen[bytes]], None] | None = None, **options: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command, with what else `subprocess.Popen` takes, and end what is left of it on leaving.

    ``end``: how; else its group is ended, gently and then for good.
    """
    process = None
    try:
        with signals_held():
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **options)
        yield process
    finally:
        if process is not None:
            with signals_held():
                (end or _end_group)(process)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    for last in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, last)
        except ProcessLookupError:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        time.sleep(0.1)
