"""docs/errors.md has the words of every message that a user can meet, and no words that no message has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import plusofon_pulumi
from plusofon_pulumi import errors
from plusofon_pulumi.client.responses import _KINDS
from tests.pages import DOCS, read

ROOT = Path(plusofon_pulumi.__file__).parent
PAGE = DOCS / "errors.md"
# The command line's own words are in its help, and the sandbox's and the plugin's are for who tests and for the engine.
OTHERS = ("cli/", "sandbox/", "plugin/", "adoption.py", "errors.py", "__init__.py")
# So many words in a row are a message, or a piece of one between two values.
LEAST = 4


def pieces() -> Iterator[str]:
    """Yield the texts of the package that are no docstrings: messages, and pieces of messages between two values."""
    for path in ROOT.rglob("*.py"):
        if path.relative_to(ROOT).as_posix().startswith(OTHERS):
            continue
        tree = ast.parse(read(path))
        docs = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        yield from (
            plain(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docs
        )


def is_message(text: str) -> bool:
    return len(re.findall(r"(?:^|\s)[\w'-]+", text)) >= LEAST


def plain(text: str) -> str:
    """Return a text as words with single blanks, without what only marks something."""
    return " ".join(re.sub(r"[`*]", "", text.replace("\\|", "|")).split()).strip(" .,:;()»«\"'…")


def test_the_first_words_of_every_message_are_on_the_page() -> None:
    page = plain(read(PAGE))
    begun = {" ".join(piece.split()[: LEAST + 1]) for piece in pieces() if is_message(piece)}
    missing = {piece for piece in begun if plain(piece) not in page}
    assert not missing, "\n".join(sorted(missing))


def test_the_page_quotes_only_messages() -> None:
    messages = "\n".join(pieces())
    quoted = re.findall(r"\*\*(.+?)\*\*", read(PAGE).partition("## Pulumi's own words")[0], re.DOTALL)
    parts = [plain(part) for quote in quoted for part in quote.split("…")]
    assert [part for part in parts if is_message(part) and part not in messages] == []


def test_the_page_has_every_kind_of_error_and_its_status() -> None:
    page = read(PAGE)
    kinds = {name for name, value in vars(errors).items() if isinstance(value, type) and not name.startswith("_")}
    assert {name for name in kinds if f"`{name}`" not in page} == set()
    assert {
        status for status, kind in _KINDS.items() if not re.search(rf"\b{status}\b.*`{kind.__name__}`", page)
    } == set()
