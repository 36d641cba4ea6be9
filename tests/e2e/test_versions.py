"""State is one format: what the oldest supported SDK and Python have written, the newest read, and the other way."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.conftest import MakeProject
from tests.e2e.harness import Project
from tests.frozen import DIRECTION_PROVIDER, DIRECTIONS_PROVIDER

OLDEST = Path(__file__).resolve().parents[2] / ".venv-oldest" / "bin"
BOTH = """
second = plusofon.Provider("second", token="{token}", base_url="{url}")
plusofon.AllowedDirection("a", code="36")
plusofon.AllowedDirections("w", codes=["7", "58"], on_destroy="close", opts=pulumi.ResourceOptions(provider=second))
"""
Use = Callable[[Project], None]

pytestmark = [
    pytest.mark.skipif(not (OLDEST / "python3").exists(), reason="`make .venv-oldest/installed` makes the oldest"),
    pytest.mark.skipif(Path(sys.prefix).name == ".venv-oldest", reason="both are needed, and this is the oldest"),
]


def versions(project: Project) -> str:
    program = (
        "import sys, pulumi; from importlib.metadata import version; print(sys.version_info[:2], version('pulumi'))"
    )
    return subprocess.run(
        ["python3", "-c", program], env=project.env, capture_output=True, check=True, text=True
    ).stdout.strip()


def use_oldest(project: Project) -> None:
    project.set_env(PATH=os.pathsep.join([str(OLDEST), project.env["PATH"]]))


def use_newest(project: Project) -> None:
    project.set_env(PATH=project.env["PATH"].removeprefix(f"{OLDEST}{os.pathsep}"))


@pytest.mark.parametrize("writer, reader", [(use_oldest, use_newest), (use_newest, use_oldest)], ids=["up", "down"])
def test_state_of_one_end_of_the_versions_is_read_by_the_other(
    make_project: MakeProject, sandbox: Sandbox, writer: Use, reader: Use
) -> None:
    with Sandbox() as other:
        project = make_project(BOTH.format(token=other.token, url=other.url), sandbox)
        writer(project)
        before = versions(project)
        project.up()
        written = {each["urn"]: each["inputs"]["__provider"] for each in project.resources()}
        assert sorted(written.values()) == sorted([DIRECTION_PROVIDER, DIRECTIONS_PROVIDER])

        reader(project)
        assert versions(project) != before
        project.preview("--expect-no-changes")
        project.refresh()
        project.up()
        assert {each["urn"]: each["inputs"]["__provider"] for each in project.resources()} == written
        other.set_open(["7", "53"])
        assert "53 (Cuba): it was opened since the last successful update" in project.preview().output
        project.up()
        assert other.open_codes == {"7", "58"}
        project.destroy()
        assert sandbox.open_codes == other.open_codes == set()
