"""The demonstration ends as it should, and leaves nothing behind, also when it is stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.harness import processes_that_know
from tools import demo


def start(engine: Path, scratch: Path) -> subprocess.Popen[str]:
    env = {**os.environ, "TMPDIR": str(scratch), "PATH": f"{engine}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-m", "tools.demo"]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=demo.CHECKOUT, env=env, stdout=pipe, stderr=pipe, text=True)


def left_behind(scratch: Path) -> list[str]:
    """Return the files in the scratch folder, and the processes that know of it."""
    return [*(each.name for each in scratch.iterdir()), *processes_that_know(scratch)]


def test_it_ends_as_it_should(engine: Path, tmp_path: Path) -> None:
    output, errors = start(engine, tmp_path).communicate(timeout=300)
    assert "All steps ended as they should." in output, output + errors
    assert errors == ""
    assert left_behind(tmp_path) == []


@pytest.mark.usefixtures("signals_heard")
def test_stopped_it_leaves_nothing_behind(engine: Path, tmp_path: Path) -> None:
    with start(engine, tmp_path) as process:
        assert process.stdout
        assert any("AllowedDirection direction-7 creat" in line for line in process.stdout)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert (process.returncode, errors) == (
        128 + signal.SIGINT,
        "The demonstration was stopped; nothing of it remains.\n",
    )
    assert left_behind(tmp_path) == []
