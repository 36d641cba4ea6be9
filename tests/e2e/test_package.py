"""What is released: what is in it, and README.md followed to the letter, from an empty environment on."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from contextlib import ExitStack
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from tests.checkout import CHECKOUT, project_files
from tests.e2e.conftest import MakeProject
from tests.e2e.session import Session
from tests.pages import README
from tools.environment import OLDEST_PACKAGES


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--outdir", folder], cwd=CHECKOUT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def metadata(dist: Path) -> Message:
    with zipfile.ZipFile(next(dist.glob("*.whl"))) as archive:
        name = next(each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        return message_from_bytes(archive.read(name))


def test_the_metadata_are_complete(metadata: Message) -> None:
    assert (metadata["Name"], metadata["Requires-Python"]) == ("plusofon-pulumi", ">=3.10")
    assert (metadata["License-Expression"], metadata["License-File"]) == ("Apache-2.0", "LICENSE")
    assert metadata.get_payload(decode=True) == README.read_bytes()
    assert not [field for field in ("Summary", "Author", "Keywords") if not metadata[field]]
    needed = {re.split(r"[<>,]", each)[0]: each for each in metadata.get_all("Requires-Dist", [])}
    oldest = dict(each.split("==") for each in OLDEST_PACKAGES if each.split("==")[0] in ("pulumi", "requests"))
    assert needed.keys() == oldest.keys()
    assert all(f">={oldest[name].removesuffix('.0')}" in requirement for name, requirement in needed.items())
    classifiers = metadata.get_all("Classifier", [])
    assert "Typing :: Typed" in classifiers
    pythons = [each.rpartition(" ")[2] for each in classifiers if "Python :: 3." in each]
    assert pythons == ["3.10", "3.11", "3.12", "3.13", "3.14"]


def test_the_wheel_holds_the_package_and_the_sdist_the_project(dist: Path) -> None:
    with zipfile.ZipFile(next(dist.glob("*.whl"))) as archive:
        names = set(archive.namelist())
    assert {name for name in names if ".dist-info/" not in name} == project_files("plusofon_pulumi")
    assert "plusofon_pulumi/py.typed" in names
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive_of_all:
        members = {member.name.partition("/")[2] for member in archive_of_all.getmembers() if member.isfile()}
    assert members - {"PKG-INFO"} == project_files() - project_files(".ci")


def test_readme_can_be_followed_to_the_letter(make_project: MakeProject) -> None:
    nothing = {"PULUMI_STACK": None, "PULUMI_BACKEND_URL": None, "PULUMI_CONFIG_PASSPHRASE": None}
    with ExitStack() as life:
        session = Session(make_project, life, **nothing, PLUSOFON_TOKEN=None, PLUSOFON_BASE_URL=None)
        for name in project_files():
            (session.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, session.folder / name)
        session.run(README)
