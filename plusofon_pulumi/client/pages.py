"""A list in one answer, or in several pages: which rows an answer holds, and what to ask for next.

Half a list must never pass for the whole: all that an answer says of its pages must agree, or it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from plusofon_pulumi.client.counters import Refuse, Told, letters, told_by, whole_number
from plusofon_pulumi.settings import split_url

# A row, and the key that it stood under where the list is an object.
Row = tuple["str | None", object]

# A list that goes on beyond this many pages is not one of the world's calling codes.
MOST_PAGES = 100


class Listing:
    """Gather a list, answer by answer: while it is not whole, ``query`` asks for what is still to come.

    ``host`` is the API's own: a next page elsewhere is refused.
    """

    def __init__(self, host: str, refuse: Refuse) -> None:
        self._host = host
        self._refuse = refuse
        self._number = 0
        self._asked: list[dict[str, str] | None] = []
        self._sizes: tuple[set[int], set[int]] | None = None
        self._seen: dict[str, set[str]] = {}
        self.rows: list[Row] = []
        self.query: dict[str, str] | None = None
        self.is_whole = False

    def add(self, answer: object) -> None:
        """Take the answer to ``query``."""
        if not isinstance(answer, dict):
            raise self._refuse("it is not a JSON object")
        self._number += 1
        self._asked.append(self.query)
        rows = _rows(answer, self._refuse)
        told = told_by(answer, self._refuse)
        self._see_that_it_fits(told, len(rows))
        self.query = self._next_query(told)
        if not rows:
            self._see_that_it_may_be_empty(answer, told)
        self._take(rows)
        self.is_whole = self.query is None
        if self.is_whole:
            # What is there twice stands in the place of something else.
            found = len({repr(row) for row in self.rows}) if told.totals else 0
            self._see_that_there_are(found, told.totals)

    def _see_that_it_fits(self, told: Told, rows: int) -> None:
        """Refuse another page than the one asked for, another list than the one begun, and a page that lacks rows."""
        for number in told.numbers:
            if number != self._number:
                raise self._refuse(f"page {self._number} was asked for, page {number} came")
        sizes = set(told.lasts), set(told.totals)
        self._sizes = self._sizes or sizes
        if sizes != self._sizes:
            raise self._refuse("it changed while its pages were read; try again")
        self._see_that_there_are(rows, told.counts)

    def _see_that_there_are(self, found: int, told: list[int]) -> None:
        for number in told:
            if number != found:
                raise self._refuse(f"it says that there are {number} rows, but gives {found}")

    def _next_query(self, told: Told) -> dict[str, str] | None:
        """Return the query that asks for the next page; None where there is none."""
        following = self._number + 1
        queries = [self._query_of(url) for url in told.next if url]
        says = {bool(text) for text in told.next + told.cursors} | {last >= following for last in told.lasts}
        is_other_page = any("page" in query and whole_number(query["page"]) != following for query in queries)
        if len(says) > 1 or is_other_page or any(query != queries[0] for query in queries):
            raise self._refuse("what it says of its pages contradicts itself")
        # A total is an end, too: the rows are counted.
        has_end = says or told.totals or not (told.numbers or told.parts)
        if not has_end or (True in says and not queries and not told.lasts):
            raise self._refuse("it does not say whether and where it goes on")
        if True not in says:
            return None
        query = (queries and queries[0]) or {"page": str(following)}
        if query in self._asked or self._number == MOST_PAGES:
            raise self._refuse("its pages do not come to an end")
        return query

    def _query_of(self, url: str) -> dict[str, str]:
        """Return a next page's query; only that is taken over: the page is asked for where this one was."""
        parts = split_url(url)
        if parts is None:
            raise self._refuse("its next page's address is not a URL")
        if parts.hostname and parts.hostname != self._host:
            raise self._refuse(f"its next page is on another host ({parts.hostname}), where the token is not sent")
        return dict(parse_qsl(parts.query))

    def _see_that_it_may_be_empty(self, answer: Mapping[str, Any], told: Told) -> None:
        """Refuse an answer without rows that may be an error under a good status, or not the list at all."""
        if self.query is not None:
            raise self._refuse("a page of it is empty, but others are to follow")
        if "directions" not in answer and not (told.next or told.cursors or told.lasts or told.totals):
            raise self._refuse("it has no «directions»")
        places = [answer, *(answer.get(key) for key in ("directions", "data", "meta"))]
        if any(_says_that_something_is_wrong(place) for place in places if isinstance(place, dict)):
            raise self._refuse("it is empty, but says that something is wrong")

    def _take(self, rows: list[Row]) -> None:
        """Add rows; refuse one that an earlier page has: the page asked for may not have come at all."""
        new = [_identity(key, row) for key, row in rows if isinstance(row, dict)]
        for identity, names in new:
            earlier = self._seen.get(identity, set())
            if names in earlier or (earlier and _NO_NAMES in {names, *earlier}):
                raise self._refuse(f"page {self._number} has rows of an earlier page")
        for identity, names in new:
            self._seen.setdefault(identity, set()).add(names)
        self.rows += rows


