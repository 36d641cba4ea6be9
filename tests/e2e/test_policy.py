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
# As E.164 has them: what tools/make_catalogue.py gives names to.
SERVICES = {"800", "808", "870", "878", "881", "882", "883", "888", "979"}
Violations = Callable[..., list[str]]
ALL_CODES = {row.code for row in catalogue()}
PROTECTED = ", opts=pulumi.ResourceOptions(protect=True)"
# What docs/calling-codes.md tells to run, and shows.
COMMANDS = """\
pip install -r examples/policy/requirements.txt
pulumi preview --policy-pack examples/policy
"""
REFUSAL = "satellite: 881 is not a country's calling code: it belongs to Global Mobile Satellite System. Remove it."


@pytest.fixture(scope="module")
def pack() -> dict[str, Any]:
    """The names that the pack defines; read here and not above, for not every environment has pulumi-policy."""
    return runpy.run_path(str(PACK / "__main__.py"), run_name="pack")


@pytest.fixture
def violations(pack: dict[str, Any]) -> Violations:
    """Tell what the policies say of a resource: `violations(TYPE, protect=False, **properties)`."""

    def told(type_: str, *, protect: bool = False, **props: Any) -> list[str]:
        resource = SimpleNamespace(resource_type=type_, name="it", props=props, opts=SimpleNamespace(protect=protect))
        found: list[str] = []
        for policy in pack["POLICIES"]:
            policy.validate(resource, lambda violation, _urn: found.append(violation))
        return found

    return told


def test_the_types_are_those_of_state(pack: dict[str, Any]) -> None:
    assert (pack["DIRECTION"], pack["WHOLE_LIST"]) == (DIRECTION_TYPE, DIRECTIONS_TYPE)


def test_what_it_refuses_is_what_the_command_line_marks(pack: dict[str, Any]) -> None:
    assert pack["NO_COUNTRY"].keys() == NON_GEOGRAPHIC


@pytest.mark.parametrize("code", [*sorted(SERVICES), "8816", "99199"])
def test_a_code_of_a_service_is_refused(violations: Violations, code: str) -> None:
    assert len(violations(DIRECTION_TYPE, code=code)) == 1
    assert len(violations(DIRECTIONS_TYPE, protect=True, codes=["7", code])) == 1


def test_every_code_of_a_country_passes(violations: Violations) -> None:
    countries = [code for code in ALL_CODES if code not in SERVICES]
    assert len(countries) > 200
    assert violations(DIRECTIONS_TYPE, protect=True, codes=countries) == []


def test_a_whole_list_is_to_be_protected_and_a_single_direction_need_not(violations: Violations) -> None:
    assert ["protect=True" in line for line in violations(DIRECTIONS_TYPE, codes=[])] == [True]
    assert violations(DIRECTIONS_TYPE, protect=True, codes=[]) == []
    assert violations(DIRECTION_TYPE, code="36") == []


def test_other_resources_are_not_its_business(violations: Violations) -> None:
    assert violations("pulumi:pulumi:Stack") == []


def test_a_preview_with_the_pack_tells_all_that_it_forbids(project: Project) -> None:
    project.write('plusofon.AllowedDirections("account", codes=["36", 979])')
    shown = project.preview("--policy-pack", str(PACK), fails=True).output
    assert "account: 979 is not a country's calling code: it belongs to International Premium Rate Service." in shown
    assert "account is not protected." in shown


def test_an_update_with_the_pack_opens_nothing_that_it_forbids(project: Project, sandbox: Sandbox) -> None:
    project.write('plusofon.AllowedDirection("ship", code="+881")')
    assert "ship: 881 is not a country's" in project.up("--policy-pack", str(PACK), fails=True).output
    assert sandbox.calls("PUT") == 0


def test_the_commands_of_the_documents_refuse_a_code_of_no_country(project: Project) -> None:
    told = runpy.run_path(str(PACK / "__main__.py"), run_name="pack")["__doc__"]
    assert all(f"    {command}\n" in told for command in COMMANDS.splitlines())
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


def test_the_engine_lets_pass_what_the_pack_allows(project: Project, sandbox: Sandbox) -> None:
    project.write(f'plusofon.AllowedDirections("account", codes=["7", "36"]{PROTECTED})')
    assert "only-countries" not in project.up("--policy-pack", str(PACK)).output
    assert sandbox.open_codes == {"7", "36"}
