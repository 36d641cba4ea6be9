"""How many calls the engine's operations cost, counted by the sandbox."""

from __future__ import annotations

import pytest

from plusofon_pulumi.sandbox import ALLOWED_PATH, CATALOGUE_PATH, Sandbox
from plusofon_pulumi.sandbox.state import catalogue
from tests.e2e.counting import CATALOGUE, LIST, PUT, calls, check_cost
from tests.e2e.harness import Project

ALL_CODES = sorted({row.code for row in catalogue()})
DELETE = ("DELETE", ALLOWED_PATH)


def test_a_new_code_costs_four_calls_and_two_for_its_preview(project: Project, sandbox: Sandbox) -> None:
    project.write('plusofon.AllowedDirection("hungary", code="36")')
    check_cost(sandbox, project.preview(), {CATALOGUE: 1, LIST: 1})
    check_cost(sandbox, project.up(), {CATALOGUE: 1, LIST: 2, PUT: 1})


def test_nothing_to_do_costs_one_call_a_process(project: Project, sandbox: Sandbox) -> None:
    project.write('for code in ["7", "36", "58", "44", "39"]: plusofon.AllowedDirection(code, code=code)')
    project.up()
    calls(sandbox)
    check_cost(sandbox, project.run("up", "--yes", "--expect-no-changes"), {LIST: 2})
    check_cost(sandbox, project.refresh(), {LIST: 1})


def test_a_whole_list_costs_the_same_however_long_it_is(project: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["998"])
    codes = [code for code in ALL_CODES if code != "998"]
    project.write(f'plusofon.AllowedDirections("account", codes={codes})')
    check_cost(sandbox, project.preview(), {CATALOGUE: 1, LIST: 1})
    # One look before anything is opened, and one after it.
    check_cost(sandbox, project.up(), {CATALOGUE: 1, LIST: 3, DELETE: 1, PUT: 1})
    assert len(sandbox.open_codes) == len(ALL_CODES) - 1 >= 214
    check_cost(sandbox, project.run("up", "--yes", "--expect-no-changes"), {LIST: 2})
    check_cost(sandbox, project.refresh(), {LIST: 1})


@pytest.mark.timeout(300)
def test_all_codes_as_single_resources_are_opened_in_few_calls_and_one_at_a_time(
    project: Project, sandbox: Sandbox
) -> None:
    project.write(f"for code in {ALL_CODES}: plusofon.AllowedDirection(code, code=code)")
    project.up()
    assert sandbox.open_codes == set(ALL_CODES)
    assert len(sandbox.requests) <= 120
    assert sandbox.max_writes_under_way == 1
    assert sandbox.max_under_way("GET", ALLOWED_PATH) == sandbox.max_under_way("GET", CATALOGUE_PATH) == 1
    sandbox.clear_requests()
    project.destroy()
    assert sandbox.open_codes == set()
    assert len(sandbox.requests) <= 120
    assert sandbox.max_writes_under_way == 1
