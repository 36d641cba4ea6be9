"""The example whose codes come from a reviewed file, on the real engine."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import Project, Result
from tests.e2e.tracebacks import traceback_in

EXAMPLE = Path(__file__).parents[2] / "examples" / "from_csv"
HEAD = "code,reason,approved_by,approved_on,until\n"
GOOD = "7,Клиенты,И. Петрова,2026-09-01,\n"
# A Russian Excel writes dates so, and leaves lines of bare semicolons.
EXCEL = (HEAD + GOOD.replace("2026-09-01", "01.09.2026") + ",,,,\n").replace(",", ";").replace("\n", "\r\n")
# Not today: the day may end while the test runs.
OVER, TO_COME = (str(date.today() + timedelta(days=days)) for days in (-1, 1))  # noqa: DTZ011  # the program's own day


@pytest.fixture
def example(project: Project) -> Project:
    for name in ("__main__.py", "directions.csv"):
        shutil.copy(EXAMPLE / name, project.folder)
    return project


def preview_of(project: Project, text: str, encoding: str = "utf-8") -> Result:
    (project.folder / "directions.csv").write_text(text, encoding=encoding, newline="")
    return project.run("preview", fails=None)


def test_the_codes_of_the_file_are_open_and_their_reasons_are_shown(example: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["53"])
    example.up()
    assert sandbox.open_codes == {"7", "36", "998"}
    assert example.outputs()["reasons"]["36"] == "Supplier in Budapest"


def test_all_bad_rows_are_reported_by_file_and_line_and_nothing_is_called(example: Project, sandbox: Sandbox) -> None:
    rows = [
        "036,Supplier,I. Petrova,2026-09-01,",
        "36,,I. Petrova,2026-09-01,",
        "44,Supplier,I. Petrova",
        '45,"Supplier,\nin two lines",I. Petrova,2026-09-01,,more',
        "46,Supplier,I. Petrova,1 September,",
        "47,Supplier,I. Petrova,2026-09-01,next week",
        "+7,Customers again,I. Petrova,2026-09-01,",
    ]
    result = preview_of(example, HEAD + GOOD + "\n".join(rows))
    assert result.code != 0
    for line in (
        "line 3: '036' is not a calling code",
        "line 4: reason is empty",
        "line 5: it needs 5 values: code, reason, approved_by, approved_on, until",
        "line 7: it needs 5 values",
        "line 8: approved_on is '1 September', not a date such as 2026-09-01",
        "line 9: until is 'next week', not a date such as 2026-09-01",
        "line 10: 7 is listed twice",
    ):
        assert f"directions.csv, {line}" in result.output
    assert not traceback_in(result.output)
    assert sandbox.requests == []


@pytest.mark.parametrize(
    "text, said", [("", "line 1: the columns must be code,reason,"), (HEAD, "lists no code"), (HEAD[1:], "line 1")]
)
def test_a_file_that_is_no_such_list_closes_nothing(example: Project, text: str, said: str) -> None:
    result = preview_of(example, text)
    assert (result.code != 0, said in result.output) == (True, True)


@pytest.mark.parametrize("text, encoding", [(HEAD + GOOD, "utf-8"), (EXCEL, "utf-8-sig"), (EXCEL, "cp1251")])
def test_a_file_from_a_russian_excel_is_read(example: Project, text: str, encoding: str) -> None:
    result = preview_of(example, text, encoding)
    assert result.code == 0, result.output
    assert "Клиенты" in result.output


def test_a_code_whose_date_is_over_is_shown_and_closed(example: Project, sandbox: Sandbox) -> None:
    sandbox.set_open(["7", "36", "44"])
    (example.folder / "directions.csv").write_text(
        f"{HEAD}{GOOD}36,A,B,2026-09-01,{OVER}\n44,A,B,2026-09-01,{TO_COME}\n", encoding="utf-8"
    )
    assert "will close 36 (Hungary): it is open and not declared" in example.preview().output
    example.up()
    assert sandbox.open_codes == {"7", "44"}
