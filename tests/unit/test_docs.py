"""The documents: links lead somewhere, lists are complete, and docs/errors.md has every message and no other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

import plusofon_pulumi
from plusofon_pulumi import errors
from plusofon_pulumi.cli import main
from plusofon_pulumi.cli.directions import NON_GEOGRAPHIC
from plusofon_pulumi.client.responses import _KINDS
from plusofon_pulumi.plugin import LOOK_UPS
from plusofon_pulumi.sandbox import READINGS
from plusofon_pulumi.sandbox.state import catalogue
from plusofon_pulumi.settings import SOURCES
from tests.checkout import CHECKOUT
from tests.pages import DOCS, PAGES, README, RUSSIAN, blocks, dead_links, prose, read

LINK = re.compile(r"\]\(([^()\s]+)\)")
ROOT = Path(plusofon_pulumi.__file__).parent
SOURCE = {path.relative_to(ROOT).as_posix(): read(path) for path in ROOT.rglob("*.py")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_links_to_or_names_is_there(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not dead_links(page)
    text = read(page)
    keys = {key for key, _ in SOURCES.values()} | {f"plusofon:{name}" for name in plusofon_pulumi.__all__}
    keys |= {token.replace("index:", "") for token in LOOK_UPS}
    assert set(re.findall(r"\bplusofon:(?!index|get)\w+", text)) <= keys
    variables = re.findall(r"\bPLUSOFON_(?!TOKEN_)\w+", text)
    assert [name for name in variables if name not in "".join(SOURCE.values())] == []
    files = re.findall(r"`((?:tests|tools|examples|docs)/[\w/.]+)`", text)
    assert [name for name in files if not (CHECKOUT / name).exists()] == []
    targets = set(re.findall(r"^([a-z]+):", read(CHECKOUT / "Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z]+)(?:`|$)", text, re.MULTILINE)) <= targets
    for command, rest in re.findall(r"`plusofon ([a-z]+)([^`]*)`", prose(page)):
        with pytest.raises(SystemExit, match="0"):
            main([command, "--help"])
        assert set(re.findall(r"--[a-z-]+", rest)) <= set(re.findall(r"--[a-z-]+", capsys.readouterr().out))


def test_every_page_is_in_the_navigation_of_the_site() -> None:
    navigation = re.findall(r"[\w-]+\.md", str(yaml.safe_load(read(CHECKOUT / "mkdocs.yml"))["nav"]))
    assert sorted(navigation) == sorted(page.name for page in DOCS.glob("*.md"))


def test_the_readmes_have_the_same_blocks_links_and_headings_and_are_short() -> None:
    shapes = []
    for page in (README, RUSSIAN):
        links = [link.replace(RUSSIAN.name, README.name) for link in LINK.findall(prose(page))]
        levels = re.findall(r"^(#+) ", prose(page), re.MULTILINE)
        shapes.append(([each.text for each in blocks(page)], links, levels, prose(page).count("\n|")))
    assert shapes[0] == shapes[1]
    assert len(prose(README).split()) <= 1100


def test_each_reading_has_its_section_with_all_of_its_values() -> None:
    sections = dict(each.split("\n", 1) for each in read(DOCS / "readings.md").split("\n## ")[1:])
    found = {title: re.findall(r"^- `([^`]+)`", section, re.MULTILINE) for title, section in sections.items()}
    assert found == {f"{name}: {reading.question}": list(reading.values) for name, reading in READINGS.items()}


def test_the_shared_codes_and_those_of_no_country_are_listed() -> None:
    codes = [row.code for row in catalogue()]
    listed = re.findall(r"^\| ([\d, ]+) \|", read(DOCS / "calling-codes.md"), re.MULTILINE)
    wanted = {code for code in codes if codes.count(code) > 1} | NON_GEOGRAPHIC
    assert {code for each in listed for code in each.split(", ")} == wanted


def test_the_reference_has_every_public_name() -> None:
    shown = set(re.findall(r"^::: plusofon_pulumi\.(?:\w+\.)?(\w+)$", read(DOCS / "reference.md"), re.MULTILINE))
    kinds = {name for name in plusofon_pulumi.__all__ if name.endswith("Error")}
    assert shown - {"errors", "Sandbox"} | kinds == set(plusofon_pulumi.__all__)


def test_each_hook_before_a_commit_is_a_step_of_make_check() -> None:
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", read(CHECKOUT / "Makefile"), re.MULTILINE)
    assert recipe
    [repo] = yaml.safe_load(read(CHECKOUT / ".pre-commit-config.yaml"))["repos"]
    steps = [line.strip() for line in recipe[1].replace("$(RUN)", ".venv/bin/python").splitlines()]
    assert (repo["repo"], [hook["entry"] for hook in repo["hooks"]]) == ("local", steps)


# The messages

# The command line's own words are in its help, and the sandbox's and the plugin's are for who tests and for the engine.
OTHERS = ("cli/", "sandbox/", "plugin/", "adoption.py", "errors.py", "__init__.py")
# So many words in a row are a message, or a piece of one between two values.
LEAST = 4


def plain(text: str) -> str:
    """Return a text as words with single blanks, without what only marks something."""
    return " ".join(re.sub(r"[`*]", "", text.replace("\\|", "|")).split()).strip(" .,:;()»«\"'…")


def is_message(text: str) -> bool:
    return len(re.findall(r"(?:^|\s)[\w'-]+", text)) >= LEAST


def pieces() -> list[str]:
    """Return the texts of the package that are no docstrings: messages, and pieces of messages between two values."""
    nodes = [node for name, text in SOURCE.items() if not name.startswith(OTHERS) for node in ast.walk(ast.parse(text))]
    docs = {node.value for node in nodes if isinstance(node, ast.Expr)}
    texts = [node for node in nodes if isinstance(node, ast.Constant) and node not in docs]
    return [plain(node.value) for node in texts if isinstance(node.value, str)]


def test_the_page_of_errors_has_the_first_words_of_every_message_and_quotes_only_messages() -> None:
    text, messages = read(DOCS / "errors.md"), pieces()
    begun = {" ".join(piece.split()[: LEAST + 1]) for piece in messages if is_message(piece)}
    assert len(begun) > 50
    assert [piece for piece in begun if plain(piece) not in plain(text)] == []
    quoted = re.findall(r"\*\*(.+?)\*\*", text.partition("## Pulumi's own words")[0], re.DOTALL)
    parts = [plain(part) for quote in quoted for part in quote.split("…")]
    assert [part for part in parts if is_message(part) and part not in "\n".join(messages)] == []


def test_the_page_of_errors_has_every_kind_and_its_status() -> None:
    text = read(DOCS / "errors.md")
    kinds = [name for name, value in vars(errors).items() if isinstance(value, type) and not name.startswith("_")]
    assert [name for name in kinds if f"`{name}`" not in text] == []
    rows = {status: rf"\b{status}\b.*`{kind.__name__}`" for status, kind in _KINDS.items()}
    assert [status for status, row in rows.items() if not re.search(row, text)] == []
