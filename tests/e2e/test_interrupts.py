"""A run that is stopped in the middle of a write: it ends, and the next one finishes the work."""

from __future__ import annotations

import contextlib
import json
import signal
import threading
from typing import Any

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import Project, started
from tests.e2e.tracebacks import traceback_in
from tests.waiting import PATIENCE, until
from tools import isolated

TWO = """
plusofon.AllowedDirection("a", code="36")
plusofon.AllowedDirection("b", code="58")
"""
# What the CLI says when a signal has reached it.
HEARD = "If you would like to terminate immediately"


def owned(project: Project) -> set[str]:
    outputs = [each["outputs"] for each in project.resources()]
    return {code for each in outputs for code in each.get("codes", [each.get("code")])}


def pending(project: Project) -> list[str]:
    """Return what the engine says is under way, or was when it ended; nothing while it writes its file."""
    with contextlib.suppress(json.JSONDecodeError):
        return [each["type"] for each in project.state().get("pending_operations") or []]
    return []


def is_left_unowned(project: Project, sandbox: Sandbox) -> None:
    """See that a code is open, and not in state yet: the engine says itself that this may be."""
    assert sandbox.open_codes
    assert owned(project) == set()
    assert set(pending(project)) == {"creating"}


def finishes(project: Project, sandbox: Sandbox) -> None:
    """See that the next run reaches what is declared, and that nothing is left of the one before."""
    sandbox.clear_faults()
    project.up()
    assert sandbox.open_codes == owned(project) == {"36", "58"}
    project.preview("--expect-no-changes")


def test_a_run_told_once_ends_in_order(project: Project, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    may_go_on, take_fault = threading.Event(), sandbox.take_fault

    def holding_writes(call: Any) -> Any:
        assert call.method == "GET" or may_go_on.wait(PATIENCE)
        return take_fault(call)

    monkeypatch.setattr(sandbox, "take_fault", holding_writes)
    project.write(TWO)
    with started(project, "up") as run:
        until(lambda: sandbox.calls("PUT"))
        run.process.send_signal(signal.SIGTERM)
        until(lambda: HEARD in run.said)
        may_go_on.set()
        assert run.wait() != 0
        assert "update canceled" in run.said
        assert not traceback_in(run.said)
        until(lambda: isolated.members(run.process.pid) == [])
    # The engine waits for what is under way: one batch, and perhaps another.
    assert sandbox.calls("PUT") <= 2
    assert sandbox.open_codes == owned(project) != set()
    assert pending(project) == []
    finishes(project, sandbox)


def test_a_run_told_twice_ends_at_once(project: Project, sandbox: Sandbox) -> None:
    project.write(TWO)
    sandbox.fail_next(99, "hang:after", method="PUT")
    with started(project, "up") as run:
        until(lambda: sandbox.calls("PUT"))
        run.process.send_signal(signal.SIGINT)
        until(lambda: HEARD in run.said)
        run.process.send_signal(signal.SIGINT)
        assert run.wait() != 0
        assert not traceback_in(run.said)
    # When its time-out is over, the write is tried again: the run has not waited for that.
    assert sandbox.calls("PUT") == 1
    is_left_unowned(project, sandbox)
    finishes(project, sandbox)
    # They stay through a good update, and this is how they go.
    assert set(pending(project)) == {"creating"}
    project.refresh("--clear-pending-creates")
    assert pending(project) == []


def test_an_engine_that_is_killed_leaves_a_lock_that_cancel_removes(project: Project, sandbox: Sandbox) -> None:
    project.write(TWO)
    sandbox.fail_next(99, "hang:after", method="PUT")
    with started(project, "up") as run:
        # With all of it in state: an engine that is killed while it writes that leaves half a file.
        until(lambda: sandbox.calls("PUT") and len(pending(project)) == 2)
        run.process.kill()
        run.wait()
    is_left_unowned(project, sandbox)
    project.up(fails=True).says("`pulumi cancel`")
    project.run("cancel", "--yes")
    finishes(project, sandbox)


def test_a_plugin_killed_between_closing_and_opening_loses_nothing(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["53"])
    project.write('plusofon.AllowedDirections("account", codes=["58", "36"])')
    sandbox.fail_next(99, "hang", method="PUT")
    with started(project, "up") as run:
        until(lambda: sandbox.calls("PUT"))
        assert run.kill_plugins()
        assert run.wait() != 0
    assert sandbox.open_codes == set()
    finishes(project, sandbox)
