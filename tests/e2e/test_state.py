"""State is one format: between the ends of the supported versions, and from each release (tests/fixtures) to now."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.checkout import CHECKOUT
from tests.conftest import MakeProject
from tests.e2e.harness import Project, second
from tests.fixtures.make_state import TOKEN, URL
from tests.frozen import DIRECTION_PROVIDER, DIRECTIONS_PROVIDER

FILES = sorted((CHECKOUT / "tests" / "fixtures").glob("state-*/*.json"))
OLDEST = CHECKOUT / ".venv-oldest" / "bin"
BOTH = """
plusofon.AllowedDirection("a", code="36")
plusofon.AllowedDirections("w", codes=["7", "58"], on_destroy="close", opts=pulumi.ResourceOptions(provider=second))
import sys
pulumi.export("python", sys.version_info.minor)
"""


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_stack_of_an_earlier_release_shows_no_change_and_lives_on(make_project: MakeProject, file: Path) -> None:
    held = json.loads(file.read_text(encoding="utf-8"))
    codes = set(held["open"])
    with Sandbox(token=TOKEN, open=codes) as sandbox:
        is_configured = "configured" in file.stem
        project = make_project(held["program"].replace(URL, sandbox.url), None if is_configured else sandbox)
        if is_configured:
            project.config("plusofon:token", TOKEN, secret=True)
            project.config("plusofon:baseUrl", sandbox.url)
        exported = project.folder / "exported.json"
        exported.write_text(json.dumps(held["state"]).replace(URL, sandbox.url), encoding="utf-8")
        project.run("stack", "import", "--file", str(exported))
        urns = {each["urn"] for each in project.resources()}
        assert urns

        project.preview("--expect-no-changes")
        assert sandbox.calls("PUT") == sandbox.calls("DELETE") == 0
        sandbox.set_open(["53"])
        project.refresh()
        project.up()
        assert sandbox.open_codes == (codes if "whole" in file.stem else codes | {"53"})
        assert {each["urn"] for each in project.resources()} == urns
        if "adopted" in file.stem:
            project.destroy(fails=True).says("protected")
            return
        project.destroy()
        assert project.resources() == []
        is_retained = "whole" in file.stem and "closing" not in file.stem
        assert sandbox.open_codes - {"53"} == (codes if is_retained else set())


@pytest.mark.skipif(not (OLDEST / "python3").exists(), reason="`make .venv-oldest/installed` makes the oldest")
@pytest.mark.skipif(Path(sys.prefix).name == ".venv-oldest", reason="both are needed, and this is the oldest")
@pytest.mark.parametrize("is_older_first", [True, False], ids=["up", "down"])
def test_state_of_one_end_of_the_versions_is_read_by_the_other(
    project: Project, sandbox: Sandbox, other: Sandbox, *, is_older_first: bool
) -> None:
    project.write(second(other) + BOTH)
    newest = project.env["PATH"]
    paths = [os.pathsep.join([str(OLDEST), newest]), newest][:: 1 if is_older_first else -1]
    project.set_env(PATH=paths[0])
    project.up()
    written = {each["urn"]: each["inputs"]["__provider"] for each in project.resources()}
    assert sorted(written.values()) == sorted([DIRECTION_PROVIDER, DIRECTIONS_PROVIDER])
    before = project.outputs()

    project.set_env(PATH=paths[1])
    assert "to update" not in project.preview("--refresh").output
    other.set_open(["7", "53"])
    project.run("up", "--yes").says("will close 53 (Cuba): it was opened since the last successful update")
    assert project.outputs() != before, "it is another Python"
    assert {each["urn"]: each["inputs"]["__provider"] for each in project.resources()} == written
    assert other.open_codes == {"7", "58"}
    project.destroy()
    assert sandbox.open_codes == other.open_codes == set()
