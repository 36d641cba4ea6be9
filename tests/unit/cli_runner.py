"""What the tests of the command line share: runs in this process, or in one of their own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from plusofon_pulumi.cli import main
from plusofon_pulumi.sandbox import Sandbox


@dataclass
class Cli:
    """Run commands on a sandbox's account."""

    sandbox: Sandbox
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Return the exit code and both outputs."""
        try:
            code = main(list(arguments))
        except SystemExit as ended:  # argparse's way out
            code = int(ended.code or 0)
        return code, *self.capsys.readouterr()

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
def started(*arguments: str, stdout: int = subprocess.PIPE) -> Iterator[subprocess.Popen[str]]:
    """Start a command in a process of its own; end it if it has not ended by itself."""
    command, env = [sys.executable, "-m", "plusofon_pulumi", *arguments], {**os.environ, "LANG": "C.UTF-8"}
    with subprocess.Popen(command, env=env, stdout=stdout, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()
