"""An existing account comes under Pulumi: `plusofon adopt`, then `pulumi up`, without a write."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.conftest import MakeProject
from tests.e2e.harness import Project

CODES = {"7", "36", "44", "1"}


@pytest.fixture
def account(sandbox: Sandbox) -> Sandbox:
    sandbox.set_open(CODES)
    return sandbox


@pytest.fixture
def folder(project: Project) -> Path:
    """Where the adopted program goes: a folder without a project, whose stack is still to be made."""
    project.set_env(PULUMI_STACK=None)
    return project.folder / "acme"


def adopt(project: Project, *options: str, **env: str) -> str:
    command = [sys.executable, "-m", "plusofon_pulumi", "adopt", "--out", "acme", *options]
    ran = subprocess.run(
        command, cwd=project.folder, env={**project.env, **env}, capture_output=True, check=True, text=True
    )
    return ran.stdout


def in_stack(project: Project, folder: Path) -> Project:
    """Turn the project into the adopted one, with the stack that `adopt` tells to make."""
    project.folder = folder
    project.run("stack", "init", "dev")
    return project


def writes(account: Sandbox) -> list[str]:
    return [each.method for each in account.requests if each.method != "GET"]


@pytest.mark.parametrize("option", ["--name=calls", "--exclusive", "--csv"])
def test_up_takes_over_what_is_open_without_a_write(
    project: Project, account: Sandbox, folder: Path, option: str
) -> None:
    adopt(project, option)
    adopted = in_stack(project, folder)
    assert "will " not in adopted.preview().output
    adopted.run("up", "--yes")
    adopted.preview("--expect-no-changes")
    adopted.refresh("--expect-no-changes")
    assert adopted.run("destroy", "--yes", fails=True).code != 0
    protected = adopted.run("stack", "export").json["deployment"]["resources"]
    ours = [each for each in protected if "plusofon" in each["type"]]
    assert len(ours) == (len(CODES) if option == "--name=calls" else 1)
    assert all(each["protect"] for each in ours)
    assert (writes(account), set(account.open_codes)) == ([], CODES)


def test_preview_shows_what_has_changed_since(project: Project, account: Sandbox, folder: Path) -> None:
    adopt(project, "--exclusive")
    account.set_open({"7", "36", "44", "53"})
    shown = in_stack(project, folder).preview().output
    assert "will open 1 (" in shown
    assert "will close 53 (Cuba): it is open and not declared" in shown
    assert writes(account) == []


def test_a_lost_line_closes_nothing(project: Project, account: Sandbox, folder: Path) -> None:
    adopt(project)
    adopted = in_stack(project, folder)
    adopted.up()
    program = folder / "__main__.py"
    lines = program.read_text(encoding="utf-8").splitlines(keepends=True)
    program.write_text("".join(line for line in lines if '"36"' not in line), encoding="utf-8")
    assert "protected" in adopted.up(fails=True).output
    assert (writes(account), set(account.open_codes)) == ([], CODES)


def test_a_code_that_the_catalogue_does_not_have_stays_open_beside_single_resources(
    project: Project, account: Sandbox, folder: Path
) -> None:
    account.set_open({"36", "424"})
    assert "424 (Direction 424) is open but not in Plusofon's catalogue" in adopt(project)
    in_stack(project, folder).up()
    assert (writes(account), set(account.open_codes)) == ([], {"36", "424"})


def test_two_accounts_are_two_projects_in_one_backend(
    make_project: MakeProject, project: Project, account: Sandbox, folder: Path
) -> None:
    with Sandbox(open=["53"]) as other:
        adopt(project)
        adopted = in_stack(project, folder)
        adopted.up()
        second = {"PLUSOFON_TOKEN": other.token, "PLUSOFON_BASE_URL": other.url}
        adopt(project, "--exclusive", "--out", "../second", **second)
        adopted.set_env(**second)
        in_stack(adopted, folder.parent / "second").up()
        adopted.preview("--expect-no-changes")
        assert (writes(account), writes(other)) == ([], [])
