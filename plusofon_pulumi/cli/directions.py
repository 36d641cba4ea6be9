"""``plusofon list`` and ``plusofon catalogue``: what is open in an account, and what exists."""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import sys
from collections.abc import Sequence
from typing import Any

from plusofon_pulumi.cli.common import add_account_options, add_command, client_for, settings
from plusofon_pulumi.directions import Catalogue, Direction, by_code, one_line

# What ITU-T E.164 gives, or once gave, to services and networks instead of countries; docs/calling-codes.md names each.
# No country's code begins with one of these.
NON_GEOGRAPHIC = frozenset(
    ["800", "808", "870", "871", "872", "873", "874", "878", "881", "882", "883", "888", "979", "991"]
)

# What a mark means.
MARKS = {
    "shared": "several countries have this code: it is open for all of them or for none",
    "non-geographic": "satellite, premium-rate and similar services; calls cost far more, and toll fraud seeks them",
    "not in the catalogue": "once closed, it cannot be opened again; a program cannot declare it",
}
Row = dict[str, str]


def add(commands: Any) -> None:
    """Add both commands."""
    about = "Show the directions (calling codes) that are open in the account, one line per code."
    examples = ["list", "list Hungary", "list --csv > open.csv"]
    listing = add_command(commands, run_list, "show what is open in the account", about, examples)
    about = "Show the directions that exist, one line per country."
    examples = ["catalogue венг", "catalogue --open +44"]
    catalogue = add_command(commands, run_catalogue, "search the catalogue of all directions", about, examples)
    catalogue.add_argument("--open", action="store_true", help="also show which of them are open in the account")
    for parser in (listing, catalogue):
        what = "the beginning of a code, or a part of a name"
        parser.add_argument("text", nargs="?", default="", metavar="TEXT", help=what)
        add_account_options(parser)
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", dest="form", action="store_const", const="json", help="print a JSON array")
        form.add_argument("--csv", dest="form", action="store_const", const="csv", help="print comma-separated values")


def run_list(arguments: argparse.Namespace) -> None:
    """Print what is open."""
    with client_for(settings(arguments)) as client:
        opened, catalogue = client.get_allowed_directions(), client.get_directions()
    found = [catalogue.get(code, direction) for code, direction in by_code(opened).items()]
    found = Catalogue(found).search(arguments.text) if arguments.text.strip() else found
    rows = [_row(direction, catalogue) for direction in sorted(found, key=lambda each: int(each.code))]
    about = f"Nothing that is open has «{one_line(arguments.text, 60)}» in its code or names."
    _print(rows, arguments.form, about if opened else "Nothing is open in this account.")


def run_catalogue(arguments: argparse.Namespace) -> None:
    """Print what exists, or what of it has the text in its code or names."""
    with client_for(settings(arguments)) as client:
        catalogue = client.get_directions()
        opened = by_code(client.get_allowed_directions()) if arguments.open else {}
    found = catalogue.search(arguments.text) if arguments.text.strip() else catalogue.rows
    rows = [_row(direction, catalogue) for direction in found]
    if arguments.open:
        rows = [{**row, "open": "yes" if row["code"] in opened else "no"} for row in rows]
    about = f"The catalogue has no direction with «{one_line(arguments.text, 60)}» in its code or names."
    _print(rows, arguments.form, about)


def _row(direction: Direction, catalogue: Catalogue) -> Row:
    code = direction.code
    marks = {
        "shared": len({row.english_name for row in catalogue.rows if row.code == code}) > 1,
        "non-geographic": code[:3] in NON_GEOGRAPHIC,  # also with more digits, of one network: 8816
        "not in the catalogue": code not in catalogue,
    }
    return {**direction.as_outputs(), "marks": ", ".join(mark for mark, holds in marks.items() if holds)}


def _print(rows: Sequence[Row], form: str | None, otherwise: str) -> None:
    if form == "json":
        objects = [{**row, "marks": row["marks"].split(", ") if row["marks"] else []} for row in rows]
        print(json.dumps(objects, ensure_ascii=False, indent=2))
    elif form == "csv":
        fields = rows[0] if rows else [*Direction("", "", "").as_outputs(), "marks"]
        table = csv.DictWriter(sys.stdout, fields, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    else:
        print(_table(rows) if rows else otherwise)


def _table(rows: Sequence[Row]) -> str:
    # On a terminal, the two columns of names get what is left beside the code and the marks.
    room = max(16, (shutil.get_terminal_size().columns - 30) // 2) if sys.stdout.isatty() else 10_000
    cells = [[one_line(text, room) for text in row.values()] for row in rows]
    lines = [[key.replace("_", " ") for key in rows[0]], *cells]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    shown = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    notes = [f"{mark}: {meaning}" for mark, meaning in MARKS.items() if any(mark in row["marks"] for row in rows)]
    return "\n".join([*shown, *([""] if notes else []), *notes])
