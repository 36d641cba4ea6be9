"""A page of the documents as a session, in which its programs and commands are run, and their output is compared.

A page is a session with a project, a sandbox as its account, and a shell that stays where it went. By its language:

- `python` that uses Pulumi is the program, in the folder where the shell is, and is brought up; other Python is run.
- `sh` is run by bash, with the account in the environment, its token on standard input, and no questions asked.
- `text` is output: its lines are lines of what came last, in their order. One that begins with `$` is a command with
  its whole output.
- `yaml`, `json` and `csv` are read.

`…` in an output stands for anything, but is not all of it. The words of a comment above a block (see `tests.pages`) say
what else is done:

    new               a new project, and a new account
    account 7 36      before it, somebody makes exactly these codes open in the account
    secret NAME       before it, the account's token becomes a secret of the stack's configuration
    preview           the program is only previewed
    fails             it ends with an error
    then 7 36         after it, exactly these codes are open
    like PAGE         it is a part of a block of that page, and is run there
    by FILE::TEST     that test reads it: the text is the value of a name of its module that it uses
"""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import CodeType

import yaml

from plusofon_pulumi.sandbox import Sandbox
from tests.checkout import CHECKOUT
from tests.e2e.conftest import MakeProject
from tests.e2e.harness import PREAMBLE, Project, run
from tests.pages import PAGES, Block, blocks, unknown_keys

ELSEWHERE = ("like", "by")
ACTIONS = {"preview": (), "up": ("--yes", "--skip-preview")}
# A command that is not there is noted wherever it stands. The next block goes on in the folder where this one ends.
BASH = """\
trap 'pwd > {notes}/folder' EXIT
command_not_found_handle() {{ echo "$1" >> {notes}/missing; return 127; }}
{script}
"""
# As in `serve &`, not in `one && two`, `2>&1` or `|&`.
IN_THE_BACKGROUND = re.compile(r"(?<![&<>|])&(?![&>])")


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
        assert words.keys() <= {"new", "account", "secret", "preview", "fails", "then", *ELSEWHERE}, str(block)
        if "like" in words:
            assert CHECKOUT / words["like"] in PAGES, str(block)
            others = [other for other in blocks(CHECKOUT / words["like"]) if "like" not in dict(other.words)]
            assert any(f"\n{block.text}" in f"\n{other.text}" for other in others), str(block)
        elif "by" in words:
            assert block.text.strip() in read_by(words["by"]), f"{block}: {words['by']} does not read this text"
        else:
            self._run_here(block, words)

    def _run_here(self, block: Block, words: dict[str, str]) -> None:
        if "new" in words:
            self.new()
        if "account" in words:
            self.sandbox.set_open(words["account"].split())
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
            self._lines(block)
        else:
            parse(block)
        if "then" in words:
            assert self.sandbox.open_codes == set(words["then"].split()), str(block)

    def _python(self, block: Block, action: str, *, fails: bool) -> None:
        assert re.search(r"\b(?:pulumi|plusofon|plusofon_pulumi)\b", block.text), f"{block} is about something else"
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
        assert not IN_THE_BACKGROUND.search(script), f"{block}: nobody sees how a command in the background ends"
        if "pulumi stack init" in script:
            self._project.set_env(PULUMI_STACK=None)
        notes = self._project.folder / "notes"
        notes.mkdir(exist_ok=True)
        ran = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", BASH.format(notes=notes, script=script)],
            cwd=self._folder,
            env=self._project.env,
            input=f"{self.sandbox.token}\n",
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ran.returncode != 0) == fails, f"{block}: {ran}"
        assert not (notes / "missing").exists(), f"{block}: there is no command {(notes / 'missing').read_text()}"
        self._folder = Path((notes / "folder").read_text(encoding="utf-8").strip())
        return ran.stdout + ran.stderr

    def _lines(self, block: Block) -> None:
        """Find each line of a block in what comes after the one before it."""
        output = "\n".join(" ".join(line.split()) for line in self._output.splitlines())
        end = 0
        for line in filter(str.strip, block.text.splitlines()):
            assert tells(line), f"{block}: {line!r} tells nothing"
            # Before it, Pulumi may have a mark of what is done with it, or the name of what it is about.
            found = re.compile(rf"^(?:[-+~*] |.*: )?{pattern(line).pattern}$", re.MULTILINE).search(output, end)
            assert found, f"{block}: {line!r} is not a line of {self._output}, or not in this order"
            end = found.end()

    def _transcript(self, block: Block) -> None:
        for shown in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, _, output = shown.partition("\n")
            assert tells(output), f"{block}: the output of {command!r} tells nothing"
            said = " ".join(self._bash(block, command, fails=False).split())
            assert pattern(output).fullmatch(said), f"{block}: {said}"


def pattern(text: str) -> re.Pattern[str]:
    """Return a pattern of an output; where its lines break, and how wide its blanks are, does not matter."""
    # The stack that the documents speak of, and the tests' own.
    plain = " ".join(text.split()).replace("quickstart-dev", "test-dev")
    return re.compile(re.escape(plain).replace("…", ".*?"), re.DOTALL)


def tells(output: str) -> bool:
    """Tell whether an output that is shown has more than what stands for anything; one of nothing has."""
    return not output.strip() or re.search(r"\w", output) is not None


def read_by(named: str) -> list[str]:
    """Return the texts of its module that a test uses, which is named as FILE::TEST."""
    file, _, name = named.partition("::")
    assert (CHECKOUT / file).is_file(), f"there is no {file}"
    module = vars(importlib.import_module(file.removesuffix(".py").replace("/", ".")))
    assert name.startswith("test_"), f"{named} is no test"
    assert name in module, f"there is no {named}"
    values = [module.get(used) for used in names_in(module[name].__code__)]
    return [value.strip() for value in values if isinstance(value, str)]


def names_in(code: CodeType) -> Iterator[str]:
    """Yield the names that a function uses, also in the functions within it."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from names_in(inner)


def parse(block: Block) -> None:
    if block.language == "yaml":
        assert yaml.safe_load(block.text), str(block)
        assert not unknown_keys(block.text), str(block)
    elif block.language == "json":
        json.loads(block.text)
        assert not unknown_keys(block.text), str(block)
    else:
        # Of a table that is text, each line has as many fields as its head.
        assert block.language == "csv", f"{block}: nothing runs a block of this language"
        assert len({line.count(",") for line in block.text.splitlines()}) == 1, str(block)
