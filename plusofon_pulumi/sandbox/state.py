"""What is open in the account, how a write changes it, and what GET then shows. No HTTP here."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

from plusofon_pulumi.directions import normalise_code

from .readings import Readings

Element = str | int
Codes = Iterable[Element]
_Open = dict[str, frozenset[str]]


class Row(NamedTuple):
    """One row of the catalogue; several may share a code."""

    id: str
    name: str
    english_name: str
    code: str


class Change(NamedTuple):
    """One change of what is open: ``event`` is "open" or "close", ``by`` is "api" or "owner"."""

    event: str
    codes: list[str]
    by: str


@cache
def catalogue() -> tuple[Row, ...]:
    """Load the catalogue that ``tools/make_catalogue.py`` wrote."""
    text = Path(__file__).with_name("catalogue.json").read_text(encoding="utf-8")
    return tuple(Row(**row) for row in json.loads(text))


class Account:
    """The open directions of one account, under the readings in force."""

    def __init__(self, *, home: str) -> None:
        self._lock = threading.RLock()
        self.rows = catalogue()
        self._by_id = {row.id: row for row in self.rows}
        self._ids: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
        for row in self.rows:
            self._ids[row.code] |= {row.id}
        self._home = normalise_code(home)
        #: The ids that keep each code open (R13), and what GET shows from which moment on (R7).
        self._open: _Open = {}
        self._shown: list[tuple[float, _Open]] = [(0.0, {})]
        self.readings = Readings()
        #: Every change since the last reset.
        self.history: list[Change] = []

    @property
    def open_codes(self) -> frozenset[str]:
        """What is open now, whatever GET shows under R7."""
        return frozenset(self._shown[-1][1])

    def set_open(self, codes: Codes) -> None:
        """Open exactly these codes, as the account's owner would by hand: visible at once, even under R7."""
        wanted = [normalise_code(code) for code in codes]
        with self._changing("owner"):
            self._open = {code: self._ids[code] for code in wanted}

    def set_readings(self, changes: Mapping[str, object]) -> None:
        """Change some of the readings; raise ValueError for an unknown one."""
        with self._changing("owner"):
            self.readings = Readings({**self.readings, **changes})

    def allowed(self) -> list[Row]:
        """Return one row for each code that GET shows now, ordered by code."""
        now = time.monotonic()
        shown = [state for due, state in self._shown if due <= now][-1]
        return [self._face(code, shown[code]) for code in sorted(shown, key=int)]

    def write(self, method: str, elements: Sequence[Element]) -> list[str]:
        """Open directions by catalogue ids (PUT) or close them by codes (DELETE); return the API's objections."""
        act = self._open_one if method == "PUT" else self._close_one
        with self._changing("api"):
            before = self._open
            start = {} if method == "PUT" and self.readings["R15"] == "replaces" else before
            self._open = dict(start)
            # R10: either all elements are judged before the first is taken, or each by what is open by then.
            judged = start if self.readings["R10"] == "all" else self._open
            objections = [words for element in elements if (words := act(element, judged))]
            if objections and self.readings["R10"] == "all":
                self._open = before
            return objections

    def _open_one(self, given: Element, judged: _Open) -> str | None:
        row = self._by_id.get(str(given))
        if row is None:
            return f"Направление {given} не найдено" if self.readings["R6"] == "400" else None
        if self.readings["R5"] == "400" and row.id in judged.get(row.code, ()):
            return f"Направление {given} уже разрешено"
        ids = self._ids[row.code] if self.readings["R13"] == "any" else {row.id}
        self._open[row.code] = self._open.get(row.code, frozenset()) | ids
        return None

    def _close_one(self, given: Element, judged: _Open) -> str | None:
        types = {"loose": (str, int), "strings": (str,), "numbers": (int,)}[self.readings["R12"]]
        code = str(given) if isinstance(given, types) else ""
        if self.readings["R4"] != "200" and code not in judged:
            return f"Направление {given} не разрешено"
        self._open.pop(code, None)
        return None

    def _face(self, code: str, ids: frozenset[str]) -> Row:
        """Return the row that the allowed list shows for a code; the catalogue may lack it."""
        return self._by_id[min(ids, key=int)] if ids else Row("", f"Направление {code}", f"Direction {code}", code)

    @contextmanager
    def _changing(self, by: str) -> Iterator[None]:
        """Hold the lock; afterwards record what changed, and when GET will show it."""
        with self._lock:
            yield
            if self.readings["R11"] == "always":
                self._open[self._home] = self._ids[self._home]
            before, after = self._shown[-1][1], dict(self._open)
            for event, codes in (("close", before.keys() - after.keys()), ("open", after.keys() - before.keys())):
                if codes:
                    self.history = [*self.history, Change(event, sorted(codes, key=int), by)]
            if by == "owner":
                self._shown = [(0.0, after)]
            elif before != after:
                self._shown.append((time.monotonic() + self.readings.delay, after))
