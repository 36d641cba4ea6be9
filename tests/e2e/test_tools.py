"""The demonstration, the bench and the picture of a preview do what their commands promise."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench.measure import OPERATIONS, Measurement
from bench.programs import FLOOR, IMPORTED, KINDS
from bench.report import fill, text
from tests.checkout import CHECKOUT
from tests.e2e.harness import processes_that_know
from tools import demo
from tools.engine import VERSION, version_of

TABLE = CHECKOUT / "docs" / "performance.md"
PICTURE = CHECKOUT / "docs" / "preview.svg"


@contextmanager
def demonstration(engine: Path, scratch: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the demonstration; it leaves no file in the scratch folder, and no process that knows of it."""
    env = {**os.environ, "TMPDIR": str(scratch), "PATH": f"{engine}{os.pathsep}{os.environ['PATH']}"}
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "tools.demo"]
    with subprocess.Popen(command, cwd=demo.CHECKOUT, env=env, stdout=pipe, stderr=pipe, text=True) as process:
        yield process
    assert [*scratch.iterdir(), *processes_that_know(scratch)] == []


def test_the_demonstration_ends_as_it_should(engine: Path, tmp_path: Path) -> None:
    with demonstration(engine, tmp_path) as process:
        output, errors = process.communicate()
    assert "All steps ended as they should." in output, output + errors
    assert errors == ""


@pytest.mark.usefixtures("signals_heard")
def test_a_stopped_demonstration_leaves_nothing_behind(engine: Path, tmp_path: Path) -> None:
    with demonstration(engine, tmp_path) as process:
        assert process.stdout
        assert any("AllowedDirection direction-7 creat" in line for line in process.stdout)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    told = "The demonstration was stopped; nothing of it remains.\n"
    assert (process.returncode, errors) == (128 + signal.SIGINT, told)


def test_the_bench_measures_and_fills_its_page(engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Here, for the oldest environment, which reads this file too, has nothing to draw with.
    from bench import chart
    from bench.__main__ import measure

    measured = [
        Measurement(kind, each, round_ + 0.25, 7) for kind in KINDS for each in OPERATIONS for round_ in (1, 3, 9)
    ]
    shutil.copy(TABLE, tmp_path)
    made = text(measured, {"`import pulumi`": 0.3}, "On a machine.")
    assert made.count("3.25 s / 7") == len(KINDS) * len(OPERATIONS)
    page, picture = tmp_path / "performance.md", tmp_path / "performance.svg"
    seen = set()
    for _ in range(2):
        fill(page, made)
        chart.draw(picture, measured)
        seen.add((page.read_bytes(), picture.read_bytes()))
    assert len(seen) == 1, "filled the same way twice"
    assert made in page.read_text(encoding="utf-8")

    monkeypatch.setattr("tools.isolated.no_more_stopping", lambda: None)  # pytest's own signals stay as they are
    for table, kept in ((KINDS, {IMPORTED, FLOOR}), (OPERATIONS, {"create"})):
        for key in table.keys() - kept:
            monkeypatch.delitem(table, key)
    found = [(each.kind, each.operation, each.calls) for each in measure(engine, n=2, rounds=2)]
    imported, floor = (IMPORTED, "create", 4), (FLOOR, "create", 0)
    assert found == [imported, floor, floor, imported], "each round begins with another kind"


def texts(svg: str) -> list[str]:
    """Return the words of a picture, sorted: the engine decides which message comes first."""
    written = ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314  # our own file
    return sorted("".join(each.itertext()).replace("\xa0", " ").strip() for each in written)


def test_the_picture_shows_what_a_terminal_shows_today_and_each_message_once(engine: Path) -> None:
    # Not above: only the development environment has the libraries that draw.
    from tools import preview_picture

    drawn = texts(PICTURE.read_text(encoding="utf-8"))
    today = texts(preview_picture.draw(preview_picture.preview(engine)))
    ours = [[line for line in lines if re.match(r"(will \w+ )?\d+ \(", line)] for lines in (drawn, today)]
    assert ours[0] == ours[1], "run `make picture`"
    assert len(set(ours[1])) == len(ours[1]) >= 2
    assert any("└─" in line for line in today)
    # Another CLI, which may be on PATH, says the rest in its own way.
    if version_of(str(engine / "pulumi"), "version") == tuple(map(int, VERSION.split("."))):
        assert drawn == today, "run `make picture`"
