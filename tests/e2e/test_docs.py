"""The documents: every block is run, but for recipes that say that they are not, and they become a site.

README.md is followed by `test_package`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from subprocess import CalledProcessError
from urllib.parse import unquote

import pytest
from yaml import YAMLError

from tests.checkout import CHECKOUT
from tests.e2e.conftest import MakeProject
from tests.e2e.session import Session
from tests.pages import DOCS, blocks, read

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


# The site


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what the site is made of."""
    for name in ("docs", "tools", "plusofon_pulumi", "examples"):
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("mkdocs.yml", "ARCHITECTURE.md", "README.md", "README.ru.md"):
        shutil.copy(CHECKOUT / name, tmp_path / name)
    return tmp_path


def build(copy: Path) -> subprocess.CompletedProcess[str]:
    recipe = re.search(r"^docs:.*\n\t(.*)\n", read(CHECKOUT / "Makefile"), re.MULTILINE)
    assert recipe
    command = recipe[1].replace("$(RUN)", sys.executable)
    return subprocess.run(["bash", "-c", command], cwd=copy, check=False, capture_output=True, text=True)


def test_the_links_of_the_site_lead_to_its_pages(copy: Path) -> None:
    built = build(copy)
    assert built.returncode == 0, built.stderr
    for page in (copy / "site").glob("*.html"):
        for link in re.findall(r'href="([^"#?]+)', read(page)):
            assert re.match(r"[a-z]+:", link) or link.startswith("/") or (page.parent / unquote(link)).exists(), link
        assert not re.search(r"<!-- test|--8<--", read(page)), page.name


def test_a_site_with_a_link_that_leads_nowhere_fails(copy: Path) -> None:
    with (copy / "docs" / "faq.md").open("a", encoding="utf-8") as page:
        page.write("\n[there](cli.md#no-such-part)\n[there](no-such-page.md)\n")
    built = build(copy)
    assert built.returncode == 1
    assert all(link in built.stderr for link in ("no-such-part", "no-such-page.md"))
