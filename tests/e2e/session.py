"""A page of the documents as one session in a shell: its blocks are run in order, and their output is compared.

The session has a project with a stack, and a sandbox as its account. By its language, a block is

- `sh`: run by bash, which stays in its folder and keeps its variables; the account's token is on standard input;
- `python`: a program that is brought up if it declares resources; otherwise it is run;
- `text`: lines of the output that came last, in order, where `…` is anything; or, after `$ `, a command and its output,
  compared without white space: versions of Python wrap help in other places;
- `yaml`: parsed; `csv`: only shown.

The comment above a block may say more, as in `<!-- test: account 7 53; fails -->`:

    new               a new project, and a new account
    account 7 36      before it, the owner makes exactly these codes open
    secret NAME       before it, the account's token becomes a secret of the stack's configuration
    file NAME         the block is written into that file
    preview           the program is only previewed
    fails             it ends with an error
    then 7 36         after it, exactly these codes are open
    shown             it is compared with the output that came last, whatever its language
    like PAGE         it is a part of a block of that page, and is run there
    not run           a recipe: only its syntax is checked, and the page says so
"""

from __future__ import annotations

import ast
import re
import socket
import subprocess
import threading
from contextlib import ExitStack
from pathlib import Path
from subprocess import PIPE, STDOUT

import yaml

from plusofon_pulumi.sandbox import Sandbox
from tests.checkout import CHECKOUT
from tests.conftest import MakeProject
from tests.pages import Block, blocks
from tools import isolated

WORDS = {"new", "account", "secret", "file", "preview", "fails", "then", "shown", "like", "not"}
# `code` is the exit code of the last command that failed. Commands must not read what is meant for the shell.
RUN = "code=0; set -E; trap 'code=$?' ERR; . {script} < {typed}; trap - ERR; echo; echo '{end}' $code\n"
PATIENCE = 300.0


class Session:
    """One page, or several, in one shell."""

    def __init__(self, make_project: MakeProject, life: ExitStack, **env: str | None) -> None:
        self._make_project, self._life, self._env = make_project, life, env
        self._output = ""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = str(free.getsockname()[1])  # where a page says 8036
        self.new()

    def new(self) -> None:
        self.sandbox = self._life.enter_context(Sandbox())
        # `pulumi up` as a person types it, without the question.
        env = {"PULUMI_SKIP_CONFIRMATIONS": "true", "COLUMNS": "100", **self._env}
        self._project = self._make_project("", self.sandbox, env)
        self.folder = self._project.folder
        self._shell = self._life.enter_context(
            isolated.started(["bash"], self.folder, self._project.env, PIPE, STDOUT, stdin=PIPE)
        )
        for pipe in filter(None, (self._shell.stdout, self._shell.stdin)):
            self._life.enter_context(pipe)

    def run(self, page: Path) -> None:
        for block in blocks(page):
            assert block.words.keys() <= WORDS, str(block)
            if "not" in block.words:
                parse(block)
            elif "like" in block.words:
                assert any(block.text in each.text for each in blocks(CHECKOUT / block.words["like"])), str(block)
            else:
                self._run(block)

    def _run(self, block: Block) -> None:
        words, variables = block.words, ""
        if "new" in words:
            self.new()
        if "account" in words:
            self.sandbox.set_open(words["account"].split())
            variables = f"export PLUSOFON_BASE_URL={self.sandbox.url}\n"
        if "secret" in words:
            self._project.config(words["secret"], self.sandbox.token, secret=True)
        if block.language == "text" and block.text.startswith("$ "):
            for shown in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
                command, _, output = shown.partition("\n")
                self._bash(block, command)
                assert self._output.split() == output.split(), f"{block}: {self._output}"
        elif script := script_of(block):
            self._bash(block, variables + script)
        elif block.language == "text" or "shown" in words:
            self._compare(block)
        else:
            parse(block)
        if "then" in words:
            assert self.sandbox.open_codes == set(words["then"].split()), f"{block}: {self._output}"

    def _bash(self, block: Block, script: str) -> None:
        # The engine takes the user's home from the system, whatever HOME says: that state is not ours to touch.
        script = script.replace("--local", (self.folder / "state").as_uri()).replace("8036", self._port)
        # What the CLI refuses beside these.
        for variable, words in (("PULUMI_STACK", "stack init"), ("PULUMI_SKIP_CONFIRMATIONS", "--preview-only")):
            script = f"unset {variable}\n{script}" if words in script else script
        (self.folder / ".script").write_text(script, encoding="utf-8")
        (self.folder / ".typed").write_text(f"{self.sandbox.token}\n" * 2, encoding="utf-8")
        end = f"--- end of {block.page.name} {block.line}"
        assert self._shell.stdin is not None is not self._shell.stdout
        timer = threading.Timer(PATIENCE, isolated.end_session, [self._shell])
        timer.start()
        run = RUN.format(script=self.folder / ".script", typed=self.folder / ".typed", end=end)
        self._shell.stdin.write(run.encode())
        self._shell.stdin.flush()
        lines: list[str] = []
        while not lines or not lines[-1].startswith(end):
            line = self._shell.stdout.readline().decode()
            assert line, f"{block}: the shell has ended: {''.join(lines)}"
            lines.append(line)
        timer.cancel()
        self._output = "".join(lines[:-1])
        code = int(lines[-1].removeprefix(end))
        assert (code != 0) == ("fails" in block.words), f"{block}: exit code {code}: {self._output}"
        assert "command not found" not in self._output, f"{block}: {self._output}"

    def _compare(self, block: Block) -> None:
        output, end = " ".join(self._output.split()), 0
        for line in filter(str.strip, block.text.splitlines()):
            for piece in filter(None, map(str.strip, line.split("…"))):
                found = output.find(" ".join(piece.split()), end)
                assert found >= 0, f"{block}: {piece!r} is not in this output, or not in this order: {self._output}"
                end = found + len(piece)


def script_of(block: Block) -> str:
    """Return what the shell runs for a block; empty if nothing is run."""
    name = block.words.get("file", "__main__.py" if block.language == "python" and "shown" not in block.words else "")
    script = f"mkdir -p $(dirname {name})\ncat > {name} <<'END_OF_BLOCK'\n{block.text}END_OF_BLOCK\n"
    if "file" in block.words or not name:
        return script if name else block.text if block.language == "sh" else ""
    if re.search(r"plusofon\.(Allowed|Provider)", block.text):
        return script + ("pulumi preview\n" if "preview" in block.words else "pulumi up --skip-preview\n")
    return script + f"python {name}\n"


def parse(block: Block) -> None:
    """Check the syntax of a block."""
    known = ("sh", "python", "yaml", "text", "csv", "typescript", "go")
    assert block.language in known, f"{block}: no test knows this language"
    if block.language == "sh":
        subprocess.run(["bash", "-n"], input=block.text, check=True, text=True)
    elif block.language == "python":
        ast.parse(block.text)
    elif block.language == "yaml":
        assert yaml.safe_load(block.text), str(block)
