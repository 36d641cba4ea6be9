"""An account that exists comes under Pulumi with not one write: `plusofon adopt`, then the commands that it tells."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from plusofon_pulumi.sandbox import Sandbox
from plusofon_pulumi.sandbox.account import catalogue
from tests.e2e.conftest import MakeProject
from tests.e2e.harness import Project

ALL = sorted({row.code for row in catalogue()})
PAGE = (Path(__file__).parents[2] / "docs" / "adopting.md").read_text(encoding="utf-8")
COMMANDS, UNPROTECT = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
UNPROTECT = UNPROTECT.splitlines()[0]
SECOND = 'plusofon.Provider("second", token=pulumi.Config().require_secret("secondToken"), base_url="{}")'


def plusofon(project: Project, *arguments: str, fails: bool = False) -> str:
    """Run the command as a user does; return what it printed, or the error that it told."""
    ran = subprocess.run(
        ["plusofon", *arguments], cwd=project.folder, env=project.env, capture_output=True, check=False, text=True
    )
    assert (ran.returncode, bool(ran.stdout), bool(ran.stderr)) == ((1, False, True) if fails else (0, True, False))
    return ran.stdout + ran.stderr


def adopt(project: Project, *options: str) -> list[str]:
    """Adopt in the project's folder; return the commands to run next, for the stack that is there already."""
    if "--out" not in options:
        (project.folder / "__main__.py").unlink(missing_ok=True)
    printed = plusofon(project, "adopt", *options)
    commands = [line.strip() for line in printed.partition("Next:\n")[2].splitlines()]
    return [each for each in commands if not each.endswith("# where there is none yet")]


def follow(project: Project, commands: list[str]) -> str:
    """Run commands in a shell, as one who copies them does; return what Pulumi said."""
    script = "\n".join(commands)
    ran = subprocess.run(
        ["bash", "-ec", script], cwd=project.folder, env=project.env, capture_output=True, check=False, text=True
    )
    assert ran.returncode == 0, f"{script}\n{ran.stdout}{ran.stderr}"
    return ran.stdout


def imports(project: Project, *, fails: bool = False) -> str:
    arguments = ["import", "--file", "plusofon-import.json", "--generate-code=false", "--yes"]
    return project.run(*arguments, fails=fails).output


def assert_not_written(sandbox: Sandbox) -> None:
    assert {each.method for each in sandbox.requests} == {"GET"}
    assert [each for each in sandbox.history if each.by == "api"] == []


def essence(project: Project) -> dict[str, dict[str, Any]]:
    """Return what state holds of our resources, but for times and places in a source."""
    kept = ("type", "id", "inputs", "outputs", "protect", "custom")
    return {each["urn"]: {key: each.get(key) for key in kept} for each in project.resources()}


# Every size and kind, each under some of the readings


@pytest.mark.parametrize(
    "codes, options, readings",
    [
        ([], [], {"R1": "{}"}),
        ([], ["--exclusive"], {"R1": "[]", "R14": "data"}),
        ([], ["--exclusive", "--provider", "second"], {"R1": "null", "R3": "array"}),
        (["7"], [], {"R2": "number", "R3": "array", "R13": "each"}),
        (["7"], ["--exclusive"], {"R2": "string", "R14": "nested", "R13": "any"}),
        (["7"], ["--provider", "second"], {"R2": "number/string/number", "R13": "each"}),
        (ALL, [], {"R14": "meta", "R2": "string/number/number"}),
        (ALL, ["--provider", "second"], {"R14": "data", "R3": "array", "R2": "number/string/string"}),
        (ALL, ["--exclusive"], {"R14": "directions", "R13": "each", "R2": "string/string/number"}),
        (ALL, ["--exclusive", "--provider", "second"], {"R14": "nested", "R2": "number/number/string"}),
    ],
    ids=lambda value: str(len(value)) if isinstance(value, list) and value[:1] in ([], ["7"], ALL[:1]) else None,
)
def test_what_was_adopted_needs_no_change_and_nothing_was_written(
    make_project: MakeProject, codes: list[str], options: list[str], readings: dict[str, str]
) -> None:
    with Sandbox(open=codes, readings=readings) as sandbox:
        project = make_project("", sandbox)
        if "--provider" in options:
            project.config("secondToken", sandbox.token, secret=True)
            project.write(SECOND.format(sandbox.url))
            project.up()
            # What the stack's own account is, is of no account from here on.
            project.set_env(PLUSOFON_BASE_URL=None)
        commands = [each for each in adopt(project, *options) if "--secret secondToken" not in each]
        if codes or "--exclusive" in options:
            assert [each.split()[1] for each in commands] == ["import", "preview"]
            follow(project, commands)
        else:
            # Nothing is imported, not even a stack; but an import that is made all the same succeeds.
            assert commands == ["pulumi up"]
            imports(project)
            follow(project, ["pulumi up --yes"])
            project.preview("--expect-no-changes")
        assert "unchanged" in project.up().output
        resources = project.resources()
        if "--exclusive" in options:
            assert [each["outputs"]["codes"] for each in resources] == [codes]
        else:
            assert sorted(each["id"] for each in resources) == codes
        assert all(each["protect"] for each in resources)
        assert all("second" in each["provider"] for each in resources) or "--provider" not in options
        assert_not_written(sandbox)
        assert sandbox.token not in json.dumps(project.state())


