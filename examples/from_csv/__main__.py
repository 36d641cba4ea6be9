"""Manage the whole list of a Plusofon account from a reviewed file, with a reason and an approval for each code.

To open a code, propose a change to directions.csv; `pulumi preview` shows what it will open and close. A code with a
date in the column `until` is declared up to and including that day: after it, the preview says "will close", and the
next `pulumi up` closes the code. The file may come from Excel: commas or semicolons, UTF-8 or Windows-1251.
"""

import csv
import io
import re
from datetime import date
from pathlib import Path

import pulumi

import plusofon_pulumi as plusofon

FILE = Path(__file__).with_name("directions.csv")
COLUMNS = ["code", "reason", "approved_by", "approved_on", "until"]


def read_date(row: dict[str, str], column: str) -> date:
    """Read 2026-09-01, or 01.09.2026 as a Russian Excel writes it; raise ValueError for anything else."""
    text = row[column].strip()
    try:
        return date.fromisoformat(re.sub(r"(\d\d)\.(\d\d)\.(\d{4})", r"\3-\2-\1", text))
    except ValueError:
        raise ValueError(f"{column} is {text!r}, not a date such as 2026-09-01") from None


def check_row(row: dict[str, str], earlier: dict[str, str]) -> tuple[str, bool]:
    """Return the row's calling code, and whether it is still to be open; raise ValueError if the row is wrong."""
    if list(row) != COLUMNS or None in row.values():
        raise ValueError(f"it needs {len(COLUMNS)} values: {', '.join(COLUMNS)}")
    for column in COLUMNS[:-1]:
        if not row[column].strip():
            raise ValueError(f"{column} is empty")
    code = plusofon.normalise_code(row["code"])
    if code in earlier:
        raise ValueError(f"{code} is listed twice")
    read_date(row, "approved_on")
    return code, not row["until"].strip() or date.today() <= read_date(row, "until")  # noqa: DTZ011  # local time


def read_reasons(file: Path) -> dict[str, str]:
    """Return the reason for each code that is to be open. Report all bad rows at once, before anything is declared."""
    content = file.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1251", "replace")
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    rows = csv.DictReader(io.StringIO(text, newline=""), restkey="", delimiter=delimiter)
    if rows.fieldnames != COLUMNS:
        raise pulumi.RunError(f"{file.name}, line 1: the columns must be {','.join(COLUMNS)}")
    reasons: dict[str, str] = {}
    over = set()
    problems = []
    for row in rows:
        if not any("".join(value or "").strip() for value in row.values()):
            continue  # Excel leaves lines of bare semicolons
        try:
            code, is_valid = check_row(row, reasons)
            reasons[code] = row["reason"].strip()
            if not is_valid:
                over.add(code)
        except ValueError as error:
            problems.append(f"{file.name}, line {rows.line_num}: {error}")
    if not reasons and not problems:
        # An empty list closes everything: a truncated file must not.
        problems.append(f"{file.name} lists no code; to close everything, declare codes=[] instead")
    if problems:
        raise pulumi.RunError("\n".join(problems))
    return {code: reason for code, reason in reasons.items() if code not in over}


reasons = read_reasons(FILE)

account = plusofon.AllowedDirections("account", codes=list(reasons), opts=pulumi.ResourceOptions(protect=True))

pulumi.export("reasons", reasons)
