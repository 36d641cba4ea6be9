"""The token is nowhere: not in state, not in what the engine says, not with another host."""

from __future__ import annotations

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.conftest import MakeProject
from tests.e2e.harness import Project
from tests.frozen import DIRECTION_PROVIDER

HUNGARY = 'plusofon.AllowedDirection("hungary", code="36")'


def everything_that_a_run_left(project: Project) -> str:
    files = [path for path in project.folder.rglob("*") if path.is_file()]
    assert files
    return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in files)


@pytest.mark.oldest
@pytest.mark.parametrize("source", ["environment", "stack"])
def test_state_holds_the_frozen_provider_and_no_token(make_project: MakeProject, sandbox: Sandbox, source: str) -> None:
    project = make_project(HUNGARY, sandbox)
    if source == "stack":
        project.set_env(PLUSOFON_TOKEN=None)
        project.config("plusofon:token", sandbox.token, secret=True)
    said = project.up("--logtostderr", "-v=9", "--logflow").output + project.run("stack", "export").output
    assert [resource["inputs"]["__provider"] for resource in project.resources()] == [DIRECTION_PROVIDER]
    if source == "environment":
        assert sandbox.token not in said
    assert sandbox.token not in project.run("stack", "export").output
    assert sandbox.token not in everything_that_a_run_left(project)


def test_white_space_around_the_token_is_dropped(project: Project, sandbox: Sandbox) -> None:
    project.set_env(PLUSOFON_TOKEN=f"  {sandbox.token}\n")
    project.write(HUNGARY)
    project.up()
    assert sandbox.open_codes == {"36"}


def test_the_stack_s_configuration_beats_the_environment(project: Project, sandbox: Sandbox) -> None:
    with Sandbox() as other:
        project.config("plusofon:token", other.token, secret=True)
        project.config("plusofon:baseUrl", other.url)
        project.config("plusofon:clientId", "10553")
        project.set_env(PLUSOFON_CLIENT_ID="1")
        project.write(HUNGARY)
        project.up()
        assert other.open_codes == {"36"}
        assert sandbox.requests == []


def test_a_netrc_entry_does_not_replace_the_token(project: Project, sandbox: Sandbox) -> None:
    netrc = project.folder / "home" / ".netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n", encoding="utf-8")
    netrc.chmod(0o600)
    project.set_env(NETRC=str(netrc))
    project.write(HUNGARY)
    project.up()
    assert sandbox.open_codes == {"36"}


def test_a_token_that_the_api_repeats_in_its_error_is_not_shown(project: Project, sandbox: Sandbox) -> None:
    project.write(HUNGARY)
    sandbox.fail_next(10, fault="echo:400")
    told = project.preview(fails=True).output
    assert "***" in told
    assert sandbox.token not in told
