"""From single directions to the whole list and back, without an outage, on the real engine."""

from __future__ import annotations

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import Project

SINGLES = """
plusofon.AllowedDirection("russia", code="7")
plusofon.AllowedDirection("hungary", code="36")
"""


def whole(on_destroy: str) -> str:
    return f'plusofon.AllowedDirections("account", codes=["7", "36"], on_destroy="{on_destroy}")'


def closed(sandbox: Sandbox) -> set[str]:
    return {code for change in sandbox.history if change.event == "close" for code in change.codes}


@pytest.mark.oldest
@pytest.mark.parametrize("on_destroy", ["retain", "close"])
def test_every_declared_code_stays_open_throughout_a_move_and_back(
    project: Project, sandbox: Sandbox, on_destroy: str
) -> None:
    sandbox.set_open(["53"])
    project.write(SINGLES)
    project.up()
    project.write(whole(on_destroy))
    project.up()
    assert sandbox.open_codes == {"7", "36"}
    assert len(project.resources()) == 1
    project.preview("--expect-no-changes")
    project.write(SINGLES)
    told = project.up().output
    assert "on_destroy" not in told, "what is still declared is no news"
    assert sandbox.open_codes == {"7", "36"}
    assert closed(sandbox) == {"53"}
    project.preview("--expect-no-changes")


def test_a_renamed_list_that_closes_on_destroy_keeps_its_codes_open(project: Project, sandbox: Sandbox) -> None:
    project.write(whole("close"))
    project.up()
    project.write(whole("close").replace("account", "renamed"))
    project.up()
    assert sandbox.open_codes == {"7", "36"}
    assert closed(sandbox) == set()
    project.destroy()
    assert sandbox.open_codes == set()


def test_a_single_direction_may_leave_while_the_list_keeps_its_code(project: Project, sandbox: Sandbox) -> None:
    project.write(whole("retain") + SINGLES)
    project.up()
    project.write(whole("retain"))
    project.up()
    assert sandbox.open_codes == {"7", "36"}
    assert closed(sandbox) == set()


def test_a_move_whose_new_list_fails_keeps_an_owner_for_each_code(project: Project, sandbox: Sandbox) -> None:
    project.write(SINGLES)
    project.up()
    project.write(whole("retain"))
    # What exists is only deleted at the end; the creation fails first.
    sandbox.set_open(["7", "36", "53"])
    sandbox.fail_next(3, fault="status:403", method="DELETE")
    project.up("--continue-on-error", fails=True)
    assert sandbox.open_codes == {"7", "36", "53"}
    assert len(project.resources()) == 2
    sandbox.clear_faults()
    project.up()
    assert sandbox.open_codes == {"7", "36"}
    assert closed(sandbox) == {"53"}
