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

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Return the exit code and both outputs."""
        try:
            code = main(list(arguments))
        except SystemExit as ended:  # argparse's way out
            code = int(ended.code or 0)
        return code, *self._capsys.readouterr()

    def done(self, *arguments: str) -> str:
        """Return the output of a command that succeeds and complains about nothing."""
        code, out, err = self.run(*arguments)
        assert (code, err) == (0, "")
        return out

    def failed(self, *arguments: str) -> str:
        """Return the one line of a command that fails, without its first word; it prints nothing else."""
        code, out, err = self.run(*arguments)
        assert (code, out, err[:7], err.find("\n")) == (1, "", "error: ", len(err) - 1)
        return err[7:-1]


def writes(sandbox: Sandbox) -> list[str]:
    return [each.method for each in sandbox.requests if each.method != "GET"]


@contextlib.contextmanager
def started(
    sandbox: Sandbox, *arguments: str, cwd: Path | None = None, stdout: int = subprocess.PIPE, program: str = ""
) -> Iterator[subprocess.Popen[str]]:
    """Start a command, or a Python program, in a process of its own; end it if it has not ended by itself."""
    command = [sys.executable, *(["-c", program] if program else ["-m", "plusofon_pulumi"]), *arguments]
    env = {**os.environ, "PLUSOFON_TOKEN": sandbox.token, "PLUSOFON_BASE_URL": sandbox.url, "LANG": "C.UTF-8"}
    process = subprocess.Popen(command, cwd=cwd, env=env, stdout=stdout, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
