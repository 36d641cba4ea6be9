"""Every program and command of the documents is run, and what they show as output is what comes of it.

A page is a session with a project, a sandbox as its cabinet, and a shell that stays where it went. By its language:

- `python` that uses Pulumi is the program, in the folder where the shell is, and is brought up; other Python is run.
- `sh` is run by bash, with the cabinet in the environment, its token on standard input, and no questions asked.
- `text` is output: each of its lines is in what came last. One that begins with `$` is a command with its whole output.
- `yaml`, `json` and `csv` are read.

`…` in an output stands for anything, but is not all of it. The words of a comment above a block (see `tests.pages`) say
what else is done:

    new               a new project, and a new cabinet
    cabinet 7 36      before it, somebody makes exactly these codes open in the cabinet
    secret NAME       before it, the cabinet's token becomes a secret of the stack's configuration
    preview           the program is only previewed
    fails             it ends with an error
    then 7 36         after it, exactly these codes are open
    like PAGE         it is a part of a block of that page, and is run there
    by FILE::TEST     that test reads it: the text is the value of a name of its module that it uses

At the end, the documents become a site.
"""

from __future__ import annotations

import importlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import CodeType
from urllib.parse import unquote

import pytest
import yaml

from plusofon_pulumi.sandbox import Sandbox
from tests.checkout import CHECKOUT
from tests.e2e.conftest import MakeProject
from tests.e2e.harness import PREAMBLE, Project, run
from tests.pages import PAGES, Block, arguments, blocks, commands, options, read, unknown_keys

ELSEWHERE = ("like", "by")
STARTS_THE_SANDBOX = "tests/e2e/test_readme.py::test_the_sandbox_s_command_starts_it"
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
                assert tells(line), f"{block}: {line!r} tells nothing"
                assert pattern(line).search(" ".join(self._output.split())), f"{block}: {line!r} not in {self._output}"
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
        "<!-- test: like CHANGELOG.md -->\n```sh\nwhatever\n```\n",
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
    assert not unknown_to_pulumi(project, [*commands("pulumi"), *arguments("pulumi")])


def test_a_wrong_command_of_pulumi_is_seen(project: Project, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    script = (
        "pulumi -C x preview --expect-no-change -y\npulumi prevue || true\npulumi stack innit dev\npulumi up --yes\n"
    )
    page.write_text(f"```sh\n{script}```\n", encoding="utf-8")
    unknown = unknown_to_pulumi(project, arguments("pulumi", [page]))
    assert unknown == {"preview --expect-no-change", "preview -y", "prevue", "stack innit"}


# The site


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
