"""`make bench` measures and writes down what it should."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bench.measure import CHECKOUT, OPERATIONS, Measurement
from bench.programs import FLOOR, IMPORTED, KINDS
from bench.report import fill, text

DOCUMENT = CHECKOUT / "docs" / "performance.md"


def test_the_document_and_the_chart_are_filled_the_same_way_twice(tmp_path: Path) -> None:
    # Here, for the oldest environment, which reads this file too, has nothing to draw with.
    from bench import chart

    measured = [
        Measurement(kind, each, round_ + 0.25, 7) for kind in KINDS for each in OPERATIONS for round_ in (1, 3, 9)
    ]
    shutil.copy(DOCUMENT, tmp_path)
    made = text(measured, {"`import pulumi`": 0.3}, "On a machine.")
    assert made.count("3.25 s / 7") == len(KINDS) * len(OPERATIONS)
    files = tmp_path / "performance.md", tmp_path / "performance.svg"
    seen = set()
    for _ in range(2):
        fill(files[0], made)
        chart.draw(files[1], measured)
        seen.add(tuple(file.read_bytes() for file in files))
    assert len(seen) == 1
    assert made in files[0].read_text(encoding="utf-8")
    files[0].write_text("no marks", encoding="utf-8")
    with pytest.raises(ValueError, match="0 places"):
        fill(files[0], made)


def test_a_run_measures_each_kind_and_operation_in_each_round(engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.__main__ import measure

    monkeypatch.setattr("tools.isolated.no_more_stopping", lambda: None)  # pytest's own signals stay as they are
    for table, kept in ((KINDS, {IMPORTED, FLOOR}), (OPERATIONS, {"create"})):
        for key in table.keys() - kept:
            monkeypatch.delitem(table, key)
    found = [(each.kind, each.operation, each.calls) for each in measure(engine, n=2, rounds=2)]
    imported, floor = (IMPORTED, "create", 4), (FLOOR, "create", 0)
    assert found == [imported, floor, floor, imported], "each round begins with another kind"
