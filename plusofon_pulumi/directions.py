"""Directions and calling codes, as plain data: nothing here talks to anybody.

A calling code is what ITU-T E.164 calls a country code, with or without area digits; several countries may share one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from plusofon_pulumi.errors import InvalidCallingCodeError

# E.164: an international number, and so any prefix of one, has at most 15 digits.
_MAX_DIGITS = 15
# How much a message says of the countries that share a code: all that share 1.
_LONGEST_NAMES = 400
# Compiled when first used, not when this is imported.
_SPELLING = r"\+?[0-9]+(?:[ -][0-9]+)*"


@dataclass(frozen=True, slots=True)
class Direction:
    """Describe one direction: a calling code and the names that Plusofon gives it.

    ``code`` holds digits only. ``id`` is the catalogue's id, in the form in which the API wrote it (None for an entry
    of the list of open directions, which has none); ``api_code`` is the code in the API's own form.
    """

    code: str
    name: str
    english_name: str
    id: str | int | None = field(default=None, compare=False)
    api_code: str | int = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        names = self.english_name or self.name
        if len(names) > _LONGEST_NAMES:
            names = names[: _LONGEST_NAMES - 1] + "…"
        return f"{self.code} ({names})" if names else self.code

    def as_outputs(self) -> dict[str, str]:
        """Return what a resource's outputs, and so state, hold of it."""
        return {"code": self.code, "name": self.name, "english_name": self.english_name}


def normalise_code(value: object) -> str:
    """Return a calling code as its digits.

    ``value`` may be a whole number (36, also 36.0: Pulumi hands every number over as a float) or a string with an
    optional ``+``, surrounding white space, and single spaces or hyphens between digits ("36", "+36", "1-242").

    Raises InvalidCallingCodeError, with the reason, for everything else: empty, a boolean, a fraction, letters, digits
    of another script, a leading 0, more than 15 digits (ITU-T E.164).
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise _invalid(value, 'a calling code is a string of digits such as "36", or a whole number')
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, float):
        if not math.isfinite(value) or value != int(value):
            raise _invalid(value, "a calling code is a whole number")
        value = int(value)
    if value < 0:
        raise _invalid(value, "a calling code is not negative")
    return _checked_digits(value, str(value) if value < 10**_MAX_DIGITS else "9" * (_MAX_DIGITS + 1))


def _from_text(value: str) -> str:
    text = value.strip()
    if not text:
        raise _invalid(value, "it is empty")
    if re.fullmatch(_SPELLING, text):
        return _checked_digits(value, re.sub(r"[+ -]", "", text))
    if any(char.isalpha() for char in text):
        raise _invalid(value, "a direction is named by its calling code, in digits, not by a name")
    if any(char.isdigit() and not char.isascii() for char in text):
        raise _invalid(value, "write it with the digits 0 to 9")
    raise _invalid(value, 'write it as digits only, such as "36" or "+36"')


def _checked_digits(value: object, digits: str) -> str:
    if digits.startswith("00"):
        raise _invalid(value, "00 is what a caller dials before a calling code, not a part of it: leave it out")
    if digits.startswith("0"):
        raise _invalid(value, "no calling code begins with 0 (ITU-T E.164)")
    if len(digits) > _MAX_DIGITS:
        raise _invalid(value, f"it has more than {_MAX_DIGITS} digits (ITU-T E.164)")
    return digits


def _invalid(value: object, reason: str) -> InvalidCallingCodeError:
    try:
        shown = repr(value)
    except Exception:  # noqa: BLE001  # such as a whole number of too many digits to be written out
        shown = f"this {type(value).__name__}"
    return InvalidCallingCodeError(
        f"{shown if len(shown) <= 40 else shown[:37] + '...'} is not a calling code: {reason}"
    )


def printable(text: str) -> str:
    """Return a text that came from elsewhere without what would steer a terminal, turn its letters or end the line."""
    return "".join(char if char.isprintable() else "?" for char in text)


def by_code(directions: Iterable[Direction]) -> dict[str, Direction]:
    """Return one direction a code, in the order of first appearance; rows that share a code have their names joined."""
    groups: dict[str, list[Direction]] = {}
    for direction in directions:
        groups.setdefault(direction.code, []).append(direction)
    return {code: _joined(rows) for code, rows in groups.items()}


def _joined(rows: list[Direction]) -> Direction:
    if len(rows) == 1:
        return rows[0]
    first = rows[0]
    return Direction(
        code=first.code,
        name=", ".join(dict.fromkeys(row.name for row in rows if row.name)),
        english_name=", ".join(dict.fromkeys(row.english_name for row in rows if row.english_name)),
        api_code=first.api_code,
    )


class Catalogue(Mapping[str, Direction]):
    """Hold every direction that exists: a mapping from calling code to Direction, and the ids behind each code."""

    def __init__(self, rows: Iterable[Direction]) -> None:
        self.rows = tuple(rows)
        self._by_code = by_code(self.rows)
        self._ids: dict[str, list[str | int]] = {}
        for row in self.rows:
            if row.id is not None:
                self._ids.setdefault(row.code, []).append(row.id)

    def __getitem__(self, code: str) -> Direction:
        return self._by_code[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_code)

    def __len__(self) -> int:
        return len(self._by_code)

    def ids(self, code: str) -> list[str | int]:
        """Return the ids of all rows with this code, as the API wrote them: to open a code is to open all of them."""
        return list(self._ids.get(code, ()))

    def nearest(self, code: str) -> list[Direction]:
        """Return the three directions whose codes share the longest beginning with this one, nearest first."""

        def shared(other: str) -> int:
            return next(
                (n for n, (a, b) in enumerate(zip(code, other, strict=False)) if a != b), min(len(code), len(other))
            )

        near = [other for other in self if shared(other) > 0]
        near.sort(key=lambda other: (-shared(other), abs(len(other) - len(code)), other))
        return [self[other] for other in near[:3]]

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
