"""docs/errors.md has a heading for each message of the product, found in its source, and a row for each kind of error.

A message is a text of three words or more that an exception or a notice is made of. `…` stands for what differs from
case to case. A heading is a piece of the message, long enough to be searched for. Texts that only complete a message,
such as the reason why something is no calling code, stand below a heading.
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


def plain(text: str) -> str:
    return " ".join(text.replace("`", "").split())


def words(text: str) -> int:
    """Count the words of a text; what is no text but a path, a type or a URL has none."""
    return len(re.findall(r"[^\W_][\w'-]*", text)) if " " in text else 0


def text_of(node: ast.AST) -> str | None:
    """Return the text that a literal makes, with … for what is filled in."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(value) or "…" for value in node.values)
    return None


def name_of(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[-1]


def sentences(node: ast.AST, makes: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text of three words or more below a node, and what the call or statement around it makes."""
    text = text_of(node)
    if text is not None:
        if words(text) >= 3:
            yield plain(text), makes
        return
    for child in ast.iter_child_nodes(node):
        is_docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        is_python_s = isinstance(child, ast.Call) and name_of(child) == "AttributeError"
        if is_docstring or is_python_s or isinstance(child, ast.Subscript):
            continue
        inner = makes
        if isinstance(child, (ast.Yield, ast.Raise)):
            inner = "message"
        elif isinstance(child, ast.Call) and name_of(child) in PARTS:
            inner = "part"
        elif isinstance(child, ast.Call) and MESSAGES.search(name_of(child)):
            inner = "message"
        yield from sentences(child, inner)


@cache
def found(makes: str) -> list[str]:
    texts = set()
    for path in ROOT.rglob("*.py"):
        module = path.relative_to(ROOT).as_posix()
        if module not in NOT_THE_USER_S:
            speaks = module.startswith(SPEAK_OTHERWISE)
            kinds = {makes} if makes == "message" or speaks else {makes, ""}
            texts |= {text for text, made in sentences(ast.parse(read(path))) if made in kinds}
    return sorted(texts)


@cache
def titles() -> list[str]:
    return [plain(title) for level, title in headings(PAGE) if level == 3]


@pytest.mark.parametrize("message", found("message"))
def test_a_message_has_a_heading(message: str) -> None:
    assert any(title in message for title in titles()), f"docs/errors.md needs a heading such as: ### {message}"


@pytest.mark.parametrize("title", titles())
def test_a_heading_is_a_part_of_a_message(title: str) -> None:
    assert words(title) >= 3
    assert any(title in message for message in [*found("message"), *found("part")])


@pytest.mark.parametrize("part", found("part"))
def test_a_part_of_a_message_is_told(part: str) -> None:
    page = plain(read(PAGE).replace(r"\|", "|"))
    pieces = [piece.strip(" .,:;()»«\"'") for piece in part.split("…")]
    is_told = all(piece in page for piece in pieces if words(piece) >= 3)
    assert is_told or any(title in part for title in titles()), f"docs/errors.md lacks: {part}"


def test_each_kind_of_error_is_told() -> None:
    told = re.findall(r"^\| `(\w+Error)` \|", read(PAGE), re.MULTILINE)
    kinds = {name for name, value in vars(errors).items() if isinstance(value, type) and not name.startswith("_")}
    assert sorted(told) == sorted(kinds)


def test_each_status_is_told_with_its_kind_of_error() -> None:
    rows = re.findall(r"^\| (\d\d\d)[^|]*\| `(\w+)` \|", read(PAGE), re.MULTILINE)
    assert {int(status): name for status, name in rows}.items() >= {
        s: kind.__name__ for s, kind in _KINDS.items()
    }.items()
