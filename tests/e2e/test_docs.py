"""Every block of the documents is run, but for recipes that say that they are not; README.md: see `test_package`."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from subprocess import CalledProcessError

import pytest
from yaml import YAMLError

from tests.e2e.conftest import MakeProject
from tests.e2e.session import Session
from tests.pages import DOCS, blocks

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
