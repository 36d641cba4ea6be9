"""The documents as tests read them: fenced blocks, each with the words of the comment above it, headings and links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.checkout import CHECKOUT, project_files

DOCS = CHECKOUT / "docs"
README = CHECKOUT / "README.md"
RUSSIAN = CHECKOUT / "README.ru.md"
PAGES = [CHECKOUT / name for name in sorted(project_files("*.md")) if not name.startswith("tests/")]

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"<!-- test: ([^<>]*) -->")
_INCLUDED = re.compile(r'^(?:# )?--8<-- "([^"]+)"$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. ``words``: what the comment above it, `<!-- test: fails; then 7 36 -->`, asks of a test."""

    page: Path
    line: int
    language: str
    text: str
    words: dict[str, str]

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, language: str = "") -> list[Block]:
    """Return a page's blocks, or those of one language; a file of the checkout that a block includes is its text."""
    text, found, end = read(page), [], 0
    assert text.count("```") == 2 * len(_FENCE.findall(text)), f"{page.name} has a block without an end or a language"
    for fence in _FENCE.finditer(text):
        comments = "; ".join(_COMMENT.findall(text, end, fence.start()))
        words = [each.strip().partition(" ") for each in comments.split(";") if each]
        inner = re.sub(f"^{fence['indent']}", "", fence["text"], flags=re.MULTILINE)
        whole = _INCLUDED.sub(lambda line: read(CHECKOUT / line[1]).rstrip(), inner)
        line = text.count("\n", 0, fence.start()) + 1
        found.append(Block(page, line, fence["language"], whole, {word: rest for word, _, rest in words}))
        end = fence.end()
    return [each for each in found if language in ("", each.language)]


def prose(page: Path) -> str:
    """Return a page without its blocks and comments."""
    return re.sub(r"<!--.*?-->", "", _FENCE.sub("", read(page)), flags=re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def dead_links(page: Path) -> list[str]:
    """Return what a page links to within the checkout that is not there: a file, or a heading of one."""
    found = []
    for link in re.findall(r"\]\(([^()\s]+)\)", prose(page)):
        path, _, anchor = link.partition("#")
        file = page.parent / path if path else page
        is_there = file.exists() and (not anchor or anchor in anchors(file))
        if not re.match(r"[a-z]+:", link) and not is_there:
            found.append(link)
    return found
