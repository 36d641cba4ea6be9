"""The documents as tests read them: headings, links, code, and fenced blocks with what is to be done with each.

A comment above a block, which no reader sees, says what a test does with it:

    <!-- test: account 7 36 -->

`tests/e2e/session.py` says which words there are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import requests
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

import plusofon_pulumi
from plusofon_pulumi.settings import SOURCES
from tests.checkout import CHECKOUT, project_files

DOCS = CHECKOUT / "docs"
README = CHECKOUT / "README.md"
RUSSIAN = CHECKOUT / "README.ru.md"
# RUSSIAN has the blocks of README.md, which a test of its own holds.
PAGES = [CHECKOUT / name for name in sorted(project_files("*.md")) if name != RUSSIAN.name]

_PARSER = MarkdownIt("commonmark").enable("table")
_WORDS = re.compile(r"<!-- test: (\S+) ?([^<>]*?) -->")
_VARIABLE = re.compile(r"\b[A-Z]+(?:_[A-Z]+)+\b")
_COMMENT_OF_ANOTHER = re.compile(r"<!-- (?!test\b)[^<>]* -->")


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


def nodes(page: Path) -> Iterator[SyntaxTreeNode]:
    """Yield all that a page is made of; fail where it has code, links or pictures that no test would see."""
    for node in SyntaxTreeNode(_PARSER.parse(read(page))).walk():
        assert node.type != "code_block", f"{page.name} has code that is no fenced block: {node.content}"
        if node.type in ("html_block", "html_inline"):
            html = node.content.strip()
            is_known = _WORDS.fullmatch(html) or _COMMENT_OF_ANOTHER.fullmatch(html)
            assert node.type == "html_block", f"{page.name} has HTML within a sentence: {html}"
            assert is_known, f"{page.name} has HTML, or a comment that is misspelt: {html}"
        yield node


def blocks(page: Path, language: str = "") -> list[Block]:
    """Return a page's blocks, or those of one language."""
    lines = read(page).splitlines()
    found = []
    words: list[tuple[str, str]] = []
    for node in nodes(page):
        if node.type == "html_block":
            words += _WORDS.findall(node.content)
        elif node.type == "fence":
            assert node.map is not None
            first, end = node.map
            assert lines[end - 1].strip(" >") == node.markup, f"{page.name} has a block without an end"
            found.append(Block(page, first + 1, node.info, node.content, tuple(words)))
            words = []
    assert not words, f"{page.name} has a comment of no block: {words}"
    return [each for each in found if language in ("", each.language)]


def headings(page: Path) -> list[tuple[int, str]]:
    """Return the level and the text of each heading, in order."""
    return [(int(node.tag[1]), node.children[0].content) for node in nodes(page) if node.type == "heading"]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in nodes(page):
        if heading.type == "heading":
            title = "".join(node.content for node in heading.walk() if node.type in ("text", "code_inline"))
            slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
            found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
            seen[slug] += 1
    return found


def target(node: SyntaxTreeNode) -> str | None:
    """Return what a link or a picture leads to; None for anything else."""
    return (
        unquote(str(node.attrs["href" if node.type == "link" else "src"])) if node.type in ("link", "image") else None
    )


def dead_links(page: Path) -> list[str]:
    """Return what a page links to, within the checkout, that is not there: a file, or a heading of one."""
    found = []
    for link in filter(None, map(target, nodes(page))):
        path, _, anchor = link.partition("#")
        file = page.parent / path if path else page
        if not re.match(r"[a-z]+:", link) and (
            path.startswith("/")
            or not file.exists()
            or (anchor and (file.suffix != ".md" or anchor not in anchors(file)))
        ):
            found.append(link)
    return found


def spans(page: Path) -> list[str]:
    """Return the pieces of code within a page's sentences."""
    return [node.content for node in nodes(page) if node.type == "code_inline"]


def outline(page: Path) -> list[tuple[str, list[str], list[str]]]:
    """Return of each heading, paragraph, point and cell where it stands, what it marks or names, and its numbers.

    Two pages that say the same in two languages have the same outline.
    """
    found = []
    for text in nodes(page):
        if text.type == "inline":
            within = list(text.walk())
            marked = [node.type for node in within if node.type in ("em", "strong")]
            code = [f"`{node.content}`" for node in within if node.type == "code_inline"]
            links = [link.replace(RUSSIAN.name, README.name) for link in map(target, within) if link]
            plain = " ".join(node.content for node in within if node.type == "text")
            numbers = re.findall(r"\d+(?:\.\d+)*", plain)
            found.append((_place(text), sorted(marked + code + links), sorted(numbers)))
    return found


def _place(node: SyntaxTreeNode) -> str:
    """Return what a node is within, such as `bullet_list li p`."""
    parent = node.parent
    return f"{_place(parent)} {parent.tag or parent.type}" if parent and parent.type != "root" else ""


def unknown_keys(text: str) -> set[str]:
    """Return what a text calls `plusofon:NAME` and is neither a key of a stack's configuration nor a resource."""
    known = {key for key, _ in SOURCES.values()} | {f"plusofon:{name}" for name in plusofon_pulumi.__all__}
    return set(re.findall(r"\bplusofon:\w+", text)) - known


@cache
def known_variables() -> set[str]:
    """Return the names in capitals that a program, a workflow or a test has, or else the HTTP client."""
    files = [CHECKOUT / name for name in project_files("*.py", "*.yml", "Makefile")]
    return {name for file in [*files, Path(requests.sessions.__file__)] for name in _VARIABLE.findall(read(file))}


def unknown_variables(page: Path) -> set[str]:
    """Return the variables of the environment that a page names, and that nothing else knows."""
    return set(_VARIABLE.findall(read(page))) - known_variables()
