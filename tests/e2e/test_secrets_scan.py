"""The token is in nothing that a run says or leaves, whatever the operation, also where the API repeats the token."""

from __future__ import annotations

import base64
import json
import re
import urllib.parse
from pathlib import Path

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.conftest import MakeProject
from tests.e2e.harness import Project

PROGRAM = """
plusofon.AllowedDirection("a", code="36")
plusofon.AllowedDirections("w", codes=["58"], opts=pulumi.ResourceOptions(provider=second))
"""
SECOND = 'second = plusofon.Provider("second", token={token}, base_url="{url}")\n'
LOUD = ("-v=9", "--logtostderr", "--logflow", "--debug", "--event-log")
# Of the token, as it may be written.
ECHOES = ("echo:400", "echo:401", "echo:500")


def forms_of(token: str) -> set[str]:
    """Return what the token may look like in a text: as it is, in a URL, in base64 at each of three places."""
    shifted = {base64.b64encode(b"x" * n + token.encode()).decode()[4 * (n > 0) : -4] for n in range(3)}
    return {token, urllib.parse.quote(token, safe=""), json.dumps(token)[1:-1], token[:20], *shifted}


def places_of(text: str, tokens: set[str]) -> list[str]:
    """Return what stands around a token, the token itself left out."""
    return [
        re.sub(re.escape(form), "<TOKEN>", text[max(0, found.start() - 150) : found.end() + 50])
        for token in tokens
        for form in forms_of(token)
        for found in re.finditer(re.escape(form), text)
    ]


def files_of(project: Project) -> dict[str, str]:
    """Return all that a project's runs have left; what is base64 within, such as a pickle, also decoded."""
    found = {}
    for path in project.folder.rglob("*"):
        if path.is_file() and path.name != "__main__.py":
            text = path.read_bytes().decode("utf-8", "replace")
            pickles = re.findall(r"gAS[A-Za-z0-9+/=]{20,}", text)
            decoded = [base64.b64decode(each + "==").decode("latin-1") for each in pickles]
            found[str(path.relative_to(project.folder))] = "\n".join([text, *decoded])
    return found


class Scan:
    """Run operations as loudly as the engine can, each also while the API repeats the token, and look at everything."""

    def __init__(self, project: Project, sandboxes: list[Sandbox]) -> None:
        self.project = project
        self.sandboxes = sandboxes
        self.tokens = {sandbox.token for sandbox in sandboxes}
        self.runs = 0
        self.echoes = 0

    def run(self, *arguments: str, fails: bool | None = False, logs: bool = True) -> None:
        self.runs += 1
        events = str(self.project.folder / f"events-{self.runs}.json")
        result = self.project.run(*arguments, *((*LOUD, events) if logs else ()), fails=fails)
        assert places_of(result.output, self.tokens) == [], arguments
        if fails:
            self.echoes += result.output.count("***")
        for name, text in files_of(self.project).items():
            assert places_of(text, self.tokens) == [], (arguments, name)

    def both(self, *arguments: str, echo: str, method: str | None = None) -> None:
        for sandbox in self.sandboxes:
            sandbox.fail_next(99, echo, method=method)
        self.run(*arguments, fails=True)
        for sandbox in self.sandboxes:
            sandbox.clear_faults()
        self.run(*arguments)


YES = ("--yes", "--skip-preview")


def test_the_token_is_in_nothing_that_any_operation_says_or_leaves(make_project: MakeProject, sandbox: Sandbox) -> None:
    with Sandbox() as other:
        second = SECOND.format(token='pulumi.Config().require_secret("secondToken")', url=other.url)
        env = {"PLUSOFON_LOG": "debug", "PULUMI_DEBUG_COMMANDS": "true"}
        project = make_project(second + PROGRAM, sandbox, env)
        quiet = Scan(project, [sandbox, other])
        project.config("secondToken", other.token, secret=True)
        for sandboxed in (sandbox, other):
            sandboxed.fail_next(99, "echo:400", method="PUT")
        quiet.run("up", *YES, fails=True)
        for sandboxed in (sandbox, other):
            sandboxed.clear_faults()
        quiet.run("up", *YES)
        project.write(PROGRAM.replace(", opts=pulumi.ResourceOptions(provider=second)", "").replace('"58"', '"36"'))
        project.up()

        scan = Scan(project, [sandbox])
        scan.tokens = quiet.tokens
        scan.both("preview", echo="echo:401", method="GET")
        sandbox.set_open([])
        scan.both("refresh", *YES, echo="echo:500", method="GET")
        scan.both("up", *YES, echo="echo:400", method="PUT")
        sandbox.set_open(["36", "53"])
        scan.both("up", *YES, echo="echo:400", method="DELETE")
        scan.run("stack", "export", logs=False)
        scan.run("stack", "history", logs=False)
        scan.run("stack", "history", "--show-secrets", logs=False)
        scan.both("destroy", *YES, echo="echo:401", method="DELETE")
        assert scan.echoes >= 5
        assert quiet.echoes >= 1
        names = set(files_of(project))
        assert any("history" in name for name in names)
        assert any(name.startswith("events-") for name in names)


@pytest.mark.parametrize("token", ["p+1/2=3&4<5>6\"7'8", "Abc.Def-Ghi_Jkl~012345"])
def test_a_token_of_odd_letters_that_the_api_repeats_is_in_no_message(
    make_project: MakeProject, token: str, tmp_path: Path
) -> None:
    with Sandbox(token=token) as sandbox:
        project = make_project('plusofon.AllowedDirection("a", code="36")', sandbox)
        sandbox.fail_next(99, "echo:400", method="PUT")
        scan = Scan(project, [sandbox])
        scan.run("up", *YES, fails=True, logs=False)
        assert scan.echoes


def test_the_scan_finds_a_token_that_is_there(make_project: MakeProject, sandbox: Sandbox) -> None:
    project = make_project(f'print("{sandbox.token}")', sandbox)
    with pytest.raises(AssertionError, match="<TOKEN>"):
        Scan(project, [sandbox]).run("preview", logs=False)
    hidden = base64.b64encode(f"xx{sandbox.token}yy".encode()).decode()
    assert places_of(hidden, {sandbox.token})
