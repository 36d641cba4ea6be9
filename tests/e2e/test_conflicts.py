"""One kind of resource for an account, judged by what reaches the plugin, on the real engine (A5 to A7, A11)."""

from __future__ import annotations

import sys

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import OF_SECOND, Project, second, writes

# More of these words: tests/unit/test_claims.py.
LIST_THERE = "this account is managed by an AllowedDirections of this program: add {code} to the codes"
SINGLES_THERE = "this account is managed by AllowedDirection resources of this program: add {code} to the codes"
LISTS_THERE = "another AllowedDirections of this program declares other codes for this account (7, 36): keep one of"
LIST = 'whole = plusofon.AllowedDirections("all", codes=["7", "36"]{})\n'
SINGLE = 'single = plusofon.AllowedDirection("hungary", code="36"{})\n'


def after(name: str) -> str:
    return f", opts=pulumi.ResourceOptions(depends_on=[{name}])"


def refused(project: Project, sandbox: Sandbox, *reasons: str) -> None:
    """See that a preview tells one of these reasons, and has written nothing."""
    told = project.preview(fails=True).output
    assert any(reason in told for reason in reasons), told
    assert writes(sandbox) == 0


def test_a11_without_a_preview_the_second_kind_is_refused(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["36", "53"])
    project.write(LIST.format("") + LIST.replace("all", "b").format(after("whole")).replace('"7", ', "", 1))
    refused(project, sandbox, LISTS_THERE, LISTS_THERE.replace("7, 36", "36"))
    project.update(SINGLE.format("") + LIST.format(after("single")), fails=True).says(SINGLES_THERE.format(code="36"))
    assert writes(sandbox) == 0
    project.update("")
    first = LIST.replace(', "36"', "").format("")
    project.update(first + SINGLE.format(after("whole")), fails=True).says(LIST_THERE.format(code="36"))
    assert sandbox.open_codes == {"7"}, "what came before is done"


# Of a list, for the engine to change what the program declares.
TRANSFORM = """
def change(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    if not args.type_.endswith(":AllowedDirections"):
        return None
    {change}
    return pulumi.ResourceTransformResult(args.props, args.opts)

pulumi.runtime.register_resource_transform(change)
"""
OFFICE = """#!/usr/bin/env python3
import sys
import pulumi
from pulumi.provider.experimental import component_provider_host
import plusofon_pulumi as plusofon

class Office(pulumi.ComponentResource):
    def __init__(self, name: str, args: dict, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("office:index:Office", name, {}, opts)
        plusofon.AllowedDirections("all", codes=["7", "36"], opts=pulumi.ResourceOptions(parent=self))

if __name__ == "__main__":
    component_provider_host(name="office", components=[Office])
"""


def test_a5_a_component_of_a_package_of_its_own_counts(project: Project, sandbox: Sandbox) -> None:
    plugin = project.folder / "office" / "pulumi-resource-office"
    plugin.parent.mkdir()
    plugin.write_text(OFFICE, encoding="utf-8")
    plugin.chmod(0o755)
    with (project.folder / "Pulumi.yaml").open("a", encoding="utf-8") as settings:
        settings.write("plugins:\n  providers:\n    - name: office\n      path: ./office\n")
    project.set_env(PULUMI_PYTHON_CMD=sys.executable)
    office = 'office = pulumi.ComponentResource("office:index:Office", "office", {}, remote=True)\n'
    project.write(office + 'plusofon.AllowedDirection("uk", code="44")')
    refused(project, sandbox, LIST_THERE.format(code="44"), SINGLES_THERE.format(code="44"))


def test_a6_a_list_that_a_transform_changes_does_not_hide_the_other_kind(project: Project, sandbox: Sandbox) -> None:
    change = 'args.props["codes"] = [code for code in args.props["codes"] if code != "36"]'
    project.write(TRANSFORM.format(change=change) + LIST.format("") + SINGLE.format(after("whole")))
    refused(project, sandbox, LIST_THERE.format(code="36"))


def test_a7_a_transform_to_another_account_is_legal(project: Project, sandbox: Sandbox, other: Sandbox) -> None:
    transform = TRANSFORM.format(change="args.opts.provider = second")
    same = LIST.replace("all", "same").replace('"7", "36"', '36, "+7"').format(OF_SECOND)
    project.update(second(other) + transform + SINGLE.format("") + LIST.format("") + same)
    assert sandbox.open_codes == {"36"}
    assert other.open_codes == {"7", "36"}
