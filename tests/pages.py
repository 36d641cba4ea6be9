"""The documents as tests read them: headings, links, and fenced blocks with what is to be done with each.

A comment above a block, which no reader sees, says what a test does with it:

    <!-- test: cabinet 7 36 -->

`tests/e2e/test_docs.py` says which words there are.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
DOCS = CHECKOUT / "docs"
# README.ru.md has the blocks of README.md, which a test of its own holds.
PAGES = [CHECKOUT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")] + sorted(DOCS.glob("*.md"))

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")
_COMMENT = re.compile(r"<!-- test: (\S+) ?(.*?) -->")


@dataclass(frozen=True, slots=True)
class Block:
    """Hold a fenced block, and the words, each with its arguments, of the comments between it and the one before."""

    page: Path
    line: int
    language: str
    text: str
    words: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, language: str = "") -> list[Block]:
    """Return a page's blocks, or those of one language."""
    text = read(page)
    found = []
    end = 0
    for match in _FENCE.finditer(text):
        words = tuple(_COMMENT.findall(text, end, match.start()))
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(page, line, match["language"], textwrap.dedent(match["text"]), words))
        end = match.end()
    assert text.count("```") == 2 * len(found), f"{page.name} has a fence that is not understood"
    is_of_a_block = sum(len(each.words) for each in found)
    assert text.count("<!-- test") == is_of_a_block, f"{page.name} has a comment that is misspelt or of no block"
    return [each for each in found if language in ("", each.language)]


def headings(page: Path) -> list[tuple[int, str]]:
    """Return the level and the text of each heading, in order."""
    text = _FENCE.sub("", read(page))
    return [(len(marks), title) for marks, title in re.findall(r"^(#+) (.+)$", text, re.MULTILINE)]


def links(page: Path) -> list[str]:
    """Return what a page links to within the checkout."""
    return re.findall(r"\]\((?![a-z]+:)([^)#]+)(?:#[^)]*)?\)", _FENCE.sub("", read(page)))


def commands(program: str) -> list[list[str]]:
    """Return the words of each command that the pages name within a sentence, such as `plusofon list --json`."""
    found = set()
    for page in PAGES:
        for code in _CODE.findall(_FENCE.sub("", read(page))):
            named = re.search(rf"(?:^|[ (]){program} ([^)]*)", " ".join(code.split()))
            if named:
                found.add(named[1])
    return [text.replace('"', "").split() for text in sorted(found)]


def options(command: list[str]) -> set[str]:
    return {word.partition("=")[0] for word in command if word.startswith("--")}
