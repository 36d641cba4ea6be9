"""Every block of the documents is run, but for recipes that say so; they become a site, and the project a package."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from contextlib import ExitStack
from email import message_from_bytes
from pathlib import Path
from subprocess import CalledProcessError
from urllib.parse import unquote

import pytest
from yaml import YAMLError

from tests.checkout import CHECKOUT, project_files
from tests.conftest import MakeProject
from tests.e2e.session import Session
from tests.pages import DOCS, README, blocks, read
from tools.environment import OLDEST_PACKAGES

PAGES = [page for page in sorted(DOCS.glob("*.md")) if blocks(page)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_blocks_of_a_page_do_what_it_says(page: Path, make_project: MakeProject) -> None:
    with ExitStack() as life:
        Session(make_project, life).run(page)


WRONG = [
    "```sh\nfalse\ntrue\n```\n",
    "```sh\nno-such-command || true\n```\n",
    "```sh\necho one\necho two\n```\n\n```text\ntwo\none\n```\n",
    "```text\n$ echo all\nal\n```\n",
    "```yaml\na: {\n```\n",
    "<!-- test: fails -->\n```sh\ntrue\n```\n",
    "<!-- test: then 36 -->\n```sh\ntrue\n```\n",
    "<!-- test: not run -->\n```sh\nif\n```\n",
    "<!-- test: tehn -->\n```sh\ntrue\n```\n",
    "```sh\ntrue\n",
]


def test_a_page_that_is_wrong_fails(tmp_path: Path, make_project: MakeProject) -> None:
    page = tmp_path / "page.md"
    for text in WRONG:
        page.write_text(text, encoding="utf-8")
        with ExitStack() as life, pytest.raises((AssertionError, CalledProcessError, YAMLError)):
            Session(make_project, life).run(page)


def test_the_links_of_the_site_lead_to_its_pages_and_one_that_leads_nowhere_fails(tmp_path: Path) -> None:
    for name in ("docs", "tools", "plusofon_pulumi", "examples"):
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("mkdocs.yml", "ARCHITECTURE.md", "README.md", "README.ru.md"):
        shutil.copy(CHECKOUT / name, tmp_path / name)
    recipe = re.search(r"^docs:.*\n\t(.*)\n", read(CHECKOUT / "Makefile"), re.MULTILINE)
    assert recipe
    command = ["bash", "-c", recipe[1].replace("$(RUN)", sys.executable)]
    built = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    for page in (tmp_path / "site").glob("*.html"):
        for link in re.findall(r'href="([^"#?]+)', read(page)):
            assert re.match(r"[a-z]+:", link) or link.startswith("/") or (page.parent / unquote(link)).exists(), link
        assert not re.search(r"<!-- test|--8<--", read(page)), page.name

    with (tmp_path / "docs" / "faq.md").open("a", encoding="utf-8") as faq:
        faq.write("\n[there](cli.md#no-such-part)\n[there](no-such-page.md)\n")
    built = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert built.returncode == 1
    assert all(link in built.stderr for link in ("no-such-part", "no-such-page.md"))


def test_the_wheel_holds_the_package_and_its_metadata_and_the_sdist_the_project(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "build", "--outdir", str(tmp_path)]
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as archive:
        names = set(archive.namelist())
        [name] = [each for each in names if each.endswith(".dist-info/METADATA")]
        metadata = message_from_bytes(archive.read(name))
    assert {name for name in names if ".dist-info/" not in name} == project_files("plusofon_pulumi")
    assert "plusofon_pulumi/py.typed" in names
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive_of_all:
        members = {member.name.partition("/")[2] for member in archive_of_all.getmembers() if member.isfile()}
    assert members - {"PKG-INFO"} == project_files() - project_files(".ci")

    assert (metadata["Name"], metadata["Requires-Python"]) == ("plusofon-pulumi", ">=3.10")
    assert (metadata["License-Expression"], metadata["License-File"]) == ("Apache-2.0", "LICENSE")
    assert metadata.get_payload(decode=True) == README.read_bytes()
    assert not [field for field in ("Summary", "Author", "Keywords") if not metadata[field]]
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])
    needed = {re.split(r"[<>,]", each)[0]: each for each in metadata.get_all("Requires-Dist", [])}
    oldest = dict(each.split("==") for each in OLDEST_PACKAGES if each.split("==")[0] in ("pulumi", "requests"))
    assert needed.keys() == oldest.keys()
    assert all(f">={oldest[name].removesuffix('.0')}" in requirement for name, requirement in needed.items())


def test_readme_can_be_followed_to_the_letter(make_project: MakeProject) -> None:
    nothing = {"PULUMI_STACK": None, "PULUMI_BACKEND_URL": None, "PULUMI_CONFIG_PASSPHRASE": None}
    with ExitStack() as life:
        session = Session(make_project, life, **nothing, PLUSOFON_TOKEN=None, PLUSOFON_BASE_URL=None)
        for name in project_files():
            (session.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, session.folder / name)
        session.run(README)
