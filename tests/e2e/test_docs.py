"""Every program and command of the documents is run, and what they show as output is what comes of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.conftest import MakeProject
from tests.e2e.harness import Project
from tests.e2e.session import Session
from tests.pages import DOCS, PAGES, blocks
from tests.scripts import in_blocks, in_sentences, options, options_alone

STARTS_THE_SANDBOX = "tests/e2e/test_readme.py::test_the_sandbox_s_command_starts_it"


@pytest.fixture
def session(make_project: MakeProject) -> Iterator[Session]:
    with ExitStack() as life:
        yield Session(make_project, life)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=lambda page: page.name)
def test_a_page_s_blocks_do_what_it_says(page: Path, session: Session) -> None:
    session.run(page)


@pytest.mark.parametrize(
    "text",
    [
        "```ruby\nputs 1\n```\n",
        "```\nwhatever\n```\n",
        "```text\noutput of nothing\n```\n",
        "```sh\nfalse\n```\n",
        "```sh\nfalse\ntrue\n```\n",
        "```sh\nfalse | true\n```\n",
        "```sh\nfalse &\n```\n",
        "```sh\npulumi nonsense &\ntrue\n```\n",
        "```sh\nno-such-command || true\n```\n",
        "```sh\necho $(no-such-command 2> /dev/null)\n```\n",
        "<!-- test: fails -->\n```sh\nno-such-command\n```\n",
        "```{.sh}\nfalse\n```\n",
        "```sh\necho shown\n```\n```text\nsomething else\n```\n",
        "```text\n$ echo all\nal\n```\n",
        "```sh\necho 'it is shown here'\n```\n```text\nshown here\n```\n",
        "```sh\necho 'it is shown here'\n```\n```text\nit is\n```\n",
        "```sh\necho one\necho two\n```\n```text\ntwo\none\n```\n",
        "```sh\necho one\n```\n```text\none\none\n```\n",
        "<!-- test: fails -->\n```sh\ntrue\n```\n",
        "<!-- test: then 36 -->\n```sh\ntrue\n```\n",
        "<!-- test: by tests/e2e/test_docs.py::test_that_is_not_there -->\n```sh\ntrue\n```\n",
        "<!-- test: by tests/e2e/test_that_is_not_there.py::test_it -->\n```sh\ntrue\n```\n",
        f"<!-- test: by {STARTS_THE_SANDBOX} -->\n```sh\nmake demo\nmake test\n```\n",
        f"<!-- test: by {STARTS_THE_SANDBOX} -->\n```sh\npython -m plusofon_pulumi sandbox --prot 8036\n```\n",
        "```sh\necho shown\n```\n```text\n…\n```\n",
        "```sh\necho shown\n```\n```text\nshown\n … … \n```\n",
        "```text\n$ echo all\n…\n```\n",
        "```python\nprint(1)\n```\n",
        "```yaml\nconfig:\n  plusofon:tokn: x\n```\n",
        '```json\n{"plusofon:clientID": 1}\n```\n',
        "```json\n{\n```\n",
        "```csv\na,b\nc\n```\n",
        "<!-- test: like README.md -->\n```sh\nwhatever\n```\n",
        "<!-- test: like README.md -->\n```sh\nnv venv\n```\n",
        "<!-- test: like docs/index.md -->\n```sh\npip install .\n```\n",
        "<!-- test: like LICENSE -->\n```sh\nwhatever\n```\n",
        "<!-- test: tehn -->\n```sh\ntrue\n```\n",
        "<!-- test then -->\n```sh\ntrue\n```\n",
        "```sh\ntrue\n```\n<!-- test: then -->\n",
        "```sh\ntrue\n",
    ],
)
def test_a_page_that_is_wrong_fails(text: str, tmp_path: Path, session: Session) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    with pytest.raises((AssertionError, json.JSONDecodeError)):
        session.run(page)


def test_a_script_that_leads_its_output_elsewhere_passes(tmp_path: Path, session: Session) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```sh\n(echo one >&2 && echo two) 2>&1 |& cat &> file\ncat file\n```\n```text\none\ntwo\n```\n",
        encoding="utf-8",
    )
    session.run(page)


def test_a_block_that_is_read_by_a_test_passes(tmp_path: Path, session: Session) -> None:
    page = tmp_path / "page.md"
    command = "python -m plusofon_pulumi sandbox --port 8036 --open 7,36"
    page.write_text(f"<!-- test: by {STARTS_THE_SANDBOX} -->\n```sh\n{command}\n```\n", encoding="utf-8")
    session.run(page)


def unknown_to_pulumi(project: Project, told: Iterable[list[str]]) -> set[str]:
    """Return what the CLI's own help does not have of such commands: a command's name, or it with an option."""
    wanted: dict[str, set[str]] = {}
    for words in told:
        named = re.match(r"(?:-C \w+ )?((?:(?:config|stack|state) )?[a-z]+)", " ".join(words))
        assert named, words
        wanted.setdefault(named[1], set()).update(options(words))
    unknown = set()
    for names, of_it in wanted.items():
        told_by_it = project.run(*names.split(), "--help").output
        usage, _, flags = told_by_it.partition("Usage:")[2].partition("Flags:")
        if names.split()[-1] not in re.findall(r"[\w-]+", usage):
            unknown.add(names)
        unknown |= {f"{names} {option}" for option in of_it - set(flags.replace(",", " ").split())}
    return unknown


def test_the_commands_of_pulumi_exist_with_their_options(project: Project) -> None:
    assert not unknown_to_pulumi(project, [*in_sentences("pulumi"), *in_blocks("pulumi")])


def test_a_wrong_command_of_pulumi_is_seen(project: Project, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    script = (
        "pulumi -C x preview --expect-no-change -y\npulumi prevue || true\npulumi stack innit dev\npulumi up --yes\n"
    )
    page.write_text(f"```sh\n{script}```\n", encoding="utf-8")
    unknown = unknown_to_pulumi(project, in_blocks("pulumi", [page]))
    assert unknown == {"preview --expect-no-change", "preview -y", "prevue", "stack innit"}


def unknown_options(project: Project, told: set[str]) -> set[str]:
    """Return what is an option neither of `plusofon`, whose help docs/cli.md has, nor of Pulumi's usual commands."""
    of_pulumi = [("preview",), ("up",), ("destroy",), ("import",), ("config", "set")]
    helps = [block.text for block in blocks(DOCS / "cli.md", "text")]
    helps += [project.run(*names, "--help").output for names in of_pulumi]
    return told - set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", "\n".join(helps)))


def test_the_options_that_are_named_alone_exist(project: Project) -> None:
    assert not unknown_options(project, options_alone())


def test_a_wrong_option_that_is_named_alone_is_seen(project: Project, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Of `--out DIR`, `-y` and `--policy-pack`, `--tokn-file` and `-1` are `--no-opt=x`.\n", encoding="utf-8"
    )
    assert unknown_options(project, options_alone([page])) == {"--tokn-file", "--no-opt"}
