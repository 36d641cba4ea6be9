"""Every program and command of the documents is run, and what they show as output is what comes of it.

A page is a session with a project, a sandbox as its cabinet, and a shell that stays where it went. By its language:

- `python` that uses Pulumi is the program, in the folder where the shell is, and is brought up; other Python is run.
- `sh` is run by bash, with the cabinet in the environment, its token on standard input, and no questions asked.
- `text` is output: each of its lines is in what came last. One that begins with `$` is a command with its whole output.
- `yaml`, `json` and `csv` are read.

`…` in an output stands for anything. The words of a comment above a block (see `tests.pages`) say what else is done:

    new               a new project, and a new cabinet
    cabinet 7 36      before it, somebody makes exactly these codes open in the cabinet
    secret NAME       before it, the cabinet's token becomes a secret of the stack's configuration
    preview           the program is only previewed
    fails             it ends with an error
    then 7 36         after it, exactly these codes are open
    like PAGE         it is a part of a block of that page, and is run there
    by FILE::TEST     that test runs it
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.conftest import MakeProject
from tests.e2e.harness import PREAMBLE, Project, run
from tests.pages import CHECKOUT, PAGES, Block, blocks, commands, options, read

ELSEWHERE = ("like", "by")
ACTIONS = {"preview": (), "up": ("--yes", "--skip-preview")}


class Session:
    """Run the blocks of a page, one after the other."""

    def __init__(self, make_project: MakeProject, life: ExitStack) -> None:
        self._make_project = make_project
        self._life = life
        self._output = ""
        self.new()

    def new(self) -> None:
        self.sandbox = self._life.enter_context(Sandbox())
        # `pulumi up` as a person says it, without the questions, and without the preview that pages show by itself.
        asks_nothing = {"PULUMI_SKIP_CONFIRMATIONS": "true", "PULUMI_OPTION_SKIP_PREVIEW": "true"}
        self._project: Project = self._make_project("", self.sandbox, {**asks_nothing, "COLUMNS": "100"})
        self._folder = self._project.folder

    def run(self, page: Path) -> None:
        for block in blocks(page):
            self._run(block)

    def _run(self, block: Block) -> None:
        words = dict(block.words)
        assert len(words) == len(block.words), f"{block} has a word twice"
        assert words.keys() <= {"new", "cabinet", "secret", "preview", "fails", "then", *ELSEWHERE}, str(block)
        if "like" in words:
            assert any(block.text in other.text for other in blocks(CHECKOUT / words["like"])), str(block)
        elif "by" in words:
            file, _, name = words["by"].partition("::")
            assert f"def {name}(" in read(CHECKOUT / file), str(block)
        else:
            self._run_here(block, words)

    def _run_here(self, block: Block, words: dict[str, str]) -> None:
        if "new" in words:
            self.new()
        if "cabinet" in words:
            self.sandbox.set_open(words["cabinet"].split())
        if "secret" in words:
            self._project.config(words["secret"], self.sandbox.token, secret=True)
        fails = "fails" in words
        if block.language == "python":
            self._python(block, "preview" if "preview" in words else "up", fails=fails)
        elif block.language == "sh":
            self._output = self._bash(block, block.text, fails=fails)
        elif block.language == "text" and block.text.startswith("$ "):
            self._transcript(block)
        elif block.language == "text":
            for line in block.text.splitlines():
                assert pattern(line).search(" ".join(self._output.split())), f"{block}: {line!r} not in {self._output}"
        else:
            parse(block)
        if "then" in words:
            assert self.sandbox.open_codes == set(words["then"].split()), str(block)

    def _python(self, block: Block, action: str, *, fails: bool) -> None:
        if re.search(r"\bpulumi\.|plusofon\.", block.text):
            preamble = "" if "import pulumi" in block.text else PREAMBLE
            (self._folder / "__main__.py").write_text(preamble + block.text, encoding="utf-8")
            result = run((action, *ACTIONS[action]), self._folder, self._project.env, seconds=120)
            assert (result.code != 0) == fails, f"{block}: {result}"
            self._output = result.output
        else:
            ran = subprocess.run([sys.executable, "-c", block.text], capture_output=True, text=True, check=False)
            assert (ran.returncode != 0) == fails, f"{block}: {ran}"
            self._output = ran.stdout + ran.stderr

    def _bash(self, block: Block, script: str, *, fails: bool) -> str:
        if "pulumi stack init" in script:
            self._project.set_env(PULUMI_STACK=None)
        # The next block goes on in the folder where this one ends.
        there = self._project.folder / "there"
        ran = subprocess.run(
            ["bash", "-ec", f"trap 'pwd > {there}' EXIT\n{script}"],
            cwd=self._folder,
            env=self._project.env,
            input=f"{self.sandbox.token}\n",
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ran.returncode not in (0, 127)) if fails else ran.returncode == 0, f"{block}: {ran}"
        self._folder = Path(there.read_text(encoding="utf-8").strip())
        return ran.stdout + ran.stderr

    def _transcript(self, block: Block) -> None:
        for shown in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, _, output = shown.partition("\n")
            said = " ".join(self._bash(block, command, fails=False).split())
            assert pattern(output).fullmatch(said), f"{block}: {said}"


def pattern(text: str) -> re.Pattern[str]:
    """Return a pattern of an output; where its lines break, and how wide its blanks are, does not matter."""
    # The stack that the documents speak of, and the tests' own.
    plain = " ".join(text.split()).replace("quickstart-dev", "test-dev")
    return re.compile(re.escape(plain).replace("…", ".*?"), re.DOTALL)


def parse(block: Block) -> None:
    if block.language == "yaml":
        assert yaml.safe_load(block.text), str(block)
    elif block.language == "json":
        json.loads(block.text)
    else:
        # Of a table that is text, each line has as many fields as its head.
        assert block.language == "csv", f"{block}: nothing runs a block of this language"
        assert len({line.count(",") for line in block.text.splitlines()}) == 1, str(block)


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
        "```sh\necho shown\n```\n```text\nsomething else\n```\n",
        "```text\n$ echo all\nal\n```\n",
        "<!-- test: fails -->\n```sh\ntrue\n```\n",
        "<!-- test: then 36 -->\n```sh\ntrue\n```\n",
        "<!-- test: by tests/e2e/test_docs.py::test_that_is_not_there -->\n```sh\ntrue\n```\n",
        "<!-- test: like README.md -->\n```sh\nwhatever\n```\n",
        "<!-- test: tehn -->\n```sh\ntrue\n```\n",
        "<!-- test then -->\n```sh\ntrue\n```\n",
        "```sh\ntrue\n```\n<!-- test: then -->\n",
        "```sh\ntrue\n",
    ],
)
def test_a_page_that_is_wrong_fails(text: str, tmp_path: Path, session: Session) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    with pytest.raises(AssertionError):
        session.run(page)


def test_the_commands_of_pulumi_that_are_named_exist_with_their_options(project: Project) -> None:
    wanted: dict[str, set[str]] = {}
    for words in commands("pulumi"):
        named = re.match(r"(?:-C \w+ )?((?:(?:config|stack|state) )?[a-z]+)", " ".join(words))
        assert named, words
        wanted.setdefault(named[1], set()).update(options(words))
    for names, of_it in wanted.items():
        told = project.run(*names.split(), "--help").output
        usage, _, flags = told.partition("Usage:")[2].partition("Flags:")
        assert names.split()[-1] in re.findall(r"\w+", usage), told
        assert of_it <= set(flags.split()), told
