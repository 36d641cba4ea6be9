"""What is not promised, each shown once on the real engine: what does happen, and what mends it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.conftest import MakeProject
from tests.e2e.harness import SETTINGS, Project

A = 'plusofon.AllowedDirection("a", code="36"{})\n'
RENAMED = 'plusofon.AllowedDirection("c", code="36"{})\n'
FIRST = 'first = plusofon.AllowedDirection("first", code="58")\n'
PROVIDER = 'other = plusofon.Provider("other", token="{}", base_url="{}")\n'
OF_OTHER = ", opts=pulumi.ResourceOptions(provider=other)"


def urn_of(project: Project, name: str) -> str:
    [urn] = [each["urn"] for each in project.resources() if each["urn"].endswith(f"::{name}")]
    return str(urn)


def other(sandbox: Sandbox) -> str:
    return PROVIDER.format(sandbox.token, sandbox.url)


def targeted(project: Project, _: Sandbox) -> None:
    project.write(RENAMED.format(""))
    project.up("--target", urn_of(project, "a"))


def excluded(project: Project, _: Sandbox) -> None:
    project.write(RENAMED.format(""))
    project.up("--exclude", urn_of(project, "a").removesuffix("::a") + "::c")


def waiting_for_a_failed_one(project: Project, sandbox: Sandbox) -> None:
    project.write(FIRST + RENAMED.format(", opts=pulumi.ResourceOptions(depends_on=[first])"))
    sandbox.fail_next(99, "status:403", method="PUT")
    project.up("--continue-on-error", fails=True)
    sandbox.clear_faults()


def moved_to_a_provider_of_the_same_account(project: Project, sandbox: Sandbox) -> None:
    project.write(other(sandbox) + RENAMED.format(OF_OTHER))
    project.up()


@pytest.mark.parametrize(
    "rename", [targeted, excluded, waiting_for_a_failed_one, moved_to_a_provider_of_the_same_account]
)
def test_a_run_that_is_not_told_of_the_new_owner_closes_its_code_and_the_next_full_one_opens_it(
    project: Project, sandbox: Sandbox, rename: Callable[[Project, Sandbox], None]
) -> None:
    project.write(A.format(""))
    project.up()
    rename(project, sandbox)
    assert "36" not in sandbox.open_codes
    project.up()
    assert "36" in sandbox.open_codes
    project.preview("--expect-no-changes")


def test_a_destroy_of_one_of_two_owners_closes_the_code_of_both(project: Project, sandbox: Sandbox) -> None:
    both = A.format("") + RENAMED.format(", opts=pulumi.ResourceOptions(protect=True)")
    for arguments in (["--target", "**::a"], ["--exclude-protected"]):
        project.write(both)
        project.up()
        assert sandbox.open_codes == {"36"}
        project.destroy(*arguments)
        assert sandbox.open_codes == set()
        assert [each["protect"] for each in project.resources()] == [True]


def test_a_resource_that_is_deleted_with_another_is_not_closed(project: Project, sandbox: Sandbox) -> None:
    project.write(FIRST + A.format(", opts=pulumi.ResourceOptions(deleted_with=first)"))
    project.up()
    project.write("")
    project.up()
    assert sandbox.open_codes == {"36"}
    assert project.resources() == []


def test_another_account_for_a_resource_or_the_stack_leaves_the_old_one_open(
    project: Project, sandbox: Sandbox
) -> None:
    with Sandbox() as second, Sandbox() as third:
        project.write(A.format(""))
        project.up()
        project.write(other(second) + A.format(OF_OTHER))
        assert "1 updated" in project.up().output
        assert sandbox.open_codes == second.open_codes == {"36"}
        project.destroy()
        assert sandbox.open_codes == {"36"}
        assert second.open_codes == set()

        project.write(A.format(""))
        project.up()
        project.set_env(PLUSOFON_TOKEN=third.token, PLUSOFON_BASE_URL=third.url)
        project.up()
        assert sandbox.open_codes == third.open_codes == {"36"}
        # What is removed together with such a change is closed in the new account.
        project.set_env(PLUSOFON_TOKEN=sandbox.token, PLUSOFON_BASE_URL=sandbox.url)
        project.write("")
        project.up()
        assert sandbox.open_codes == set()
        assert third.open_codes == {"36"}


def test_ignored_codes_stay_what_state_last_recorded_and_drift_is_closed_all_the_same(
    project: Project, sandbox: Sandbox
) -> None:
    program = 'plusofon.AllowedDirections("w", codes={}, opts=pulumi.ResourceOptions(ignore_changes=["codes"]))'
    project.write(program.format(["36"]))
    project.up()
    project.write(program.format(["58"]))
    sandbox.set_open(["36", "53"])
    project.up()
    assert sandbox.open_codes == {"36"}


def test_two_stacks_or_two_providers_on_one_account_undo_each_other(
    make_project: MakeProject, sandbox: Sandbox
) -> None:
    one, two = (make_project(f'plusofon.AllowedDirections("w", codes=["{code}"])', sandbox) for code in ("36", "58"))
    one.up()
    two.up()
    assert sandbox.open_codes == {"58"}
    assert "will open 36 (Hungary): it was closed since the last successful update" in one.preview().output
    sandbox.set_open([])
    lists = "first = plusofon.AllowedDirections('a', codes=['36'])\nplusofon.AllowedDirections('b', codes=['58'], opts="
    both = make_project(f"{other(sandbox)}{lists}pulumi.ResourceOptions(provider=other, depends_on=[first]))", sandbox)
    both.up()
    assert sandbox.open_codes == {"58"}


def test_a_token_that_was_not_set_as_a_secret_is_in_the_stack_s_file_and_in_the_engine_s_log(
    project: Project, sandbox: Sandbox
) -> None:
    project.write(A.format(""))
    for is_secret in (False, True):
        project.config("plusofon:token", sandbox.token, secret=is_secret)
        logged = project.preview("-v=9", "--logtostderr", "--logflow").output
        file = (project.folder / SETTINGS).read_text(encoding="utf-8")
        assert (sandbox.token not in logged) == (sandbox.token not in file) == is_secret
