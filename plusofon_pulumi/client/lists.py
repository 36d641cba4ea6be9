"""Lists: the rows of the API's two lists, page by page where Laravel's paginator cuts them, read into directions.

Half a list must never pass for the whole, nor an error for an empty list. Keys that are not known are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from plusofon_pulumi.directions import Direction, normalise_code, one_line
from plusofon_pulumi.errors import APIError, InvalidCallingCodeError

Refuse = Callable[[str], APIError]
# A row, and the key that it stands under if the list is an object.
Row = tuple["str | None", object]

_LONGEST_NAME = 100


def read_rows(get_page: Callable[[int], object], refuse: Refuse) -> list[Row]:
    """Return all rows of a list; ``get_page`` brings the answer for a page number, from 1 on.

    ``refuse`` makes the error for an answer that cannot be used.
    """
    rows: list[Row] = []
    page = 1
    while True:
        answer = get_page(page)
        if not isinstance(answer, dict):
            raise refuse("it is not a JSON object")
        paginator = _paginator(answer)
        found = _rows(answer, refuse)
        if not found:
            _check_empty(answer, paginator, refuse)
        rows += found
        if paginator is None:
            if _goes_on(answer):
                raise refuse("it comes in parts, and does not say how to get the rest")
            return rows
        current, last = _whole_number(paginator["current_page"]), _whole_number(paginator["last_page"])
        if current != page or last is None:
            raise refuse(f"page {page} was asked for, page {paginator['current_page']!r} came")
        if page >= last:
            _check_total(rows, paginator.get("total"), refuse)
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
    meta, links = answer.get("meta"), answer.get("links")
    places = [place for place in (answer, meta) if isinstance(place, dict)]
    keys = ("next_page_url", "next_cursor", "has_more")
    return any(place.get(key) for place in places for key in keys) or bool(
        isinstance(links, dict) and links.get("next")
    )


def _rows(answer: Mapping[str, Any], refuse: Refuse) -> list[Row]:
    """Return the rows of one answer: those of ``directions``, of ``directions.data``, or of ``data``."""
    if "directions" not in answer and "data" not in answer:
        raise refuse("it has no «directions»")
    content = answer.get("directions", answer.get("data"))
    if isinstance(content, dict) and "data" in content:
        content = content["data"]
    if isinstance(content, dict):
        return list(content.items())
    if isinstance(content, list):
        return [(None, row) for row in content]
    if content is None:
        return []
    raise refuse("«directions» is neither an object nor an array")


def _check_empty(answer: Mapping[str, Any], paginator: Mapping[str, Any] | None, refuse: Refuse) -> None:
    """Refuse an answer without rows that is not certainly an empty list: nothing open would close or open codes."""
    is_success = answer.get("success") is True
    if "directions" not in answer and paginator is None:
        raise refuse("it has no «directions»")
    if paginator is None and answer["directions"] is None and not is_success:
        raise refuse("«directions» is null")
    statuses = [_whole_number(answer.get(key)) or 0 for key in ("code", "status")]
    if answer.get("errors") or max(statuses) >= 400 or (answer.get("message") and not is_success):
        raise refuse("it is empty, but says that something is wrong")


def _check_total(rows: list[Row], total: object, refuse: Refuse) -> None:
    """Refuse pages that do not make up the list: a row that is there twice, because the list changed, hides another."""
    found = len({repr(row) for row in rows})
    if total is not None and _whole_number(total) != found:
        raise refuse(f"it says that there are {total} rows, but its pages have {found}; try again")


def _whole_number(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def open_list(rows: list[Row], refuse: Refuse) -> list[Direction]:
    """Return the open directions; a row that cannot be understood is an error, for it may be the one that matters."""
    read = [_direction(row, key) for key, row in rows]
    odd = [each for each in read if isinstance(each, str)]
    if odd:
        raise refuse(odd[0])
    return [each for each in read if isinstance(each, Direction)]


def catalogue(rows: list[Row], refuse: Refuse) -> list[Direction]:
    """Return the catalogue's rows; one without a usable id or code is left out: nobody could open it anyway."""
    read = [_direction(row, None) for _, row in rows]
    usable = [each for each in read if isinstance(each, Direction) and each.id is not None]
    if not usable:
        odd = [each for each in read if isinstance(each, str)]
        raise refuse(odd[0] if odd else "an entry has no id" if rows else "the catalogue is empty")
    return usable


def _direction(row: object, key: str | None) -> Direction | str:
    """Return the direction that a row describes, or what is wrong with the row.

    A row without ``code`` has the key that it stands under: the list of open directions is an object keyed by code.
    """
    if not isinstance(row, dict):
        return "an entry is not an object"
    api_code, api_id = row.get("code", key), row.get("id")
    if isinstance(api_code, bool) or not isinstance(api_code, (str, int)):
        return "an entry has no code"
    try:
        code = normalise_code(api_code)
    except InvalidCallingCodeError:
        return f"an entry's code, «{api_code}», is not a calling code"
    usable_id = api_id if isinstance(api_id, (str, int)) and not isinstance(api_id, bool) and api_id != "" else None
    return Direction(code, _name(row.get("name")), _name(row.get("english_name")), usable_id, api_code)


def _name(value: object) -> str:
    return one_line(value, _LONGEST_NAME) if isinstance(value, str) else ""
