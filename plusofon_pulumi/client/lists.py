"""Lists: the rows of the API's two lists, from all pages of Laravel's paginator, read into directions.

Half a list must never pass for the whole, nor an error for an empty list. Unknown keys are ignored.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from plusofon_pulumi.directions import Direction, normalise_code, one_line
from plusofon_pulumi.errors import InvalidCallingCodeError

Parse = Callable[[list[Any]], list[Direction]]
Answer = Mapping[str, Any]


class UnusableError(Exception):
    """An answer that is not a list, or may not be the whole list; the text says why."""


def read_rows(get_page: Callable[[int], object]) -> list[Any]:
    """Return all rows of a list; ``get_page`` returns the answer for a page number, from 1 on."""
    rows: list[Any] = []
    page = 1
    while True:
        answer = get_page(page)
        if not isinstance(answer, dict):
            raise UnusableError("it is not a JSON object")
        rows += _rows(answer)
        paginator = _paginator(answer)
        if paginator is None:
            if page > 1 or _goes_on(answer):
                raise UnusableError("it comes in parts, and does not say how to get the rest")
            return rows
        last = str(paginator["last_page"])
        if str(paginator["current_page"]) != str(page) or not last.isdecimal():
            raise UnusableError(f"page {page} was asked for, page {paginator['current_page']!r} came")
        if page >= int(last):
            # A list that changes between two pages may give one row twice and leave another out.
            total, found = paginator.get("total"), len({repr(row) for row in rows})
            if total is not None and str(total) != str(found):
                raise UnusableError(f"it says that there are {total} rows, but its pages have {found}; try again")
            return rows
        page += 1


def _places(answer: Answer) -> list[Answer]:
    """Return where page numbers may stand: at the top, beside the rows, and in the ``meta`` of either."""
    tops = [each for each in (answer, answer.get("directions", answer.get("data"))) if isinstance(each, dict)]
    return tops + [top["meta"] for top in tops if isinstance(top.get("meta"), dict)]


def _paginator(answer: Answer) -> Answer | None:
    return next((each for each in _places(answer) if "current_page" in each and "last_page" in each), None)


def _goes_on(answer: Answer) -> bool:
    """Return True if an answer without page numbers says that more rows follow."""
    places = _places(answer)
    signs = [place.get(key) for place in places for key in ("next_page_url", "next_cursor", "has_more")]
    links = [place.get("links") for place in places]
    return any(signs) or any(each.get("next") for each in links if isinstance(each, dict))


def _rows(answer: Answer) -> list[Any]:
    """Return the rows of one answer: those of ``directions``, of ``directions.data``, or of ``data``."""
    content = answer.get("directions", answer.get("data"))
    if isinstance(content, dict) and "data" in content:
        content = content["data"]
    if not isinstance(content, (dict, list, type(None))):
        raise UnusableError("«directions» is neither an object nor an array")
    if not content:
        _check_empty(answer, content)
    if not isinstance(content, dict):
        return content or []
    # The list of open directions is keyed by code.
    return [{"code": key, **row} if isinstance(row, dict) else row for key, row in content.items()]


def _check_empty(answer: Answer, content: object) -> None:
    """Refuse an answer without rows that may not be an empty list."""
    if "directions" not in answer and ("data" not in answer or _paginator(answer) is None):
        raise UnusableError("it has no «directions»")
    is_success = answer.get("success") is True
    if content is None and not is_success:
        raise UnusableError("«directions» is null")
    words = [str(answer.get(key)).lower() for key in ("code", "status")]
    is_good = all(re.fullmatch("[123]?[0-9]?[0-9]|none|ok|success|true", word) for word in words)
    if answer.get("errors") or not is_good or (answer.get("message") and not is_success):
        raise UnusableError("it is empty, but says that something is wrong")


def open_list(rows: list[Any]) -> list[Direction]:
    """Return the open directions; any row that cannot be read is an error, for that code is open, too."""
    return [_direction(row) for row in rows]


def catalogue(rows: list[Any]) -> list[Direction]:
    """Return the catalogue's rows, except those without a usable id or code, which nobody could open."""
    found = []
    for row in rows:
        with contextlib.suppress(UnusableError):
            found.append(_direction(row))
    usable = [direction for direction in found if direction.id is not None]
    if not usable:
        raise UnusableError("the catalogue has no entry with an id and a calling code")
    return usable


def _direction(row: object) -> Direction:
    if not isinstance(row, dict):
        raise UnusableError("an entry is not an object")
    code, id_ = row.get("code"), row.get("id")
    if isinstance(code, bool) or not isinstance(code, (str, int)):
        raise UnusableError("an entry has no code")
    name, english_name = (one_line(str(row.get(key) or ""), 100) for key in ("name", "english_name"))
    try:
        return Direction(normalise_code(code), name, english_name, id_ if isinstance(id_, (str, int)) else None, code)
    except InvalidCallingCodeError as error:
        raise UnusableError(f"an entry's code is wrong: {error}") from None
