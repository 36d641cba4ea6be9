"""What the tests of the command line share: runs in this process, or in one of their own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from plusofon_pulumi.cli import main
from plusofon_pulumi.sandbox import Sandbox


class Cli:
    """Run commands on a sandbox's account."""

    def __init__(self, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
        self.sandbox = sandbox
        self._capsys = capsys

    def done(self, *arguments: str) -> str:
        """Return what a command printed that did its work, and said nothing else."""
        code = main(list(arguments))
        captured = self._capsys.readouterr()
        assert (code, captured.err) == (0, "")
        return captured.out

    def failed(self, *arguments: str, code: int = 1) -> str:
        """Return the one line of a command that failed, without its first word, and printed nothing else."""
        ended = main(list(arguments))
        captured = self._capsys.readouterr()
        assert (ended, captured.out) == (code, "")
        assert captured.err.startswith("error: ")
        assert captured.err.count("\n") == 1
        return captured.err.removeprefix("error: ").rstrip("\n")


def environment(sandbox: Sandbox) -> dict[str, str]:
    """Return the environment of a command in a process of its own."""
    return {**os.environ, "PLUSOFON_TOKEN": sandbox.token, "PLUSOFON_BASE_URL": sandbox.url, "LANG": "C.UTF-8"}


@contextlib.contextmanager
def started(
    sandbox: Sandbox, *arguments: str, cwd: Path | None = None, stdout: int = subprocess.PIPE
) -> Iterator[subprocess.Popen[str]]:
    """Start a command in a process of its own, and end it where it has not ended by itself."""
    process = subprocess.Popen(
        [sys.executable, "-m", "plusofon_pulumi", *arguments],
        cwd=cwd,
        env=environment(sandbox),
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
