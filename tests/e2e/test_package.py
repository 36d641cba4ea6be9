"""What is released: built as a release is, looked at, and used in an environment that has nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import IO, cast

import pytest

import plusofon_pulumi
from tests.checkout import CHECKOUT, project_files
from tests.e2e.conftest import MakeProject
from tools import isolated
from tools.environment import OLDEST_PACKAGES


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
    """The folder of the commands of an environment that had nothing in it before the wheel."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    run(sys.executable, "-m", "venv", folder)
    run(folder / "bin" / "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check", wheel)
    return folder / "bin"


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


def test_the_quickstart_runs_with_the_wheel_alone(make_project: MakeProject, installed: Path) -> None:
    project = make_project()
    # In the place of the environment that the tests run in.
    project.set_env(PATH=project.env["PATH"].replace(str(Path(sys.executable).parent), str(installed)))
    start = [str(installed / "plusofon"), "sandbox", "--open", "53"]
    begun = isolated.started(start, project.folder, project.env, subprocess.PIPE, subprocess.DEVNULL)
    with begun as sandbox, cast("IO[bytes]", sandbox.stdout) as said:
        ready, *exports = (said.readline().decode().strip() for _ in range(3))
        assert ready.startswith("sandbox ready")
        project.set_env(**dict(line.removeprefix("export ").split("=") for line in exports))
        project.write((CHECKOUT / "examples" / "quickstart" / "__main__.py").read_text(encoding="utf-8"), preamble="")
        project.up()
        ask = [str(installed / "plusofon"), "list", "--json"]
        listed = subprocess.run(ask, cwd=project.folder, env=project.env, check=True, capture_output=True).stdout
    assert {each["code"] for each in json.loads(listed)} == {"7", "36", "53"}
    assert project.outputs()["open"]["36"] == "Hungary"
