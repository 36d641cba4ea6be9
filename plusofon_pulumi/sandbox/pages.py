"""Paging (reading R14): a list in one answer, or in pages of one of the shapes that Laravel gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PAGE_SIZE = 15

#: Never resolves (RFC 2606), so a client that follows the link has nobody to hand its token to.
FOREIGN_BASE = "http://elsewhere.invalid"

T = TypeVar("T")


def paged(
    style: str, rows: Sequence[T], shape: Callable[[Sequence[T]], object], *, number: int, base: str, path: str
) -> dict[str, object]:
    """Lay out one answer's rows; ``shape`` turns the rows of a page into the API's object or array."""
    if style == "whole":
        return {"directions": shape(rows)}
    last = max(1, -(-len(rows) // PAGE_SIZE))
    page = shape(rows[(number - 1) * PAGE_SIZE : number * PAGE_SIZE])
    root = FOREIGN_BASE if style == "foreign" else base

    def link(to: int) -> str | None:
        return f"{root}{path}?page={to}" if 1 <= to <= last else None

    place = {"current_page": number, "last_page": last, "per_page": PAGE_SIZE, "total": len(rows)}
    if style in ("meta", "beside"):
        links = {"first": link(1), "last": link(last), "prev": link(number - 1), "next": link(number + 1)}
        content: dict[str, object] = {"data": page}
        return {**(content if style == "meta" else {"directions": content}), "links": links, "meta": place}
    links = {"prev_page_url": link(number - 1), "next_page_url": link(number + 1)}
    key = "directions" if style == "directions" else "data"
    body = {"current_page": place["current_page"], key: page, **place, **links}
    return {"directions": body} if style == "nested" else body


def page_number(text: str | None) -> int:
    """Read ``?page=``, as Laravel does: what is no page number is page 1."""
    return int(text) if text and text.isascii() and text.isdigit() and int(text) >= 1 else 1
