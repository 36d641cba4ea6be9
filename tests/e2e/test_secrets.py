"""The token is in nothing that a run says or leaves, whatever the operation, also where the API repeats the token."""

from __future__ import annotations

import base64
import json
import re
import urllib.parse

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.conftest import MakeProject
from tests.e2e.harness import Project
from tests.frozen import DIRECTION_PROVIDER

TWO = """
import os
second = plusofon.Provider("second", token=os.environ["SECOND_TOKEN"], base_url="{url}")
plusofon.AllowedDirections("w", codes=["58"], opts=pulumi.ResourceOptions(provider=second))
plusofon.AllowedDirection("a", code="36")
"""
LOUD = ("-v=9", "--logtostderr", "--logflow", "--debug", "--event-log")
YES = ("--yes", "--skip-preview")


def forms_of(token: str) -> set[str]:
    """Return what the token may look like in a text: as it is, in a URL, in JSON, in base64 at each of three places."""
    shifted = {base64.b64encode(b"x" * n + token.encode()).decode()[4 * (n > 0) : -4] for n in range(3)}
    return {token, urllib.parse.quote(token, safe=""), json.dumps(token)[1:-1], token[:20], *shifted}


def places_of(text: str, tokens: set[str]) -> list[str]:
    """Return what stands around a token, the token itself left out."""
    return [
        text[max(0, found.start() - 150) : found.end() + 50].replace(form, "<TOKEN>")
        for token in tokens
        for form in forms_of(token)
        if form in text
        for found in re.finditer(re.escape(form), text)
    ]


def files_of(project: Project) -> dict[str, str]:
    """Return all that a project's runs have left; what is base64 within, such as a pickle, also decoded."""
    found = {}
    for path in project.folder.rglob("*"):
        if path.is_file() and path.name != "__main__.py":
            text = path.read_bytes().decode("utf-8", "replace")
            # A log may cut a pickle off anywhere: what is missing of its last bytes is filled up.
            pickles = re.findall(r"gAS[A-Za-z0-9+/]{20,}", text)
            decoded = [base64.b64decode(each + "A" * (-len(each) % 4)).decode("latin-1") for each in pickles]
            found[str(path.relative_to(project.folder))] = "\n".join([text, *decoded])
    return found


class Scan:
    """Run operations as loudly as the engine can, each also while the API repeats the token, and look at everything."""

    def __init__(self, project: Project, *sandboxes: Sandbox) -> None:
        self.project = project
        self.sandboxes = sandboxes
        self.tokens = {sandbox.token for sandbox in sandboxes}
        self.echoes = 0

    def run(self, *arguments: str, fails: bool = False, logs: bool = True) -> None:
        events = str(self.project.folder / f"events-{arguments[0]}-{fails}.json")
        result = self.project.run(*arguments, *((*LOUD, events) if logs else ()), fails=fails)
        assert places_of(result.output, self.tokens) == [], arguments
        self.echoes += result.output.count("***") if fails else 0
        for name, text in files_of(self.project).items():
            assert places_of(text, self.tokens) == [], (arguments, name)

    def both(self, *arguments: str, echo: str, method: str) -> None:
        for sandbox in self.sandboxes:
            sandbox.fail_next(99, echo, method=method)
        self.run(*arguments, fails=True)
        for sandbox in self.sandboxes:
            sandbox.clear_faults()
        self.run(*arguments)


def test_the_token_is_in_nothing_said_or_left(make_project: MakeProject, sandbox: Sandbox, other: Sandbox) -> None:
    env = {"PLUSOFON_LOG": "debug", "PULUMI_DEBUG_COMMANDS": "true", "SECOND_TOKEN": other.token}
    project = make_project(TWO.format(url=other.url), sandbox, {**env, "PLUSOFON_TOKEN": None})
    project.config("plusofon:token", sandbox.token, secret=True)
    scan = Scan(project, sandbox, other)
    scan.both("up", *YES, echo="echo:400", method="PUT")
    [single] = [each for each in project.resources() if each["id"] == "36"]
    assert single["inputs"]["__provider"] == DIRECTION_PROVIDER
    sandbox.set_open(["36", "53"])
    other.set_open(["58", "53"])
    scan.both("preview", echo="echo:401", method="GET")
    scan.both("refresh", *YES, echo="echo:500", method="GET")
    scan.run("stack", "export", logs=False)
    scan.run("stack", "history", "--show-secrets", logs=False)
    scan.both("destroy", *YES, echo="echo:401", method="DELETE")
    assert scan.echoes >= 4
    names = set(files_of(project))
    assert any("history" in name for name in names)
    assert any(name.startswith("events-") for name in names)


def test_the_scan_finds_a_token_that_is_there(make_project: MakeProject, sandbox: Sandbox) -> None:
    project = make_project(f'print("{sandbox.token}")', sandbox)
    with pytest.raises(AssertionError, match="<TOKEN>"):
        Scan(project, sandbox).run("preview", logs=False)
    assert places_of(base64.b64encode(f"xx{sandbox.token}yy".encode()).decode(), {sandbox.token})
