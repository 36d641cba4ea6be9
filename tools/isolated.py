"""Run commands that leave no process behind, and Pulumi's CLI apart from the user's login and stacks."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

STACK = "dev"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_holders: list[None] = []
_pending: list[int] = []


class Stopped(SystemExit):
    """A signal asks us to stop. No handler of ordinary errors catches it."""


def stop_on_signals() -> None:
    """Let the first signal raise `Stopped`; a signal that our parent ignores (`nohup`) stays ignored."""
    for each in SIGNALS:
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, _stop)


def no_more_stopping() -> None:
    """Ignore signals from now on."""
    for each in SIGNALS:
        signal.signal(each, lambda *_: None)


def _stop(number: int, _frame: FrameType | None) -> None:
    no_more_stopping()
    _pending.append(128 + number)
    _stop_if_asked()


def _stop_if_asked() -> None:
    if _pending and not _holders:
        raise Stopped(_pending.pop())


@contextlib.contextmanager
def signals_held() -> Iterator[None]:
    """Delay `Stopped` to the end of the block: if it left `Popen`, nobody would know which process to end."""
    _holders.append(None)
    try:
        yield
    finally:
        _holders.pop()
        _stop_if_asked()


def environment(engine: Path, folder: Path) -> dict[str, str]:
    """Return the whole environment of a CLI that keeps everything in `folder`.

    Our Python comes first on PATH: the folder of the user's own CLI may hold another `python3`.
    """
    home, state = folder / "home", folder / "state"
    for each in (home, state):
        each.mkdir(parents=True, exist_ok=True)
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), str(engine), os.environ.get("PATH", os.defpath)]),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PULUMI_HOME": str(home / ".pulumi"),
        "PULUMI_BACKEND_URL": state.as_uri(),
        "PULUMI_STACK": STACK,
        "PULUMI_CONFIG_PASSPHRASE": "made up",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


@contextlib.contextmanager
def started(
    command: Sequence[str | Path],
    cwd: Path,
    env: Mapping[str, str],
    stdout: Any = None,
    stderr: Any = None,
    *,
    stdin: Any = subprocess.DEVNULL,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command in its own session, and end that whole session on leaving."""
    process = None
    try:
        with signals_held():
            process = subprocess.Popen(
                command, cwd=cwd, env=env, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True
            )
        yield process
    finally:
        if process is not None:
            with signals_held():
                end_session(process)


def end_session(process: subprocess.Popen[bytes], patience: float = 10) -> None:
    """End a command as Ctrl-C does, so that the CLI can tidy up, then kill the rest of its session.

    The CLI gives each plugin its own process group, so only the session shows which processes are its own.
    """
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    while left := members(process.pid):
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    process.wait()


def members(session: int) -> list[int]:
    """Return the living processes of a session, without zombies."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,stat="], capture_output=True, check=True, text=True).stdout
    found = []
    for pid, state, *_ in map(str.split, listed.splitlines()):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if not state.startswith("Z") and os.getsid(int(pid)) == session:
                found.append(int(pid))
    return found
