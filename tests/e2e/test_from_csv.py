"""The example whose codes come from a reviewed file, on the real engine."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import Project, Result
from tests.e2e.tracebacks import traceback_in

EXAMPLE = Path(__file__).parents[2] / "examples" / "from_csv"
HEAD = "code,reason,approved_by,approved_on\n"
GOOD = "7,Customers,I. Petrova,2026-09-01\n"


@pytest.fixture
def example(project: Project) -> Project:
    for name in ("__main__.py", "directions.csv"):
        shutil.copy(EXAMPLE / name, project.folder)
    return project


def preview_of(project: Project, text: str, encoding: str = "utf-8") -> Result:
    (project.folder / "directions.csv").write_text(text, encoding=encoding)
    return project.run("preview", fails=None)


def test_the_codes_of_the_file_are_open_and_their_reasons_are_shown(example: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["53"])
    example.up()
    assert sandbox.open_codes == {"7", "36", "998"}
    assert example.outputs()["reasons"]["998"] == "Support desk in Tashkent"


def test_all_bad_rows_are_told_by_file_and_line_before_anything_is_done(example: Project, sandbox: Sandbox) -> None:
    rows = [
        "036,Supplier,I. Petrova,2026-09-01",
        "36,,I. Petrova,2026-09-01",
        "44,Supplier,I. Petrova",
        '45,"Supplier,\nin two lines",I. Petrova,2026-09-01,more',
        "46,Supplier,I. Petrova,1 September",
        "+7,Customers again,I. Petrova,2026-09-01",
    ]
    told = preview_of(example, HEAD + GOOD + "\n".join(rows)).output
    assert "directions.csv, line 3: '036' is not a calling code: no calling code begins with 0" in told
    assert "directions.csv, line 4: reason is empty" in told
    assert "directions.csv, line 5: it needs 4 values: code, reason, approved_by, approved_on" in told
    assert "directions.csv, line 7: it needs 4 values" in told
    assert "directions.csv, line 8: approved_on is '1 September', not a date such as 2026-09-01" in told
    assert "directions.csv, line 9: 7 is listed twice" in told
    assert not traceback_in(told)
    example.up(fails=True)
    assert sandbox.requests == []


@pytest.mark.parametrize(
    "text, told",
    [
        ("", "directions.csv, line 1: the columns must be code,reason,approved_by,approved_on"),
        (HEAD.replace(",", ";"), "directions.csv, line 1: the columns must be"),
        (HEAD, "directions.csv lists no code"),
    ],
)
def test_a_file_that_is_not_such_a_list_closes_nothing(example: Project, text: str, told: str) -> None:
    result = preview_of(example, text)
    assert result.code != 0
    assert told in result.output


def test_a_file_as_a_spreadsheet_writes_it_is_read(example: Project) -> None:
    result = preview_of(example, (HEAD + GOOD).replace("\n", "\r\n"), encoding="utf-8-sig")
    assert result.code == 0, result.output
