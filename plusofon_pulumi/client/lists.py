"""Lists: the rows of the API's two lists, page by page where Laravel's paginator cuts them, read into directions.

Half a list must never pass for the whole, nor an error for an empty list. Keys that are not known are ignored.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from plusofon_pulumi.directions import Direction, normalise_code, one_line
from plusofon_pulumi.errors import InvalidCallingCodeError

# A row, and the key that it stands under if the list is an object.
Row = tuple["str | None", object]
Parse = Callable[[list[Row]], list[Direction]]


class UnusableError(Exception):
    """Refuse an answer that is not a list, or not certainly the whole one; the text says why."""


def read_rows(get_page: Callable[[int], object]) -> list[Row]:
    """Return all rows of a list; ``get_page`` brings the answer for a page number, from 1 on."""
    rows: list[Row] = []
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
        current, last = _whole_number(paginator["current_page"]), _whole_number(paginator["last_page"])
        if current != page or last is None:
            raise UnusableError(f"page {page} was asked for, page {paginator['current_page']!r} came")
        if page >= last:
            _check_total(rows, paginator.get("total"))
            return rows
        page += 1


def _paginator(answer: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return where Laravel's paginator tells of its pages: at the top, in ``meta`` or beside the rows."""
    for place in (answer, answer.get("meta"), answer.get("directions")):
        if isinstance(place, dict) and "current_page" in place and "last_page" in place:
            return place
    return None


def _goes_on(answer: Mapping[str, Any]) -> bool:
    """Return True if an answer without page numbers says that more rows follow."""
    links = answer.get("links")
    link = {"next_page_url": links.get("next")} if isinstance(links, dict) else None
    places = [
        place for place in (answer, answer.get("meta"), answer.get("directions"), link) if isinstance(place, dict)
    ]
    return any(place.get(key) for place in places for key in ("next_page_url", "next_cursor", "has_more"))


def _rows(answer: Mapping[str, Any]) -> list[Row]:
    """Return the rows of one answer: those of ``directions``, of ``directions.data``, or of ``data``."""
    if "directions" not in answer and "data" not in answer:
        raise UnusableError("it has no «directions»")
    content = answer.get("directions", answer.get("data"))
    if isinstance(content, dict) and "data" in content:
        content = content["data"]
    if not isinstance(content, (dict, list, type(None))):
        raise UnusableError("«directions» is neither an object nor an array")
    if not content:
        _check_empty(answer, content)
        return []
    return list(content.items()) if isinstance(content, dict) else [(None, row) for row in content]


def _check_empty(answer: Mapping[str, Any], content: object) -> None:
    """Refuse an answer without rows that is not certainly an empty list: nothing open would close or open codes."""
    is_success = answer.get("success") is True
    if "directions" not in answer and _paginator(answer) is None:
        raise UnusableError("it has no «directions»")
    if content is None and not is_success:
        raise UnusableError("«directions» is null")
    is_bad = any(_is_bad_status(answer.get(key)) for key in ("code", "status"))
    if answer.get("errors") or is_bad or (answer.get("message") and not is_success):
        raise UnusableError("it is empty, but says that something is wrong")


def _is_bad_status(status: object) -> bool:
    number = _whole_number(status)
    if number is not None:
        return number >= 400
    return status is False or (isinstance(status, str) and status.lower() not in ("ok", "success"))


def _check_total(rows: list[Row], total: object) -> None:
    """Refuse pages that do not make up the list: a row that is there twice, because the list changed, hides another."""
    found = len({repr(row) for row in rows})
    if total is not None and _whole_number(total) != found:
        raise UnusableError(f"it says that there are {total} rows, but its pages have {found}; try again")


def _whole_number(value: object) -> int | None:
    return int(str(value)) if re.fullmatch("[0-9]+", str(value)) else None


def open_list(rows: list[Row]) -> list[Direction]:
    """Return the open directions; a row that cannot be understood is an error, for it may be the one that matters."""
    return [_direction(row, key) for key, row in rows]


def catalogue(rows: list[Row]) -> list[Direction]:
    """Return the catalogue's rows; one without a usable id or code is left out: nobody could open it anyway."""
    read = []
    for _, row in rows:
        with contextlib.suppress(UnusableError):
            read.append(_direction(row, None))
    usable = [direction for direction in read if direction.id is not None]
    if not usable:
        raise UnusableError("the catalogue has no entry with an id and a calling code")
    return usable


def _direction(row: object, key: str | None) -> Direction:
    """Return the direction that a row describes.

    A row without ``code`` has the key that it stands under: the list of open directions is an object keyed by code.
    """
    if not isinstance(row, dict):
        raise UnusableError("an entry is not an object")
    code, id_ = row.get("code", key), row.get("id")
    if isinstance(code, bool) or not isinstance(code, (str, int)):
        raise UnusableError("an entry has no code")
    usable_id = id_ if isinstance(id_, (str, int)) else None
    try:
        return Direction(normalise_code(code), _name(row.get("name")), _name(row.get("english_name")), usable_id, code)
    except InvalidCallingCodeError as error:
        raise UnusableError(f"an entry's code is wrong: {error}") from None


def _name(value: object) -> str:
    return one_line(value, 100) if isinstance(value, str) else ""
