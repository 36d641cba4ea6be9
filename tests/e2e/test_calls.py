"""How many calls the engine's operations cost, counted by the sandbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from plusofon_pulumi.account.snapshot import MAX_AGE
from plusofon_pulumi.sandbox import ALLOWED_PATH, CATALOGUE_PATH, Sandbox
from plusofon_pulumi.sandbox.state import catalogue
from tests.conftest import MakeProject
from tests.e2e.harness import Project, Result
from tests.overlap import reads_at_once, writes_at_once

LIST, CATALOGUE, PUT = ("GET", ALLOWED_PATH), ("GET", CATALOGUE_PATH), ("PUT", ALLOWED_PATH)
DELETE = ("DELETE", ALLOWED_PATH)
ALL_CODES = sorted({row.code for row in catalogue()})


def check_cost(sandbox: Sandbox, result: Result, expected: Mapping[tuple[str, str], int]) -> None:
    """See that a run made these calls since the last time; a slow one may have asked for the list more often."""
    made = Counter((request.method, request.path) for request in sandbox.requests)
    sandbox.clear_requests()
    again = made[LIST] - expected.get(LIST, 0)
    as_expected = 0 <= again <= int(result.seconds / MAX_AGE) and made - Counter({LIST: again}) == expected
    assert as_expected, f"it cost {dict(made)}, not {dict(expected)}: {result}"


def test_a_new_code_costs_four_calls_its_preview_two_and_then_one(project: Project, sandbox: Sandbox) -> None:
    project.write('plusofon.AllowedDirection("hungary", code="36")')
    check_cost(sandbox, project.preview(), {CATALOGUE: 1, LIST: 1})
    check_cost(sandbox, project.up(), {CATALOGUE: 1, LIST: 2, PUT: 1})
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


def test_all_codes_as_single_resources_are_opened_in_few_calls_and_one_at_a_time(make_project: MakeProject) -> None:
    # Where a call takes its time, as a real one does, those of one batch meet, however busy this machine is.
    with Sandbox(latency=0.05) as sandbox:
        project = make_project(f"for code in {ALL_CODES}: plusofon.AllowedDirection(code, code=code)", sandbox)
        project.up()
        assert sandbox.open_codes == set(ALL_CODES)
        assert len(sandbox.requests) <= 120
        assert writes_at_once(sandbox) == 1
        assert reads_at_once(sandbox, ALLOWED_PATH) == reads_at_once(sandbox, CATALOGUE_PATH) == 1
