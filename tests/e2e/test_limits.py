"""What is not promised, each shown once on the real engine: what does happen, and what mends it."""

from __future__ import annotations

from plusofon_pulumi.sandbox import Sandbox
from tests.conftest import MakeProject
from tests.e2e.harness import OF_SECOND, SETTINGS, Project, run, second

A = 'plusofon.AllowedDirection("a", code="36"{})\n'
RENAMED = 'plusofon.AllowedDirection("c", code="36"{})\n'
FIRST = 'first = plusofon.AllowedDirection("first", code="58")\n'
WHOLE = 'plusofon.AllowedDirections("w", codes=["{}"]{})\n'
URN = "urn:pulumi:dev::test::pulumi-python:dynamic/plusofon:AllowedDirection::"


def options(text: str) -> str:
    return f", opts=pulumi.ResourceOptions({text})"


def test_a_run_that_is_not_told_of_the_new_owner_closes_its_code(project: Project, sandbox: Sandbox) -> None:
    def closes(program: str, *arguments: str, fails: bool = False) -> None:
        project.update(program, *arguments, fails=fails)
        assert "36" not in sandbox.open_codes, program
        sandbox.clear_faults()
        project.up()
        assert "36" in sandbox.open_codes, program

    project.update(A.format(""))
    closes(RENAMED.format(""), "--target", f"{URN}a")
    closes(A.format(""), "--exclude", f"{URN}a")
    # What waits for one that fails.
    sandbox.fail_next(99, "status:403", method="PUT")
    closes(FIRST + RENAMED.format(options("depends_on=[first]")), "--continue-on-error", fails=True)
    # What moves to a Provider of the same account.
    closes(second(sandbox) + A.format(OF_SECOND))


def test_a_destroy_of_one_of_two_owners_closes_the_code_of_both(project: Project, sandbox: Sandbox) -> None:
    both = A.format("") + RENAMED.format(options("protect=True"))
    for arguments in (["--target", "**::a"], ["--exclude-protected"]):
        project.update(both)
        assert sandbox.open_codes == {"36"}
        project.destroy(*arguments)
        assert sandbox.open_codes == set()
        assert [each["protect"] for each in project.resources()] == [True]


def test_protect_and_retain_on_delete_keep_a_code_open(project: Project, sandbox: Sandbox, other: Sandbox) -> None:
    of_other = WHOLE.format("36", ', on_destroy="close"' + OF_SECOND.replace("second)", "second, {0})"))
    program = second(other) + A.format(options("{0}")) + of_other
    project.update(program.format("protect=True"))
    sandbox.set_open([])
    other.set_open([])
    project.up()
    assert sandbox.open_codes == other.open_codes == {"36"}, "it is mended"
    project.destroy(fails=True).says("protected")
    assert len(project.resources()) == 2
    project.update(program.format("protect=False, retain_on_delete=True"))
    project.destroy()
    assert sandbox.open_codes == other.open_codes == {"36"}
    assert project.resources() == []


def test_ignored_codes_stay_as_state_recorded_them(project: Project, sandbox: Sandbox, other: Sandbox) -> None:
    program = second(other) + FIRST + A.format(options("deleted_with=first"))
    ignores = OF_SECOND.replace("second)", 'second, ignore_changes=["codes"])')
    project.update(program + WHOLE.format("36", ignores))
    other.set_open(["36", "53"])
    project.update(program + WHOLE.format("58", ignores))
    assert other.open_codes == {"36"}, "drift is closed all the same"
    # What is deleted with another is not closed.
    project.destroy()
    assert sandbox.open_codes == {"36"}
    assert project.resources() == []


def test_another_account_leaves_the_old_one_open(project: Project, sandbox: Sandbox, other: Sandbox) -> None:
    project.update(A.format(""))
    project.update(second(other) + A.format(OF_SECOND)).says("1 updated")
    assert sandbox.open_codes == other.open_codes == {"36"}
    # What is removed together with such a change is closed in the new account.
    project.update(A.format(""))
    project.set_env(PLUSOFON_TOKEN=other.token, PLUSOFON_BASE_URL=other.url)
    project.update("")
    assert sandbox.open_codes == {"36"}
    assert other.open_codes == set()


def test_two_stacks_or_providers_on_one_account_undo_each_other(make_project: MakeProject, sandbox: Sandbox) -> None:
    one = make_project(WHOLE.format("36", ""), sandbox)
    one.up()
    of_second = OF_SECOND.replace("second)", "second, depends_on=[first])")
    both = second(sandbox) + "first = " + WHOLE.format("36", "") + WHOLE.replace('"w"', '"b"').format("58", of_second)
    make_project(both, sandbox).up()
    assert sandbox.open_codes == {"58"}
    one.preview().says("will open 36 (Hungary): it was closed since the last successful update")


def test_a_token_that_was_not_set_as_a_secret_is_shown(project: Project, sandbox: Sandbox) -> None:
    project.write(A.format(""))
    for is_secret in (False, True):
        project.config("plusofon:token", sandbox.token, secret=is_secret)
        logged = project.preview("-v=9", "--logtostderr", "--logflow").output
        file = (project.folder / SETTINGS).read_text(encoding="utf-8")
        assert (sandbox.token not in logged) == (sandbox.token not in file) == is_secret


def test_an_import_by_hand_fails_and_changes_nothing(project: Project, sandbox: Sandbox) -> None:
    by_hand = ("import", "pulumi-python:dynamic/plusofon:AllowedDirection", "by-hand", "36", "--yes", "--skip-preview")
    failed = run(by_hand, project.folder, project.env, seconds=120)
    assert "KeyError: '__provider'" in failed.output
    assert (project.resources(), sandbox.requests) == ([], [])
