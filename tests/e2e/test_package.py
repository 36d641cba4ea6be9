"""What is released: built as a release is, looked at, and used in an environment that has nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import IO, cast

import pytest

import plusofon_pulumi
from tests.checkout import CHECKOUT, project_files
from tests.e2e.blocks import blocks_for
from tests.e2e.conftest import MakeProject
from tests.e2e.harness import Project
from tests.pages import PAGES, RUSSIAN
from tools import isolated
from tools.environment import OLDEST_PACKAGES

# What the README tells a stranger to do in five minutes, and shows.
INSTALL, SANDBOX, ADOPT, DESTROY, REFUSED, SOMEBODY, ALARM, FORGET = blocks_for(
    "tests/e2e/test_package.py::test_five_minutes_lead_from_the_wheel_to_a_protected_list_and_its_alarm"
)
# The CLI's own exit code for a preview that was to have nothing to do, and has.
DIFFERS = 7


def run(*command: str | Path, cwd: Path = CHECKOUT) -> str:
    ran = subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    return next(dist.glob("*.whl"))


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        name = next(each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        return message_from_bytes(archive.read(name))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands of an environment that had nothing in it before the wheel, as the README makes it."""
    folder = tmp_path_factory.mktemp("installed")
    shutil.copy(wheel, folder)
    env = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    ran = subprocess.run(
        ["bash", "-ec", INSTALL], cwd=folder, env={**os.environ, **env}, check=False, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder / "venv" / "bin"


@pytest.fixture
def with_the_wheel(make_project: MakeProject, installed: Path) -> Project:
    """A project with that environment in the place of the one that the tests run in."""
    project = make_project()
    project.set_env(PATH=project.env["PATH"].replace(str(Path(sys.executable).parent), str(installed)))
    return project


@contextmanager
def sandbox_started(project: Project, script: str) -> Iterator[None]:
    """Start a sandbox by a command, and give a project the variables that it prints."""
    start = ["bash", "-ec", f"exec {script}"]
    begun = isolated.started(start, project.folder, project.env, subprocess.PIPE, subprocess.DEVNULL)
    with begun as process, cast("IO[bytes]", process.stdout) as said:
        ready, *exports = (said.readline().decode().strip() for _ in range(3))
        assert ready.startswith("sandbox ready")
        project.set_env(**dict(line.removeprefix("export ").split("=") for line in exports))
        yield


# What it says of itself


def test_the_index_would_take_both(dist: Path) -> None:
    assert run(sys.executable, "-m", "twine", "--no-color", "check", "--strict", *dist.iterdir()).count("PASSED") == 2


def test_it_needs_two_packages_from_the_versions_on_that_are_tested(metadata: Message) -> None:
    needed = {each.split("<")[0]: each for each in metadata.get_all("Requires-Dist", [])}
    assert sorted(needed) == ["pulumi", "requests"]
    assert all(f">={oldest.removesuffix('.0')}" in needed[name] for name, oldest in oldest_versions().items())


def oldest_versions() -> dict[str, str]:
    """Return what `make oldest` runs the tests with."""
    return dict(each.split("==") for each in OLDEST_PACKAGES)


@pytest.mark.parametrize("page", [*PAGES, RUSSIAN], ids=lambda page: page.name)
def test_a_page_names_the_files_that_are_released(page: Path, dist: Path) -> None:
    named = set(re.findall(r"\bplusofon_pulumi-\d[\w.-]*\.(?:whl|tar\.gz)", page.read_text(encoding="utf-8")))
    assert named <= {each.name for each in dist.iterdir()}


def test_the_metadata_are_complete(metadata: Message) -> None:
    assert metadata["Name"] == "plusofon-pulumi"
    assert (metadata["License-Expression"], metadata["License-File"]) == ("Apache-2.0", "LICENSE")
    assert metadata["Requires-Python"] == ">=3.10"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload(decode=True) == (CHECKOUT / "README.md").read_bytes()
    assert metadata.get_all("Project-URL") == ["Plusofon, https://plusofon.ru", "Pulumi, https://www.pulumi.com"]
    assert not [field for field in ("Summary", "Author", "Keywords") if not metadata[field]]


def test_the_classifiers_name_each_python_and_the_types(metadata: Message) -> None:
    classifiers = metadata.get_all("Classifier", [])
    assert "Typing :: Typed" in classifiers
    pythons = [each.rpartition(" ")[2] for each in classifiers if "Python :: 3." in each]
    assert pythons == ["3.10", "3.11", "3.12", "3.13", "3.14"]


# What is in it


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    described = {name.partition(".dist-info/")[2] for name in names if ".dist-info/" in name}
    assert described == {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
    assert {name for name in names if ".dist-info/" not in name} == project_files("plusofon_pulumi")
    assert "plusofon_pulumi/py.typed" in names


def test_the_sdist_holds_the_whole_project_but_its_ci(dist: Path) -> None:
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
        names = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    assert names - {"PKG-INFO"} == project_files() - project_files(".ci")


def test_the_wheel_is_the_same_from_the_sdist_and_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


# What it does


def test_the_package_reads_its_version_from_the_metadata(metadata: Message) -> None:
    assert plusofon_pulumi.__version__ == metadata["Version"]


def test_the_quickstart_runs_with_the_wheel_alone(with_the_wheel: Project) -> None:
    project = with_the_wheel
    with sandbox_started(project, "plusofon sandbox --open 53"):
        project.write((CHECKOUT / "examples" / "quickstart" / "__main__.py").read_text(encoding="utf-8"), preamble="")
        project.up()
        assert open_codes(project) == {"7", "36", "53"}
    assert project.outputs()["open"]["36"] == "Hungary"


def open_codes(project: Project) -> set[str]:
    """Return what the command of the wheel says is open."""
    listed = subprocess.run(
        ["bash", "-ec", "plusofon list --json"], cwd=project.folder, env=project.env, check=True, capture_output=True
    ).stdout
    return {each["code"] for each in json.loads(listed)}


def test_five_minutes_lead_from_the_wheel_to_a_protected_list_and_its_alarm(
    with_the_wheel: Project, wheel: Path, tmp_path: Path
) -> None:
    project = with_the_wheel
    # The environment was made by it.
    assert wheel.name in INSTALL
    # In an empty folder, with nothing of Pulumi's settled beforehand.
    project.folder = tmp_path / "five-minutes"
    project.folder.mkdir()
    state = project.env["PULUMI_BACKEND_URL"]
    project.set_env(PULUMI_STACK=None, PULUMI_BACKEND_URL=None, PULUMI_CONFIG_PASSPHRASE=None)
    # But for its questions, which nobody answers here.
    project.set_env(PULUMI_SKIP_CONFIRMATIONS="true")

    def bash(script: str, folder: str = "account", code: int = 0, typed: str = "") -> str:
        ran = subprocess.run(
            ["bash", "-ec", script],
            cwd=project.folder / folder,
            env=project.env,
            check=False,
            capture_output=True,
            text=True,
            input=typed,
        )
        assert ran.returncode == code, ran.stdout + ran.stderr
        return " ".join((ran.stdout + ran.stderr).split())

    activate, _, sandbox = SANDBOX.partition("\n")
    assert activate in INSTALL
    # The engine takes the user's home from the system, whatever HOME says: that state is not ours to touch.
    adopt = ADOPT.replace("pulumi login --local", f"pulumi login {state}")
    assert adopt != ADOPT
    with sandbox_started(project, sandbox):
        bash(adopt, folder=".")
        # The terminal stays where it went, and has what was exported.
        (exported,) = re.findall(r"^export (\w+)=(\w+)$", ADOPT, re.MULTILINE)
        project.set_env(**dict([exported]))
        assert open_codes(project) == {"7", "36"}

        refused = bash(DESTROY, code=1)
        assert all(" ".join(piece.split()) in refused for piece in REFUSED.split("…"))
        program = project.folder / "account" / "__main__.py"
        declared = program.read_text(encoding="utf-8")
        program.write_text("", encoding="utf-8")
        assert "because it is protected" in bash("pulumi up", code=1)
        program.write_text(declared, encoding="utf-8")

        assert ALARM.strip() in bash(SOMEBODY, code=DIFFERS)
        assert open_codes(project) == {"7", "36", "53"}
        left = bash(f"{FORGET}\necho left in $(basename $PWD): $PLUSOFON_BASE_URL $PLUSOFON_TOKEN", typed="mine\n")
    assert left.endswith("left in five-minutes: mine")
