"""The documents become a site, strictly: what leads nowhere fails."""

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


def recipe() -> str:
    """Return the command of `make docs`."""
    found = re.search(r"^docs:.*\n\t(.*)\n(?!\t)", read(CHECKOUT / "Makefile"), re.MULTILINE)
    assert found
    return found[1]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A copy of what the site is made of."""
    for name in ("docs", "tools", "plusofon_pulumi"):
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("mkdocs.yml", "ARCHITECTURE.md"):
        shutil.copy(CHECKOUT / name, tmp_path / name)
    return tmp_path


def build(site: Path) -> subprocess.CompletedProcess[str]:
    command = recipe().replace("$(RUN)", sys.executable)
    return subprocess.run(["bash", "-c", command], cwd=site, check=False, capture_output=True, text=True)


def test_the_site_is_built_strictly_and_says_what_is_wrong() -> None:
    # By --quiet, the warnings that --strict counts are not even made.
    assert "--strict" in recipe().split()
    assert not {"--quiet", "-q"} & set(recipe().split())


def test_the_site_s_links_lead_to_its_pages(site: Path) -> None:
    built = build(site)
    assert built.returncode == 0, built.stderr
    pages = list((site / "site").glob("*.html"))
    for page in pages:
        for link in re.findall(r'href="([^"#?]+)', read(page)):
            assert re.match(r"[a-z]+:", link) or link.startswith("/") or (page.parent / unquote(link)).exists(), link
        assert "<!-- test" not in read(page)
    architecture = read(site / "site" / "architecture.html")
    assert {"reliability.html", "performance.html"} <= set(re.findall(r'href="([^"]+)"', architecture))
    assert "How it works" in architecture


@pytest.mark.parametrize(
    "file, text, wrong",
    [
        ("docs/faq.md", "See [there](cli.md#no-such-part).", "no-such-part"),
        ("docs/faq.md", "See [here](#no-such-part).", "no-such-part"),
        ("docs/faq.md", "See [there](no-such-page.md).", "no-such-page.md"),
        ("ARCHITECTURE.md", "See [there](docs/cli.md#no-such-part).", "no-such-part"),
        ("ARCHITECTURE.md", "See [there](docs/no-such-page.md).", "no-such-page.md"),
        ("docs/architecture.md", '--8<-- "NO_SUCH_FILE.md"', "NO_SUCH_FILE.md"),
    ],
)
def test_a_site_with_a_link_that_leads_nowhere_fails(file: str, text: str, wrong: str, site: Path) -> None:
    with (site / file).open("a", encoding="utf-8") as page:
        page.write(f"\n{text}\n")
    built = build(site)
    assert built.returncode == 1
    assert wrong in built.stderr