_NO_NAMES = repr((None, None))


def _identity(key: str | None, row: dict[str, Any]) -> tuple[str, str]:
    """Return what tells a row from others: its id, or else its code and names, for countries may share a code."""
    own = row.get("id")
    if own is None or own == "":
        return f"code {row.get('code', key)}", repr((row.get("name"), row.get("english_name")))
    return f"id {own}", _NO_NAMES


_BAD_WORDS = re.compile(r"\s*(?:error|fail|unauthori[sz]ed|forbidden|denied|invalid|exception)", re.IGNORECASE)
_STATUSES = ("status", "code", "statuscode", "ok", "result")


def _says_that_something_is_wrong(place: Mapping[str, Any]) -> bool:
    said = {letters(key): value for key, value in place.items()}
    if any(said.get(name) for name in ("error", "errors", "errormessage", "errorcode", "exception")):
        return True
    # A good answer may say «OK»; one that does not say that it is good may say why not.
    if said.get("success") is not True and (said.get("message") or said.get("msg")):
        return True
    return any(_is_bad_status(said.get(name)) for name in _STATUSES)


def _is_bad_status(status: object) -> bool:
    if isinstance(status, str) and _BAD_WORDS.match(status):
        return True
    return status is False or (whole_number(status) or 0) >= 400


def _is_code(key: str) -> bool:
    return re.fullmatch(r"\s*\+?\d[\d -]*", key) is not None


def _holds_rows(value: object) -> bool:
    """Tell whether something beside an empty list looks like what it should hold."""
    rows = value if isinstance(value, list) else [value]
    return any(isinstance(row, dict) and "code" in row and {"name", "english_name"} & row.keys() for row in rows)


def _rows(answer: dict[str, Any], refuse: Refuse) -> list[Row]:
    """Return the rows of one answer: of ``directions``, ``data``, or the ``data`` in ``directions``."""
    places = {key: answer[key] for key in ("directions", "data") if key in answer}
    beside = dict(answer)
    inner = answer.get("directions")
    if isinstance(inner, dict) and "data" in inner:
        places["directions"] = inner["data"]
        beside |= inner
    if not places:
        raise refuse("it has no «directions»")
    filled = [content for content in places.values() if content not in (None, [], {})]
    is_elsewhere = any(map(_is_code, beside)) or (not filled and any(map(_holds_rows, beside.values())))
    if len(filled) > 1 or is_elsewhere:
        raise refuse("it has rows in two places")
    content = filled[0] if filled else []
    if isinstance(content, dict):
        return list(content.items())
    if isinstance(content, list):
        return [(None, row) for row in content]
    raise refuse("«directions» is neither an object nor an array")
