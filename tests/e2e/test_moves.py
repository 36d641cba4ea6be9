"""What the program declares is never closed by the deletion of another resource, on the real engine."""

from __future__ import annotations

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import Project
from tests.e2e.tracebacks import traceback_in

AB = """
plusofon.AllowedDirection("a", code="36")
plusofon.AllowedDirection("b", code="58")
"""


def was_closed(sandbox: Sandbox, code: str) -> bool:
    return any(change.event == "close" and code in change.codes for change in sandbox.history)


@pytest.mark.oldest
def test_a_renamed_resource_keeps_its_code_open_throughout(project: Project, sandbox: Sandbox) -> None:
    project.write(AB)
    project.up()
    project.write(AB.replace('"a"', '"c"'))
    told = project.up().output
    assert "36 (Hungary) stays open: the program declares it." in told
    assert sandbox.open_codes == {"36", "58"}
    assert not was_closed(sandbox, "36")
    assert {resource["urn"].rpartition("::")[2] for resource in project.resources()} == {"b", "c"}
    project.destroy()
    assert sandbox.open_codes == set()


@pytest.mark.oldest
def test_two_resources_that_swap_codes_keep_both_open_throughout(project: Project, sandbox: Sandbox) -> None:
    project.write(AB)
    project.up()
    project.write(AB.replace("36", "0").replace("58", "36").replace('"0"', '"58"'))
    project.up()
    assert sandbox.open_codes == {"36", "58"}
    assert not was_closed(sandbox, "36")
    assert not was_closed(sandbox, "58")
    project.preview("--expect-no-changes")
    project.destroy()
    assert sandbox.open_codes == set()


def test_a_swap_with_delete_before_replace_ends_open(project: Project, sandbox: Sandbox) -> None:
    program = """
opts = pulumi.ResourceOptions(delete_before_replace=True)
plusofon.AllowedDirection("a", code="36", opts=opts)
plusofon.AllowedDirection("b", code="58", opts=opts)
"""
    project.write(program)
    project.up()
    project.write(program.replace("36", "0").replace("58", "36").replace('"0"', '"58"'))
    project.up()
    assert sandbox.open_codes == {"36", "58"}
    project.preview("--expect-no-changes")


@pytest.mark.parametrize("alias", [False, True])
def test_a_resource_moved_under_a_component_keeps_its_code_open(
    project: Project, sandbox: Sandbox, alias: bool
) -> None:
    project.write('plusofon.AllowedDirection("a", code="36")')
    project.up()
    aliases = "aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)]" if alias else ""
    project.write(f"""
        office = pulumi.ComponentResource("test:index:Office", "office")
        plusofon.AllowedDirection("a", code="36", opts=pulumi.ResourceOptions(parent=office, {aliases}))
    """)
    project.up()
    assert sandbox.open_codes == {"36"}
    assert not was_closed(sandbox, "36")
    assert len(project.resources()) == 1


def test_a_replacement_by_hand_ends_open(project: Project, sandbox: Sandbox) -> None:
    project.write(AB)
    project.up()
    [urn, _] = [resource["urn"] for resource in project.resources()]
    project.up("--replace", urn)
    assert sandbox.open_codes == {"36", "58"}
    assert not was_closed(sandbox, "36")
    project.preview("--expect-no-changes")


def test_a_code_that_nobody_declares_any_more_is_closed(project: Project, sandbox: Sandbox) -> None:
    project.write(AB)
    project.up()
    project.write('plusofon.AllowedDirection("c", code="36")')
    project.up()
    assert sandbox.open_codes == {"36"}


def test_an_update_with_refresh_and_another_code_closes_the_old_one(project: Project, sandbox: Sandbox) -> None:
    project.write('plusofon.AllowedDirection("a", code="36")')
    project.up()
    project.write('plusofon.AllowedDirection("a", code="58")')
    project.up("--refresh")
    assert sandbox.open_codes == {"58"}


def test_a_rename_whose_creation_fails_leaves_the_code_open_and_owned(project: Project, sandbox: Sandbox) -> None:
    project.write('plusofon.AllowedDirection("a", code="36")')
    project.up()
    project.write('plusofon.AllowedDirection("c", code="36")')
    # The catalogue still answers when the new resource is checked; then the list of open directions does not.
    sandbox.fail_next(1, fault="status:403", method="GET", path="/api/v1/direction")
    told = project.up("--continue-on-error", fails=True).output
    assert "36 (Hungary) was not closed: the program declares the code in another resource" in told
    assert not traceback_in(told)
    assert sandbox.open_codes == {"36"}
    assert [resource["urn"].rpartition("::")[2] for resource in project.resources()] == ["a"]

    sandbox.clear_faults()
    project.up()
    assert sandbox.open_codes == {"36"}
    assert not was_closed(sandbox, "36")
    assert [resource["urn"].rpartition("::")[2] for resource in project.resources()] == ["c"]
    project.preview("--expect-no-changes")


def test_a_rename_whose_check_fails_leaves_the_code_open_and_owned(project: Project, sandbox: Sandbox) -> None:
    project.write('plusofon.AllowedDirection("a", code="36")')
    project.up()
    project.write('plusofon.AllowedDirection("c", code="36")')
    sandbox.fail_next(1, fault="status:403", method="GET", path="/api/v1/directions")
    project.up("--continue-on-error", fails=True)
    assert sandbox.open_codes == {"36"}
    assert [resource["urn"].rpartition("::")[2] for resource in project.resources()] == ["a"]


@pytest.mark.parametrize("arguments", [[], ["--run-program"]], ids=["plain", "run-program"])
def test_destroy_closes_all_that_the_stack_opened(project: Project, sandbox: Sandbox, arguments: list[str]) -> None:
    sandbox.set_open(["7"])
    project.write(AB)
    project.up()
    project.destroy(*arguments)
    assert sandbox.open_codes == {"7"}
    assert project.resources() == []
