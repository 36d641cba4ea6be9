"""The drift alarm of the examples: what its steps say and how they end, run as GitHub's runner runs them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import OF_SECOND, Project, second

WORKFLOW = Path(__file__).parents[2] / "examples" / "drift_alarm" / "plusofon-drift.yml"
# YAML 1.1 reads the key `on` as true.
CONTENT: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = CONTENT["jobs"]["compare"]["steps"]
(STACK,) = {step["env"]["PULUMI_STACK"] for step in STEPS if "PULUMI_STACK" in step.get("env", {})}
SECRET = re.compile(r"\$\{\{ secrets\.(\w+) \}\}")
DIFFER, NOT_COMPARED = "title=Account and program differ::", "title=Not compared::"


def run_steps(project: Project, token: str, steps: list[dict[str, Any]] = STEPS) -> tuple[int, str]:
    """Run the steps that are commands, up to the first that fails; return its exit code and the annotation."""
    # The state of this test lies in a folder, which needs no token; the stack is for the workflow to name.
    secrets = {"PLUSOFON_TOKEN": token, "PULUMI_ACCESS_TOKEN": ""}
    env = {name: value for name, value in project.env.items() if name not in ("PLUSOFON_TOKEN", "PULUMI_STACK")}
    for step in steps:
        if "run" in step:
            given = {
                name: SECRET.sub(lambda found: secrets[found[1]], value) for name, value in step.get("env", {}).items()
            }
            command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
            ran = subprocess.run(
                command, cwd=project.folder, env=env | given, check=False, capture_output=True, text=True, timeout=120
            )
            if ran.returncode != 0:
                break
    assert token not in ran.stdout + ran.stderr
    annotations: list[str] = re.findall(r"^::error (.*)$", ran.stdout, re.MULTILINE)
    return ran.returncode, annotations[0] if annotations else ""


def test_what_differs_is_named_what_cannot_be_compared_is_no_difference_and_nothing_is_written(
    project: Project, sandbox: Sandbox, other: Sandbox
) -> None:
    (project.folder / "requirements.txt").write_text("plusofon-pulumi\n", encoding="utf-8")
    if project.env["PULUMI_STACK"] != STACK:
        project.run("stack", "init", STACK)
        project.set_env(PULUMI_STACK=STACK)
    one = 'plusofon.AllowedDirections("account", codes=["7", "36"])\n'
    project.update(one + second(other) + one.replace("account", "other").replace(")", f"{OF_SECOND})"))
    assert run_steps(project, sandbox.token) == (0, "")

    state = project.state()
    for account in (sandbox, other):
        account.clear_requests()
    sandbox.set_open(["7", "53", "424"])
    other.set_open(["7", "36", "53"])
    code, alarm = run_steps(project, sandbox.token, STEPS[-1:])
    assert (code, alarm.startswith(DIFFER)) == (7, True)
    assert set(alarm.removeprefix(DIFFER).split("%0A")) == {
        "will open 36 (Hungary): it was closed since the last successful update",
        "will close 53 (Cuba), 424 (Direction 424): they were opened since the last successful update",
        'Provider "second": will close 53 (Cuba): it was opened since the last successful update',
        "no changes were expected for preview but changes were proposed",
    }

    sandbox.fail_next(99, "expired")
    failed = [(run_steps(project, sandbox.token, STEPS[-1:]), "401")]
    assert {request.method for request in [*sandbox.requests, *other.requests]} == {"GET"}
    sandbox.stop()
    failed.append((run_steps(project, sandbox.token, STEPS[-1:]), "refused"))
    sandbox.start()
    for (code, alarm), words in failed:
        assert code not in (0, 7)
        assert alarm.startswith(NOT_COMPARED)
        assert words in alarm
    assert project.state() == state


def test_it_runs_by_itself_may_write_nothing_and_holds_no_token() -> None:
    assert CONTENT[True]["schedule"]
    assert CONTENT["permissions"] == {"contents": "read"}
    tokens = {name: value for step in STEPS for name, value in step.get("env", {}).items() if name != "PULUMI_STACK"}
    assert tokens
    assert all(SECRET.fullmatch(value) for value in tokens.values())
