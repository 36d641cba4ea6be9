"""Write a Pulumi program that declares what is open in an account: `pulumi up` takes it over without a write.

Pure functions: nothing is asked of the API, and nothing is written to disk.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from plusofon_pulumi.directions import Catalogue, Direction, by_code, one_line

PROGRAM, PROJECT, REQUIREMENTS, TABLE = "__main__.py", "Pulumi.yaml", "requirements.txt", "directions.csv"

_HEAD = '''\
"""The directions that were open in a Plusofon account when `plusofon adopt` was run.

{what}
"""

import pulumi

import plusofon_pulumi as plusofon

'''
_SINGLES = """\
# Protected: if a line is lost, `pulumi up` fails instead of closing a code that is in use.
# To close a code: `pulumi state unprotect` its resource, remove its line, run `pulumi up`.
opts = pulumi.ResourceOptions(protect=True)

DIRECTIONS: dict[str, str] = {"""
_DECLARE = """\
}
for name, code in DIRECTIONS.items():
    plusofon.AllowedDirection(name, code=code, opts=opts)
"""
_PROTECTED = """\
    ],
    # Protected: `pulumi destroy` and a lost line of this program fail. The list itself can be changed.
    opts=pulumi.ResourceOptions(protect=True),
)
"""


def adopt(
    opened: Iterable[Direction], catalogue: Catalogue, *, project: str, exclusive: bool = False, table: bool = False
) -> dict[str, str]:
    """Return the files of a program that declares the open directions, by name.

    One AllowedDirection for each code; or one AllowedDirections for all of them (``exclusive``), which can also read
    them from a CSV file (``table``). Codes that are not in the catalogue cannot be declared: see `undeclarable`.
    """
    found = sorted(by_code(opened).values(), key=lambda direction: int(direction.code))
    known = [catalogue[direction.code] for direction in found if direction.code in catalogue]
    if table:
        program = Path(__file__).with_name("from_csv.txt").read_text(encoding="utf-8")
    else:
        program = (_exclusive if exclusive else _singles)(known, undeclarable(found, catalogue))
    files = {
        PROGRAM: program,
        PROJECT: f"name: {project}\ndescription: The directions that a Plusofon account may dial\nruntime: python\n",
        REQUIREMENTS: "# In no package index yet: put the path of its wheel here.\nplusofon-pulumi\n",
    }
    return {**files, TABLE: _table(known)} if table else files


def undeclarable(opened: Iterable[Direction], catalogue: Catalogue) -> list[Direction]:
    """Return what is open but not in the catalogue: without an id it could not be opened, so `check` refuses it."""
    return [direction for code, direction in by_code(opened).items() if code not in catalogue]


def resource_name(direction: Direction) -> str:
    """Return ``hungary-36``; a code that several countries share is ``direction-7``."""
    plain = unicodedata.normalize("NFKD", direction.english_name).encode("ascii", "ignore").decode().lower()
    words = [] if "," in plain else re.findall("[a-z0-9]+", plain)[:4]
    return "-".join([*(words or ["direction"]), direction.code])


def _singles(known: Sequence[Direction], left_out: Sequence[Direction]) -> str:
    rows = [f'    "{resource_name(each)}": "{each.code}",{_comment(each)}' for each in known]
    rows += [f"    # Left out: {one_line(str(each), 60)} is not in Plusofon's catalogue." for each in left_out]
    head = _HEAD.format(what="Each of these codes is kept open. Other codes are not touched.")
    return "\n".join([head + _SINGLES, *rows, _DECLARE])


def _exclusive(known: Sequence[Direction], left_out: Sequence[Direction]) -> str:
    rows = [f'        "{each.code}",{_comment(each)}' for each in known]
    rows += [f"        # Closes {one_line(str(each), 60)}, which is not in Plusofon's catalogue." for each in left_out]
    head = _HEAD.format(what="Exactly these codes are open: `pulumi up` closes all others.")
    return "\n".join([f'{head}plusofon.AllowedDirections(\n    "account",\n    codes=[', *rows, _PROTECTED])


def _table(known: Sequence[Direction]) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["code", "reason", "approved_by", "approved_on", "until"])
    today = date.today().isoformat()  # noqa: DTZ011  # the day on the user's calendar
    rows.writerows([each.code, f"open already: {each.english_name}", "plusofon adopt", today, ""] for each in known)
    return text.getvalue()


def _comment(direction: Direction) -> str:
    names = one_line(direction.english_name, 60)
    return f"  # {names}" if names else ""
