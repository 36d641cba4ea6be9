"""A run of the CLI that is still under way, for tests that stop it, or its plugin, in the middle."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from tests.e2e.harness import text_of
from tests.waiting import PATIENCE, until
from tools import isolated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.harness import Project


@dataclass
class Run:
    """One run under way."""

    process: subprocess.Popen[bytes]
    output: IO[bytes]

    def wait(self) -> int:
        return self.process.wait(PATIENCE)

    @property
    def said(self) -> str:
        return text_of(self.output)

    def kill_plugins(self) -> None:
        """Kill the processes that run our providers, once there are any."""
        until(self.plugins)
        for plugin in self.plugins():
            os.kill(plugin, signal.SIGKILL)

    def plugins(self) -> list[int]:
        return [pid for pid in isolated.members(self.process.pid) if "pulumi.dynamic" in command_of(pid)]


def command_of(pid: int) -> str:
    return subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, check=False, text=True).stdout


@contextlib.contextmanager
def started(project: Project, *arguments: str) -> Iterator[Run]:
    with tempfile.TemporaryFile() as output:
        command = ["pulumi", *arguments, "--yes", "--skip-preview"]
        with isolated.started(command, project.folder, project.env, output, output) as process:
            yield Run(process, output)
