"""docs/cli.md shows the help of each command; `tests/e2e/test_docs.py` sees to it that it is the help as it is."""

from __future__ import annotations

import argparse

from plusofon_pulumi.cli import parser
from tests.pages import DOCS, blocks, headings


def test_each_command_has_its_section_and_its_help() -> None:
    actions = [each for each in parser()._actions if isinstance(each, argparse._SubParsersAction)]
    commands = [name for each in actions for name in each.choices]
    page = DOCS / "cli.md"
    shown = [block.text.splitlines()[0] for block in blocks(page, "text")]
    assert sorted(shown) == sorted(["$ plusofon --help", *(f"$ plusofon {name} --help" for name in commands)])
    assert {(2, f"`plusofon {name}`") for name in commands} <= set(headings(page))
