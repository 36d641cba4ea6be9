"""The hooks before a commit are the steps of `make check`."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

CHECKOUT = Path(__file__).parents[2]


def test_each_hook_is_a_step_of_make_check() -> None:
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe
    [repo] = yaml.safe_load((CHECKOUT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert repo["repo"] == "local"
    steps = [line.strip() for line in recipe[1].replace("$(RUN)", ".venv/bin/python").splitlines()]
    assert [hook["entry"] for hook in repo["hooks"]] == steps
