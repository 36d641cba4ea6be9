"""How many calls the engine's operations cost, counted by the sandbox."""

from __future__ import annotations

from collections import Counter

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import Project

LIST, CATALOGUE = "/api/v1/direction", "/api/v1/directions"


def calls(sandbox: Sandbox) -> Counter[tuple[str, str]]:
    counted = Counter((request.method, request.path) for request in sandbox.requests)
    sandbox.clear_requests()
    return counted


def test_an_update_that_creates_one_code_costs_five_calls_with_its_preview(project: Project, sandbox: Sandbox) -> None:
    project.write('plusofon.AllowedDirection("hungary", code="36")')
    project.run("up", "--yes")
    assert calls(sandbox) == {("GET", CATALOGUE): 2, ("GET", LIST): 2, ("PUT", LIST): 1}


def test_nothing_to_do_costs_one_call_a_process(project: Project, sandbox: Sandbox) -> None:
    project.write("""
        for code in ["7", "36", "58", "44", "39"]:
            plusofon.AllowedDirection(f"direction-{code}", code=code)
    """)
    project.up()
    calls(sandbox)
    project.preview("--expect-no-changes")
    assert calls(sandbox) == {("GET", LIST): 1}
    project.up()
    assert calls(sandbox) == {("GET", LIST): 1}
    project.run("up", "--yes")
    assert calls(sandbox) == {("GET", LIST): 2}
    project.refresh()
    assert calls(sandbox) == {("GET", LIST): 1}


def test_writes_are_never_under_way_together(project: Project, sandbox: Sandbox) -> None:
    sandbox.latency = 0.05
    codes = ["7", "36", "58", "44", "39", "1", "20", "27", "30", "31", "32", "33", "34", "40", "41", "43"]
    project.write(f"for code in {codes}: plusofon.AllowedDirection(code, code=code)")
    project.up()
    assert sandbox.open_codes == set(codes)
    assert sandbox.max_writes_under_way == 1
    assert sandbox.max_under_way("GET", LIST) == sandbox.max_under_way("GET", CATALOGUE) == 1
    assert sandbox.calls("PUT") < len(codes)
    project.destroy()
    assert sandbox.open_codes == set()
    assert sandbox.max_writes_under_way == 1
