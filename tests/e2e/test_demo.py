"""The demonstration: it ends as told, and leaves nothing behind, also when it is stopped half way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.harness import processes_that_know
from tools import demo

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def start(engine: Path, scratch: Path) -> subprocess.Popen[str]:
    env = {**os.environ, "TMPDIR": str(scratch), "PATH": f"{engine}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.Popen(
        [sys.executable, "-m", "tools.demo"],
        cwd=demo.CHECKOUT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def left_behind(scratch: Path) -> list[str]:
    """Return the files in the scratch folder, and the processes that know of it."""
    return [*(each.name for each in scratch.iterdir()), *processes_that_know(scratch)]


def test_it_ends_as_told(engine: Path, scratch: Path) -> None:
    output, told = start(engine, scratch).communicate(timeout=300)
    assert "All steps ended as told." in output, output + told
    assert told == ""
    assert left_behind(scratch) == []


@pytest.mark.usefixtures("signals_heard")
@pytest.mark.parametrize(
    "moment, number",
    [
        ("$ pulumi stack init", signal.SIGTERM),
        ("$ pulumi preview", signal.SIGINT),
        ("AllowedDirection direction-7 creat", signal.SIGINT),
        ("== 4/", signal.SIGTERM),
    ],
)
def test_stopped_half_way_it_leaves_nothing_behind(
    engine: Path, scratch: Path, moment: str, number: signal.Signals
) -> None:
    process = start(engine, scratch)
    with process:
        assert process.stdout
        assert process.stderr
        assert any(moment in line for line in process.stdout)
        process.send_signal(number)
        process.stdout.read()
        told = process.stderr.read()
    assert (process.returncode, told) == (128 + number, "The demonstration was stopped; nothing of it remains.\n")
    assert left_behind(scratch) == []


def test_it_stops_quietly_when_nobody_reads_on(engine: Path, scratch: Path) -> None:
    process = start(engine, scratch)
    with process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1
    assert left_behind(scratch) == []
