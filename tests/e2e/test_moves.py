"""What the program declares is never closed by the deletion of another resource, on the real engine."""

from __future__ import annotations

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import Project

A = 'plusofon.AllowedDirection("a", code="36"{})\n'
B = 'plusofon.AllowedDirection("b", code="58"{})\n'
AB = A.format("") + B.format("")
CLOSING = 'plusofon.AllowedDirections("w", codes=["36", "58"], on_destroy="close")\n'
OFFICE = 'office = pulumi.ComponentResource("test:index:Office", "office")\n'
PARENT = ", opts=pulumi.ResourceOptions(parent=office{})"
ALIAS = ", aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)]"


def swapped(program: str) -> str:
    return program.replace("36", "x").replace("58", "36").replace("x", "58")


def first_deleted(program: str) -> str:
    return program.replace(")\n", ", opts=pulumi.ResourceOptions(delete_before_replace=True))\n")


# Each program declares the codes of the one before it.
MOVES = {
    "singles": (AB, {"a", "b"}),
    "swap": (swapped(AB), {"a", "b"}),
    "under a component with an alias": (OFFICE + AB.replace(")\n", PARENT.format(ALIAS) + ")\n"), {"a", "b"}),
    "rename": (swapped(AB).replace('"a"', '"c"'), {"b", "c"}),
    "two owners": (AB + A.format("").replace('"a"', '"c"'), {"a", "b", "c"}),
    "one owner, under a component": (OFFICE + AB.replace(")\n", PARENT.format("") + ")\n"), {"a", "b"}),
    "to a list": (CLOSING, {"w"}),
    "rename of a list": (CLOSING.replace('"w"', '"renamed"'), {"renamed"}),
    "back from a list": (first_deleted(AB), {"a", "b"}),
}


def closed(sandbox: Sandbox) -> set[str]:
    return {code for each in sandbox.history if (each.event, each.by) == ("close", "api") for code in each.codes}


def test_a_move_keeps_every_declared_code_open_throughout(project: Project, sandbox: Sandbox) -> None:
    for move, (program, names) in MOVES.items():
        told = project.update(program).output
        assert sandbox.open_codes == {"36", "58"}, f"{move}: {told}"
        assert not closed(sandbox), f"{move}: {told}"
        assert project.names() == names, f"{move}: {told}"

    a, b = sorted(each["urn"] for each in project.resources())
    project.run("state", "taint", b, "--yes")
    project.up("--replace", a).says("2 replaced")
    assert sandbox.open_codes == {"36", "58"}
    assert not closed(sandbox)
    project.preview("--expect-no-changes")

    # What the code depends on is replaced, the old one deleted first.
    source = first_deleted('s = plusofon.AllowedDirection("s", code="{}")\n')
    for code in ("49", "44"):
        project.update(source.format(code) + 'plusofon.AllowedDirection("a", code=s.name.apply(lambda _: "36"))')
    assert closed(sandbox) == {"58", "49"}

    # The engine deletes before it has told that another resource declares the code.
    project.update(first_deleted(swapped(AB)))
    assert sandbox.open_codes == {"36", "58"}
    project.destroy("--run-program")
    assert sandbox.open_codes == set()


def test_a_rename_whose_new_owner_fails_leaves_the_code_open_and_owned(project: Project, sandbox: Sandbox) -> None:
    project.update(A.format(""))
    sandbox.set_open([])
    sandbox.fail_next(9, "status:403", method="PUT")
    project.update(A.format("").replace('"a"', '"c"'), "--continue-on-error", fails=True).says(
        "36 (Hungary) was not opened",
        "36 (Hungary) was not closed: the program declares the code in another resource",
    )
    assert project.names() == {"a"}
    sandbox.clear_faults()
    sandbox.set_open(["36"])

    project.up()
    assert project.names() == {"c"}
    assert not closed(sandbox)
