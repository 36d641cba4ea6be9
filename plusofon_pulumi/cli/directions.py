"""``plusofon list`` and ``plusofon catalogue``: what is open in an account, and what exists."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from plusofon_pulumi.cli.common import DONE, Parser, add_account_options, read_account, settings, show
from plusofon_pulumi.cli.table import paragraph, table, terminal_width
from plusofon_pulumi.directions import Catalogue, Direction, by_code, printable

# What ITU-T E.164 gives, or once gave, to services and networks instead of countries; docs/calling-codes.md names each.
# No country's code begins with one of these.
NON_GEOGRAPHIC = frozenset(
    {"800", "808", "870", "871", "872", "873", "874", "878", "881", "882", "883", "888", "979", "991"}
)

SHARED = "shared"
OF_NO_COUNTRY = "non-geographic"
UNKNOWN = "not in the catalogue"

# What a mark means, in the order in which marks are given.
MEANINGS = {
    SHARED: "several countries have this code, and it is open for all of them or for none.",
    OF_NO_COUNTRY: "the code of no country, but of satellite networks, premium-rate, shared-cost and similar "
    "services. Calls there cost far more than others, and toll fraud seeks them.",
    UNKNOWN: "Plusofon's catalogue of directions has no such code: once closed, it cannot be opened again.",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a table: a direction, all the countries that have its code, and what deserves a look."""

    direction: Direction
    countries: tuple[Direction, ...]
    marks: tuple[str, ...]


def add(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add both commands."""
    listing = commands.add_parser(
        "list",
        help="show what is open in the account",
        description="Show the directions (calling codes) that are open in the account now, each with the names of all\n"
        "countries that have its code, and mark those that deserve a look.",
        epilog="example:\n  plusofon list --json",
    )
    listing.set_defaults(run=run_list)
    catalogue = commands.add_parser(
        "catalogue",
        help="search the catalogue of all directions",
        description="Show the directions that exist, one line per country, whether they are open or not.",
        epilog="examples:\n  plusofon catalogue венг\n  plusofon catalogue +44",
    )
    catalogue.add_argument(
        "text",
        nargs="?",
        default="",
        metavar="TEXT",
        help="only codes that begin with it, and names, Russian or English, that have it in them",
    )
    catalogue.set_defaults(run=run_catalogue)
    for parser in (listing, catalogue):
        parser.add_argument("--json", action="store_true", help="print a JSON array, for machines")
        add_account_options(parser)


def run_list(arguments: argparse.Namespace) -> int:
    """Print what is open."""
    opened, catalogue = read_account(settings(arguments))
    rows = [catalogue.get(code, direction) for code, direction in by_code(opened).items()]
    entries = [entry(direction, catalogue) for direction in sorted(rows, key=lambda row: int(row.code))]
    _print(entries, as_json=arguments.json, otherwise="Nothing is open in this account.")
    return DONE


def run_catalogue(arguments: argparse.Namespace) -> int:
    """Print what exists, or what of it has the text in its code or names."""
    _, catalogue = read_account(settings(arguments), with_open=False)
    rows = catalogue.search(arguments.text) if arguments.text.strip() else catalogue.rows
    otherwise = f"The catalogue has no direction with «{printable(arguments.text)}» in its code or names."
    _print([entry(row, catalogue) for row in rows], as_json=arguments.json, otherwise=otherwise)
    return DONE


def entry(direction: Direction, catalogue: Catalogue) -> Entry:
    """Return the line of a direction."""
    code = direction.code
    countries = tuple(row for row in catalogue.rows if row.code == code)
    marks = {
        SHARED: len({(row.name, row.english_name) for row in countries}) > 1,
        # Also with more digits, of one network: 8816.
        OF_NO_COUNTRY: code[:3] in NON_GEOGRAPHIC,
        UNKNOWN: not countries,
    }
    return Entry(direction, countries or (direction,), tuple(mark for mark, holds in marks.items() if holds))


def _print(entries: Sequence[Entry], *, as_json: bool, otherwise: str) -> None:
    if as_json:
        # Where the output cannot hold Cyrillic letters as they are, JSON can still spell them.
        is_unicode = (sys.stdout.encoding or "").lower().startswith("utf")
        show(json.dumps([_as_object(each) for each in entries], ensure_ascii=not is_unicode, indent=2))
    else:
        show(_as_text(entries, terminal_width()) if entries else otherwise)


def _as_object(each: Entry) -> dict[str, object]:
    return {
        "code": each.direction.code,
        "name": each.direction.name,
        "english_name": each.direction.english_name,
        "countries": [{"name": country.name, "english_name": country.english_name} for country in each.countries],
        "marks": list(each.marks),
    }


def _as_text(entries: Iterable[Entry], width: int | None) -> str:
    rows = [("code", "name", "English name", "look")]
    marked: set[str] = set()
    for each in entries:
        marked.update(each.marks)
        rows.append((each.direction.code, each.direction.name, each.direction.english_name, ", ".join(each.marks)))
    if not marked:
        rows = [(*row[:-1], "") for row in rows]
    notes = [paragraph(f"{mark}: {meaning}", width) for mark, meaning in MEANINGS.items() if mark in marked]
    return "\n\n".join([table(rows, width, elastic=(1, 2)), *filter(None, ["\n".join(notes)])])