# As if created by `up`


@pytest.mark.oldest
@pytest.mark.parametrize("options", [[], ["--exclusive"]], ids=["singles", "whole"])
def test_what_was_adopted_lives_on_as_if_created_by_up(
    make_project: MakeProject, sandbox: Sandbox, options: list[str]
) -> None:
    sandbox.set_open(["36", "7"])
    project = make_project("", sandbox)
    follow(project, adopt(project, *options))
    created = make_project("", sandbox)
    created.write((project.folder / "__main__.py").read_text(encoding="utf-8"), preamble="")
    created.up()
    assert essence(project) == essence(created)
    sandbox.set_open(["7", "53"])
    drifted = project.preview("--expect-no-changes", fails=True).output
    assert "36 (Hungary) was closed outside Pulumi" in drifted
    assert "1 updated" in project.up().output
    assert sandbox.open_codes == ({"36", "7"} if options else {"36", "7", "53"})
    project.preview("--expect-no-changes")
    assert essence(project) == essence(created)
    # Protected: neither by accident ...
    project.destroy(fails=True)
    project.write("")
    assert "cannot be deleted" in project.up(fails=True).output
    assert {"36", "7"} <= sandbox.open_codes
    # ... but on purpose, as the documentation says.
    follow(project, [UNPROTECT.replace("hungary-36", "account" if options else "hungary-36")])
    less = (created.folder / "__main__.py").read_text(encoding="utf-8").replace('    "hungary-36": "36",\n', "")
    project.write("" if options else less, preamble="")
    assert "1 deleted" in project.up().output
    assert sandbox.open_codes == ({"36", "7"} if options else {"7", "53"})


# What the documentation says of other cases


