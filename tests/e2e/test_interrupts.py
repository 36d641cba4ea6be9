"""A run that is stopped in the middle of a write: it ends, and the next one finishes the work."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import Project, text_of
from tests.e2e.tracebacks import traceback_in
from tools import isolated

TWO = """
plusofon.AllowedDirection("a", code="36")
plusofon.AllowedDirection("b", code="58")
"""
# A run that waits for a write that hangs has the client's time-out to wait for, and the look after it.
PATIENCE = 100


@dataclass
class Run:
    """One `pulumi up` under way."""

    process: subprocess.Popen[bytes]
    output: IO[bytes]

    def wait(self) -> int:
        return self.process.wait(PATIENCE)

    @property
    def said(self) -> str:
        return text_of(self.output)

    def plugins(self) -> list[int]:
        """Return the plugin's processes, by their command."""
        return [pid for pid in isolated.members(self.process.pid) if "pulumi.dynamic" in command_of(pid)]


def command_of(pid: int) -> str:
    return subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, check=False, text=True).stdout


@contextlib.contextmanager
def started(project: Project, *arguments: str) -> Iterator[Run]:
    with tempfile.TemporaryFile() as output:
        command = ["pulumi", *arguments, "--yes", "--skip-preview"]
        with isolated.started(command, project.folder, project.env, output, output) as process:
            yield Run(process, output)


def until(happened: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def owned(project: Project) -> set[str]:
    return {each["outputs"]["code"] for each in project.resources()}


def pending(project: Project) -> list[str]:
    """Return what the engine says was under way when it ended."""
    return [each["type"] for each in project.state().get("pending_operations") or []]


def finishes(project: Project, sandbox: Sandbox) -> None:
    """See that the next run reaches what is declared, and that nothing is left of the one before."""
    sandbox.clear_faults()
    sandbox.latency = 0
    project.up()
    assert sandbox.open_codes == owned(project) == {"36", "58"}
    project.preview("--expect-no-changes")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_run_that_is_asked_to_stop_in_a_write_ends_in_order_and_the_next_one_finishes(
    project: Project, sandbox: Sandbox, number: signal.Signals
) -> None:
    project.write(TWO)
    sandbox.latency = 1.0
    with started(project, "up") as run:
        until(lambda: sandbox.calls("PUT"))
        run.process.send_signal(number)
        assert run.wait() != 0
        assert "update canceled" in run.said
        assert not traceback_in(run.said)
        until(lambda: isolated.members(run.process.pid) == [])
    # The engine waits for the call: what the write has opened is in state.
    assert sandbox.open_codes
    assert sandbox.open_codes == owned(project)
    assert pending(project) == []
    finishes(project, sandbox)


def test_a_run_that_is_asked_to_stop_in_a_write_that_hangs_ends_with_the_client_s_time_out(
    project: Project, sandbox: Sandbox
) -> None:
    project.write(TWO)
    sandbox.fail_next(1, "hang", method="PUT")
    with started(project, "up") as run:
        until(lambda: sandbox.calls("PUT"))
        run.process.send_signal(signal.SIGINT)
        assert run.wait() != 0
        assert not traceback_in(run.said)
    # The one that hung and the attempt after it; the other code, in the same batch or after it, was not waited for.
    assert sandbox.calls("PUT") <= 3
    assert sandbox.open_codes == owned(project)
    finishes(project, sandbox)


def test_a_run_that_is_told_twice_ends_at_once_and_the_next_one_finishes(project: Project, sandbox: Sandbox) -> None:
    project.write(TWO)
    sandbox.fail_next(99, "hang:after", method="PUT")
    with started(project, "up") as run:
        until(lambda: sandbox.calls("PUT"))
        run.process.send_signal(signal.SIGINT)
        until(lambda: "press ^C again" in run.said)
        run.process.send_signal(signal.SIGINT)
        assert run.wait() != 0
        assert not traceback_in(run.said)
    # When its time-out is over, the write is tried again: the run has not waited for that.
    assert sandbox.calls("PUT") == 1
    # Open, and not in state yet: the engine says itself that this may be.
    assert sandbox.open_codes
    assert owned(project) == set()
    finishes(project, sandbox)


def test_a_plugin_that_is_killed_in_a_write_fails_the_run_and_the_next_one_finishes(
    project: Project, sandbox: Sandbox
) -> None:
    project.write(TWO)
    sandbox.fail_next(99, "hang:after", method="PUT")
    with started(project, "up") as run:
        until(lambda: sandbox.calls("PUT") and run.plugins())
        for plugin in run.plugins():
            os.kill(plugin, signal.SIGKILL)
        assert run.wait() != 0
        assert "EOF" in run.said
    assert sandbox.open_codes
    assert owned(project) == set()
    finishes(project, sandbox)


def test_an_engine_that_is_killed_in_a_write_leaves_a_lock_and_after_cancel_the_next_run_finishes(
    project: Project, sandbox: Sandbox
) -> None:
    project.write(TWO)
    sandbox.fail_next(99, "hang:after", method="PUT")
    with started(project, "up") as run:
        until(lambda: sandbox.calls("PUT"))
        run.process.kill()
        run.wait()
    assert sandbox.open_codes
    assert owned(project) == set()
    assert set(pending(project)) == {"creating"}
    assert "`pulumi cancel`" in project.up(fails=True).output
    project.run("cancel", "--yes")
    finishes(project, sandbox)
