"""The four calls of the API: what each checks in a request, and how it answers under the readings in force."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .server import Answer, Request

if TYPE_CHECKING:
    from . import Sandbox
    from .state import Element, Row

ALLOWED_PATH = "/api/v1/direction"
CATALOGUE_PATH = "/api/v1/directions"
PAGE_SIZE = 15

#: What the vendor's gateway says, with status 200, to a wrong path or an unknown application.
PAGE_NOT_FOUND = {"jsonrpc": "2.0", "result": None, "error": {"code": 0, "message": "Page not found."}}

_NO_ACCESS: dict[str, dict[str, object]] = {
    "401": {"message": "Unauthenticated."},
    "403": {"message": "Недостаточно прав"},
    "500": {"message": "Нет доступа"},
    "200": {"success": False, "message": "Нет доступа", "code": 500},
}


class _RefusedError(Exception):
    """A request that a check refuses, with the status and the body of the answer."""


def answer(sandbox: Sandbox, call: Request) -> Answer:
    """Check the request, carry it out, and answer."""
    act = _CALLS.get((call.method, call.path))
    if act is None or call.headers.get("client") != sandbox.client_id:
        return Answer(200, PAGE_NOT_FOUND)
    if call.authorization != f"Bearer {sandbox.token}":
        return Answer(int(sandbox.readings["R9"]), _NO_ACCESS[sandbox.readings["R9"]])
    for name in ("Accept", "Content-Type"):
        if not re.search(r"(^|[\s,])application/json($|[\s,;])", call.headers.get(name.lower(), "")):
            return Answer(400, {"message": f"Неверный заголовок {name}: требуется application/json"})
    try:
        return act(sandbox, call)
    except _RefusedError as refused:
        return Answer(*refused.args)


def good(sandbox: Sandbox, body: dict[str, object] | None = None, *, success: bool = False) -> Answer:
    """Answer that all went well, with ``success`` if R8 or the caller wants it."""
    word = {"success": True} if success or sandbox.readings["R8"] == "yes" else {}
    return Answer(200, {**(body or {}), **word, **sandbox.extra})


def _open(sandbox: Sandbox, call: Request) -> Answer:
    objections = sandbox.open_ids(_elements(call, "direction_ids"))
    return Answer(400, {"message": "; ".join(objections)}) if objections else good(sandbox)


def _close(sandbox: Sandbox, call: Request) -> Answer:
    objections = sandbox.close_codes(_elements(call, "codes"))
    if not objections:
        return good(sandbox)
    status = int(sandbox.readings["R4"])
    return Answer(status, {"error" if status == 404 else "message": "; ".join(objections)})


def _list_allowed(sandbox: Sandbox, call: Request) -> Answer:
    readings, rows = sandbox.readings, sandbox.allowed()

    def shape(rows: Sequence[Row]) -> object:
        if not rows:
            return json.loads(readings["R1"])
        values = {row.code: _item(row, code=(readings.types[0], row.code)) for row in rows}
        return list(values.values()) if readings["R3"] == "array" else values

    return good(sandbox, _page(readings["R14"], call, rows, shape), success=not rows and readings["R1"] == "null")


def _list_catalogue(sandbox: Sandbox, call: Request) -> Answer:
    _, code_type, id_type = sandbox.readings.types

    def shape(rows: Sequence[Row]) -> object:
        return [_item(row, id=(id_type, row.id), code=(code_type, row.code)) for row in rows]

    return good(sandbox, _page(sandbox.readings["R14"], call, sandbox.rows, shape))


_CALLS: dict[tuple[str, str], Callable[[Sandbox, Request], Answer]] = {
    ("GET", ALLOWED_PATH): _list_allowed,
    ("PUT", ALLOWED_PATH): _open,
    ("DELETE", ALLOWED_PATH): _close,
    ("GET", CATALOGUE_PATH): _list_catalogue,
}


def _page(
    style: str, call: Request, rows: Sequence[Row], shape: Callable[[Sequence[Row]], object]
) -> dict[str, object]:
    """Lay out the page that the call asks for, or the whole list (R14)."""
    if style == "whole":
        return {"directions": shape(rows)}
    text = call.query.get("page", "")
    number = int(text) if text.isdecimal() and int(text) else 1
    last = max(1, -(-len(rows) // PAGE_SIZE))
    page = shape(rows[(number - 1) * PAGE_SIZE : number * PAGE_SIZE])
    url = f"http://{call.headers.get('host')}{call.path}?page="
    after = f"{url}{number + 1}" if number < last else None
    place = {"current_page": number, "last_page": last, "per_page": PAGE_SIZE, "total": len(rows)}
    flat, split = {**place, "next_page_url": after}, {"links": {"next": after}, "meta": place}
    styles: dict[str, dict[str, object]] = {
        "data": {"data": page, **flat},
        "directions": {"directions": page, **flat},
        "nested": {"directions": {"data": page, **flat}},
        "meta": {"data": page, **split},
        "beside": {"directions": {"data": page}, **split},
        "cursor": {"directions": page, "next_page_url": after},
    }
    return styles[style]


def _item(row: Row, **keys: tuple[str, str]) -> dict[str, object]:
    """Lay out a row, with its code and its id as the types that R2 gives them."""
    typed = {key: int(digits) if kind == "number" else digits for key, (kind, digits) in keys.items()}
    return {**typed, "name": row.name, "english_name": row.english_name}


def _elements(call: Request, key: str) -> list[Element]:
    """Return the list in a write's body, or refuse it as Laravel's validator does."""
    if not isinstance(call.body, dict):
        raise _RefusedError(400, {"message": "Неверный формат запроса: требуется объект JSON"})
    given = call.body.get(key)
    if not isinstance(given, list) or not all(type(element) in (str, int) for element in given):
        words = f"Поле {key} обязательно и должно быть массивом строк или целых чисел."
        raise _RefusedError(422, {"message": "Неверный параметр", "errors": {key: [words]}})
    return given
