"""docs/errors.md has a heading for each message of the product, found in its source, and a row for each kind of error.

A message is a text that an exception or a notice is made of. `…` stands for what differs from case to case. A heading
is a piece of the message, long enough to be searched for. Texts that only complete a message, such as the reason why
something is no calling code, stand below a heading; also those that come by variables and functions of the module.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import plusofon_pulumi
from plusofon_pulumi import errors
from plusofon_pulumi.client.answers import _KINDS
from tests.pages import DOCS, headings, read

ROOT = Path(plusofon_pulumi.__file__).parent
PAGE = DOCS / "errors.md"
# Modules that also hold help texts, or the words of the API: only what they raise is a message.
SPEAK_OTHERWISE = ("cli/", "sandbox/")
# Modules that write programs, and what the sandbox answers to a test that uses it.
NOT_THE_USER_S = ("adoption.py", *(f"sandbox/{name}.py" for name in ("__init__", "api", "control", "faults", "server")))
# What makes a message of the texts that it is given, and what makes only a part of one.
MESSAGES = re.compile(r"(\w*Error|CheckFailure|tell|about|unanswered|_failed)$")
PARTS = ("_invalid", "refuse", "_refuse", "_odd", "OddRowError", "TooMuchError")
# From how many words on a text is taken for what is made of it: where that is not known, it may be a name or a format.
LEAST = {"message": 1, "part": 2, "": 3}
# What a message is about, which stands before it.
NAMES = {"codes", "on_destroy", 'Provider "…"', 'the Provider "…"'}


def plain(text: str) -> str:
    return " ".join(text.replace("`", "").split())


def words(text: str) -> int:
    """Count the words of a text; what is no text but a path, a type or a URL has none."""
    found = re.findall(r"[^\W_][\w'-]*", text)
    return len(found) if " " in text or found == [text] else 0


def text_of(node: ast.AST) -> str | None:
    """Return the text that a literal makes, with … for what is filled in."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(value) or "…" for value in node.values)
    return None


