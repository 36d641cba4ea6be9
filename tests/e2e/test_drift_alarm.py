"""The drift alarm of the examples: what its steps say and how they end, run as GitHub's runner runs them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import Project

WORKFLOW = Path(__file__).parents[2] / "examples" / "drift_alarm" / "plusofon-drift.yml"
# YAML 1.1 reads the key `on` as true.
CONTENT: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = CONTENT["jobs"]["compare"]["steps"]
(STACK,) = {step["env"]["PULUMI_STACK"] for step in STEPS if "PULUMI_STACK" in step.get("env", {})}
SECRET = re.compile(r"\$\{\{ secrets\.(\w+) \}\}")
DIFFER, NOT_COMPARED = "title=Account and program differ::", "title=Not compared::"


def run_steps(project: Project, token: str) -> tuple[int, str]:
    """Run the steps that are commands, up to the first that fails; return its exit code and the annotation."""
    # The state of this test lies in a folder, which needs no token.
    secrets = {"PLUSOFON_TOKEN": token, "PULUMI_ACCESS_TOKEN": ""}
    (project.folder / "requirements.txt").write_text("plusofon-pulumi\n", encoding="utf-8")
    for step in STEPS:
        if "run" in step:
            environment = step.get("env", {}).items()
            given = {name: SECRET.sub(lambda found: secrets[found[1]], value) for name, value in environment}
            ran = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                cwd=project.folder,
                env={**project.env, **given},
                check=False,
                capture_output=True,
                text=True,
                timeout=120,
            )
            if ran.returncode != 0:
                break
    assert token not in ran.stdout + ran.stderr
    annotations: list[str] = re.findall(r"^::error (.*)$", ran.stdout, re.MULTILINE)
    return ran.returncode, annotations[0] if annotations else ""


@pytest.fixture
def guarded(project: Project, sandbox: Sandbox) -> Project:
    """An account that is as declared, and of which the environment knows no token."""
    project.write('plusofon.AllowedDirections("account", codes=["7", "36"])')
    if project.env["PULUMI_STACK"] != STACK:
        project.run("stack", "init", STACK)
    project.set_env(PULUMI_STACK=STACK)
    project.up()
    # The stack is for the workflow to name.
    project.set_env(PLUSOFON_TOKEN=None, PULUMI_STACK=None)
    sandbox.clear_requests()
    return project


def test_no_difference_is_no_alarm(guarded: Project, sandbox: Sandbox) -> None:
    assert run_steps(guarded, sandbox.token) == (0, "")


def test_a_difference_is_named_and_nothing_is_written(guarded: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["7", "53", "424"])
    state = guarded.state()
    code, alarm = run_steps(guarded, sandbox.token)
    assert (code, alarm.startswith(DIFFER)) == (7, True)
    assert set(alarm.removeprefix(DIFFER).split("%0A")) == {
        "will open 36 (Hungary): it was closed since the last successful update",
        "will close 53 (Cuba), 424 (Direction 424): they were opened since the last successful update",
        "no changes were expected for preview but changes were proposed",
    }
    assert {request.method for request in sandbox.requests} == {"GET"}
    assert guarded.state() == state


def test_of_two_accounts_the_one_that_differs_is_named(guarded: Project, sandbox: Sandbox) -> None:
    with Sandbox(open=["7", "36"]) as other:
        guarded.set_env(PLUSOFON_TOKEN=sandbox.token, PULUMI_STACK=STACK)
        guarded.write(
            f"""\
            second = plusofon.Provider("second", token="{other.token}", base_url="{other.url}")
            plusofon.AllowedDirections("account", codes=["7", "36"])
            plusofon.AllowedDirections("other", codes=["7", "36"], opts=pulumi.ResourceOptions(provider=second))
            """
        )
        guarded.up()
        guarded.set_env(PLUSOFON_TOKEN=None, PULUMI_STACK=None)
        other.set_open(["7", "36", "53"])
        code, alarm = run_steps(guarded, sandbox.token)
    assert code == 7
    assert 'Provider "second": will close 53 (Cuba): it was opened since the last successful update' in alarm


@pytest.mark.parametrize(
    "trouble, words",
    [
        (lambda sandbox: sandbox.fail_next(99, "expired"), "401"),
        (lambda sandbox: sandbox.fail_next(99, "status:503"), "503"),
        (lambda sandbox: sandbox.stop(), "refused"),
    ],
)
def test_what_cannot_be_compared_is_no_difference(
    guarded: Project, sandbox: Sandbox, trouble: Callable[[Sandbox], None], words: str
) -> None:
    sandbox.set_open(["53"])
    trouble(sandbox)
    code, alarm = run_steps(guarded, sandbox.token)
    assert code not in (0, 7)
    assert alarm.startswith(NOT_COMPARED)
    assert words in alarm


def test_it_runs_by_itself_may_write_nothing_and_holds_no_token() -> None:
    assert CONTENT[True]["schedule"]
    assert CONTENT["permissions"] == {"contents": "read"}
    tokens = {name: value for step in STEPS for name, value in step.get("env", {}).items() if name != "PULUMI_STACK"}
    assert tokens
    assert all(SECRET.fullmatch(value) for value in tokens.values())
