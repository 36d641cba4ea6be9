"""How many calls the engine's operations cost, counted by the sandbox."""

from __future__ import annotations

from plusofon_pulumi.sandbox import ALLOWED_PATH, CATALOGUE_PATH, Sandbox
from tests.e2e.counting import CATALOGUE, LIST, calls, check_cost
from tests.e2e.harness import Project


def test_an_update_that_creates_one_code_costs_five_calls_with_its_preview(project: Project, sandbox: Sandbox) -> None:
    project.write('plusofon.AllowedDirection("hungary", code="36")')
    check_cost(sandbox, project.run("up", "--yes"), {CATALOGUE: 2, LIST: 2, ("PUT", ALLOWED_PATH): 1})


def test_nothing_to_do_costs_one_call_a_process(project: Project, sandbox: Sandbox) -> None:
    project.write("""
        for code in ["7", "36", "58", "44", "39"]:
            plusofon.AllowedDirection(f"direction-{code}", code=code)
    """)
    project.up()
    calls(sandbox)
    check_cost(sandbox, project.preview("--expect-no-changes"), {LIST: 1})
    check_cost(sandbox, project.up(), {LIST: 1})
    check_cost(sandbox, project.run("up", "--yes"), {LIST: 2})
    check_cost(sandbox, project.refresh(), {LIST: 1})


def test_writes_are_never_under_way_together(project: Project, sandbox: Sandbox) -> None:
    sandbox.latency = 0.05
    codes = ["7", "36", "58", "44", "39", "1", "20", "27", "30", "31", "32", "33", "34", "40", "41", "43"]
    project.write(f"for code in {codes}: plusofon.AllowedDirection(code, code=code)")
    project.up()
    assert sandbox.open_codes == set(codes)
    assert sandbox.max_writes_under_way == 1
    assert sandbox.max_under_way("GET", ALLOWED_PATH) == sandbox.max_under_way("GET", CATALOGUE_PATH) == 1
    assert sandbox.calls("PUT") < len(codes)
    project.destroy()
    assert sandbox.open_codes == set()
    assert sandbox.max_writes_under_way == 1