def name_of(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[-1]


def made_by(node: ast.AST) -> str | None:
    """Return what a call or a statement makes of the texts within it; None if that is not for it to say."""
    if isinstance(node, (ast.Yield, ast.Raise)):
        return "message"
    if isinstance(node, ast.Call) and name_of(node) in PARTS:
        return "part"
    if isinstance(node, ast.Call) and ast.unparse(node).startswith("print('error: "):
        return "message"
    return "message" if isinstance(node, ast.Call) and MESSAGES.search(name_of(node)) else None


def is_for_nobody(node: ast.AST) -> bool:
    """Tell whether the texts of a node are a docstring, a key, a pattern, or for Python itself."""
    if isinstance(node, ast.Call):
        return re.match(r"AttributeError$|re\.", ast.unparse(node.func)) is not None
    return isinstance(node, ast.Subscript) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def sentences(node: ast.AST, makes: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text of a node, and what the call or statement around it makes of it."""
    makes = made_by(node) or makes
    text = text_of(node)
    if text is not None:
        if words(text) >= LEAST[makes]:
            yield plain(text), makes
    elif not is_for_nobody(node):
        for child in ast.iter_child_nodes(node):
            yield from sentences(child, makes)


def names_in(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def fed(module: ast.Module) -> Iterator[ast.expr]:
    """Yield what goes into the messages of a module by way of variables and of functions that messages call."""
    functions = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)]
    wanted = set[str]().union(*(names_in(node) for node in ast.walk(module) if made_by(node)))
    returned = [each for function in functions if function.name in wanted for each in ast.walk(function)]
    values = [each.value for each in returned if isinstance(each, ast.Return) and each.value]
    yield from values
    wanted = wanted.union(*map(names_in, values))
    assigned: dict[str, list[ast.expr]] = {}
    for each in (each for function in functions for each in ast.walk(function)):
        if isinstance(each, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr)) and each.value:
            for target in each.targets if isinstance(each, ast.Assign) else [each.target]:
                assigned.setdefault(ast.unparse(target), []).append(each.value)
    while fed_by := wanted & assigned.keys():
        values = [value for name in fed_by for value in assigned.pop(name)]
        yield from values
        wanted = wanted.union(*map(names_in, values))


def texts(source: str, *, speaks_otherwise: bool) -> set[tuple[str, str]]:
    """Return the texts of a module that users see, each with what it is: a message, or a part of one."""
    module = ast.parse(source)
    found = {(text, makes or "part") for text, makes in sentences(module) if makes or not speaks_otherwise}
    found |= {text for value in fed(module) for text in sentences(value, "part")}
    return {(text, makes) for text, makes in found if text not in NAMES}


@cache
def found(makes: str) -> list[str]:
    texts_of_all = set()
    for path in ROOT.rglob("*.py"):
        module = path.relative_to(ROOT).as_posix()
        if module not in NOT_THE_USER_S:
            texts_of_all |= texts(read(path), speaks_otherwise=module.startswith(SPEAK_OTHERWISE))
    return sorted(text for text, made in texts_of_all if made == makes)


@cache
def titles() -> list[str]:
    return [plain(title) for level, title in headings(PAGE) if level == 3]


def sections() -> list[str]:
    """Return the parts of the page below its headings of messages, each with its heading as the first line."""
    return [each.partition("\n## ")[0] for each in read(PAGE).split("\n### ")[1:]]


def heads(title: str, text: str) -> bool:
    """Tell whether a heading is found by who searches for a text: it is a piece of it, or all of it where short."""
    return title in text if words(title) >= 3 else title == text.strip(" …:.")


def is_told(text: str, after: str = "") -> bool:
    """Tell whether the pieces of a text are on the page: those of three words, or else the longest."""
    page = plain(read(PAGE).replace(r"\|", "|"))
    pieces = [piece.strip(" .,:;()»«\"'") for piece in text.split("…")]
    longest = max(map(words, pieces))
    return all(f"{piece}{after}" in page for piece in pieces if words(piece) >= min(longest, 3))


@pytest.mark.parametrize("message", found("message"))
def test_a_message_has_a_heading(message: str) -> None:
    # Two words with something between them are no heading: they end a quotation, such as "36 (Hungary) stays open".
    is_quoted = words(message) == 2 and "…" in message and is_told(message, after='"')
    has_heading = any(heads(title, message) for title in titles())
    assert has_heading or is_quoted, f"docs/errors.md needs a heading such as: ### {message}"


@pytest.mark.parametrize("title", titles())
def test_a_heading_is_a_part_of_a_message(title: str) -> None:
    assert any(heads(title, message) for message in [*found("message"), *found("part")])


@pytest.mark.parametrize("title", titles())
def test_a_heading_has_a_text_of_its_own(title: str) -> None:
    # Readers come by a search: what stands below the next heading, or above this one, they do not see.
    texts = {plain(head): text for head, _, text in (each.partition("\n") for each in sections())}
    assert texts[title].strip()
    assert not re.search(r"\b(?:the same, |the end of the last|as above)", texts[title], re.IGNORECASE)


@pytest.mark.parametrize("part", found("part"))
def test_a_part_of_a_message_is_told(part: str) -> None:
    assert is_told(part) or any(heads(title, part) for title in titles()), f"docs/errors.md lacks: {part}"


def test_each_kind_of_error_is_told() -> None:
    told = re.findall(r"^\| `(\w+Error)` \|", read(PAGE), re.MULTILINE)
    kinds = {name for name, value in vars(errors).items() if isinstance(value, type) and not name.startswith("_")}
    assert sorted(told) == sorted(kinds)


def test_each_status_is_told_with_its_kind_of_error() -> None:
    rows = re.findall(r"^\| (\d\d\d)[^|]*\| `(\w+)` \|", read(PAGE), re.MULTILINE)
    assert {int(status): name for status, name in rows}.items() >= {
        s: kind.__name__ for s, kind in _KINDS.items()
    }.items()


@pytest.mark.parametrize(
    "source, seen",
    [
        ('raise CommandError("never again")', ("never again", "message")),
        ('raise CommandError("never")', ("never", "message")),
        ('raise CommandError(f"never {again}" if once else "")', ("never …", "message")),
        ('def f():\n why = "no heading"\n raise CommandError(why)', ("no heading", "part")),
        ('def f():\n a = "no heading"\n b = f"{a}!"\n raise CommandError(b)', ("no heading", "part")),
        ('def f():\n if why := "no heading":\n  raise CommandError(why)', ("no heading", "part")),
        ('def f():\n why = "one"\n why += " or two"\n tell(f"so: {why}")', ("or two", "part")),
        ('def f():\n return "no heading"\ndef g():\n raise CommandError(f())', ("no heading", "part")),
        ('def f():\n a = "no heading"\n return a\ndef g():\n raise CommandError(f())', ("no heading", "part")),
    ],
)
def test_a_message_is_seen_wherever_it_is_made(source: str, seen: tuple[str, str]) -> None:
    assert seen in texts(source, speaks_otherwise=True)


def test_a_text_that_is_no_message_is_not_taken_for_one() -> None:
    source = 'add("--out", help="the folder to write into")\ndef f():\n "It is f."\n return "the end of it"\nshow(f())'
    assert not texts(source, speaks_otherwise=True)


@pytest.mark.parametrize(
    "text", ["never again", "unheard-of", "the words of nothing at all", "too … words of nothing at all"]
)
def test_a_text_that_the_page_lacks_is_seen(text: str) -> None:
    assert not is_told(text)
    assert not any(heads(title, text) for title in titles())
