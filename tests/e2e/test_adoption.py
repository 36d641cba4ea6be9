"""An existing account comes under Pulumi: `plusofon adopt`, then `pulumi up`, without a write."""

from __future__ import annotations

import subprocess
import sys

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import Project, writes

CODES = ["7", "36", "44", "1"]


def adopt(project: Project, folder: str, *options: str) -> str:
    """Adopt the account, make the stack that `adopt` tells to make, and go there."""
    command = [sys.executable, "-m", "plusofon_pulumi", "adopt", "--out", folder, *options]
    ran = subprocess.run(command, cwd=project.folder, env=project.env, capture_output=True, check=True, text=True)
    project.folder /= folder
    project.run("stack", "init", "dev")
    return ran.stdout


def protected(project: Project) -> list[bool]:
    resources = project.run("stack", "export").stdout.split('"urn": ')[1:]
    return ['"protect": true' in each for each in resources if "plusofon:Allowed" in each.partition("\n")[0]]


def test_up_takes_over_what_is_open_and_a_lost_line_closes_nothing(project: Project, sandbox: Sandbox) -> None:
    """Each way is a project of its own, in one backend."""
    sandbox.set_open([*CODES, "424"])
    project.set_env(PULUMI_STACK=None)
    told = adopt(project, "acme", "--name=calls")
    assert "424 (Direction 424) is open but not in Plusofon's catalogue" in told
    assert "will " not in project.run("up", "--yes").output
    assert protected(project) == [True] * len(CODES)
    program = project.folder / "__main__.py"
    lines = program.read_text(encoding="utf-8").splitlines(keepends=True)
    program.write_text("".join(line for line in lines if '"36"' not in line), encoding="utf-8")
    project.up(fails=True).says("protected")

    sandbox.set_open(CODES)
    adopt(project, "../exclusive", "--exclusive")
    sandbox.set_open(["7", "36", "44", "53"])
    project.preview().says("will open 1 (", "will close 53 (Cuba): it is open and not declared")
    sandbox.set_open(CODES)
    assert "will " not in project.run("up", "--yes").output
    adopt(project, "../table", "--csv")
    assert "will " not in project.run("up", "--yes").output
    project.destroy(fails=True).says("protected")
    assert protected(project) == [True]
    assert writes(sandbox) == 0
