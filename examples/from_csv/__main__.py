"""Own the whole list of a Plusofon account from a file that is reviewed: each open code has a reason and an approval.

Who wants a code opened sends a change of directions.csv; `pulumi preview` in its review says what will open and close.
"""

import csv
from datetime import date
from pathlib import Path

import pulumi

import plusofon_pulumi as plusofon

FILE = Path(__file__).with_name("directions.csv")
COLUMNS = ["code", "reason", "approved_by", "approved_on"]


def check_row(row: dict[str, str], earlier: dict[str, str]) -> str:
    """Return the row's calling code, or raise a ValueError that says what is wrong with the row."""
    if list(row) != COLUMNS or None in row.values():
        raise ValueError(f"it needs {len(COLUMNS)} values: {', '.join(COLUMNS)}")
    for column in COLUMNS:
        if not row[column].strip():
            raise ValueError(f"{column} is empty")
    code = plusofon.normalise_code(row["code"])
    if code in earlier:
        raise ValueError(f"{code} is listed twice")
    try:
        date.fromisoformat(row["approved_on"].strip())
    except ValueError:
        raise ValueError(f"approved_on is {row['approved_on']!r}, not a date such as 2026-09-01") from None
    return code


def read_reasons(file: Path) -> dict[str, str]:
    """Read the reason for each code. All bad rows are told at once, before anything is declared."""
    reasons: dict[str, str] = {}
    problems = []
    # With -sig, for a spreadsheet may put a byte order mark before the first column's name.
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines)
        if rows.fieldnames != COLUMNS:
            raise pulumi.RunError(f"{file.name}, line 1: the columns must be {','.join(COLUMNS)}")
        for row in rows:
            try:
                reasons[check_row(row, reasons)] = row["reason"].strip()
            except ValueError as error:
                problems.append(f"{file.name}, line {rows.line_num}: {error}")
    if not reasons and not problems:
        # An empty list closes everything: a file that was lost half-way must not.
        problems.append(f"{file.name} lists no code; to close everything, declare codes=[] instead")
    if problems:
        raise pulumi.RunError("\n".join(problems))
    return reasons


reasons = read_reasons(FILE)

account = plusofon.AllowedDirections("account", codes=list(reasons), opts=pulumi.ResourceOptions(protect=True))

pulumi.export("reasons", reasons)
