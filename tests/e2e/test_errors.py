"""Foreseen failures on the real engine: plain words, no traceback, and nothing lost."""

from __future__ import annotations

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import OF_SECOND, Project, second

ONE = 'plusofon.AllowedDirection("hungary", code="36")\n'
ALL = 'plusofon.AllowedDirections("account", codes=["7", "36"]{})\n'
STORED = "refresh and destroy use what the last `pulumi up` stored (`--run-program` uses the current one)"
CONFIGURED = "the token of plusofon:token in the stack's configuration"


def kept(project: Project) -> dict[str, list[object]]:
    """Return what state says of our resources, in any order; the engine drops and adds bookkeeping of its own."""
    return {each["urn"]: [each[key] for key in ("id", "inputs", "outputs")] for each in project.resources()}


def address(sandbox: Sandbox) -> str:
    return sandbox.url.partition("//")[2]


def test_a_list_that_cannot_be_read_is_never_an_empty_one(project: Project, sandbox: Sandbox, other: Sandbox) -> None:
    """Here an example of each kind of failure; `tests/unit` and `tests/host` have all."""
    project.update(second(other) + ONE + ALL.format(OF_SECOND))
    before = kept(project)
    trials = ((sandbox, "status:403"), (sandbox, "success-false"), (other, "html:200"))
    for account, fault in trials:
        account.fail_next(99, fault)
        for run in [project.refresh] if account is sandbox else [project.refresh, project.preview, project.up]:
            run(fails=True).says("GET", f"{address(account)}/api/v1/direction")
        account.clear_faults()
    sandbox.stop()
    project.refresh(fails=True).says("Connection refused")
    sandbox.start()
    assert kept(project) == before
    assert sandbox.open_codes == {"36"}
    assert other.open_codes == {"7", "36"}


def test_a_write_that_changes_nothing_fails_and_state_claims_nothing(project: Project, sandbox: Sandbox) -> None:
    sandbox.fail_next(99, "ignore", method="PUT")
    project.update(ONE, fails=True).says("36 (Hungary)", "not opened", "PUT was answered with success")
    assert project.resources() == []
    sandbox.clear_faults()
    project.update(ONE)
    sandbox.fail_next(9, "ignore", method="DELETE")
    project.destroy(fails=True).says("36 (Hungary) was not closed", "DELETE")
    assert len(project.resources()) == 1
    assert sandbox.open_codes == {"36"}


def test_a3_nothing_is_opened_where_the_home_direction_is_not_seen_to_close(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["7", "44"])
    sandbox.set_readings({"R11": "always"})
    project.update('plusofon.AllowedDirection("home", code="7")')
    project.destroy(fails=True).says("home direction, Plusofon keeps it open")
    alone = ALL.replace('"7", ', "").format("")
    project.update(alone, fails=True).says("7 (Kazakhstan, Russia) was not closed", "home direction")
    assert sandbox.open_codes == {"7"}
    assert sandbox.calls("PUT") == 0
    project.update(ALL.format(""))
    assert sandbox.open_codes == {"7", "36"}


def test_the_token_goes_to_no_other_host(project: Project, sandbox: Sandbox, other: Sandbox) -> None:
    project.write(ONE)
    sandbox.fail_next(1, f"redirect:{other.url}/api/v1/directions?secret=1")
    assert "secret=1" not in project.preview(fails=True).says(f"{address(other)}/api/v1/directions")
    assert other.requests == []


def test_b6_a_refused_token_is_named_by_its_source(project: Project, sandbox: Sandbox) -> None:
    project.set_env(PLUSOFON_TOKEN=None)
    project.config("plusofon:token", sandbox.token, secret=True)
    project.update(ONE)
    sandbox.fail_next(99, "status:401")
    for run in (project.preview, project.refresh, project.destroy):
        run(fails=True).says(CONFIGURED, STORED)
    sandbox.clear_faults()
    project.config("plusofon:token", "another-token", secret=True)
    project.refresh()
    assert "another-token" not in project.refresh("--run-program", fails=True).says(CONFIGURED)
