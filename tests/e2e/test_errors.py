"""Foreseen failures on the real engine: plain words, no traceback, and nothing lost."""

from __future__ import annotations

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.conftest import MakeProject
from tests.e2e.harness import Project
from tests.e2e.tracebacks import traceback_in

ONE = 'plusofon.AllowedDirection("hungary", code="36")'
ALL = 'plusofon.AllowedDirections("account", codes=["7", "36"])'


def kept(project: Project) -> list[tuple[object, ...]]:
    """Return what state says of our resources; the engine itself drops and adds bookkeeping of its own."""
    return [tuple(each[key] for key in ("urn", "id", "inputs", "outputs")) for each in project.resources()]


def address(sandbox: Sandbox) -> str:
    return sandbox.url.partition("//")[2]


def failed(output: str, *why: str) -> None:
    assert [each for each in why if each not in output] == [], output
    assert not traceback_in(output)


@pytest.mark.parametrize("program", [ONE, ALL], ids=["one", "all"])
def test_a_list_that_cannot_be_read_is_never_an_empty_one(project: Project, sandbox: Sandbox, program: str) -> None:
    project.write(program)
    project.up()
    before, opened = kept(project), sandbox.open_codes
    faults = ["status:401", "status:403", "status:500", "html:200", "html:502", "success-false"]
    for fault in faults if program == ONE else ["status:403", "html:200"]:
        sandbox.fail_next(99, fault)
        runs = (project.refresh,) if program == ONE else (project.refresh, project.preview, project.up)
        for run in runs:
            failed(run(fails=True).output, "GET", f"{address(sandbox)}/api/v1/direction")
        sandbox.clear_faults()
        assert kept(project) == before
        assert sandbox.open_codes == opened
    sandbox.stop()
    failed(project.refresh(fails=True).output, "Connection refused")
    assert kept(project) == before
    sandbox.start()


def test_a_write_that_changes_nothing_fails_and_state_claims_nothing(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["53"])
    for program in (ONE, ALL):
        project.write(program)
        sandbox.fail_next(9, "ignore", method="PUT")
        told = project.up(fails=True).output
        failed(told, "36 (Hungary)", "not opened", "PUT was answered with success")
        assert project.resources() == []
        sandbox.clear_faults()
    project.write(ONE)
    project.up()
    sandbox.fail_next(9, "ignore", method="DELETE")
    failed(project.destroy(fails=True).output, "36 (Hungary) was not closed", "DELETE")
    assert len(project.resources()) == 1
    sandbox.clear_faults()
    project.destroy()
    assert sandbox.open_codes == set()


def test_the_home_direction_that_cannot_be_closed_is_explained(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_readings({"R11": "always"})
    home = 'plusofon.AllowedDirection("home", code="7")'
    project.write(home)
    project.up()
    failed(project.destroy(fails=True).output, "home direction, Plusofon keeps it open")
    project.write(home.replace(")", ", opts=pulumi.ResourceOptions(retain_on_delete=True))"))
    project.up()
    project.destroy()
    assert project.resources() == []
    project.write(ALL.replace('"7", ', ""))
    failed(project.up(fails=True).output, "7 (Kazakhstan, Russia) was not closed", "home direction")
    project.write(ALL)
    project.up()
    project.preview("--expect-no-changes")


def test_many_failures_at_once_show_no_traceback(project: Project, sandbox: Sandbox) -> None:
    codes = ["1", "7", "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47"]
    project.write(f"for code in {codes}: plusofon.AllowedDirection(code, code=code)")
    sandbox.fail_next(99, "status:403", method="PUT")
    failed(project.up("--continue-on-error", fails=True).output, "36 (Hungary) was not opened", "20 (Egypt)")
    assert project.resources() == []


def test_a_code_on_a_later_page_is_neither_closed_nor_unknown(project: Project, sandbox: Sandbox) -> None:
    # Twenty codes before it, fifteen a page.
    codes = ["1", "7", "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "998"]
    sandbox.set_open(codes)
    sandbox.set_readings({"R14": "data"})
    project.write('plusofon.AllowedDirection("uzbekistan", code="998")')
    project.up()
    assert sandbox.calls("PUT") == 0
    project.refresh("--expect-no-changes")
    project.preview("--expect-no-changes")


def test_the_token_goes_to_no_other_host_and_nowhere_in_clear(make_project: MakeProject, sandbox: Sandbox) -> None:
    insecure = {"PLUSOFON_TOKEN": "a-token", "PLUSOFON_BASE_URL": "http://restapi.example.com"}
    failed(make_project(ONE, env=insecure).preview(fails=True).output, "unencrypted")
    with Sandbox() as elsewhere:
        sandbox.fail_next(1, f"redirect:{elsewhere.url}/api/v1/directions?secret=1")
        told = make_project(ONE, sandbox).preview(fails=True).output
        failed(told, f"{address(elsewhere)}/api/v1/directions")
        assert "secret=1" not in told
        assert elsewhere.requests == []
