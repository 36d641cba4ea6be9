"""What the program declares is never closed by the deletion of another resource, on the real engine."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from plusofon_pulumi.sandbox import ALLOWED_PATH, CATALOGUE_PATH, Sandbox
from tests.e2e.harness import Project
from tests.e2e.tracebacks import traceback_in

A = 'plusofon.AllowedDirection("a", code="36"{})\n'
AB = A.format("") + 'plusofon.AllowedDirection("b", code="58")\n'
SWAPPED = 'plusofon.AllowedDirection("a", code="58")\nplusofon.AllowedDirection("b", code="36")\n'
C = 'plusofon.AllowedDirection("c", code="36")\n'
WHOLE = 'plusofon.AllowedDirections("w", codes=["36", "58"])\n'
CLOSING = WHOLE.replace("])", '], on_destroy="close")')
OFFICE = 'office = pulumi.ComponentResource("test:index:Office", "office")\n'


class Move(NamedTuple):
    """A move from one program to another, which both declare the same codes."""

    old: str
    new: str
    names: set[str]
    back: bool = False
    may_close: bool = False


def first_deleted(program: str) -> str:
    return program.replace(")\n", ", opts=pulumi.ResourceOptions(delete_before_replace=True))\n")


MOVES = {
    "rename": Move(AB, AB.replace('"a"', '"c"'), {"b", "c"}),
    "swap": Move(AB, SWAPPED, {"a", "b"}),
    # The engine deletes before it has told that another resource declares the code.
    "swap-delete-first": Move(first_deleted(AB), first_deleted(SWAPPED), {"a", "b"}, may_close=True),
    "under-a-component": Move(A, OFFICE + A.format(", opts=pulumi.ResourceOptions(parent=office)"), {"a"}),
    "under-a-component-with-an-alias": Move(
        A,
        OFFICE
        + A.format(
            ", opts=pulumi.ResourceOptions(parent=office, aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)])"
        ),
        {"a"},
    ),
    "to-a-list-and-back": Move(AB, WHOLE, {"w"}, back=True),
    "to-a-closing-list-and-back": Move(AB, CLOSING, {"w"}, back=True),
    "rename-of-a-closing-list": Move(CLOSING, CLOSING.replace('"w"', '"renamed"'), {"renamed"}),
}


def closed(sandbox: Sandbox) -> set[str]:
    return {code for change in sandbox.history if change.event == "close" for code in change.codes}


def names(project: Project) -> set[str]:
    return {each["urn"].rpartition("::")[2] for each in project.resources()}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_a_move_keeps_every_declared_code_open_throughout(project: Project, sandbox: Sandbox, move: Move) -> None:
    project.write(move.old.format(""))
    project.up()
    codes, before = sandbox.open_codes, names(project)
    for program, expected in [(move.new, move.names)] + [(move.old, before)] * move.back:
        project.write(program)
        project.up()
        assert sandbox.open_codes == codes
        assert not closed(sandbox) or move.may_close
        assert names(project) == expected
        project.preview("--expect-no-changes")
    project.destroy("--run-program")
    assert sandbox.open_codes == set()


def test_replacements_and_taints_by_hand_end_open(project: Project, sandbox: Sandbox) -> None:
    project.write(AB)
    project.up()
    [urn, other] = sorted(each["urn"] for each in project.resources())
    project.up("--replace", urn)
    project.run("state", "taint", other, "--yes")
    project.up()
    assert sandbox.open_codes == {"36", "58"}
    assert closed(sandbox) == set()
    project.preview("--expect-no-changes")


@pytest.mark.parametrize("path", [ALLOWED_PATH, CATALOGUE_PATH], ids=["list", "catalogue"])
@pytest.mark.parametrize("lasting", [True, False], ids=["lasting", "once"])
def test_a_rename_whose_new_owner_fails_leaves_the_code_open_and_owned(
    project: Project, sandbox: Sandbox, path: str, *, lasting: bool
) -> None:
    project.write(A.format(""))
    project.up()
    project.write(C)
    sandbox.fail_next(99 if lasting else 1, "status:403", method="GET", path=path)
    result = project.run("up", "--yes", "--skip-preview", "--continue-on-error", fails=None)
    assert not traceback_in(result.output)
    assert sandbox.open_codes == {"36"}
    assert closed(sandbox) == set()
    assert names(project) == ({"a"} if result.code else {"c"})
    sandbox.clear_faults()
    project.up()
    assert closed(sandbox) == set()
    assert names(project) == {"c"}
    project.preview("--expect-no-changes")


def test_a_rename_whose_creation_fails_says_why_the_old_resource_stays(project: Project, sandbox: Sandbox) -> None:
    project.write(A.format(""))
    project.up()
    project.write(A.format("").replace('"a"', '"c"'))
    sandbox.set_open([])
    sandbox.fail_next(9, "status:403", method="PUT")
    told = project.up("--continue-on-error", fails=True).output
    assert "36 (Hungary) was not opened" in told
    assert "36 (Hungary) was not closed: the program declares the code in another resource" in told
    assert names(project) == {"a"}


def test_a_move_whose_new_list_fails_keeps_an_owner_for_each_code(project: Project, sandbox: Sandbox) -> None:
    project.write(AB)
    project.up()
    project.write(WHOLE)
    # What exists is only deleted at the end; the creation fails first.
    sandbox.set_open(["36", "58", "53"])
    sandbox.fail_next(9, "status:403", method="DELETE")
    project.up("--continue-on-error", fails=True)
    assert sandbox.open_codes == {"36", "58", "53"}
    assert names(project) == {"a", "b"}
    sandbox.clear_faults()
    project.up()
    assert sandbox.open_codes == {"36", "58"}
    assert closed(sandbox) == {"53"}
