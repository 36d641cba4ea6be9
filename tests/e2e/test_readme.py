"""Every program and command of the README is run, and what it says of the preview is what the preview says."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.conftest import MakeProject
from tests.e2e.harness import Project
from tools import isolated

CHECKOUT = Path(__file__).parents[2]
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


PROGRAM, WHOLE, CABINETS, DATA, CLIENT = blocks("python")
ADOPT, MAKE, CABINET, TOKEN, DRIFT, SANDBOX = blocks("sh")
PREVIEW, WHOLE_PREVIEW = blocks("text")


def test_the_readme_has_no_block_that_is_not_run() -> None:
    assert README.count("```") == 2 * (len(blocks("python")) + len(blocks("sh")) + len(blocks("text")))


def test_the_program_runs_and_its_drift_shows_as_the_readme_says(make_project: MakeProject, sandbox: Sandbox) -> None:
    project = make_project("", sandbox)
    project.write(PROGRAM, preamble="")
    project.up()
    assert sandbox.open_codes == {"36", "58"}
    sandbox.set_open(["58"])
    shown = " ".join(project.preview().output.split())
    for line in PREVIEW.replace("quickstart-dev", "test-dev").splitlines():
        assert " ".join(line.split()) in shown


def test_the_whole_list_s_program_runs_and_its_drift_shows_as_the_readme_says(
    make_project: MakeProject, sandbox: Sandbox
) -> None:
    project = make_project("", sandbox)
    project.write(WHOLE.replace('"58"]', '"58", "44"]'), preamble="")
    project.up()
    project.write(WHOLE, preamble="")
    sandbox.set_open(["7", "44", "53", "58"])
    told = project.preview().stdout
    assert all(line in told for line in WHOLE_PREVIEW.splitlines())
    project.up()
    assert sandbox.open_codes == {"7", "36", "58"}
    project.destroy(fails=True)


def test_the_two_cabinets_program_runs(make_project: MakeProject, sandbox: Sandbox) -> None:
    project = make_project("", sandbox)
    project.config("secondToken", sandbox.token, secret=True)
    project.write(CABINETS, preamble="")
    project.up()
    assert [resource["id"] for resource in project.resources()] == ["36", "36"]


def test_the_program_that_looks_things_up_runs(make_project: MakeProject, sandbox: Sandbox) -> None:
    sandbox.set_open(["53"])
    project = make_project("", sandbox)
    project.write(DATA, preamble="")
    project.up()
    assert sandbox.open_codes == {"370", "371", "372"}
    assert project.outputs()["before"] == ["53 (Cuba)"]


def test_the_three_commands_adopt_an_open_list(make_project: MakeProject, sandbox: Sandbox) -> None:
    sandbox.set_open(["36", "7"])
    project = make_project("", sandbox)
    project.set_env(PULUMI_STACK=None)
    subprocess.run(["bash", "-ec", ADOPT], cwd=project.folder, env=project.env, check=True, capture_output=True)
    project.run("-C", "cabinet", "preview", "--expect-no-changes", "--stack", "dev")
    assert {request.method for request in sandbox.requests} == {"GET"}


def test_the_client_s_program_prints_what_is_open() -> None:
    ran = subprocess.run([sys.executable, "-c", CLIENT], capture_output=True, check=True, text=True)
    assert ran.stdout == "['36 (Hungary)']\n"


def test_the_make_targets_exist() -> None:
    for command in MAKE.splitlines():
        subprocess.run([*command.split(), "--dry-run"], cwd=CHECKOUT, check=True, capture_output=True)


def test_the_root_project_works_as_any_pulumi_project_does(tmp_path: Path, engine: Path, sandbox: Sandbox) -> None:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    tracked = subprocess.run(listed, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, tracked.split("\0")):
        if (CHECKOUT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, tmp_path / name)
    env = isolated.environment(engine, tmp_path / "isolated")
    env |= {"PLUSOFON_TOKEN": sandbox.token, "PLUSOFON_BASE_URL": sandbox.url}
    del env["PULUMI_STACK"]

    def bash(script: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        activated = ". venv/bin/activate\n" if script != CABINET else ""
        return subprocess.run(
            ["bash", "-ec", activated + script],
            cwd=tmp_path,
            env=env,
            check=False,
            capture_output=True,
            text=True,
            input=typed,
        )

    made = bash(CABINET)
    assert made.returncode == 0, made.stdout + made.stderr
    assert sandbox.open_codes == {"7", "36"}
    del env["PLUSOFON_TOKEN"]
    assert bash(TOKEN, typed=f"{sandbox.token}\n").returncode == 0
    # The base URL is still the environment's, the token now the stack's.
    assert bash(DRIFT).returncode == 0
    sandbox.set_open(["7"])
    assert bash(DRIFT).returncode not in (0, 127)
    assert bash("pulumi up --yes --skip-preview\npulumi destroy --yes --skip-preview").returncode == 0
    assert sandbox.open_codes == set()


def test_the_sandbox_s_command_starts_it(project: Project) -> None:
    command = re.sub(r"--port \d+", "--port 0", SANDBOX.strip()).replace("python", sys.executable, 1).split()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert "http://127.0.0.1:" in ready


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!http)([^)#]+)\)", README))))
def test_what_the_readme_links_to_is_there(link: str) -> None:
    assert (CHECKOUT / link).exists()
