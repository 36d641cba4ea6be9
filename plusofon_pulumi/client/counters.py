"""What an answer says of its pages: counters, addresses, and every other sign that more of a list may follow.

It may stand in the answer itself, in ``meta``, ``info`` and ``links`` beside the rows, or in what the rows stand in.
What speaks of pages and is not understood is refused; any other key is nobody's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from plusofon_pulumi.errors import UnexpectedResponseError

Refuse = Callable[[str], UnexpectedResponseError]


@dataclass(frozen=True, slots=True)
class Told:
    """Hold all that one answer says of its pages; each may be said several times, in several places.

    ``next`` and ``cursors`` have an empty text where the answer says that nothing follows; ``totals`` are of all pages,
    ``counts`` of this answer; ``parts`` say that there are pages, but neither how many nor where.
    """

    numbers: list[int] = field(default_factory=list)
    lasts: list[int] = field(default_factory=list)
    next: list[str] = field(default_factory=list)
    cursors: list[str] = field(default_factory=list)
    totals: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    parts: list[object] = field(default_factory=list)


def told_by(answer: Mapping[str, Any], refuse: Refuse) -> Told:
    """Return what an answer says of its pages, wherever it stands; refuse what speaks of them and is not understood."""
    told = Told()
    for key, value in _said(answer):
        name = letters(key)
        if name in _UNDERSTOOD or _speaks_of_pages(name):
            kind, read = _UNDERSTOOD.get(name, ("parts", _nothing))
            found = read(value)
            if found is None:
                raise refuse(f"it seems to come in parts, of a kind that is not known: «{key}»")
            getattr(told, kind).extend(found)
    return told


def part_named_by(status: int, headers: Mapping[str, str]) -> str | None:
    """Return the reason why an answer, whatever its body, may be but a part of a list; None where there is none.

    No such header is understood: Laravel tells of its pages in the body alone.
    """
    for name, value in headers.items():
        word = letters(name)
        goes_on = word == "link" and re.search(r"rel\s*=\s*(\"[^\"]*)?\bnext\b", value, re.IGNORECASE)
        # How many calls are allowed says nothing of the list.
        is_of_calls = "limit" in word or "remaining" in word
        speaks = goes_on or word == "contentrange" or (_speaks_of_pages(word) and not is_of_calls)
        if value.strip() and speaks:
            return f"its header «{name}» says that it is a part"
    return "its status says that it is a part" if status == 206 else None


def whole_number(value: object) -> int | None:
    """Return the number that a value is, also as PHP writes some (``3.0``) and as a text; None where it is none."""
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,9}(\.0{1,9})?\s*", value, re.ASCII):
        return int(float(value))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None


def _said(answer: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield the keys and values of an answer, and of whatever its rows, counters and links stand in."""
    places: list[object] = [answer]
    for place in places:
        if isinstance(place, Mapping):
            yield from place.items()
            places += [value for key, value in place.items() if letters(key) in _PLACES]


_PLACES = ("directions", "data", "meta", "metadata", "info", "links", "pager", "navigation", "nav")

# Each of these returns what a value tells, nothing where there is none, and None where it is not understood.
_Read = Callable[[object], "list[Any] | None"]


def _number(value: object) -> list[int] | None:
    number = whole_number(value)
    if number is None:
        return [] if value is None else None
    return [number]


def _address(value: object) -> list[str] | None:
    if value in (None, "", False):
        return [""]
    return [value] if isinstance(value, str) and re.match(r"\w+://|[/?]", value) else None


def _cursor(value: object) -> list[str] | None:
    if value is None:
        return [""]
    return [value] if isinstance(value, str) else None


def _page_of_address(value: object) -> list[int] | None:
    """Read the address of a page: all that it tells is the page's number, and not every one does."""
    if not isinstance(value, str):
        return [] if value is None else None
    number = whole_number(dict(parse_qsl(value.partition("?")[2].partition("#")[0])).get("page"))
    return [] if number is None else [number]


def _links(value: object) -> list[int] | None:
    """Read Laravel's list of links, one for each page; where it is an object, that is one of the places."""
    if not isinstance(value, list) or not value:
        return _place(value)
    pages: list[int] = []
    for link in value:
        if not isinstance(link, dict) or not link.keys() <= {"url", "label", "page", "active"}:
            return None
        pages += _number(whole_number(link.get("label"))) or []
        pages += _page_of_address(link.get("url")) or []
    return [max(pages)] if pages else None


def _place(value: object) -> list[Any] | None:
    return [] if not value or isinstance(value, dict) else None


def _sign(value: object) -> list[object] | None:
    return [] if value is None else [value]


def _nothing(value: object) -> list[Any] | None:
    return None if value else []


def _end(value: object) -> list[Any] | None:
    return None if value is False else []


# Laravel's words, and those of others that mean the same, as letters alone: `nextPageUrl` is `next_page_url`.
_UNDERSTOOD: dict[str, tuple[str, _Read]] = {
    "currentpage": ("numbers", _number),
    "currentpageurl": ("numbers", _page_of_address),
    "lastpage": ("lasts", _number),
    "lastpageurl": ("lasts", _page_of_address),
    "last": ("lasts", _page_of_address),
    "links": ("lasts", _links),
    "nextpageurl": ("next", _address),
    "next": ("next", _address),
    "nextcursor": ("cursors", _cursor),
    "total": ("totals", _number),
    "totalcount": ("totals", _number),
    "count": ("counts", _number),
    "perpage": ("parts", _sign),
    "firstpageurl": ("parts", _sign),
    "prevpageurl": ("parts", _sign),
    "prevcursor": ("parts", _sign),
    "meta": ("parts", _place),
    "islast": ("parts", _end),
    "iscomplete": ("parts", _end),
    "complete": ("parts", _end),
    "done": ("parts", _end),
}

# A key speaks of pages that is made of these words alone, one of the first among them: `has_more`, `totalPages`,
# `x-total-count`; but `call_limit` does not, nor `account`.
_OF_PAGES = (
    "pages|page|pageinfo|paging|pagination|paginator|paginate|paginated|cursors|cursor|offset|next|more|totals|total|counts|count|"
    "limit|skip|remaining|truncated|partial|incomplete|continuation|continue|scroll|chunks|chunk|parts|part|per|marker|batches|batch|bookmark|"
    "resumption"
)
_BESIDE = (
    "x|odata|has|have|is|are|of|in|max|num|number|nb|size|length|index|token|url|uri|link|href|key|id|current|last|prev|"
    "previous|first|this|start|end|after|before|all|available|filtered|found|hits|rows|row|items|item|records|record|"
    "results|result|elements|element|entries|entry|objects|directions"
)
_SPEAKING = f"(?:{_BESIDE})*(?:{_OF_PAGES})(?:{_OF_PAGES}|{_BESIDE})*"
# Nobody calls a counter by a longer name, and to look at one would take its time.
_LONGEST_NAME = 60


def _speaks_of_pages(name: str) -> bool:
    return len(name) <= _LONGEST_NAME and re.fullmatch(_SPEAKING, name) is not None


def letters(key: str) -> str:
    """Return the letters of a key alone, in lower case: those of `nextPageUrl` and of `next_page_url` are the same."""
    return re.sub("[^a-z]", "", key.lower())
