"""The documents as tests read them: headings, links, and fenced blocks with what is to be done with each.

A comment above a block, which no reader sees, says what a test does with it:

    <!-- test: cabinet 7 36 -->

`tests/e2e/test_docs.py` says which words there are.
"""

from __future__ import annotations

import re
import shlex
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import plusofon_pulumi
from plusofon_pulumi.settings import SOURCES
from tests.checkout import CHECKOUT

DOCS = CHECKOUT / "docs"
RUSSIAN = CHECKOUT / "README.ru.md"
# RUSSIAN has the blocks of README.md, which a test of its own holds.
PAGES = [CHECKOUT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")] + sorted(DOCS.glob("*.md"))

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")
_COMMENT = re.compile(r"<!-- test: (\S+) ?(.*?) -->")
_LINK = re.compile(r"\]\((?![a-z]+:)([^)#]*)(?:#([^)]*))?\)")
_TAG_OF_CODE = re.compile(r"<(?:pre|code|kbd|samp|script|textarea)\b", re.IGNORECASE)
_HERE_DOCUMENT = re.compile(r"<<-?\s*['\"]?(\w+)['\"]?(.*?)\n.*?^\s*\1$", re.MULTILINE | re.DOTALL)
# What may stand before the name of a command.
_BEFORE_A_COMMAND = re.compile(r"\w+=.*|!|\{|if|then|else|elif|while|until|do|time|exec|env|command|nohup")


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
    assert not list(hidden_code(text)), f"{page.name} has code that no test sees: {list(hidden_code(text))}"
    is_of_a_block = sum(len(each.words) for each in found)
    assert text.count("<!-- test") == is_of_a_block, f"{page.name} has a comment that is misspelt or of no block"
    return [each for each in found if language in ("", each.language)]


def headings(page: Path) -> list[tuple[int, str]]:
    """Return the level and the text of each heading, in order."""
    text = _FENCE.sub("", read(page))
    return [(len(marks), title) for marks, title in re.findall(r"^(#+) (.+)$", text, re.MULTILINE)]


def hidden_code(text: str) -> Iterator[str]:
    """Yield the lines of a page that are code by other means than a fence of ```: these would escape the tests."""
    before, paragraph = "", ""
    for quoted in _FENCE.sub("", text).splitlines():
        line = re.sub(r"^(?: ?> ?)+", "", quoted.expandtabs(4))
        indent = len(line) - len(line.lstrip())
        is_in_a_list = re.match(r"(?:[-*+]|\d+[.)]) ", paragraph) is not None
        is_indented = not before.strip() and indent >= (8 if is_in_a_list else 4)
        if (line.strip() and is_indented) or re.match(r"\s*~~~", line) or _TAG_OF_CODE.search(_CODE.sub("", line)):
            yield quoted
        if line.strip() and not indent and (not before.strip() or re.match(r"[-*+#\d]", line)):
            paragraph = line
        before = line


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    seen: Counter[str] = Counter()
    found = set()
    for _, title in headings(page):
        slug = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", title).lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def links(page: Path) -> list[str]:
    """Return the files that a page links to within the checkout."""
    return [path for path, _ in _LINK.findall(_FENCE.sub("", read(page))) if path]


def dead_anchors(page: Path) -> list[str]:
    """Return the links of a page to a part of a page, itself or another, that has no such heading."""
    found = []
    for path, anchor in _LINK.findall(_FENCE.sub("", read(page))):
        target = page.parent / path if path else page
        if anchor and (target.suffix != ".md" or not target.is_file() or anchor not in anchors(target)):
            found.append(f"{path}#{anchor}")
    return found


def unknown_keys(text: str) -> set[str]:
    """Return what a text calls `plusofon:NAME` and is neither a key of a stack's configuration nor a resource."""
    known = {key for key, _ in SOURCES.values()} | {f"plusofon:{name}" for name in plusofon_pulumi.__all__}
    return set(re.findall(r"\bplusofon:\w+", text)) - known


def scripted(block: Block) -> list[list[str]]:
    """Return the words of each command that a block of sh, or a transcript, holds; also of those within another."""
    if block.language == "sh":
        script = block.text
    elif block.language == "text":
        script = "\n".join(re.findall(r"^\$ (.*)", block.text, re.MULTILINE))
    else:
        return []
    script = _HERE_DOCUMENT.sub(r"\2", script).replace("\\\n", " ")
    script = re.sub(r"(?:^|(?<=\s))#.*$", "", script, flags=re.MULTILINE)
    inner = re.compile(r"[$<]\(([^()]*)\)|`([^`]*)`")
    while within := inner.search(script):
        script = f"{script[: within.start()]}…{script[within.end() :]}\n{within[1] or within[2]}"
    return [words for words in map(_without_what_precedes, _split(script)) if words]


def _split(script: str) -> Iterator[list[str]]:
    """Yield the words of each command of a script, without what leads its input and output elsewhere."""
    lexer = shlex.shlex(script, posix=True, punctuation_chars=";()<>|&\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, ""
    words: list[str] = []
    to_a_file = False
    for token in lexer:
        if token and set(token) <= set("<>&|") and set(token) & set("<>"):
            if words and words[-1].isdigit():
                words.pop()
            to_a_file = True
        elif token and set(token) <= set(";()<>|&\n"):
            yield words
            words, to_a_file = [], False
        elif to_a_file:
            to_a_file = False
        else:
            words.append(token)
    yield words


def _without_what_precedes(words: list[str]) -> list[str]:
    while words and _BEFORE_A_COMMAND.fullmatch(words[0]):
        words = words[1:]
    if re.fullmatch(r"(?:\S*/)?python[\d.]*", "".join(words[:1])) and words[1:3] == ["-m", "plusofon_pulumi"]:
        return ["plusofon", *words[3:]]
    return words


def arguments(program: str, pages: list[Path] = PAGES) -> list[list[str]]:
    """Return the arguments of each command of a program that the pages' blocks hold."""
    found = [words for page in pages for block in blocks(page) for words in scripted(block)]
    return [list(each) for each in sorted({tuple(words[1:]) for words in found if words[0] == program})]


def commands(program: str) -> list[list[str]]:
    """Return the words of each command that the pages name within a sentence, such as `plusofon list --json`."""
    found = set()
    for page in [*PAGES, RUSSIAN]:
        for code in _CODE.findall(_FENCE.sub("", read(page))):
            named = re.search(rf"(?:^|[ (]){program} ([^)]*)", " ".join(code.split()))
            if named:
                found.add(named[1])
    return [text.replace('"', "").split() for text in sorted(found)]


def options(command: list[str]) -> set[str]:
    return {word.partition("=")[0] for word in command if re.match(r"--?[a-zA-Z]", word)}
