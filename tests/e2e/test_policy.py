"""The policy pack of the examples, by its functions and on the real engine."""

from __future__ import annotations

import runpy
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plusofon_pulumi.cli.directions import NON_GEOGRAPHIC
from plusofon_pulumi.identity import DIRECTION_TYPE, DIRECTIONS_TYPE
from plusofon_pulumi.sandbox import Sandbox
from plusofon_pulumi.sandbox.state import catalogue
from tests.e2e.harness import Project

PACK = Path(__file__).parents[2] / "examples" / "policy"
Violations = Callable[..., list[str]]
# The commands that docs/calling-codes.md gives, and what it shows.
COMMANDS = """\
pip install -r examples/policy/requirements.txt
pulumi preview --policy-pack examples/policy
"""
REFUSAL = "satellite: 881 is not a country's calling code: it belongs to Global Mobile Satellite System. Remove it."


@pytest.fixture(scope="module")
def pack() -> dict[str, Any]:
    """The names that the pack defines; read here, because not every environment has pulumi-policy."""
    return runpy.run_path(str(PACK / "__main__.py"), run_name="pack")


@pytest.fixture
def violations(pack: dict[str, Any]) -> Violations:
    """Return what the policies say about a resource: `violations(TYPE, protect=False, **properties)`."""

    def validate(type_: str, *, protect: bool = False, **props: Any) -> list[str]:
        resource = SimpleNamespace(resource_type=type_, name="it", props=props, opts=SimpleNamespace(protect=protect))
        found: list[str] = []
        for policy in pack["POLICIES"]:
            policy.validate(resource, lambda violation, _urn: found.append(violation))
        return found

    return validate


def test_it_agrees_with_the_package(pack: dict[str, Any]) -> None:
    assert (pack["DIRECTION"], pack["WHOLE_LIST"]) == (DIRECTION_TYPE, DIRECTIONS_TYPE)
    assert pack["NO_COUNTRY"].keys() == NON_GEOGRAPHIC


def test_it_refuses_services_and_passes_every_country(violations: Violations) -> None:
    services = {"800", "808", "870", "878", "881", "882", "883", "888", "979"}  # as E.164 has them
    for code in [*services, "8816", "99199"]:
        assert len(violations(DIRECTION_TYPE, code=code)) == 1
        assert len(violations(DIRECTIONS_TYPE, protect=True, codes=["7", code])) == 1
    assert violations(DIRECTIONS_TYPE, protect=True, codes=[*{row.code for row in catalogue()} - services]) == []
    assert violations("pulumi:pulumi:Stack") == []


def test_a_preview_with_the_pack_reports_all_that_it_forbids(project: Project) -> None:
    project.write('plusofon.AllowedDirections("account", codes=["36", 979])')
    shown = project.preview("--policy-pack", str(PACK), fails=True).output
    assert "account: 979 is not a country's calling code: it belongs to International Premium Rate Service." in shown
    assert "account is not protected." in shown


def test_the_commands_of_the_documents_refuse_a_code_of_no_country(project: Project) -> None:
    said = runpy.run_path(str(PACK / "__main__.py"), run_name="pack")["__doc__"]
    assert all(f"    {command}\n" in said for command in COMMANDS.splitlines())
    shutil.copytree(PACK, project.folder / "examples" / "policy")
    project.write('plusofon.AllowedDirection("satellite", code="881")')
    ran = subprocess.run(
        ["bash", "-ec", COMMANDS], cwd=project.folder, env=project.env, check=False, capture_output=True, text=True
    )
    assert ran.returncode not in (0, 127)
    assert REFUSAL in ran.stdout


def test_a_code_that_only_the_update_knows_is_refused_then(project: Project, sandbox: Sandbox) -> None:
    project.write(
        """\
        hungary = plusofon.AllowedDirection("hungary", code="36")
        plusofon.AllowedDirection("ship", code=hungary.english_name.apply(lambda _: "881"))
        """
    )
    assert "can't run policy 'only-countries'" in project.preview("--policy-pack", str(PACK)).output
    assert "ship: 881 is not a country's" in project.up("--policy-pack", str(PACK), fails=True).output
    assert sandbox.open_codes == {"36"}
