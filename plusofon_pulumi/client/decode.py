"""Reading the API's answers: what is open, what exists, and lists in pages, in every form that they may come in.

Pure functions; whatever cannot be understood is an error, for half a list must never pass for the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from plusofon_pulumi.directions import Direction, normalise_code
from plusofon_pulumi.errors import InvalidCallingCodeError, UnexpectedResponseError
from plusofon_pulumi.settings import split_url

Row = tuple["str | None", object]
Refuse = Callable[[str], UnexpectedResponseError]


class OddRowError(ValueError):
    """Say that a row of a list cannot be understood."""


@dataclass(frozen=True, slots=True)
class Page:
    """Hold one answer's rows, the query that asks for the next page (None: it was the last), and the stated total."""

    rows: list[Row]
    next_query: dict[str, str] | None
    total: int | None


def page(answer: object, host: str, refuse: Refuse, *, expected: int) -> Page:
    """Return the rows of one answer and how to ask for the next.

    A list comes whole, or in the pages of Laravel's paginators: the counters at the top level, under ``directions``, or
    under ``meta`` and ``links``; the rows under ``data`` or ``directions``. ``host`` is the API's own: a next page
    elsewhere is refused. ``expected`` is the number of the page asked for.
    """
    if not isinstance(answer, dict):
        raise refuse("it is not a JSON object")
    inner = answer.get("directions")
    paginator = inner if isinstance(inner, dict) and "data" in inner else answer
    counters = _counters(paginator)
    if "data" in paginator and (counters or "directions" not in paginator):
        content = paginator["data"]
    elif "directions" in paginator:
        content = paginator["directions"]
    else:
        raise refuse("it has no «directions»")
    number = _whole(counters.get("current_page"))
    if number is not None and number != expected:
        raise refuse(f"page {expected} was asked for, page {number} came")
    rows = _rows_of(content, refuse)
    _refuse_half_lists(answer, rows, counters, refuse)
    return Page(rows, _next_query(counters, host, refuse, expected), _whole(counters.get("total")))


# What other kinds of paging tell of a next part.
_OTHER_PAGING = ("next", "next_cursor", "cursor", "next_page", "has_more", "pagination", "pages", "total_pages")


def _refuse_half_lists(answer: Mapping[str, Any], rows: list[Row], counters: object, refuse: Refuse) -> None:
    """Refuse an answer that may be less than the list: an error under a good status, or pages of a kind not known."""
    code = _whole(answer.get("code")) or 0
    if not rows and not counters and "directions" not in answer:
        raise refuse("it has no «directions»")
    if not rows and (answer.get("message") or answer.get("errors") or code >= 400):
        raise refuse("it is empty, but says that something is wrong")
    meta = answer.get("meta")
    for source in (answer, meta):
        if not counters and isinstance(source, dict) and any(source.get(key) for key in _OTHER_PAGING):
            raise refuse("it seems to come in parts, of a kind that is not known")


def _counters(paginator: Mapping[str, Any]) -> dict[str, Any]:
    """Return a paginator's counters from wherever they are; empty where the list comes whole."""
    meta, links = paginator.get("meta"), paginator.get("links")
    found: dict[str, Any] = {}
    for source in (paginator, meta):
        if isinstance(source, dict):
            found |= {k: source[k] for k in ("current_page", "last_page", "next_page_url", "total") if k in source}
    if isinstance(links, dict) and "next" in links:
        found.setdefault("next_page_url", links["next"])
    return found


def _next_query(counters: dict[str, Any], host: str, refuse: Refuse, expected: int) -> dict[str, str] | None:
    url, last = counters.get("next_page_url"), _whole(counters.get("last_page"))
    if isinstance(url, str) and url:
        try:
            parts = split_url(url)
        except ValueError:
            parts = None
        if parts is None:
            raise refuse("its next page's address is not a URL")
        if parts.hostname and parts.hostname != host:
            raise refuse(f"its next page is on another host ({parts.hostname}), where the token is not sent")
        # Only the query is taken over: the next page is asked for where this one was.
        query = dict(parse_qsl(parts.query))
        return query or {"page": str(expected + 1)}
    return {"page": str(expected + 1)} if last is not None and last > expected else None


def _rows_of(content: object, refuse: Refuse) -> list[Row]:
    if content is None:
        return []
    if isinstance(content, dict):
        return list(content.items())
    if isinstance(content, list):
        return [(None, row) for row in content]
    raise refuse("«directions» is neither an object nor an array")


def _whole(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 9:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def direction(row: object, key: str | None = None) -> Direction:
    """Return the direction that a row describes.

    A row without ``code`` takes the key that it stood under: the list of open directions is an object keyed by code.
    Raises OddRowError where it has no usable code.
    """
    if not isinstance(row, dict):
        raise OddRowError("an entry is not an object")
    api_code = row.get("code", key)
    if isinstance(api_code, bool) or not isinstance(api_code, (str, int)):
        raise OddRowError("an entry has no code")
    try:
        code = normalise_code(api_code)
    except InvalidCallingCodeError:
        # Whole and as it is: it is cut where the token is taken out, and after that.
        raise OddRowError(f"an entry's code, «{_name(str(api_code))}», is not a calling code") from None
    api_id = row.get("id")
    usable_id = api_id if isinstance(api_id, (str, int)) and not isinstance(api_id, bool) and api_id != "" else None
    return Direction(code, _name(row.get("name")), _name(row.get("english_name")), usable_id, api_code)


def _name(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def open_list(rows: list[Row], refuse: Refuse) -> list[Direction]:
    """Return the open directions; one that cannot be understood is an error, for it may be the one that matters."""
    try:
        return [direction(row, key) for key, row in rows]
    except OddRowError as error:
        why = str(error)
    # Raised here, outside of the `except`: what could not be understood may quote the token.
    raise refuse(why)


def catalogue(rows: list[Row], refuse: Refuse) -> list[Direction]:
    """Return the catalogue's rows; one without a usable id or code is left out: nobody could open it anyway."""
    usable: list[Direction] = []
    why = "an entry has no id"
    for _, row in rows:
        try:
            found = direction(row)
        except OddRowError as error:
            why = str(error)
            continue
        if found.id is not None:
            usable.append(found)
    if not usable:
        raise refuse(why if rows else "the catalogue is empty")
    return usable
