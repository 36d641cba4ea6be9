"""Programs in YAML on the real engine: the native plugin keeps the promises that the dynamic resources keep."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.conftest import MakeProject
from tests.e2e.harness import Project
from tools import plugin
from tools.engine import yaml_folder

pytestmark = pytest.mark.oldest
Resource = dict[str, Any]
URN = "urn:pulumi:dev::test::{}::{}"
DYNAMIC = "pulumi-python:dynamic/plusofon:AllowedDirection"


def single(code: str, **options: Any) -> Resource:
    return {"type": "plusofon:AllowedDirection", "properties": {"code": code}, "options": options}


def whole(*codes: str, **options: Any) -> Resource:
    return {"type": "plusofon:AllowedDirections", "properties": {"codes": [*codes]}, "options": options}


def declare(project: Project, runtime: str = "yaml", **resources: Any) -> None:
    """Make these resources the program; one called `variables` or `outputs` is that part of it."""
    parts: Resource = {name: resources.pop(name) for name in ("variables", "outputs", "config") if name in resources}
    program = {"name": "test", "runtime": runtime, "resources": resources, **parts}
    (project.folder / "Pulumi.yaml").write_text(yaml.safe_dump(program), encoding="utf-8")


def opened(sandbox: Sandbox) -> set[str]:
    return set(sandbox.open_codes)


@pytest.fixture(scope="session")
def yaml_host() -> Path:
    return yaml_folder()


@pytest.fixture
def project(make_project: MakeProject, sandbox: Sandbox, yaml_host: Path) -> Project:
    """A project in YAML; `pulumi-resource-plusofon` is found on PATH, as after `pip install`."""
    made = make_project("", sandbox)
    made.set_env(PATH=f"{made.env['PATH']}{os.pathsep}{yaml_host}")
    return made


def test_a_code_is_opened_mended_renamed_swapped_and_closed(project: Project, sandbox: Sandbox) -> None:
    declare(project, hungary=single("36"), cuba=single("+53"), outputs={"name": "${hungary.englishName}"})
    assert "will open 36 (Hungary)" in project.preview().output
    assert opened(sandbox) == set()
    assert "opened 36 (Hungary)" in project.up().output
    assert project.outputs() == {"name": "Hungary"}
    assert opened(sandbox) == {"36", "53"}
    project.preview("--expect-no-changes")

    sandbox.set_open(["53"])
    drift = project.preview("--expect-no-changes", fails=True)
    assert "will open 36 (Hungary): it was closed since the last successful update" in drift.output
    assert "plusofon:index:AllowedDirection (hungary)" in drift.output
    project.up()
    assert opened(sandbox) == {"36", "53"}

    since = len(sandbox.history)
    declare(project, renamed=single("36"), cuba=single("53"))
    assert "36 (Hungary) stays open: the program still declares it" in project.up().output
    declare(project, renamed=single("53"), cuba=single("36"))
    project.up()
    assert sandbox.history[since:] == []

    project.destroy()
    assert opened(sandbox) == set()


def test_a_whole_list_closes_what_is_not_declared_and_shows_what_changes(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["7", "53"])
    declare(project, all=whole("+36", "7"))
    plan = project.preview().output
    assert "will close 53 (Cuba): it is open and not declared" in plan
    assert "will open 36 (Hungary)" in plan
    project.up()
    assert opened(sandbox) == {"36", "7"}
    declare(project, all=whole("36", "49"))
    shown = project.preview("--diff").output
    assert '~ [1]: "7" => "49"' in shown

    sandbox.set_open(["36", "7", "53"])
    drift = project.preview("--refresh").output
    assert "will close 53 (Cuba): it was opened since the last successful update" in drift
    assert "left open: 7 (Kazakhstan, Russia), 36 (Hungary), 53 (Cuba)" in project.destroy().output
    assert opened(sandbox) == {"36", "53", "7"}


def test_what_is_open_is_imported_by_its_id_and_what_is_not_leaves_nothing(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    declare(project)
    shown = project.run("import", "plusofon:index:AllowedDirection", "hungary", "36", "--yes").output
    assert "type: plusofon:AllowedDirection" in shown
    assert "code: '36'" in shown
    project.run("import", "plusofon:index:AllowedDirection", "nope", "44", "--yes", fails=True)
    assert {each["type"] for each in project.state()["resources"] if "plusofon:index" in each["type"]} == {
        "plusofon:index:AllowedDirection"
    }
    declare(project, hungary=single("36", protect=True))
    project.preview("--expect-no-changes")
    declare(project)
    assert "protect" in project.up(fails=True).output
    assert opened(sandbox) == {"36"}
    assert sandbox.calls(method="PUT") + sandbox.calls(method="DELETE") == 0


def test_a_whole_list_is_imported_as_it_is(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["36", "7"])
    declare(project)
    project.run("import", "plusofon:index:AllowedDirections", "all", "allowed-directions", "--yes")
    declare(project, all=whole("7", "36", protect=True))
    project.preview("--expect-no-changes")


def test_two_accounts_have_a_token_each_and_state_has_none_in_clear(project: Project, sandbox: Sandbox) -> None:
    with Sandbox(token="another-account-s-token") as other:
        # Not even a secret in the configuration: the plugin makes the token one.
        project.config("secondToken", other.token)
        project.config("plusofon:token", sandbox.token)
        project.set_env(PLUSOFON_TOKEN="a-stray-token")
        second = {
            "type": "pulumi:providers:plusofon",
            "properties": {"token": "${secondToken}", "baseUrl": other.url},
        }
        declare(
            project,
            config={"secondToken": {"type": "string"}},
            second=second,
            first=single("36"),
            same=single("36", provider="${second}"),
        )
        project.up()
        assert (opened(sandbox), opened(other)) == ({"36"}, {"36"})
        state = json.dumps(project.state())
        assert other.token not in state
        assert sandbox.token not in state
        # Another token is no reason to replace what is open.
        project.config("secondToken", "a-token-of-tomorrow")
        refused = project.preview(fails=True).output
        assert 'Provider "second"' in refused
        assert "Traceback" not in refused
        assert "replace" not in refused
        project.config("secondToken", other.token)
        project.up()
        project.destroy()
        assert opened(sandbox) | opened(other) == set()


def test_what_is_not_known_yet_is_said_and_a_refresh_forgets_nothing_on_an_error(
    project: Project, sandbox: Sandbox
) -> None:
    found = {"fn::invoke": {"function": "plusofon:getDirection", "arguments": {"text": "Hungary"}, "return": "code"}}
    declare(project, variables={"code": found}, a=single("${code}"), b=single("${a.id}"))
    assert "the code is not known yet: pulumi up shows what it opens" in project.preview().output
    project.up()
    assert opened(sandbox) == {"36"}
    sandbox.fail_next(9, "status:500")
    assert "Traceback" not in project.refresh(fails=True).output
    assert len([each for each in project.state()["resources"] if "index" in each["type"]]) == 2


def test_functions_give_what_exists_and_what_is_open(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["7", "53"])
    calls: dict[str, dict[str, Any]] = {
        "open": {"function": "plusofon:getAllowedDirections", "return": "codes"},
        "cuba": {"function": "plusofon:getDirections", "arguments": {"text": "Cub"}, "return": "directions"},
    }
    variables = {name: {"fn::invoke": {"arguments": {}, **call}} for name, call in calls.items()}
    declare(project, variables=variables, outputs={"open": "${open}", "cuba": "${cuba}"})
    project.up()
    found = project.outputs()
    assert sorted(found["open"]) == ["53", "7"]
    assert found["cuba"] == [{"code": "53", "name": "Куба", "englishName": "Cuba"}]
    variables["none"] = {"fn::invoke": {"function": "plusofon:getDirection", "arguments": {"text": "Atlantis"}}}
    declare(project, variables=variables, outputs={"none": "${none}"})
    assert "Traceback" not in project.preview(fails=True).output


def test_both_kinds_for_one_account_are_refused(project: Project, sandbox: Sandbox) -> None:
    declare(project, all=whole("7"), hungary=single("36", dependsOn=["${all}"]))
    assert "add 36 to the codes of the AllowedDirections" in project.preview(fails=True).output
    assert opened(sandbox) == set()


def test_a_close_only_run_closes_and_opens_nothing(project: Project, sandbox: Sandbox) -> None:
    declare(project, all=whole("7", "36"))
    project.up()
    sandbox.set_open(["7", "53"])
    project.set_env(PLUSOFON_CLOSE_ONLY="1")
    assert "would open 36 (Hungary) (not in this run)" in project.preview().output
    refused = project.up(fails=True).output
    assert "36 (Hungary) was not opened: this run only closes; a person must run `pulumi up`" in refused
    assert opened(sandbox) == {"7"}


def test_a_python_stack_moves_to_yaml_and_back_without_a_write(project: Project, sandbox: Sandbox) -> None:
    project.write('plusofon.AllowedDirection("hungary", code="36")')
    project.up()
    writes = len(sandbox.history)
    moves: list[tuple[str, str, dict[str, Resource]]] = [
        (DYNAMIC, "yaml", {"hungary": single("36")}),
        ("plusofon:index:AllowedDirection", "python", {}),
    ]
    for type_, runtime, resources in moves:
        project.run("state", "delete", URN.format(type_, "hungary"), "--yes")
        declare(project, runtime, **resources)
        project.up()
        project.preview("--expect-no-changes")
    assert len(sandbox.history) == writes


def test_the_tarball_is_installed_and_its_schema_and_list_are_served(project: Project, sandbox: Sandbox) -> None:
    """With a wheel of nothing: what the environment has is this checkout."""
    sandbox.set_open(["36"])
    wheel = project.folder / "plusofon_pulumi-0.1.0-py3-none-any.whl"
    wheel.write_bytes(b"")
    tarball = plugin.pack(wheel, project.folder / "dist")
    project.run("plugin", "install", "resource", "plusofon", "0.1.0", "--file", str(tarball))
    [installed] = (project.folder / "home" / ".pulumi" / "plugins").glob("resource-plusofon-v0.1.0/")
    (installed / "venv").symlink_to(sys.prefix)
    schema = project.run("package", "get-schema", "plusofon@0.1.0").json
    assert {*schema["resources"]} == {"plusofon:index:AllowedDirection", "plusofon:index:AllowedDirections"}
    (project.folder / "schema.json").write_text(json.dumps(schema), encoding="utf-8")
    project.run("schema", "check", "schema.json")
    declare(project, hungary=single("36", version="0.1.0"))
    project.up()
    assert "default_0_1_0" in json.dumps(project.state())
    assert opened(sandbox) == {"36"}
