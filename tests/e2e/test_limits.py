"""What is not promised, each shown once: what does happen, and what mends it (docs/reliability.md)."""

from __future__ import annotations

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.conftest import MakeProject
from tests.e2e.harness import PREAMBLE, SETTINGS, Project
from tests.pages import DOCS, read

A = 'plusofon.AllowedDirection("a", code="36")\n'
RENAMED = 'plusofon.AllowedDirection("c", code="36")\n'


def urn_of(project: Project, name: str) -> str:
    [urn] = [each["urn"] for each in project.resources() if each["urn"].endswith(f"::{name}")]
    return str(urn)


def is_mended_by_the_next_full_run(project: Project, sandbox: Sandbox, codes: set[str]) -> None:
    project.up()
    assert sandbox.open_codes == codes
    project.preview("--expect-no-changes")


def test_a_targeted_run_does_not_know_the_new_owner_and_closes_its_code(project: Project, sandbox: Sandbox) -> None:
    project.write(A)
    project.up()
    project.write(RENAMED)
    project.up("--target", urn_of(project, "a"))
    assert sandbox.open_codes == set()
    is_mended_by_the_next_full_run(project, sandbox, {"36"})


def test_a_run_that_excludes_the_new_owner_closes_its_code(project: Project, sandbox: Sandbox) -> None:
    project.write(A)
    project.up()
    new = urn_of(project, "a").removesuffix("::a") + "::c"
    project.write(RENAMED)
    project.up("--exclude", new)
    assert sandbox.open_codes == set()
    is_mended_by_the_next_full_run(project, sandbox, {"36"})


def test_a_run_that_goes_on_after_an_error_does_not_know_what_waits_for_the_failed_one(
    project: Project, sandbox: Sandbox
) -> None:
    project.write(A)
    project.up()
    project.write("""
first = plusofon.AllowedDirection("first", code="58")
plusofon.AllowedDirection("c", code="36", opts=pulumi.ResourceOptions(depends_on=[first]))
""")
    sandbox.fail_next(99, "status:400", method="PUT")
    project.up("--continue-on-error", fails=True)
    assert sandbox.open_codes == set()
    sandbox.clear_faults()
    is_mended_by_the_next_full_run(project, sandbox, {"36", "58"})


def test_a_rename_together_with_a_change_of_provider_closes_the_code(project: Project, sandbox: Sandbox) -> None:
    project.write(A)
    project.up()
    project.write(f"""
same = plusofon.Provider("same", token="{sandbox.token}", base_url="{sandbox.url}")
plusofon.AllowedDirection("c", code="36", opts=pulumi.ResourceOptions(provider=same))
""")
    project.up()
    assert sandbox.open_codes == set()
    is_mended_by_the_next_full_run(project, sandbox, {"36"})


def test_a_resource_moved_to_another_account_leaves_open_what_it_had_opened_in_the_old_one(
    project: Project, sandbox: Sandbox
) -> None:
    project.write(A)
    project.up()
    with Sandbox() as other:
        project.write(f"""
other = plusofon.Provider("other", token="{other.token}", base_url="{other.url}")
plusofon.AllowedDirection("a", code="36", opts=pulumi.ResourceOptions(provider=other))
""")
        assert "1 updated" in project.up().output
        assert other.open_codes == {"36"}
        assert sandbox.open_codes == {"36"}
        project.destroy()
        assert other.open_codes == set()
        assert sandbox.open_codes == {"36"}


def test_another_token_for_the_stack_opens_in_the_new_account_and_closes_nothing_in_the_old(
    project: Project, sandbox: Sandbox
) -> None:
    project.write(A)
    project.up()
    with Sandbox() as other:
        project.set_env(PLUSOFON_TOKEN=other.token, PLUSOFON_BASE_URL=other.url)
        project.up()
        assert sandbox.open_codes == other.open_codes == {"36"}


def test_a_resource_that_is_removed_together_with_a_change_of_the_token_is_closed_in_the_new_account(
    project: Project, sandbox: Sandbox
) -> None:
    project.write(A)
    project.up()
    with Sandbox(open=["36"]) as other:
        project.set_env(PLUSOFON_TOKEN=other.token, PLUSOFON_BASE_URL=other.url)
        project.write("")
        project.up()
        assert sandbox.open_codes == {"36"}
        assert other.open_codes == set()


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


def test_two_stacks_on_one_account_undo_each_other(make_project: MakeProject, sandbox: Sandbox) -> None:
    one, other = (make_project(f'plusofon.AllowedDirections("w", codes=["{code}"])', sandbox) for code in ("36", "58"))
    one.up()
    other.up()
    assert sandbox.open_codes == {"58"}
    assert "36 (Hungary) was closed outside Pulumi" in one.preview().output
    one.up()
    assert sandbox.open_codes == {"36"}
    other.preview("--expect-no-changes", fails=True)


