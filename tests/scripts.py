"""The commands that the documents hold: in their blocks, and within their sentences."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

from plusofon_pulumi.cli import parser
from plusofon_pulumi.sandbox import readings
from tests.checkout import CHECKOUT
from tests.pages import PAGES, RUSSIAN, Block, blocks, spans

_HERE_DOCUMENT = re.compile(r"<<-?\s*['\"]?(\w+)['\"]?(.*?)\n.*?^\s*\1$", re.MULTILINE | re.DOTALL)
# What may stand before the name of a command.
_BEFORE_A_COMMAND = re.compile(r"\w+=.*|!|\{|if|then|else|elif|while|until|do|time|exec|env|command|nohup")
# Commands of Pulumi that sentences name without `pulumi`.
_OF_PULUMI = ("up", "config")


def in_blocks(program: str, pages: Iterable[Path] = PAGES) -> list[list[str]]:
    """Return the arguments of each command of a program that the pages' blocks hold."""
    return _arguments(program, (words for page in pages for block in blocks(page) for words in scripted(block)))


def in_sentences(program: str, pages: Iterable[Path] = (*PAGES, RUSSIAN)) -> list[list[str]]:
    """Return the arguments of each command of a program that the pages name within a sentence."""
    return _arguments(program, (words for page in pages for words in named(page)))


def _arguments(program: str, found: Iterable[list[str]]) -> list[list[str]]:
    return [list(each) for each in sorted({tuple(words[1:]) for words in found if words[0] == program})]


def options_alone(pages: Iterable[Path] = (*PAGES, RUSSIAN)) -> set[str]:
    """Return the options that the pages name within a sentence without their command, such as `--out`."""
    return {option for page in pages for span in spans(page) for option in options(span.split()[:1])}


def named(page: Path) -> Iterator[list[str]]:
    """Yield the words of what a page names within a sentence, such as `plusofon list --json`: commands, and other code.

    A word alone is none of them: it is a program's name, a file or a value.
    """
    for span in spans(page):
        try:
            found = commands(span)
        except ValueError:  # it is no command: it has a quotation mark without its other one
            continue
        for words in found:
            whole = ["pulumi", *words] if words[0] in _OF_PULUMI else words
            if len(whole) > 1:
                yield whole


def scripted(block: Block) -> list[list[str]]:
    """Return the words of each command that a block of sh, or a transcript, holds."""
    if block.language == "sh":
        return commands(block.text)
    if block.language == "text":
        return commands("\n".join(re.findall(r"^\$ (.*)", block.text, re.MULTILINE)))
    return []


def commands(script: str) -> list[list[str]]:
    """Return the words of each command of a script, also of those within another."""
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
    if words and re.fullmatch(r"(?:\S*/)?python[\d.]*", words[0]):
        return ["plusofon", *words[3:]] if words[1:3] == ["-m", "plusofon_pulumi"] else ["python", *words[1:]]
    return words


def options(command: list[str]) -> set[str]:
    return {word.partition("=")[0] for word in command if re.match(r"--?[a-zA-Z]", word)}


def understand(command: list[str]) -> None:
    """Parse the arguments of a command as it does; raise UsageError or ValueError where it would not take them."""
    try:
        understood = parser().parse_args(command)
    except SystemExit:  # --help
        return
    readings.parse(getattr(understood, "reading", []))


def is_there(command: list[str]) -> bool:
    """Tell whether the file or the module that Python is told to run is there."""
    return (CHECKOUT / command[0]).is_file() or (command[0] == "-m" and find_spec(command[1]) is not None)


def untested(page: Path) -> list[str]:
    """Return the commands within a page's sentences that are of no program that a test knows."""
    known = ("plusofon", "pulumi", "make", "python")
    is_of_another = [words for words in named(page) if re.fullmatch("[a-z][a-z-]*", words[0]) and words[0] not in known]
    return [" ".join(words) for words in is_of_another]
