"""The readings: each question that the API's description leaves open, and the answers that the sandbox can play.

The first value of a reading is its default: what the description shows, or the plainest guess where it shows nothing.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

#: How late "late" is, in seconds.
LATE = 2.0


@dataclass(frozen=True)
class Reading:
    """One open question; ``values`` maps each answer to what the sandbox then does."""

    name: str
    question: str
    values: Mapping[str, str]
    pattern: str = r"(?!)"
    """What is accepted besides the listed values: nothing, as a rule."""
    also: str = ""
    """The pattern in words."""

    @property
    def default(self) -> str:
        """Return the value that is played when none is asked for."""
        return next(iter(self.values))

    @property
    def choices(self) -> str:
        """Name the values, for help texts and error messages."""
        return " | ".join([*self.values, *filter(None, [self.also])])

    def accepts(self, value: str) -> bool:
        """Tell whether the sandbox can play this value."""
        return value in self.values or re.fullmatch(self.pattern, value, re.ASCII) is not None


def _forms() -> dict[str, str]:
    """List R2's values: a form each for the allowed list's code, the catalogue's code and the catalogue's id."""
    described = ("string", "number", "string")
    every = [described, *(forms for forms in product(("string", "number"), repeat=3) if forms != described)]
    return {"/".join(forms): f"allowed code {forms[0]}, catalogue code {forms[1]}, id {forms[2]}" for forms in every}


_TABLE = [
    Reading(
        "R1",
        "the allowed list with nothing in it is",
        {"{}": "an object", "[]": "an array, as PHP writes an empty one", "null": "null"},
    ),
    Reading(
        "R2",
        "allowed code / catalogue code / catalogue id come as",
        _forms(),
        pattern="string|number",
        also="one word for all three",
    ),
    Reading(
        "R3",
        "the allowed list comes as",
        {"object": "an object keyed by code", "array": "an array of objects"},
    ),
    Reading(
        "R4",
        "DELETE of a code that is not allowed",
        {"200": "success", "404": "status 404 with `error`", "400": "status 400 with `message`"},
    ),
    Reading(
        "R5",
        "PUT of a direction that is allowed already",
        {"200": "success", "400": "status 400 with `message`"},
    ),
    Reading(
        "R6",
        "PUT of an unknown id",
        {"400": "status 400 with `message`", "ignored": "as if the id were not in the list"},
    ),
    Reading(
        "R7",
        "a write is visible in GET",
        {"now": "at once", "late": f"{LATE:g} seconds later"},
        pattern=r"[0-9]+(\.[0-9]+)?",
        also="seconds, as 1.5",
    ),
    Reading(
        "R8",
        "good answers carry `success`",
        {"yes": "`success: true` in each", "no": "no such key"},
    ),
    Reading(
        "R9",
        "a wrong token is answered with",
        {
            "401": "status 401 with `message`",
            "403": "status 403 with `message`",
            "500": "status 500 with `message`",
            "200": "status 200 with `success: false` and `message`",
        },
    ),
    Reading(
        "R10",
        "one bad element in a write of many",
        {
            "all": "refuses all: every element is judged before the first is taken",
            "good": "is reported, with the status that it would have alone; the good ones are taken, one by one",
        },
    ),
    Reading(
        "R11",
        "the home direction is",
        {"plain": "like any other", "always": "always allowed: DELETE answers success, but it stays"},
    ),
    Reading(
        "R12",
        "DELETE compares codes",
        {
            "loose": '36 and "36" are one',
            "strings": "a number matches nothing: it is a code that is not allowed (R4)",
            "numbers": "a string matches nothing: it is a code that is not allowed (R4)",
        },
    ),
    Reading(
        "R13",
        "of several catalogue rows with one code",
        {
            "any": "any one's id opens the code, and with it all of them",
            "each": "each id counts on its own; the list shows the code while any is open, DELETE closes all",
        },
    ),
    Reading(
        "R14",
        "both lists come",
        {
            "whole": "in one answer",
            "data": "in pages, rows under `data` beside `current_page`, `last_page`, `next_page_url`",
            "directions": "in the same pages, rows under `directions`",
            "nested": "in pages of the form `data`, each one the value of `directions`",
            "meta": "in pages with `data`, `links.next`, `meta.current_page`, `meta.last_page`",
            "beside": "as `meta`, but the rows stand in `directions.data`, beside which `links` and `meta` stand",
            "foreign": "as `data`, but the next page is on another host",
        },
    ),
]

#: Every reading by its name.
READINGS: Mapping[str, Reading] = {reading.name: reading for reading in _TABLE}


class Readings(Mapping[str, str]):
    """One value for every reading: the defaults but for the changes given."""

    def __init__(self, changes: Mapping[str, str] | None = None) -> None:
        self._values = {name: reading.default for name, reading in READINGS.items()}
        for name, value in (changes or {}).items():
            self._values[name] = _checked(name, str(value))

    def changed(self, changes: Mapping[str, str]) -> Readings:
        """Return these readings with some of them changed."""
        return Readings({**self._values, **changes})

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def delay(self) -> float:
        """Return R7 in seconds."""
        words = {"now": 0.0, "late": LATE}
        return words[self["R7"]] if self["R7"] in words else float(self["R7"])

    @property
    def forms(self) -> tuple[str, str, str]:
        """Return R2 as the forms of the allowed list's code, the catalogue's code and the catalogue's id."""
        words = self["R2"].split("/")
        return (words[0], words[0], words[0]) if len(words) == 1 else (words[0], words[1], words[2])


def parse(texts: Iterable[str]) -> dict[str, str]:
    """Read ``R4=404`` and the like, as the command line gives them."""
    changes = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise ValueError(f"a reading is written NAME=VALUE, as R4=404, not {text!r}")
        changes[name] = _checked(name, value)
    return changes


def summary() -> str:
    """List every reading with its values below its question, the default first."""
    indent = " " * 9
    lines = []
    for reading in READINGS.values():
        lines.append(f"  {reading.name:<4} {reading.question}:")
        lines.append(textwrap.fill(reading.choices, 100, initial_indent=indent, subsequent_indent=indent))
    return "\n".join(lines)


def _checked(name: str, value: str) -> str:
    reading = READINGS.get(name)
    if reading is None:
        raise ValueError(f"no reading is called {name!r}; there are {', '.join(READINGS)}")
    if not reading.accepts(value):
        raise ValueError(f"{name} cannot be {value!r}; it is one of: {reading.choices}")
    return value
