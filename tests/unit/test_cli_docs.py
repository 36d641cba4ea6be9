"""docs/cli.md shows each command's help as it is, and the documents' links lead somewhere."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

import pytest

from plusofon_pulumi.cli import main, parser

DOCS = Path(__file__).parents[2] / "docs"
CLI = (DOCS / "cli.md").read_text(encoding="utf-8")
SHOWN = dict(re.findall(r"^```text\n\$ plusofon ?(.*?) ?--help\n(.*?)^```$", CLI, re.MULTILINE | re.DOTALL))


def commands() -> list[str]:
    actions = [each for each in parser()._actions if isinstance(each, argparse._SubParsersAction)]
    return ["", *(name for each in actions for name in each.choices)]


def test_each_command_is_shown() -> None:
    assert sorted(SHOWN) == sorted(commands())
    assert all(f"\n## `plusofon {name}`\n" in CLI for name in commands() if name)


@pytest.mark.parametrize("command", commands())
def test_a_command_s_help_is_shown_as_it_is(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert main([*shlex.split(command), "--help"]) == 0
    # Versions of Python break lines at other places.
    assert capsys.readouterr().out.split() == SHOWN[command].split()


@pytest.mark.parametrize("page", [DOCS / "adopting.md", DOCS / "cli.md"], ids=lambda page: page.name)
def test_what_the_pages_link_to_is_there(page: Path) -> None:
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists(), link
