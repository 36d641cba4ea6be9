"""Directions and calling codes, as plain data: nothing here calls the API.

A calling code is a country code of ITU-T E.164, with or without area digits; several countries may share one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from plusofon_pulumi.errors import InvalidCallingCodeError, UnknownDirectionError


@dataclass(frozen=True, slots=True)
class Direction:
    """One direction: a calling code and the names that Plusofon gives it.

    ``code``: digits only. ``id``: the catalogue's id as the API wrote it; None in the list of open directions, which
    has no ids. ``api_code``: the code as the API wrote it, text or number.
    """

    code: str
    name: str
    english_name: str
    id: str | int | None = field(default=None, compare=False)
    api_code: str | int = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        names = shorten(self.english_name or self.name, 400)  # some codes are shared by a dozen countries
        return f"{self.code} ({names})" if names else self.code

    def as_outputs(self) -> dict[str, str]:
        """Return the outputs of a resource for this direction."""
        return {"code": self.code, "name": self.name, "english_name": self.english_name}


def describe_all(directions: Iterable[Direction]) -> str:
    """Return a text with the codes of all directions, and the names of the first ten."""
    found = sorted(directions, key=lambda each: (len(each.code), each.code))
    named = ", ".join(map(str, found[:10]))
    rest = ", ".join(each.code for each in found[10:])
    return f"{named}; also {rest}" if rest else named


def normalise_code(value: object) -> str:
    """Return the digits of a calling code.

    ``value``: a Direction, a whole number (36, also 36.0: Pulumi passes all numbers as floats), or a string with an
    optional ``+``, surrounding white space, and single spaces or hyphens between digits ("36", "+36", "1-242").

    Raises InvalidCallingCodeError, with the reason, for anything else: empty, a boolean, a fraction, letters, digits of
    another script, a leading 0 or 810, more than 15 digits (ITU-T E.164).
    """
    if isinstance(value, Direction):
        return value.code
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    digits = re.sub("[+ -]", "", text)
    is_usable = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    mistakes = {
        'a calling code is a string of digits such as "36", or a whole number': not is_usable,
        "a calling code is a whole number": isinstance(value, float) and not value.is_integer(),
        "it is empty": not text,
        "a direction is named by its calling code, in digits, not by a name": any(map(str.isalpha, text)),
        'write it as digits 0 to 9 only, such as "36" or "+36"': not re.fullmatch(r"\+?[0-9]+([ -][0-9]+)*", text),
        "00 is what a caller dials before a calling code, not a part of it: leave it out": digits.startswith("00"),
        "no calling code begins with 0 (ITU-T E.164)": digits.startswith("0"),
        "810 is what a caller in Russia dials before a calling code: leave it out": digits.startswith("810"),
        "it has more than 15 digits (ITU-T E.164)": len(digits) > 15,
    }
    for reason, is_made in mistakes.items():
        if is_made:
            raise InvalidCallingCodeError(f"{shorten(repr(value), 40)} is not a calling code: {reason}")
    return digits


def shorten(text: str, most: int) -> str:
    """Return a text, cut to so many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def one_line(text: str, most: int) -> str:
    """Return a text from elsewhere as one line of so many characters that cannot steer a terminal."""
    return shorten("".join(char if char.isprintable() else "?" for char in " ".join(text.split())), most)


def by_code(directions: Iterable[Direction]) -> dict[str, Direction]:
    """Return one direction for each code, in order of first appearance; the names of rows that share it are joined."""
    groups: dict[str, list[Direction]] = {}
    for direction in directions:
        groups.setdefault(direction.code, []).append(direction)
    return {code: rows[0] if len(rows) == 1 else _joined(rows) for code, rows in groups.items()}


def _joined(rows: list[Direction]) -> Direction:
    names = dict.fromkeys(row.name for row in rows if row.name)
    english_names = dict.fromkeys(row.english_name for row in rows if row.english_name)
    return Direction(rows[0].code, ", ".join(names), ", ".join(english_names), api_code=rows[0].api_code)


class Catalogue(Mapping[str, Direction]):
    """All directions that exist: a mapping from calling code to Direction, with the ids behind each code."""

    def __init__(self, rows: Iterable[Direction]) -> None:
        self.rows = tuple(rows)
        self._by_code = by_code(self.rows)

    def __getitem__(self, code: str) -> Direction:
        return self._by_code[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_code)

    def __len__(self) -> int:
        return len(self._by_code)

    def ids(self, code: str) -> list[str | int]:
        """Return the ids of all rows with this code, as the API wrote them: opening the code takes all of them."""
        return [row.id for row in self.rows if row.code == code and row.id is not None]

    def find_one(self, text: str) -> Direction:
        """Return the one direction with exactly this code or name, in any case; else raise UnknownDirectionError."""
        if text in self:  # as each write and check asks, for each of its codes
            return self[text]
        wanted = text.strip().casefold()
        named = [row.code for row in self.rows if wanted and wanted in _names(row)]
        found = [self[code] for code in dict.fromkeys([*named, re.sub(r"[+ -]", "", text)]) if code in self]
        if len(found) == 1:
            return found[0]
        if found:
            names = describe_all(found)
            raise UnknownDirectionError(f"{text!r} is the name of several directions: {names}; give a code")
        hint = f"; the nearest: {near}" if (near := self.nearest(text)) else ""
        raise UnknownDirectionError(f"Plusofon's catalogue has no direction with the code or name {text!r}{hint}")

    def nearest(self, text: str) -> str:
        """Name up to three directions whose code begins most like a code, or whose name is most like a name."""
        if text.isdigit():
            starts = [text[:size] for size in range(len(text), 0, -1)]
            codes = [code for start in starts for code in sorted(self, key=len) if code.startswith(start)]
        else:
            wanted = text.strip().casefold()
            names = {name: row.code for row in self.rows for name in _names(row) if name}
            alike = [name for name in names if wanted and wanted in name] + difflib.get_close_matches(wanted, names, 3)
            codes = [names[name] for name in ([wanted] if wanted in names else alike)]
        return ", ".join(shorten(str(self[code]), 60) for code in list(dict.fromkeys(codes))[:3])

    def search(self, text: str) -> list[Direction]:
        """Return the rows whose code begins with the text, or whose Russian or English name has it in any case."""
        wanted = text.strip().casefold()
        digits = re.sub(r"[+ -]", "", wanted)
        coded = {row.code for row in self.rows if digits.isdigit() and row.code.startswith(digits)}
        return [row for row in self.rows if row.code in coded or any(wanted in name for name in _names(row))]


def _names(row: Direction) -> tuple[str, str]:
    return row.name.casefold(), row.english_name.casefold()