def test_an_import_into_a_stack_that_has_the_resources_changes_nothing(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    commands = adopt(project)
    project.up()
    before = essence(project)
    assert "2 unchanged" in follow(project, commands)
    # The same name for another code is refused.
    file = project.folder / "plusofon-import.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"36"', '"44"'), encoding="utf-8")
    assert "already exists" in imports(project, fails=True)
    assert essence(project) == before


def test_a_code_that_a_resource_of_another_name_keeps_open_is_a_conflict_that_names_both(
    project: Project, sandbox: Sandbox
) -> None:
    own = 'plusofon.AllowedDirection("hungary", code="36")\n'
    project.write(own)
    project.up()
    adopt(project)
    imports(project)
    program = (project.folder / "__main__.py").read_text(encoding="utf-8")
    project.write(program + own, preamble="")
    told = project.preview(fails=True).output
    assert '"hungary-36" and AllowedDirection "hungary" both declare the code 36' in told
    # The remedy that the documentation gives.
    [urn] = [urn for urn in essence(project) if urn.endswith("::hungary")]
    project.run("state", "delete", "--yes", urn)
    project.write(program, preamble="")
    project.preview("--expect-no-changes")
    assert sandbox.open_codes == {"36"}


@pytest.mark.parametrize("options", [[], ["--exclusive"]], ids=["singles", "whole"])
def test_a_stale_file_is_believed_and_the_next_preview_tells(
    project: Project, sandbox: Sandbox, options: list[str]
) -> None:
    sandbox.set_open(["36"])
    adopt(project, *options)
    sandbox.set_open([])
    sandbox.clear_requests()
    imports(project)
    # The import looks at the account, but what it finds there is no matter to it.
    assert_not_written(sandbox)
    assert "36 (Hungary) was closed outside Pulumi; `pulumi up` opens it" in project.preview().output
    # Adopted anew, the program follows, and the whole list's entry in state with it, by an update that writes nothing.
    adopt(project, *options, "--force")
    if options:
        assert "unchanged" in imports(project)
        project.preview("--expect-no-changes", fails=True)
        assert "1 updated" in project.up().output
        project.preview("--expect-no-changes")
    assert sandbox.calls("PUT") == sandbox.calls("DELETE") == 0


def test_without_its_flag_the_import_is_made_and_then_fails_for_want_of_a_schema(
    project: Project, sandbox: Sandbox
) -> None:
    sandbox.set_open(["36"])
    adopt(project)
    project.run("import", "--file", "plusofon-import.json", "--yes", fails=True)
    project.preview("--expect-no-changes")


def test_a_new_folder_s_project_takes_the_token_from_the_stack_where_a_file_had_it(
    make_project: MakeProject, sandbox: Sandbox
) -> None:
    sandbox.set_open(["36", "7"])
    project = make_project("")
    project.set_env(PULUMI_STACK=None)
    (project.folder / "token").write_text(sandbox.token)
    commands = adopt(project, "--out", "account", "--token-file", "token", "--base-url", sandbox.url)
    assert [shlex.split(each)[:2] for each in commands] == [
        ["cd", "account"],
        ["pulumi", "stack"],
        ["pulumi", "config"],
        ["pulumi", "config"],
        ["pulumi", "import"],
        ["pulumi", "preview"],
    ]
    assert "3 unchanged" in follow(project, commands)
    settings = (project.folder / "account" / "Pulumi.dev.yaml").read_text()
    assert "secure:" in settings
    assert sandbox.token not in settings
    assert_not_written(sandbox)


def test_the_page_s_commands_are_all_that_it_takes(make_project: MakeProject, sandbox: Sandbox) -> None:
    sandbox.set_open(["36", "7"])
    project = make_project("", sandbox)
    project.set_env(PULUMI_STACK=None)
    assert "3 unchanged" in follow(project, COMMANDS.splitlines())
    assert_not_written(sandbox)


def test_without_a_token_the_import_warns_and_is_made(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    adopt(project)
    project.set_env(PLUSOFON_TOKEN="refused")
    told = imports(project)
    assert "One or more imported inputs failed to validate" in told
    assert "Check the token" in told
    project.set_env(PLUSOFON_TOKEN=sandbox.token)
    project.preview("--expect-no-changes")


def test_a_provider_that_is_not_in_state_is_refused_before_an_import_could_make_it(
    project: Project, sandbox: Sandbox, tmp_path: Path
) -> None:
    (project.folder / "__main__.py").unlink()
    told = plusofon(project, "adopt", "--provider", "second", fails=True)
    assert 'the Provider "second" is not in the state of the stack' in told
    project.set_env(PULUMI_STACK="nowhere")
    told = plusofon(project, "adopt", "--provider", "second", fails=True)
    assert "the state of the stack cannot be read in" in told
    assert "no stack selected" in told
    assert not (project.folder / "__main__.py").exists()


def test_two_accounts_with_the_same_codes_are_adopted_into_one_stack(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    with Sandbox(open=["36", "44"], client_id="77") as other:
        follow(project, adopt(project))
        program = (project.folder / "__main__.py").read_text(encoding="utf-8")
        project.config("secondToken", other.token, secret=True)
        declared = SECOND.format(other.url).replace("base_url", 'client_id="77", base_url')
        project.write(f"{program}\n{declared}\n", preamble="")
        project.up()
        project.set_env(PLUSOFON_TOKEN=other.token)
        commands = adopt(project, "--provider", "second", "--out", "second")
        follow(project, commands[:1] + commands[2:3])
        project.set_env(PLUSOFON_TOKEN=sandbox.token)
        project.write(f"{program}\n{(project.folder / 'second' / '__main__.py').read_text(encoding='utf-8')}", "")
        project.preview("--expect-no-changes")
        assert sorted(urn.rpartition("::")[2] for urn in essence(project)) == [
            "hungary-36",
            "second-hungary-36",
            "second-united-kingdom-and-others-44",
        ]
        assert_not_written(other)
    assert_not_written(sandbox)
