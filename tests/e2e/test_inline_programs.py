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


def test_a_conflict_in_an_inline_program_is_named_and_nothing_is_asked_or_written(
    make_stack: MakeStack, sandbox: Sandbox
) -> None:
    def program() -> None:
        plusofon.AllowedDirection("first", code="44")
        plusofon.AllowedDirection("single", code="58")
        plusofon.AllowedDirections("whole", codes={36, "44"})

    with pytest.raises(automation.CommandError) as caught:
        make_stack("dev", program, sandbox).up()
    told = 'AllowedDirection "single" declares the code 58, which AllowedDirections "whole" does not list and so would'
    assert told in str(caught.value)
    assert not traceback_in(str(caught.value))
    assert sandbox.requests == []


def test_an_asynchronous_program_full_of_outputs_ends_as_declared(make_stack: MakeStack, sandbox: Sandbox) -> None:
    sandbox.set_open(["53"])

    async def later(value: Any) -> Any:
        await asyncio.sleep(0.01)
        return value

    async def program() -> None:
        open_before = [each.code for each in plusofon.get_allowed_directions()]
        codes = await later(["36", "44"])
        first = plusofon.AllowedDirection("first", code=later(36))
        whole = plusofon.AllowedDirections(
            "whole", codes=[*codes, first.code.apply(lambda code: f"+{code}"), later("7")]
        )
        seven = plusofon.AllowedDirection("seven", code=whole.directions.apply(lambda found: found[-1]["code"]))
        await later(None)
        pulumi.export("before", open_before)
        pulumi.export("names", pulumi.Output.all(first.english_name, seven.english_name))
        pulumi.export("codes", whole.codes)

    stack = make_stack("dev", program, sandbox)
    outputs = stack.up().outputs
    assert outputs["before"].value == ["53"]
    assert outputs["names"].value == ["Hungary", "Kazakhstan, Russia"]
    assert outputs["codes"].value == ["36", "44", "7"]
    assert sandbox.open_codes == {"36", "44", "7"}
    assert stack.preview(expect_no_changes=True).change_summary == {automation.OpType.SAME: 4}


def test_two_stacks_in_two_threads_do_not_interfere(make_stack: MakeStack, sandbox: Sandbox) -> None:
    with Sandbox(open=["53"]) as other:

        def single() -> None:
            plusofon.AllowedDirection("same", code="36")

        def whole() -> None:
            plusofon.AllowedDirections("same", codes=["7"])

        one, two = make_stack("one", single, sandbox), make_stack("two", whole, other)
        with ThreadPoolExecutor(2) as threads:
            running = [threads.submit(one.up), threads.submit(two.up)]
        assert [each.result().summary.result for each in running] == ["succeeded", "succeeded"]
        assert sandbox.open_codes == {"36"}
        assert other.open_codes == {"7"}