def test_two_providers_on_one_account_undo_each_other(project: Project, sandbox: Sandbox) -> None:
    project.write(f"""
one, two = (plusofon.Provider(name, token={sandbox.token!r}, base_url={sandbox.url!r}) for name in ("one", "two"))
first = plusofon.AllowedDirections("first", codes=["36"], opts=pulumi.ResourceOptions(provider=one))
plusofon.AllowedDirections("second", codes=["58"], opts=pulumi.ResourceOptions(provider=two, depends_on=[first]))
""")
    project.up()
    assert sandbox.open_codes == {"58"}
    assert "36 (Hungary) was closed outside Pulumi; `pulumi up` opens it." in project.preview().output


def test_a_resource_that_is_removed_first_and_then_declared_in_another_account_leaves_nothing_open(
    project: Project, sandbox: Sandbox
) -> None:
    with Sandbox() as other:
        second = f"second = plusofon.Provider('second', token={other.token!r}, base_url={other.url!r})\n"
        project.write(A)
        project.up()
        project.write(second)
        project.up()
        project.write(second + A.replace(")", ", opts=pulumi.ResourceOptions(provider=second))"))
        project.up()
        assert sandbox.open_codes == set()
        assert other.open_codes == {"36"}


def test_a_token_that_was_not_set_as_a_secret_is_in_the_stack_s_file_and_in_the_engine_s_log(
    project: Project, sandbox: Sandbox
) -> None:
    loud = ("-v=9", "--logtostderr", "--logflow")
    file = project.folder / SETTINGS
    project.write(A)
    project.config("plusofon:token", sandbox.token)
    assert sandbox.token in project.preview(*loud).output
    assert sandbox.token in read(file)
    project.config("plusofon:token", sandbox.token, secret=True)
    assert sandbox.token not in project.preview(*loud).output
    assert sandbox.token not in read(file)


def test_a_component_s_providers_take_in_other_packages_dynamic_resources(project: Project, sandbox: Sandbox) -> None:
    preamble = (
        PREAMBLE
        + """
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class NoteProvider(ResourceProvider):
    def create(self, props):
        return CreateResult("note", {})

class Note(Resource):
    def __init__(self, name, opts):
        super().__init__(NoteProvider(), name, {}, opts)
"""
    )
    project.write(
        f"""
        second = plusofon.Provider("second", token="{sandbox.token}", base_url="{sandbox.url}")
        opts = pulumi.ResourceOptions(providers=[second])
        office = pulumi.ComponentResource("test:index:Office", "office", {{}}, opts)
        Note("note", pulumi.ResourceOptions(parent=office))
        plusofon.AllowedDirection("ours", code="36", opts=pulumi.ResourceOptions(parent=office, provider=second))
        """,
        preamble,
    )
    project.up()
    provider = {each["urn"].rpartition("::")[2]: each["provider"] for each in project.resources()}
    assert "::second::" in provider["note"]
    assert provider["note"] == provider["ours"]
    assert sandbox.open_codes == {"36"}


def test_protect_and_retain_on_delete_are_pulumi_s_ways_to_keep_a_code_open(project: Project, sandbox: Sandbox) -> None:
    program = 'plusofon.AllowedDirection("a", code="36", opts=pulumi.ResourceOptions({}))'
    project.write(program.format("protect=True"))
    project.up()
    project.write("")
    assert "protected" in project.up(fails=True).output
    assert sandbox.open_codes == {"36"}
    project.write(program.format("protect=False, retain_on_delete=True"))
    project.up()
    project.write("")
    project.up()
    assert sandbox.open_codes == {"36"}
    assert project.resources() == []


# The page's table, and what shows each of its rows.
ROWS = {
    "`up --target`": [test_a_targeted_run_does_not_know_the_new_owner_and_closes_its_code],
    "`up --continue-on-error`": [test_a_run_that_goes_on_after_an_error_does_not_know_what_waits_for_the_failed_one],
    "a rename together": [test_a_rename_together_with_a_change_of_provider_closes_the_code],
    "the same resource": [
        test_a_resource_moved_to_another_account_leaves_open_what_it_had_opened_in_the_old_one,
        test_another_token_for_the_stack_opens_in_the_new_account_and_closes_nothing_in_the_old,
        test_a_resource_that_is_removed_first_and_then_declared_in_another_account_leaves_nothing_open,
    ],
    "a resource is removed": [
        test_a_resource_that_is_removed_together_with_a_change_of_the_token_is_closed_in_the_new_account
    ],
    "`ignore_changes": [test_ignored_codes_stay_what_state_last_recorded_and_drift_is_closed_all_the_same],
    "two stacks": [test_two_stacks_on_one_account_undo_each_other, test_two_providers_on_one_account_undo_each_other],
    "`component(": [test_a_component_s_providers_take_in_other_packages_dynamic_resources],
    "`protect`": [test_protect_and_retain_on_delete_are_pulumi_s_ways_to_keep_a_code_open],
    "`config set plusofon:token`": [
        test_a_token_that_was_not_set_as_a_secret_is_in_the_stack_s_file_and_in_the_engine_s_log
    ],
}


def test_each_row_of_the_page_is_shown_here() -> None:
    table = read(DOCS / "reliability.md").partition("| what you do |")[2].partition("\n\n")[0]
    rows = [line.removeprefix("| ") for line in table.splitlines()[2:]]
    assert len(rows) == len(ROWS)
    assert [row for row, start in zip(rows, ROWS, strict=True) if not row.startswith(start)] == []
