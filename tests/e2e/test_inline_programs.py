"""Programs of the Automation API, in this process, on the real engine."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi import automation

import plusofon_pulumi as plusofon
from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.tracebacks import traceback_in
from tools import isolated

PROJECT = "inline"
MakeStack = Callable[..., automation.Stack]


@pytest.fixture
def make_stack(tmp_path: Path, engine: Path, measured: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> MakeStack:
    """Make stacks of inline programs: `make_stack("name", program, sandbox)`."""
    for name, value in (isolated.environment(engine, tmp_path) | measured).items():
        if name != "PULUMI_STACK":
            monkeypatch.setenv(name, value)
    # Inline programs have their providers run by whatever python3 comes first.
    monkeypatch.setenv("PULUMI_PYTHON_CMD", sys.executable)

    def make_stack(name: str, program: Callable[[], Any], sandbox: Sandbox) -> automation.Stack:
        folder = tmp_path / name
        folder.mkdir()
        stack = automation.create_stack(
            name, PROJECT, program, opts=automation.LocalWorkspaceOptions(work_dir=os.fspath(folder))
        )
        stack.set_config("plusofon:token", automation.ConfigValue(sandbox.token, secret=True))
        stack.set_config("plusofon:baseUrl", automation.ConfigValue(sandbox.url))
        return stack

    return make_stack


def test_an_asynchronous_program_full_of_outputs_ends_as_declared(make_stack: MakeStack, sandbox: Sandbox) -> None:
    sandbox.set_open(["53"])

    async def later(value: Any) -> Any:
        await asyncio.sleep(0.01)
        return value

    async def program() -> None:
        open_before = [each.code for each in plusofon.get_allowed_directions()]
        codes = await later(["36", plusofon.get_direction("Cuba")])
        whole = plusofon.AllowedDirections("whole", codes=[*codes, later("+44"), later(plusofon.get_direction("7"))])
        await later(None)
        pulumi.export("before", open_before)
        pulumi.export("names", whole.directions.apply(lambda found: [each["english_name"] for each in found]))
        pulumi.export("codes", whole.codes)

    stack = make_stack("dev", program, sandbox)
    outputs = stack.up().outputs
    assert outputs["before"].value == ["53"]
    assert "Kazakhstan, Russia" in outputs["names"].value
    assert set(outputs["codes"].value) == sandbox.open_codes == {"36", "44", "7", "53"}
    assert stack.preview(expect_no_changes=True).change_summary == {automation.OpType.SAME: 2}


def test_two_programs_in_two_threads_do_not_interfere_and_a_conflict_in_one_is_named(
    make_stack: MakeStack, sandbox: Sandbox
) -> None:
    with Sandbox(open=["53"]) as other:

        def single() -> None:
            plusofon.AllowedDirection("same", code="36")

        def whole() -> None:
            plusofon.AllowedDirections("same", codes=["7"])

        def both() -> None:
            single()
            whole()

        one, two = make_stack("one", single, sandbox), make_stack("two", whole, other)
        with ThreadPoolExecutor(2) as threads:
            running = [threads.submit(one.up), threads.submit(two.up)]
        assert [each.result().summary.result for each in running] == ["succeeded", "succeeded"]
        assert sandbox.open_codes == {"36"}
        assert other.open_codes == {"7"}

        writes = other.calls("PUT") + other.calls("DELETE")
        with pytest.raises(automation.CommandError) as caught:
            make_stack("three", both, other).preview()
        assert "this account is managed by" in str(caught.value)
        assert not traceback_in(str(caught.value))
        assert other.calls("PUT") + other.calls("DELETE") == writes
