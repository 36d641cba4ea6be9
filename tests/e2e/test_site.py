"""The documents become a site; a link or an anchor that leads nowhere fails."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.checkout import CHECKOUT
from tests.pages import read


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
