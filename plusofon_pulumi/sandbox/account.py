"""The account: which directions are open, what a write does to them, and what GET then shows. No HTTP here."""

from __future__ import annotations

import json
import re
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from .readings import Readings


@dataclass(frozen=True)
class Row:
    """One row of the catalogue; several may share a code."""

    id: str
    name: str
    english_name: str
    code: str


class Change(NamedTuple):
    """One change of what is truly open: ``event`` is "open" or "close", ``by`` is "api" or "owner"."""

    event: str
    codes: list[str]
    by: str


@cache
def catalogue() -> tuple[Row, ...]:
    """Load the catalogue that ``tools/make_catalogue.py`` wrote."""
    text = Path(__file__).with_name("catalogue.json").read_text(encoding="utf-8")
    return tuple(Row(**row) for row in json.loads(text))


class Account:
    """One account's open directions under the readings given.

    Each write returns its objections, in the API's words: none if all was well.
    """

    def __init__(self, codes: Iterable[str | int], readings: Readings, *, home: str) -> None:
        self._lock = threading.RLock()
        self._rows = {row.id: row for row in catalogue()}
        self._ids: dict[str, list[str]] = {}
        for row in catalogue():
            self._ids.setdefault(row.code, []).append(row.id)
        (self._home,) = plain_codes([home])
        self._readings = readings
        self._open: dict[str, frozenset[str]] = {}
        self._shown: list[tuple[float, dict[str, frozenset[str]]]] = []
        self._history: list[Change] = []
        self.reset(codes, readings)

    # What the account's owner does and sees

    @property
    def open_codes(self) -> frozenset[str]:
        """Return what is truly open now, whatever GET shows."""
        with self._lock:
            return frozenset(self._open)

    @property
    def history(self) -> list[Change]:
        """Return every change of what is open since the last reset."""
        with self._lock:
            return list(self._history)

    @property
    def readings(self) -> Readings:
        """The readings in force."""
        return self._readings

    @readings.setter
    def readings(self, readings: Readings) -> None:
        with self._changing("owner"):
            self._readings = readings
            self._keep_home()

    def set_open(self, codes: Iterable[str | int]) -> None:
        """Make exactly these codes open, visible at once."""
        wanted = plain_codes(codes)
        with self._changing("owner"):
            self._open = {code: self._all_ids(code) for code in wanted}
            self._keep_home()

    def reset(self, codes: Iterable[str | int], readings: Readings) -> None:
        """Start anew with these codes and readings, and no history."""
        with self._lock:
            self._readings = readings
            self.set_open(codes)
            self._history.clear()

    # What the API does and shows

    def allowed(self) -> list[Row]:
        """Return one row for each code that GET shows at this moment, by number."""
        with self._lock:
            now = time.monotonic()
            newest = max(place for place, (due, _) in enumerate(self._shown) if due <= now)
            del self._shown[:newest]
            shown = self._shown[0][1]
        return [self._face(code, shown[code]) for code in sorted(shown, key=int)]

    def open_ids(self, ids: Sequence[str | int]) -> list[str]:
        """Open directions by their catalogue ids, as PUT does."""
        with self._changing("api"):
            return self._write(ids, self._objection_to_open, self._take_open)

    def close_codes(self, codes: Sequence[str | int]) -> list[str]:
        """Close directions by their calling codes, as DELETE does."""
        with self._changing("api"):
            return self._write(codes, self._objection_to_close, self._take_close)

    def _write(
        self,
        elements: Sequence[str | int],
        objection: Callable[[str | int], str | None],
        take: Callable[[str | int], None],
    ) -> list[str]:
        """Play R10. Taken one by one, an element is judged by what its neighbours before it have done."""
        objections = []
        if self._readings["R10"] == "all":
            objections = [words for element in elements if (words := objection(element))]
            if not objections:
                for element in elements:
                    take(element)
            return objections
        for element in elements:
            if words := objection(element):
                objections.append(words)
            else:
                take(element)
        return objections

    def _objection_to_open(self, given: str | int) -> str | None:
        row = self._rows.get(str(given))
        if row is None:
            return f"Направление {given} не найдено" if self._readings["R6"] == "400" else None
        is_open = row.id in self._open.get(row.code, ())
        return f"Направление {given} уже разрешено" if is_open and self._readings["R5"] == "400" else None

    def _take_open(self, given: str | int) -> None:
        row = self._rows.get(str(given))
        if row is None:
            return
        ids = self._all_ids(row.code) if self._readings["R13"] == "any" else frozenset({row.id})
        self._open[row.code] = self._open.get(row.code, frozenset()) | ids

    def _objection_to_close(self, given: str | int) -> str | None:
        if self._readings["R4"] == "200" or self._match(given) in self._open:
            return None
        return f"Направление {given} не разрешено"

    def _take_close(self, given: str | int) -> None:
        code = self._match(given)
        if code is not None and not self._stays(code):
            self._open.pop(code, None)

    def _match(self, given: str | int) -> str | None:
        """Play R12: return the code that this element means, or nothing if its type rules it out."""
        wanted = {"loose": (str, int), "strings": (str,), "numbers": (int,)}[self._readings["R12"]]
        return str(given) if isinstance(given, wanted) else None

    def _stays(self, code: str) -> bool:
        return code == self._home and self._readings["R11"] == "always"

    def _keep_home(self) -> None:
        if self._readings["R11"] == "always":
            self._open[self._home] = self._all_ids(self._home)

    def _all_ids(self, code: str) -> frozenset[str]:
        return frozenset(self._ids.get(code, ()))

    def _face(self, code: str, ids: frozenset[str]) -> Row:
        """Choose the row that stands for a code in the allowed list."""
        if not ids:  # open in the account, though the catalogue has dropped it
            return Row("", f"Направление {code}", f"Direction {code}", code)
        return self._rows[min(ids, key=int)]

    @contextmanager
    def _changing(self, by: str) -> Iterator[None]:
        """Hold the lock, then note what changed and when GET will show it."""
        with self._lock:
            before = dict(self._open)
            yield
            after = dict(self._open)
            for event, codes in (("close", before.keys() - after.keys()), ("open", after.keys() - before.keys())):
                if codes:
                    self._history.append(Change(event, sorted(codes, key=int), by))
            if by == "owner":
                self._shown = [(0.0, after)]
            elif before != after:
                self._shown.append((time.monotonic() + self._readings.delay, after))


def plain_codes(codes: Iterable[str | int]) -> list[str]:
    """Return the codes as the API writes them, or fail on what can be none."""
    if isinstance(codes, (str, bytes)):
        raise TypeError(f'codes are a list, as ["7", "36"], not {codes!r}')
    plain = [str(code) for code in codes]
    for code in plain:
        if not re.fullmatch(r"[1-9][0-9]{0,14}", code):
            raise ValueError(f"a calling code is 1 to 15 digits without + and without a leading 0, not {code!r}")
    return plain
