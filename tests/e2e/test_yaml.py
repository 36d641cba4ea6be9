"""Programs in YAML on the real engine: the native plugin keeps the promises that the dynamic resources keep."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import Project, writes
from tests.pages import DOCS, blocks
from tools import plugin
from tools.engine import yaml_folder

Resource = dict[str, Any]
NATIVE = "plusofon:index:AllowedDirection"

PAGE = DOCS / "other-languages.md"
INSTALL, ADD, IMPORT, FORGET = (block.text for block in blocks(PAGE, "sh"))
SHORTEST, SECOND = (block.text for block in blocks(PAGE, "yaml"))
PREVIEW, TYPESCRIPT, GO = (blocks(PAGE, language)[0].text for language in ("text", "typescript", "go"))


def single(code: str, **options: Any) -> Resource:
    return {"type": "plusofon:AllowedDirection", "properties": {"code": code}, "options": options}


def whole(*codes: str, **options: Any) -> Resource:
    return {"type": "plusofon:AllowedDirections", "properties": {"codes": [*codes]}, "options": options}


def declare(project: Project, runtime: str = "yaml", **resources: Any) -> None:
    """Make these resources the program; one called `outputs` or `config` is that part of it."""
    parts: Resource = {name: resources.pop(name) for name in ("outputs", "config") if name in resources}
    program = {"name": "test", "runtime": runtime, "resources": resources, **parts}
    (project.folder / "Pulumi.yaml").write_text(yaml.safe_dump(program), encoding="utf-8")


def names(project: Project) -> list[str]:
    """Return the names of our resources in state."""
    return [each["urn"].split("::")[-1] for each in project.state()["resources"] if "plusofon:index" in each["type"]]


@pytest.fixture(scope="session")
def yaml_host() -> Path:
    return yaml_folder()


@pytest.fixture
def project(project: Project, yaml_host: Path) -> Project:
    """A project in YAML; `pulumi-resource-plusofon` is found on PATH, as after `pip install`."""
    project.set_env(PATH=f"{project.env['PATH']}{os.pathsep}{yaml_host}")
    return project


@pytest.mark.oldest
def test_codes_are_opened_mended_renamed_swapped_and_closed(project: Project, sandbox: Sandbox) -> None:
    declare(project, hungary=single("36"), cuba=single("${hungary.id}"), outputs={"name": "${hungary.englishName}"})
    # Where a code is not known yet: the first one, which is known, declares it, too.
    project.preview().says("will open 36 (Hungary)", "the code is not known yet: pulumi up shows what it opens")
    assert sandbox.open_codes == set()
    project.up().says("opened 36 (Hungary)")
    assert project.outputs() == {"name": "Hungary"}
    declare(project, hungary=single("36"), cuba=single("+53"))
    project.up()
    assert sandbox.open_codes == {"36", "53"}
    sandbox.set_open(["53"])
    project.preview("--expect-no-changes", fails=True).says(
        "will open 36 (Hungary): it was closed since the last successful update",
        "plusofon:index:AllowedDirection (hungary)",
    )
    # A refresh forgets nothing on an error.
    sandbox.fail_next(9, "status:500")
    project.refresh(fails=True)
    sandbox.clear_faults()
    assert sorted(names(project)) == ["cuba", "hungary"]
    project.up()
    assert sandbox.open_codes == {"36", "53"}
    since = len(sandbox.history)
    declare(project, renamed=single("36"), cuba=single("53"))
    project.up().says("36 (Hungary) stays open: the program still declares it")
    declare(project, renamed=single("53"), cuba=single("36"))
    project.up()
    assert sandbox.history[since:] == []
    project.preview("--expect-no-changes")
    project.destroy()
    assert sandbox.open_codes == set()


def test_a_whole_list_closes_what_is_not_declared_and_rules_alone(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["7", "53"])
    declare(project, all=whole("+36", "7"))
    project.run("up", "--yes").says("will close 53 (Cuba): it is open and not declared", "will open 36 (Hungary)")
    assert sandbox.open_codes == {"36", "7"}
    sandbox.set_open(["7", "53"])
    project.set_env(PLUSOFON_CLOSE_ONLY="1")
    drift = "will close 53 (Cuba): it was opened since the last successful update"
    project.preview("--refresh").says(drift, "would open 36 (Hungary) (not in this run)")
    project.up(fails=True).says("36 (Hungary) was not opened: this run only closes; a person must run `pulumi up`")
    assert sandbox.open_codes == {"7"}

    declare(project, all=whole("7", "36"), hungary=single("36", dependsOn=["${all}"]))
    project.preview(fails=True).says("add 36 to the codes of the AllowedDirections")
    project.destroy().says("left open: 7 (Kazakhstan, Russia)")
    assert sandbox.open_codes == {"7"}


def test_what_is_open_is_imported_by_its_id_and_what_is_not_leaves_nothing(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    declare(project)
    project.run(*IMPORT.split()[1:], "--yes").says("type: plusofon:AllowedDirection", "code: '36'")
    project.run("import", NATIVE, "nope", "44", "--yes", fails=True)
    assert names(project) == ["hungary"]
    declare(project, hungary=single("36", protect=True))
    project.preview("--expect-no-changes")
    declare(project)
    project.up(fails=True).says("protect")
    project.run("state", "delete", f"urn:pulumi:dev::test::{NATIVE}::hungary", "--force", "--yes")
    project.run("import", f"{NATIVE}s", "all", "allowed-directions", "--yes")
    declare(project, all=whole("+36", protect=True))
    project.preview("--expect-no-changes")
    assert sandbox.open_codes == {"36"}
    assert writes(sandbox) == 0


def test_two_accounts_have_a_hidden_token_each(project: Project, sandbox: Sandbox, other: Sandbox) -> None:
    # Not even secrets in the configuration: the plugin makes the tokens secret.
    project.config("secondToken", other.token)
    project.config("plusofon:token", sandbox.token)
    project.set_env(PLUSOFON_TOKEN="a-stray-token")
    settings = {"token": "${secondToken}", "baseUrl": other.url}
    resources: Resource = {
        "second": {"type": "pulumi:providers:plusofon", "properties": settings},
        "first": single("36"),
        "same": single("36", provider="${second}"),
    }
    declare(project, config={"secondToken": {"type": "string"}}, **resources)
    project.up()
    assert [sandbox.open_codes, other.open_codes] == [{"36"}, {"36"}]
    assert not re.search(f"{other.token}|{sandbox.token}", json.dumps(project.state()))
    # Another token is no reason to replace what is open.
    project.config("secondToken", "a-token-of-tomorrow")
    assert "replace" not in project.preview(fails=True).says('Provider "second"')


def test_the_programs_of_the_page_work_as_it_says(project: Project, sandbox: Sandbox) -> None:
    """Both accounts are one here, but for their tokens: what is about two is in another test."""
    (project.folder / "Pulumi.yaml").write_text(SHORTEST, encoding="utf-8")
    project.run("stack", "init", "dev")
    project.preview().says(*(line for line in PREVIEW.splitlines()[1:] if line != "…"))

    sandbox.set_open(["7", "53"])
    program = yaml.safe_load(SECOND)
    (project.folder / "Pulumi.yaml").write_text(yaml.safe_dump({**program, "name": "test"}), encoding="utf-8")
    project.config("secondToken", sandbox.token, secret=True)
    project.up()
    assert sorted(project.outputs()["openBefore"]) == ["53", "7"]
    assert sandbox.open_codes == {"7", "36", "372"}


def test_a_python_stack_moves_to_yaml_and_back_without_a_write(project: Project, sandbox: Sandbox) -> None:
    project.update('plusofon.AllowedDirection("hungary", code="36")')
    changes = len(sandbox.history)
    forget = FORGET.replace("::acme::", "::test::").split()[1:]
    project.run(*forget, "--yes")
    declare(project, hungary=single("36"))
    project.up()
    project.run(*forget[:-1], f"urn:pulumi:dev::test::{NATIVE}::hungary", "--yes")
    declare(project, "python")
    project.up()
    project.preview("--expect-no-changes")
    assert len(sandbox.history) == changes


def test_the_tarball_is_installed_and_serves_the_page_s_programs(project: Project, sandbox: Sandbox) -> None:
    """Its wheel is empty, and its environment this one: `test_docs` installs a wheel.

    The SDKs are made from the schema; the hosts of these languages are not to be had from the registries.
    """
    command = INSTALL.splitlines()[1].split()
    wheel = project.folder / "plusofon_pulumi-0.1.0-py3-none-any.whl"
    wheel.write_bytes(b"")
    assert plugin.pack(wheel, project.folder / "dist") == project.folder / command[-1]
    project.run(*command[1:])
    (project.folder / "home/.pulumi/plugins/resource-plusofon-v0.1.0/venv").symlink_to(sys.prefix)
    declare(project, hungary=single("36", version="0.1.0"))
    project.up()
    assert "::default_0_1_0" in json.dumps(project.state())
    assert sandbox.open_codes == {"36"}

    assert ADD.split()[-1] == "plusofon@0.1.0"
    plugin_on_path = str(shutil.which("pulumi-resource-plusofon", path=project.env["PATH"]))
    schema = json.loads(project.run("package", "get-schema", plugin_on_path).stdout)
    (project.folder / "schema.json").write_text(json.dumps(schema), encoding="utf-8")
    project.run("schema", "check", "schema.json")
    served = {token.rpartition(":")[2] for token in [*schema["resources"], *schema["functions"]]}
    used = {*re.findall(r"plusofon\.(?:New)?(\w+?)(?:Output|Args)?\b", TYPESCRIPT + GO)}
    assert used == {"AllowedDirection", "AllowedDirections", "getDirection"}
    assert used <= served

    project.run("package", "gen-sdk", plugin_on_path, "--language", "nodejs", "--out", "sdk")
    sdk = {file.stem: file.read_text(encoding="utf-8") for file in (project.folder / "sdk" / "nodejs").glob("*.ts")}
    has = {
        "allowedDirection": ("class AllowedDirection extends", "code: pulumi.Input<string>"),
        "allowedDirections": ("class AllowedDirections ", "codes: pulumi.Input<pulumi.", "onDestroy?: pulumi.Input<"),
        "provider": ("class Provider extends", "token?: pulumi.Input<", "pulumi.secret(args.token)"),
        "getDirection": ("function getDirection(", "text: string", "readonly code: string"),
        "getDirections": ("function getDirections(", "readonly codes: string[]"),
        "getAllowedDirections": ("function getAllowedDirections(", "readonly codes: string[]"),
    }
    assert [(file, line) for file, lines in has.items() for line in lines if line not in sdk[file]] == []
    assert [name for name in re.findall(r"plusofon\.(\w+)", TYPESCRIPT) if f" {name}:" not in sdk["index"]] == []
