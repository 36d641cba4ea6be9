"""Foreseen failures on the real engine: plain words, no traceback, and nothing lost."""

from __future__ import annotations

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import Project

ONE = 'plusofon.AllowedDirection("hungary", code="36")'
ALL = 'plusofon.AllowedDirections("account", codes=["7", "36"])'


def kept(project: Project) -> list[tuple[object, ...]]:
    """Return what state says of our resources; the engine itself drops and adds bookkeeping of its own."""
    return [tuple(each[key] for key in ("urn", "id", "inputs", "outputs")) for each in project.resources()]


def address(sandbox: Sandbox) -> str:
    return sandbox.url.partition("//")[2]


def test_a_list_that_cannot_be_read_is_never_an_empty_one(project: Project, sandbox: Sandbox) -> None:
    """Here an example of each kind of failure; `tests/unit` and `tests/host` have all."""
    for program, faults in ((ONE, ["status:403", "success-false"]), (ALL, ["html:200"])):
        project.update(program)
        before, opened = kept(project), sandbox.open_codes
        runs = (project.refresh,) if program == ONE else (project.refresh, project.preview, project.up)
        for fault in faults:
            sandbox.fail_next(99, fault)
            for run in runs:
                run(fails=True).says("GET", f"{address(sandbox)}/api/v1/direction")
            sandbox.clear_faults()
        assert (kept(project), sandbox.open_codes) == (before, opened)
    sandbox.stop()
    project.refresh(fails=True).says("Connection refused")
    assert kept(project) == before
    sandbox.start()


def test_a_write_that_changes_nothing_fails_and_state_claims_nothing(project: Project, sandbox: Sandbox) -> None:
    sandbox.fail_next(99, "ignore", method="PUT")
    for program in (ONE, ALL):
        project.update(program, fails=True).says("36 (Hungary)", "not opened", "PUT was answered with success")
        assert project.resources() == []
    sandbox.clear_faults()
    project.update(ONE)
    sandbox.fail_next(9, "ignore", method="DELETE")
    project.destroy(fails=True).says("36 (Hungary) was not closed", "DELETE")
    assert len(project.resources()) == 1
    assert sandbox.open_codes == {"36"}


def test_the_home_direction_that_cannot_be_closed_is_explained(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_readings({"R11": "always"})
    project.update('plusofon.AllowedDirection("home", code="7")')
    project.destroy(fails=True).says("home direction, Plusofon keeps it open")
    project.run("state", "delete", project.resources()[0]["urn"], "--yes")
    project.update(ALL.replace('"7", ', ""), fails=True).says("7 (Kazakhstan, Russia) was not closed", "home direction")
    project.update(ALL)
    assert sandbox.open_codes == {"7", "36"}


def test_the_token_goes_to_no_other_host_and_nowhere_in_clear(project: Project, sandbox: Sandbox) -> None:
    project.write(ONE)
    with Sandbox() as elsewhere:
        sandbox.fail_next(1, f"redirect:{elsewhere.url}/api/v1/directions?secret=1")
        told = project.preview(fails=True).says(f"{address(elsewhere)}/api/v1/directions")
        assert "secret=1" not in told
        assert elsewhere.requests == []
    project.set_env(PLUSOFON_BASE_URL="http://restapi.example.com")
    project.preview(fails=True).says("unencrypted")
