"""A stack that an earlier release wrote goes on as if nothing had happened (tests/fixtures/README.md)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.conftest import MakeProject
from tests.fixtures.make_state import TOKEN, URL

FILES = sorted((Path(__file__).parents[1] / "fixtures").glob("state-*/*.json"))


def test_there_are_stacks_of_releases() -> None:
    assert len(FILES) >= 8


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_stack_of_an_earlier_release_shows_no_change_and_lives_on(make_project: MakeProject, file: Path) -> None:
    held = json.loads(file.read_text(encoding="utf-8"))
    with Sandbox(token=TOKEN, open=held["open"]) as sandbox:
        program = held["program"].replace(URL, sandbox.url)
        is_configured = "configured" in file.stem
        project = make_project(program, None if is_configured else sandbox)
        if is_configured:
            project.config("plusofon:token", TOKEN, secret=True)
            project.config("plusofon:baseUrl", sandbox.url)
        exported = project.folder / "exported.json"
        exported.write_text(json.dumps(held["state"]).replace(URL, sandbox.url), encoding="utf-8")
        project.run("stack", "import", "--file", str(exported))
        urns = {each["urn"] for each in project.resources()}
        assert urns

        project.preview("--expect-no-changes")
        project.refresh("--expect-no-changes")
        project.up("--expect-no-changes")
        assert sandbox.calls("PUT") == sandbox.calls("DELETE") == 0

        sandbox.set_open(["53"])
        project.up()
        assert sandbox.open_codes - {"53"} == set(held["open"])
        assert {each["urn"] for each in project.resources()} == urns
        project.preview("--expect-no-changes")
        if "adopted" in file.stem:
            project.run("state", "unprotect", "--all", "--yes")
        project.destroy()
        assert project.resources() == []
        is_retained = "whole" in file.stem and "closing" not in file.stem
        assert sandbox.open_codes - {"53"} == (set(held["open"]) if is_retained else set())
