"""The readings: what the API's description leaves open, and the answers that the sandbox can simulate.

The first value of each is the default: what the description shows, or else the plainest guess (docs/readings.md).
"""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import NamedTuple

# The first is as the description shows them.
_TYPES = ("string", "number")
_R2 = ["/".join(types) for types in itertools.product(_TYPES, _TYPES[::-1], _TYPES)]
# Where the rows and the page numbers stand in an answer (api.py).
_PAGED = ["data", "directions", "nested", "enveloped", "meta", "beside"]


class Reading(NamedTuple):
    """One open question and the values that answer it; ``pattern`` allows more values, and ``also`` describes them."""

    name: str
    question: str
    values: list[str]
    pattern: str = r"(?!)"
    also: str = ""

    @property
    def choices(self) -> str:
        """The values, for help texts and error messages."""
        return " | ".join(filter(None, [*self.values, self.also]))


#: Every reading by its name.
READINGS = {
    reading.name: reading
    for reading in (
        Reading("R1", "the allowed list with nothing in it is", ["{}", "[]", "null"]),
        Reading("R2", "allowed code / catalogue code / catalogue id come as", _R2, "string|number", "one word for all"),
        Reading("R3", "the allowed list comes as", ["object", "array"]),
        Reading("R4", "DELETE of a code that is not allowed", ["200", "404", "400"]),
        Reading("R5", "PUT of a direction that is allowed already", ["200", "400"]),
        Reading("R6", "PUT of an unknown id", ["400", "ignored"]),
        Reading("R7", "a write is visible in GET", ["now", "late"], r"[0-9]+(\.[0-9]+)?", "seconds, as 1.5"),
        Reading("R8", "good answers carry `success`", ["yes", "no"]),
        Reading("R9", "a wrong token is answered with", ["401", "403", "500", "200"]),
        Reading("R10", "one bad element in a write of many", ["all", "good"]),
        Reading("R11", "the home direction is", ["plain", "always"]),
        Reading("R12", "DELETE compares codes", ["loose", "strings", "numbers"]),
        Reading("R13", "of several catalogue rows with one code", ["any", "each"]),
        Reading("R14", "both lists come", ["whole", *_PAGED, "cursor"]),
        Reading("R15", "PUT", ["adds", "replaces"]),
    )
}


class Readings(dict[str, str]):
    """One value for every reading: the defaults, with some changed. Raises ValueError for an unknown name or value."""

    def __init__(self, changes: Mapping[str, object] | None = None) -> None:
        super().__init__({name: reading.values[0] for name, reading in READINGS.items()})
        for name, value in (changes or {}).items():
            if name not in READINGS:
                raise ValueError(f"no reading is called {name!r}; there are {', '.join(READINGS)}")
            reading, self[name] = READINGS[name], str(value)
            if self[name] not in reading.values and not re.fullmatch(reading.pattern, self[name], re.ASCII):
                raise ValueError(f"{name} cannot be {value!r}; it is one of: {reading.choices}")

    @property
    def delay(self) -> float:
        """R7 in seconds."""
        return {"now": 0.0, "late": 2.0}[self["R7"]] if self["R7"].isalpha() else float(self["R7"])


def parse(texts: Iterable[str]) -> Readings:
    """Parse ``R4=404`` and the like, as the command line gives them."""
    return Readings(dict(text.partition("=")[::2] for text in texts))


def summary() -> str:
    """List every reading with its values below its question, the default first."""
    return "\n".join(
        f"  {name:<4} {reading.question}:\n{textwrap.indent(textwrap.fill(reading.choices, 91), ' ' * 9)}"
        for name, reading in READINGS.items()
    )
