"""The hooks before a commit are the steps of `make check`, neither more nor fewer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

CHECKOUT = Path(__file__).parents[2]
CONFIG = yaml.safe_load((CHECKOUT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
HOOKS: list[dict[str, Any]] = [hook for repo in CONFIG["repos"] for hook in repo["hooks"]]


def steps_of_check() -> list[str]:
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    python = re.search(r"^RUN := (.*)$", makefile, re.MULTILINE)
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert python
    assert recipe
    return [line.strip().replace("$(RUN)", python[1]) for line in recipe[1].splitlines()]


def test_each_hook_is_a_step_of_make_check() -> None:
    assert [hook["entry"] for hook in HOOKS] == steps_of_check()


def test_nothing_is_fetched_for_a_hook_and_all_files_are_looked_at() -> None:
    assert [repo["repo"] for repo in CONFIG["repos"]] == ["local"]
    assert {(hook["language"], hook["pass_filenames"]) for hook in HOOKS} == {("system", False)}


def test_each_hook_is_complete_and_has_a_name_of_its_own() -> None:
    assert {frozenset(hook) for hook in HOOKS} == {frozenset(("id", "name", "entry", "language", "pass_filenames"))}
    assert len({hook["id"] for hook in HOOKS}) == len(HOOKS)
