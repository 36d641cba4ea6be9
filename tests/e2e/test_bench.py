"""What `make bench` is made of works, and the calls of a resource for each of 215 directions are counted."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from bench import startup
from bench.account import CountingSandbox, codes, made_up_catalogue
from bench.growth import CASES, Growth
from bench.measure import CHECKOUT, OPERATIONS, Cell, Measurement, Stage
from bench.programs import DIRECTION, FLOOR, KINDS, LIST, NAIVE
from bench.report import fill, tables
from bench.results import Results, describe_machine
from bench.targets import CELL, targets
from plusofon_pulumi.sandbox import ALLOWED_PATH as LIST_PATH
from plusofon_pulumi.sandbox import CATALOGUE_PATH
from tests.e2e.conftest import MakeProject
from tests.e2e.counting import asked_again
from tests.e2e.harness import Result

NAIVE_CREATE_CALLS = 430
DOCUMENT = CHECKOUT / "docs" / "performance.md"
GOOD_CALLS = {
    (DIRECTION, "create"): {"GET catalogue": 1, "GET list": 56, "PUT": 55},
    (LIST, "create"): {"GET catalogue": 1, "GET list": 2, "PUT": 1},
    (LIST, "destroy"): {"DELETE": 1, "GET list": 2},
    (NAIVE, "create"): {"GET catalogue": 215, "PUT": 215},
}


def measurement(cell: Cell, kind: str, operation: str, round_: int) -> Measurement:
    """A good one: our resources take a tenth more than the floor, a whole list as long as one idle resource."""
    seconds = {DIRECTION: 1.1, NAIVE: 1.5, FLOOR: 1.0}.get(kind, 0.1) * (cell.n + round_)
    seconds *= 0.95 if (kind, operation) in ((DIRECTION, "up"), (DIRECTION, "refresh")) else 1
    default = {"GET list": 1} if kind in (DIRECTION, LIST) and operation != "destroy" else {}
    calls = GOOD_CALLS.get((kind, operation), default)
    return Measurement(cell.latency_ms, cell.n, round_, kind, operation, seconds, calls, 1, 1, 1, 50.0)


@pytest.fixture
def results() -> Results:
    measurements = [
        measurement(cell, kind, operation, round_)
        for cell in (Cell(50, 1), CELL)
        for round_ in range(3)
        for kind in KINDS
        if KINDS[kind].is_everywhere or cell == CELL
        for operation in OPERATIONS
    ]
    times = {label: [0.3, 0.31, 0.29] for label in startup.COMMANDS}
    growth = [Growth(kind, n, 1.0, 4, 1000 * n, 5 * n, 20 * n) for kind, n in CASES]
    return Results({"Date": "2026-01-01"}, measurements, times, growth)


@pytest.fixture
def document(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    return Path(shutil.copy(DOCUMENT, tmp_path / "docs"))


def test_targets_are_judged(results: Results) -> None:
    judged = targets(results)
    assert len(judged) >= 16
    assert [each.wanted for each in judged if not each.met] == []
    worse = [each for each in results.measurements if (each.kind, each.operation) != (DIRECTION, "up")]
    slow = [replace(measurement(CELL, NAIVE, "up", round_), kind=DIRECTION) for round_ in range(3)]
    results.measurements = worse + [replace(each, calls={"GET list": 1}) for each in slow]
    assert [(each.measured, each.verdict) for each in targets(results) if not each.met] == [("1.500 ×", "**not met**")]


def test_whoever_makes_no_call_at_all_meets_no_target_of_few_calls(results: Results) -> None:
    results.measurements = [replace(each, calls={}) for each in results.measurements]
    met = [each.wanted for each in targets(results) if each.met]
    assert [wanted for wanted in met if re.search(r"at most \d+ calls?$", wanted)] == []


def test_calls_that_grow_are_seen_in_whatever_order_the_cases_were_measured(results: Results) -> None:
    [wanted] = [each.wanted for each in targets(results) if "do not grow" in each.wanted]
    many = {"DELETE": 100, "GET list": 2}
    grown = [
        replace(each, calls=many) if (each.n, each.kind, each.operation) == (215, LIST, "destroy") else each
        for each in results.measurements
    ]
    for measurements in (grown, grown[::-1]):
        results.measurements = measurements
        assert [(each.measured, each.met) for each in targets(results) if each.wanted == wanted] == [
            ("destroy 3 → 102", False)
        ]
    results.measurements = [each for each in grown if each.n == 215]
    assert wanted not in {each.wanted for each in targets(results)}


def test_an_interrupted_run_is_not_the_whole(results: Results) -> None:
    # Here, for the oldest environment has no matplotlib, and looks for tests in this file too.
    from bench.__main__ import CELLS, is_whole

    everything = replace(results, measurements=[measurement(cell, LIST, "up", 0) for cell in CELLS])
    assert is_whole(everything)
    assert not is_whole(replace(everything, measurements=everything.measurements[1:]))
    assert not is_whole(replace(everything, startup={}))
    assert not is_whole(replace(everything, growth=[]))


def test_results_are_kept_whole(results: Results, tmp_path: Path) -> None:
    results.save(tmp_path / "new" / "bench.json")
    assert Results.load(tmp_path / "new" / "bench.json") == results


def test_the_machine_table_has_the_versions_that_are_measured(engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = {"pulumi": "3.1", "requests": "2.1", "plusofon-pulumi": "0.0.0.dev0"}
    monkeypatch.setattr("importlib.metadata.version", installed.__getitem__)
    machine = describe_machine(engine)
    assert (machine["`pulumi`"], machine["`requests`"]) == ("3.1", "2.1")
    # The checkout's own, also where it was installed long ago and changed since.
    assert f'\nversion = "{machine["`plusofon-pulumi`"]}"' in (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_document_has_a_place_for_each_table_and_is_filled_the_same_way_twice(
    results: Results, document: Path
) -> None:
    fill(document, results)
    filled = document.read_text(encoding="utf-8")
    assert all(table in filled for table in tables(results).values())
    assert "1.10 ×" in filled
    assert re.search(r"\| create at 0 ms per call, s \| calls +\| state, kB \|", filled)
    fill(document, results)
    assert document.read_text(encoding="utf-8") == filled
    document.write_text(filled.replace("<!-- bench: calls -->", ""), encoding="utf-8")
    with pytest.raises(ValueError, match="calls"):
        fill(document, results)


def test_the_chart_is_the_same_for_the_same_results(results: Results, tmp_path: Path) -> None:
    from bench import chart

    for name in ("one.svg", "two.svg"):
        chart.draw(tmp_path / name, results)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    text = "".join(ET.parse(tmp_path / "one.svg").getroot().itertext())  # noqa: S314  # our own file
    assert "AllowedDirection × N" in text


@pytest.mark.parametrize("rounds, expected", [(None, [0, 1, 2]), (2, [0, 1])])
def test_each_case_has_three_rounds_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, rounds: int | None, expected: list[int]
) -> None:
    # Here, as the chart above: the oldest environment, which reads this file too, has nothing to draw with.
    from bench import __main__ as command

    measured: list[tuple[Cell, int]] = []

    def measure_round(_stage: object, cell: Cell, round_: int, found: Results) -> None:
        measured.append((cell, round_))
        found.measurements += [measurement(cell, FLOOR, operation, round_) for operation in OPERATIONS]

    monkeypatch.setattr(command, "measure_round", measure_round)
    found = Results()
    for cell in command.CELLS:
        command.measure_part(cast("Stage", None), f"{cell.latency_ms}:{cell.n}", rounds, found)
    assert measured == [(cell, round_) for cell in command.CELLS for round_ in expected]


def test_a_made_up_catalogue_has_as_many_codes_as_asked_for() -> None:
    with made_up_catalogue(1000) as made_up, CountingSandbox(open=["36"]) as sandbox:
        assert len(set(made_up)) == 1000
        sandbox.set_open(made_up)
        assert sandbox.open_codes == set(made_up)
    assert len(codes(215)) == 215


def test_the_smallest_case_is_measured_shown_and_written_down(engine: Path, document: Path, tmp_path: Path) -> None:
    # Found on PATH, for the home folder is another one here.
    env = {**os.environ, "PATH": f"{engine}{os.pathsep}{os.environ['PATH']}"}
    run = [sys.executable, "-m", "bench", "--only", "0:1", "--rounds", "1", "--docs", str(document.parent)]
    run += ["--results", str(tmp_path / "bench.json")]
    with subprocess.Popen(
        run, cwd=CHECKOUT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            told = process.communicate(timeout=400)[0]
        except subprocess.TimeoutExpired:
            # It ends all that it has started.
            process.send_signal(signal.SIGINT)
            told = process.communicate()[0]
    assert process.returncode == 0, told
    results = Results.load(tmp_path / "bench.json")
    cell = Cell(0, 1)
    assert results.cells() == [cell]
    for kind in (DIRECTION, LIST):
        for operation, least in zip(OPERATIONS, [4, 1, 1, 1, 3], strict=True):
            [found] = results.of(cell, kind, operation)
            assert least <= found.all_calls <= least + asked_again(found.seconds), found
    assert [results.calls(cell, NAIVE, each) for each in OPERATIONS] == [2, 0, 0, 1, 1]
    assert [results.calls(cell, FLOOR, each) for each in OPERATIONS] == [0, 0, 0, 0, 0]
    if Path("/proc/self/status").exists():
        assert all(10 < each.memory_mib < 500 for each in results.measurements if each.memory_mib)
        # On a slow machine a plugin may end before it is looked at.
        assert any(each.memory_mib for each in results.measurements)
    assert re.search(r"\| 1 +\| naive provider × N", document.read_text(encoding="utf-8"))
    assert (document.parent / "performance.svg").stat().st_size > 1000


def test_a_resource_for_each_direction_costs_few_calls(make_project: MakeProject) -> None:
    all_codes = codes(215)
    with CountingSandbox(latency=0.05) as sandbox:

        def calls(run: Callable[[], Result]) -> int:
            sandbox.clear_requests()
            seconds = run().seconds
            assert sandbox.max_writes_under_way <= 1
            assert sandbox.max_under_way("GET", LIST_PATH) <= 1
            assert sandbox.max_under_way("GET", CATALOGUE_PATH) <= 1
            return sandbox.calls() - asked_again(seconds)

        project = make_project(KINDS[DIRECTION].program(all_codes), sandbox)
        assert calls(project.up) <= NAIVE_CREATE_CALLS / 2
        assert sandbox.open_codes == set(all_codes)
        assert calls(project.refresh) <= 2
        assert calls(project.up) <= 2
        assert calls(project.preview) <= 2
        assert calls(project.destroy) <= NAIVE_CREATE_CALLS / 2
        assert sandbox.open_codes == set()
