"""The drift alarm of the examples: what its steps say and how they end, run as GitHub's runner runs them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from plusofon_pulumi.sandbox import Sandbox
from plusofon_pulumi.sandbox.state import Account, Row
from tests.e2e.harness import Project

WORKFLOW = Path(__file__).parents[2] / "examples" / "drift_alarm" / "plusofon-drift.yml"
# YAML 1.1 reads the key `on` as true.
CONTENT: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = CONTENT["jobs"]["compare"]["steps"]
(STACK,) = {step["env"]["PULUMI_STACK"] for step in STEPS if "PULUMI_STACK" in step.get("env", {})}
SECRET = re.compile(r"\$\{\{ secrets\.(\w+) \}\}")


def run_steps(project: Project, secrets: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the steps that are commands, up to the first that fails."""
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
    return ran


def alarms(said: str) -> list[str]:
    return re.findall(r"^::error (.*)$", said, re.MULTILINE)


def lines(told: str) -> list[str]:
    """Return the lines of the alarm of an account that is not as the program says."""
    title = "title=Account and program differ::"
    assert told.startswith(title)
    return sorted(told.removeprefix(title).split("%0A"))


@pytest.fixture
def secrets(sandbox: Sandbox) -> dict[str, str]:
    # The state of this test lies in a folder, for which no token is asked.
    return {"PLUSOFON_TOKEN": sandbox.token, "PULUMI_ACCESS_TOKEN": ""}


@pytest.fixture
def guarded(project: Project, sandbox: Sandbox) -> Project:
    """An account that is as declared, and of which the environment knows no token."""
    project.write('plusofon.AllowedDirections("account", codes=["7", "36"])')
    if project.env["PULUMI_STACK"] != STACK:
        project.run("stack", "init", STACK)
    project.set_env(PULUMI_STACK=STACK)
    project.up()
    # The stack is the workflow's own to name.
    project.set_env(PLUSOFON_TOKEN=None, PULUMI_STACK=None)
    sandbox.clear_requests()
    return project


def test_no_difference_is_no_alarm(guarded: Project, secrets: dict[str, str]) -> None:
    ran = run_steps(guarded, secrets)
    assert (ran.returncode, alarms(ran.stdout)) == (0, [])
    assert "2 unchanged" in ran.stdout


def test_a_difference_is_told_by_name_and_nothing_is_written(
    guarded: Project, sandbox: Sandbox, secrets: dict[str, str]
) -> None:
    sandbox.set_open(["7", "53"])
    state = guarded.state()
    ran = run_steps(guarded, secrets)
    opened = "53 (Cuba) was opened outside Pulumi; `pulumi up` closes it."
    closed = "36 (Hungary) was closed outside Pulumi; `pulumi up` opens it."
    assert ran.returncode == 7
    (told,) = alarms(ran.stdout)
    assert lines(told) == sorted([opened, closed, "no changes were expected for preview but changes were proposed"])
    assert {request.method for request in sandbox.requests} == {"GET"}
    assert guarded.state() == state


def test_a_direction_without_names_is_told_by_its_code(
    guarded: Project, sandbox: Sandbox, secrets: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.set_open(["7", "36", "424"])
    # A code that the catalogue lacks, in a list that gives it no name either.
    monkeypatch.setattr(Account, "_face", lambda _self, code, _ids: Row("", "", "", code))
    ran = run_steps(guarded, secrets)
    assert ran.returncode == 7
    (told,) = alarms(ran.stdout)
    assert "424 was opened outside Pulumi; `pulumi up` closes it." in lines(told)


def test_of_two_accounts_it_is_told_which_one_differs(
    guarded: Project, sandbox: Sandbox, secrets: dict[str, str]
) -> None:
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
        for account in (sandbox, other):
            account.set_open(["7", "36", "53"])
        ran = run_steps(guarded, secrets)
    opened = "53 (Cuba) was opened outside Pulumi; `pulumi up` closes it."
    assert ran.returncode == 7
    (told,) = alarms(ran.stdout)
    assert {opened, f'Provider "second": {opened}'} <= set(lines(told))


def test_a_program_that_is_not_applied_yet_is_told_apart_from_a_changed_account(
    guarded: Project, secrets: dict[str, str]
) -> None:
    guarded.write('plusofon.AllowedDirections("account", codes=["7", "36", "44"])')
    ran = run_steps(guarded, secrets)
    assert ran.returncode == 7
    (told,) = alarms(ran.stdout)
    assert any(line.startswith("44 (") and " is declared and not open; " in line for line in lines(told))


def test_a_refused_token_is_no_difference_and_is_not_shown(
    guarded: Project, sandbox: Sandbox, secrets: dict[str, str]
) -> None:
    sandbox.set_open(["53"])
    ran = run_steps(guarded, {**secrets, "PLUSOFON_TOKEN": "no-such-token"})
    assert ran.returncode not in (0, 7)
    (told,) = alarms(ran.stdout)
    assert told.startswith("title=Not compared::")
    assert "401" in told
    assert "no-such-token" not in ran.stdout + ran.stderr


def test_an_api_that_fails_is_no_difference(guarded: Project, sandbox: Sandbox, secrets: dict[str, str]) -> None:
    sandbox.fail_next(99, fault="status:503")
    ran = run_steps(guarded, secrets)
    assert ran.returncode not in (0, 7)
    assert "503" in alarms(ran.stdout)[0]


def test_an_api_that_is_not_there_is_no_difference(guarded: Project, sandbox: Sandbox, secrets: dict[str, str]) -> None:
    sandbox.stop()
    ran = run_steps(guarded, secrets)
    assert ran.returncode not in (0, 7)
    assert alarms(ran.stdout)[0].startswith("title=Not compared::")


def test_it_runs_by_itself_may_write_nothing_and_holds_no_token() -> None:
    assert CONTENT[True]["schedule"]
    assert CONTENT["permissions"] == {"contents": "read"}
    tokens = {name: value for step in STEPS for name, value in step.get("env", {}).items() if name != "PULUMI_STACK"}
    assert tokens
    assert all(SECRET.fullmatch(value) for value in tokens.values())
