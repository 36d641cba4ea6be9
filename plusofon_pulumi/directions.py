"""Directions and calling codes, as plain data: nothing here calls the API.

A calling code is what ITU-T E.164 calls a country code, with or without area digits; several countries may share one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from plusofon_pulumi.errors import InvalidCallingCodeError

# E.164: an international number, and so any prefix of one, has at most 15 digits.
_MAX_DIGITS = 15
_NO_BEGINNINGS = {
    "00": "00 is what a caller dials before a calling code, not a part of it: leave it out",
    "0": "no calling code begins with 0 (ITU-T E.164)",
    "810": "810 is what a caller in Russia dials before a calling code: leave it out",
}
# How much a message says of the countries that share a code, and how many codes it gives with their names.
_LONGEST_NAMES, _MOST_NAMED = 400, 10


@dataclass(frozen=True, slots=True)
class Direction:
    """One direction: a calling code and the names that Plusofon gives it.

    ``code`` holds digits only. ``id`` is the catalogue's id, in the form in which the API wrote it (None for an entry
    of the list of open directions, which has none); ``api_code`` is the code in the API's own form.
    """

    code: str
    name: str
    english_name: str
    id: str | int | None = field(default=None, compare=False)
    api_code: str | int = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        names = shorten(self.english_name or self.name, _LONGEST_NAMES)
        return f"{self.code} ({names})" if names else self.code

    def as_outputs(self) -> dict[str, str]:
        """Return what a resource's outputs, and so state, hold of it."""
        return {"code": self.code, "name": self.name, "english_name": self.english_name}


def describe_all(directions: Iterable[Direction]) -> str:
    """Return directions as a text that gives all codes, the first ten with their names."""
    found = sorted(directions, key=lambda each: (len(each.code), each.code))
    named = ", ".join(map(str, found[:_MOST_NAMED]))
    rest = ", ".join(each.code for each in found[_MOST_NAMED:])
    return f"{named}; also {rest}" if rest else named


def normalise_code(value: object) -> str:
    """Return a calling code as its digits.

    ``value`` may be a Direction, a whole number (36, also 36.0: Pulumi hands every number over as a float) or a string
    with an optional ``+``, surrounding white space, and single spaces or hyphens between digits ("36", "+36", "1-242").

    Raises InvalidCallingCodeError, with the reason, for everything else: empty, a boolean, a fraction, letters, digits
    of another script, a leading 0, more than 15 digits (ITU-T E.164).
    """
    if isinstance(value, Direction):
        return value.code
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise _invalid(value, 'a calling code is a string of digits such as "36", or a whole number')
    if isinstance(value, float) and not value.is_integer():
        raise _invalid(value, "a calling code is a whole number")
    text = value.strip() if isinstance(value, str) else str(int(value))
    if not text:
        raise _invalid(value, "it is empty")
    if any(map(str.isalpha, text)):
        raise _invalid(value, "a direction is named by its calling code, in digits, not by a name")
    if not re.fullmatch(r"\+?[0-9]+(?:[ -][0-9]+)*", text):
        raise _invalid(value, 'write it as digits 0 to 9 only, such as "36" or "+36"')
    digits = re.sub(r"[+ -]", "", text)
    for beginning, reason in _NO_BEGINNINGS.items():
        if digits.startswith(beginning):
            raise _invalid(value, reason)
    if len(digits) > _MAX_DIGITS:
        raise _invalid(value, f"it has more than {_MAX_DIGITS} digits (ITU-T E.164)")
    return digits


def _invalid(value: object, reason: str) -> InvalidCallingCodeError:
    return InvalidCallingCodeError(f"{shorten(repr(value), 40)} is not a calling code: {reason}")


def shorten(text: str, most: int) -> str:
    """Return a text of at most so many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def printable(text: str) -> str:
    """Return a text from elsewhere without what would steer a terminal or end the line."""
    return "".join(char if char.isprintable() else "?" for char in text)


def one_line(text: str, most: int) -> str:
    """Return a text from elsewhere as one printable line of at most so many characters."""
    return shorten(printable(" ".join(text.split())), most)


def by_code(directions: Iterable[Direction]) -> dict[str, Direction]:
    """Return one direction a code, in the order of first appearance; rows that share a code have their names joined."""
    groups: dict[str, list[Direction]] = {}
    for direction in directions:
        groups.setdefault(direction.code, []).append(direction)
    return {code: _joined(rows) for code, rows in groups.items()}


def _joined(rows: list[Direction]) -> Direction:
    if len(rows) == 1:
        return rows[0]
    names, english_names = (
        dict.fromkeys(filter(None, each)) for each in zip(*((r.name, r.english_name) for r in rows), strict=True)
    )
    return Direction(rows[0].code, ", ".join(names), ", ".join(english_names), api_code=rows[0].api_code)


class Catalogue(Mapping[str, Direction]):
    """Every direction that exists: a mapping from calling code to Direction, and the ids behind each code."""

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
        """Return the ids of all rows with this code, as the API wrote them: to open a code is to open all of them."""
        return [row.id for row in self.rows if row.code == code and row.id is not None]

    def find(self, text: str) -> list[Direction]:
        """Return the directions with exactly this code or name, in Russian or English and in any case."""
        wanted, digits = text.strip().casefold(), re.sub(r"[+ -]", "", text)
        codes = [
            row.code for row in self.rows if wanted and wanted in (row.name.casefold(), row.english_name.casefold())
        ]
        return [self[code] for code in dict.fromkeys([*codes, digits]) if code in self]

    def nearest(self, text: str) -> list[Direction]:
        """Return up to three directions whose code begins most like a code, or whose name is most like a name."""
        if text.isdigit():
            starts = [text[:size] for size in range(len(text), 0, -1)]
            codes = [code for start in starts for code in sorted(self, key=len) if code.startswith(start)]
        else:
            wanted = text.strip().casefold()
            names = {name.casefold(): row.code for row in self.rows for name in (row.name, row.english_name) if name}
            alike = [name for name in names if wanted and wanted in name]
            codes = [names[name] for name in alike + difflib.get_close_matches(wanted, names, 3)]
        return [self[code] for code in list(dict.fromkeys(codes))[:3]]

    def search(self, text: str) -> list[Direction]:
        """Return the rows whose code begins with the text, or whose Russian or English name has it in any case."""
        wanted = text.strip().casefold()
        digits = re.sub(r"[+ -]", "", wanted)
        return [
            row
            for row in self.rows
            if wanted in row.name.casefold()
            or wanted in row.english_name.casefold()
            or (digits.isdigit() and row.code.startswith(digits))
        ]
