"""Run the Pulumi CLI away from the user's own login and stacks, and leave no process behind.

The tests on the real engine and the demonstration stand on this.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tools import group

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

STACK = "dev"


def environment(engine: Path, folder: Path) -> dict[str, str]:
    """Return the whole environment for a CLI that keeps all it has in `folder`: nothing of the user's gets in.

    This Python's environment comes first on PATH, for the folder of a CLI that the user has may hold another `python3`.
    """
    home = folder / "home"
    state = folder / "state"
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
    command: Sequence[str], cwd: Path, env: Mapping[str, str], stdout: int | IO[bytes], stderr: int | IO[bytes] | None
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command in a session of its own, and see to it that all of that session has ended on leaving."""
    with group.started(command, end_session, cwd=cwd, env=env, stdout=stdout, stderr=stderr) as process:
        yield process


def end_session(process: subprocess.Popen[bytes], patience: float = 10) -> None:
    """End the command as Ctrl-C does, which lets the CLI tidy up, and then whatever is left of its session.

    The CLI gives each of its plugins a process group of its own, so only the session tells whose they are.
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
    """Return the living processes of a session; one that is dead and waits for its parent's notice is none."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,stat="], capture_output=True, check=True, text=True).stdout
    lines = (line.split() for line in listed.splitlines())
    return [int(pid) for pid, state, *_ in lines if not state.startswith("Z") and _session_of(int(pid)) == session]


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None
